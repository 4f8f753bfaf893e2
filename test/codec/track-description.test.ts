import { describeTrack } from 'millrace/codec'
import { packetFromTag } from 'millrace/media'
import { describe, expect, test } from 'vitest'
import { type Clip, readClip } from '../support/clips.ts'
import { hex } from '../support/bytes.ts'
import { AAC_VECTORS, FLAC_VECTORS, OPUS_VECTORS } from './audio-vectors.ts'
import { AVC_CONFIGURATION_VECTORS } from './avc-vectors.ts'
import { HEVC_CONFIGURATION_VECTORS } from './hevc-vectors.ts'
import { AV1_VECTORS, VP_VECTORS, VVC_VECTORS } from './video-vectors.ts'

describe('from configuration', () => {
  test.each([
    ['avc1', AVC_CONFIGURATION_VECTORS[0].bytes, { codecString: 'avc1.42c028', profile: 'Constrained Baseline', level: '4.0', width: 1920, height: 1080, bitDepth: 8, frameRate: 30_000 / 1001 }],
    ['avc1', AVC_CONFIGURATION_VECTORS[2].bytes, { codecString: 'avc1.7a0028', profile: 'High 4:2:2', level: '4.0', width: 1920, height: 1080, bitDepth: 10, frameRate: 30_000 / 1001 }],
    ['avc1', AVC_CONFIGURATION_VECTORS[3].bytes, { codecString: 'avc1.640028', profile: 'High', level: '4.0', width: 1920, height: 1088, bitDepth: 8 }],
    ['avc1', AVC_CONFIGURATION_VECTORS[4].bytes, { codecString: 'avc1.4d401f', profile: 'Main', level: '3.1' }],
    ['hvc1', HEVC_CONFIGURATION_VECTORS[0].bytes, { codecString: 'hvc1.1.6.L120.90', profile: 'Main', level: '4.0', width: 1920, height: 1080, bitDepth: 8, frameRate: 30_000 / 1001 }],
    ['hvc1', HEVC_CONFIGURATION_VECTORS[2].bytes, { codecString: 'hvc1.B2.80000004.H153.B0.0.0.0.0.F', profile: 'Main 10', level: '5.1', bitDepth: 10 }],
    ['av01', AV1_VECTORS[0].bytes, { codecString: 'av01.0.01M.10.0.110.09.16.09.0', profile: 'Main', level: '2.1', width: 638, height: 358, bitDepth: 10 }],
    ['av01', AV1_VECTORS[3].bytes, { codecString: 'av01.0.31M.08', profile: 'Main', level: 'max', width: 638, height: 358, bitDepth: 8 }],
    ['av01', AV1_VECTORS[3].bytes.subarray(0, 4), { codecString: 'av01.0.31M.08', profile: 'Main', level: 'max', bitDepth: 8 }],
    ['av01', AV1_VECTORS[3].bytes.subarray(0, 9), { codecString: 'av01.0.31M.08', profile: 'Main', level: 'max', bitDepth: 8 }],
    ['vp09', VP_VECTORS[1].bytes, { codecString: 'vp09.02.21.10.01.09.16.09.00', profile: 'Profile 2', level: '2.1', bitDepth: 10 }],
    ['vp08', hex('01000000 0000820202020000'), { codecString: 'vp08.00.00.08', profile: 'Profile 0', bitDepth: 8 }],
    ['vvc1', VVC_VECTORS[0].bytes, { codecString: 'vvc1.1.L64', level: '4.0', width: 1920, height: 1080, bitDepth: 10 }],
    ['vvc1', VVC_VECTORS[2].bytes, { codecString: 'vvc1' }],
    ['mp4a', AAC_VECTORS[0].bytes, { codecString: 'mp4a.40.2', profile: 'LC', sampleRate: 44_100, channelCount: 2 }],
    ['mp4a', AAC_VECTORS[7].bytes, { codecString: 'mp4a.40.5', profile: 'HE-AAC', sampleRate: 44_100, channelCount: 2 }],
    ['mp4a', AAC_VECTORS[8].bytes, { codecString: 'mp4a.40.29', profile: 'HE-AAC v2', sampleRate: 48_000, channelCount: 2 }],
    ['mp4a', AAC_VECTORS[13].bytes, { codecString: 'mp4a.40.2', profile: 'LC', sampleRate: 48_000 }],
    ['.mp3', hex('fffb52c4'), { codecString: 'mp4a.6B', sampleRate: 44_100, channelCount: 1 }],
    ['.mp3', hex('fff342c4'), { codecString: 'mp4a.69', sampleRate: 22_050, channelCount: 1 }],
    ['Opus', OPUS_VECTORS[1].bytes, { codecString: 'opus', sampleRate: 48_000, channelCount: 6 }],
    ['fLaC', FLAC_VECTORS[0].bytes, { codecString: 'flac', sampleRate: 96_000, channelCount: 6 }],
    ['ac-3', hex('0b7763181c40ebf8'), { codecString: 'ac-3', sampleRate: 48_000, channelCount: 6 }],
    ['ec-3', hex('0b7702ffbf87c000'), { codecString: 'ec-3', sampleRate: 32_000, channelCount: 6 }],
  ])('%s %#', (codec, bytes, facts) => {
    expect(describeTrack(codec, bytes)).toEqual({ codec, ...facts })
  }) // prettier-ignore
})

describe('without configuration, or with one that cannot be read', () => {
  test.each([
    ['avc1', 'avc1'],
    ['hvc1', 'hvc1'],
    ['av01', 'av01'],
    ['mp4a', 'mp4a.40.2'],
    ['.mp3', 'mp4a.6B'],
    ['Opus', 'opus'],
    ['fLaC', 'flac'],
    ['ac-3', 'ac-3'],
    ['ec-3', 'ec-3'],
    ['vp6f', 'vp6f'],
    ['', ''],
  ])('%j is %j', (codec, codecString) => {
    expect(describeTrack(codec, hex(''))).toEqual({ codec, codecString })
    expect(describeTrack(codec, hex('00'))).toEqual({ codec, codecString })
  })
  test('a broken SPS leaves profile and level', () => {
    const bytes = hex('01640028ffe1 0002 6764 01 0001 68')
    expect(describeTrack('avc1', bytes)).toEqual({
      codec: 'avc1',
      codecString: 'avc1.640028',
      profile: 'High',
      level: '4.0',
    })
  })
})

describe('levels and profiles by name', () => {
  const avc = (profile: number, compatibility: number, level: number): Uint8Array =>
    Uint8Array.of(1, profile, compatibility, level, 0xff, 0xe0, 0)
  test.each([
    [avc(66, 0, 30), 'Baseline', '3.0'],
    [avc(66, 0x50, 11), 'Constrained Baseline', '1b'],
    [avc(66, 0, 11), 'Baseline', '1.1'],
    [avc(100, 0x10, 11), 'High', '1.1'],
    [avc(100, 0, 9), 'High', '1b'],
    [avc(244, 0, 62), 'High 4:4:4 Predictive', '6.2'],
    [avc(1, 0, 62), 'Profile 1', '6.2'],
  ])('H.264 %#: %s %s', (bytes, profile, level) => {
    expect(describeTrack('avc1', bytes)).toMatchObject({ profile, level })
  })
  test('unknown ones by number', () => {
    expect(describeTrack('mp4a', hex('9990'))).toMatchObject({ profile: 'Type 19' })
    expect(describeTrack('av01', hex('81ff0000'))).toMatchObject({ profile: 'Profile 7' })
  })
})

describe('the clips, as ffprobe describes them', () => {
  /** Descriptions of the tracks whose configuration comes first in a clip. */
  function describeClip(clip: Clip): unknown[] {
    const bytes = readClip(clip)
    const found: unknown[] = []
    for (let at = 13; at < bytes.length && found.length < 3;) {
      const length = (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
      const type = bytes[at]!
      if (type === 8 || type === 9) {
        const packet = packetFromTag(type, 0, bytes.subarray(at + 11, at + 11 + length))
        for (const track of packet.tracks()) {
          if (track.configuration) found.push(describeTrack(track.codec, track.payload))
        }
      }
      at += 11 + length + 4
    }
    return found
  }
  const avc = { codec: 'avc1', width: 320, height: 180, bitDepth: 8, frameRate: 25 }
  const opus = { codec: 'Opus', codecString: 'opus', sampleRate: 48_000, channelCount: 1 }
  const hevc = { codec: 'hvc1', codecString: 'hvc1.1.6.L60.90', profile: 'Main', level: '2.0', width: 320, height: 180, bitDepth: 8, frameRate: 25 } // prettier-ignore
  test.each<[Clip, unknown[]]>([
    [
      'avc-aac-bframes.flv',
      [
        { ...avc, codecString: 'avc1.4d400d', profile: 'Main', level: '1.3' },
        { codec: 'mp4a', codecString: 'mp4a.40.2', profile: 'LC', sampleRate: 48_000, channelCount: 2 },
      ],
    ],
    [
      'audio-only-aac.flv',
      [{ codec: 'mp4a', codecString: 'mp4a.40.2', profile: 'LC', sampleRate: 44_100, channelCount: 1 }],
    ],
    [
      'avc-flac.ertmp.flv',
      [
        { ...avc, codecString: 'avc1.64000c', profile: 'High', level: '1.2' },
        { codec: 'fLaC', codecString: 'flac', sampleRate: 48_000, channelCount: 1 },
      ],
    ],
    [
      'hevc-aac.ertmp.flv',
      [hevc, { codec: 'mp4a', codecString: 'mp4a.40.2', profile: 'LC', sampleRate: 48_000, channelCount: 1 }],
    ],
    ['hevc-opus-two-audio-tracks.ertmp.flv', [hevc, opus, opus]],
    [
      'av1-opus.ertmp.flv',
      [
        {
          codec: 'av01',
          codecString: 'av01.0.00M.08',
          profile: 'Main',
          level: '2.0',
          width: 320,
          height: 180,
          bitDepth: 8,
        },
        opus,
      ],
    ],
    [
      'vp9-opus.ertmp.flv',
      [
        { codec: 'vp09', codecString: 'vp09.00.11.08', profile: 'Profile 0', level: '1.1', bitDepth: 8 },
        opus,
      ],
    ],
  ])('%s', (clip, tracks) => expect(describeClip(clip)).toEqual(tracks))
})
