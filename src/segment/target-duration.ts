/**
 * How long segments last.
 *
 * @module
 */

/** How long segments last. */
export interface TargetDurationOptions {
  /**
   * A segment ends at the first keyframe after this time; without video, at the first frame. Players start about three segments behind:
   * latency is some three times the target or the distance of keyframes, whichever is larger. In ms.
   * @defaultValue 4000
   */
  readonly targetDurationMs?: number | undefined
  /**
   * The first segments, up to this time together, end at the first keyframe after half the target, so that players that wait for a stream
   * have several sooner. In ms.
   * @defaultValue 0
   */
  readonly startupMs?: number | undefined
  /**
   * Times the target: if no keyframe comes for so long, a segment ends at any frame, and the next is not independent.
   * @defaultValue 4
   */
  readonly maxDurationFactor?: number | undefined
}

/** Times are rounded to ms: a GOP of 4 s may come out as 3.999. */
const MAX_EARLY_MS = 100

/** When a segment is due to end. */
export class TargetDuration {
  /** The target. */
  readonly targetMs: number
  /** A segment ends at any frame after so long. */
  readonly forcedMs: number
  readonly #earlyMs: number
  #startupLeftMs: number

  /** @throws RangeError if a duration or factor is out of range. */
  constructor({ targetDurationMs = 4000, maxDurationFactor = 4, startupMs = 0 }: TargetDurationOptions) {
    if (!(targetDurationMs > 0)) throw new RangeError(`targetDurationMs ${targetDurationMs} is not above 0`)
    if (!(maxDurationFactor >= 1)) throw new RangeError(`maxDurationFactor ${maxDurationFactor} is below 1`)
    this.targetMs = targetDurationMs
    this.forcedMs = targetDurationMs * maxDurationFactor
    this.#earlyMs = Math.min(MAX_EARLY_MS, targetDurationMs / 20)
    this.#startupLeftMs = startupMs
  }

  /** How long a segment lasts at least. */
  get dueMs(): number {
    return this.#startupLeftMs > 0 ? this.targetMs / 2 : this.targetMs
  }

  /** How long a segment lasts at least that ends at a keyframe. */
  get keyframeDueMs(): number {
    return this.dueMs - this.#earlyMs
  }

  /** A segment took so long. */
  pass(durationMs: number): void {
    this.#startupLeftMs -= durationMs
  }
}
