import {
  ClientHandshake,
  type ClientHandshakeOptions,
  findDigest,
  type HandshakeCrypto,
  responseSignature,
} from 'millrace/handshake'
import { describe, expect, it } from 'vitest'
import { everySplit, hex, join } from '../support/bytes.ts'
import { testCrypto } from '../support/handshake-crypto.ts'
import { FFMPEG_LISTEN_S0S1S2, FMS_EXCHANGE, NGINX_S0S1S2, SERVER_BYTES } from './captures.ts'

const crypto = testCrypto()
const { hmacSha256 } = crypto
const fastCrypto: HandshakeCrypto = { randomBytes: (length) => new Uint8Array(length), hmacSha256 }
const NOW = 0x12_3456_789a // beyond 32 bits

function opened(options: Partial<ClientHandshakeOptions> = {}): {
  handshake: ClientHandshake
  c0c1: Uint8Array
} {
  const handshake = new ClientHandshake({ crypto: testCrypto(), ...options })
  handshake.start(NOW)
  const output = handshake.takeOutput()
  expect(output.map(({ length }) => length)).toEqual([1537])
  return { handshake, c0c1: output[0]! }
}

describe('C0 C1', () => {
  it('simple form: time, zero, random bytes', () => {
    const { c0c1 } = opened()
    expect(c0c1.subarray(0, 9)).toEqual(hex('03 3456789a 00000000'))
    expect(c0c1.subarray(9)).toEqual(testCrypto().randomBytes(1528))
    expect(findDigest(c0c1.slice(1), 'client', hmacSha256)).toBeUndefined()
  })

  it('digest form: time, version, digest in scheme 1', () => {
    const { c0c1 } = opened({ form: 'digest' })
    expect(c0c1.subarray(0, 9)).toEqual(hex('03 3456789a 80000702'))
    expect(findDigest(c0c1.slice(1), 'client', hmacSha256)).toMatchObject({ scheme: 1 })
  })

  it('is made once, by start, takeOutput or push', () => {
    const started = opened().handshake
    started.start(NOW)
    expect(started.takeOutput()).toEqual([])

    const taken = new ClientHandshake({ crypto })
    expect(taken.takeOutput()[0]!.subarray(0, 5)).toEqual(hex('03 00000000'))

    const pushed = new ClientHandshake({ crypto })
    expect(pushed.push(hex('03'), NOW)).toBe(1)
    expect(pushed.takeOutput()[0]!.subarray(0, 5)).toEqual(hex('03 3456789a'))
  })

  it('refuses the digest form without HMAC', () => {
    const { randomBytes } = crypto
    expect(() => new ClientHandshake({ crypto: { randomBytes }, form: 'digest' })).toThrow(TypeError)
    expect(new ClientHandshake({ crypto: { randomBytes } }).takeOutput()).toHaveLength(1)
  })
})

const digestServers = [
  { name: 'Flash Media Server (scheme 0)', bytes: FMS_EXCHANGE.s0s1s2 },
  { name: 'nginx-rtmp (scheme 1)', bytes: NGINX_S0S1S2 },
]

describe.each(digestServers)('S0 S1 S2 of $name', ({ bytes }) => {
  it('is answered with a C2 signed over the digest of S1', () => {
    const { handshake } = opened({ form: 'digest' })
    expect(handshake.push(bytes, NOW)).toBe(SERVER_BYTES)
    expect(handshake).toMatchObject({ done: true, form: 'digest' })
    const [c2, ...rest] = handshake.takeOutput() as [Uint8Array]
    expect(rest).toEqual([])
    expect(c2).toHaveLength(1536)
    const { digest } = findDigest(bytes.slice(1, 1537), 'server', hmacSha256)!
    expect(c2.subarray(1504)).toEqual(responseSignature(c2, 'client', digest, hmacSha256))
  })

  it('is echoed by a client of the simple form', () => {
    const { handshake } = opened({ form: 'simple' })
    handshake.push(bytes, NOW)
    expect(handshake).toMatchObject({ done: true, form: 'simple' })
    expect(handshake.takeOutput()).toEqual([bytes.subarray(1, 1537)])
  })
})

describe('progress', () => {
  it('sends C2 with the last byte of S1 and is done with the last byte of S2', () => {
    const { handshake } = opened()
    handshake.push(NGINX_S0S1S2.subarray(0, 1536), NOW)
    expect(handshake.takeOutput()).toEqual([])
    handshake.push(NGINX_S0S1S2.subarray(1536, 1537), NOW)
    expect(handshake.takeOutput()).toEqual([NGINX_S0S1S2.subarray(1, 1537)])
    handshake.push(NGINX_S0S1S2.subarray(1537, 3072), NOW)
    expect(handshake.done).toBe(false)
    handshake.push(NGINX_S0S1S2.subarray(3072), NOW)
    expect(handshake.done).toBe(true)
  })

  it('leaves the chunk stream’s bytes and takes none once done', () => {
    const { handshake } = opened()
    const more = hex('02 000000 000004 05 00000000 002625a0') // Window Acknowledgement Size
    expect(handshake.push(join(NGINX_S0S1S2, more), NOW)).toBe(SERVER_BYTES)
    expect(handshake.push(more, NOW)).toBe(0)
  })

  it.each(['simple', 'digest'] as const)('comes in any parts, %s', (form) => {
    const bytes = join(NGINX_S0S1S2, hex('0200'))
    const whole = new ClientHandshake({ crypto: fastCrypto, form })
    whole.push(bytes, NOW)
    const [, expected] = whole.takeOutput() as [Uint8Array, Uint8Array]
    const wrong: string[] = []
    for (const parts of everySplit(bytes)) {
      const handshake = new ClientHandshake({ crypto: fastCrypto, form })
      let consumed = 0
      for (const part of parts) consumed += handshake.push(part, NOW)
      const output = handshake.takeOutput()
      const same =
        consumed === SERVER_BYTES &&
        handshake.done &&
        handshake.form === form &&
        output.length === 2 &&
        Buffer.compare(output[1]!, expected) === 0
      if (!same) wrong.push(parts.map(({ length }) => length).join())
    }
    expect(wrong).toEqual([])
  })
})

describe('server version', () => {
  it.each([0, 2, 4, 0x16, 0x48, 0xff])('%i is refused', (version) => {
    const { handshake } = opened()
    expect(() => handshake.push(Uint8Array.of(version), NOW)).toThrow(
      expect.objectContaining({ name: 'DecodeError', code: 'ERR_HANDSHAKE_VERSION' }),
    )
  })

  it.each([6, 8, 9])('%i means RTMPE and is refused', (version) => {
    const { handshake } = opened()
    expect(() => handshake.push(Uint8Array.of(version), NOW)).toThrow(
      expect.objectContaining({ name: 'ProtocolError', code: 'ERR_HANDSHAKE_ENCRYPTED' }),
    )
  })
})

it('takes an S2 that is no echo: FFmpeg as a server sends one', () => {
  const { handshake, c0c1 } = opened({ form: 'digest' })
  const s2 = FFMPEG_LISTEN_S0S1S2.subarray(1537)
  expect(s2).not.toEqual(c0c1.subarray(1))
  expect(handshake.push(FFMPEG_LISTEN_S0S1S2, NOW)).toBe(SERVER_BYTES)
  expect(handshake).toMatchObject({ done: true, form: 'simple' })
})
