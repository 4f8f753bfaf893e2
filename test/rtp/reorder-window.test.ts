import fc from 'fast-check'
import { ReorderWindow, type ReorderWindowOptions, type RtpPacket } from 'millrace/rtp'
import { describe, expect, it } from 'vitest'
import { fuzzRuns } from '../support/fuzz.ts'

const EMPTY = new Uint8Array(0)
const packetOf = (sequenceNumber: number, ssrc = 1): RtpPacket => ({
  payloadType: 96, marker: false, sequenceNumber: sequenceNumber & 0xffff, timestamp: 0, ssrc, payload: EMPTY,
}) // prettier-ignore

/** `number` or `number-lost` of what comes out of packets that come one a ms. */
function ordered(
  numbers: readonly number[],
  options?: ReorderWindowOptions,
  ssrcs: readonly number[] = [],
): string[] {
  const window = new ReorderWindow(options)
  for (const [i, number] of numbers.entries()) window.push(packetOf(number, ssrcs[i] ?? 1), i)
  return drain(window)
}

function drain(window: ReorderWindow): string[] {
  const out: string[] = []
  for (let next = window.read(); next !== undefined; next = window.read())
    out.push(`${next.packet.sequenceNumber}${next.lostCount > 0 ? `-${next.lostCount}` : ''}`)
  return out
}

describe('a window', () => {
  it('gives packets in order, across the wrap', () => {
    expect(ordered([65_534, 0, 65_535, 2, 1, 3])).toEqual(['65534', '65535', '0', '1', '2', '3'])
  })

  it('drops what comes twice or too late', () => {
    const window = new ReorderWindow()
    for (const number of [1, 2, 2, 1, 4, 4, 3]) window.push(packetOf(number), 0)
    expect(drain(window)).toEqual(['1', '2', '3', '4'])
    expect([window.lateCount, window.lostCount]).toEqual([3, 0])
  })

  it('gives up on a packet when more wait than may, and says how many are missing', () => {
    expect(ordered([1, 3, 4], { maxPackets: 2 })).toEqual(['1'])
    expect(ordered([1, 3, 4, 5], { maxPackets: 2 })).toEqual(['1', '3-1', '4', '5'])
    expect(ordered([1, 4], { maxPackets: 0 })).toEqual(['1', '4-2'])
  })

  it('gives up after its time, at n and not at n − 1 ms', () => {
    const window = new ReorderWindow({ maxWaitMs: 100 })
    window.push(packetOf(1), 0)
    expect(window.nextTimeoutMs).toBeUndefined()
    window.push(packetOf(3), 10)
    expect(window.nextTimeoutMs).toBe(110)
    expect(window.missing).toEqual([2])
    window.handleTimeout(109)
    expect(drain(window)).toEqual(['1'])
    window.handleTimeout(110)
    expect(drain(window)).toEqual(['3-1'])
    expect(window.lostCount).toBe(1)
  })

  it('asks for all that is missing', () => {
    const window = new ReorderWindow()
    for (const number of [65_533, 65_535, 2]) window.push(packetOf(number), 0)
    expect(window.missing).toEqual([65_534, 0, 1])
  })

  it('follows another source at once, and one that restarts from its second packet on', () => {
    expect(ordered([1, 2, 9000, 9001], {}, [1, 1, 2, 2])).toEqual(['1', '2', '9000-1', '9001'])
    expect(ordered([1, 2, 30_000, 30_001, 30_002])).toEqual(['1', '2', '30001-1', '30002'])
    expect(ordered([1, 2, 30_000, 3])).toEqual(['1', '2', '3'])
  })

  it('has all that waits once it is over', () => {
    const window = new ReorderWindow()
    for (const number of [1, 3, 5]) window.push(packetOf(number), 0)
    window.flush()
    expect(drain(window)).toEqual(['1', '3-1', '5-1'])
  })

  it('keeps the order of all packets that come at most as late as it waits', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 80 }), fc.nat(65_535), (delays, first) => {
        const sent = delays.map((delay, i) => ({ number: first + i, at: i + (i === 0 ? 0 : delay) }))
        const window = new ReorderWindow({ maxPackets: 64, maxWaitMs: 1000 })
        for (const { number, at } of sent.toSorted((a, b) => a.at - b.at)) window.push(packetOf(number), at)
        expect(drain(window)).toEqual(sent.map(({ number }) => String(number & 0xffff)))
      }),
      { seed: 7, numRuns: fuzzRuns(400) },
    )
  })

  it('never holds more than its bound, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(65_535), { maxLength: 200 }), (numbers) => {
        const out = ordered(numbers, { maxPackets: 8 })
        expect(out.length).toBeLessThanOrEqual(numbers.length)
      }),
      { seed: 7, numRuns: fuzzRuns(200) },
    )
  })
})
