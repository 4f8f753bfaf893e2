import { VirtualClock } from 'millrace/hub'
import { describe, expect, test } from 'vitest'
import { StallWatch } from '../../../src/node/net/stall-watch.ts'
import { type Expiring, TimeoutSweep } from '../../../src/node/net/sweep.ts'

class Item implements Expiring {
  nextTimeoutMs: number | undefined
  readonly handled: number[] = []
  onTimeout: (() => void) | undefined

  constructor(nextTimeoutMs?: number) {
    this.nextTimeoutMs = nextTimeoutMs
  }

  handleTimeout(nowMs: number): void {
    this.handled.push(nowMs)
    this.nextTimeoutMs = undefined
    this.onTimeout?.()
  }
}

describe('TimeoutSweep', () => {
  test('calls what is due, at most 250 ms late, and nothing else', () => {
    const clock = new VirtualClock(1000)
    const sweep = new TimeoutSweep(clock)
    const [due, later, never] = [new Item(1100), new Item(1600), new Item()]
    for (const item of [due, later, never]) sweep.add(item)
    clock.advance(2000)
    expect([due.handled, later.handled, never.handled]).toEqual([[1250], [1750], []])
  })

  test('has no timer while it is empty', () => {
    const clock = new VirtualClock()
    const sweep = new TimeoutSweep(clock)
    const item = new Item()
    expect(clock.pending).toBe(0)
    sweep.add(item)
    expect([clock.pending, sweep.size]).toEqual([1, 1])
    clock.advance(1000)
    expect(clock.pending).toBe(1)
    sweep.delete(item)
    sweep.delete(item)
    expect([clock.pending, sweep.size]).toEqual([0, 0])
  })

  test('an item may leave, or take others along, while it is called', () => {
    const clock = new VirtualClock()
    const sweep = new TimeoutSweep(clock)
    const items = [new Item(0), new Item(0), new Item(0)]
    for (const item of items) {
      sweep.add(item)
      item.onTimeout = () => items.forEach((other) => sweep.delete(other))
    }
    clock.advance(250)
    expect(items.map(({ handled }) => handled.length)).toEqual([1, 0, 0])
    expect(clock.pending).toBe(0)
  })

  test.each([512, 513, 1_300])('looks at %i items in steps of 512, at each once in 250 ms', (count) => {
    const clock = new VirtualClock()
    const sweep = new TimeoutSweep(clock)
    let looks = 0
    const items = Array.from({ length: count }, () => ({
      get nextTimeoutMs(): number | undefined {
        looks++
        return undefined
      },
      handleTimeout: () => undefined,
    }))
    for (const item of items) sweep.add(item)
    // The first step comes when one item was there.
    clock.advance(250)
    const perStep: number[] = []
    for (let ms = 0; ms < 10_000; ms++) {
      const before = looks
      clock.advance(1)
      if (looks > before) perStep.push(looks - before)
    }
    expect(Math.max(...perStep)).toBe(Math.min(count, 512))
    expect(looks / count).toBeGreaterThanOrEqual(39)
    expect(looks / count).toBeLessThanOrEqual(43)
    for (const item of items) sweep.delete(item)
    expect(clock.pending).toBe(0)
  })

  test('goes on when a handler throws', () => {
    const clock = new VirtualClock()
    const sweep = new TimeoutSweep(clock)
    const [bad, good] = [new Item(0), new Item(0)]
    bad.onTimeout = () => {
      throw new Error('of the application')
    }
    sweep.add(bad)
    sweep.add(good)
    expect(() => clock.advance(250)).toThrow('of the application')
    clock.advance(250)
    expect(good.handled).toHaveLength(1)
  })
})

describe('StallWatch', () => {
  /** Looks as a sweep does; `queued` says what waits at each time. @returns when it gave up. */
  function stallsAt(
    watch: StallWatch,
    untilMs: number,
    queued: (nowMs: number) => number,
  ): number | undefined {
    for (let nowMs = 0; nowMs <= untilMs; nowMs += 250) {
      const dueMs = watch.nextCheckMs(queued(nowMs))
      if (dueMs !== undefined && dueMs <= nowMs && watch.check(nowMs, queued(nowMs)) !== undefined)
        return nowMs
    }
    return undefined
  }

  test('a peer that takes nothing is found within a quarter of the timeout', () => {
    const watch = new StallWatch(4000, 0)
    watch.wrote(100)
    expect(stallsAt(watch, 60_000, (nowMs) => (nowMs < 600 ? 100 : 90))).toBe(5000) // 600 ms + 4000 ms + 400 ms
    expect(watch.check(5000, 90)?.code).toBe('ERR_RTMP_STALLED')
  })

  test('one that takes a byte at times is not', () => {
    const watch = new StallWatch(4000, 0)
    watch.wrote(1000)
    expect(stallsAt(watch, 60_000, (nowMs) => 1000 - Math.floor(nowMs / 3500))).toBeUndefined()
  })

  test('silence without a queue is no stall, however long', () => {
    const watch = new StallWatch(4000, 0)
    expect(stallsAt(watch, 60_000, () => 0)).toBeUndefined()
    expect(watch.nextCheckMs(0)).toBeUndefined()
    // What comes after the silence has its own time, from the first look.
    watch.wrote(10)
    expect(watch.check(60_000, 10)).toBeUndefined()
    expect(watch.check(63_999, 10)).toBeUndefined()
    expect(watch.check(64_000, 10)?.code).toBe('ERR_RTMP_STALLED')
  })

  test('a timeout shorter than the interval of the sweep', () => {
    const watch = new StallWatch(100, 0)
    watch.wrote(100)
    expect(stallsAt(watch, 60_000, (nowMs) => (nowMs < 600 ? 0 : 100))).toBe(1000) // first look at 750 ms
  })

  test('0 switches it off', () => {
    const watch = new StallWatch(0, 0)
    watch.wrote(10)
    expect(watch.nextCheckMs(10)).toBeUndefined()
    expect(watch.check(1_000_000, 10)).toBeUndefined()
  })
})
