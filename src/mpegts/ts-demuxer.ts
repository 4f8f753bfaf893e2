/**
 * Transport stream in, units out. ISO/IEC 13818-1.
 *
 * @module
 */
import { ByteArena, ByteQueue } from '../bytes/index.ts'
import { DecodeError, LimitError, MediaError } from '../errors/index.ts'
import type { FourCc } from '../media/index.ts'
import { ElementaryReader } from './elementary-reader.ts'
import {
  decodeProgramAssociation,
  decodeProgramMap,
  type ElementaryStream,
  type ProgramMap,
} from './program-tables.ts'
import { SectionAssembler } from './section-assembler.ts'
import { codecOfStream, kindOfCodec } from './stream-codec.ts'
import { TsClock } from './ts-clock.ts'
import {
  ADAPTATION_DISCONTINUITY,
  ADAPTATION_PCR,
  ADAPTATION_RANDOM_ACCESS,
  PID_NULL,
  PID_PAT,
  readPcr,
  TS_PACKET_BYTES,
  TS_SYNC_BYTE,
} from './ts-packet.ts'
import type { TsStream, TsUnit } from './ts-unit.ts'

/** What a {@link TsDemuxer} reads and how much it holds. */
export interface TsDemuxerOptions {
  /** Program to read; without it the first of the PAT. */
  readonly programNumber?: number
  /**
   * Distance of the packets: 188, 192 (M2TS: 4 bytes of arrival time before each) or 204 (16 bytes of
   * Reed-Solomon code after each).
   * @defaultValue 188
   */
  readonly packetBytes?: 188 | 192 | 204
  /**
   * Bytes of one PES packet, which is one picture as a rule. Each stream holds one such buffer.
   * @defaultValue 4_194_304
   */
  readonly maxPesBytes?: number
  /** Elementary streams of the program. @defaultValue 16 */
  readonly maxStreams?: number
  /** Bytes passed over in search of the sync byte. @defaultValue 65_536 */
  readonly maxUnsyncedBytes?: number
}

/** What went wrong in a transport stream, counted. */
export interface TsErrorCounts {
  /** Packets whose continuity counter is not the next. */
  readonly continuity: number
  /** Packets with transport_error_indicator or an impossible adaptation field. */
  readonly packets: number
  /** Packets that are scrambled. */
  readonly scrambled: number
  /** PAT and PMT sections with a wrong CRC, length or syntax. */
  readonly sections: number
  /** PES packets thrown away because a part was missing or wrong. */
  readonly pes: number
  /** Bytes passed over to find the sync byte again. */
  readonly unsyncedBytes: number
}

/** Continuity counters of PIDs that carry tables. */
interface SectionPid {
  continuity: number
  readonly sections: SectionAssembler
}

/**
 * Takes one program of a transport stream apart, in any pieces. Lost packets cost the PES packets they belong
 * to, and the unit after says `discontinuity`; nothing damaged is given out.
 */
export class TsDemuxer {
  readonly #programNumber: number | undefined
  readonly #stride: number
  readonly #syncOffset: number
  readonly #maxPesBytes: number
  readonly #maxStreams: number
  readonly #maxUnsyncedBytes: number
  readonly #input: ByteQueue
  readonly #clock: TsClock
  readonly #arena: ByteArena
  readonly #units: TsUnit[]
  readonly #pat: SectionPid
  #unitAt: number
  #pmt: SectionPid | undefined
  #pmtPid: number
  #pmtCrc: string
  #program: ProgramMap | undefined
  #readers: Map<number, ElementaryReader>
  #pcrTicks: number | undefined
  #synced: boolean
  #unsynced: number
  #error: MediaError | undefined
  #continuityErrors: number
  #packetErrors: number
  #scrambledCount: number
  #sectionErrors: number
  #removedDamage: number
  #unsyncedBytes: number

  /** @param options - program, packet size and bounds. */
  constructor(options: TsDemuxerOptions = {}) {
    this.#programNumber = options.programNumber
    this.#stride = options.packetBytes ?? TS_PACKET_BYTES
    this.#syncOffset = this.#stride === 192 ? 4 : 0
    this.#maxPesBytes = options.maxPesBytes ?? 4_194_304
    this.#maxStreams = options.maxStreams ?? 16
    this.#maxUnsyncedBytes = options.maxUnsyncedBytes ?? 65_536
    this.#input = new ByteQueue()
    this.#clock = new TsClock()
    this.#arena = new ByteArena()
    this.#units = []
    this.#unitAt = 0
    this.#pat = { continuity: -1, sections: new SectionAssembler((section) => this.#takePat(section)) }
    this.#pmt = undefined
    this.#pmtPid = -1
    this.#pmtCrc = ''
    this.#program = undefined
    this.#readers = new Map()
    this.#pcrTicks = undefined
    this.#synced = true
    this.#unsynced = 0
    this.#error = undefined
    this.#continuityErrors = 0
    this.#packetErrors = 0
    this.#scrambledCount = 0
    this.#sectionErrors = 0
    this.#removedDamage = 0
    this.#unsyncedBytes = 0
  }

  /** The PMT in force; `undefined` until it came. */
  get program(): ProgramMap | undefined {
    return this.#program
  }

  /** Streams of the program, in the order of the PMT. */
  get streams(): readonly TsStream[] {
    return Array.from(this.#readers.values(), (reader) => reader.stream)
  }

  /** The last PCR in ticks of 90 kHz, unwrapped, with the 27 MHz extension as fraction. */
  get pcrTicks(): number | undefined {
    return this.#pcrTicks
  }

  /** What went wrong so far. */
  get errors(): TsErrorCounts {
    let pes = this.#removedDamage
    for (const reader of this.#readers.values()) pes += reader.damagedCount
    return {
      continuity: this.#continuityErrors,
      packets: this.#packetErrors,
      scrambled: this.#scrambledCount,
      sections: this.#sectionErrors,
      pes,
      unsyncedBytes: this.#unsyncedBytes,
    }
  }

  /**
   * Takes bytes as they arrive, copied at once. Units are then there for {@link read}. After a throw the
   * demuxer is dead and throws the same again.
   * @throws {@link DecodeError} `ERR_TS_SYNC` if `maxUnsyncedBytes` go by without packets.
   * @throws {@link LimitError} `ERR_TS_PES_SIZE` or `ERR_TS_STREAM_COUNT` beyond their bounds.
   */
  push(bytes: Uint8Array): void {
    if (this.#error !== undefined) throw this.#error
    try {
      this.#input.push(bytes)
      this.#consume()
    } catch (error) {
      if (error instanceof MediaError) this.#error = error
      throw error
    }
  }

  /** The next unit, or `undefined` when more bytes are needed. */
  read(): TsUnit | undefined {
    if (this.#unitAt === this.#units.length) return undefined
    const unit = this.#units[this.#unitAt++]
    if (this.#unitAt === this.#units.length) {
      this.#units.length = 0
      this.#unitAt = 0
    }
    return unit
  }

  /** Signals the end of the stream: pictures whose end only the next one would have shown can now be read. */
  flush(): void {
    for (const reader of this.#readers.values()) reader.flush()
  }

  #consume(): void {
    const bytes = this.#input.peek()
    const stride = this.#stride
    const sync = this.#syncOffset
    let at = 0
    try {
      for (;;) {
        if (this.#synced) {
          if (at + stride > bytes.length) return
          if (bytes[at + sync] === TS_SYNC_BYTE) {
            this.#takePacket(bytes, at + sync)
            at += stride
          } else this.#synced = false
        } else {
          // Two sync bytes at the right distance; a single one is too common.
          if (at + sync + stride >= bytes.length) return
          if (bytes[at + sync] === TS_SYNC_BYTE && bytes[at + sync + stride] === TS_SYNC_BYTE) {
            this.#synced = true
            this.#unsynced = 0
          } else {
            at++
            this.#passOver()
          }
        }
      }
    } finally {
      this.#input.skip(at)
    }
  }

  #passOver(): void {
    this.#unsyncedBytes++
    if (++this.#unsynced > this.#maxUnsyncedBytes) {
      throw new DecodeError('ERR_TS_SYNC', `no TS packets in more than ${this.#maxUnsyncedBytes} bytes`)
    }
  }

  #takePacket(bytes: Uint8Array, at: number): void {
    const b1 = bytes[at + 1]!
    const b3 = bytes[at + 3]!
    const pid = ((b1 & 0x1f) << 8) | bytes[at + 2]!
    if (pid === PID_NULL) return
    const end = at + TS_PACKET_BYTES
    let payload = at + 4
    let flags = 0
    if ((b3 & 0x20) !== 0) {
      const length = bytes[at + 4]! // adaptation_field_length
      if (length > 183) {
        this.#packetErrors++
        return
      }
      payload += 1 + length
      if (length > 0) flags = bytes[at + 5]!
      if ((flags & ADAPTATION_PCR) !== 0 && length >= 7 && pid === this.#program?.pcrPid) {
        this.#pcrTicks = this.#clock.near(readPcr(bytes, at + 6))
      }
    }
    if ((b1 & 0x80) !== 0) {
      this.#packetErrors++ // transport_error_indicator; the counter of the next packet shows the loss
      return
    }
    if ((b3 & 0x10) === 0 || payload >= end) return
    const unitStart = (b1 & 0x40) !== 0
    const continuity = b3 & 0x0f
    const reader = this.#readers.get(pid)
    if (reader === undefined) {
      if (pid === PID_PAT) this.#takeSection(this.#pat, bytes, payload, end, unitStart, continuity)
      else if (pid === this.#pmtPid && this.#pmt !== undefined) {
        this.#takeSection(this.#pmt, bytes, payload, end, unitStart, continuity)
      }
      return
    }
    if ((flags & ADAPTATION_DISCONTINUITY) !== 0) reader.jump(unitStart)
    else if (reader.continuity >= 0 && continuity !== ((reader.continuity + 1) & 0x0f)) {
      if (continuity === reader.continuity) return // a packet may be sent twice
      this.#continuityErrors++
      reader.lose()
    }
    reader.continuity = continuity
    if (b3 >> 6 !== 0) {
      this.#scrambledCount++
      reader.lose()
      return
    }
    reader.push(bytes, payload, end, unitStart, (flags & ADAPTATION_RANDOM_ACCESS) !== 0)
  }

  #takeSection(
    target: SectionPid,
    bytes: Uint8Array,
    payload: number,
    end: number,
    unitStart: boolean,
    continuity: number,
  ): void {
    // Tables come again, and muxers that repeat them keep the counter or start over: only a section in
    // several packets can be hurt.
    if (!unitStart && continuity !== ((target.continuity + 1) & 0x0f)) target.sections.reset()
    target.continuity = continuity
    target.sections.push(bytes, payload, end, unitStart)
  }

  #takePat(section: Uint8Array): void {
    try {
      const table = decodeProgramAssociation(section)
      if (!table.currentNext) return
      const wanted = this.#programNumber
      const program = table.programs.find(({ programNumber }) =>
        wanted === undefined ? programNumber !== 0 : programNumber === wanted,
      )
      if (program === undefined || program.pid === this.#pmtPid) return
      this.#pmtPid = program.pid
      this.#pmtCrc = ''
      this.#pmt = { continuity: -1, sections: new SectionAssembler((found) => this.#takePmt(found)) }
    } catch (error) {
      this.#noteSection(error)
    }
  }

  #takePmt(section: Uint8Array): void {
    const crc = section.subarray(-4).join()
    if (crc === this.#pmtCrc) return // said before
    try {
      const table = decodeProgramMap(section)
      if (!table.currentNext) return
      if (this.#programNumber !== undefined && table.programNumber !== this.#programNumber) return
      this.#pmtCrc = crc
      this.#setProgram(table)
    } catch (error) {
      this.#noteSection(error)
    }
  }

  #noteSection(error: unknown): void {
    if (!(error instanceof DecodeError)) throw error
    this.#sectionErrors++
  }

  /** Unchanged streams continue; the others deliver what they have. */
  #setProgram(table: ProgramMap): void {
    if (table.streams.length > this.#maxStreams) {
      throw new LimitError(
        'ERR_TS_STREAM_COUNT',
        `program of ${table.streams.length} streams exceeds maxStreams ${this.#maxStreams}`,
      )
    }
    const before = this.#readers
    const isSame = ({ stream }: ElementaryReader, entry: ElementaryStream): boolean =>
      stream.streamType === entry.streamType && stream.codec === codecOfStream(entry)
    const kept = table.streams.flatMap((entry) => {
      const reader = before.get(entry.pid)
      return reader !== undefined && isSame(reader, entry) ? [reader.stream] : []
    })
    const taken = kept.map(({ codec, trackId }) => trackKey(codec, trackId))
    this.#readers = new Map()
    for (const entry of table.streams) {
      const { pid, streamType, descriptors } = entry
      const codec = codecOfStream(entry)
      const same = before.get(pid)
      if (same !== undefined && isSame(same, entry)) {
        this.#readers.set(pid, same)
        before.delete(pid)
      } else {
        let trackId = 0
        while (taken.includes(trackKey(codec, trackId))) trackId++
        taken.push(trackKey(codec, trackId))
        const stream = { pid, streamType, codec, descriptors, trackId }
        this.#readers.set(
          pid,
          new ElementaryReader(stream, this.#clock, this.#maxPesBytes, this.#arena, this.#units),
        )
      }
    }
    for (const reader of before.values()) {
      reader.flush()
      this.#removedDamage += reader.damagedCount
    }
    this.#program = table
  }
}

/** Ids are counted for each kind. */
function trackKey(codec: FourCc, trackId: number): string {
  return `${kindOfCodec(codec)} ${trackId}`
}
