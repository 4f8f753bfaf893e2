/**
 * Time limits for peers, programs and disks, which count no time in which nobody could have heard from them.
 *
 * @module
 */
import type { Clock, Timer } from './clock.ts'

/** A timer that is so late says that the process stood still: it was stopped, its machine was paused, or its event loop was held up; ms. */
const STANDSTILL_MS = 1_000

/** What a limit is extended by after that, ms: a network takes seconds to send again what a paused machine has lost. */
const RECOVERY_MS = 5_000

/**
 * A timer for a limit on what others do. Runtimes run timers before they read: after a standstill all limits have passed, and what would
 * have kept them waits unread in the system. Therefore the input at hand is read between the time and `callback`, and after a
 * standstill of more than a second `callback` comes 5 s later, once. A plain timer of the clock is for work of one's own.
 *
 * @param callback - called once, unless the deadline is cancelled before: also by what is read at the last moment.
 */
export function setDeadline(clock: Clock, callback: () => void, delayMs: number): Timer {
  let isCancelled = false
  let isExtended = false
  const dueMs = clock.now() + delayMs
  const extend = (expectedMs: number): boolean => {
    if (isExtended || clock.now() - expectedMs <= STANDSTILL_MS) return false
    isExtended = true
    timer = clock.setTimeout(readThenPass, RECOVERY_MS)
    return true
  }
  const readThenPass = (): void => {
    const readMs = clock.now()
    // Within a turn it may be stopped as well: the input that waits has not been read then.
    clock.defer(() => {
      if (!isCancelled && !extend(readMs)) callback()
    })
  }
  let timer = clock.setTimeout(() => {
    if (!extend(dueMs)) readThenPass()
  }, delayMs)
  return {
    cancel: () => {
      isCancelled = true
      timer.cancel()
    },
  }
}
