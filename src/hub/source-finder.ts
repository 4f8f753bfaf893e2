/**
 * Players that ask for a stream which is not there: one question to `resolveSource` for all of them, and a wait that ends.
 *
 * @module
 */
import { LimitError } from '../errors/index.ts'
import type { Given } from './check-options.ts'
import type { Clock, Timer } from './clock.ts'
import { setDeadline } from './deadline.ts'
import type { HubOptions } from './hub-options.ts'
import type { JoinLimiter } from './join-limiter.ts'
import type { Scheduler } from './scheduler.ts'
import type { Source } from './source.ts'
import type { StreamPath } from './stream-path.ts'

/** Bounds and the question, as the hub has them now. */
type FinderOptions = Pick<Given<HubOptions>, 'publisherWaitMs' | 'resolveTimeoutMs'> &
  Pick<HubOptions, 'resolveSource'>

/** One player that waits. */
interface Waiter {
  settle(source: Source | undefined): void
  timer: Timer | undefined
}

/** All who wait for one stream path. */
interface Search {
  readonly streamPath: StreamPath
  readonly waiters: Set<Waiter>
  question: Question | undefined
}

/** A call of `resolveSource` that is under way. */
interface Question {
  readonly controller: AbortController
  readonly timer: Timer
}

/** Searches under way. A stream path costs nothing once nobody waits for it. */
export class SourceFinder {
  readonly #clock: Clock
  readonly #scheduler: Scheduler
  readonly #joins: JoinLimiter
  readonly #searches: Map<StreamPath, Search>
  readonly #onError: (error: unknown, streamPath: StreamPath) => void
  #waiting: number

  /**
   * @param clock - for the time limits.
   * @param scheduler - settles those who wait, in turns.
   * @param joins - limits how many begin at once.
   * @param onError - told what `resolveSource` threw, or that its time was up.
   */
  constructor(
    clock: Clock,
    scheduler: Scheduler,
    joins: JoinLimiter,
    onError: (error: unknown, streamPath: StreamPath) => void,
  ) {
    this.#clock = clock
    this.#scheduler = scheduler
    this.#joins = joins
    this.#searches = new Map()
    this.#onError = onError
    this.#waiting = 0
  }

  /** Players that wait. */
  get waiting(): number {
    return this.#waiting
  }

  /** Waits for the source of `streamPath`. `signal` ends the wait of this player alone. */
  find(streamPath: StreamPath, signal: AbortSignal, options: FinderOptions): Promise<Source | undefined> {
    return new Promise((resolve) => {
      const search = this.#searches.get(streamPath) ?? { streamPath, waiters: new Set(), question: undefined }
      this.#searches.set(streamPath, search)
      const waiter: Waiter = {
        timer: undefined,
        settle: (source) => {
          if (!search.waiters.delete(waiter)) return
          this.#waiting--
          waiter.timer?.cancel()
          signal.removeEventListener('abort', onGone)
          if (search.waiters.size === 0) this.#end(search, source !== undefined)
          resolve(source === undefined ? undefined : this.#joins.join(source, signal))
        },
      }
      const onGone = (): void => waiter.settle(undefined)
      signal.addEventListener('abort', onGone, { once: true })
      search.waiters.add(waiter)
      this.#waiting++
      if (search.question !== undefined) return
      if (options.resolveSource === undefined) this.#startWait(waiter, options)
      else this.#ask(search, options.resolveSource, options)
    })
  }

  /** A stream is published or was made: whoever waits for `streamPath` gets it. */
  found(streamPath: StreamPath, source: Source | undefined): void {
    const search = this.#searches.get(streamPath)
    if (search === undefined) return
    this.#scheduler.forEach(Array.from(search.waiters), (waiter) => waiter.settle(source))
  }

  /** Turns away all who wait. */
  close(): void {
    for (const streamPath of this.#searches.keys()) this.found(streamPath, undefined)
  }

  #ask(
    search: Search,
    resolveSource: NonNullable<FinderOptions['resolveSource']>,
    options: FinderOptions,
  ): void {
    const { streamPath } = search
    const controller = new AbortController()
    const timer = setDeadline(
      this.#clock,
      () => {
        fail(new LimitError('ERR_RESOLVE_TIMEOUT', `no source within ${options.resolveTimeoutMs} ms`))
      },
      options.resolveTimeoutMs,
    )
    const question: Question = { controller, timer }
    search.question = question
    const answered = (source: Source | undefined): void => {
      // Whoever asked is gone, has found the source otherwise, or the time was up.
      if (search.question !== question) return
      search.question = undefined
      timer.cancel()
      if (source !== undefined && !source.closed) this.found(streamPath, source)
      else
        for (const waiter of search.waiters) if (waiter.timer === undefined) this.#startWait(waiter, options)
    }
    const fail = (error: unknown): void => {
      if (search.question !== question) return
      answered(undefined)
      controller.abort(error)
      this.#onError(error, streamPath)
    }
    const ask = async (): Promise<void> => answered(await resolveSource(streamPath, controller.signal))
    ask().catch(fail)
  }

  #startWait(waiter: Waiter, options: FinderOptions): void {
    if (options.publisherWaitMs <= 0) waiter.settle(undefined)
    else waiter.timer = setDeadline(this.#clock, () => waiter.settle(undefined), options.publisherWaitMs)
  }

  #end(search: Search, isFound: boolean): void {
    const { question, streamPath } = search
    search.question = undefined
    this.#searches.delete(streamPath)
    question?.timer.cancel()
    // The one who is asked may have published the stream itself: that must not stop it.
    if (!isFound) question?.controller.abort(new Error('nobody waits for the stream any more'))
  }
}
