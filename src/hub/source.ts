/**
 * One stream: a clock, the log, the configuration in force, and everyone who reads it.
 *
 * @module
 */
import { type ConfigurationSet, EMPTY_CONFIGURATION, type FourCc, type MediaPacket } from '../media/index.ts'
import { renameRequest } from './access.ts'
import { Announcer } from './announcer.ts'
import { Audience } from './audience.ts'
import type { Clock, Timer } from './clock.ts'
import { Consumer, type ConsumerHost, type ConsumerOptions, type ConsumerStats } from './consumer.ts'
import { Consumers } from './consumers.ts'
import { setDeadline } from './deadline.ts'
import { FanOut } from './fan-out.ts'
import { GopCache } from './gop-cache.ts'
import type { ResolvedHubOptions } from './hub-options.ts'
import { Intake, isDefaultVideo } from './intake.ts'
import { liveMetadata } from './live-metadata.ts'
import { OpeningData } from './opening-data.ts'
import { Player, type PlayerHost } from './player.ts'
import type { PlayerOptions, PlayerStats } from './player-options.ts'
import { Publisher, type PublisherEnd, type PublisherHost, type PublishOptions } from './publisher.ts'
import { Retention } from './retention.ts'
import type { Scheduler } from './scheduler.ts'
import type { PlayerEnd, Sink } from './sink.ts'
import { SourceClock } from './source-clock.ts'
import type { SourceEvents } from './source-events.ts'
import type { SourceStats } from './source-stats.ts'
import { StartPoints } from './start-points.ts'
import type { StreamPath } from './stream-path.ts'
import type { StreamTotals } from './totals.ts'
import { Views } from './views.ts'

/** One stream of a hub. Made by {@link Hub.publish}, never by a player. */
export class Source extends Announcer<SourceEvents> {
  /** `/app/name`. */
  readonly streamPath: StreamPath
  /** The packets; read-only for others. */
  readonly log: GopCache
  readonly #clock: Clock
  readonly #scheduler: Scheduler
  readonly #intake: Intake
  readonly #sourceClock: SourceClock
  readonly #fanOut: FanOut<Player>
  readonly #views: Views
  readonly #consumers: Consumers
  readonly #audience: Audience
  readonly #retention: Retention
  readonly #starts: StartPoints
  readonly #openingData: OpeningData
  readonly #readerHost: PlayerHost & ConsumerHost
  readonly #publisherHost: PublisherHost
  readonly #onClose: () => void
  #options: ResolvedHubOptions
  #publisher: Publisher | undefined
  #lastPublisher: Publisher | undefined
  /** The publisher that listeners know of. */
  #announced: Publisher | undefined
  #grace: Timer | undefined
  #closed: boolean
  #publishCount: number
  #publishedSinceMs: number
  #lastArrivalMs: number
  #configuration: ConfigurationSet
  /** The `atc` of the current publisher, if it set one. */
  #publisherAtc: boolean | undefined
  /** `videoStalled` was emitted for the current publisher. */
  #toldOfStall: boolean

  /**
   * @param scheduler - runs what takes longer than a turn; sources of one hub share it.
   * @param onClose - called first of all when the source closes.
   * @internal
   */
  constructor(
    streamPath: StreamPath,
    clock: Clock,
    scheduler: Scheduler,
    options: ResolvedHubOptions,
    onClose: () => void,
  ) {
    super()
    this.streamPath = streamPath
    this.log = new GopCache(options)
    this.#clock = clock
    this.#scheduler = scheduler
    this.#intake = new Intake()
    this.#sourceClock = new SourceClock(options)
    this.#openingData = new OpeningData()
    this.#consumers = new Consumers(() => this.#audience.checkIdle())
    this.#views = new Views(this.log, (view, error) => this.#audience.viewFailed(view, error))
    this.#retention = new Retention(this.log, this.#views, this.#consumers)
    this.#fanOut = new FanOut(clock, scheduler, options, {
      sweep: this.#retention,
      flush: () => this.#views.flush(),
      failed: (error) => this.#failed(error),
    })
    this.#audience = new Audience(this.#fanOut, this.#consumers, {
      idle: () => {
        if (!this.#closed) this.emit('idle')
      },
      failed: (error, player) => this.emit('fanOutError', error, player),
    })
    this.#starts = new StartPoints(this.log, this.#views, this.#intake, this.#sourceClock)
    this.#readerHost = {
      clock,
      log: this.log,
      views: this.#views,
      starts: this.#starts,
      audience: this.#audience,
      consumers: this.#consumers,
      openingData: this.#openingData,
    }
    this.#publisherHost = {
      accept: (packet) => this.#accept(packet),
      leave: (publisher, reason) => this.#leave(publisher, reason),
    }
    this.#onClose = onClose
    this.#options = options
    this.#publisher = undefined
    this.#lastPublisher = undefined
    this.#announced = undefined
    this.#grace = undefined
    this.#closed = false
    this.#publishCount = 0
    this.#publishedSinceMs = 0
    this.#lastArrivalMs = 0
    this.#configuration = EMPTY_CONFIGURATION
    this.#publisherAtc = undefined
    this.#toldOfStall = false
  }

  /** The current publisher, or `undefined` within the grace time. */
  get publisher(): Publisher | undefined {
    return this.#publisher
  }

  /** The current publisher, or the one before the grace time: whose packets are read still. */
  get lastPublisher(): Publisher | undefined {
    return this.#lastPublisher
  }

  /** The source is over: nothing can be attached. */
  get closed(): boolean {
    return this.#closed
  }

  /** Metadata and decoder configuration in force. */
  get configuration(): ConfigurationSet {
    return this.log.configuration
  }

  /** FourCC of the newest audio packet of this publisher, `''` when there was none: also codecs without configuration. */
  get audioCodec(): FourCc {
    return this.#intake.audioCodec
  }

  /** FourCC of the newest video packet of this publisher, `''` when there was none. */
  get videoCodec(): FourCc {
    return this.#intake.videoCodec
  }

  /** dts of the newest packet, ms on the source's clock, which starts at 0. */
  get lastDts(): number {
    return this.#sourceClock.last
  }

  /** Players, consumers and counted viewers. */
  get audience(): number {
    return this.#audience.size
  }

  /** The players that are attached, as a list of now. */
  get players(): readonly Player[] {
    return Array.from(this.#audience.players)
  }

  /** How many players are attached. */
  get playerCount(): number {
    return this.#audience.players.size
  }

  /** Milliseconds since the current publisher came, 0 without one. */
  get uptimeMs(): number {
    return this.#publisher === undefined ? 0 : this.#clock.now() - this.#publishedSinceMs
  }

  /**
   * Attaches a network sink: the join bytes at once when a start is cached, then batch after batch as they are made. A player that waits
   * for its start begins at the first keyframe that comes. The sink may be written to, and ended, before this returns.
   * @throws RangeError when the source is closed; what the format throws when it frames what is cached.
   */
  attach(sink: Sink, options: PlayerOptions): Player {
    this.#assertOpen()
    const player = new Player(this.#readerHost, sink, {
      format: options.format,
      tracks: options.tracks ?? 'default',
      start: options.start ?? this.#options.start,
      gopsBack: options.gopsBack ?? 0,
      maxLagMs: options.maxLagMs ?? this.#options.maxLagMs,
      sinkBudgetBytes: options.sinkBudgetBytes ?? this.#options.sinkBudgetBytes,
      request: options.request && renameRequest(options.request, this.streamPath),
      userData: options.userData,
    })
    this.#audience.add(player)
    player.pump()
    return player
  }

  /**
   * Opens an in-process reader. Its place is the cached GOP of now, or else the first keyframe that comes, however late it is read and whatever comes behind.
   * @throws RangeError when the source is closed.
   */
  consume(options: ConsumerOptions = {}): Consumer {
    this.#assertOpen()
    const { signal } = options
    const consumer = new Consumer(
      this.#readerHost,
      {
        tracks: options.tracks ?? 'all',
        start: options.start ?? 'gop',
        gopsBack: options.gopsBack ?? 0,
        maxLagMs: options.maxLagMs ?? this.#options.maxLagMs,
        openingData: options.openingData ?? false,
      },
      signal,
    )
    if (signal?.aborted === true) consumer.detach()
    else this.#consumers.add(consumer)
    return consumer
  }

  /** Counts a viewer that holds no connection (HLS). @returns a function that takes it back; harmless when repeated. */
  countViewer(): () => void {
    return this.#audience.countViewer()
  }

  /** Counts bytes that a viewer without connection got (HLS). */
  countSent(bytes: number): void {
    this.#audience.countSent(bytes)
  }

  /**
   * Ends the source now: publisher, players and consumers. Its stream path is free from the first event on. Of thousands of players, those who
   * do not fit a turn of the event loop are ended in the next ones.
   * @param reason - what the players' sinks are told.
   */
  close(reason: PlayerEnd = 'closed'): void {
    if (this.#closed) return
    this.#closed = true
    this.#grace?.cancel()
    this.#onClose()
    this.#publisher?.kick('closed')
    if (reason !== 'failed') this.#fanOut.drain()
    this.#fanOut.close()
    this.#scheduler.forEach(this.players, (player) => this.#audience.end(player, reason))
    this.#consumers.close()
    this.emit('close')
  }

  /** Counters, made when asked. */
  stats(): SourceStats {
    return {
      streamPath: this.streamPath,
      live: this.#publisher !== undefined,
      publishCount: this.#publishCount,
      players: this.playerCount,
      consumers: this.#consumers.size,
      viewers: this.#audience.viewers,
      receivedBytes: this.#intake.receivedBytes,
      receivedPackets: this.#intake.receivedPackets,
      cachedBytes: this.log.bytes,
      cachedMs: this.log.durationMs,
      batchBytes: this.#views.bytes,
      views: this.#views.size,
      framing: this.#views.framing,
      queuedBytes: this.#audience.queuedBytes,
      lagMs: this.#audience.lagMs,
      lastDts: this.lastDts,
      clockJumps: this.#sourceClock.jumps,
      droppedBeforeKeyframe: this.#intake.droppedBeforeKeyframe,
      oversizedGops: this.log.oversizedGops,
      fanOut: this.#fanOut.stats(),
    }
  }

  /** What went through it so far. */
  totals(): StreamTotals {
    return {
      receivedBytes: this.#intake.receivedBytes,
      receivedFrames: this.#intake.receivedFrames,
      publishes: this.#publishCount,
      ...this.#audience.totals(),
    }
  }

  /** Stats of the consumers. */
  consumerStats(): ConsumerStats[] {
    return this.#consumers.stats()
  }

  /** Stats of the players. */
  playerStats(): PlayerStats[] {
    return Array.from(this.#audience.players, (player) => player.stats())
  }

  /** Other options, as {@link Hub.setOptions} says. @internal */
  setOptions(options: ResolvedHubOptions): void {
    this.#options = options
    this.log.setOptions(options)
    this.#sourceClock.setOptions({ ...options, atc: this.#publisherAtc ?? options.atc })
    this.#fanOut.setOptions(options)
  }

  /** Gives the stream to a new publisher. @internal */
  publish(options: PublishOptions): Publisher {
    this.#assertOpen()
    this.#grace?.cancel()
    this.#grace = undefined
    const now = this.#clock.now()
    this.#publisherAtc = options.atc
    this.#sourceClock.setOptions({ ...this.#options, atc: options.atc ?? this.#options.atc })
    this.#sourceClock.republish(this.#publishCount > 0 ? now - this.#lastArrivalMs : 0)
    if (this.#publishCount > 0) this.log.restart()
    this.#publishCount++
    this.#publishedSinceMs = now
    this.#lastArrivalMs = now
    this.#intake.restart()
    this.#openingData.clear()
    this.#toldOfStall = false
    const previous = this.#publisher
    const publisher = new Publisher(this, this.#publisherHost, options)
    // The stream has changed hands before anybody hears of it: listeners may publish, kick and close.
    this.#publisher = publisher
    this.#lastPublisher = publisher
    previous?.kick('taken-over')
    if (publisher.ended === undefined) {
      this.#announced = publisher
      this.emit('publish', publisher)
    }
    return publisher
  }

  /** One packet of the current publisher. */
  #accept(packet: MediaPacket): void {
    if (!this.#intake.admit(packet)) return
    const now = this.#clock.now()
    if (packet.coded && !this.#intake.hasBegun && this.#publishCount > 1) {
      // The time between a republish and its first media counts like the time without publisher before.
      this.#sourceClock.republish(now - this.#publishedSinceMs)
    }
    this.#lastArrivalMs = now
    const live = packet.kind === 'data' && packet.configuration ? liveMetadata(packet) : packet
    const stamped = live.withDts(this.#sourceClock.map(packet, now))
    // Bounds that are hit by a jump in time would drop what nobody has got yet.
    if (this.log.firstWith(stamped) > this.#views.flushedSeq) this.#fanOut.drain()
    if (packet.coded && !this.#intake.hasBegun) this.#starts.mediaBegins()
    if (packet.kind === 'data' && !this.#intake.hasBegun) this.#openingData.add(this.log.head, stamped)
    const opens = this.log.append(stamped)
    this.#intake.learn(stamped)
    this.#consumers.start()
    this.#retention.appended(opens)
    this.#consumers.wake()
    this.#fanOut.appended(isDefaultVideo(packet))
    if (packet.kind === 'audio' && !this.#toldOfStall && this.#starts.isVideoStalled) {
      this.#toldOfStall = true
      this.emit('videoStalled')
    }
    if (this.log.configuration === this.#configuration) return
    this.#configuration = this.log.configuration
    this.emit('configuration', this.#configuration)
  }

  /** A publisher's end; not always the current one's. */
  #leave(publisher: Publisher, reason: PublisherEnd): void {
    const wasPresent = this.#publisher === publisher
    if (wasPresent) this.#publisher = undefined
    if (wasPresent && !this.#closed) {
      this.#grace = setDeadline(this.#clock, () => this.close('unpublished'), this.#options.graceMs)
      // What is held is shown now; no packet will trigger it.
      this.#fanOut.appended(true)
      this.#consumers.wake()
    }
    if (this.#announced !== publisher) return
    this.#announced = undefined
    this.emit('unpublish', reason, publisher)
  }

  /** Nothing of this source can be trusted any more. */
  #failed(error: unknown): void {
    this.emit('fanOutError', error, undefined)
    this.close('failed')
  }

  #assertOpen(): void {
    if (this.#closed) throw new RangeError(`the source ${this.streamPath} is closed`)
  }
}
