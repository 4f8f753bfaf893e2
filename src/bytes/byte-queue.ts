/**
 * Input of an incremental parser: bytes go in as they arrive and come out in the lengths that the format asks
 * for.
 *
 * @module
 */
import { EMPTY_BYTES } from './concat.ts'

/** A growing window over pushed bytes. `push` copies, so the caller may reuse its buffer at once. */
export class ByteQueue {
  #bytes: Uint8Array
  #start: number
  #end: number

  /**
   * @param capacity - bytes reserved at first; the queue grows as needed, the owner bounds what it pushes.
   */
  constructor(capacity = 0) {
    this.#bytes = capacity === 0 ? EMPTY_BYTES : new Uint8Array(capacity)
    this.#start = 0
    this.#end = 0
  }

  /** Bytes that are waiting. */
  get length(): number {
    return this.#end - this.#start
  }

  /** Appends a copy of `bytes`. */
  push(bytes: Uint8Array): void {
    const waiting = this.#end - this.#start
    if (this.#end + bytes.length > this.#bytes.length) {
      const needed = waiting + bytes.length
      const roomy = needed <= this.#bytes.length >> 1
      const target = roomy ? this.#bytes : new Uint8Array(Math.max(needed, this.#bytes.length * 2))
      // set copes with overlap
      target.set(this.#bytes.subarray(this.#start, this.#end))
      this.#bytes = target
      this.#start = 0
      this.#end = waiting
    }
    this.#bytes.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** The waiting bytes, not consumed. The view is valid until the next `push`. */
  peek(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end)
  }

  /** Consumes `length` bytes unseen. @throws RangeError when fewer are waiting. */
  skip(length: number): void {
    if (length < 0 || length > this.length) throw new RangeError(`skip ${length} of ${this.length} bytes`)
    this.#start += length
    if (this.#start === this.#end) {
      this.#start = 0
      this.#end = 0
    }
  }

  /** Consumes `length` bytes as a copy that the caller owns, or returns `undefined` if fewer are waiting. */
  take(length: number): Uint8Array | undefined {
    if (length > this.length) return undefined
    const out = this.#bytes.slice(this.#start, this.#start + length)
    this.skip(length)
    return out
  }
}
