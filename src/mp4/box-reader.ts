/**
 * Reading boxes and their fields. ISO/IEC 14496-12 §4.2.
 *
 * Layout: size 32, header included | type 32 | size 64 if size is 1 | fields and boxes. Size 0: to the end of
 * the file.
 *
 * @module
 */
import { readU16, readU24, readU32 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'

/** The header of a box. */
export interface BoxHeader {
  /** Four characters of one byte. */
  readonly type: string
  /** Bytes of the header: 8 or 16. */
  readonly headerBytes: number
  /** Bytes of the whole box; 0 for one that reaches to the end of the file. */
  readonly size: number
}

/**
 * The header at `offset`, or `undefined` when it is cut off by the end of `bytes`.
 * @throws {@link DecodeError} `ERR_MP4_BOX` for a size below that of the header.
 */
export function decodeBoxHeader(bytes: Uint8Array, offset: number): BoxHeader | undefined {
  if (offset + 8 > bytes.length) return undefined
  const type = fourCcAt(bytes, offset + 4)
  const size32 = readU32(bytes, offset)
  if (size32 === 1) {
    if (offset + 16 > bytes.length) return undefined
    const size = readU32(bytes, offset + 8) * 2 ** 32 + readU32(bytes, offset + 12) // largesize
    if (size < 16) throw boxError(`box '${type}' of ${size} bytes`)
    return { type, headerBytes: 16, size }
  }
  if (size32 !== 0 && size32 < 8) throw boxError(`box '${type}' of ${size32} bytes`)
  return { type, headerBytes: 8, size: size32 }
}

/**
 * Walks the fields, then the boxes inside one box. Everything past its end is a {@link DecodeError}
 * `ERR_MP4_BOX`.
 */
export class BoxReader {
  /** Type of the box, `''` for the bytes that a reader was made of. */
  readonly type: string
  readonly #bytes: Uint8Array
  readonly #end: number
  #at: number

  /** @param bytes - the content of a box, or boxes; borrowed. */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length, type = '') {
    this.type = type
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#end - this.#at
  }

  /**
   * The next box, or `undefined` at the end. Fewer than 8 bytes at the end are passed over: QuickTime ends
   * some boxes with 4 zeros.
   */
  next(): BoxReader | undefined {
    if (this.left < 8) return undefined
    const header = decodeBoxHeader(this.#bytes, this.#at)
    if (header === undefined) throw boxError(`box header cut at the end of '${this.type}'`)
    const size = header.size === 0 ? this.left : header.size
    if (size > this.left)
      throw boxError(`box '${header.type}' of ${size} bytes, ${this.left} left in '${this.type}'`)
    const start = this.#at
    this.#at = start + size
    return new BoxReader(this.#bytes, start + header.headerBytes, this.#at, header.type)
  }

  /** The next box of `type`, skipping others; `undefined` if there is none. */
  find(type: string): BoxReader | undefined {
    for (let box = this.next(); box !== undefined; box = this.next()) if (box.type === type) return box
    return undefined
  }

  /** Version and flags of a full box: version in the upper 8 bits. */
  versionAndFlags(): number {
    return this.u32()
  }

  /** An unsigned number of 16 bits. */
  u16(): number {
    return readU16(this.#bytes, this.#take(2))
  }

  /** An unsigned number of 24 bits. */
  u24(): number {
    return readU24(this.#bytes, this.#take(3))
  }

  /** An unsigned number of 32 bits. */
  u32(): number {
    return readU32(this.#bytes, this.#take(4))
  }

  /** A signed number of 32 bits. */
  i32(): number {
    return readU32(this.#bytes, this.#take(4)) | 0
  }

  /** An unsigned number of 64 bits; beyond 2⁵³ not exact, which no file reaches. */
  u64(): number {
    const high = this.u32()
    return high * 2 ** 32 + this.u32()
  }

  /** 32 bits in a box of version 0, 64 in one of version 1. */
  u32or64(version: number): number {
    return version === 0 ? this.u32() : this.u64()
  }

  /** A type of four characters. */
  fourCc(): string {
    return fourCcAt(this.#bytes, this.#take(4))
  }

  /** Passes over `count` bytes. */
  skip(count: number): void {
    this.#take(count)
  }

  /** A copy of what is left, nothing consumed. */
  rest(): Uint8Array {
    return this.#bytes.slice(this.#at, this.#end)
  }

  #take(count: number): number {
    if (count > this.left) throw boxError(`${count} bytes wanted, ${this.left} left in '${this.type}'`)
    const at = this.#at
    this.#at = at + count
    return at
  }
}

/** The error of this file's readers. */
export function boxError(message: string): DecodeError {
  return new DecodeError('ERR_MP4_BOX', message)
}

function fourCcAt(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(bytes[offset]!, bytes[offset + 1]!, bytes[offset + 2]!, bytes[offset + 3]!)
}
