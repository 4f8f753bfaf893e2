/**
 * Where a segment grows: one array that all segments of a stream use in turn, so that only the finished segment is new memory.
 *
 * @module
 */

/** A growing array with room in front for the tables that are known last. */
export class SegmentBuffer {
  #bytes: Uint8Array
  #used: number
  readonly #reserved: number

  /** @param reserved - bytes kept free at the front. */
  constructor(reserved: number) {
    this.#bytes = new Uint8Array(0)
    this.#used = reserved
    this.#reserved = reserved
  }

  /** Bytes in use, the reserved ones included. */
  get length(): number {
    return this.#used
  }

  /** An array with room for `length` bytes at {@link length}; write there, then call {@link grow}. */
  room(length: number): Uint8Array {
    const needed = this.#used + length
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2, MIN_BYTES))
      larger.set(this.#bytes.subarray(0, this.#used))
      this.#bytes = larger
    }
    return this.#bytes
  }

  /** Counts bytes that were written at {@link length}. */
  grow(length: number): void {
    this.#used += length
  }

  /** A copy of all bytes with `head` in the reserved place; the buffer is empty again. */
  take(head: Uint8Array): Uint8Array {
    const bytes = this.room(0)
    bytes.set(head, 0)
    const out = bytes.slice(0, this.#used)
    this.clear()
    return out
  }

  /** Forgets what was written. Memory that the last segment used little of is given back. */
  clear(): void {
    if (this.#bytes.length > MIN_BYTES && this.#used < this.#bytes.length >> 2) {
      this.#bytes = new Uint8Array(this.#bytes.length >> 1)
    }
    this.#used = this.#reserved
  }
}

const MIN_BYTES = 65_536
