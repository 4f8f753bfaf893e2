import { packetFromTag } from 'millrace/media'
import { describe, expect, it } from 'vitest'
import { hex } from '../support/bytes.ts'

describe('legacyTrack', () => {
  // Enhanced RTMP v2 "Enhanced Video", "Enhanced Audio" on the left; FLV 10.1 §E.4.3.1, §E.4.2.1 on the right.
  for (const [name, type, enhanced, legacy] of [
    // IsExHeader 1 | FrameType 1 | SequenceStart 0, FourCC; avcC. FrameType 1 | CodecID 7, AVCPacketType 0, CompositionTime 0
    ['an AVC sequence start', 9, '90 61 76 63 31 01 64', '17 00 00 00 00 01 64'],
    // CodedFrames 1 with CompositionTime 40
    ['an AVC keyframe', 9, '91 61 76 63 31 00 00 28 65', '17 01 00 00 28 65'],
    // CodedFramesX 3: no CompositionTime
    ['an AVC inter frame', 9, 'a3 61 76 63 31 41', '27 01 00 00 00 41'],
    // SequenceEnd 2
    ['an AVC sequence end', 9, '92 61 76 63 31', '17 02 00 00 00'],
    // ModEx 7 of 3 bytes TimestampOffsetNano, then CodedFramesX
    ['an AVC keyframe with ModEx', 9, '97 02 00 00 05 03 61 76 63 31 65', '17 01 00 00 00 65'],
    // SoundFormat 9 | SequenceStart 0, FourCC; AudioSpecificConfig. SoundFormat 10, 44 kHz, 16 bit, stereo; AACPacketType 0
    ['an AAC sequence start', 8, '90 6d 70 34 61 12 10', 'af 00 12 10'],
    ['an AAC frame', 8, '91 6d 70 34 61 21', 'af 01 21'],
    // OneTrack of track 0
    ['an AVC frame of track 0', 9, '96 03 61 76 63 31 00 41', '17 01 00 00 00 41'],
  ] as const) {
    it(`makes ${name} legacy`, () => {
      const packet = packetFromTag(type, 20, hex(enhanced))
      const plain = packet.legacyTrack()!
      expect(plain.body).toEqual(hex(legacy))
      expect(plain).toMatchObject({
        dts: 20,
        codec: packet.codec,
        keyframe: packet.keyframe,
        cts: packet.cts,
      })
      expect(packet.legacyTrack()).toBe(plain)
    })
  }

  for (const [name, type, body] of [
    ['legacy AVC', 9, '17 01 00 00 00 65'],
    ['legacy AAC', 8, 'af 01 21'],
    ['HEVC', 9, '93 68 76 63 31 26'],
    ['Opus', 8, '91 4f 70 75 73 fc'],
    ['an unknown fourCC', 9, '93 78 79 7a 31 26'],
    ['nothing', 9, ''],
    ['data', 18, '02 00 01 61'],
  ] as const) {
    it(`leaves ${name} as it is`, () => {
      const packet = packetFromTag(type, 0, hex(body))
      expect(packet.legacyTrack()).toBe(packet)
      expect(packet.legacyTrack()).toBe(packet)
    })
  }

  it('is nothing without a track 0', () => {
    // OneTrack of track 1
    expect(packetFromTag(9, 0, hex('96 03 61 76 63 31 01 41')).legacyTrack()).toBeUndefined()
  })
})
