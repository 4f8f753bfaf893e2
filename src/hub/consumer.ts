/**
 * An in-process reader of a source: the HLS segmenter, a recorder, a forwarder, your own `for await`.
 *
 * @module
 */
import {
  type ConfigurationSet,
  EMPTY_CONFIGURATION,
  filterConfiguration,
  filterPacket,
  type MediaPacket,
  type TrackFilter,
} from '../media/index.ts'
import { changedPackets } from './changed-packets.ts'
import type { Given } from './check-options.ts'
import type { Consumers } from './consumers.ts'
import type { GopCache, GopStart } from './gop-cache.ts'
import type { OpeningData } from './opening-data.ts'
import type { StartPoints } from './start-points.ts'

/** Options of {@link Source.consume}. */
export interface ConsumerOptions {
  /** Which tracks. @defaultValue 'all' */
  readonly tracks?: TrackFilter | undefined
  /**
   * Begin with the cached GOP (`gop`), wait for the next keyframe (`keyframe`), or take the next packet, whatever it is, with video from its
   * next keyframe on (`packet`): in a `publish` event, all that the publisher sends. @defaultValue 'gop'
   */
  readonly start?: 'gop' | 'keyframe' | 'packet' | undefined
  /** GOPs to go back beyond the newest, as far as cached. @defaultValue 0 */
  readonly gopsBack?: number | undefined
  /** The log waits for this reader up to that lag, ms; what is dropped beyond is skipped, to the newest keyframe. @defaultValue the hub's `maxLagMs` */
  readonly maxLagMs?: number | undefined
  /**
   * After the metadata, begin with the data messages that the publisher sent before its first media, if they came before the place where this
   * reader begins: for whoever passes the stream on. @defaultValue false
   */
  readonly openingData?: boolean | undefined
  /** Ends the consumer when aborted, like {@link Consumer.detach}. Nothing listens to it any more once the consumer has ended. */
  readonly signal?: AbortSignal | undefined
}

/** Counters of a {@link Consumer}. */
export interface ConsumerStats {
  /** Packets read. */
  readonly readPackets: number
  /** Body bytes of the source that it has not read yet, whatever their track. They are in the log, not copied. */
  readonly queuedBytes: number
  /** How far the stream has gone on, by dts, since the next packet to read came, ms; once the log has dropped that one, since the last that was read. */
  readonly lagMs: number
  /** How often it fell behind and skipped to a keyframe. */
  readonly skips: number
  /** Packets of the source passed over by that, whatever their track, and video frames without the keyframe they need. */
  readonly skippedPackets: number
  /** Media time passed over by that, ms. */
  readonly skippedMs: number
}

/** What the consumers of a source share. Internal to the hub. */
export interface ConsumerHost {
  /** The packets. */
  readonly log: GopCache
  /** Where a decoder can start. */
  readonly starts: StartPoints
  /** Data messages from before the current publisher's first media. */
  readonly openingData: OpeningData
  /** All of them, to be woken and to leave. */
  readonly consumers: Consumers
}

/**
 * A cursor over packets. First come metadata, audio and video configuration as they were at the start position, with its
 * dts, then the packets.
 *
 * Read with `for await (const packet of consumer)`, or with {@link Consumer.read} and {@link Consumer.ready}.
 */
export class Consumer implements AsyncIterable<MediaPacket> {
  readonly #host: ConsumerHost
  readonly #tracks: TrackFilter
  readonly #gopsBack: number
  readonly #maxLagMs: number
  readonly #takesOpeningData: boolean
  readonly #signal: AbortSignal | undefined
  readonly #onAbort: () => void
  #state: 'waiting' | 'reading' | 'ended'
  #cursor: number
  /** The head of the log when it was opened: what came later is never left out. */
  readonly #openedSeq: number
  /** It begins there, not where a decoder can. */
  readonly #takesNextPacket: boolean
  /** Where it came in: a publisher that starts there follows no gap. */
  #startSeq: number
  #blind: boolean
  #known: ConfigurationSet
  #configuration: MediaPacket[]
  #discontinuity: boolean
  #skipped: boolean
  #closed: boolean
  #ready: Promise<void> | undefined
  #wake: (() => void) | undefined
  #readPackets: number
  #skips: number
  #skippedPackets: number
  #skippedMs: number
  /** Where the stream was when the packet before the cursor came, or its start. */
  #passedAt: number

  /** @internal */
  constructor(
    host: ConsumerHost,
    options: Given<Omit<ConsumerOptions, 'signal'>>,
    signal: AbortSignal | undefined,
  ) {
    this.#host = host
    this.#tracks = options.tracks
    this.#gopsBack = options.gopsBack
    this.#maxLagMs = options.maxLagMs
    this.#takesOpeningData = options.openingData
    this.#signal = signal
    this.#onAbort = () => this.detach()
    this.#state = 'waiting'
    this.#cursor = options.start === 'keyframe' ? host.log.head : 0
    this.#openedSeq = host.log.head
    this.#takesNextPacket = options.start === 'packet'
    this.#startSeq = -1
    this.#blind = false
    this.#known = EMPTY_CONFIGURATION
    this.#configuration = []
    this.#discontinuity = false
    this.#skipped = false
    this.#closed = false
    this.#ready = undefined
    this.#wake = undefined
    this.#readPackets = 0
    this.#skips = 0
    this.#skippedPackets = 0
    this.#skippedMs = 0
    this.#passedAt = 0
    signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** The consumer was detached, or the source has closed and everything was read. */
  get ended(): boolean {
    return this.#state === 'ended'
  }

  /** Whether the packet that was read last follows a gap: another publisher's first packet, or the first after a skip. */
  get discontinuity(): boolean {
    return this.#discontinuity
  }

  /** The next packet, or `undefined` when there is none yet (or no more: {@link Consumer.ended}). */
  read(): MediaPacket | undefined {
    this.#discontinuity = false
    if (this.#state === 'ended') return undefined
    const packet = this.#next()
    if (packet !== undefined) {
      this.#readPackets++
      this.#discontinuity = this.#skipped
      this.#skipped = false
    } else if (this.#closed) this.#end()
    return packet
  }

  /** Resolves when there may be a packet, when the publisher has left, or when the consumer has ended. The same promise for all who wait. */
  ready(): Promise<void> {
    if (this.#ready !== undefined) return this.#ready
    if (this.#state === 'ended' || this.#closed || this.#hasNext()) return Promise.resolve()
    this.#ready = new Promise((resolve) => {
      this.#wake = resolve
    })
    this.#host.consumers.addWaiting(this)
    return this.#ready
  }

  /** Leaves the source; nothing more can be read. Harmless when repeated. */
  detach(): void {
    if (this.#state === 'ended') return
    this.#end()
    this.#host.consumers.remove(this)
  }

  /** Counters, made when asked. */
  stats(): ConsumerStats {
    const { log } = this.#host
    let queuedBytes = 0
    if (this.#state === 'reading') {
      const from = Math.max(this.#cursor, log.first)
      for (let seq = from; seq < log.head; seq++) queuedBytes += log.at(seq)!.body.length
    }
    return {
      readPackets: this.#readPackets,
      queuedBytes,
      lagMs: this.lagMs,
      skips: this.#skips,
      skippedPackets: this.#skippedPackets,
      skippedMs: this.#skippedMs,
    }
  }

  /** As {@link ConsumerStats.lagMs}. */
  get lagMs(): number {
    const { log } = this.#host
    if (this.#startSeq < 0 || this.#state === 'ended' || this.#cursor >= log.head) return 0
    return Math.max(0, log.latestDts - (log.arrivalAt(this.#cursor) ?? this.#passedAt))
  }

  /** Packets until the source closes. Leaving the loop detaches. */
  async *[Symbol.asyncIterator](): AsyncGenerator<MediaPacket, void, undefined> {
    try {
      for (;;) {
        const packet = this.read()
        if (packet !== undefined) yield packet
        else if (this.ended) return
        else await this.ready()
      }
    } finally {
      this.detach()
    }
  }

  /** Takes its place in the log, if there is one: packets from there on are kept for it. @internal */
  tryStart(): boolean {
    const point = this.#startPoint()
    if (point === undefined) return false
    this.#startAt(point)
    return true
  }

  /** Something was appended, the publisher left, or the consumer ended. @internal */
  wake(): void {
    const wake = this.#wake
    this.#wake = undefined
    this.#ready = undefined
    wake?.()
  }

  /** The source has closed: what is left can still be read. @internal */
  close(): void {
    this.#closed = true
    this.wake()
  }

  /** The sequence number the log must keep for this reader, or `undefined`. @internal */
  sweep(): number | undefined {
    if (this.#state !== 'reading') return undefined
    const { log } = this.#host
    const arrival = log.arrivalAt(this.#cursor)
    return arrival !== undefined && log.latestDts - arrival <= this.#maxLagMs ? this.#cursor : undefined
  }

  #next(): MediaPacket | undefined {
    const { log } = this.#host
    for (;;) {
      const configured = this.#configuration.shift()
      if (configured !== undefined) return configured
      if (this.#state === 'waiting') {
        if (!this.tryStart()) return undefined
        continue
      }
      if (this.#cursor < log.first) {
        this.#fallOut()
        continue
      }
      const packet = log.at(this.#cursor)
      if (packet === undefined) return undefined
      const seq = this.#cursor++
      this.#passedAt = log.arrivalAt(seq)!
      if (seq !== this.#startSeq && log.isRestart(seq)) this.#skipped = true
      if (!packet.coded) this.#known = log.configurationAt(seq + 1)
      if (this.#blind && packet.kind === 'video' && packet.coded) {
        if (packet.keyframe) this.#blind = false
        else {
          this.#skippedPackets++
          continue
        }
      }
      const filtered = filterPacket(packet, this.#tracks)
      if (filtered !== undefined) return filtered
    }
  }

  #hasNext(): boolean {
    if (this.#configuration.length > 0) return true
    if (this.#state === 'waiting') return this.#startPoint() !== undefined
    return this.#cursor < this.#host.log.head
  }

  #startPoint(): GopStart | undefined {
    const { log, starts } = this.#host
    if (this.#takesNextPacket && this.#startSeq < 0) return starts.at(this.#openedSeq)
    const from = this.#startSeq < 0 ? this.#openedSeq : log.head
    let point = starts.forConsumer(this.#tracks, this.#startSeq < 0 ? this.#gopsBack : 0, from)
    if (point !== undefined && point.seq < this.#cursor) point = starts.forConsumer(this.#tracks, 0, from)
    return point === undefined || point.seq < this.#cursor ? undefined : point
  }

  #startAt(point: GopStart): void {
    const arrival = this.#host.log.arrivalAt(point.seq) ?? point.dts
    const openingData =
      this.#takesOpeningData && this.#startSeq < 0 ? this.#host.openingData.before(point.seq) : []
    if (this.#startSeq < 0) {
      this.#startSeq = point.seq
      this.#passedAt = arrival
    } else {
      this.#skippedPackets += point.seq - this.#cursor
      this.#skippedMs += Math.max(0, arrival - this.#passedAt)
    }
    this.#state = 'reading'
    this.#cursor = point.seq
    this.#blind = !point.keyframe
    const before = filterConfiguration(this.#known, this.#tracks)
    const now = filterConfiguration(point.configuration, this.#tracks)
    const packets = changedPackets(before, now)
    // Encoders announce tracks after the metadata and before the configuration of the others.
    packets.splice(packets[0]?.kind === 'data' ? 1 : 0, 0, ...openingData)
    for (const packet of packets) this.#configuration.push(packet.withDts(point.dts))
    this.#known = point.configuration
  }

  /** The packet under the cursor is gone: the log dropped it. */
  #fallOut(): void {
    this.#skips++
    this.#skipped = true
    this.#state = 'waiting'
  }

  #end(): void {
    this.#state = 'ended'
    this.#configuration = []
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.wake()
  }
}
