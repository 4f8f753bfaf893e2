/**
 * Letting time pass.
 *
 * @module
 */
import type { Clock } from './clock.ts'

/** Resolves after `ms`, or as soon as `signal` aborts. Never rejects. */
export function sleep(clock: Pick<Clock, 'setTimeout'>, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })
}
