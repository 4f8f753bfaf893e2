import { FLV_VIEW } from 'millrace/flv'
import { packetFromTag } from 'millrace/media'
import { RTMP_VIEW } from 'millrace/rtmp'
import { WEBSOCKET_FLV_VIEW } from 'millrace/websocket'
import { expect, test } from 'vitest'
import { ascii, hex, join, toHex } from '../support/bytes.ts'

// ffprobe of a stream that was joined late, with metadata stamped like the packets behind it:
//   stream|codec_name=text|width=N/A|height=N/A
// and without that stream when the tag says 0 (libavformat reads a later script tag as text).
/** string 'onMetaData', empty ECMA array */
const METADATA = packetFromTag(18, 5000, join(hex('02 000a'), ascii('onMetaData'), hex('08 00000000 000009')))
/** AVC sequence header whose configuration is 01 */
const CONFIGURATION = packetFromTag(9, 5000, hex('17 00 000000 01'))

test('a viewer that joins at 5000 ms gets metadata with time 0 over FLV', () => {
  const join = FLV_VIEW.create().join({ metadata: METADATA, audio: [], video: [CONFIGURATION] }, 5000)
  // 13 bytes of header, then type 18, size 0x15, timestamp 0, stream id 0
  expect(toHex(join.subarray(13, 24))).toBe('12 00 00 15 00 00 00 00 00 00 00')
  // behind it the sequence header at 5000 ms = 0x1388
  expect(toHex(join.subarray(13 + 11 + 21 + 4, 13 + 11 + 21 + 4 + 8))).toBe('09 00 00 06 00 13 88 00')
})

test('and over RTMP', () => {
  const join = RTMP_VIEW.create().join({ metadata: METADATA, audio: [], video: [CONFIGURATION] }, 5000)
  // fmt 0 csid 4, timestamp 0, length 0x15, type 18, message stream id 1
  expect(toHex(join.subarray(0, 12))).toBe('04 00 00 00 00 00 15 12 01 00 00 00')
  expect(toHex(join.subarray(12 + 21, 12 + 21 + 4))).toBe('06 00 13 88')
})

test('metadata that changes in line has time 0 too', () => {
  expect(toHex(FLV_VIEW.create().frame([METADATA]).subarray(0, 8))).toBe('12 00 00 15 00 00 00 00')
  // behind a frame header of 2 bytes
  expect(toHex(WEBSOCKET_FLV_VIEW.create().frame([METADATA]).subarray(2, 10))).toBe('12 00 00 15 00 00 00 00')
  expect(toHex(RTMP_VIEW.create().frame([METADATA]).subarray(0, 4))).toBe('04 00 00 00')
})
