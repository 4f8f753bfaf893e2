/**
 * Bits, most significant first, into a growing array: for the few configuration records that are not
 * byte-aligned.
 *
 * @module
 */

/** Writes bit fields one after the other. */
export class BitWriter {
  readonly #bytes: number[] = []
  #position = 0

  /** Appends the low `count` bits of `value`, 0 to 32. */
  bits(count: number, value: number): void {
    for (let left = count; left > 0; left--) {
      const bit = Math.floor(value / 2 ** (left - 1)) & 1
      if ((this.#position & 7) === 0) this.#bytes.push(0)
      this.#bytes[this.#position >> 3]! |= bit << (7 - (this.#position & 7))
      this.#position++
    }
  }

  /** Appends a flag. */
  flag(value: boolean): void {
    this.bits(1, value ? 1 : 0)
  }

  /** Fills the last byte with zeros. */
  align(): void {
    this.bits(-this.#position & 7, 0)
  }

  /** The bytes; the last one is filled with zeros. */
  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }
}
