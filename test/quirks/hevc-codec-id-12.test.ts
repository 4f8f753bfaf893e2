import { packetFromTag } from 'millrace/media'
import { expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'

// CodecID 12 is reserved in FLV 10.1; encoders from before Enhanced RTMP send HEVC with it, laid out as AVC is.
test('codec id 12 is read as HEVC and forwarded as it came', () => {
  // FrameType 1 | CodecID 12, packet type 0, composition time, HEVCDecoderConfigurationRecord
  const start = packetFromTag(9, 0, hex('1c 00 00 00 00 01 01 60 00 00 00'))
  expect(start).toMatchObject({ codec: 'hvc1', configuration: true, keyframe: false })
  expect(start.payload).toEqual(hex('01 01 60 00 00 00'))
  // packet type 1, composition time 80, a NAL unit with its length
  const key = packetFromTag(9, 0, hex('1c 01 00 00 50 00 00 00 02 26 01'))
  expect(key).toMatchObject({ codec: 'hvc1', keyframe: true, cts: 80, configuration: false })
  expect(key.body[0]).toBe(0x1c)
  expect(packetFromTag(9, 0, hex('2c 01 00 00 00 00 00 00 02 02 01')).keyframe).toBe(false)
})

test('codec id 13 is read as AV1', () => {
  expect(packetFromTag(9, 0, hex('1d 00 00 00 00 81 00 0c 00'))).toMatchObject({
    codec: 'av01',
    configuration: true,
  })
})
