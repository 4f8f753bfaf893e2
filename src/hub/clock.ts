/**
 * Time as the hub sees it: given to the constructor, so that tests run on a virtual clock.
 *
 * @module
 */

/** Handle of a running timer. */
export interface Timer {
  /** Stops the timer; harmless when it has fired. */
  cancel(): void
}

/** Time and timers. */
export interface Clock {
  /** Milliseconds on a monotonic clock with any origin. */
  now(): number
  /** Calls `callback` once after `delayMs`, or after 24.8 days if that is less. A waiting timer does not keep the process alive. */
  setTimeout(callback: () => void, delayMs: number): Timer
  /** Calls `callback` once after the input that is at hand has been read, before any timer: `setImmediate` in Node. */
  defer(callback: () => void): void
}

interface Runtime {
  readonly performance: { now(): number }
  setTimeout(callback: () => void, delayMs: number): unknown
  clearTimeout(handle: unknown): void
  setImmediate?(callback: () => void): unknown
}

/** Runtimes take a longer delay for none at all. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

/** The clock of the runtime this code is loaded in: Node, a browser, Deno, Bun or a worker. */
export const systemClock: Clock = {
  now() {
    return runtime.performance.now()
  },
  setTimeout(callback, delayMs) {
    const handle = runtime.setTimeout(callback, Math.min(delayMs, LONGEST_DELAY_MS))
    // Node's handle is an object that holds the process open; a browser's is a number.
    if (typeof handle === 'object' && handle !== null && 'unref' in handle) (handle as Unreferable).unref()
    return { cancel: () => runtime.clearTimeout(handle) }
  },
  defer(callback) {
    if (runtime.setImmediate !== undefined) runtime.setImmediate(callback)
    else runtime.setTimeout(callback, 0)
  },
}

interface Unreferable {
  unref(): void
}

const runtime = globalThis as unknown as Runtime
