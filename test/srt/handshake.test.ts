/** Callers and listeners against what libsrt sends, and against each other. */
import {
  decodeSrtControlPacket,
  encodeSrtControlPacket,
  SRT_REJECTION,
  SrtCallerSession,
  SrtListener,
  type SrtHandshake,
  type SrtHandshakePacket,
  type SrtSession,
} from 'millrace/srt'
import { describe, expect, it } from 'vitest'
import { hex, join, toHex } from '../support/bytes.ts'
import { testSrtCrypto, withFirstRandom } from '../support/srt-crypto.ts'
import { controlType, numbers, SimulatedWorld } from './simulated-network.ts'
import { controlVectors, KEY_REQUEST_EVEN } from './vectors.ts'

const FROM = { address: '127.0.0.1', port: 5000 }
const PASSPHRASE = 'test-only-passphrase'
const NOW = 1_000_000

function vector(name: string): Uint8Array {
  return controlVectors.find((entry) => entry.name === name)!.bytes
}

function handshakeOf(datagram: Uint8Array): SrtHandshake {
  const packet = decodeSrtControlPacket(datagram)
  if (packet.type !== 'handshake') throw new Error(packet.type)
  return packet.handshake
}

/** The datagram with some words replaced, by their place. */
function patched(datagram: Uint8Array, words: Readonly<Record<number, number>>): Uint8Array {
  const copy = datagram.slice()
  const view = new DataView(copy.buffer)
  for (const [at, word] of Object.entries(words)) view.setUint32(Number(at), word)
  return copy
}
const COOKIE_AT = 44

function newListener(options: object = {}): SrtListener {
  return new SrtListener({ crypto: testSrtCrypto(1), nowMs: NOW, ...options })
}

/** What a listener answers to one datagram. */
function answer(
  listener: SrtListener,
  datagram: Uint8Array,
  from = FROM,
  nowMs = NOW,
): Uint8Array | undefined {
  listener.push(datagram, from, nowMs)
  return listener.takeOutput()[0]?.bytes
}

function cookieOf(listener: SrtListener, from = FROM, nowMs = NOW): number {
  return handshakeOf(answer(listener, vector('induction request of FFmpeg'), from, nowMs)!).cookie
}

/** A conclusion of FFmpeg with the listener's cookie. */
function conclusionFor(listener: SrtListener, name = 'conclusion with a stream id'): Uint8Array {
  return patched(vector(name), { [COOKIE_AT]: cookieOf(listener) })
}

/** The conclusion with other extensions: flags of the extension field, then bytes. */
function withExtensions(listener: SrtListener, text: string): Uint8Array {
  return join(conclusionFor(listener).subarray(0, 64), hex(text))
}
const HSREQ = '0001 0003 00010501 000000bf 0050 0050'

function rejectionOf(listener: SrtListener, datagram: Uint8Array): number | undefined {
  const bytes = answer(listener, datagram)
  if (bytes !== undefined && bytes.length !== 64) throw new Error(`rejection of ${bytes.length} bytes`)
  return bytes && handshakeOf(bytes).handshakeType
}

describe('a listener', () => {
  it('answers an induction with as many bytes, and keeps nothing', () => {
    const request = vector('induction request of FFmpeg')
    const bytes = answer(newListener(), request)!
    expect(bytes.length).toBe(request.length)
    const theirs = handshakeOf(vector('induction response'))
    expect(handshakeOf(bytes)).toEqual({ ...theirs, cookie: handshakeOf(bytes).cookie })
    // A longer request has no longer answer.
    expect(answer(newListener(), join(request, new Uint8Array(1200)))?.length).toBe(64)
  })

  it('accepts FFmpeg as libsrt does', () => {
    const listener = newListener({ receiveLatencyMs: 200, sendLatencyMs: 50 })
    expect(answer(listener, conclusionFor(listener))).toBeUndefined()
    const { request } = listener.readEvent()!
    expect(request).toMatchObject({
      peer: FROM,
      streamId: '#!::r=live/abcde,m=publish',
      isEncrypted: false,
      peerVersion: 0x010501,
      receiveLatencyMs: 80,
      sendLatencyMs: 80,
    })
    const session = request.accept()!
    const [bytes] = session.takeOutput()
    const theirs = handshakeOf(vector('conclusion response'))
    const ours = handshakeOf(bytes!)
    expect(ours).toEqual({
      ...theirs,
      cookie: ours.cookie,
      socketId: session.socketId,
      extensions: { response: { ...theirs.extensions.response, flags: 0x3f } },
    })
    expect(session.readEvent()).toEqual({
      type: 'connect',
      peerVersion: 0x010501,
      receiveLatencyMs: 200,
      sendLatencyMs: 80,
    })
  })

  it('gives a repeated conclusion the same answer, and no second connection', () => {
    const listener = newListener()
    const conclusion = conclusionFor(listener)
    answer(listener, conclusion)
    answer(listener, conclusion) // while the decision is awaited
    const { request } = listener.readEvent()!
    expect(listener.readEvent()).toBeUndefined()
    const session = request.accept()!
    const [first] = session.takeOutput()
    expect(listener.push(conclusion, FROM, NOW + 250)).toBe(session)
    expect(session.takeOutput()).toEqual([first])
    expect(listener.sessions.length).toBe(1)
    expect(request.accept()).toBeUndefined()
  })

  it('takes the key of a caller and sends it back', () => {
    const listener = newListener({ passphrase: PASSPHRASE })
    answer(listener, conclusionFor(listener, 'conclusion with a key'))
    const session = listener.readEvent()!.request.accept()!
    const { encryption, extensionField, extensions } = handshakeOf(session.takeOutput()[0]!)
    expect([encryption, extensionField]).toEqual([2, 3])
    expect(toHex(extensions.keyResponse!)).toBe(toHex(KEY_REQUEST_EVEN))
  })

  it.each([
    [
      'a wrong passphrase',
      'conclusion with a key',
      { passphrase: 'another-passphrase' },
      SRT_REJECTION.badSecret,
    ],
    ['a key for no passphrase', 'conclusion with a key', {}, SRT_REJECTION.unsecure],
    [
      'no key for a passphrase',
      'conclusion with a stream id',
      { passphrase: PASSPHRASE },
      SRT_REJECTION.unsecure,
    ],
  ])('refuses %s, after the decision', (_, name, options, reason) => {
    const listener = newListener(options)
    answer(listener, conclusionFor(listener, name))
    expect(listener.readEvent()!.request.accept()).toBeUndefined()
    expect(handshakeOf(listener.takeOutput()[0]!.bytes).handshakeType).toBe(reason)
    expect(listener.sessions).toEqual([])
  })

  it('refuses with the reason that the owner gives, before it looks at the passphrase', () => {
    const listener = newListener({ passphrase: 'another-passphrase' })
    answer(listener, conclusionFor(listener, 'conclusion with a key'))
    listener.readEvent()!.request.reject(SRT_REJECTION.forbidden)
    const bytes = listener.takeOutput()[0]!.bytes
    expect(handshakeOf(bytes)).toMatchObject({ version: 5, handshakeType: 2403, socketId: 0x245c4d96 })
    expect((decodeSrtControlPacket(bytes) as SrtHandshakePacket).destinationId).toBe(0x245c4d96)
  })

  it('judges the passphrase before anything is made ready, and may still refuse', () => {
    const listener = newListener()
    answer(listener, conclusionFor(listener, 'conclusion with a key'))
    const { request } = listener.readEvent()!
    expect(request.prepare({ passphrase: PASSPHRASE })).toBe(true)
    expect(listener.takeOutput()).toEqual([])
    request.reject(SRT_REJECTION.conflict)
    expect(handshakeOf(listener.takeOutput()[0]!.bytes).handshakeType).toBe(2409)
    expect(request.accept()).toBeUndefined()

    answer(listener, conclusionFor(listener, 'conclusion with a key'))
    const second = listener.readEvent()!.request
    expect(second.prepare({ passphrase: PASSPHRASE })).toBe(true)
    expect(second.accept()?.isOpen).toBe(true)

    const wrong = newListener()
    answer(wrong, conclusionFor(wrong, 'conclusion with a key'))
    expect(wrong.readEvent()!.request.prepare({ passphrase: 'another-passphrase' })).toBe(false)
    expect(handshakeOf(wrong.takeOutput()[0]!.bytes).handshakeType).toBe(SRT_REJECTION.badSecret)
  })

  it('refuses another cipher', () => {
    const listener = newListener({ passphrase: PASSPHRASE })
    const conclusion = conclusionFor(listener, 'conclusion with a key')
    conclusion[64 + 16 + 4 + 8] = 4 // AES-GCM in the KMREQ
    answer(listener, conclusion)
    expect(listener.readEvent()!.request.accept()).toBeUndefined()
    expect(handshakeOf(listener.takeOutput()[0]!.bytes).handshakeType).toBe(SRT_REJECTION.cryptoMode)
  })

  it.each([
    ['no HSREQ', '0005 0001 64636261', SRT_REJECTION.rogue],
    ['a byte stream', '0001 0003 00010501 000000ff 0050 0050', SRT_REJECTION.messageApi],
    ['an old version', '0001 0003 00010204 000000bf 0050 0050', SRT_REJECTION.version],
    ['no R bit', '0001 0003 00010501 0000009f 0050 0050', SRT_REJECTION.version],
    ['file congestion control', `${HSREQ} 0006 0001 656c6966`, SRT_REJECTION.congestion],
    ['a packet filter', `${HSREQ} 0007 0001 00636566`, SRT_REJECTION.filter],
    ['a group', `${HSREQ} 0008 0002 0000000000000000`, SRT_REJECTION.group],
    ['an extension that is cut off', `${HSREQ} 0005 0002 64636261`, SRT_REJECTION.rogue],
    ['an extension twice', `${HSREQ} ${HSREQ}`, SRT_REJECTION.rogue],
  ])('refuses %s', (_, extensions, reason) => {
    const listener = newListener()
    expect(rejectionOf(listener, withExtensions(listener, extensions))).toBe(reason)
    expect(listener.readEvent()).toBeUndefined()
  })

  it('refuses version 4 and an MTU in which nothing fits', () => {
    const listener = newListener()
    const conclusion = conclusionFor(listener)
    expect(rejectionOf(listener, patched(conclusion, { 16: 4 }))).toBe(SRT_REJECTION.version)
    expect(rejectionOf(listener, patched(conclusion, { 28: 100 }))).toBe(SRT_REJECTION.rogue)
  })

  it('refuses a latency beyond maxLatencyMs', () => {
    const listener = newListener({ maxLatencyMs: 1000 })
    answer(listener, withExtensions(listener, '0001 0003 00010501 000000bf 03e9 0000'))
    expect(listener.readEvent()!.request.accept()).toBeUndefined()
    expect(handshakeOf(listener.takeOutput()[0]!.bytes).handshakeType).toBe(SRT_REJECTION.resource)
  })

  it('says nothing to a cookie of another address, of an hour ago or of nobody', () => {
    const listener = newListener()
    const conclusion = conclusionFor(listener)
    expect(answer(listener, conclusion, { ...FROM, port: 5001 })).toBeUndefined()
    expect(answer(listener, conclusion, { ...FROM, address: '127.0.0.2' })).toBeUndefined()
    expect(answer(listener, patched(conclusion, { [COOKIE_AT]: 0 }))).toBeUndefined()
    expect(answer(listener, conclusion, FROM, NOW + 125_000)).toBeUndefined()
    expect(listener.readEvent()).toBeUndefined()
    // The minute before is good.
    const later = newListener()
    const waited = conclusionFor(later)
    answer(later, waited, FROM, NOW + 59_000)
    expect(later.readEvent()).toBeDefined()
  })

  it('refuses what waits for a decision too long', () => {
    const listener = newListener({ requestTimeoutMs: 2000 })
    answer(listener, conclusionFor(listener))
    expect(listener.nextTimeoutMs).toBe(NOW + 2000)
    listener.handleTimeout(NOW + 2000)
    expect(handshakeOf(listener.takeOutput()[0]!.bytes).handshakeType).toBe(SRT_REJECTION.timeout)
    expect(listener.readEvent()!.request.accept()).toBeUndefined()
  })

  it('keeps to its bounds', () => {
    const listener = newListener({ maxRequests: 2, maxConnections: 3, maxConnectionsPerAddress: 1 })
    const reasons: (number | undefined)[] = []
    const ask = (port: number, address = '127.0.0.1'): void => {
      const from = { address, port }
      const conclusion = patched(vector('conclusion with a stream id'), {
        [COOKIE_AT]: cookieOf(listener, from),
      })
      const bytes = answer(listener, conclusion, from)
      reasons.push(bytes && handshakeOf(bytes).handshakeType)
    }
    for (const port of [1, 2, 3]) ask(port)
    expect(reasons).toEqual([undefined, undefined, SRT_REJECTION.backlog])
    const accepted = [listener.readEvent()!, listener.readEvent()!].map(({ request }) => request.accept())
    expect(accepted.map((session) => session !== undefined)).toEqual([true, false])
    listener.takeOutput()
    ask(4)
    expect(reasons.at(-1)).toBe(SRT_REJECTION.overload)
    // A connection that ends makes room.
    accepted[0]!.abort()
    ask(5)
    expect(reasons.at(-1)).toBeUndefined()
  })

  it('answers so many handshakes a second', () => {
    const listener = newListener({ maxHandshakesPerSec: 10 })
    const request = vector('induction request of FFmpeg')
    const answers = (nowMs: number): number =>
      Array.from({ length: 20 }, () => answer(listener, request, FROM, nowMs)).filter(Boolean).length
    expect([answers(NOW), answers(NOW + 500)]).toEqual([10, 5])
  })

  it('refuses all after its close', () => {
    const listener = newListener()
    const conclusion = conclusionFor(listener)
    answer(listener, conclusion)
    listener.close()
    expect(handshakeOf(listener.takeOutput()[0]!.bytes).handshakeType).toBe(SRT_REJECTION.close)
    expect(rejectionOf(listener, conclusion)).toBe(SRT_REJECTION.close)
  })
})

describe('a caller', () => {
  const SOCKET_ID = 0x03959291
  const newCaller = (options: object = {}): SrtCallerSession =>
    new SrtCallerSession({
      crypto: withFirstRandom(testSrtCrypto(2), SOCKET_ID, 0x048628e9),
      nowMs: NOW,
      peerAddress: '127.0.0.1',
      streamId: '#!::r=live/abcde,m=publish',
      receiveLatencyMs: 80,
      sendLatencyMs: 80,
      ...options,
    })
  const closeOf = (session: SrtSession): unknown => {
    const event = session.readEvent()
    return event?.type === 'close' ? [event.code, event.rejection] : event
  }

  it('sends what FFmpeg sends, and takes what libsrt answers', () => {
    const caller = newCaller()
    expect(handshakeOf(caller.takeOutput()[0]!)).toEqual(handshakeOf(vector('induction request of FFmpeg')))
    caller.push(vector('induction response'), NOW + 1)
    const ours = handshakeOf(caller.takeOutput()[0]!)
    const theirs = handshakeOf(vector('conclusion with a stream id'))
    expect(ours).toEqual({
      ...theirs,
      extensions: { ...theirs.extensions, request: { ...theirs.extensions.request, flags: 0x3f } },
    })
    caller.push(vector('conclusion response'), NOW + 2)
    // HSRSP 200/80: the listener delays what it receives by 200 ms, and this side by 80.
    expect(caller.readEvent()).toEqual({
      type: 'connect',
      peerVersion: 0x010501,
      receiveLatencyMs: 80,
      sendLatencyMs: 200,
    })
    expect(caller.isOpen).toBe(true)
    expect(caller.maxPayloadBytes).toBe(1456)
  })

  it('repeats its request every 250 ms and gives up after 3 s', () => {
    const caller = newCaller()
    let requests = caller.takeOutput().length
    for (let nowMs = NOW; !caller.isClosed; nowMs = caller.nextTimeoutMs ?? nowMs) {
      caller.handleTimeout(nowMs)
      requests += caller.takeOutput().length
    }
    expect(requests).toBe(12)
    expect(closeOf(caller)).toEqual(['ERR_SRT_CONNECT_TIMEOUT', undefined])
    expect(caller.readEvent()).toBeUndefined()
  })

  it('says why it was refused, whatever is attached', () => {
    const caller = newCaller()
    // gosrt attaches extensions; here one that cannot be read.
    const rejection = join(vector('rejection 1403 of the API, which is 2403'), hex('0005 0009'))
    caller.push(patched(rejection, { 12: SOCKET_ID }), NOW)
    expect(closeOf(caller)).toEqual(['ERR_SRT_REJECTED', 2403])
  })

  it('answers only for its own socket id, and once', () => {
    const caller = newCaller()
    caller.takeOutput()
    caller.push(patched(vector('induction response'), { 12: 7 }), NOW)
    expect(caller.takeOutput()).toEqual([])
    caller.push(vector('conclusion response'), NOW) // before its induction response
    expect(caller.readEvent()).toBeUndefined()
  })

  it('does not go on with version 4', () => {
    const caller = newCaller()
    caller.push(patched(vector('induction response'), { 16: 4 }), NOW)
    expect(closeOf(caller)).toEqual(['ERR_SRT_PEER', undefined])
  })

  it('does not go on without an HSRSP', () => {
    const caller = newCaller()
    caller.push(vector('induction response'), NOW)
    caller.push(vector('conclusion response').subarray(0, 64), NOW)
    expect(closeOf(caller)).toEqual(['ERR_SRT_PEER', undefined])
  })

  it.each([
    ['no KMRSP', ''],
    ['state 4 in either byte order', '0004 0001 04000000'],
    ['state 4', '0004 0001 00000004'],
    [
      'another key',
      '0004 000e 122029010000000002000200000004047cf172cd20bfec1dbfcabbada9fa50ae69d960de70c0a1211043e8da32bbaa1a441e366d301c7254',
    ],
  ])('does not go on unencrypted: %s', (_, extension) => {
    const caller = newCaller({ passphrase: PASSPHRASE })
    caller.push(vector('induction response'), NOW)
    caller.push(join(vector('conclusion response'), hex(extension)), NOW)
    expect(closeOf(caller)).toEqual(['ERR_SRT_ENCRYPTION', undefined])
  })

  it('refuses options out of their range', () => {
    expect(() => newCaller({ passphrase: 'too short' })).toThrow(RangeError)
    expect(() => newCaller({ passphrase: 'x'.repeat(81) })).toThrow(RangeError)
    expect(() => newCaller({ receiveLatencyMs: 8001 })).toThrow(RangeError)
    expect(() => newCaller({ reorderPackets: -1 })).toThrow(RangeError)
    expect(() => newCaller({ maxBandwidthKbps: Number.NaN })).toThrow(RangeError)
  })
})

// Seen between FFmpeg, GStreamer and libsrt: HSREQ | the listener's own | HSRSP
it.each([
  [
    [80, 80],
    [200, 50],
    [200, 80],
  ],
  [
    [120, 0],
    [70, 70],
    [70, 120],
  ],
  [
    [60, 60],
    [40, 90],
    [60, 90],
  ],
  [
    [260, 260],
    [150, 150],
    [260, 260],
  ],
])('latencies %j with %j are %j', ([receive, send], [ownReceive, ownSend], settled) => {
  const world = new SimulatedWorld({
    caller: { receiveLatencyMs: receive, sendLatencyMs: send },
    listener: { receiveLatencyMs: ownReceive, sendLatencyMs: ownSend },
  })
  world.run(100)
  const [connect] = world.events.listener
  expect(connect).toMatchObject({ receiveLatencyMs: settled![0], sendLatencyMs: settled![1] })
  expect(world.events.caller[0]).toMatchObject({ receiveLatencyMs: settled![1], sendLatencyMs: settled![0] })
})

describe('a connection', () => {
  it('comes about when each handshake packet is lost once', () => {
    const seen = new Set<string>()
    const world = new SimulatedWorld({
      network: {
        delayMs: 10,
        drops(bytes, toListener) {
          if (controlType(bytes) !== 0) return false
          const key = `${toListener} ${handshakeOf(bytes).handshakeType}`
          if (seen.has(key)) return false
          seen.add(key)
          return true
        },
      },
    })
    world.run(2000)
    expect(seen.size).toBe(4)
    expect(world.requests.length).toBe(1)
    world.stream('caller', 20, 5)
    world.run(500)
    expect(world.received('listener')).toEqual(numbers(20))
  })

  it('waits for a decision', () => {
    const world = new SimulatedWorld({ decide: () => undefined })
    world.run(1500)
    expect(world.requests.length).toBe(1)
    world.accepted = world.requests[0]!.accept()
    world.settle()
    world.run(100)
    expect(world.caller.isOpen).toBe(true)
  })

  it('is refused with a reason', () => {
    const world = new SimulatedWorld({
      decide: (request) => {
        request.reject(SRT_REJECTION.notFound)
        return undefined
      },
    })
    world.run(100)
    expect(world.events.caller).toMatchObject([{ type: 'close', code: 'ERR_SRT_REJECTED', rejection: 2404 }])
  })

  it('ends when what was written has arrived', () => {
    const world = new SimulatedWorld({
      network: { delayMs: 20, loss: 0.1, seed: 5 },
      accept: { receiveLatencyMs: 300 },
    })
    world.run(1000)
    for (let i = 0; i < 50; i++) world.stream('caller', 1, 0, 1316, i)
    world.caller.close()
    expect(world.write('caller', new Uint8Array(1))).toBe(false)
    world.run(2000)
    expect(world.received('listener')).toEqual(numbers(50))
    expect(world.events.listener.at(-1)).toMatchObject({ type: 'close', code: 'shutdown' })
    expect(world.events.caller.at(-1)).toMatchObject({ type: 'close', code: 'closed' })
    expect(world.listener.sessions).toEqual([])
  })

  it('ends when the peer is silent for 5 s', () => {
    let isDown = false
    const world = new SimulatedWorld({ network: { drops: () => isDown } })
    world.run(10_000)
    expect(world.caller.isOpen).toBe(true)
    isDown = true
    world.run(6100)
    expect(world.events.caller.at(-1)).toMatchObject({ type: 'close', code: 'ERR_SRT_IDLE_TIMEOUT' })
    expect(world.events.listener.at(-1)).toMatchObject({ type: 'close', code: 'ERR_SRT_IDLE_TIMEOUT' })
  })

  it('ends without data, if it must have some', () => {
    const world = new SimulatedWorld({ accept: { dataTimeoutMs: 3000 } })
    world.run(100)
    world.stream('caller', 20, 100)
    world.run(2800)
    expect(world.accepted!.isOpen).toBe(true)
    world.run(200)
    expect(world.events.listener.at(-1)).toMatchObject({ type: 'close', code: 'ERR_SRT_DATA_TIMEOUT' })
    expect(world.events.caller.at(-1)).toMatchObject({ type: 'close', code: 'shutdown' })
  })

  it('takes messages up to the payload of its MTU', () => {
    const world = new SimulatedWorld()
    world.run(100)
    expect(() => world.write('caller', new Uint8Array(1457))).toThrow(RangeError)
    expect(() => world.write('caller', new Uint8Array(0))).toThrow(RangeError)
    world.write('caller', new Uint8Array(1456))
    world.run(500)
    expect(world.events.listener.filter(({ type }) => type === 'data').length).toBe(1)
  })
})

it('a handshake that is written is that of the vector', () => {
  const { handshake, timestamp, destinationId } = decodeSrtControlPacket(
    vector('conclusion with a key'),
  ) as SrtHandshakePacket
  const written = encodeSrtControlPacket({ type: 'handshake', timestamp, destinationId, handshake })
  expect(toHex(written)).toBe(toHex(vector('conclusion with a key')))
})
