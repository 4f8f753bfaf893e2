import { type AccessRequest, type Clock, Hub, setDeadline, VirtualClock } from 'millrace/hub'
import { describe, expect, test } from 'vitest'

/** A deadline of 10 s on a clock that starts at 0. */
function tenSeconds(): { clock: VirtualClock; passed: number[]; deadline: { cancel(): void } } {
  const clock = new VirtualClock()
  const passed: number[] = []
  return { clock, passed, deadline: setDeadline(clock, () => passed.push(clock.now()), 10_000) }
}

describe('setDeadline', () => {
  test('passes once, at its time', () => {
    const { clock, passed } = tenSeconds()
    clock.advance(9_999)
    expect(passed).toEqual([])
    clock.advance(100_000)
    expect(passed).toEqual([10_000])
    expect(clock.pending).toBe(0)
  })

  test('what is read at the last moment cancels it', () => {
    const { clock, passed, deadline } = tenSeconds()
    clock.advance(9_900)
    clock.standStill(200)
    // The poll for input comes after the timers that are due and before what they deferred.
    clock.defer(() => deadline.cancel())
    clock.advance(1_000)
    expect(passed).toEqual([])
    expect(clock.pending).toBe(0)
  })

  test.each([
    [9_000, 2_001, 16_001],
    [9_000, 2_000, 11_000],
    [5_000, 3_000, 10_000],
    [0, 3_600_000, 3_605_000],
  ])('a standstill at %i ms for %i ms: it passes at %i ms', (atMs, standstillMs, passesMs) => {
    const { clock, passed } = tenSeconds()
    clock.advance(atMs)
    clock.standStill(standstillMs)
    clock.advance(20_000)
    expect(passed).toEqual([passesMs])
    expect(clock.pending).toBe(0)
  })

  test('a standstill between its time and the read of the same turn extends it as well', () => {
    const clock = new VirtualClock()
    const passed: number[] = []
    let standstillMs = 8_000
    const stopped: Clock = {
      now: () => clock.now(),
      setTimeout: (callback, ms) => clock.setTimeout(callback, ms),
      defer: (callback) => {
        clock.defer(() => {
          clock.standStill(standstillMs)
          standstillMs = 0
          callback()
        })
      },
    }
    setDeadline(stopped, () => passed.push(clock.now()), 10_000)
    clock.advance(10_000)
    expect(passed).toEqual([])
    clock.advance(20_000)
    expect(passed).toEqual([23_000])
  })

  test('is extended once: a process that is always late still ends what is silent', () => {
    const { clock, passed } = tenSeconds()
    clock.standStill(12_000)
    clock.advance(1)
    clock.standStill(60_000)
    clock.advance(1)
    expect(passed).toEqual([72_001])
  })

  test('can be cancelled while it is extended', () => {
    const { clock, passed, deadline } = tenSeconds()
    clock.standStill(12_000)
    clock.advance(1_000)
    deadline.cancel()
    expect(clock.pending).toBe(0)
    clock.advance(20_000)
    expect(passed).toEqual([])
  })
})

describe('a hub that stood still', () => {
  test('keeps the stream of a publisher that comes back', () => {
    const clock = new VirtualClock()
    const hub = new Hub({ graceMs: 5_000 }, clock)
    const before = hub.publish('/live/show')
    before.unpublish()
    clock.standStill(8_000)
    clock.advance(100)
    const again = hub.publish('/live/show')
    expect(again.source).toBe(before.source)
    again.unpublish()
    clock.advance(5_000)
    expect(hub.stats().sources).toBe(0)
  })

  test('takes the decision that waits to be read', async () => {
    const clock = new VirtualClock()
    let answer = (_allowed: boolean): void => undefined
    const authorize = (): Promise<boolean> => new Promise((resolve) => (answer = resolve))
    const hub = new Hub({ authorize, authorizeTimeoutMs: 5_000 }, clock)
    const request: AccessRequest = {
      action: 'play',
      protocol: 'rtmp',
      vhost: '',
      app: 'live',
      streamName: 'show',
      streamPath: '/live/show',
      query: {},
      remoteAddress: '192.0.2.1',
      secure: false,
      url: '',
      pageUrl: '',
      details: {},
    }
    const decision = hub.authorize(request, new AbortController().signal)
    clock.standStill(8_000)
    clock.advance(100)
    answer(true)
    expect(await decision).toMatchObject({ type: 'accept' })
  })
})
