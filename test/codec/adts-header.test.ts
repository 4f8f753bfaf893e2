import {
  ADTS_MAX_PAYLOAD_BYTES,
  decodeAdtsHeader,
  decodeAudioSpecificConfig,
  encodeAdtsHeader,
  isAdtsSync,
  writeAdtsHeader,
} from 'millrace/codec'
import { LimitError } from 'millrace/errors'
import { describe, expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'

const LC_44100_STEREO = decodeAudioSpecificConfig(hex('1210'))

describe('decodes', () => {
  test.each([
    {
      name: 'FFmpeg, LC, 44.1 kHz, stereo',
      bytes: 'fff1508028dffc',
      value: { objectType: 2, samplingFrequencyIndex: 4, samplingFrequency: 44_100, channelConfiguration: 2, headerBytes: 7, frameBytes: 326, blockCount: 1 },
    },
    {
      name: 'LC, 48 kHz, stereo, frame of 9 bytes',
      bytes: 'fff14c80013ffc',
      value: { objectType: 2, samplingFrequencyIndex: 3, samplingFrequency: 48_000, channelConfiguration: 2, headerBytes: 7, frameBytes: 9, blockCount: 1 },
    },
    {
      name: 'SSR',
      bytes: 'fff18c80013ffc',
      value: { objectType: 3, samplingFrequencyIndex: 3, samplingFrequency: 48_000, channelConfiguration: 2, headerBytes: 7, frameBytes: 9, blockCount: 1 },
    },
    {
      name: 'MPEG-2 id, 7.1 (channel configuration 7 over two bytes)',
      bytes: 'fff94dc0013ffc',
      value: { objectType: 2, samplingFrequencyIndex: 3, samplingFrequency: 48_000, channelConfiguration: 7, headerBytes: 7, frameBytes: 9, blockCount: 1 },
    },
    {
      name: 'with CRC and four blocks: three positions and the CRC',
      bytes: 'fff0508002 1fff',
      value: { objectType: 2, samplingFrequencyIndex: 4, samplingFrequency: 44_100, channelConfiguration: 2, headerBytes: 15, frameBytes: 16, blockCount: 4 },
    },
    {
      name: 'the longest frame',
      bytes: 'fff15083fffffc',
      value: { objectType: 2, samplingFrequencyIndex: 4, samplingFrequency: 44_100, channelConfiguration: 2, headerBytes: 7, frameBytes: 8191, blockCount: 1 },
    },
  ])('$name', ({ bytes, value }) => {
    expect(decodeAdtsHeader(hex(bytes))).toEqual(value)
    expect(decodeAdtsHeader(hex(`00ff${bytes}`), 2)).toEqual(value)
  }) // prettier-ignore
})

describe('encodes', () => {
  test('with the MPEG-4 id', () => {
    // 319 payload bytes, buffer fullness 0x7ff as for a variable bitrate
    expect(encodeAdtsHeader(LC_44100_STEREO, 319)).toEqual(hex('fff1508028dffc'))
  })
  test('with the MPEG-2 id', () => {
    expect(encodeAdtsHeader(LC_44100_STEREO, 319, { mpegVersion: 2 })).toEqual(hex('fff9508028dffc'))
  })
  test('HE-AAC as its core coder', () => {
    const header = encodeAdtsHeader(decodeAudioSpecificConfig(hex('2b920800')), 2)
    expect(decodeAdtsHeader(header)).toMatchObject({
      objectType: 2,
      samplingFrequency: 22_050,
      channelConfiguration: 2,
    })
  })
  test('a frequency of the table that was written out', () => {
    const config = decodeAudioSpecificConfig(hex('1780562210')) // 44,100 in 24 bits
    expect(config.samplingFrequencyIndex).toBe(15)
    expect(encodeAdtsHeader(config, 319)).toEqual(hex('fff1508028dffc'))
  })
  test('at an offset', () => {
    const out = new Uint8Array(10).fill(0xee)
    expect(writeAdtsHeader(out, 2, LC_44100_STEREO, 319)).toBe(9)
    expect(out).toEqual(hex('eeee fff1508028dffc ee'))
  })
  test('the longest payload and one byte more', () => {
    expect(ADTS_MAX_PAYLOAD_BYTES).toBe(8184)
    expect(encodeAdtsHeader(LC_44100_STEREO, 8184)).toEqual(hex('fff15083fffffc'))
    expect(() => encodeAdtsHeader(LC_44100_STEREO, 8185)).toThrow(
      expect.objectContaining({ code: 'ERR_ADTS_FIELD' }),
    )
  })
  test.each([
    ['object type 5', { objectType: 5 }],
    ['object type 42', { objectType: 42 }],
    ['53 kHz', { samplingFrequency: 53_000 }],
    ['channel configuration 11', { channelConfiguration: 11 }],
  ])('refuses %s', (_, fields) => {
    expect(() => encodeAdtsHeader({ ...LC_44100_STEREO, ...fields }, 10)).toThrow(LimitError)
  })
})

describe('refused', () => {
  test.each([
    ['no sync word', 'ff09508028dffc'],
    ['layer 3: that is MP3', 'fffb508028dffc'],
    ['sampling frequency index 13', 'fff1748028dffc'],
    ['a frame shorter than its header', 'fff1508000dffc'],
    ['a frame shorter than its header with CRC', 'fff05080010ffc'],
  ])('%s', (_, bytes) => {
    expect(() => decodeAdtsHeader(hex(bytes))).toThrow(expect.objectContaining({ code: 'ERR_ADTS_HEADER' }))
  })
  test('fewer than 7 bytes', () => {
    expect(() => decodeAdtsHeader(hex('fff1508028df'))).toThrow(
      expect.objectContaining({ code: 'ERR_BYTES_END' }),
    )
    expect(() => decodeAdtsHeader(hex('fff1508028dffc'), 1)).toThrow(
      expect.objectContaining({ code: 'ERR_BYTES_END' }),
    )
  })
})

test.each([
  ['fff1', true],
  ['fff9', true],
  ['fff0', true],
  ['fffb', false],
  ['fff130', true], // frequency index 12
  ['fff134', false], // 13 is reserved
  ['ffe1', false],
  ['fef1', false],
  ['ff', false],
  ['', false],
])('%s is a sync: %s', (bytes, answer) => {
  expect(isAdtsSync(hex(bytes), 0)).toBe(answer)
})
