/**
 * The log of a source: its latest packets, the places where a decoder can start, and the configuration valid there.
 *
 * A "GOP cache" and a "send queue" are the same packets seen by two readers, so there is one structure: readers are
 * sequence numbers. The log keeps [oldest needed, newest packet], drops whole GOPs, and is bounded in time, bytes and
 * count whatever its readers do.
 *
 * @module
 */
import { type ConfigurationSet, ConfigurationTracker, type MediaPacket } from '../media/index.ts'

/** A place where a decoder can start: a video keyframe, with what was configured there. */
export interface GopStart {
  /** Sequence number of the keyframe. */
  readonly seq: number
  /** Its dts, ms on the source's clock. */
  readonly dts: number
  /** The configuration in force at the keyframe; one object as long as nothing changes. */
  readonly configuration: ConfigurationSet
}

/** Options of {@link GopCache}. */
export interface GopCacheOptions {
  /** How many GOPs to keep for joining players, the newest included; at least 1. @defaultValue 1 */
  readonly gops?: number
  /** Longest time the log spans, ms. A GOP that is longer stops being a start. @defaultValue 30000 */
  readonly maxCacheMs?: number
  /** Most body bytes the log holds. @defaultValue 67108864 (64 MiB) */
  readonly maxCacheBytes?: number
  /** Most packets the log holds. @defaultValue 16384 */
  readonly maxCachePackets?: number
}

/** Retained packets with gapless sequence numbers. */
export class GopCache {
  readonly #gops: number
  readonly #maxMs: number
  readonly #maxBytes: number
  readonly #maxPackets: number
  readonly #tracker: ConfigurationTracker
  readonly #starts: GopStart[]
  #packets: (MediaPacket | undefined)[]
  #offset: number
  #first: number
  #head: number
  #bytes: number
  #gopBytes: number
  #oversizedGops: number

  /** @param options - see {@link GopCacheOptions}. */
  constructor(options: GopCacheOptions = {}) {
    this.#gops = Math.max(1, options.gops ?? 1)
    this.#maxMs = options.maxCacheMs ?? 30_000
    this.#maxBytes = options.maxCacheBytes ?? 64 * 1024 * 1024
    this.#maxPackets = options.maxCachePackets ?? 16_384
    this.#tracker = new ConfigurationTracker()
    this.#starts = []
    this.#packets = []
    this.#offset = 0
    this.#first = 0
    this.#head = 0
    this.#bytes = 0
    this.#gopBytes = 0
    this.#oversizedGops = 0
  }

  /** Sequence number of the oldest retained packet; equals {@link GopCache.head} when empty. */
  get first(): number {
    return this.#first
  }

  /** Sequence number that the next packet gets. */
  get head(): number {
    return this.#head
  }

  /** Body bytes held. */
  get bytes(): number {
    return this.#bytes
  }

  /** dts span held, ms. */
  get durationMs(): number {
    return this.#head === this.#first ? 0 : this.at(this.#head - 1)!.dts - this.at(this.#first)!.dts
  }

  /** The configuration in force after the newest packet. */
  get configuration(): ConfigurationSet {
    return this.#tracker.set
  }

  /** GOPs that outgrew the bounds and so offer no start. */
  get oversizedGops(): number {
    return this.#oversizedGops
  }

  /** The packet with sequence number `seq`, or `undefined` when it is evicted or not yet here. */
  at(seq: number): MediaPacket | undefined {
    return seq < this.#first || seq >= this.#head
      ? undefined
      : this.#packets[this.#offset + seq - this.#first]
  }

  /** The newest start, or the one `back` GOPs before it as far as retained. `undefined`: wait for the next keyframe. */
  start(back = 0): GopStart | undefined {
    return this.#starts[Math.max(0, this.#starts.length - 1 - back)]
  }

  /** The start at `seq` itself, if there is one. */
  startAt(seq: number): GopStart | undefined {
    for (let i = this.#starts.length - 1; i >= 0; i--) {
      const start = this.#starts[i]!
      if (start.seq === seq) return start
      if (start.seq < seq) return undefined
    }
    return undefined
  }

  /** Appends `packet`, whose dts is on the source's clock. @returns whether it opens a GOP. */
  append(packet: MediaPacket): boolean {
    const seq = this.#head
    this.#tracker.push(packet)
    this.#packets.push(packet)
    this.#head = seq + 1
    this.#bytes += packet.body.length
    this.#gopBytes += packet.body.length
    const opens = packet.kind === 'video' && packet.keyframe && !packet.configuration
    if (opens) {
      this.#starts.push({ seq, dts: packet.dts, configuration: this.#tracker.set })
      this.#gopBytes = packet.body.length
    } else this.#checkGop(packet)
    if (
      this.#bytes > this.#maxBytes ||
      this.#head - this.#first > this.#maxPackets ||
      packet.dts - this.at(this.#first)!.dts > this.#maxMs
    ) {
      this.#enforceBounds(packet.dts)
    }
    return opens
  }

  /**
   * Drops whole GOPs that neither a joining player nor the reader at `needed` wants.
   * @param needed - sequence number of the slowest reader that is still waited for; `head` when there is none.
   */
  evict(needed: number): void {
    const joinable = this.#starts[Math.max(0, this.#starts.length - this.#gops)]
    if (joinable === undefined) {
      this.#dropBefore(Math.min(needed, this.#head))
      return
    }
    let keep = -1
    for (const start of this.#starts) if (start.seq <= needed && start.seq <= joinable.seq) keep = start.seq
    if (keep >= 0) this.#dropBefore(keep)
  }

  /** What follows is another publisher's: no start and no configuration from before counts for it. Packets stay. */
  restart(): void {
    this.#starts.length = 0
    this.#tracker.clear()
  }

  #checkGop(packet: MediaPacket): void {
    const start = this.#starts.at(-1)
    if (start === undefined) return
    const outgrown =
      this.#gopBytes > this.#maxBytes ||
      this.#head - start.seq > this.#maxPackets ||
      packet.dts - start.dts > this.#maxMs
    if (!outgrown) return
    this.#starts.length = 0
    this.#oversizedGops++
  }

  #enforceBounds(dts: number): void {
    let seq = this.#first
    let bytes = this.#bytes
    while (
      seq < this.#head - 1 &&
      (bytes > this.#maxBytes || this.#head - seq > this.#maxPackets || dts - this.at(seq)!.dts > this.#maxMs)
    ) {
      bytes -= this.at(seq)!.body.length
      seq++
    }
    this.#dropBefore(seq)
  }

  #dropBefore(seq: number): void {
    const count = seq - this.#first
    if (count <= 0) return
    for (let i = this.#offset; i < this.#offset + count; i++) {
      this.#bytes -= this.#packets[i]!.body.length
      this.#packets[i] = undefined
    }
    this.#offset += count
    this.#first = seq
    let stale = 0
    while (stale < this.#starts.length && this.#starts[stale]!.seq < seq) stale++
    if (stale > 0) this.#starts.splice(0, stale)
    // Closing the gap only when it is half of the array keeps the cost per packet constant.
    if (this.#offset > 256 && this.#offset > this.#packets.length >> 1) {
      this.#packets = this.#packets.slice(this.#offset)
      this.#offset = 0
    }
  }
}
