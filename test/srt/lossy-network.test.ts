/** Two ends with a bad network between them, on a virtual clock. */
import type { SrtSessionEvent } from 'millrace/srt'
import { describe, expect, it } from 'vitest'
import { testSrtCrypto, withFirstRandom } from '../support/srt-crypto.ts'
import { controlType, numbers, SimulatedWorld, type NetworkOptions } from './simulated-network.ts'

const PASSPHRASE = 'test-only-passphrase'

function lostIn(events: readonly SrtSessionEvent[]): number {
  return events.reduce((sum, event) => sum + (event.type === 'data' ? event.lostBefore : 0), 0)
}

describe('within the latency', () => {
  it('nothing is lost at 5 % both ways and 20 ms each way, whatever the seed', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const network = { seed, loss: 0.05, delayMs: 20, duplicates: 0.02 }
      const world = new SimulatedWorld({
        network,
        caller: { receiveLatencyMs: 250, sendLatencyMs: 250 },
        accept: { receiveLatencyMs: 250 },
      })
      world.run(1000)
      world.stream('caller', 300, 5)
      world.run(2000)
      expect(world.received('listener'), `seed ${seed}`).toEqual(numbers(300))
      const { pktRcvDrop, pktRcvLoss, pktRcvRetrans } = world.accepted!.statistics(world.nowMs)
      expect(pktRcvDrop).toBe(0)
      expect(pktRcvLoss).toBeGreaterThan(0)
      expect(pktRcvRetrans).toBeGreaterThan(0)
    }
  })

  it('both directions at once, the listener as sender too', () => {
    const world = new SimulatedWorld({
      network: { seed: 3, loss: 0.05, delayMs: 10, jitterMs: 5 },
      caller: { receiveLatencyMs: 300 },
      accept: { receiveLatencyMs: 300 },
    })
    world.run(1000)
    for (let i = 0; i < 200; i++) {
      world.stream('caller', 1, 2, 1316, i)
      world.stream('listener', 1, 2, 188, i)
    }
    world.run(2000)
    expect(world.received('listener')).toEqual(numbers(200))
    expect(world.received('caller')).toEqual(numbers(200))
  })

  it('packets that overtake each other within 30 ms are delivered in order', () => {
    const world = new SimulatedWorld({
      network: { seed: 4, delayMs: 5, jitterMs: 30, duplicates: 0.2 },
      accept: { receiveLatencyMs: 200 },
    })
    world.run(500)
    world.stream('caller', 400, 2)
    world.run(1000)
    expect(world.received('listener')).toEqual(numbers(400))
    expect(lostIn(world.events.listener)).toBe(0)
  })

  it('a tolerance for reordering saves NAKs', () => {
    const naks = (reorderPackets: number): number => {
      const world = new SimulatedWorld({
        network: { seed: 4, delayMs: 5, jitterMs: 10 },
        accept: { receiveLatencyMs: 200, reorderPackets },
      })
      world.run(500)
      world.stream('caller', 400, 2)
      world.run(1000)
      expect(world.received('listener')).toEqual(numbers(400))
      return world.accepted!.statistics(world.nowMs).pktSentNAK
    }
    expect(naks(8)).toBe(0)
    expect(naks(0)).toBeGreaterThan(50)
  })

  it('messages come with the intervals that they were written with', () => {
    const world = new SimulatedWorld({
      network: { seed: 5, delayMs: 40, jitterMs: 20 },
      accept: { receiveLatencyMs: 120 },
    })
    world.run(500)
    const startMs = world.nowMs
    const arrivals: number[] = []
    for (let i = 0; i < 200; i++) {
      world.stream('caller', 1, 1, 1316, i)
      for (let step = 0; step < 9; step++) world.run(1)
      while (arrivals.length < world.received('listener').length) arrivals.push(world.nowMs)
    }
    const delays = arrivals.map((atMs, i) => atMs - (startMs + 10 * i))
    // Path of the handshake, 40 to 60 ms, and the latency of 120 ms; read every 10 ms.
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(150)
    expect(Math.max(...delays)).toBeLessThanOrEqual(190)
  })
})

describe('beyond the latency', () => {
  it('what is missing is counted, and the rest comes in order', () => {
    const world = new SimulatedWorld({
      network: { seed: 6, loss: 0.2, delayMs: 100 },
      accept: { receiveLatencyMs: 120 },
      caller: { connectTimeoutMs: 20_000 },
    })
    world.run(5000)
    world.stream('caller', 500, 4)
    world.run(3000)
    const received = world.received('listener')
    const statistics = world.accepted!.statistics(world.nowMs)
    expect(received).toEqual(received.toSorted((a, b) => a - b))
    expect(new Set(received).size).toBe(received.length)
    expect(statistics.pktRcvDrop).toBe(lostIn(world.events.listener))
    expect(statistics.pktRcvDrop).toBeGreaterThan(20)
    const missingAtEnd = 499 - received.at(-1)!
    expect(received.length + statistics.pktRcvDrop + missingAtEnd).toBe(500)
    expect(statistics.pktRcvBelated).toBeGreaterThan(0)
  })

  it('a sender gives up what is too late, and goes on after an outage', () => {
    let isDown = false
    const world = new SimulatedWorld({
      network: { seed: 7, delayMs: 10, drops: () => isDown },
      accept: { receiveLatencyMs: 200 },
    })
    world.run(500)
    world.stream('caller', 50, 10)
    isDown = true
    world.stream('caller', 300, 10, 1316, 50)
    isDown = false
    world.stream('caller', 200, 10, 1316, 350)
    world.run(2000)
    const received = world.received('listener')
    expect(received.slice(0, 40)).toEqual(numbers(40))
    expect(received.at(-1)).toBe(549)
    expect(world.caller.statistics(world.nowMs).pktSndDrop).toBeGreaterThan(100)
    expect(world.accepted!.isOpen).toBe(true)
  })
})

describe('numbers that wrap', () => {
  it('sequence numbers, 301 packets before their end', () => {
    const world = new SimulatedWorld({
      network: { seed: 8, loss: 0.05, delayMs: 15 },
      caller: {
        crypto: withFirstRandom(testSrtCrypto(9), 0x1234, 0x7fffffff - 300),
        passphrase: PASSPHRASE,
        keyBytes: 32,
      },
      accept: { receiveLatencyMs: 250, passphrase: PASSPHRASE },
    })
    world.run(1000)
    world.stream('caller', 700, 3)
    world.run(1000)
    expect(world.received('listener')).toEqual(numbers(700))
    const sequenceNumbers = world.events.listener.flatMap((event) =>
      event.type === 'data' ? event.sequenceNumber : [],
    )
    expect(sequenceNumbers[0]).toBe(0x7fffffff - 300)
    expect(sequenceNumbers[301]).toBe(0)
  })

  it('time, after 71 minutes of silence in which keep-alives tell it', () => {
    const world = new SimulatedWorld({ network: { delayMs: 5 }, accept: { receiveLatencyMs: 100 } })
    world.run(500)
    world.stream('caller', 10, 10)
    world.run(71.5 * 60_000)
    const before = world.received('listener').length
    // 2³² µs are 4,294,967 ms: the timestamps of these wrap, and those after the next silence have.
    world.stream('caller', 1000, 10, 188, 10)
    world.run(60_000)
    world.stream('caller', 10, 10, 188, 1010)
    world.run(1000)
    expect(before).toBe(10)
    expect(world.received('listener')).toEqual(numbers(1020))
    const times = world.events.listener.flatMap((event) => (event.type === 'data' ? event.originMs : []))
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(4_294_967)
    const span = times[1009]! - times[10]!
    expect(span).toBeCloseTo(9990, 0)
  })
})

describe('keys that change', () => {
  it.each([16, 24, 32] as const)('every 200 packets, under loss, with keys of %i bytes', (keyBytes) => {
    const keys = { passphrase: PASSPHRASE, keyRefreshPackets: 200, keyAnnouncePackets: 60 }
    const world = new SimulatedWorld({
      network: { seed: 10, loss: 0.05, delayMs: 15 },
      caller: { ...keys, keyBytes, receiveLatencyMs: 250 },
      accept: { ...keys, receiveLatencyMs: 250 },
    })
    world.run(1000)
    for (let i = 0; i < 700; i++) {
      world.stream('caller', 1, 2, 1316, i)
      world.stream('listener', 1, 2, 1316, i)
    }
    world.run(1000)
    expect(world.received('listener')).toEqual(numbers(700))
    expect(world.received('caller')).toEqual(numbers(700))
    expect(world.caller.statistics(world.nowMs).pktRcvUndecrypt).toBe(0)
    const flags = new Set(
      world.sent.caller.filter((bytes) => controlType(bytes) === -1).map((bytes) => (bytes[4]! >>> 3) & 3),
    )
    expect(flags).toEqual(new Set([1, 2]))
    // Each change is announced with both keys.
    expect(
      world.sent.caller.filter((bytes) => controlType(bytes) === 0x7fff && bytes[3] === 3).length,
    ).toBeGreaterThanOrEqual(3)
  })

  it('a key that is never confirmed is not used', () => {
    const keys = { passphrase: PASSPHRASE, keyRefreshPackets: 100, keyAnnouncePackets: 30 }
    const world = new SimulatedWorld({
      network: { delayMs: 5, drops: (bytes) => controlType(bytes) === 0x7fff },
      caller: keys,
      accept: keys,
    })
    world.run(500)
    world.stream('caller', 400, 5)
    world.run(1000)
    expect(world.received('listener')).toEqual(numbers(400))
  })
})

describe('reports that are lost', () => {
  const dropping = (type: number, toListener: boolean): NetworkOptions => ({
    seed: 11,
    loss: 0.02,
    delayMs: 10,
    drops: (bytes, direction) => direction === toListener && controlType(bytes) === type,
  })

  it('all ACKACKs: ACKs are repeated no faster than a round trip, and everything arrives', () => {
    const world = new SimulatedWorld({ network: dropping(6, true), accept: { receiveLatencyMs: 200 } })
    world.run(1000)
    world.stream('caller', 300, 5)
    world.run(1000)
    expect(world.received('listener')).toEqual(numbers(300))
  })

  it('all ACKs: the sender gives its packets up by their age', () => {
    const world = new SimulatedWorld({ network: dropping(2, false), accept: { receiveLatencyMs: 200 } })
    world.run(1000)
    world.stream('caller', 600, 5)
    world.run(1500)
    expect(world.received('listener')).toEqual(numbers(600))
    expect(world.caller.sendPackets).toBe(0)
  })

  it('half of the NAKs: they are repeated', () => {
    let count = 0
    const network: NetworkOptions = {
      seed: 12,
      loss: 0.05,
      delayMs: 10,
      drops: (bytes) => controlType(bytes) === 3 && count++ % 2 === 0,
    }
    const world = new SimulatedWorld({ network, accept: { receiveLatencyMs: 400 } })
    world.run(1000)
    world.stream('caller', 400, 5)
    world.run(1000)
    expect(world.received('listener').slice(0, 390)).toEqual(numbers(390))
  })
})
