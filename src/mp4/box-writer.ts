/**
 * Boxes, the one structure of the ISO base media file format. ISO/IEC 14496-12 §4.2.
 *
 * Layout: size 32, header included | type 32 | for full boxes: version 8, flags 24 | fields and boxes
 *
 * @module
 */
import { encodeUtf8, readU32, writeU16, writeU24, writeU32 } from '../bytes/index.ts'

/** Writes nested boxes into one growing array. For boxes of up to some megabytes: headers, not media. */
export class BoxWriter {
  #bytes: Uint8Array
  #length: number
  readonly #open: number[]

  /** @param capacity - bytes reserved at first. */
  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity)
    this.#length = 0
    this.#open = []
  }

  /** Bytes written so far: the offset of the next field. */
  get length(): number {
    return this.#length
  }

  /** Starts a box of `type`; {@link close} fills in its size. */
  open(type: string): void {
    this.#open.push(this.#length)
    this.u32(0) // size
    this.type(type)
  }

  /** Starts a full box. */
  openFull(type: string, version: number, flags: number): void {
    this.open(type)
    this.u8(version)
    this.u24(flags)
  }

  /** Ends the box that was started last. */
  close(): void {
    const start = this.#open.pop()
    if (start === undefined) throw new TypeError('no box is open')
    writeU32(this.#bytes, start, this.#length - start)
  }

  /** Writes a whole box with `content`. */
  box(type: string, content: Uint8Array): void {
    this.open(type)
    this.bytes(content)
    this.close()
  }

  /** Writes the low 8 bits. */
  u8(value: number): void {
    const at = this.#reserve(1)
    this.#bytes[at] = value
  }

  /** Writes the low 16 bits. */
  u16(value: number): void {
    const at = this.#reserve(2)
    writeU16(this.#bytes, at, value)
  }

  /** Writes the low 24 bits. */
  u24(value: number): void {
    const at = this.#reserve(3)
    writeU24(this.#bytes, at, value)
  }

  /** Writes the low 32 bits; a negative value as two's complement. */
  u32(value: number): void {
    const at = this.#reserve(4)
    writeU32(this.#bytes, at, value)
  }

  /** Writes 64 bits of an integer from 0 to 2⁵³ − 1. */
  u64(value: number): void {
    this.u32(Math.floor(value / 2 ** 32))
    this.u32(value)
  }

  /** Writes 32 bits in a box of version 0, 64 in one of version 1. */
  u32or64(version: number, value: number): void {
    if (version === 0) this.u32(value)
    else this.u64(value)
  }

  /** Writes a box type or handler type: four characters of one byte. */
  type(fourCc: string): void {
    const at = this.#reserve(4)
    for (let i = 0; i < 4; i++) this.#bytes[at + i] = fourCc.charCodeAt(i)
  }

  /** Writes text in UTF-8 without an end. */
  text(text: string): void {
    this.bytes(encodeUtf8(text))
  }

  /** Copies bytes. */
  bytes(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** Writes `count` bytes of 0. */
  zeros(count: number): void {
    const at = this.#reserve(count)
    this.#bytes.fill(0, at, at + count)
  }

  /** Adds to the 32 bits at `offset`, which were written before. */
  add32(offset: number, value: number): void {
    writeU32(this.#bytes, offset, readU32(this.#bytes, offset) + value)
  }

  /** What was written, as a view; the writer starts over at the next {@link reset} only. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** A copy of what was written. */
  copy(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  /** Forgets what was written and keeps the memory. */
  reset(): void {
    this.#length = 0
    this.#open.length = 0
  }

  #reserve(count: number): number {
    const at = this.#length
    this.#length = at + count
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    return at
  }
}
