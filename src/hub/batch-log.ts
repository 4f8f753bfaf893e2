/**
 * One view of a source as wire bytes: frozen batches that every player of the view gets.
 *
 * The write call costs far more than the copy, and a copy per player more than one for all. So packets are framed once
 * into batches, cut at keyframes so that a player can start at any GOP, and players are cursors over batches.
 *
 * @module
 */
import { EMPTY_BYTES } from '../bytes/index.ts'
import {
  type ConfigurationSet,
  filterConfiguration,
  filterPacket,
  type Framing,
  type MediaPacket,
  type TrackFilter,
  type ViewFormat,
} from '../media/index.ts'
import { changedPackets } from './changed-packets.ts'
import type { GopCache, GopStart } from './gop-cache.ts'
import { SequenceWindow } from './sequence-window.ts'

/** A batch ends before the packet that would bring its bodies beyond this: what a sink takes beyond its budget. */
const MAX_BATCH_BYTES = 128 * 1024

/** Framed packets [fromSeq, toSeq). */
export interface Batch {
  /** First packet, as its sequence number in the log. */
  readonly fromSeq: number
  /** Behind the last packet. */
  readonly toSeq: number
  /** Where the stream was when its first packet came, ms on the source's clock: see {@link GopCache.arrivalAt}. */
  readonly arrival: number
  /** The wire bytes, the same for every player; never written to again. */
  readonly bytes: Uint8Array
  /** The configuration in force behind the last packet. */
  readonly configuration: ConfigurationSet
  /** Its first coded video frame: a keyframe, an inter frame that needs others before it, or none. */
  readonly picture: 'none' | 'key' | 'inter'
}

/** What was framed so far. `bytes / batches` is the mean size of a batch. */
export interface FramingStats {
  /** Batches made; each is written to every player of its view. */
  readonly batches: number
  /** Their bytes. */
  readonly bytes: number
  /** Bytes of the largest. */
  readonly largestBatchBytes: number
}

/** Batches of one view with gapless ids. */
export class BatchLog {
  /** The wire format. */
  readonly format: ViewFormat
  /** Which tracks. */
  readonly tracks: TrackFilter
  readonly #log: GopCache
  readonly #framing: Framing
  readonly #batches: SequenceWindow<Batch>
  /** Packets before this one are not in any batch, or in none that is retained. */
  #beginSeq: number
  #flushedSeq: number
  #bytes: number
  #framedBytes: number
  #largestBatchBytes: number
  #joinStart: GopStart | undefined
  #joinBytes: Uint8Array | undefined
  #headStart: GopStart | undefined
  #change: ConfigurationChange | undefined
  #changeBytes: Uint8Array | undefined

  /**
   * @param log - the source's packets; everything retained from its oldest start on is framed at the first flush.
   * @param format - the wire format.
   * @param tracks - which tracks.
   * @param fromSeq - where to begin instead.
   */
  constructor(
    log: GopCache,
    format: ViewFormat,
    tracks: TrackFilter,
    fromSeq = log.start(Infinity)?.seq ?? log.head,
  ) {
    this.format = format
    this.tracks = tracks
    this.#log = log
    this.#framing = format.create()
    this.#batches = new SequenceWindow()
    this.#beginSeq = fromSeq
    this.#flushedSeq = this.#beginSeq
    this.#bytes = 0
    this.#framedBytes = 0
    this.#largestBatchBytes = 0
    this.#joinStart = undefined
    this.#joinBytes = undefined
    this.#headStart = undefined
    this.#change = undefined
    this.#changeBytes = undefined
    // A framing may learn its configuration from packets (MPEG-TS): it is shown what came before the first one.
    this.#framing.join(filterConfiguration(log.configurationAt(this.#flushedSeq), tracks), 0)
  }

  /** Id of the oldest retained batch. */
  get first(): number {
    return this.#batches.first
  }

  /** Id that the next batch gets. */
  get head(): number {
    return this.#batches.head
  }

  /** Bytes held by retained batches. */
  get bytes(): number {
    return this.#bytes
  }

  /** Batches so far, evicted ones included, and their bytes. */
  get framing(): FramingStats {
    return {
      batches: this.head,
      bytes: this.#framedBytes,
      largestBatchBytes: this.#largestBatchBytes,
    }
  }

  /** The log is framed up to this sequence number. */
  get flushedSeq(): number {
    return this.#flushedSeq
  }

  /** The batch with this id, or `undefined` when evicted or not yet made. */
  at(id: number): Batch | undefined {
    return this.#batches.at(id)
  }

  /** Frames what the log holds beyond the last flush. @returns whether there is a new batch. */
  flush(): boolean {
    const log = this.#log
    const before = this.head
    const end = log.head
    let from = Math.max(this.#flushedSeq, log.first)
    let start = log.startFrom(from + 1)
    let packets: MediaPacket[] = []
    let bytes = 0
    for (let seq = from; seq < end; seq++) {
      const packet = filterPacket(log.at(seq)!, this.tracks)
      const isStart = seq === start?.seq
      if (isStart || (packet !== undefined && bytes + packet.body.length > MAX_BATCH_BYTES && bytes > 0)) {
        this.#frame(from, seq, packets)
        from = seq
        packets = []
        bytes = 0
      }
      if (isStart) start = log.startFrom(seq + 1)
      if (packet === undefined) continue
      packets.push(packet)
      bytes += packet.body.length
    }
    this.#frame(from, end, packets)
    this.#flushedSeq = end
    return this.head > before
  }

  /** Id of the first batch at or behind `seq`; {@link BatchLog.head} when there is none. */
  idAt(seq: number): number {
    let low = this.first
    let high = this.head
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.at(middle)!.fromSeq < seq) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Whether a player that has got everything before `seq` elsewhere can go on here: no batch lies across it, and all behind are there. */
  isBoundary(seq: number): boolean {
    if (seq < this.#beginSeq || seq > this.#flushedSeq) return false
    const previous = this.at(this.idAt(seq) - 1)
    return previous === undefined || previous.toSeq <= seq
  }

  /** What a player gets before its first batch when it starts at `start`; made once per start. */
  join(start: GopStart): Uint8Array {
    if (this.#joinStart !== start || this.#joinBytes === undefined) {
      this.#joinBytes = this.#framing.join(filterConfiguration(start.configuration, this.tracks), start.dts)
      this.#joinStart = start
    }
    return this.#joinBytes
  }

  /**
   * The place behind the newest batch, for a player that needs no keyframe. The same object for all who come between two flushes.
   * @param lastDts - dts of the newest packet, used when nothing waits to be framed.
   * @param wanted - the place to take instead, if no batch lies across it and all behind are there.
   */
  headStart(lastDts: number, wanted = Infinity): GopStart {
    const seq = this.isBoundary(wanted) ? wanted : this.#flushedSeq
    if (this.#headStart?.seq !== seq) {
      const dts = this.#log.at(seq)?.dts ?? lastDts
      this.#headStart = { seq, dts, configuration: this.#log.configurationAt(seq), keyframe: false }
    }
    return this.#headStart!
  }

  /**
   * What is configured otherwise at `start` than a player knows, as packets in line; empty when that is nothing. Made once for all
   * that come from the same place.
   */
  reconfigure(change: ConfigurationChange): Uint8Array {
    const { known, knownTracks, start } = change
    const last = this.#change
    if (
      last === undefined ||
      this.#changeBytes === undefined ||
      last.known !== known ||
      last.knownTracks !== knownTracks ||
      last.start !== start
    ) {
      this.#changeBytes = this.#frameChange(change)
      this.#change = change
    }
    return this.#changeBytes!
  }

  /** Drops batches that end at or before `seq`. */
  evict(seq: number): void {
    let id = this.first
    for (let batch = this.at(id); batch !== undefined && batch.toSeq <= seq; batch = this.at(++id)) {
      this.#bytes -= batch.bytes.length
      this.#beginSeq = batch.toSeq
    }
    this.#batches.dropBefore(id)
  }

  #frameChange({ known, knownTracks, start }: ConfigurationChange): Uint8Array {
    const packets = changedPackets(
      filterConfiguration(known, knownTracks),
      filterConfiguration(start.configuration, this.tracks),
    )
    if (packets.length === 0) return EMPTY_BYTES
    // The running framing is further on than `start`; it must not learn what was in force there.
    return this.format.create().frame(packets.map((packet) => packet.withDts(start.dts)))
  }

  #frame(fromSeq: number, toSeq: number, packets: readonly MediaPacket[]): void {
    if (packets.length === 0) return
    const bytes = this.#framing.frame(packets)
    if (bytes.length === 0) return
    const arrival = this.#log.arrivalAt(fromSeq)!
    const configuration = this.#log.configurationAt(toSeq)
    this.#batches.push({ fromSeq, toSeq, arrival, bytes, configuration, picture: pictureOf(packets) })
    this.#bytes += bytes.length
    this.#framedBytes += bytes.length
    if (bytes.length > this.#largestBatchBytes) this.#largestBatchBytes = bytes.length
  }
}

/** From what a player knows to a place of another configuration. */
export interface ConfigurationChange {
  /** The configuration that the player has. */
  readonly known: ConfigurationSet
  /** Which tracks of it. */
  readonly knownTracks: TrackFilter
  /** Where the player goes on. */
  readonly start: GopStart
}

function pictureOf(packets: readonly MediaPacket[]): Batch['picture'] {
  for (const packet of packets) {
    if (packet.kind === 'video' && packet.coded) return packet.keyframe ? 'key' : 'inter'
  }
  return 'none'
}
