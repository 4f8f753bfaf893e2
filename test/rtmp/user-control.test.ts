import { DecodeError } from 'millrace/errors'
import { decodeUserControl, encodeUserControl, type UserControlEvent } from 'millrace/rtmp'
import { describe, expect, test } from 'vitest'
import { hex, toHex } from '../support/bytes.ts'

// RTMP 1.0 §7.1.7: event type 16 | event data
const vectors: { name: string; bytes: Uint8Array; event: UserControlEvent }[] = [
  {
    name: 'StreamBegin',
    bytes: hex('0000 00000001'),
    event: { type: 'streamBegin', messageStreamId: 1 },
  },
  { name: 'StreamEOF', bytes: hex('0001 00000001'), event: { type: 'streamEof', messageStreamId: 1 } },
  {
    name: 'StreamDry',
    bytes: hex('0002 ffffffff'),
    event: { type: 'streamDry', messageStreamId: 0xffff_ffff },
  },
  {
    name: 'SetBufferLength, 36000000 ms as rtmpdump sends it',
    bytes: hex('0003 00000001 02255100'),
    event: { type: 'setBufferLength', messageStreamId: 1, bufferLengthMs: 36_000_000 },
  },
  {
    name: 'StreamIsRecorded',
    bytes: hex('0004 00000001'),
    event: { type: 'streamIsRecorded', messageStreamId: 1 },
  },
  {
    name: 'PingRequest with a timestamp of 2^31 and more',
    bytes: hex('0006 80000005'),
    event: { type: 'pingRequest', timestamp: 0x8000_0005 },
  },
  { name: 'PingResponse', bytes: hex('0007 00000006'), event: { type: 'pingResponse', timestamp: 6 } },
  {
    name: 'SWF verification request (0x1A) with one byte',
    bytes: hex('001a 01'),
    event: { type: 'unknown', eventType: 0x1a, data: hex('01') },
  },
  {
    name: 'StreamBufferEmpty (31), which Flash Media Server sends',
    bytes: hex('001f 00000001'),
    event: { type: 'unknown', eventType: 31, data: hex('00000001') },
  },
  {
    name: 'event type 65535',
    bytes: hex('ffff'),
    event: { type: 'unknown', eventType: 65_535, data: hex('') },
  },
]

describe.each(vectors)('$name', ({ bytes, event }) => {
  test('decode', () => expect(decodeUserControl(bytes)).toEqual(event))
  test('encode', () => expect(toHex(encodeUserControl(event))).toBe(toHex(bytes)))
})

test('bytes behind the event data are ignored', () => {
  expect(decodeUserControl(hex('0000 00000001 abcd'))).toEqual({ type: 'streamBegin', messageStreamId: 1 })
})

test.each(['0000 000001', '0003 00000001 000001', '0006', '0007 00'])(
  'a known event whose data is short stays as it came: %s',
  (text) => {
    const bytes = hex(text)
    expect(decodeUserControl(bytes)).toEqual({
      type: 'unknown',
      eventType: bytes[1],
      data: bytes.subarray(2),
    })
  },
)

test.each(['', '00'])('without a whole event type: %s', (text) => {
  expect(() => decodeUserControl(hex(text))).toThrow(DecodeError)
  expect(() => decodeUserControl(hex(text))).toThrow(
    expect.objectContaining({ code: 'ERR_RTMP_MESSAGE_SHORT' }),
  )
})
