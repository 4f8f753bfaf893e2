/**
 * An in-process reader of a source: the HLS segmenter, a recorder, a forwarder, your own `for await`.
 *
 * @module
 */
import {
  type ConfigurationSet,
  configurationPackets,
  filterConfiguration,
  filterPacket,
  type MediaPacket,
  type TrackFilter,
} from '../media/index.ts'
import type { GopCache, GopStart } from './gop-cache.ts'

/** Options of {@link Source.consume}. */
export interface ConsumerOptions {
  /** Which tracks. @defaultValue 'all' */
  readonly tracks?: TrackFilter
  /** Begin with the cached GOP (`gop`) or wait for the next keyframe (`keyframe`). @defaultValue 'gop' */
  readonly start?: 'gop' | 'keyframe'
  /** The log waits for this reader up to that lag, ms; beyond, it skips to the newest keyframe. @defaultValue the hub's `maxLagMs` */
  readonly maxLagMs?: number
  /** Ends the consumer when aborted, like {@link Consumer.detach}. */
  readonly signal?: AbortSignal
}

/** Counters of a {@link Consumer}. */
export interface ConsumerStats {
  /** Packets read. */
  readonly readPackets: number
  /** dts between the newest packet and the next one to read, ms. */
  readonly lagMs: number
  /** How often it fell behind and went on at a keyframe. */
  readonly skips: number
  /** Packets passed over by that. */
  readonly skippedPackets: number
}

/** What a consumer needs of its source. Internal to the hub. */
export interface ConsumerHost {
  /** The packets. */
  readonly log: GopCache
  /** dts of the newest packet, ms. */
  readonly lastDts: number
  /** Where a decoder can start now. */
  startPoint(tracks: TrackFilter): GopStart | undefined
  /** The first sequence number of the newest publisher, if it lies in (after, upTo]. */
  publisherChangedWithin(after: number, upTo: number): boolean
  /** The consumer has gone. */
  removeConsumer(consumer: Consumer): void
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
  readonly #maxLagMs: number
  readonly #notBefore: number
  #state: 'waiting' | 'reading' | 'ended'
  #cursor: number
  #lastSeq: number
  #configuration: ConfigurationSet | undefined
  #pending: MediaPacket[]
  #discontinuity: boolean
  #skipped: boolean
  #closed: boolean
  #wake: (() => void) | undefined
  #readPackets: number
  #skips: number
  #skippedPackets: number

  /** @internal */
  constructor(host: ConsumerHost, options: Required<Omit<ConsumerOptions, 'signal'>>) {
    this.#host = host
    this.#tracks = options.tracks
    this.#maxLagMs = options.maxLagMs
    this.#notBefore = options.start === 'keyframe' ? host.log.head : 0
    this.#state = 'waiting'
    this.#cursor = host.log.head
    this.#lastSeq = -1
    this.#configuration = undefined
    this.#pending = []
    this.#discontinuity = false
    this.#skipped = false
    this.#closed = false
    this.#wake = undefined
    this.#readPackets = 0
    this.#skips = 0
    this.#skippedPackets = 0
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
    for (;;) {
      const configured = this.#pending.shift()
      if (configured !== undefined) return this.#deliver(configured)
      if (this.#state === 'waiting') this.#start()
      if (this.#pending.length > 0) continue
      if (this.#state !== 'reading') break
      if (this.#cursor < this.#host.log.first) {
        this.#skip()
        continue
      }
      const packet = this.#host.log.at(this.#cursor)
      if (packet === undefined) break
      const seq = this.#cursor++
      const filtered = filterPacket(packet, this.#tracks)
      if (filtered === undefined) continue
      if (this.#lastSeq >= 0 && this.#host.publisherChangedWithin(this.#lastSeq, seq)) this.#skipped = true
      this.#lastSeq = seq
      if (packet.configuration) this.#configuration = undefined
      return this.#deliver(filtered)
    }
    if (this.#closed) this.#state = 'ended'
    return undefined
  }

  /** Resolves when a packet may be there or the consumer has ended. One waiter at a time. */
  ready(): Promise<void> {
    if (this.#state === 'ended' || this.#closed || this.#hasNext()) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** Leaves the source; nothing more can be read. Harmless when repeated. */
  detach(): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#pending = []
    this.#host.removeConsumer(this)
    this.wake()
  }

  /** Counters, made when asked. */
  stats(): ConsumerStats {
    const next = this.#state === 'reading' ? this.#host.log.at(this.#cursor) : undefined
    return {
      readPackets: this.#readPackets,
      lagMs: next === undefined ? 0 : Math.max(0, this.#host.lastDts - next.dts),
      skips: this.#skips,
      skippedPackets: this.#skippedPackets,
    }
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

  /** Something was appended, or the consumer ended. @internal */
  wake(): void {
    const wake = this.#wake
    if (wake === undefined) return
    this.#wake = undefined
    wake()
  }

  /** The source has closed: what is left can still be read. @internal */
  close(): void {
    this.#closed = true
    this.wake()
  }

  /** The sequence number the log must keep for this reader, or `undefined`. @internal */
  sweep(): number | undefined {
    if (this.#state !== 'reading') return undefined
    const next = this.#host.log.at(this.#cursor)
    return next !== undefined && this.#host.lastDts - next.dts <= this.#maxLagMs ? this.#cursor : undefined
  }

  #hasNext(): boolean {
    if (this.#pending.length > 0) return true
    if (this.#state === 'waiting') {
      const point = this.#host.startPoint(this.#tracks)
      return point !== undefined && point.seq >= this.#notBefore
    }
    return this.#cursor < this.#host.log.head
  }

  #start(): void {
    const point = this.#host.startPoint(this.#tracks)
    if (point === undefined || point.seq < this.#notBefore) return
    this.#state = 'reading'
    this.#moveTo(point)
  }

  #skip(): void {
    const point = this.#host.startPoint(this.#tracks)
    this.#skips++
    this.#skipped = true
    this.#skippedPackets += (point?.seq ?? this.#host.log.head) - this.#cursor
    if (point === undefined) {
      this.#state = 'waiting'
      this.#cursor = this.#host.log.head
    } else this.#moveTo(point)
  }

  #moveTo(point: GopStart): void {
    this.#cursor = point.seq
    this.#lastSeq = point.seq - 1
    if (this.#configuration === point.configuration) return
    this.#configuration = point.configuration
    const packets = configurationPackets(filterConfiguration(point.configuration, this.#tracks))
    for (const packet of packets) this.#pending.push(packet.withDts(point.dts))
  }

  #deliver(packet: MediaPacket): MediaPacket {
    this.#readPackets++
    this.#discontinuity = this.#skipped
    this.#skipped = false
    return packet
  }
}
