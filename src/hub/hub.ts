/**
 * The meeting place of publishers, players and consumers.
 *
 * @module
 */
import { LimitError, ProtocolError } from '../errors/index.ts'
import {
  type AccessAccept,
  type AccessDecision,
  type AccessRedirect,
  type AccessReject,
  type AccessRequest,
  reject,
  renameRequest,
} from './access.ts'
import { Admission } from './admission.ts'
import { Announcer, type AnnouncerEvents } from './announcer.ts'
import { type Clock, systemClock } from './clock.ts'
import { type HubOptions, type ResolvedHubOptions, resolveHubOptions } from './hub-options.ts'
import { JoinLimiter } from './join-limiter.ts'
import type { Player } from './player.ts'
import type { Publisher, PublisherEnd, PublishOptions } from './publisher.ts'
import { Scheduler } from './scheduler.ts'
import { Source } from './source.ts'
import { SourceFinder } from './source-finder.ts'
import { quoted, type StreamPath, streamPathFault } from './stream-path.ts'
import { NO_TOTALS, type StreamTotals, sumOf } from './totals.ts'

/** Facts that a hub announces. Media never comes as events: attach a player or a consumer. */
export interface HubEvents extends AnnouncerEvents {
  /** A stream is published: the first time, again within the grace time, or by one that took over. */
  publish: (source: Source, publisher: Publisher) => void
  /** A publisher has gone; its source stays for the grace time. */
  unpublish: (source: Source, reason: PublisherEnd, publisher: Publisher) => void
  /** A source is over. */
  close: (source: Source) => void
  /**
   * A peer was let in: a publisher or player that may still fail, for want of a source or a free name. `leave` follows. Here and in `fail`
   * and `leave` the request has the name that admission gave the stream: see {@link renameRequest}.
   */
  accept: (request: AccessRequest, decision: AccessAccept) => void
  /** A peer was turned away or sent elsewhere by a decision; not one that had gone meanwhile. */
  refuse: (request: AccessRequest, decision: AccessReject | AccessRedirect) => void
  /** Who was let in can neither publish nor play: nobody publishes the stream, its name is in use, or HLS has no segment of it. `leave` follows. */
  fail: (request: AccessRequest, reason: string) => void
  /** Who was let in has ended, or never began. */
  leave: (request: AccessRequest) => void
  /** The user's `authorize` threw, took too long or answered with no decision; the peer was turned away. */
  authorizeError: (error: unknown, request: AccessRequest) => void
  /** The user's `resolveSource` threw or took too long; the players wait for a publisher instead. */
  resolveError: (error: unknown, streamPath: StreamPath) => void
  /**
   * A stream has sound, but for 3 s no picture that a decoder could begin with, though there is video: a camera that is off, or a GOP
   * that is longer than the log. Readers begin with the sound, until a keyframe comes. Once for each publish.
   */
  videoStalled: (source: Source) => void
  /**
   * Framing or writing threw, which is a defect of a format or a sink. That player is ended; without `player`, all players of that format
   * at `source`, or the source itself. Everybody else goes on.
   */
  fanOutError: (error: unknown, source: Source, player: Player | undefined) => void
}

/** Counters of a {@link Hub}. */
export interface HubStats {
  /** Sources, those within their grace time included. */
  readonly sources: number
  /** Players of all sources. */
  readonly players: number
  /** Players that wait for a publisher. */
  readonly waiting: number
  /** Admission decisions that are awaited. */
  readonly deciding: number
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
export class Hub extends Announcer<HubEvents> {
  readonly #clock: Clock
  readonly #sources: Map<string, Source>
  /** Sources that are not found any more and have not told of their end yet. */
  readonly #closing: Set<Source>
  readonly #scheduler: Scheduler
  readonly #admission: Admission
  readonly #finder: SourceFinder
  readonly #joins: JoinLimiter
  #options: ResolvedHubOptions
  /** Of sources that are over. */
  #past: StreamTotals
  #closed: boolean

  /**
   * @param options - see {@link HubOptions}.
   * @param clock - time and timers. @defaultValue the runtime's own
   * @throws TypeError for an option that is unknown or of the wrong type, RangeError for a number out of its range.
   */
  constructor(options: HubOptions = {}, clock: Clock = systemClock) {
    super()
    this.#clock = clock
    this.#options = resolveHubOptions(options)
    this.#sources = new Map()
    this.#closing = new Set()
    this.#scheduler = new Scheduler(clock)
    this.#admission = new Admission(clock, (error, request) => this.emit('authorizeError', error, request))
    this.#joins = new JoinLimiter(clock)
    this.#finder = new SourceFinder(clock, this.#scheduler, this.#joins, (error, streamPath) =>
      this.emit('resolveError', error, streamPath),
    )
    this.#past = NO_TOTALS
    this.#closed = false
  }

  /** The hub was closed, and stays so. */
  get closed(): boolean {
    return this.#closed
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
   * Changes options while streams run, as after a reload of a configuration file; what is not given stays as it is. Nobody is
   * disconnected. Bounds and the flush policy change at once; what belongs to a player, a grace time or a decision counts from the
   * next one on, and `atc` from the next publisher on.
   * @throws TypeError for an option that is unknown or of the wrong type, RangeError for a number out of its range; nothing has changed then.
   */
  setOptions(changes: HubOptions): void {
    this.#options = resolveHubOptions(changes, this.#options)
    for (const source of this.#sources.values()) source.setOptions(this.#options)
  }

  /**
   * Asks the user's `authorize`. Servers go through a {@link Door}, which calls this before anything is announced, to the peer or
   * to others. A path that no stream can have is refused without asking: see {@link streamPathFault}. Never rejects: an error, a timeout
   * or an answer that is no decision is a reject, with the cause as the `authorizeError` event.
   *
   * @param signal - aborts when the peer has gone; the answer is then a reject.
   */
  async authorize(request: AccessRequest, signal: AbortSignal): Promise<AccessDecision> {
    if (this.#closed) return reject('the server is closing')
    const decision = await this.#admission.ask(this.#options, request, signal)
    if (decision.type !== 'accept') {
      if (!signal.aborted) this.emit('refuse', request, decision)
      return decision
    }
    const { streamPath } = decision
    const admitted = streamPath === undefined ? request : renameRequest(request, streamPath)
    this.emit('accept', admitted, decision)
    if (this.listenerCount('leave') === 0) return decision
    let isIn = true
    const onEnd = (): void => {
      if (isIn) this.emit('leave', admitted)
      isIn = false
      decision.onEnd?.()
    }
    return { ...decision, onEnd }
  }

  /**
   * Gives `streamPath` to a publisher, synchronously: of two that ask, the second sees the first. A `publish` listener may end the new
   * publisher before this returns: see {@link Publisher.ended}.
   *
   * @throws {@link ProtocolError} `ERR_STREAM_BUSY` when somebody publishes it and neither side wants a take-over.
   * @throws {@link LimitError} `ERR_TOO_MANY_SOURCES` beyond `maxSources`.
   * @throws RangeError when the hub is closed, and for a path that no stream can have: see {@link streamPathFault}.
   */
  publish(streamPath: StreamPath, options: PublishOptions = {}): Publisher {
    if (this.#closed) throw new RangeError('the hub is closed')
    const fault = streamPathFault(streamPath, this.#options.maxNameBytes)
    if (fault !== undefined) throw new RangeError(`published as ${quoted(streamPath)}: ${fault}`)
    const present = this.#sources.get(streamPath)
    const takeOver = options.takeOver ?? this.#options.secondPublisher === 'take-over'
    if (present?.publisher !== undefined && !takeOver) {
      throw new ProtocolError('ERR_STREAM_BUSY', `${streamPath} is being published`)
    }
    const source = present ?? this.#open(streamPath)
    const publisher = source.publish(options)
    if (!source.closed) this.#finder.found(streamPath, source)
    return publisher
  }

  /**
   * The source a player asks for: the one that is there, else one that `resolveSource` makes, else one that is published
   * within `publisherWaitMs`. A name that nobody publishes costs nothing once the wait is over. Never rejects. Of many that
   * ask at once, or wait for one publisher, 32 get their stream in each turn of the event loop.
   *
   * @param signal - aborts when the player has gone; the answer is then `undefined`.
   */
  findSource(streamPath: StreamPath, signal: AbortSignal): Promise<Source | undefined> {
    const present = this.#sources.get(streamPath)
    if (present !== undefined) return Promise.resolve(this.#joins.join(present, signal))
    if (signal.aborted || this.#closed) return Promise.resolve(undefined)
    return this.#finder.find(streamPath, signal, this.#options)
  }

  /**
   * For servers: whom {@link Hub.authorize} let in has come to nothing, before its `onEnd`.
   * @param request - under the name that admission gave the stream: see {@link renameRequest}.
   * @param reason - in the words that the peer was given.
   */
  failed(request: AccessRequest, reason: string): void {
    this.emit('fail', request, reason)
  }

  /** Counters, made when asked. */
  stats(): HubStats {
    let players = 0
    for (const source of this.#sources.values()) players += source.playerCount
    return {
      sources: this.#sources.size,
      players,
      waiting: this.#finder.waiting,
      deciding: this.#admission.pending,
    }
  }

  /** Sums since the hub was made, when asked. They never go back, not even inside the events of a source that closes. */
  totals(): StreamTotals {
    let totals = this.#past
    for (const source of this.#sources.values()) totals = sumOf(totals, source.totals())
    for (const source of this.#closing) totals = sumOf(totals, source.totals())
    return totals
  }

  /** Ends every source and turns away those who wait for one or for a decision. The hub stays closed. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#admission.close()
    this.#finder.close()
    for (const source of this.#sources.values()) source.close()
  }

  #open(streamPath: StreamPath): Source {
    if (this.#sources.size >= this.#options.maxSources) {
      throw new LimitError(
        'ERR_TOO_MANY_SOURCES',
        `${this.#sources.size} sources, at most ${this.#options.maxSources}`,
      )
    }
    const source = new Source(streamPath, this.#clock, this.#scheduler, this.#options, () => {
      this.#sources.delete(streamPath)
      this.#closing.add(source)
    })
    source.on('publish', (publisher) => this.emit('publish', source, publisher))
    source.on('unpublish', (reason, publisher) => this.emit('unpublish', source, reason, publisher))
    source.on('videoStalled', () => this.emit('videoStalled', source))
    source.on('fanOutError', (error, player) => this.emit('fanOutError', error, source, player))
    source.on('listenerError', (error, event) => this.emit('listenerError', error, event))
    source.on('close', () => {
      this.#closing.delete(source)
      this.#past = sumOf(this.#past, source.totals())
      this.emit('close', source)
    })
    this.#sources.set(streamPath, source)
    return source
  }
}
