/**
 * Open bitstream units of AV1. AV1 Bitstream & Decoding Process Specification §5.3, leb128() in §4.10.5.
 *
 * Header: forbidden 1 | obu_type 4 | extension_flag 1 | has_size_field 1 | reserved 1
 * | temporal_id 3, spatial_id 2, reserved 3 if extension | obu_size leb128 if has_size_field
 *
 * @module
 */
import { EMPTY_BYTES } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import { needBytes } from './need-bytes.ts'

/** Sequence header OBU. */
export const OBU_SEQUENCE_HEADER = 1
/** Temporal delimiter OBU. */
export const OBU_TEMPORAL_DELIMITER = 2

/**
 * Walks the OBUs of a temporal unit in the low-overhead format (FLV, RTMP, MP4) without allocating. An OBU
 * without size field is the last.
 */
export class ObuReader {
  #bytes: Uint8Array
  #next: number
  #type: number
  #start: number
  #end: number

  /** A reader at the end of nothing: call {@link reset} first. */
  constructor() {
    this.#bytes = EMPTY_BYTES
    this.#next = 0
    this.#type = 0
    this.#start = 0
    this.#end = 0
  }

  /** obu_type of the current OBU. */
  get type(): number {
    return this.#type
  }

  /** Offset of the current OBU's payload, after header and size. */
  get start(): number {
    return this.#start
  }

  /** Offset after the current OBU. */
  get end(): number {
    return this.#end
  }

  /**
   * Starts over with other OBUs.
   * @param bytes - borrowed until the next `reset`.
   */
  reset(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#next = 0
  }

  /**
   * Moves to the next OBU; `false` after the last.
   * @throws {@link DecodeError} `ERR_BYTES_END` if a header is cut.
   * @throws {@link DecodeError} `ERR_AV1_OBU` if the forbidden bit is set or a size reaches past the end.
   */
  next(): boolean {
    const bytes = this.#bytes
    let at = this.#next
    if (at === bytes.length) return false
    const header = bytes[at]!
    if (header >= 0x80) throw new DecodeError('ERR_AV1_OBU', `OBU header ${header}`)
    at += (header & 0x04) === 0 ? 1 : 2 // extension header
    let size = bytes.length - at
    if ((header & 0x02) !== 0) {
      size = 0
      for (let i = 0; ; i++) {
        needBytes(bytes, at, 1, 'OBU size')
        const byte = bytes[at++]!
        size += (byte & 0x7f) * 2 ** (7 * i)
        if (byte < 0x80) break
        if (i === 7) throw new DecodeError('ERR_AV1_OBU', 'OBU size of more than 8 bytes')
      }
    }
    if (size < 0 || at + size > bytes.length) {
      throw new DecodeError('ERR_AV1_OBU', `OBU of ${size} bytes at offset ${at} of ${bytes.length}`)
    }
    this.#type = (header >> 3) & 0x0f
    this.#start = at
    this.#end = at + size
    this.#next = at + size
    return true
  }
}

/** A size as leb128(), without padding. AV1 §4.10.5. */
export function encodeLeb128(value: number): Uint8Array {
  const bytes: number[] = []
  let left = value
  do {
    const low = left % 0x80
    left = (left - low) / 0x80
    bytes.push(left > 0 ? low | 0x80 : low)
  } while (left > 0)
  return Uint8Array.from(bytes)
}
