import { VirtualClock } from 'millrace/hub'
import { expect, it } from 'vitest'
import { sleep } from '../../src/hub/sleep.ts'

it('ends when the time is up', async () => {
  const clock = new VirtualClock()
  const slept = sleep(clock, 1000).then(() => clock.now())
  clock.advance(999)
  clock.advance(1)
  expect(await slept).toBe(1000)
})

it('ends when the signal aborts, and leaves no timer', async () => {
  const clock = new VirtualClock()
  let cancelled = 0
  const counting = {
    setTimeout: (callback: () => void, ms: number) => {
      const timer = clock.setTimeout(callback, ms)
      return {
        cancel: () => {
          cancelled++
          timer.cancel()
        },
      }
    },
  }
  const abort = new AbortController()
  const slept = sleep(counting, 1000, abort.signal)
  abort.abort()
  await slept
  expect(cancelled).toBe(1)
  // Aborted before: no timer at all.
  await sleep(counting, 1000, abort.signal)
  expect(cancelled).toBe(1)
})
