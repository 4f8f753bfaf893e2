import fc from 'fast-check'
import { MediaError } from 'millrace/errors'
import { decodeRtcp, encodeRtcp, type RtcpPacket } from 'millrace/rtp'
import { describe, expect, it } from 'vitest'
import { hex, toHex } from '../support/bytes.ts'
import { fuzzRuns } from '../support/fuzz.ts'

const REPORT = {
  ssrc: 0x11223344,
  fractionLost: 25,
  cumulativeLost: -2,
  highestSequence: 0x0001_ffff,
  jitter: 300,
  lastSenderReport: 0xaaaabbbb,
  delaySinceLastSenderReport: 0x1_0000,
}
// SSRC | fraction 8, cumulative 24 | highest | jitter | last SR | delay
const REPORT_HEX = '11223344 19 fffffe 0001ffff 0000012c aaaabbbb 00010000'

const VECTORS: readonly (readonly [name: string, bytes: string, value: RtcpPacket])[] = [
  // V 2, RC 1 | PT 200 | length 12 | SSRC | NTP 64 | RTP | packets | octets | a report
  ['SR', `81 c8 000c 00000001 e0000000 80000000 00015f90 00000007 000003e8 ${REPORT_HEX}`, { type: 'senderReport', ssrc: 1, ntpSeconds: 0xe0000000, ntpFraction: 0x80000000, rtpTimestamp: 90_000, packetCount: 7, octetCount: 1000, reports: [REPORT] }],
  ['RR', `81 c9 0007 00000001 ${REPORT_HEX}`, { type: 'receiverReport', ssrc: 1, reports: [REPORT] }],
  ['RR without a report', '80 c9 0001 00000001', { type: 'receiverReport', ssrc: 1, reports: [] }],
  // SC 1 | SSRC | CNAME 1, length 3, text | end and padding: three zeros
  ['SDES', '81 ca 0003 00000001 01 03 613a62 000000', { type: 'sourceDescription', chunks: [{ ssrc: 1, items: [{ type: 1, text: 'a:b' }] }] }],
  // the text ends with a word: a whole word of zeros ends the chunk
  ['SDES with a full word', '82 ca 0005 00000001 01 02 6162 00000000 00000002 00000000', { type: 'sourceDescription', chunks: [{ ssrc: 1, items: [{ type: 1, text: 'ab' }] }, { ssrc: 2, items: [] }] }],
  ['BYE', '81 cb 0001 00000001', { type: 'goodbye', ssrcs: [1], reason: '' }],
  // SC 2 | two sources | length 3, text
  ['BYE with a reason', '82 cb 0003 00000001 00000002 03 656e64', { type: 'goodbye', ssrcs: [1, 2], reason: 'end' }],
  // FMT 1 | PT 205 | sender | media | PID, BLP: 5 and 6, 21 | 65535 and 0
  ['NACK', '81 cd 0004 00000001 00000002 0005 8001 ffff 0001', { type: 'nack', ssrc: 1, mediaSsrc: 2, sequenceNumbers: [5, 6, 21, 65_535, 0] }],
  ['PLI', '81 ce 0002 00000001 00000002', { type: 'pictureLossIndication', ssrc: 1, mediaSsrc: 2, commandNumber: 0 }],
  // FMT 4 | PT 206 | sender | 0 | media | sequence number 8, reserved 24
  ['FIR', '84 ce 0004 00000001 00000000 00000002 07000000', { type: 'fullIntraRequest', ssrc: 1, mediaSsrc: 2, commandNumber: 7 }],
  ['APP', '80 cc 0002 00000001 74657374', { type: 'other', packetType: 204, format: 0, body: hex('00000001 74657374') }],
] // prettier-ignore

describe.each(VECTORS)('%s', (_, bytes, value) => {
  it('is read', () => expect(decodeRtcp(hex(bytes))).toEqual([value]))
  it('is written', () => expect(toHex(encodeRtcp([value]))).toBe(toHex(hex(bytes))))
})

it('a compound is read and written as its parts', () => {
  const all = VECTORS.map(([, bytes]) => bytes).join(' ')
  const values = VECTORS.map(([, , value]) => value)
  expect(decodeRtcp(hex(all))).toEqual(values)
  expect(toHex(encodeRtcp(values))).toBe(toHex(hex(all)))
})

it('padding of the last packet is left out', () => {
  expect(decodeRtcp(hex('a1 cb 0002 00000001 00000004'))).toEqual([
    { type: 'goodbye', ssrcs: [1], reason: '' },
  ])
})

it.each([
  ['a header that is cut', '80 c9'],
  ['version 1', '40 c9 0001 00000001'],
  ['a packet past the end', '80 c9 0002 00000001'],
  ['fewer reports than it says', '82 c9 0007 00000001 000000000000000000000000000000000000000000000000'],
  ['an item past the end', '81 ca 0002 00000001 01 09 6162'],
  ['padding above its packet', 'a0 c9 0001 000000ff'],
])('%s is refused', (_, bytes) => {
  expect(() => decodeRtcp(hex(bytes))).toThrow(expect.objectContaining({ code: 'ERR_RTCP_PACKET' }))
})

it('what cannot be written is refused', () => {
  expect(() => encodeRtcp([{ type: 'goodbye', ssrcs: Array(32).fill(1), reason: '' }])).toThrow(RangeError)
  expect(() => encodeRtcp([{ type: 'goodbye', ssrcs: [1], reason: 'x'.repeat(256) }])).toThrow(RangeError)
})

it('any bytes are read or refused, and what is read reads the same once it is written', () => {
  const seeds = VECTORS.map(([, bytes]) => hex(bytes))
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 4 }),
      (seed, edits) => {
        const bytes = seed.slice()
        for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value
        let packets: RtcpPacket[] = []
        try {
          packets = decodeRtcp(bytes)
        } catch (error) {
          if (!(error instanceof MediaError)) throw error
        }
        // Texts may have been no UTF-8, and what is other may be cut.
        const exact = packets.filter(
          ({ type }) => type !== 'other' && type !== 'goodbye' && type !== 'sourceDescription',
        )
        expect(decodeRtcp(encodeRtcp(exact))).toEqual(exact)
      },
    ),
    { seed: 7, numRuns: fuzzRuns(1000) },
  )
})
