/**
 * Byte stream form of NAL units: start codes between them. H.264 and H.265 Annex B; the form of MPEG-2 TS.
 *
 * Layout: (leading_zero_8bits* | 00 00 01 | NAL unit | trailing_zero_8bits*)*. A NAL unit never ends in 00.
 *
 * @module
 */
import { EMPTY_BYTES } from '../bytes/index.ts'
import { type NalSplitOptions, tooManyNalUnits, DEFAULT_MAX_NAL_UNITS } from './nal-unit.ts'

/**
 * Walks the NAL units of an Annex B byte stream without allocating: one reader serves a whole stream. Bytes
 * before the first start code is passed over, and so are empty NAL units.
 */
export class AnnexBReader {
  #bytes: Uint8Array
  #start: number
  #end: number
  #next: number

  /** A reader at the end of nothing: call {@link reset} first. */
  constructor() {
    this.#bytes = EMPTY_BYTES
    this.#start = 0
    this.#end = 0
    this.#next = 0
  }

  /** Offset of the current NAL unit's header byte. */
  get start(): number {
    return this.#start
  }

  /** Offset after the current NAL unit's last byte, trailing zeros not counted. */
  get end(): number {
    return this.#end
  }

  /**
   * Starts over with another byte stream.
   * @param bytes - borrowed until the next `reset`.
   */
  reset(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#start = 0
    this.#end = 0
    this.#next = afterStartCode(bytes, 0)
  }

  /** Moves to the next NAL unit; `false` after the last. */
  next(): boolean {
    const bytes = this.#bytes
    const length = bytes.length
    let start = this.#next
    while (start < length) {
      const next = afterStartCode(bytes, start)
      let end = next > length ? length : next - 3
      while (end > start && bytes[end - 1] === 0) end--
      this.#next = next
      if (end > start) {
        this.#start = start
        this.#end = end
        return true
      }
      start = next
    }
    this.#start = length
    this.#end = length
    return false
  }
}

/**
 * The NAL units of an Annex B byte stream, as views into `bytes`. Bytes before the first start code are
 * skipped over; without any start code the result is empty.
 * @throws {@link LimitError} `ERR_NAL_COUNT` beyond `maxNalUnits`.
 */
export function splitAnnexB(bytes: Uint8Array, options?: NalSplitOptions): Uint8Array[] {
  const max = options?.maxNalUnits ?? DEFAULT_MAX_NAL_UNITS
  const units: Uint8Array[] = []
  const reader = new AnnexBReader()
  reader.reset(bytes)
  while (reader.next()) {
    if (units.length === max) throw tooManyNalUnits('access unit', max)
    units.push(bytes.subarray(reader.start, reader.end))
  }
  return units
}

/**
 * Whether `bytes` begin with a start code, 00 00 01 or 00 00 00 01. See {@link isAvcc} for the doubtful case.
 */
export function startsWithStartCode(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0 && (bytes[2] === 1 || (bytes[2] === 0 && bytes[3] === 1))
}

/** Joins NAL units into an Annex B byte stream with 4-byte start codes. */
export function joinAnnexB(nalUnits: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const unit of nalUnits) length += 4 + unit.length
  const out = new Uint8Array(length)
  let at = 0
  for (const unit of nalUnits) {
    out[at + 3] = 1 // start code 00 00 00 01
    out.set(unit, at + 4)
    at += 4 + unit.length
  }
  return out
}

/** Offset after the first start code 00 00 01 at or after `from`, or `length + 1` if there is none. */
function afterStartCode(bytes: Uint8Array, from: number): number {
  const length = bytes.length
  // Looks at every third byte: one above 1 cannot belong to a start code.
  for (let at = from + 2; at < length;) {
    const byte = bytes[at]!
    if (byte > 1) at += 3
    else if (byte === 0) at += 1
    else if (bytes[at - 1] === 0 && bytes[at - 2] === 0) return at + 1
    else at += 3
  }
  return length + 1
}
