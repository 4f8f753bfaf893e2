/**
 * Length-prefixed NAL units, the form of FLV, RTMP and MP4 ("AVCC"). ISO/IEC 14496-15 §5.3.3.1.2 (sample
 * format).
 *
 * Layout: (length 8, 16 or 32 | NAL unit)*, the size of the length coming from the decoder configuration
 * record.
 *
 * @module
 */
import { EMPTY_BYTES, writeU32 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import { type NalSplitOptions, tooManyNalUnits, DEFAULT_MAX_NAL_UNITS } from './nal-unit.ts'

/**
 * Walks the NAL units of a length-prefixed access unit without allocating: one reader serves a whole stream.
 *
 * Empty NAL units (length 0, which some cameras send as padding) are passed over.
 *
 * @example
 * ```ts
 * const reader = new AvccReader()
 * reader.reset(payload, configuration.nalLengthSize)
 * while (reader.next()) avcNalType(payload[reader.start]!)
 * ```
 */
export class AvccReader {
  #bytes: Uint8Array
  #lengthSize: number
  #start: number
  #end: number

  /** A reader at the end of nothing: call {@link reset} first. */
  constructor() {
    this.#bytes = EMPTY_BYTES
    this.#lengthSize = 4
    this.#start = 0
    this.#end = 0
  }

  /** Offset of the current NAL unit's header byte. */
  get start(): number {
    return this.#start
  }

  /** Offset after the current NAL unit's last byte. */
  get end(): number {
    return this.#end
  }

  /**
   * Starts over with another access unit.
   * @param payload - borrowed until the next `reset`.
   * @param nalLengthSize - bytes of each length field: 1, 2, 3 or 4.
   */
  reset(payload: Uint8Array, nalLengthSize: number): void {
    this.#bytes = payload
    this.#lengthSize = checkedLengthSize(nalLengthSize)
    this.#start = 0
    this.#end = 0
  }

  /**
   * Moves to the next NAL unit; `false` after the last.
   * @throws {@link DecodeError} `ERR_NAL_LENGTH` if a length, or the field itself, reaches past the payload.
   */
  next(): boolean {
    const bytes = this.#bytes
    const size = this.#lengthSize
    let at = this.#end
    for (;;) {
      if (at === bytes.length) {
        this.#start = at
        this.#end = at
        return false
      }
      const start = at + size
      const end = start + nalLengthAt(bytes, at, size)
      // also true when the length field itself is cut: start alone is then past the end
      if (end > bytes.length) throw overrun(bytes, at, size)
      if (end !== start) {
        this.#start = start
        this.#end = end
        return true
      }
      at = end
    }
  }
}

/**
 * The NAL units of a length-prefixed access unit, as views into `payload`. Empty ones are left out.
 * @param payload - access unit as in FLV or MP4.
 * @param nalLengthSize - bytes of each length field: 1, 2, 3 or 4.
 * @param options - bound on the count.
 * @throws {@link DecodeError} `ERR_NAL_LENGTH` if a length reaches past the payload.
 * @throws {@link LimitError} `ERR_NAL_COUNT` beyond `maxNalUnits`.
 */
export function splitAvcc(
  payload: Uint8Array,
  nalLengthSize: number,
  options?: NalSplitOptions,
): Uint8Array[] {
  const size = checkedLengthSize(nalLengthSize)
  const max = options?.maxNalUnits ?? DEFAULT_MAX_NAL_UNITS
  const units: Uint8Array[] = []
  for (let at = 0; at < payload.length;) {
    const start = at + size
    const end = start + nalLengthAt(payload, at, size)
    if (end > payload.length) throw overrun(payload, at, size)
    if (end !== start) {
      if (units.length === max) throw tooManyNalUnits('access unit', max)
      units.push(payload.subarray(start, end))
    }
    at = end
  }
  return units
}

/**
 * Whether the lengths of `payload` lead exactly to its end. Distinguishes the two forms if a sender may have
 * put Annex B into FLV: `00 00 01 2c` starts a NAL unit of 300 bytes as well as an Annex B stream, so looking
 * for a start code by itself misreads good streams.
 */
export function isAvcc(payload: Uint8Array, nalLengthSize: number): boolean {
  const size = checkedLengthSize(nalLengthSize)
  let at = 0
  while (at < payload.length) {
    const end = at + size + nalLengthAt(payload, at, size)
    if (end > payload.length) return false
    at = end
  }
  return true
}

/** Joins NAL units into a length-prefixed access unit with 4-byte lengths. */
export function joinAvcc(nalUnits: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const unit of nalUnits) length += 4 + unit.length
  const out = new Uint8Array(length)
  let at = 0
  for (const unit of nalUnits) {
    writeU32(out, at, unit.length)
    out.set(unit, at + 4)
    at += 4 + unit.length
  }
  return out
}

/** The length field at `at`; a field that is cut reads as 0 bits where bytes are missing. */
function nalLengthAt(bytes: Uint8Array, at: number, size: number): number {
  if (size === 4) {
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  }
  let length = 0
  for (let i = 0; i < size; i++) length = (length << 8) | bytes[at + i]!
  return length
}

function checkedLengthSize(nalLengthSize: number): number {
  if (nalLengthSize === 4 || nalLengthSize === 1 || nalLengthSize === 2 || nalLengthSize === 3)
    return nalLengthSize
  throw new RangeError(`nalLengthSize ${nalLengthSize} is not 1 to 4`)
}

function overrun(bytes: Uint8Array, at: number, size: number): DecodeError {
  const left = bytes.length - at - size
  return new DecodeError(
    'ERR_NAL_LENGTH',
    left < 0
      ? `NAL unit length of ${size} bytes is cut at offset ${at}`
      : `NAL unit of ${nalLengthAt(bytes, at, size)} bytes at offset ${at}, ${left} left`,
  )
}
