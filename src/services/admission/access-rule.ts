/**
 * Rules about who gets in, and how several of them make one `authorize`.
 *
 * @module
 */
import {
  accept,
  type AccessAccept,
  type AccessDecision,
  type AccessRequest,
  type Authorize,
  reject,
} from '../../hub/index.ts'

/** What a rule says: a decision, `true` or `false` for a plain one, or `'abstain'` when the request is none of its business. */
export type RuleAnswer = AccessDecision | boolean | 'abstain'

/**
 * One rule about who gets in: any `authorize` function is one. Answers may come later; `signal` aborts when nobody waits for the answer
 * any more.
 */
export type AccessRule = (request: AccessRequest, signal: AbortSignal) => RuleAnswer | Promise<RuleAnswer>

/**
 * Lets in whom every rule lets in. Rules are asked one after the other, cheap ones first, please; the first refusal or redirect is the
 * answer. What rules accept is put together: of `streamPath`, `takeOver` and `userData` the last one given counts, and every `onEnd` is
 * called, also when a later rule refuses. A rule behind one that renames the stream sees the new `streamPath`; `app`, `streamName` and
 * `query` stay what the peer said.
 *
 * @param rules - asked in this order; when all of them abstain, the peer gets in.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { AccessLimits, addressRules, all, refererRules } from 'millrace/services/admission'
 *
 * const limits = new AccessLimits({ maxPlayersPerStream: 500 })
 * const hub = new Hub({
 *   authorize: all(
 *     addressRules(['allow publish 10.0.0.0/8', 'deny publish all']),
 *     refererRules({ play: ['example.com'] }),
 *     async ({ action, query }) => action === 'play' || query['token'] === 's3cret',
 *     limits.rule,
 *   ),
 * })
 * ```
 */
export function all(...rules: readonly AccessRule[]): Authorize {
  return async (request, signal) => {
    let asked = request
    let merged: AccessAccept = accept()
    const refuse = (decision: AccessDecision): AccessDecision => {
      merged.onEnd?.()
      return decision
    }
    for (const rule of rules) {
      let answer: RuleAnswer
      try {
        answer = checked(await rule(asked, signal))
      } catch (error) {
        merged.onEnd?.()
        throw error
      }
      if (answer === 'abstain' || answer === true) continue
      if (answer === false) return refuse(reject(NOT_ALLOWED))
      if (answer.type !== 'accept') return refuse(answer)
      merged = mergeAccepts(merged, answer)
      if (signal.aborted) return refuse(reject('the peer has left'))
      if (answer.streamPath !== undefined) asked = { ...asked, streamPath: answer.streamPath }
    }
    return merged
  }
}

/**
 * Does what the first rule says that does not abstain. When all of them abstain, the peer is refused: put `() => true` last to let
 * everybody else in.
 *
 * @param rules - asked in this order.
 */
export function firstMatch(...rules: readonly AccessRule[]): Authorize {
  return async (request, signal) => {
    for (const rule of rules) {
      const answer = checked(await rule(request, signal))
      if (answer !== 'abstain') return answer
    }
    return reject(NOT_ALLOWED)
  }
}

/**
 * `rule` for some requests alone; it abstains from all others.
 *
 * @param applies - says which.
 */
export function when(applies: (request: AccessRequest) => boolean, rule: AccessRule): AccessRule {
  return (request, signal) => (applies(request) ? rule(request, signal) : 'abstain')
}

const NOT_ALLOWED = 'not allowed'

/** Plain JavaScript can answer anything, or forget to: what is no answer must not let anybody in. */
function checked(answer: RuleAnswer): RuleAnswer {
  if (typeof answer === 'boolean' || answer === 'abstain') return answer
  const { type } = answer
  if (type === 'accept' || type === 'reject' || type === 'redirect') return answer
  throw new TypeError(`a rule answered with ${String(type satisfies never)}`)
}

function mergeAccepts(first: AccessAccept, second: AccessAccept): AccessAccept {
  const ends = [second.onEnd, first.onEnd].filter((onEnd) => onEnd !== undefined)
  const given = Object.entries(second).filter(([, value]) => value !== undefined)
  const merged: AccessAccept = { ...first, ...Object.fromEntries(given) }
  return ends.length < 2 ? merged : { ...merged, onEnd: () => endAll(ends) }
}

/** Each is called, whatever the others throw. */
export function endAll([onEnd, ...others]: readonly (() => void)[]): void {
  if (onEnd === undefined) return
  try {
    onEnd()
  } finally {
    endAll(others)
  }
}
