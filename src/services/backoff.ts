/**
 * How long to wait before the next attempt.
 *
 * @module
 */

/** How the waits of a {@link Backoff} grow. */
export interface BackoffOptions {
  /** The first wait, ms. */
  readonly minMs: number
  /** The longest wait, ms. */
  readonly maxMs: number
  /** What each wait is multiplied by, 1 or more. @defaultValue 2 */
  readonly factor?: number
  /**
   * The share of each wait, 0 to 1, that is taken away at random, so that those who failed together do not come back together.
   * @defaultValue 0.5
   */
  readonly jitter?: number
  /** Gives numbers in [0, 1), for tests. @defaultValue `Math.random` */
  readonly random?: () => number
}

/** Waits that grow from `minMs` to `maxMs`, until {@link Backoff.reset}. */
export class Backoff {
  readonly #minMs: number
  readonly #maxMs: number
  readonly #factor: number
  readonly #jitter: number
  readonly #random: () => number
  #ms: number

  /** @throws RangeError for waits that are no time, a maximum below the minimum, a factor below 1, or a jitter outside 0 to 1. */
  constructor(options: BackoffOptions) {
    const { minMs, maxMs, factor = 2, jitter = 0.5, random = Math.random } = options
    if (!(minMs >= 0 && Number.isFinite(maxMs) && maxMs >= minMs)) {
      throw new RangeError(`no back-off from minMs ${minMs} to maxMs ${maxMs}`)
    }
    if (!(factor >= 1)) throw new RangeError(`factor ${factor} is below 1`)
    if (!(jitter >= 0 && jitter <= 1)) throw new RangeError(`jitter ${jitter} is outside 0 to 1`)
    this.#minMs = minMs
    this.#maxMs = maxMs
    this.#factor = factor
    this.#jitter = jitter
    this.#random = random
    this.#ms = minMs
  }

  /** The next wait, whole ms; the one after it is longer. */
  nextMs(): number {
    const ms = this.#ms
    this.#ms = Math.min(ms * this.#factor, this.#maxMs)
    return Math.round(ms * (1 - this.#jitter * this.#random()))
  }

  /** Starts again at `minMs`, after an attempt that held. */
  reset(): void {
    this.#ms = this.#minMs
  }
}
