/**
 * Bits, most significant first, with the Exp-Golomb codes of H.264 §9.1.
 *
 * @module
 */
import { DecodeError } from '../errors/index.ts'

/** Reads a buffer bit by bit. Every read past the end throws {@link DecodeError} `ERR_BYTES_END`. */
export class BitReader {
  readonly #bytes: Uint8Array
  #position: number

  /** @param bytes - borrowed, not copied. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#position = 0
  }

  /** Bits left to read. */
  get bitsLeft(): number {
    return this.#bytes.length * 8 - this.#position
  }

  /** Bits read so far. */
  get position(): number {
    return this.#position
  }

  /** Next `count` bits as an unsigned number; 0 to 32. */
  bits(count: number): number {
    if (count > this.bitsLeft) {
      throw new DecodeError('ERR_BYTES_END', `${count} bits wanted, ${this.bitsLeft} left`)
    }
    let value = 0
    for (let left = count; left > 0;) {
      const inByte = 8 - (this.#position & 7)
      const take = left < inByte ? left : inByte
      const chunk = (this.#bytes[this.#position >> 3]! >> (inByte - take)) & ((1 << take) - 1)
      value = value * 2 ** take + chunk
      this.#position += take
      left -= take
    }
    return value
  }

  /** Next bit as a flag. */
  flag(): boolean {
    return this.bits(1) === 1
  }

  /** Passes over `count` bits. */
  skip(count: number): void {
    if (count > this.bitsLeft) {
      throw new DecodeError('ERR_BYTES_END', `${count} bits to skip, ${this.bitsLeft} left`)
    }
    this.#position += count
  }

  /** Unsigned Exp-Golomb code ue(v), 0 to 2³² − 2. A prefix of more than 31 zeros throws `ERR_BYTES_END`. */
  ue(): number {
    let zeros = 0
    while (!this.flag()) {
      if (++zeros > 31) throw new DecodeError('ERR_BYTES_END', 'Exp-Golomb prefix of more than 31 zeros')
    }
    return 2 ** zeros - 1 + this.bits(zeros)
  }

  /** Signed Exp-Golomb code se(v). */
  se(): number {
    const code = this.ue()
    return code % 2 === 1 ? (code + 1) / 2 : 0 - code / 2
  }
}
