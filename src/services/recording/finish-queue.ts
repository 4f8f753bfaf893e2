/**
 * Files that are made whole, a few at a time: beside streams that are recorded, this can wait.
 *
 * @module
 */

/** Runs jobs in order, a bounded number at the same time. */
export class FinishQueue {
  readonly #maxRunning: number
  readonly #waiting: (() => Promise<void>)[]
  readonly #idle: (() => void)[]
  #running: number

  /** @param maxRunning - at the same time. */
  constructor(maxRunning: number) {
    this.#maxRunning = maxRunning
    this.#waiting = []
    this.#idle = []
    this.#running = 0
  }

  /** Jobs that are not done. */
  get size(): number {
    return this.#running + this.#waiting.length
  }

  /** Adds a job, which must not reject. */
  add(job: () => Promise<void>): void {
    this.#waiting.push(job)
    this.#next()
  }

  /** Resolves when all jobs are done. */
  idle(): Promise<void> {
    return this.size === 0 ? Promise.resolve() : new Promise((resolve) => void this.#idle.push(resolve))
  }

  #next(): void {
    while (this.#running < this.#maxRunning) {
      const job = this.#waiting.shift()
      if (job === undefined) break
      this.#running++
      void job().finally(() => {
        this.#running--
        this.#next()
      })
    }
    if (this.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }
}
