/**
 * Changes to inputs.
 *
 * @module
 */

/** Longest input. */
export const MAX_INPUT_BYTES = 4096

/** Numbers at which lengths, counts and signs turn. */
const EDGES = [0, 1, 2, 3, 4, 7, 8, 16, 31, 32, 63, 64, 127, 128, 188, 254, 255]

/** Numbers from a seed: mulberry32. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 to `end` − 1. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end
  }
}

/** `input` with one to eight changes, some of them taken from `other`. */
export function mutate(random: Random, input: Uint8Array, other: Uint8Array): Uint8Array {
  let bytes = Array.from(input)
  for (let left = 1 << random.below(4); left > 0; left--) {
    const at = random.below(bytes.length + 1)
    const length = 1 + random.below(random.below(8) === 0 ? 64 : 8)
    switch (random.below(7)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
        break
      case 1:
        bytes[at] = random.below(256)
        break
      case 2:
        bytes[at] = EDGES[random.below(EDGES.length)]!
        break
      case 3:
        bytes.splice(at, length)
        break
      case 4:
        bytes.splice(at, 0, ...bytes.slice(at, at + length))
        break
      case 5:
        bytes.splice(at, 0, ...Array.from({ length }, () => random.below(256)))
        break
      default: {
        const from = random.below(other.length + 1)
        bytes = [
          ...bytes.slice(0, at),
          ...other.subarray(from, from + length * 8),
          ...bytes.slice(at + random.below(length)),
        ]
      }
    }
  }
  return Uint8Array.from(bytes.slice(0, MAX_INPUT_BYTES))
}
