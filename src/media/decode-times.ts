/**
 * Decode times where a wire tells presentation times alone, as RTP does.
 *
 * Decode times are the presentation times in order, moved ahead by as many pictures as the stream may reorder: each picture takes the
 * smallest time that is left of its own and those of the pictures before it.
 *
 * @module
 */

/** The most pictures that H.264 and H.265 reorder. */
const MAX_DEPTH = 16

/** A step that no stream has from one picture to the next: another clock has begun. */
const MAX_STEP_MS = 5_000

/** Makes decode times that always go up. One for each track. */
export class DecodeTimes {
  #depth: number
  /** Presentation times that no picture has taken as its decode time yet, in order. */
  readonly #waiting: number[]
  /** Decode time of the last picture as the order gives it, before it was made to go up. */
  #floor: number
  #last: number

  constructor() {
    this.#depth = 0
    this.#waiting = []
    this.#floor = 0
    this.#last = -Infinity
  }

  /** Pictures that may come before one in decoding order and after it in output order, 0 to 16. */
  get depth(): number {
    return this.#depth
  }

  /** Begins a sequence of another depth. */
  restart(depth: number): void {
    this.#depth = Math.min(MAX_DEPTH, depth)
    this.#waiting.length = 0
  }

  /**
   * The decode time of the next picture in decoding order. A picture that comes later than the depth allows, of a stream that says less
   * than it does, makes it deeper: until the times have caught up they go on by 1 ms.
   * @param pts - presentation time in ms.
   * @param frameMs - how long a picture lasts, which places the first ones.
   */
  next(pts: number, frameMs: number): number {
    const waiting = this.#waiting
    if (Math.abs(pts - this.#floor) > MAX_STEP_MS + this.#depth * frameMs) {
      waiting.length = 0
      this.#last = -Infinity
    }
    if (this.#last === -Infinity) this.#floor = -Infinity
    if (waiting.length === 0) for (let i = this.#depth; i > 0; i--) waiting.push(pts - i * frameMs)
    let at = waiting.length
    while (at > 0 && waiting[at - 1]! > pts) at--
    waiting.splice(at, 0, pts)
    if (pts < this.#floor && this.#depth < MAX_DEPTH) {
      this.#depth++
      this.#floor = pts
    } else this.#floor = waiting.shift()!
    this.#last = Math.max(this.#floor, this.#last + MIN_STEP_MS)
    return this.#last
  }
}

/** Decode times are whole ms in the end, and players expect them to go up. */
const MIN_STEP_MS = 1
