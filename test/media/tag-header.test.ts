import {
  AUDIO_PACKET_TYPE_CODED_FRAMES,
  AUDIO_PACKET_TYPE_MULTITRACK,
  AUDIO_PACKET_TYPE_SEQUENCE_START,
  type AudioTagHeaderOptions,
  decodeAudioTagHeader,
  decodeVideoTagHeader,
  encodeAudioTagHeader,
  encodeVideoTagHeader,
  packetFromPayload,
  PACKET_TYPE_MOD_EX,
  VIDEO_FRAME_TYPE_INTER,
  VIDEO_FRAME_TYPE_KEY,
  VIDEO_PACKET_TYPE_CODED_FRAMES,
  VIDEO_PACKET_TYPE_CODED_FRAMES_X,
  VIDEO_PACKET_TYPE_METADATA,
  VIDEO_PACKET_TYPE_SEQUENCE_END,
  VIDEO_PACKET_TYPE_SEQUENCE_START,
  type VideoTagHeaderOptions,
} from 'millrace/media'
import { describe, expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'

const frameType = VIDEO_FRAME_TYPE_KEY
const CODED = VIDEO_PACKET_TYPE_CODED_FRAMES

describe('a video tag header', () => {
  const cases: [name: string, options: VideoTagHeaderOptions, bytes: string][] = [
    ['AVC sequence header', { codec: 'avc1', packetType: VIDEO_PACKET_TYPE_SEQUENCE_START, frameType }, '17 00 00 00 00'], // prettier-ignore
    ['AVC keyframe', { codec: 'avc1', packetType: CODED, frameType, cts: 80 }, '17 01 00 00 50'],
    ['AVC, negative composition time', { codec: 'avc1', packetType: CODED, frameType: VIDEO_FRAME_TYPE_INTER, cts: -40 }, '27 01 ff ff d8'], // prettier-ignore
    ['AVC, coded frames X', { codec: 'avc1', packetType: VIDEO_PACKET_TYPE_CODED_FRAMES_X, frameType }, '17 01 00 00 00'], // prettier-ignore
    ['AVC end of sequence', { codec: 'avc1', packetType: VIDEO_PACKET_TYPE_SEQUENCE_END, frameType }, '17 02 00 00 00'], // prettier-ignore
    ['AVC, Enhanced', { codec: 'avc1', packetType: CODED, frameType, cts: 40, enhanced: true }, '91 61 76 63 31 00 00 28'], // prettier-ignore
    ['AVC metadata', { codec: 'avc1', packetType: VIDEO_PACKET_TYPE_METADATA, frameType: 5 }, 'd4 61 76 63 31'], // prettier-ignore
    [
      'HEVC coded frames',
      { codec: 'hvc1', packetType: CODED, frameType, cts: -1 },
      '91 68 76 63 31 ff ff ff',
    ],
    ['HEVC coded frames X', { codec: 'hvc1', packetType: VIDEO_PACKET_TYPE_CODED_FRAMES_X, frameType }, '93 68 76 63 31'], // prettier-ignore
    [
      'HEVC as codec id 12',
      { codec: 'hvc1', packetType: CODED, frameType, enhanced: false },
      '1c 01 00 00 00',
    ],
    ['AV1', { codec: 'av01', packetType: CODED, frameType: VIDEO_FRAME_TYPE_INTER }, 'a1 61 76 30 31'],
    ['AV1 as codec id 13', { codec: 'av01', packetType: VIDEO_PACKET_TYPE_SEQUENCE_START, frameType, enhanced: false }, '1d 00 00 00 00'], // prettier-ignore
    ['AVC of track 3', { codec: 'avc1', packetType: CODED, frameType, cts: 1, trackId: 3 }, '96 01 61 76 63 31 03 00 00 01'], // prettier-ignore
    ['AVC of track 0', { codec: 'avc1', packetType: VIDEO_PACKET_TYPE_SEQUENCE_START, frameType, trackId: 0 }, '96 00 61 76 63 31 00'], // prettier-ignore
    ['with nanoseconds', { codec: 'vp09', packetType: CODED, frameType, timestampOffsetNs: 999_999 }, '97 02 0f 42 3f 01 76 70 30 39'], // prettier-ignore
    ['with nanoseconds and track', { codec: 'vp09', packetType: CODED, frameType, timestampOffsetNs: 1, trackId: 255 }, '97 02 00 00 01 06 01 76 70 30 39 ff'], // prettier-ignore
  ]

  for (const [name, options, bytes] of cases) {
    test(name, () => {
      expect(encodeVideoTagHeader(options)).toEqual(hex(bytes))
      const header = decodeVideoTagHeader(hex(bytes))
      const { codec, cts = 0, timestampOffsetNs = 0, trackId } = options
      expect(header).toMatchObject({ codec, timestampOffsetNs, frameType: options.frameType, command: -1 })
      expect(header.cts).toBe(trackId === undefined ? cts : 0)
      expect(header.multitrackType).toBe(trackId === undefined ? -1 : 0)
    })
  }

  const wrong: [name: string, options: VideoTagHeaderOptions][] = [
    ['VP9 in legacy form', { codec: 'vp09', packetType: CODED, frameType, enhanced: false }],
    ['metadata in legacy form', { codec: 'avc1', packetType: VIDEO_PACKET_TYPE_METADATA, frameType, enhanced: false }], // prettier-ignore
    ['a track in legacy form', { codec: 'avc1', packetType: CODED, frameType, trackId: 0, enhanced: false }],
    ['a fourCC of five', { codec: 'hevc1', packetType: CODED, frameType }],
    ['a fourCC beyond bytes', { codec: 'hvc€', packetType: CODED, frameType }],
    ['frame type 8', { codec: 'hvc1', packetType: CODED, frameType: 8 }],
    ['packet type ModEx', { codec: 'hvc1', packetType: PACKET_TYPE_MOD_EX, frameType }],
    ['packet type 16', { codec: 'hvc1', packetType: 16, frameType }],
    ['composition time 2^23', { codec: 'avc1', packetType: CODED, frameType, cts: 2 ** 23 }],
    ['composition time -2^23 - 1', { codec: 'avc1', packetType: CODED, frameType, cts: -(2 ** 23) - 1 }],
    ['track 256', { codec: 'avc1', packetType: CODED, frameType, trackId: 256 }],
    ['a millisecond of nanoseconds', { codec: 'avc1', packetType: CODED, frameType, timestampOffsetNs: 1_000_000 }], // prettier-ignore
  ]
  for (const [name, options] of wrong)
    test(`refuses ${name}`, () => {
      expect(() => encodeVideoTagHeader(options)).toThrow(RangeError)
    })

  test('of a command frame has the command', () => {
    expect(decodeVideoTagHeader(hex('57 01'))).toMatchObject({
      command: 1,
      enhanced: false,
      payloadOffset: 2,
    })
    expect(decodeVideoTagHeader(hex('d1 00'))).toMatchObject({ command: 0, enhanced: true, codec: '' })
    expect(decodeVideoTagHeader(hex('57'))).toMatchObject({ command: -1, packetType: -1 })
    expect(decodeVideoTagHeader(hex('d1'))).toMatchObject({ command: -1, packetType: -1 })
  })
})

describe('an audio tag header', () => {
  const cases: [name: string, options: AudioTagHeaderOptions, bytes: string][] = [
    ['AAC sequence header', { codec: 'mp4a', packetType: AUDIO_PACKET_TYPE_SEQUENCE_START }, 'af 00'],
    ['AAC raw', { codec: 'mp4a', packetType: AUDIO_PACKET_TYPE_CODED_FRAMES }, 'af 01'],
    ['AAC, Enhanced', { codec: 'mp4a', packetType: AUDIO_PACKET_TYPE_CODED_FRAMES, enhanced: true }, '91 6d 70 34 61'], // prettier-ignore
    ['MP3', { codec: '.mp3', packetType: AUDIO_PACKET_TYPE_CODED_FRAMES }, '2f'],
    ['G.711 A-law', { codec: 'alaw', packetType: AUDIO_PACKET_TYPE_CODED_FRAMES }, '72'],
    ['G.711 mu-law', { codec: 'ulaw', packetType: AUDIO_PACKET_TYPE_CODED_FRAMES }, '82'],
    ['Speex', { codec: 'spex', packetType: AUDIO_PACKET_TYPE_CODED_FRAMES }, 'b2'],
    ['Opus', { codec: 'Opus', packetType: AUDIO_PACKET_TYPE_SEQUENCE_START }, '90 4f 70 75 73'],
    ['AAC of track 1', { codec: 'mp4a', packetType: AUDIO_PACKET_TYPE_CODED_FRAMES, trackId: 1 }, '95 01 6d 70 34 61 01'], // prettier-ignore
    ['AAC with nanoseconds', { codec: 'mp4a', packetType: AUDIO_PACKET_TYPE_CODED_FRAMES, timestampOffsetNs: 256 }, '97 02 00 01 00 01 6d 70 34 61'], // prettier-ignore
  ]
  for (const [name, options, bytes] of cases) {
    test(name, () => {
      expect(encodeAudioTagHeader(options)).toEqual(hex(bytes))
      const { codec, packetType, timestampOffsetNs = 0 } = options
      expect(decodeAudioTagHeader(hex(bytes))).toMatchObject({ codec, packetType, timestampOffsetNs })
    })
  }

  const wrong: [name: string, options: AudioTagHeaderOptions][] = [
    ['Opus in legacy form', { codec: 'Opus', packetType: AUDIO_PACKET_TYPE_CODED_FRAMES, enhanced: false }],
    ['multitrack as packet type', { codec: 'Opus', packetType: AUDIO_PACKET_TYPE_MULTITRACK }],
    ['a fourCC of nothing', { codec: '', packetType: AUDIO_PACKET_TYPE_CODED_FRAMES }],
  ]
  for (const [name, options] of wrong)
    test(`refuses ${name}`, () => {
      expect(() => encodeAudioTagHeader(options)).toThrow(RangeError)
    })

  test('has the sound format of legacy FLV', () => {
    // SoundFormat 2 MP3 | SoundRate 3 44 kHz | SoundSize 1 16 bits | SoundType 0 mono
    expect(decodeAudioTagHeader(hex('2e'))).toMatchObject({
      sampleRate: 44_100,
      sampleBits: 16,
      channelCount: 1,
    })
    // SoundFormat 3 PCM | SoundRate 1 11 kHz | SoundSize 0 8 bits | SoundType 1 stereo
    expect(decodeAudioTagHeader(hex('35'))).toMatchObject({
      sampleRate: 11_025,
      sampleBits: 8,
      channelCount: 2,
    })
  })
})

test('a packet from a payload is what its tag says', () => {
  const video = packetFromPayload({
    kind: 'video',
    dts: 40,
    codec: 'avc1',
    packetType: CODED,
    frameType,
    cts: 80,
    payload: hex('00 00 00 01 65'),
  })
  expect(video.body).toEqual(hex('17 01 00 00 50 00 00 00 01 65'))
  expect(video).toMatchObject({ kind: 'video', dts: 40, pts: 120, keyframe: true })
  const audio = packetFromPayload({
    kind: 'audio',
    dts: 0,
    codec: 'Opus',
    packetType: AUDIO_PACKET_TYPE_CODED_FRAMES,
    payload: hex('f8'),
  })
  expect(audio.body).toEqual(hex('91 4f 70 75 73 f8'))
  expect(audio.payload).toEqual(hex('f8'))
})
