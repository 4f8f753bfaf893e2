/**
 * The log of a source: its latest packets, the places where a decoder can start, and the configuration valid there.
 *
 * A "GOP cache" and a "send queue" are the same packets seen by two readers, so there is one structure: readers are
 * sequence numbers. The log keeps [oldest needed, newest packet], drops whole GOPs, and is bounded in time, bytes and
 * count whatever its readers do.
 *
 * @module
 */
import {
  type ConfigurationSet,
  ConfigurationTracker,
  EMPTY_CONFIGURATION,
  type MediaPacket,
} from '../media/index.ts'
import { SequenceWindow } from './sequence-window.ts'

/** A place where a decoder can start, with what was configured there. */
export interface GopStart {
  /** Sequence number of the first packet from there. */
  readonly seq: number
  /** Its dts, ms on the source's clock. */
  readonly dts: number
  /** The configuration in force there; one object as long as nothing changes. */
  readonly configuration: ConfigurationSet
  /** The first packet is a video keyframe. `false` for a place in audio, where no picture begins. */
  readonly keyframe: boolean
}

/** Options of {@link GopCache}. */
export interface GopCacheOptions {
  /** How many GOPs to keep for joining players, the newest included; at least 1. @defaultValue 1 */
  readonly gops?: number | undefined
  /** Longest time the log spans, ms. A GOP that is longer stops being a start. @defaultValue 30000 */
  readonly maxCacheMs?: number | undefined
  /** Most body bytes the log holds; the newest packet is kept whatever its length. @defaultValue 67108864 (64 MiB) */
  readonly maxCacheBytes?: number | undefined
  /** Most packets the log holds. @defaultValue 16384 */
  readonly maxCachePackets?: number | undefined
}

/** From `seq` on `configuration` is in force. */
interface Change {
  readonly seq: number
  readonly configuration: ConfigurationSet
}

/** Retained packets with gapless sequence numbers. */
export class GopCache {
  readonly #tracker: ConfigurationTracker
  readonly #packets: SequenceWindow<MediaPacket>
  /** How far each packet's dts is behind the newest that had come by then, ms: 0 unless kinds are apart. */
  readonly #behindMs: SequenceWindow<number>
  #latestDts: number
  #starts: GopStart[]
  #changes: Change[]
  /** Where other publishers took up the stream. */
  #restarts: number[]
  #gops!: number
  #maxMs!: number
  #maxBytes!: number
  #maxPackets!: number
  #bytes: number
  #oversizedGops: number

  /** @param options - see {@link GopCacheOptions}. */
  constructor(options: GopCacheOptions = {}) {
    this.#tracker = new ConfigurationTracker()
    this.#packets = new SequenceWindow()
    this.#behindMs = new SequenceWindow()
    this.#latestDts = -Infinity
    this.#starts = []
    this.#changes = [{ seq: 0, configuration: EMPTY_CONFIGURATION }]
    this.#restarts = []
    this.setOptions(options)
    this.#bytes = 0
    this.#oversizedGops = 0
  }

  /** Other bounds, from the next packet on. What is not given has its default. */
  setOptions(options: GopCacheOptions): void {
    this.#gops = Math.max(1, options.gops ?? 1)
    this.#maxMs = options.maxCacheMs ?? 30_000
    this.#maxBytes = options.maxCacheBytes ?? 64 * 1024 * 1024
    this.#maxPackets = Math.max(1, options.maxCachePackets ?? 16_384)
  }

  /** Sequence number of the oldest retained packet; equals {@link GopCache.head} when empty. */
  get first(): number {
    return this.#packets.first
  }

  /** Sequence number that the next packet gets. */
  get head(): number {
    return this.#packets.head
  }

  /** The latest dts that came, ms on the source's clock; −∞ before the first packet of a publisher. */
  get latestDts(): number {
    return this.#latestDts
  }

  /** Body bytes held. */
  get bytes(): number {
    return this.#bytes
  }

  /** Time between the arrival of the oldest packet held and that of the newest, by {@link GopCache.arrivalAt}, ms. */
  get durationMs(): number {
    return this.first === this.head ? 0 : Math.max(0, this.#latestDts - this.arrivalAt(this.first)!)
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
    return this.#packets.at(seq)
  }

  /**
   * Where the stream was when packet `seq` came: the latest dts up to it, ms on the source's clock. What lag is measured by, because the
   * clock of one kind may be far behind that of another. `undefined` as {@link GopCache.at}.
   */
  arrivalAt(seq: number): number | undefined {
    const packet = this.at(seq)
    return packet && packet.dts + this.#behindMs.at(seq)!
  }

  /** The newest start, or the one `back` GOPs before it as far as retained. `undefined`: wait for the next keyframe. */
  start(back = 0): GopStart | undefined {
    return this.#starts[Math.max(0, this.#starts.length - 1 - back)]
  }

  /** The oldest start at or behind `seq`. */
  startFrom(seq: number): GopStart | undefined {
    return this.#starts[lastBefore(this.#starts, seq) + 1]
  }

  /** The configuration in force for a reader whose next packet is `seq`. */
  configurationAt(seq: number): ConfigurationSet {
    return this.#changes[Math.max(0, lastBefore(this.#changes, seq + 1))]!.configuration
  }

  /** Sequence number of the oldest packet that the bounds leave once `packet` is appended. */
  firstWith(packet: MediaPacket): number {
    const { first, head } = this.#packets
    const now = Math.max(this.#latestDts, packet.dts)
    let bytes = this.#bytes + packet.body.length
    let seq = first
    while (
      seq < head &&
      (bytes > this.#maxBytes ||
        head + 1 - seq > this.#maxPackets ||
        now - this.arrivalAt(seq)! > this.#maxMs)
    ) {
      bytes -= this.at(seq)!.body.length
      seq++
    }
    return seq
  }

  /** Whether packet `seq` is the first of a publisher that came back or took over. */
  isRestart(seq: number): boolean {
    return this.#restarts.length > 0 && this.#restarts.includes(seq)
  }

  /**
   * Appends `packet`, whose dts is on the source's clock. Makes room first: a GOP that does not fit loses its oldest packets and
   * is no start any more, but readers inside it go on.
   * @returns whether it opens a GOP.
   * @throws {@link LimitError} `ERR_CONFIGURATION_TRACKS` or `ERR_CONFIGURATION_BYTES`; the log is then as before.
   */
  append(packet: MediaPacket): boolean {
    const changed = this.#tracker.push(packet)
    const opens = packet.kind === 'video' && packet.keyframe
    const hadStart = this.#starts.length > 0
    this.#dropBefore(this.firstWith(packet))
    if (hadStart && this.#starts.length === 0 && !opens) this.#oversizedGops++
    const seq = this.#packets.head
    this.#packets.push(packet)
    if (packet.dts > this.#latestDts) this.#latestDts = packet.dts
    this.#behindMs.push(this.#latestDts - packet.dts)
    this.#bytes += packet.body.length
    if (changed) this.#change(seq + 1)
    if (opens) this.#starts.push({ seq, dts: packet.dts, configuration: this.#tracker.set, keyframe: true })
    return opens
  }

  /**
   * Drops whole GOPs that neither a joining player nor the reader at `needed` wants.
   * @param needed - sequence number of the slowest reader that is still waited for; `head` when there is none.
   */
  evict(needed: number): void {
    const joinable = this.start(this.#gops - 1)
    if (joinable === undefined || needed < this.#starts[0]!.seq) {
      this.#dropBefore(needed)
      return
    }
    const keep = lastBefore(this.#starts, Math.min(needed, joinable.seq) + 1)
    this.#dropBefore(this.#starts[keep]!.seq)
  }

  /** What follows is another publisher's: no start and no configuration from before counts for it. Packets stay. */
  restart(): void {
    this.#starts = []
    this.#restarts.push(this.head)
    this.#latestDts = -Infinity
    this.#tracker.clear()
    this.#change(this.head)
  }

  #change(seq: number): void {
    if (this.#changes.at(-1)!.seq === seq) this.#changes.pop()
    this.#changes.push({ seq, configuration: this.#tracker.set })
  }

  #dropBefore(seq: number): void {
    const before = this.#packets.first
    const end = Math.min(seq, this.#packets.head)
    if (end <= before) return
    for (let i = before; i < end; i++) this.#bytes -= this.at(i)!.body.length
    this.#packets.dropBefore(end)
    this.#behindMs.dropBefore(end)
    const stale = lastBefore(this.#starts, end) + 1
    if (stale > 0) this.#starts = this.#starts.slice(stale)
    const past = lastBefore(this.#changes, end + 1)
    if (past > 0) this.#changes = this.#changes.slice(past)
    if (this.#restarts.length > 0) this.#restarts = this.#restarts.filter((restart) => restart >= end)
  }
}

/** Index of the last of `places`, which are in order, with a sequence number below `seq`; −1 if none. */
function lastBefore(places: readonly { readonly seq: number }[], seq: number): number {
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (places[middle]!.seq < seq) low = middle + 1
    else high = middle
  }
  return low - 1
}
