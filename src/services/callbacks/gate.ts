/**
 * So many at a time, the others wait in line.
 *
 * @module
 */
import { LimitError } from '../../errors/index.ts'

/** Lets a bounded number in, and keeps a bounded number waiting. */
export class Gate {
  readonly #maxInside: number
  readonly #maxWaiting: number
  readonly #waiting: Set<() => void>
  #inside: number

  /**
   * @param maxInside - at a time.
   * @param maxWaiting - in line.
   */
  constructor(maxInside: number, maxWaiting: number) {
    this.#maxInside = maxInside
    this.#maxWaiting = maxWaiting
    this.#waiting = new Set()
    this.#inside = 0
  }

  /** Those who are in. */
  get inside(): number {
    return this.#inside
  }

  /** Those who wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Runs `task` when it is its turn.
   * @param signal - gives up the wait; a task that runs is not its business.
   * @throws {@link LimitError} `ERR_CALLBACK_QUEUE` when too many wait; the signal's reason; what the task throws.
   */
  async run<Result>(task: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    signal.throwIfAborted()
    if (this.#inside >= this.#maxInside) await this.#wait(signal)
    else this.#inside++
    try {
      return await task()
    } finally {
      this.#leave()
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.size >= this.#maxWaiting) {
        reject(new LimitError('ERR_CALLBACK_QUEUE', `${this.#waiting.size} calls wait for their turn`))
        return
      }
      const enter = (): void => {
        signal.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = (): void => {
        this.#waiting.delete(enter)
        reject(signal.reason)
      }
      signal.addEventListener('abort', giveUp, { once: true })
      this.#waiting.add(enter)
    })
  }

  /** The place goes to the next in line, or is free. */
  #leave(): void {
    for (const enter of this.#waiting) {
      this.#waiting.delete(enter)
      enter()
      return
    }
    this.#inside--
  }
}
