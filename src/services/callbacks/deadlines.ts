/**
 * Time limits and waits that end early when everything does.
 *
 * @module
 */
import { LimitError } from '../../errors/index.ts'
import { type Clock, setDeadline } from '../../hub/index.ts'

/** A signal with a time limit. Call `done` when what it is for is over. */
export interface Deadline {
  /** Aborts when the time is up, with `ERR_CALLBACK_TIMEOUT`, or when everything ends. */
  readonly signal: AbortSignal
  /** No longer needed. */
  done(): void
}

/** A wait. */
export interface Pause {
  /** Settles when it is over. */
  readonly over: Promise<void>
  /** Ends it now. */
  end(): void
}

/** All limits and waits of one service. */
export class Deadlines {
  readonly #clock: Clock
  readonly #running: Set<AbortController>
  readonly #pauses: Set<() => void>
  #hurried: boolean
  #ended: Error | undefined

  /** @param clock - time and timers. */
  constructor(clock: Clock) {
    this.#clock = clock
    this.#running = new Set()
    this.#pauses = new Set()
    this.#hurried = false
    this.#ended = undefined
  }

  /** A limit of `timeoutMs`; without it, only the end of everything. */
  limit(timeoutMs?: number): Deadline {
    const controller = new AbortController()
    if (this.#ended !== undefined) controller.abort(this.#ended)
    this.#running.add(controller)
    const abort = (): void =>
      controller.abort(new LimitError('ERR_CALLBACK_TIMEOUT', `no answer within ${timeoutMs} ms`))
    const timer = timeoutMs === undefined ? undefined : setDeadline(this.#clock, abort, timeoutMs)
    return {
      signal: controller.signal,
      done: () => {
        timer?.cancel()
        this.#running.delete(controller)
      },
    }
  }

  /** A wait of `ms`; none once {@link Deadlines.hurry} was called. */
  pause(ms: number): Pause {
    let end = (): void => undefined
    const over = new Promise<void>((resolve) => {
      if (this.#hurried) {
        resolve()
        return
      }
      const timer = this.#clock.setTimeout(() => end(), ms)
      end = () => {
        timer.cancel()
        this.#pauses.delete(end)
        resolve()
      }
      this.#pauses.add(end)
    })
    return { over, end: () => end() }
  }

  /** Ends all waits, and those to come. */
  hurry(): void {
    this.#hurried = true
    for (const end of this.#pauses) end()
  }

  /** Aborts everything that runs, and that is to come. */
  abort(reason: Error): void {
    this.hurry()
    this.#ended = reason
    for (const controller of this.#running) controller.abort(reason)
  }
}
