import { describe, expect, it } from 'vitest'
import { DeliveryClock } from '../../src/srt/delivery-clock.ts'

// A peer whose handshake with timestamp 1000 arrived at 5,000,000 µs, and a latency of 120 ms.
const newClock = (timestamp = 1000): DeliveryClock => new DeliveryClock(5_000_000, timestamp, 120_000)
const RTT_US = 20_000

/** 1000 ACKACKs, each so much later than its timestamp says. */
function drift(clock: DeliveryClock, us: number, rttUs = RTT_US): void {
  clock.sample(5_000_000, 1000, RTT_US)
  for (let i = 1; i < 1000; i++) clock.sample(5_000_000 + i * 10_000 + us, 1000 + i * 10_000, rttUs)
}

describe('delivery clock', () => {
  it('a packet is due its latency after the path of the handshake', () => {
    expect(newClock().dueUs(51_000)).toBe(5_000_000 + 50_000 + 120_000)
  })

  it('timestamps go on beyond 2³², also those that come late', () => {
    const clock = newClock(0xffff_ff00)
    expect(clock.extend(0x10)).toBe(2 ** 32 + 0x10)
    expect(clock.extend(0xffff_fff0)).toBe(0xffff_fff0)
    expect(clock.extend(0x20)).toBe(2 ** 32 + 0x20)
    expect(clock.dueUs(2 ** 32 + 0x10)).toBe(5_000_000 + 0x110 + 120_000)
  })

  it.each([
    ['a slower clock of the peer', 3000, 3000],
    ['a faster one', -3000, -3000],
    ['more than 5 ms', 8000, 8000],
  ])('follows %s after 1000 samples', (_, us, moved) => {
    const clock = newClock()
    const before = clock.dueUs(0)
    drift(clock, us)
    expect(Math.abs(clock.dueUs(0) - before - moved)).toBeLessThan(20)
  })

  it('a path that has become longer is no drift', () => {
    const clock = newClock()
    const before = clock.dueUs(0)
    drift(clock, 10_000, RTT_US + 20_000)
    expect(Math.abs(clock.dueUs(0) - before)).toBeLessThan(20)
  })
})
