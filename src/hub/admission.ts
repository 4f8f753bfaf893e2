/**
 * Asking the application about a peer, and what becomes of answers that come late, wrong or never.
 *
 * @module
 */
import { LimitError } from '../errors/index.ts'
import {
  accept,
  type AccessAccept,
  type AccessDecision,
  type AccessRequest,
  checkAccepted,
  reject,
} from './access.ts'
import type { Clock } from './clock.ts'
import { setDeadline } from './deadline.ts'
import type { ResolvedHubOptions } from './hub-options.ts'
import { streamPathFault } from './stream-path.ts'

/** Decisions that are awaited. */
export class Admission {
  readonly #clock: Clock
  readonly #onError: (error: unknown, request: AccessRequest) => void
  readonly #pending: Set<(reason: string, cause: unknown) => void>

  /**
   * @param clock - for the time limit.
   * @param onError - told what was thrown, or that the time was up; after the peer has its answer.
   */
  constructor(clock: Clock, onError: (error: unknown, request: AccessRequest) => void) {
    this.#clock = clock
    this.#onError = onError
    this.#pending = new Set()
  }

  /** Decisions that are awaited now. */
  get pending(): number {
    return this.#pending.size
  }

  /**
   * Asks `authorize`, unless the stream cannot be called so. Never rejects; the first of answer, error, time limit, `signal` and
   * {@link Admission.close} counts.
   */
  ask(
    { authorize, authorizeTimeoutMs: timeoutMs, maxNameBytes }: ResolvedHubOptions,
    request: AccessRequest,
    signal: AbortSignal,
  ): Promise<AccessDecision> {
    if (signal.aborted) return Promise.resolve(reject(GONE))
    const fault = streamPathFault(request.streamPath, maxNameBytes)
    if (fault !== undefined) return Promise.resolve(reject(fault, { notFound: true }))
    return new Promise((resolve) => {
      const controller = new AbortController()
      const settle = (decision: AccessDecision): boolean => {
        if (!this.#pending.delete(giveUp)) return false
        timer.cancel()
        signal.removeEventListener('abort', onGone)
        resolve(decision)
        return true
      }
      const giveUp = (reason: string, cause: unknown): void => {
        if (settle(reject(reason))) controller.abort(cause)
      }
      const fail = (error: unknown): void => {
        if (settle(reject('the decision failed'))) this.#onError(error, request)
      }
      const onGone = (): void => giveUp(GONE, signal.reason)
      const timer = setDeadline(
        this.#clock,
        () => {
          const error = new LimitError('ERR_AUTHORIZE_TIMEOUT', `no decision within ${timeoutMs} ms`)
          giveUp('the decision took too long', error)
          this.#onError(error, request)
        },
        timeoutMs,
      )
      this.#pending.add(giveUp)
      signal.addEventListener('abort', onGone, { once: true })
      const answer = async (): Promise<void> => {
        const answered = await authorize(request, controller.signal)
        let decision: AccessDecision
        try {
          decision = checked(answered)
          if (decision.type === 'accept') checkAccepted(decision, maxNameBytes)
        } catch (error) {
          // Whoever counts with `onEnd` has counted already.
          endOf(answered)
          throw error
        }
        if (decision.type !== 'accept' || decision.onEnd === undefined) {
          settle(decision)
          return
        }
        const admitted = endingOnce(decision, decision.onEnd, this.#onError, request)
        if (!settle(admitted)) admitted.onEnd()
      }
      answer().catch(fail)
    })
  }

  /** Turns away all who wait. */
  close(): void {
    for (const giveUp of this.#pending) giveUp('the server is closing', new Error('the hub is closed'))
  }
}

/**
 * `decision` with an `onEnd` that may be called more than once, by any door, and never throws. It is kept as long as the peer stays,
 * and so holds nothing of how the decision came about.
 */
function endingOnce(
  decision: AccessAccept,
  onEnd: () => void,
  onError: (error: unknown, request: AccessRequest) => void,
  request: AccessRequest,
): AccessAccept & { readonly onEnd: () => void } {
  let ended = false
  return {
    ...decision,
    onEnd: () => {
      if (ended) return
      ended = true
      try {
        onEnd()
      } catch (error) {
        onError(error, request)
      }
    },
  }
}

/** Calls the `onEnd` of an answer that is no decision. */
function endOf(answer: unknown): void {
  const { onEnd } = typeof answer === 'object' && answer !== null ? (answer as Partial<AccessAccept>) : {}
  if (typeof onEnd === 'function') onEnd()
}

const GONE = 'the peer has left'

/** Plain JavaScript can answer anything: what is no decision must not let anybody in. */
function checked(decision: AccessDecision | boolean): AccessDecision {
  if (decision === true) return accept()
  if (decision === false) return reject('not allowed')
  if (typeof decision !== 'object' || decision === null) {
    const answer =
      decision === undefined ? 'with nothing: return accept(), reject() or true' : `with ${String(decision)}`
    throw new TypeError(`authorize answered ${answer}`)
  }
  const { type } = decision
  if (type !== 'accept' && type !== 'reject' && type !== 'redirect') {
    throw new TypeError(`authorize answered with ${String(type satisfies never)}`)
  }
  // What the peer is told must be something that its protocol can say: an error object, say, is not.
  const text: unknown =
    type === 'accept' ? (decision.streamPath ?? '') : type === 'reject' ? decision.reason : decision.url
  if (typeof text !== 'string') throw new TypeError(`authorize answered with ${type} and no text`)
  return decision
}
