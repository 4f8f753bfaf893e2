/** Peers that mean harm: what they send is dropped, counted or ends their own connection, and memory stays within its bounds. */
import fc from 'fast-check'
import {
  encodeSrtControlPacket,
  encodeSrtDataPacket,
  SrtListener,
  type SrtDataPacket,
  type SrtSession,
} from 'millrace/srt'
import { describe, expect, it } from 'vitest'
import { fuzzRuns } from '../support/fuzz.ts'
import { testSrtCrypto } from '../support/srt-crypto.ts'
import { controlType, numbers, SimulatedWorld } from './simulated-network.ts'
import { controlVectors } from './vectors.ts'

const FROM = { address: '127.0.0.1', port: 40_000 }

/** An established connection, into which a test puts datagrams of its own. */
function connected(options: ConstructorParameters<typeof SimulatedWorld>[0] = {}): SimulatedWorld {
  const world = new SimulatedWorld(options)
  world.run(200)
  return world
}

function initialOf(world: SimulatedWorld): number {
  const handshake = world.sent.caller[0]!
  return new DataView(handshake.buffer).getUint32(24)
}

function data(session: SrtSession, sequenceNumber: number, fields: Partial<SrtDataPacket> = {}): Uint8Array {
  return encodeSrtDataPacket({
    sequenceNumber,
    position: 'whole',
    ordered: false,
    key: 'clear',
    resent: false,
    messageNumber: 1,
    timestamp: 0,
    destinationId: session.socketId,
    payload: new Uint8Array(188),
    ...fields,
  })
}

describe('a session', () => {
  it('ends at an ACK of what was never sent', () => {
    const world = connected()
    const ack = { type: 'ack', ackNumber: 1, timestamp: 0, destinationId: world.caller.socketId } as const
    world.caller.push(
      encodeSrtControlPacket({ ...ack, nextSequenceNumber: initialOf(world) + 1 }),
      world.nowMs,
    )
    expect(world.caller.readEvent()).toMatchObject({ type: 'close', code: 'ERR_SRT_SEQUENCE' })
  })

  it('ends at a packet beyond its window, if it has nothing else', () => {
    const world = connected()
    const session = world.accepted!
    session.push(data(session, (initialOf(world) + 8192) & 0x7fffffff), world.nowMs)
    expect(session.readEvent()).toMatchObject({ type: 'close', code: 'ERR_SRT_SEQUENCE' })
  })

  it('drops what does not fit into its window', () => {
    const world = connected({ accept: { maxReceivePackets: 64 } })
    const session = world.accepted!
    const first = initialOf(world)
    for (const ahead of [1, 63, 64, 5000]) session.push(data(session, first + ahead), world.nowMs)
    expect(session.statistics(world.nowMs)).toMatchObject({ pktRecv: 4, pktRecvUnique: 2, pktRcvLoss: 62 })
    expect(session.isOpen).toBe(true)
  })

  it('drops packets that live mode does not have', () => {
    const world = connected()
    const session = world.accepted!
    const first = initialOf(world)
    for (const fields of [
      { position: 'first' },
      { messageNumber: 0 },
      { payload: new Uint8Array(1457) },
    ] as const) {
      session.push(data(session, first, fields), world.nowMs)
    }
    session.push(new Uint8Array(15), world.nowMs)
    expect(session.statistics(world.nowMs)).toMatchObject({ pktRecvUnique: 0, pktRcvMalformed: 4 })
  })

  it('counts what it cannot decrypt, asks for none of it again and delivers the rest', () => {
    const world = connected({ accept: { receiveLatencyMs: 50 } })
    const session = world.accepted!
    const first = initialOf(world)
    session.push(data(session, first, { key: 'even' }), world.nowMs)
    session.push(data(session, first + 1), world.nowMs)
    world.settle()
    world.run(500)
    expect(world.events.listener.filter(({ type }) => type === 'data').length).toBe(1)
    expect(session.statistics(world.nowMs)).toMatchObject({ pktRcvUndecrypt: 1, pktSentNAK: 0 })
  })

  it('answers a NAK of what it does not hold with a drop request, and sends nothing that was never sent', () => {
    const world = connected()
    world.stream('caller', 50, 10)
    world.run(500)
    const before = world.sent.caller.length
    const first = initialOf(world)
    const nak = { type: 'nak', timestamp: 0, destinationId: world.caller.socketId } as const
    const push = (from: number, to: number): void =>
      world.caller.push(encodeSrtControlPacket({ ...nak, lost: [{ first: from, last: to }] }), world.nowMs)
    push(first, first + 9)
    push(first + 100, first + 200)
    push(first + 40, first + 1000)
    push((first + 2 ** 30 + 40) & 0x7fffffff, (first + 2 ** 30 + 60) & 0x7fffffff) // half way round, where before and after meet
    world.settle()
    const types = world.sent.caller.slice(before).map(controlType)
    expect(types).toEqual([7])
    expect(world.caller.statistics(world.nowMs).pktRetrans).toBe(0)
  })

  it('sends a packet again once in a round trip, however many NAKs ask for it', () => {
    const world = connected({ network: { delayMs: 50, drops: (bytes) => controlType(bytes) === 2 } })
    world.stream('caller', 100, 1)
    const first = initialOf(world)
    const nak = encodeSrtControlPacket({
      type: 'nak',
      timestamp: 0,
      destinationId: world.caller.socketId,
      lost: [{ first, last: first + 99 }],
    })
    for (let i = 0; i < 500; i++) world.caller.push(nak, world.nowMs)
    world.settle()
    expect(world.caller.statistics(world.nowMs).pktRetrans).toBeLessThanOrEqual(100)
  })

  it('bounds drop requests by its window', () => {
    const world = connected({ accept: { maxReceivePackets: 64, receiveLatencyMs: 50 } })
    const session = world.accepted!
    const first = initialOf(world)
    const drop = (from: number, to: number): void =>
      session.push(
        encodeSrtControlPacket({
          type: 'dropRequest',
          messageNumber: 0,
          timestamp: 0,
          destinationId: session.socketId,
          range: { first: from, last: to },
        }),
        world.nowMs,
      )
    drop(first, (first + 0x3ffffff0) & 0x7fffffff)
    drop(first + 10, first + 20) // begins beyond what has come
    drop(first + 5, first)
    drop(first + 1, (first + 2 ** 30) & 0x7fffffff)
    world.stream('caller', 10, 10)
    world.run(300)
    expect(world.received('listener')).toEqual(numbers(10))
  })

  it('ignores datagrams for another socket id', () => {
    const world = connected()
    const shutdown = encodeSrtControlPacket({ type: 'shutdown', timestamp: 0, destinationId: 7 })
    world.caller.push(shutdown, world.nowMs)
    expect(world.caller.isOpen).toBe(true)
  })

  it('keeps its output within its bound if nobody takes it', () => {
    const world = connected({ caller: { maxOutputDatagrams: 100 } })
    for (let i = 0; i < 300; i++) {
      world.caller.write(new Uint8Array(1316), world.nowMs)
      world.caller.handleTimeout(world.nowMs + i)
    }
    expect(world.caller.takeOutput().length).toBe(100)
  })

  it('refuses messages beyond maxSendPackets', () => {
    const world = connected({ caller: { maxSendPackets: 10 } })
    const taken = Array.from({ length: 20 }, () => world.caller.write(new Uint8Array(1316), world.nowMs))
    expect(taken.filter(Boolean).length).toBe(10)
    expect(world.caller.statistics(world.nowMs).pktSndDrop).toBe(10)
  })

  it('sends no faster than its bandwidth', () => {
    const world = connected({ caller: { maxBandwidthKbps: 1000 } })
    const startMs = world.nowMs
    for (let i = 0; i < 200; i++) world.write('caller', new Uint8Array(1316))
    world.run(800)
    const bytes =
      world.caller.statistics(world.nowMs).byteSent + 28 * world.caller.statistics(world.nowMs).pktSent
    const kbps = (bytes * 8) / (world.nowMs - startMs)
    expect(kbps).toBeGreaterThan(900)
    expect(kbps).toBeLessThan(1050)
  })

  it('follows the rate of its input', () => {
    const world = connected({ caller: { maxBandwidthKbps: 'input' } })
    world.stream('caller', 400, 5)
    const { mbpsMaxBW, mbpsSendRate } = world.caller.statistics(world.nowMs)
    // 200 packets of 1316 + 44 bytes a second are 2.176 Mbit/s.
    expect(mbpsMaxBW).toBeCloseTo(2.176 * 1.25, 1)
    expect(mbpsSendRate).toBeCloseTo(2.1, 0)
  })
})

describe('a listener', () => {
  it('drops datagrams of a connection that come from elsewhere', () => {
    const world = connected()
    const shutdown = encodeSrtControlPacket({
      type: 'shutdown',
      timestamp: 0,
      destinationId: world.accepted!.socketId,
    })
    for (const from of [
      { ...FROM, port: 1 },
      { ...FROM, address: '127.0.0.2' },
    ]) {
      expect(world.listener.push(shutdown, from, world.nowMs)).toBeUndefined()
    }
    expect(world.accepted!.isOpen).toBe(true)
    expect(world.listener.push(shutdown, FROM, world.nowMs)).toBe(world.accepted)
  })

  it('answers nothing with more bytes than it was sent, and keeps nothing of strangers', () => {
    const listener = new SrtListener({ crypto: testSrtCrypto(), nowMs: 0, maxHandshakesPerSec: 1e9 })
    let sent = 0
    let answered = 0
    const vectors = controlVectors.map(({ bytes }) => bytes)
    const random = testSrtCrypto(5)
    const [a = 0] = random.randomBytes(1)
    for (let i = 0; i < 20_000; i++) {
      const datagram = vectors[(i + a) % vectors.length]!.slice()
      const [at = 0, value = 0, port = 0] = random.randomBytes(3)
      datagram[at % datagram.length] = value
      sent += datagram.length
      listener.push(datagram, { address: '192.0.2.1', port }, i)
      for (const { bytes } of listener.takeOutput()) answered += bytes.length
    }
    expect(answered).toBeGreaterThan(0)
    expect(answered).toBeLessThan(sent)
    expect(listener.readEvent()).toBeUndefined()
    expect(listener.sessions).toEqual([])
  })
})

it('whatever datagrams are changed to, nothing throws and a closed session stays closed', () => {
  const change = fc.record({
    packet: fc.nat(400),
    at: fc.oneof(fc.nat(20), fc.nat(1400)),
    value: fc.nat(255),
    kind: fc.constantFrom('flip', 'cut'),
  })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), fc.integer({ min: 1, max: 1000 }), (changes, seed) => {
      const keys = { passphrase: 'test-only-passphrase', keyRefreshPackets: 20, keyAnnouncePackets: 5 }
      let index = 0
      const world = new SimulatedWorld({
        network: {
          seed,
          delayMs: 5,
          loss: 0.05,
          drops(bytes) {
            for (const { packet, at, value, kind } of changes) {
              if (packet !== index) continue
              // Addresses stay, or nobody would read the packet.
              const place = at % bytes.length
              if (kind === 'flip' && (place < 12 || place >= 16)) bytes[place]! ^= value
              else if (kind === 'cut') bytes.fill(0, place)
            }
            index++
            return false
          },
        },
        caller: keys,
        accept: keys,
      })
      world.run(1000)
      if (world.accepted === undefined) return
      for (let i = 0; i < 60; i++) world.stream('caller', 1, 5, 188, i)
      world.run(1000)
      for (const end of ['caller', 'listener'] as const) {
        const closes = world.events[end].filter(({ type }) => type === 'close').length
        expect(closes).toBeLessThanOrEqual(1)
        const received = world.events[end].filter(({ type }) => type === 'data').length
        expect(received).toBeLessThanOrEqual(60)
      }
    }),
    { numRuns: fuzzRuns(400), seed: 20_260_104 },
  )
})
