/**
 * A bounded number of tasks at a time; the others wait in line.
 *
 * @module
 */

/** Runs tasks in order, a bounded number at the same time. */
export class ConcurrencyLimit {
  readonly #maxRunning: number
  readonly #maxWaiting: number
  readonly #waiting: Set<() => void>
  readonly #onIdle: (() => void)[]
  #running: number

  /**
   * @param maxRunning - tasks at the same time.
   * @param maxWaiting - tasks in line, for {@link ConcurrencyLimit.isFull}. @defaultValue no limit
   */
  constructor(maxRunning: number, maxWaiting = Infinity) {
    this.#maxRunning = maxRunning
    this.#maxWaiting = maxWaiting
    this.#waiting = new Set()
    this.#onIdle = []
    this.#running = 0
  }

  /** Tasks that run. */
  get running(): number {
    return this.#running
  }

  /** Tasks in line. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Whether a further task would exceed `maxWaiting`: check it before {@link ConcurrencyLimit.run}. */
  get isFull(): boolean {
    return this.#running >= this.#maxRunning && this.#waiting.size >= this.#maxWaiting
  }

  /**
   * Runs `task` when it is its turn: at once, if there is room.
   * @param signal - gives up the wait; it does not concern a task that runs.
   * @throws the signal's reason; what the task throws.
   */
  async run<Result>(task: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted()
    if (this.#running < this.#maxRunning) this.#running++
    else await this.#wait(signal)
    try {
      return await task()
    } finally {
      this.#leave()
    }
  }

  /** Resolves when no task runs or waits. */
  idle(): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : new Promise((resolve) => void this.#onIdle.push(resolve))
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = (): void => {
        this.#waiting.delete(enter)
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', giveUp, { once: true })
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
    this.#running--
    if (this.#running === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
  }
}
