/**
 * One stream: a clock, the log, the configuration in force, and everyone who reads it.
 *
 * @module
 */
import { EventEmitter } from 'eventemitter3'
import {
  type ConfigurationSet,
  EMPTY_CONFIGURATION,
  type FourCc,
  type MediaPacket,
  type TrackFilter,
  type ViewFormat,
} from '../media/index.ts'
import { BatchLog } from './batch-log.ts'
import type { Clock, Timer } from './clock.ts'
import { Consumer, type ConsumerHost, type ConsumerOptions, type ConsumerStats } from './consumer.ts'
import { FanOut, type FanOutStats } from './fan-out.ts'
import { GopCache, type GopStart } from './gop-cache.ts'
import type { HubOptions } from './hub-options.ts'
import { Player, type PlayerHost, type PlayerOptions, type PlayerStats, type Sink } from './player.ts'
import { Publisher, type PublisherEnd, type PublisherHost, type PublishOptions } from './publisher.ts'
import { SourceClock } from './source-clock.ts'

/** Audio alone for so long, and no video configuration: the stream is taken to have no video. */
const AUDIO_ONLY_AFTER_MS = 500

/** Video that pauses for so long no longer holds up joining players. */
const VIDEO_STALLED_AFTER_MS = 3_000

/** Packets between two looks for readers that lag, when no keyframe comes. */
const SWEEP_PACKETS = 256

/** Facts that a source announces. */
export interface SourceEvents {
  /** A publisher has the stream: the first, one that came back, or one that took over. */
  publish: (publisher: Publisher) => void
  /** The publisher is gone; the source waits for the grace time. */
  unpublish: (reason: PublisherEnd, publisher: Publisher) => void
  /** The configuration of a track or the metadata changed. */
  configuration: (configuration: ConfigurationSet) => void
  /** The last player, consumer or viewer has left. */
  idle: () => void
  /** The source is over and removed from its hub. */
  close: () => void
}

/** Counters and facts of a {@link Source}. */
export interface SourceStats {
  /** `/app/name`. */
  readonly streamPath: string
  /** Whether somebody publishes now. */
  readonly live: boolean
  /** Publishers so far. */
  readonly publishCount: number
  /** Players attached, whatever their state. */
  readonly players: number
  /** In-process consumers. */
  readonly consumers: number
  /** Viewers counted by segment protocols such as HLS. */
  readonly viewers: number
  /** Body bytes received. */
  readonly receivedBytes: number
  /** Packets received. */
  readonly receivedPackets: number
  /** Body bytes in the log. */
  readonly cachedBytes: number
  /** Time span of the log, ms. */
  readonly cachedMs: number
  /** Bytes of framed batches, all views. */
  readonly batchBytes: number
  /** Views in use. */
  readonly views: number
  /** dts of the newest packet, ms. */
  readonly lastDts: number
  /** Jumps of publishers' clocks that were closed. */
  readonly clockJumps: number
  /** Video packets of a new publisher that came before its first keyframe and were dropped. */
  readonly droppedBeforeKeyframe: number
  /** GOPs that outgrew the cache. */
  readonly oversizedGops: number
  /** Flushes so far and the time of the last round. */
  readonly fanOut: FanOutStats
}

interface View {
  readonly key: string
  readonly log: BatchLog
  players: number
}

/** One stream of a hub. Made by {@link Hub.publish}, never by a player. */
export class Source extends EventEmitter<SourceEvents> implements PlayerHost, ConsumerHost, PublisherHost {
  /** `/app/name`. */
  readonly streamPath: string
  /** The packets; read-only for others. */
  readonly log: GopCache
  readonly #clock: Clock
  readonly #options: Required<HubOptions>
  readonly #sourceClock: SourceClock
  readonly #fanOut: FanOut
  readonly #views: Map<string, View>
  readonly #viewOf: Map<BatchLog, View>
  readonly #consumers: Set<Consumer>
  readonly #onClose: () => void
  #publisherStarts: number[]
  #publisher: Publisher | undefined
  #grace: Timer | undefined
  #closed: boolean
  #viewers: number
  #publishCount: number
  #publishedSinceMs: number
  #lastArrivalMs: number
  #receivedBytes: number
  #receivedPackets: number
  #droppedBeforeKeyframe: number
  #keyframeSeen: boolean
  #firstDts: number
  #lastVideoDts: number | undefined
  #sinceSweep: number
  #configuration: ConfigurationSet
  #audioCodec: FourCc
  #videoCodec: FourCc

  /** @internal */
  constructor(streamPath: string, clock: Clock, options: Required<HubOptions>, onClose: () => void) {
    super()
    this.streamPath = streamPath
    this.log = new GopCache(options)
    this.#clock = clock
    this.#options = options
    this.#sourceClock = new SourceClock(options)
    this.#fanOut = new FanOut(clock, options, () => this.#flushViews())
    this.#views = new Map()
    this.#viewOf = new Map()
    this.#consumers = new Set()
    this.#onClose = onClose
    this.#publisherStarts = []
    this.#publisher = undefined
    this.#grace = undefined
    this.#closed = false
    this.#viewers = 0
    this.#publishCount = 0
    this.#publishedSinceMs = 0
    this.#lastArrivalMs = 0
    this.#receivedBytes = 0
    this.#receivedPackets = 0
    this.#droppedBeforeKeyframe = 0
    this.#keyframeSeen = false
    this.#firstDts = 0
    this.#lastVideoDts = undefined
    this.#sinceSweep = 0
    this.#configuration = EMPTY_CONFIGURATION
    this.#audioCodec = ''
    this.#videoCodec = ''
  }

  /** The present publisher, or `undefined` within the grace time. */
  get publisher(): Publisher | undefined {
    return this.#publisher
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
    return this.#audioCodec
  }

  /** FourCC of the newest video packet of this publisher, `''` when there was none. */
  get videoCodec(): FourCc {
    return this.#videoCodec
  }

  /** dts of the newest packet, ms on the source's clock, which starts at 0. */
  get lastDts(): number {
    return this.#sourceClock.last
  }

  /** Players, consumers and counted viewers. */
  get audience(): number {
    return this.#fanOut.players.length + this.#consumers.size + this.#viewers
  }

  /** The players that are attached. */
  get players(): readonly Player[] {
    return this.#fanOut.players
  }

  /** Milliseconds since the present publisher came, 0 without one. */
  get uptimeMs(): number {
    return this.#publisher === undefined ? 0 : this.#clock.now() - this.#publishedSinceMs
  }

  /**
   * Attaches a network sink: the join bytes at once when a start is cached, then batch after batch as they are made.
   * @throws RangeError when the source is closed.
   */
  attach(sink: Sink, options: PlayerOptions): Player {
    this.#assertOpen()
    const player = new Player(this, sink, {
      format: options.format,
      tracks: options.tracks ?? 'default',
      start: options.start ?? this.#options.start,
      gopsBack: options.gopsBack ?? 0,
      maxLagMs: options.maxLagMs ?? this.#options.maxLagMs,
      sinkBudgetBytes: options.sinkBudgetBytes ?? this.#options.sinkBudgetBytes,
      userData: options.userData,
    })
    this.#fanOut.add(player)
    player.pump()
    return player
  }

  /**
   * Opens an in-process reader.
   * @throws RangeError when the source is closed.
   */
  consume(options: ConsumerOptions = {}): Consumer {
    this.#assertOpen()
    const consumer = new Consumer(this, {
      tracks: options.tracks ?? 'all',
      start: options.start ?? 'gop',
      maxLagMs: options.maxLagMs ?? this.#options.maxLagMs,
    })
    this.#consumers.add(consumer)
    const { signal } = options
    if (signal?.aborted === true) consumer.detach()
    else signal?.addEventListener('abort', () => consumer.detach(), { once: true })
    return consumer
  }

  /** Counts a viewer that holds no connection (HLS). @returns a function that takes it back; harmless when repeated. */
  countViewer(): () => void {
    let counted = true
    this.#viewers++
    return () => {
      if (!counted) return
      counted = false
      this.#viewers--
      this.#checkIdle()
    }
  }

  /** Ends the source now: publisher, players and consumers. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#grace?.cancel()
    this.#publisher?.kick('closed')
    this.#fanOut.drain()
    for (const player of this.#fanOut.players.slice())
      player.end(this.#publishCount > 0 ? 'unpublished' : 'closed')
    this.#fanOut.close()
    for (const consumer of this.#consumers) consumer.close()
    this.#consumers.clear()
    this.#onClose()
    this.emit('close')
    this.removeAllListeners()
  }

  /** Counters, made when asked. */
  stats(): SourceStats {
    let batchBytes = 0
    for (const view of this.#views.values()) batchBytes += view.log.bytes
    return {
      streamPath: this.streamPath,
      live: this.#publisher !== undefined,
      publishCount: this.#publishCount,
      players: this.#fanOut.players.length,
      consumers: this.#consumers.size,
      viewers: this.#viewers,
      receivedBytes: this.#receivedBytes,
      receivedPackets: this.#receivedPackets,
      cachedBytes: this.log.bytes,
      cachedMs: this.log.durationMs,
      batchBytes,
      views: this.#views.size,
      lastDts: this.lastDts,
      clockJumps: this.#sourceClock.jumps,
      droppedBeforeKeyframe: this.#droppedBeforeKeyframe,
      oversizedGops: this.log.oversizedGops,
      fanOut: this.#fanOut.stats(),
    }
  }

  /** Stats of the consumers. */
  consumerStats(): ConsumerStats[] {
    return Array.from(this.#consumers, (consumer) => consumer.stats())
  }

  /** Stats of the players. */
  playerStats(): PlayerStats[] {
    return this.#fanOut.players.map((player) => player.stats())
  }

  /** Gives the stream to a new publisher. @internal */
  publish(options: PublishOptions): Publisher {
    this.#assertOpen()
    this.#publisher?.kick('taken-over')
    this.#grace?.cancel()
    this.#grace = undefined
    const now = this.#clock.now()
    if (this.#publishCount > 0) {
      this.#sourceClock.republish(now - this.#lastArrivalMs)
      this.log.restart()
      this.#publisherStarts.push(this.log.head)
    }
    this.#publishCount++
    this.#publishedSinceMs = now
    this.#lastArrivalMs = now
    this.#keyframeSeen = false
    this.#audioCodec = ''
    this.#videoCodec = ''
    this.#lastVideoDts = undefined
    this.#firstDts = this.lastDts
    const publisher = new Publisher(this, options)
    this.#publisher = publisher
    this.emit('publish', publisher)
    return publisher
  }

  /** @internal */
  accept(packet: MediaPacket): void {
    this.#receivedBytes += packet.body.length
    this.#receivedPackets++
    if (packet.kind === 'video' && !packet.configuration && !this.#passesKeyframeGate(packet)) return
    this.#lastArrivalMs = this.#clock.now()
    const stamped = packet.withDts(this.#sourceClock.map(packet))
    const isVideo = stamped.kind === 'video' && !stamped.configuration
    if (isVideo) this.#lastVideoDts = stamped.dts
    if (stamped.codec !== '') {
      if (stamped.kind === 'audio') this.#audioCodec = stamped.codec
      else if (stamped.kind === 'video') this.#videoCodec = stamped.codec
    }
    const opens = this.log.append(stamped)
    if (this.log.configuration !== this.#configuration) {
      this.#configuration = this.log.configuration
      if (this.listenerCount('configuration') > 0) this.emit('configuration', this.#configuration)
    }
    if (opens || ++this.#sinceSweep >= SWEEP_PACKETS) this.#sweep()
    for (const consumer of this.#consumers) consumer.wake()
    this.#fanOut.appended(isVideo)
  }

  /** @internal */
  leave(publisher: Publisher, reason: PublisherEnd): void {
    if (this.#publisher !== publisher) return
    this.#publisher = undefined
    this.emit('unpublish', reason, publisher)
    if (this.#closed || this.#publisher !== undefined) return
    // What was held is shown now; nothing else will trigger it.
    this.#fanOut.drain()
    this.#grace = this.#clock.setTimeout(() => this.close(), this.#options.graceMs)
  }

  /** @internal */
  get headSeq(): number {
    return this.log.head
  }

  /** @internal */
  openView(format: ViewFormat, tracks: TrackFilter): BatchLog {
    const key = `${format.name} ${tracks}`
    let view = this.#views.get(key)
    if (view === undefined) {
      const from = this.log.start(Infinity)?.seq ?? this.log.head
      view = { key, log: new BatchLog(this.log, format, tracks, from), players: 0 }
      this.#views.set(key, view)
      this.#viewOf.set(view.log, view)
    }
    view.players++
    return view.log
  }

  /** @internal */
  releaseView(log: BatchLog): void {
    const view = this.#viewOf.get(log)
    if (view === undefined || --view.players > 0) return
    this.#viewOf.delete(log)
    this.#views.delete(view.key)
  }

  /** @internal */
  remove(player: Player): void {
    this.#fanOut.remove(player)
    this.#checkIdle()
  }

  /** @internal */
  removeConsumer(consumer: Consumer): void {
    if (this.#consumers.delete(consumer)) this.#checkIdle()
  }

  /** @internal */
  resumePoint(view: BatchLog, tracks: TrackFilter, gopsBack: number): GopStart | undefined {
    if (tracks === 'audio' || this.#isAudioOnly()) {
      return { seq: view.flushedSeq, dts: this.lastDts, configuration: view.configuration }
    }
    const start = this.log.start(gopsBack)
    if (start !== undefined && start.seq >= view.flushedSeq) view.flush()
    return start
  }

  /** @internal */
  startPoint(tracks: TrackFilter): GopStart | undefined {
    if (tracks === 'audio' || this.#isAudioOnly()) {
      return { seq: this.log.head, dts: this.lastDts, configuration: this.log.configuration }
    }
    return this.log.start()
  }

  /** @internal */
  publisherChangedWithin(after: number, upTo: number): boolean {
    for (const seq of this.#publisherStarts) if (seq > after && seq <= upTo) return true
    return false
  }

  /**
   * Video of a publisher that came back, before its first keyframe, refers to pictures that nobody has: showing it to
   * players that go on would break their picture. The first publisher has no players that could be hurt.
   */
  #passesKeyframeGate(packet: MediaPacket): boolean {
    if (packet.keyframe) this.#keyframeSeen = true
    if (this.#keyframeSeen || this.#publishCount === 1) return true
    this.#droppedBeforeKeyframe++
    return false
  }

  #isAudioOnly(): boolean {
    if (this.#lastVideoDts !== undefined) return this.lastDts - this.#lastVideoDts > VIDEO_STALLED_AFTER_MS
    return this.log.configuration.video.length === 0 && this.lastDts - this.#firstDts >= AUDIO_ONLY_AFTER_MS
  }

  #flushViews(): void {
    for (const view of this.#views.values()) view.log.flush()
  }

  /** Drops what no reader needs, after moving readers that lag too far. */
  #sweep(): void {
    this.#sinceSweep = 0
    let needed = this.log.head
    for (const consumer of this.#consumers) needed = Math.min(needed, consumer.sweep() ?? needed)
    for (const player of this.#fanOut.players) needed = Math.min(needed, player.sweep() ?? needed)
    for (const view of this.#views.values()) needed = Math.min(needed, view.log.flushedSeq)
    this.log.evict(needed)
    const { first } = this.log
    for (const view of this.#views.values()) view.log.evict(first)
    this.#publisherStarts = this.#publisherStarts.filter((seq) => seq >= first)
  }

  #checkIdle(): void {
    if (!this.#closed && this.audience === 0) this.emit('idle')
  }

  #assertOpen(): void {
    if (this.#closed) throw new RangeError(`the source ${this.streamPath} is closed`)
  }
}
