/**
 * From the access units of FLV (length-prefixed, parameter sets apart) to those of wires without sequence headers: with parameter sets
 * before every random access point. In a transport stream they are Annex B, opened by an access unit delimiter (ISO/IEC 13818-1
 * §2.14.1, §2.17.1); RTP takes the NAL units one by one.
 *
 * A unit is measured first, so that one exactly sized array takes the whole TS output, then written.
 *
 * @module
 */
import {
  AVC_ACCESS_UNIT_DELIMITER,
  AVC_NAL_ACCESS_UNIT_DELIMITER,
  AVC_NAL_IDR_SLICE,
  AVC_NAL_PPS,
  AVC_NAL_SPS,
  annexBToAvcc,
  decodeAvcConfiguration,
  decodeHevcConfiguration,
  HEVC_ACCESS_UNIT_DELIMITER,
  HEVC_NAL_ACCESS_UNIT_DELIMITER,
  HEVC_NAL_PPS,
  HEVC_NAL_SPS,
  HEVC_NAL_VPS,
  isHevcRandomAccess,
  joinAnnexB,
  joinAvcc,
  startsWithStartCode,
} from '../codec/index.ts'
import { writeU32 } from '../bytes/index.ts'
import { LimitError } from '../errors/index.ts'
import type { FourCc } from './codecs.ts'

/** H.264 or HEVC as a decoder configuration record describes it. */
export class VideoFormat {
  /** `avc1` or `hvc1`. */
  readonly codec: FourCc
  /** Bytes of each NAL unit length in the payloads, 1 to 4. */
  readonly nalLengthSize: number
  /** Access unit delimiter with start code. */
  readonly delimiter: Uint8Array
  /** All parameter sets with start codes. */
  readonly parameterSets: Uint8Array
  /** All parameter sets with lengths of 4 bytes. */
  readonly prefixedSets: Uint8Array

  private constructor(
    codec: FourCc,
    nalLengthSize: number,
    delimiter: Uint8Array,
    sets: readonly Uint8Array[],
  ) {
    this.codec = codec
    this.nalLengthSize = nalLengthSize
    this.delimiter = joinAnnexB([delimiter])
    this.parameterSets = joinAnnexB(sets)
    this.prefixedSets = joinAvcc(sets)
  }

  /**
   * From an avcC or hvcC.
   * @returns `undefined` for other codecs than `avc1` and `hvc1`.
   * @throws {@link DecodeError} as `decodeAvcConfiguration` and `decodeHevcConfiguration` do.
   */
  static of(codec: FourCc, configuration: Uint8Array): VideoFormat | undefined {
    if (codec === 'avc1') {
      const { nalLengthSize, sps, pps } = decodeAvcConfiguration(configuration)
      return new VideoFormat(codec, nalLengthSize, AVC_ACCESS_UNIT_DELIMITER, [...sps, ...pps])
    }
    if (codec === 'hvc1') {
      const { nalLengthSize, vps, sps, pps } = decodeHevcConfiguration(configuration)
      return new VideoFormat(codec, nalLengthSize, HEVC_ACCESS_UNIT_DELIMITER, [...vps, ...sps, ...pps])
    }
    return undefined
  }
}

const START_CODE_BYTES = 4

/** Bits of {@link scan}: which parameter sets an access unit has. */
const HAS_VPS = 1
const HAS_SPS = 2
const HAS_PPS = 4

/** One measured access unit of H.264 or HEVC. */
export class VideoUnit {
  /** Whether decoding can start here. */
  readonly randomAccess: boolean
  /** Bytes that {@link VideoUnit.write} writes. */
  readonly byteLength: number
  /** Whether NAL units at the end were cut off because a length reached past the payload. */
  readonly truncated: boolean
  readonly #format: VideoFormat
  readonly #payload: Uint8Array
  readonly #nalLengthSize: number
  readonly #ownDelimiter: boolean
  readonly #insertSets: boolean
  readonly #plain: boolean

  private constructor(
    format: VideoFormat,
    payload: Uint8Array,
    nalLengthSize: number,
    keyframe: boolean,
    found: Scan,
  ) {
    const hevc = format.codec === 'hvc1'
    const wanted = hevc ? HAS_VPS | HAS_SPS | HAS_PPS : HAS_SPS | HAS_PPS
    this.randomAccess = keyframe || found.randomAccess
    this.truncated = found.truncated
    this.#format = format
    this.#payload = payload
    this.#nalLengthSize = nalLengthSize
    this.#ownDelimiter = found.ownDelimiter
    this.#insertSets = this.randomAccess && (found.sets & wanted) !== wanted
    this.#plain = nalLengthSize === START_CODE_BYTES && found.plain
    this.byteLength =
      (found.ownDelimiter ? 0 : format.delimiter.length) +
      (this.#insertSets ? format.parameterSets.length : 0) +
      found.nalBytes +
      found.nalCount * START_CODE_BYTES
  }

  /**
   * Measures an access unit. A NAL unit that reaches past the payload is left out with all after it; a payload that is Annex B
   * already, as some encoders put it into FLV, is taken as such.
   * @returns `undefined` when no whole NAL unit is in it, or far too many are.
   */
  static measure(format: VideoFormat, payload: Uint8Array, keyframe: boolean): VideoUnit | undefined {
    const hevc = format.codec === 'hvc1'
    scan(payload, format.nalLengthSize, hevc)
    if (scanned.truncated && startsWithStartCode(payload)) {
      const converted = convertedFromAnnexB(payload)
      if (converted === undefined) return undefined
      if (isNalHeader(converted, START_CODE_BYTES, hevc)) {
        scan(converted, START_CODE_BYTES, hevc)
        return new VideoUnit(format, converted, START_CODE_BYTES, keyframe, scanned)
      }
    }
    if (scanned.nalCount === 0) return undefined
    return new VideoUnit(format, payload, format.nalLengthSize, keyframe, scanned)
  }

  /** Writes it as Annex B, {@link byteLength} bytes at `offset`, with an access unit delimiter. @returns the offset after them. */
  write(out: Uint8Array, offset: number): number {
    const { delimiter, parameterSets } = this.#format
    const payload = this.#payload
    let at = offset
    let from = 0
    if (!this.#ownDelimiter) {
      out.set(delimiter, at)
      at += delimiter.length
    } else if (this.#insertSets) {
      // Its own delimiter stays first; what comes after it, SEI included, keeps its order behind the parameter sets.
      from = this.#afterDelimiter()
      at = this.#copyUnits(out, at, 0, from)
    }
    if (this.#insertSets) {
      out.set(parameterSets, at)
      at += parameterSets.length
    }
    return this.#copyUnits(out, at, from, payload.length)
  }

  /**
   * The access unit with lengths of 4 bytes, parameter sets in front where they belong and without access unit delimiter: the packet's
   * own payload if that is what it says already, which must not be written to.
   */
  lengthPrefixed(): Uint8Array {
    const payload = this.#payload
    const from = this.#ownDelimiter ? this.#afterDelimiter() : 0
    if (this.#plain && !this.#insertSets) return from === 0 ? payload : payload.subarray(from)
    // An access unit delimiter of its own counts in byteLength, and is what is left over.
    const out = new Uint8Array(this.byteLength)
    let end = 0
    if (this.#insertSets) {
      out.set(this.#format.prefixedSets)
      end = this.#format.prefixedSets.length
    }
    return out.subarray(0, this.#copyUnits(out, end, from, payload.length, true))
  }

  /** Offset after its own delimiter. */
  #afterDelimiter(): number {
    const size = this.#nalLengthSize
    const from = skipEmpty(this.#payload, 0, size)
    return from + size + lengthAt(this.#payload, from, size)
  }

  /** Copies the NAL units of `payload[from, end)` with start codes for lengths, or with lengths of 4 bytes. */
  #copyUnits(out: Uint8Array, offset: number, from: number, end: number, prefixed = false): number {
    const payload = this.#payload
    if (this.#plain && prefixed) {
      out.set(payload.subarray(from, end), offset)
      return offset + end - from
    }
    if (this.#plain) {
      // A length of 4 bytes gives way to a start code of 4 bytes: one copy, then patches.
      out.set(from === 0 && end === payload.length ? payload : payload.subarray(from, end), offset)
      let at = from
      let to = offset
      while (at < end) {
        const step = START_CODE_BYTES + lengthAt(payload, at, START_CODE_BYTES)
        out[to] = 0
        out[to + 1] = 0
        out[to + 2] = 0
        out[to + 3] = 1
        at += step
        to += step
      }
      return to
    }
    const size = this.#nalLengthSize
    let to = offset
    for (let at = from; at + size <= end;) {
      const length = lengthAt(payload, at, size)
      const start = at + size
      if (start + length > end) break
      if (length > 0) {
        writeU32(out, to, prefixed ? length : 1)
        out.set(payload.subarray(start, start + length), to + START_CODE_BYTES)
        to += START_CODE_BYTES + length
      }
      at = start + length
    }
    return to
  }
}

/** What {@link scan} finds in an access unit. */
interface Scan {
  nalCount: number
  nalBytes: number
  sets: number
  randomAccess: boolean
  ownDelimiter: boolean
  truncated: boolean
  /** No empty NAL unit, nothing cut: lengths lead exactly to the end. */
  plain: boolean
}

/** The one result of {@link scan}, read before the next call. */
const scanned: Scan = {
  nalCount: 0,
  nalBytes: 0,
  sets: 0,
  randomAccess: false,
  ownDelimiter: false,
  truncated: false,
  plain: true,
}

function scan(payload: Uint8Array, size: number, hevc: boolean): void {
  const found = scanned
  found.nalCount = 0
  found.nalBytes = 0
  found.sets = 0
  found.randomAccess = false
  found.ownDelimiter = false
  found.truncated = false
  found.plain = true
  const end = payload.length
  for (let at = 0; at < end;) {
    const start = at + size
    const length = lengthAt(payload, at, size)
    if (start + length > end) {
      found.truncated = true
      found.plain = false
      return
    }
    at = start + length
    if (length === 0) {
      found.plain = false
      continue
    }
    const header = payload[start]!
    if (hevc) noteHevc(found, (header >> 1) & 0x3f)
    else noteAvc(found, header & 0x1f)
    found.nalCount++
    found.nalBytes += length
  }
}

function noteAvc(found: Scan, type: number): void {
  if (type === AVC_NAL_IDR_SLICE) found.randomAccess = true
  else if (type === AVC_NAL_SPS) found.sets |= HAS_SPS
  else if (type === AVC_NAL_PPS) found.sets |= HAS_PPS
  else if (type === AVC_NAL_ACCESS_UNIT_DELIMITER && found.nalCount === 0) found.ownDelimiter = true
}

function noteHevc(found: Scan, type: number): void {
  if (isHevcRandomAccess(type)) found.randomAccess = true
  else if (type === HEVC_NAL_VPS) found.sets |= HAS_VPS
  else if (type === HEVC_NAL_SPS) found.sets |= HAS_SPS
  else if (type === HEVC_NAL_PPS) found.sets |= HAS_PPS
  else if (type === HEVC_NAL_ACCESS_UNIT_DELIMITER && found.nalCount === 0) found.ownDelimiter = true
}

/** `undefined` for more NAL units than any picture has. */
function convertedFromAnnexB(payload: Uint8Array): Uint8Array | undefined {
  try {
    return annexBToAvcc(payload)
  } catch (error) {
    if (error instanceof LimitError) return undefined
    throw error
  }
}

/** Whether a NAL unit can begin at `at`. 00 00 01 may also be the upper bytes of the length of a NAL unit that is cut. */
function isNalHeader(bytes: Uint8Array, at: number, hevc: boolean): boolean {
  const header = bytes[at] ?? 0xff
  if ((header & 0x80) !== 0) return false // forbidden_zero_bit
  return hevc ? ((bytes[at + 1] ?? 0) & 0x07) !== 0 : (header & 0x1f) !== 0 // nuh_temporal_id_plus1; type 0 is unspecified
}

/** Offset of the first length that is not 0. */
function skipEmpty(payload: Uint8Array, from: number, size: number): number {
  let at = from
  while (lengthAt(payload, at, size) === 0) at += size
  return at
}

/** Length field of `size` bytes; past the end it reads as missing bits 0, and the caller sees that the field itself does not fit. */
function lengthAt(bytes: Uint8Array, at: number, size: number): number {
  if (size === 4) {
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  }
  let length = 0
  for (let i = 0; i < size; i++) length = (length << 8) | bytes[at + i]!
  return length
}
