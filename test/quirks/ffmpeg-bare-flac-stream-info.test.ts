import { decodeFlacStreamInfo, describeTrack } from 'millrace/codec'
import { packetFromTag } from 'millrace/media'
import { expect, test } from 'vitest'
import { ascii, hex, join } from '../support/bytes.ts'

/** FFmpeg 8.1 sends the STREAMINFO block alone; Enhanced RTMP v2 puts "fLaC" and the block header in front. */
const STREAM_INFO = hex('1200 1200 00029b 0004ff 0bb800f0 00046500 550b82b4d24e66f3f42019dc4f978b68')
const SEQUENCE_START = join(hex('90'), ascii('fLaC'), STREAM_INFO)
const BY_THE_BOOK = join(hex('90'), ascii('fLaC'), ascii('fLaC'), hex('80000022'), STREAM_INFO)

test('both forms say the same', () => {
  const packet = packetFromTag(8, 0, SEQUENCE_START)
  expect(packet).toMatchObject({ codec: 'fLaC', configuration: true })
  expect(decodeFlacStreamInfo(packet.payload)).toEqual(
    decodeFlacStreamInfo(packetFromTag(8, 0, BY_THE_BOOK).payload),
  )
  expect(describeTrack('fLaC', packet.payload)).toEqual({
    codec: 'fLaC',
    codecString: 'flac',
    sampleRate: 48_000,
    channelCount: 1,
  })
})
