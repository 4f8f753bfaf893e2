/**
 * The bytes of one message body and the bounds on what they may unfold to, shared by the AMF0 reader and the
 * AMF3 reader inside it.
 *
 * @module
 */
import { decodeUtf8, readF64, readU16, readU32, utf8Length } from '../bytes/index.ts'
import { DecodeError, LimitError } from '../errors/index.ts'

/** Bounds on what one AMF body may unfold to. */
export interface Amf0DecodeOptions {
  /**
   * How deep objects and arrays may be nested; an object at the top is 1 deep. `connect` takes 3.
   * @defaultValue 32
   */
  readonly maxDepth?: number
  /**
   * How many values a body may hold: every argument, property, element and dictionary key is one. The
   * `keyframes` index of a recorded file takes two for each keyframe. Each value may cost some 200 bytes of
   * memory.
   * @defaultValue 65536
   */
  readonly maxCount?: number
  /**
   * How many bytes AMF3 references may repeat: text, names and binary data by reference weigh as if they were
   * sent again, for they do when the value is encoded as AMF0.
   * @defaultValue 1048576
   */
  readonly maxRepeatedBytes?: number
}

/** A cursor over a body. Reads throw `ERR_AMF_END` past the end. */
export class AmfInput {
  readonly bytes: Uint8Array
  offset: number
  #depth: number
  #countLeft: number
  #repeatedLeft: number
  readonly #options: Amf0DecodeOptions

  constructor(bytes: Uint8Array, options: Amf0DecodeOptions) {
    this.bytes = bytes
    this.offset = 0
    this.#depth = 0
    this.#countLeft = options.maxCount ?? 65_536
    this.#repeatedLeft = options.maxRepeatedBytes ?? 1_048_576
    this.#options = options
  }

  get left(): number {
    return this.bytes.length - this.offset
  }

  /** Throws unless `length` bytes are left. */
  need(length: number): void {
    if (length > this.bytes.length - this.offset) {
      throw new DecodeError('ERR_AMF_END', `${length} bytes wanted at ${this.offset}, ${this.left} left`)
    }
  }

  u8(): number {
    this.need(1)
    return this.bytes[this.offset++]!
  }

  u16(): number {
    this.need(2)
    const value = readU16(this.bytes, this.offset)
    this.offset += 2
    return value
  }

  u32(): number {
    this.need(4)
    const value = readU32(this.bytes, this.offset)
    this.offset += 4
    return value
  }

  f64(): number {
    this.need(8)
    const value = readF64(this.bytes, this.offset)
    this.offset += 8
    return value
  }

  /**
   * AMF3 variable-length integer of 29 bits: seven a byte while the top bit is set, all eight of the fourth
   * byte.
   */
  u29(): number {
    let value = 0
    for (let i = 0; i < 3; i++) {
      const byte = this.u8()
      if (byte < 0x80) return (value << 7) | byte
      value = (value << 7) | (byte & 0x7f)
    }
    return (value << 8) | this.u8()
  }

  /** `length` bytes of UTF-8. */
  text(length: number): string {
    this.need(length)
    const start = this.offset
    this.offset += length
    return decodeUtf8(this.bytes, start, this.offset)
  }

  /** `length` bytes, copied. */
  copy(length: number): Uint8Array {
    this.need(length)
    const start = this.offset
    this.offset += length
    return this.bytes.slice(start, this.offset)
  }

  /** Takes `values` off the allowance, before memory is taken for them. */
  count(values: number): void {
    this.#countLeft -= values
    if (this.#countLeft < 0) {
      throw new LimitError('ERR_AMF_COUNT', `more than maxCount ${this.#options.maxCount ?? 65_536} values`)
    }
  }

  /** Goes one object or array deeper. */
  enter(): void {
    const max = this.#options.maxDepth ?? 32
    if (++this.#depth > max) throw new LimitError('ERR_AMF_DEPTH', `nested deeper than maxDepth ${max}`)
  }

  /** Returned by {@link AmfInput.enter}. */
  leave(): void {
    this.#depth--
  }

  /** Takes `length` bytes that a reference repeats off the allowance. */
  repeat(length: number): void {
    this.#repeatedLeft -= length
    if (this.#repeatedLeft < 0) {
      throw new LimitError(
        'ERR_AMF_REPEATED',
        `references repeat more than maxRepeatedBytes ${this.#options.maxRepeatedBytes ?? 1_048_576}`,
      )
    }
  }
}

/**
 * `name`, if AMF0 can carry it: what is decoded can be encoded. Of AMF3 a name may be longer, and each
 * malformed byte becomes three of U+FFFD. Otherwise `ERR_AMF_KEY`.
 */
export function checkedName(name: string): string {
  // A UTF-16 unit takes three bytes at most, so most names need no count.
  if (name.length > 0x5555 && utf8Length(name) > 0xffff) {
    throw new DecodeError('ERR_AMF_KEY', `a name of ${utf8Length(name)} bytes; AMF0 allows 65535`)
  }
  return name
}

/** The value at a reference index, or `ERR_AMF_REFERENCE`. */
export function referenced<T>(table: readonly T[], index: number): T {
  if (index >= table.length) {
    throw new DecodeError('ERR_AMF_REFERENCE', `reference ${index} of ${table.length} known`)
  }
  return table[index]!
}
