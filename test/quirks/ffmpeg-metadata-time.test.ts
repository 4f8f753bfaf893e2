import { packetFromTag } from 'millrace/media'
import { RTMP_VIEW } from 'millrace/rtmp'
import { expect, test } from 'vitest'
import { hex, join, toHex } from '../support/bytes.ts'

// FFmpeg (flvdec) passes over onMetaData at timestamp 0 only. A player that joins a stream at 1 min 2 s and gets its
// metadata at 1 min 2 s shows one more track: `Stream #0:0: Subtitle: text`, or `Data: none` in later versions.
const metadata = hex('02 000a 6f6e4d65746144617461 08 00000000 000009') // onMetaData, empty ECMA array
const aacHeader = hex('af 00 1210')

test('FFmpeg sees a text track in metadata that is not at 0', () => {
  const configuration = {
    metadata: packetFromTag(18, 62_000, metadata),
    audio: [packetFromTag(8, 62_000, aacHeader)],
    video: [],
  }
  expect(toHex(RTMP_VIEW.create().join(configuration, 0x1_00f230))).toBe(
    toHex(
      join(
        hex('04 000000 000015 12 01000000'), // csid 4, timestamp 0, 21 bytes, data
        metadata,
        hex('07 ffffff 000004 08 01000000 0100f230'), // csid 7, extended timestamp
        aacHeader,
      ),
    ),
  )
})
