/**
 * The meeting place of publishers, players and consumers.
 *
 * @module
 */
import { EventEmitter } from 'eventemitter3'
import { LimitError, ProtocolError } from '../errors/index.ts'
import { type AccessDecision, type AccessRequest, accept, reject } from './access.ts'
import { type Clock, systemClock } from './clock.ts'
import { type HubOptions, resolveHubOptions } from './hub-options.ts'
import type { Publisher, PublisherEnd, PublishOptions } from './publisher.ts'
import { Source } from './source.ts'

/** Facts that a hub announces. Media never comes as events: attach a player or a consumer. */
export interface HubEvents {
  /** A stream is published: the first time, again within the grace time, or by one that took over. */
  publish: (source: Source, publisher: Publisher) => void
  /** A publisher has gone; its source stays for the grace time. */
  unpublish: (source: Source, reason: PublisherEnd, publisher: Publisher) => void
  /** A source is over. */
  close: (source: Source) => void
  /** The user's `authorize` threw or took too long; the peer was turned away. */
  authorizeError: (error: unknown, request: AccessRequest) => void
}

/** Counters of a {@link Hub}. */
export interface HubStats {
  /** Sources, those within their grace time included. */
  readonly sources: number
  /** Players of all sources. */
  readonly players: number
  /** Players that wait for a publisher. */
  readonly waiting: number
}

/**
 * Sources by stream path, and admission. A virtual host is a hub of its own; a process can have as many as it likes.
 *
 * @example A hub that one secret key may publish to
 * ```ts
 * import { accept, Hub, reject } from 'millrace/hub'
 *
 * const hub = new Hub({
 *   authorize: (request) =>
 *     request.action === 'play' || request.streamName === 's3cret'
 *       ? accept(request.action === 'publish' ? { streamPath: '/live/show' } : {})
 *       : reject('unknown stream key'),
 * })
 * ```
 */
export class Hub extends EventEmitter<HubEvents> {
  readonly #clock: Clock
  readonly #options: Required<HubOptions>
  readonly #sources: Map<string, Source>
  readonly #waiters: Map<string, Set<(source: Source | undefined) => void>>
  #waiting: number
  #closed: boolean

  /**
   * @param options - see {@link HubOptions}.
   * @param clock - time and timers. @defaultValue the runtime's own
   */
  constructor(options: HubOptions = {}, clock: Clock = systemClock) {
    super()
    this.#clock = clock
    this.#options = resolveHubOptions(options)
    this.#sources = new Map()
    this.#waiters = new Map()
    this.#waiting = 0
    this.#closed = false
  }

  /** The sources, in order of their first publish. */
  get sources(): IterableIterator<Source> {
    return this.#sources.values()
  }

  /** The source of `streamPath` (`/app/name`), live or within its grace time. */
  source(streamPath: string): Source | undefined {
    return this.#sources.get(streamPath)
  }

  /**
   * Asks the user's `authorize`. Servers of every protocol call this before they announce anything, to the peer or
   * to others. Never rejects: an error or a timeout is a reject, with the cause as the `authorizeError` event.
   *
   * @param signal - aborts when the peer has gone; the answer is then a reject.
   */
  async authorize(request: AccessRequest, signal: AbortSignal): Promise<AccessDecision> {
    const limit = new AbortController()
    const onAbort = (): void => limit.abort(signal.reason)
    if (signal.aborted) return reject('the peer has gone')
    signal.addEventListener('abort', onAbort, { once: true })
    let timedOut = false
    const timer = this.#clock.setTimeout(() => {
      timedOut = true
      limit.abort(
        new LimitError('ERR_AUTHORIZE_TIMEOUT', `no decision within ${this.#options.authorizeTimeoutMs} ms`),
      )
    }, this.#options.authorizeTimeoutMs)
    try {
      const aborted = new Promise<never>((_, fail) => {
        limit.signal.addEventListener('abort', () => fail(toError(limit.signal.reason)), { once: true })
      })
      const decision = await Promise.race([this.#decide(request, limit.signal), aborted])
      if (decision === true) return accept()
      if (decision === false) return reject('not allowed')
      return decision
    } catch (error) {
      if (!signal.aborted) this.emit('authorizeError', error, request)
      return reject(timedOut ? 'the decision took too long' : 'the decision failed')
    } finally {
      timer.cancel()
      signal.removeEventListener('abort', onAbort)
    }
  }

  /**
   * Gives `streamPath` to a publisher, synchronously: of two that ask, the second sees the first.
   *
   * @throws {@link ProtocolError} `ERR_STREAM_BUSY` when somebody publishes it and neither side wants a take-over.
   * @throws {@link LimitError} `ERR_TOO_MANY_SOURCES` beyond `maxSources`.
   */
  publish(streamPath: string, options: PublishOptions = {}): Publisher {
    if (this.#closed) throw new RangeError('the hub is closed')
    let source = this.#sources.get(streamPath)
    const takeOver = options.takeOver ?? this.#options.secondPublisher === 'take-over'
    if (source?.publisher !== undefined && !takeOver) {
      throw new ProtocolError('ERR_STREAM_BUSY', `${streamPath} is being published`)
    }
    source ??= this.#open(streamPath)
    const publisher = source.publish(options)
    const waiters = this.#waiters.get(streamPath)
    if (waiters !== undefined) for (const found of waiters) found(source)
    return publisher
  }

  /**
   * The source a player asks for: the one that is there, else one that `resolveSource` makes, else one that is published
   * within `publisherWaitMs`. A name that nobody publishes costs nothing once the wait is over.
   */
  async findSource(streamPath: string, signal: AbortSignal): Promise<Source | undefined> {
    const present = this.#sources.get(streamPath)
    if (present !== undefined || signal.aborted || this.#closed) return present
    const resolved = await this.#options.resolveSource(streamPath, signal)
    if (resolved !== undefined) return resolved
    return this.#sources.get(streamPath) ?? this.#waitFor(streamPath, signal)
  }

  /** Counters, made when asked. */
  stats(): HubStats {
    let players = 0
    for (const source of this.#sources.values()) players += source.players.length
    return { sources: this.#sources.size, players, waiting: this.#waiting }
  }

  /** Ends every source and turns waiting players away. The hub stays closed. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const waiters of this.#waiters.values()) for (const found of waiters) found(undefined)
    for (const source of this.#sources.values()) source.close()
  }

  async #decide(request: AccessRequest, signal: AbortSignal): Promise<AccessDecision | boolean> {
    return await this.#options.authorize(request, signal)
  }

  #open(streamPath: string): Source {
    if (this.#sources.size >= this.#options.maxSources) {
      throw new LimitError(
        'ERR_TOO_MANY_SOURCES',
        `${this.#sources.size} sources, at most ${this.#options.maxSources}`,
      )
    }
    const source = new Source(streamPath, this.#clock, this.#options, () => {
      this.#sources.delete(streamPath)
      this.emit('close', source)
    })
    source.on('publish', (publisher) => this.emit('publish', source, publisher))
    source.on('unpublish', (reason, publisher) => this.emit('unpublish', source, reason, publisher))
    this.#sources.set(streamPath, source)
    return source
  }

  #waitFor(streamPath: string, signal: AbortSignal): Promise<Source | undefined> {
    if (this.#options.publisherWaitMs <= 0 || this.#closed || signal.aborted)
      return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(streamPath) ?? new Set()
      this.#waiters.set(streamPath, waiters)
      const found = (source: Source | undefined): void => {
        timer.cancel()
        signal.removeEventListener('abort', gone)
        this.#waiting--
        waiters.delete(found)
        if (waiters.size === 0) this.#waiters.delete(streamPath)
        resolve(source)
      }
      const gone = (): void => found(undefined)
      const timer = this.#clock.setTimeout(gone, this.#options.publisherWaitMs)
      signal.addEventListener('abort', gone, { once: true })
      this.#waiting++
      waiters.add(found)
    })
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted')
}
