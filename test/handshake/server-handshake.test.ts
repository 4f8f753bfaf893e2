import { findDigest, type HandshakeCrypto, responseSignature, ServerHandshake } from 'millrace/handshake'
import { describe, expect, it } from 'vitest'
import { ascii, everySplit, hex, join } from '../support/bytes.ts'
import { testCrypto } from '../support/handshake-crypto.ts'
import {
  C0C1_BYTES,
  CLIENT_BYTES,
  FFMPEG_PUBLISH,
  FLASH_C0C1,
  FMS_EXCHANGE,
  LIBRTMP_PLAY,
  SERVER_BYTES,
} from './captures.ts'

const crypto = testCrypto()
const { hmacSha256 } = crypto
/** Zeros are as good as random bytes where thousands of handshakes run. */
const fastCrypto: HandshakeCrypto = { randomBytes: (length) => new Uint8Array(length), hmacSha256 }
const NOW = 0x12_3456_789a // beyond 32 bits

function answerTo(c0c1: Uint8Array, options: Partial<HandshakeCrypto> = {}) {
  const handshake = new ServerHandshake({ crypto: { ...crypto, ...options } })
  expect(handshake.push(c0c1, NOW)).toBe(C0C1_BYTES)
  const output = handshake.takeOutput()
  expect(output.map(({ length }) => length)).toEqual([SERVER_BYTES])
  const [bytes] = output as [Uint8Array]
  return { handshake, s0: bytes[0], s1: bytes.subarray(1, 1537), s2: bytes.subarray(1537) }
}

const digestClients = [
  { name: 'Flash Player', c0c1: FLASH_C0C1, scheme: 0 },
  { name: 'Flash Player to FMS', c0c1: FMS_EXCHANGE.c0c1, scheme: 0 },
  { name: 'FFmpeg', c0c1: FFMPEG_PUBLISH.subarray(0, C0C1_BYTES), scheme: 1 },
] as const

describe.each(digestClients)('digest form, $name', ({ c0c1, scheme }) => {
  it('answers with S0 S1 S2 in one array, signed in the client’s scheme', () => {
    const { handshake, s0, s1, s2 } = answerTo(c0c1)
    expect(handshake.form).toBe('digest')
    expect(s0).toBe(3)
    expect(s1.subarray(0, 8)).toEqual(hex('3456789a 04050001')) // time, version
    expect(findDigest(s1, 'server', hmacSha256)).toMatchObject({ scheme })
    const c1Digest = findDigest(c0c1.slice(1), 'client', hmacSha256)!.digest
    expect(s2.subarray(1504)).toEqual(responseSignature(s2, 'server', c1Digest, hmacSha256))
  })

  it('falls back to the simple form without HMAC', () => {
    const handshake = new ServerHandshake({ crypto: { randomBytes: (length) => new Uint8Array(length) } })
    handshake.push(c0c1, NOW)
    expect(handshake.form).toBe('simple')
    expect(handshake.takeOutput()[0]!.subarray(1537)).toEqual(c0c1.subarray(1))
  })
})

describe('simple form', () => {
  const c0c1 = LIBRTMP_PLAY.subarray(0, C0C1_BYTES)

  it('answers with a zero version, random bytes and the exact echo of C1', () => {
    const { handshake, s0, s1, s2 } = answerTo(c0c1, testCrypto())
    expect(handshake.form).toBe('simple')
    expect(s0).toBe(3)
    expect(s1.subarray(0, 8)).toEqual(hex('3456789a 00000000')) // time, zero
    expect(s1.subarray(8)).toEqual(testCrypto().randomBytes(1528))
    expect(s2).toEqual(c0c1.subarray(1))
  })

  it('is what a C1 with a broken digest gets', () => {
    const broken = FLASH_C0C1.slice()
    broken[1000]! ^= 0xff
    expect(answerTo(broken).handshake.form).toBe('simple')
  })

  it('refuses a random source that gives too little', () => {
    const handshake = new ServerHandshake({ crypto: { randomBytes: (length) => new Uint8Array(length - 1) } })
    expect(() => handshake.push(c0c1, NOW)).toThrow(RangeError)
  })
})

describe('progress', () => {
  it('is done with the last byte of C2, and takes any C2', () => {
    const { handshake } = answerTo(FLASH_C0C1)
    expect(handshake.done).toBe(false)
    expect(handshake.push(new Uint8Array(1535), NOW)).toBe(1535)
    expect(handshake.done).toBe(false)
    expect(handshake.push(new Uint8Array(1), NOW)).toBe(1)
    expect(handshake.done).toBe(true)
    expect(handshake.takeOutput()).toEqual([])
  })

  it('knows no form and has no output before C1 is whole', () => {
    const handshake = new ServerHandshake({ crypto })
    handshake.push(FLASH_C0C1.subarray(0, C0C1_BYTES - 1), NOW)
    expect(handshake.form).toBeUndefined()
    expect(handshake.takeOutput()).toEqual([])
    handshake.push(FLASH_C0C1.subarray(C0C1_BYTES - 1), NOW)
    expect(handshake.form).toBe('digest')
  })

  it('leaves the chunk stream’s bytes and takes none once done', () => {
    const handshake = new ServerHandshake({ crypto })
    expect(handshake.push(FFMPEG_PUBLISH, NOW)).toBe(CLIENT_BYTES)
    expect(handshake.push(FFMPEG_PUBLISH.subarray(CLIENT_BYTES), NOW)).toBe(0)
  })

  it('does not keep the caller’s buffer', () => {
    const buffer = FLASH_C0C1.slice(0, 700)
    const handshake = new ServerHandshake({ crypto })
    handshake.push(buffer, NOW)
    buffer.fill(0)
    handshake.push(FLASH_C0C1.subarray(700), NOW)
    expect(handshake.form).toBe('digest')
  })
})

describe('every split', () => {
  const cases = [
    { name: 'digest', bytes: FFMPEG_PUBLISH },
    { name: 'simple', bytes: LIBRTMP_PLAY },
  ]
  it.each(cases)('$name', ({ name, bytes }) => {
    const whole = new ServerHandshake({ crypto: fastCrypto })
    whole.push(bytes, NOW)
    const expected = whole.takeOutput()[0]!
    const wrong: string[] = []
    for (const parts of everySplit(bytes.subarray(0, CLIENT_BYTES + 2))) {
      const handshake = new ServerHandshake({ crypto: fastCrypto })
      let consumed = 0
      for (const part of parts) consumed += handshake.push(part, NOW)
      const output = handshake.takeOutput()
      // Compared by hand: 3000 deep comparisons of 3073 bytes take seconds.
      const same =
        consumed === CLIENT_BYTES &&
        handshake.done &&
        handshake.form === name &&
        output.length === 1 &&
        Buffer.compare(output[0]!, expected) === 0
      if (!same) wrong.push(parts.map(({ length }) => length).join())
    }
    expect(wrong).toEqual([])
  })
})

describe('version', () => {
  const withVersion = (version: number): Uint8Array => join(Uint8Array.of(version), FLASH_C0C1.subarray(1))

  it.each([0, 1, 2, 3, 4, 5, 7, 31])('%i is answered with 3', (version) => {
    expect(answerTo(withVersion(version)).s0).toBe(3)
  })

  it.each([6, 8, 9])('%i asks for RTMPE and is refused', (version) => {
    const handshake = new ServerHandshake({ crypto })
    expect(() => handshake.push(Uint8Array.of(version), NOW)).toThrow(
      expect.objectContaining({ name: 'ProtocolError', code: 'ERR_HANDSHAKE_ENCRYPTED' }),
    )
  })

  it.each([
    { name: 'an HTTP request', bytes: ascii('GET / HTTP/1.1') },
    { name: 'the first text byte', bytes: hex('20') },
    { name: 'a TLS client hello', bytes: hex('16 03 01 02 00') },
    { name: 'the highest byte', bytes: hex('ff') },
    { name: 'a proxy prefix that is not expected', bytes: hex('f3 0004 7f000001 03') },
  ])('$name is refused at its first byte', ({ bytes }) => {
    const handshake = new ServerHandshake({ crypto })
    expect(() => handshake.push(bytes.subarray(0, 1), NOW)).toThrow(
      expect.objectContaining({ name: 'DecodeError', code: 'ERR_HANDSHAKE_VERSION' }),
    )
  })
})
