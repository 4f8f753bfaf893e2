/**
 * One elementary stream of a demuxed program: PES packets in, units out.
 *
 * @module
 */
import { AnnexBReader, AVC_NAL_IDR_SLICE, isAvcVcl, isHevcRandomAccess, isHevcVcl } from '../codec/index.ts'
import type { ByteArena } from '../bytes/index.ts'
import type { FourCc } from '../media/index.ts'
import {
  ADTS_FRAMES,
  AC3_FRAMES,
  type FrameSyntax,
  FrameSplitter,
  MPEG_AUDIO_FRAMES,
  OPUS_FRAMES,
} from './frame-splitter.ts'
import { PesAssembler } from './pes-assembler.ts'
import type { PesHeader } from './pes-header.ts'
import { opusHeadOfStream } from './stream-codec.ts'
import type { TsClock } from './ts-clock.ts'
import type { TsStream, TsUnit } from './ts-unit.ts'

const FRAMES: Readonly<Record<string, FrameSyntax>> = {
  mp4a: ADTS_FRAMES,
  '.mp3': MPEG_AUDIO_FRAMES,
  'ac-3': AC3_FRAMES,
  'ec-3': AC3_FRAMES,
  Opus: OPUS_FRAMES,
}

const TICKS_PER_MS = 90

/** Collects, splits and times the units of one PID. */
export class ElementaryReader {
  readonly #stream: TsStream
  readonly #clock: TsClock
  readonly #arena: ByteArena
  readonly #units: TsUnit[]
  readonly #splitter: FrameSplitter | undefined
  readonly #pes: PesAssembler
  /** Continuity counter of the last packet with payload, −1 before the first. */
  continuity: number
  readonly #configuration: Uint8Array | undefined
  #discontinuity: boolean
  #lost: boolean
  #damagedCount: number

  /**
   * @param stream - what the PMT says.
   * @param clock - of the program.
   * @param maxPesBytes - most bytes of one PES packet.
   * @param arena - where their bytes go.
   * @param units - where units go.
   */
  constructor(stream: TsStream, clock: TsClock, maxPesBytes: number, arena: ByteArena, units: TsUnit[]) {
    this.#stream = stream
    this.#clock = clock
    this.#arena = arena
    this.#units = units
    const syntax = FRAMES[stream.codec]
    this.#splitter = syntax === undefined ? undefined : new FrameSplitter(syntax)
    this.#pes = new PesAssembler(stream.pid, maxPesBytes, (header, payload, randomAccess) => {
      this.#takePes(header, payload, randomAccess)
    })
    this.continuity = -1
    this.#configuration = stream.codec === 'Opus' ? opusHeadOfStream(stream.descriptors) : undefined
    this.#discontinuity = false
    this.#lost = false
    this.#damagedCount = 0
  }

  /** What the PMT says. */
  get stream(): TsStream {
    return this.#stream
  }

  /** PES packets that were thrown away because a part was missing or wrong. */
  get damagedCount(): number {
    return this.#damagedCount
  }

  /** Packets were lost: the PES packet and the frame that were being collected are thrown away. */
  lose(): void {
    if (this.#pes.active) this.#damagedCount++
    this.#pes.reset()
    this.#interrupt()
  }

  /** The clock or the counter jumps before the next packet, as announced by its discontinuity_indicator. */
  jump(unitStart: boolean): void {
    if (unitStart) this.flush()
    this.#discontinuity = true
  }

  /** Takes the payload of one TS packet. @throws LimitError `ERR_TS_PES_SIZE`. */
  push(bytes: Uint8Array, start: number, end: number, unitStart: boolean, randomAccess: boolean): void {
    if (unitStart) this.flush()
    if (!this.#pes.push(bytes, start, end, unitStart, randomAccess)) this.#damage()
  }

  /**
   * Delivers a PES packet of unknown length: it ends here. One whose length says that bytes are missing is
   * dropped.
   */
  flush(): void {
    if (!this.#pes.finish()) this.#damage()
  }

  #damage(): void {
    this.#damagedCount++
    this.#interrupt()
  }

  #interrupt(): void {
    this.#splitter?.reset()
    this.#discontinuity = true
    this.#lost = true
  }

  #takePes(header: PesHeader, payload: Uint8Array, randomAccess: boolean): void {
    const dtsTicks = header.dtsTicks === undefined ? undefined : this.#clock.advance(header.dtsTicks)
    const ptsTicks = header.ptsTicks === undefined ? undefined : this.#clock.near(header.ptsTicks)
    if (this.#splitter === undefined) {
      const startsHere = randomAccess || this.#isRandomAccess(payload)
      this.#emit(this.#stream.codec, payload, ptsTicks, dtsTicks, startsHere)
      return
    }
    this.#splitter.push(payload, ptsTicks, (frame, ticks) => {
      const rounded = ticks === undefined ? undefined : Math.round(ticks)
      this.#emit(this.#codecOf(frame), frame, rounded, rounded, true)
    })
  }

  #isRandomAccess(payload: Uint8Array): boolean {
    const { codec } = this.#stream
    if (codec === 'avc1') return firstPicture(payload, 0x1f, 0, isAvcVcl) === AVC_NAL_IDR_SLICE
    if (codec === 'hvc1') return isHevcRandomAccess(firstPicture(payload, 0x3f, 1, isHevcVcl))
    return false
  }

  /** The stream types of MPEG audio do not tell the layers. */
  #codecOf(frame: Uint8Array): FourCc {
    const { codec } = this.#stream
    const isLayer3 = codec !== '.mp3' || (frame[1]! & 0x06) === 0x02
    return isLayer3 ? codec : ''
  }

  #emit(
    codec: FourCc,
    data: Uint8Array,
    ptsTicks: number | undefined,
    dtsTicks: number | undefined,
    randomAccess: boolean,
  ): void {
    const { pid, streamType, trackId } = this.#stream
    this.#units.push({
      pid,
      streamType,
      codec,
      trackId,
      pts: ptsTicks === undefined ? undefined : Math.round(ptsTicks / TICKS_PER_MS),
      dts: dtsTicks === undefined ? undefined : Math.round(dtsTicks / TICKS_PER_MS),
      ptsTicks,
      dtsTicks,
      data: this.#copy(data),
      randomAccess,
      discontinuity: this.#discontinuity,
      lost: this.#lost,
      configuration: this.#configuration,
    })
    this.#discontinuity = false
    this.#lost = false
  }

  #copy(bytes: Uint8Array): Uint8Array {
    const out = this.#arena.take(bytes.length)
    out.set(bytes)
    return out
  }
}

// The walk is synchronous, so one reader serves all streams.
const reader = new AnnexBReader()

/** NAL unit type of the first picture data of an access unit, −1 without any. */
function firstPicture(
  bytes: Uint8Array,
  mask: number,
  shift: number,
  isVcl: (type: number) => boolean,
): number {
  reader.reset(bytes)
  while (reader.next()) {
    const type = (bytes[reader.start]! >> shift) & mask
    if (isVcl(type)) return type
  }
  return -1
}
