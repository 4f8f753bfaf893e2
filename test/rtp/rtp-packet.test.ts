import fc from 'fast-check'
import { DecodeError } from 'millrace/errors'
import { decodeRtpPacket, encodeRtpPacket, isRtcp, type RtpPacket } from 'millrace/rtp'
import { describe, expect, it } from 'vitest'
import { hex, toHex } from '../support/bytes.ts'
import { fuzzRuns } from '../support/fuzz.ts'

const PLAIN: RtpPacket = {
  payloadType: 96,
  marker: true,
  sequenceNumber: 0x1234,
  timestamp: 0x89abcdef,
  ssrc: 0xcafebabe,
  csrcs: [],
  extension: undefined,
  payload: hex('6588'),
}

const VECTORS: readonly (readonly [name: string, bytes: string, value: RtpPacket])[] = [
  // V 2, P 0, X 0, CC 0 | M 1, PT 96 | sequence number | timestamp | SSRC | payload
  ['plain', '80 e0 1234 89abcdef cafebabe 6588', PLAIN],
  // CC 2 | M 0, PT 0 | … | two CSRCs
  ['CSRCs', '82 00 0000 00000000 00000001 00000002 ffffffff aa', { payloadType: 0, marker: false, sequenceNumber: 0, timestamp: 0, ssrc: 1, csrcs: [2, 0xffffffff], extension: undefined, payload: hex('aa') }],
  // X 1 | profile 0xbede, one word: id 1, length 1, a byte, padding
  ['extension', '90 e0 1234 89abcdef cafebabe bede 0001 10aa0000 6588', { ...PLAIN, extension: { profile: 0xbede, data: hex('10aa0000') } }],
  ['extension of no words', '90 e0 1234 89abcdef cafebabe 1000 0000 6588', { ...PLAIN, extension: { profile: 0x1000, data: hex('') } }],
  ['no payload', '80 e0 1234 89abcdef cafebabe', { ...PLAIN, payload: hex('') }],
] // prettier-ignore

describe.each(VECTORS)('%s', (_, bytes, value) => {
  it('is read', () => expect(decodeRtpPacket(hex(bytes))).toEqual(value))
  it('is written', () => expect(toHex(encodeRtpPacket(value))).toBe(toHex(hex(bytes))))
})

it('padding is left out', () => {
  // P 1; the last byte says that 3 bytes are padding
  expect(decodeRtpPacket(hex('a0 e0 1234 89abcdef cafebabe 6588 000003'))).toEqual(PLAIN)
  expect(decodeRtpPacket(hex('a0 e0 1234 89abcdef cafebabe 000003')).payload).toEqual(hex(''))
})

it.each([
  ['an empty datagram', ''],
  ['a header that is cut', '80 e0 1234 89abcdef cafeba'],
  ['version 1', '40 e0 1234 89abcdef cafebabe'],
  ['CSRCs past the end', '81 e0 1234 89abcdef cafebabe 0000'],
  ['an extension header that is cut', '90 e0 1234 89abcdef cafebabe bede'],
  ['an extension past the end', '90 e0 1234 89abcdef cafebabe bede 0002 00000000'],
  ['padding of 0 bytes', 'a0 e0 1234 89abcdef cafebabe 6500'],
  ['padding longer than the payload', 'a0 e0 1234 89abcdef cafebabe 6503'],
])('%s is refused', (_, bytes) => {
  expect(() => decodeRtpPacket(hex(bytes))).toThrow(expect.objectContaining({ code: 'ERR_RTP_PACKET' }))
})

it('what cannot be written is refused', () => {
  expect(() => encodeRtpPacket({ ...PLAIN, csrcs: Array(16).fill(1) })).toThrow(RangeError)
  expect(() => encodeRtpPacket({ ...PLAIN, extension: { profile: 1, data: hex('00') } })).toThrow(RangeError)
})

it('RTCP is told from RTP on one port', () => {
  expect(isRtcp(hex('80 c8 0006'))).toBe(true) // SR
  expect(isRtcp(hex('81 ce 0002'))).toBe(true) // PSFB
  expect(isRtcp(hex('80 e0 1234'))).toBe(false) // marker, payload type 96
  expect(isRtcp(hex('80 60 1234'))).toBe(false)
  expect(isRtcp(hex('80 c8'))).toBe(false)
})

/** The packet, or `undefined` if the bytes are refused. */
function tried(bytes: Uint8Array): RtpPacket | undefined {
  try {
    return decodeRtpPacket(bytes)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

it('any bytes are read or refused, and what is read reads the same once it is written', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      if (bytes.length > 0) bytes[0] = 0x80 | (bytes[0]! & 0x3f)
      const packet = tried(bytes)
      expect(packet && decodeRtpPacket(encodeRtpPacket(packet))).toEqual(packet)
    }),
    { seed: 7, numRuns: fuzzRuns(1000) },
  )
})
