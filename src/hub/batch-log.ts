/**
 * One view of a source as wire bytes: frozen batches that every player of the view gets.
 *
 * The write call costs far more than the copy, and a copy per player more than one for all. So packets are framed once
 * into batches, cut at keyframes so that a player can start at any GOP, and players are cursors over batches.
 *
 * @module
 */
import {
  type ConfigurationSet,
  configurationPackets,
  filterConfiguration,
  filterPacket,
  type Framing,
  type MediaPacket,
  type TrackFilter,
  type ViewFormat,
} from '../media/index.ts'
import type { GopCache, GopStart } from './gop-cache.ts'

/** Framed packets [fromSeq, toSeq). */
export interface Batch {
  /** First packet, as its sequence number in the log. */
  readonly fromSeq: number
  /** Behind the last packet. */
  readonly toSeq: number
  /** dts of the first packet, ms on the source's clock. */
  readonly dts: number
  /** The wire bytes, the same for every player; never written to again. */
  readonly bytes: Uint8Array
  /** The configuration in force behind the last packet. */
  readonly configuration: ConfigurationSet
}

/** Batches of one view with gapless ids. */
export class BatchLog {
  readonly #log: GopCache
  readonly #filter: TrackFilter
  readonly #framing: Framing
  #batches: Batch[]
  #firstId: number
  #flushedSeq: number
  #configuration: ConfigurationSet
  #bytes: number
  #joinStart: GopStart | undefined
  #joinBytes: Uint8Array | undefined

  /**
   * @param log - the source's packets; everything retained from `fromSeq` on is framed at the first flush.
   * @param format - the wire format.
   * @param filter - which tracks.
   * @param fromSeq - where to begin.
   */
  constructor(log: GopCache, format: ViewFormat, filter: TrackFilter, fromSeq: number) {
    this.#log = log
    this.#filter = filter
    this.#framing = format.create()
    this.#batches = []
    this.#firstId = 0
    this.#flushedSeq = Math.max(fromSeq, log.first)
    this.#configuration = log.startAt(this.#flushedSeq)?.configuration ?? log.configuration
    this.#bytes = 0
    this.#joinStart = undefined
    this.#joinBytes = undefined
    if (this.#flushedSeq < log.head) this.#prime()
  }

  /** Id of the oldest retained batch. */
  get first(): number {
    return this.#firstId
  }

  /** Id that the next batch gets. */
  get head(): number {
    return this.#firstId + this.#batches.length
  }

  /** Bytes held by retained batches. */
  get bytes(): number {
    return this.#bytes
  }

  /** The log is framed up to this sequence number. */
  get flushedSeq(): number {
    return this.#flushedSeq
  }

  /** The configuration in force after the newest batch. */
  get configuration(): ConfigurationSet {
    return this.#configuration
  }

  /** The batch with this id, or `undefined` when evicted or not yet made. */
  at(id: number): Batch | undefined {
    return this.#batches[id - this.#firstId]
  }

  /** Frames what the log holds beyond the last flush. @returns whether there is a new batch. */
  flush(): boolean {
    const head = this.#log.head
    const before = this.#batches.length
    let from = Math.max(this.#flushedSeq, this.#log.first)
    while (from < head) {
      let to = from + 1
      while (to < head && this.#log.startAt(to) === undefined) to++
      this.#frame(from, to)
      from = to
    }
    this.#flushedSeq = head
    return this.#batches.length > before
  }

  /** Id of the first batch at or behind `seq`; {@link BatchLog.head} when there is none. */
  idAt(seq: number): number {
    let i = this.#batches.length
    while (i > 0 && this.#batches[i - 1]!.fromSeq >= seq) i--
    return this.#firstId + i
  }

  /** What a player gets before its first batch when it starts at `start`; made once per start. */
  join(start: GopStart): Uint8Array {
    if (this.#joinStart !== start || this.#joinBytes === undefined) {
      this.#joinBytes = this.#framing.join(filterConfiguration(start.configuration, this.#filter), start.dts)
      this.#joinStart = start
    }
    return this.#joinBytes
  }

  /** The configuration as packets in line, for a player that skipped over a change. */
  reconfigure(configuration: ConfigurationSet, dts: number): Uint8Array {
    const packets = configurationPackets(filterConfiguration(configuration, this.#filter))
    return this.#framing.frame(packets.map((packet) => packet.withDts(dts)))
  }

  /** Drops batches that end at or before `seq`. */
  evict(seq: number): void {
    let count = 0
    while (count < this.#batches.length && this.#batches[count]!.toSeq <= seq) {
      this.#bytes -= this.#batches[count]!.bytes.length
      count++
    }
    if (count === 0) return
    this.#batches = this.#batches.slice(count)
    this.#firstId += count
  }

  /** A framing may learn its configuration from packets (MPEG-TS): show it what came before the first one. */
  #prime(): void {
    this.#framing.join(filterConfiguration(this.#configuration, this.#filter), 0)
  }

  #frame(from: number, to: number): void {
    const packets: MediaPacket[] = []
    for (let seq = from; seq < to; seq++) {
      const packet = filterPacket(this.#log.at(seq)!, this.#filter)
      if (packet !== undefined) packets.push(packet)
    }
    this.#configuration = this.#configurationAt(to)
    if (packets.length === 0) return
    const bytes = this.#framing.frame(packets)
    if (bytes.length === 0) return
    const { dts } = this.#log.at(from)!
    this.#batches.push({ fromSeq: from, toSeq: to, dts, bytes, configuration: this.#configuration })
    this.#bytes += bytes.length
  }

  /** The log knows the configuration at its starts and at its head; between them it changes only by packets. */
  #configurationAt(seq: number): ConfigurationSet {
    return this.#log.startAt(seq)?.configuration ?? this.#log.configuration
  }
}
