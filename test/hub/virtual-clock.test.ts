import { systemClock, VirtualClock } from 'millrace/hub'
import { expect, it } from 'vitest'

it('timers fire in order of time, then of setting, at their own time', () => {
  const clock = new VirtualClock(1_000)
  const seen: string[] = []
  const note = (name: string) => () => seen.push(`${name}@${clock.now()}`)
  clock.setTimeout(note('c'), 30)
  clock.setTimeout(note('a'), 10)
  clock.setTimeout(note('b'), 10)
  clock.setTimeout(note('now'), -5)
  clock.advance(29)
  expect(seen).toEqual(['now@1000', 'a@1010', 'b@1010'])
  clock.advance(1)
  expect(seen.at(-1)).toBe('c@1030')
  expect([clock.now(), clock.pending]).toEqual([1_030, 0])
})

it('a cancelled timer does not fire, also when a timer of the same time cancels it', () => {
  const clock = new VirtualClock()
  let fired = 0
  clock.setTimeout(() => second.cancel(), 5)
  const second = clock.setTimeout(() => fired++, 5)
  const third = clock.setTimeout(() => fired++, 6)
  third.cancel()
  third.cancel()
  clock.advance(100)
  expect([fired, clock.pending]).toEqual([0, 0])
})

it('deferred calls run before time moves, and those they defer too', () => {
  const clock = new VirtualClock()
  const seen: string[] = []
  clock.defer(() => {
    seen.push('first')
    clock.defer(() => seen.push('nested'))
  })
  clock.setTimeout(() => {
    seen.push('timer')
    clock.defer(() => seen.push('after'))
    clock.setTimeout(() => seen.push('chained'), 1)
  }, 1)
  expect(clock.pending).toBe(2)
  clock.turn()
  expect(seen).toEqual(['first', 'nested'])
  clock.advance(2)
  expect(seen).toEqual(['first', 'nested', 'timer', 'after', 'chained'])
})

it('the system clock goes on, defers, and cancels', async () => {
  const before = systemClock.now()
  let fired = false
  systemClock.setTimeout(() => (fired = true), 0).cancel()
  // A delay beyond 2^31 - 1 ms must not fire at once.
  const never = systemClock.setTimeout(() => (fired = true), Infinity)
  await new Promise<void>((resolve) => systemClock.defer(resolve))
  await new Promise<void>((resolve) => systemClock.setTimeout(resolve, 2))
  never.cancel()
  expect(systemClock.now()).toBeGreaterThan(before)
  expect(fired).toBe(false)
})
