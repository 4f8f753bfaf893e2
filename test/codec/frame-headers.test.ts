import { decodeAc3Header, decodeMpegAudioHeader, isMpegAudioSync } from 'millrace/codec'
import { describe, expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'
import { bits, u } from './bits.ts'

describe('MPEG audio', () => {
  test.each([
    {
      name: 'LAME, MPEG-1 layer III, 128 kbit/s, 44.1 kHz, stereo',
      bytes: 'fffb9064',
      value: { version: 1, layer: 3, bitrateKbps: 128, samplingFrequency: 44_100, channelCount: 2, frameSamples: 1152, frameBytes: 417 },
    },
    {
      name: 'LAME, 64 kbit/s, mono, padded',
      bytes: 'fffb52c4',
      value: { version: 1, layer: 3, bitrateKbps: 64, samplingFrequency: 44_100, channelCount: 1, frameSamples: 1152, frameBytes: 209 },
    },
    {
      name: 'LAME, MPEG-2 layer III, 32 kbit/s, 22.05 kHz, mono, padded',
      bytes: 'fff342c4',
      value: { version: 2, layer: 3, bitrateKbps: 32, samplingFrequency: 22_050, channelCount: 1, frameSamples: 576, frameBytes: 105 },
    },
    {
      name: 'LAME, MPEG-2.5 layer III, 16 kbit/s, 11.025 kHz, mono',
      bytes: 'ffe320c4',
      value: { version: 2.5, layer: 3, bitrateKbps: 16, samplingFrequency: 11_025, channelCount: 1, frameSamples: 576, frameBytes: 104 },
    },
    {
      name: 'FFmpeg, MPEG-1 layer II, 192 kbit/s, 48 kHz',
      bytes: 'fffda404',
      value: { version: 1, layer: 2, bitrateKbps: 192, samplingFrequency: 48_000, channelCount: 2, frameSamples: 1152, frameBytes: 576 },
    },
    {
      name: 'MPEG-1 layer I, 384 kbit/s, 44.1 kHz, padded by 4 bytes',
      bytes: 'ffffc200',
      value: { version: 1, layer: 1, bitrateKbps: 384, samplingFrequency: 44_100, channelCount: 2, frameSamples: 384, frameBytes: 420 },
    },
    {
      name: 'MPEG-2 layer I, 256 kbit/s, 16 kHz',
      bytes: 'fff7e800',
      value: { version: 2, layer: 1, bitrateKbps: 256, samplingFrequency: 16_000, channelCount: 2, frameSamples: 384, frameBytes: 768 },
    },
    {
      name: 'MPEG-2 layer II, 160 kbit/s, 24 kHz',
      bytes: 'fff5e400',
      value: { version: 2, layer: 2, bitrateKbps: 160, samplingFrequency: 24_000, channelCount: 2, frameSamples: 1152, frameBytes: 960 },
    },
    {
      name: 'free format',
      bytes: 'fffb0000',
      value: { version: 1, layer: 3, bitrateKbps: 0, samplingFrequency: 44_100, channelCount: 2, frameSamples: 1152, frameBytes: undefined },
    },
  ])('$name', ({ bytes, value }) => {
    expect(decodeMpegAudioHeader(hex(bytes))).toEqual(value)
    expect(decodeMpegAudioHeader(hex(`0000${bytes}`), 2)).toEqual(value)
  }) // prettier-ignore

  test.each([
    ['no sync', '00fb9000'],
    ['half a sync', 'ff1b9000'],
    ['the reserved version', 'ffeb9000'],
    ['the reserved layer: that is ADTS', 'fff15080'],
    ['bitrate index 15', 'fffbf000'],
    ['frequency index 3', 'fffb9c00'],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeMpegAudioHeader(hex(bytes))).toThrow(
      expect.objectContaining({ code: 'ERR_MPEG_AUDIO_HEADER' }),
    )
  })
  test('needs 4 bytes', () => {
    expect(() => decodeMpegAudioHeader(hex('fffb90'))).toThrow(
      expect.objectContaining({ code: 'ERR_BYTES_END' }),
    )
    expect(isMpegAudioSync(hex('ff'), 0)).toBe(false)
    expect(isMpegAudioSync(hex('fffb'), 0)).toBe(true)
  })
  test('a run of ff is no sync', () => {
    expect(isMpegAudioSync(hex('ffffff'), 0)).toBe(false)
  })
})

describe('AC-3', () => {
  test.each([
    {
      name: 'FFmpeg, 384 kbit/s, 48 kHz, 5.1',
      bytes: '0b7763181c40ebf8403eff74',
      value: { enhanced: false, samplingFrequency: 48_000, channelMode: 7, lfe: true, channelCount: 6, frameBytes: 1536, frameSamples: 1536, bsid: 8, streamType: 0 },
    },
    {
      name: 'FFmpeg, 96 kbit/s, 44.1 kHz, mono',
      bytes: '0b775c044c402f8429e12139',
      value: { enhanced: false, samplingFrequency: 44_100, channelMode: 1, lfe: false, channelCount: 1, frameBytes: 416, frameSamples: 1536, bsid: 8, streamType: 0 },
    },
    {
      name: 'FFmpeg, E-AC-3, 48 kHz, stereo',
      bytes: '0b7700ff3487c00020fc0100',
      value: { enhanced: true, samplingFrequency: 48_000, channelMode: 2, lfe: false, channelCount: 2, frameBytes: 512, frameSamples: 1536, bsid: 16, streamType: 0 },
    },
    {
      name: 'FFmpeg, E-AC-3, 32 kHz, 5.1',
      bytes: '0b7702ffbf87c00000000000',
      value: { enhanced: true, samplingFrequency: 32_000, channelMode: 7, lfe: true, channelCount: 6, frameBytes: 1536, frameSamples: 1536, bsid: 16, streamType: 0 },
    },
  ])('$name', ({ bytes, value }) => {
    expect(decodeAc3Header(hex(bytes))).toEqual(value)
  }) // prettier-ignore

  /** An AC-3 header up to lfeon. */
  const ac3 = (
    frequency: number,
    size: number,
    bsid: number,
    mode: number,
    mixLevels: string,
    lfe: string,
  ): Uint8Array =>
    bits(
      u(16, 0x0b77),
      u(16, 0),
      u(2, frequency),
      u(6, size),
      u(5, bsid),
      u(3, 0),
      u(3, mode),
      mixLevels,
      lfe,
      u(8, 0),
    )

  test.each([
    [0, 2, ''],
    [1, 1, ''],
    [2, 2, '11'], // dsurmod
    [3, 3, '11'], // cmixlev
    [4, 3, '11'], // surmixlev
    [5, 4, '1111'], // cmixlev, surmixlev
    [6, 4, '11'],
    [7, 5, '1111'],
  ])(
    'audio coding mode %i has %i channels, and LFE stands behind the mix levels',
    (mode, channels, mixLevels) => {
      expect(decodeAc3Header(ac3(0, 0, 8, mode, mixLevels, '0')).channelCount).toBe(channels)
      expect(decodeAc3Header(ac3(0, 0, 8, mode, mixLevels, '1')).channelCount).toBe(channels + 1)
    },
  )
  test.each([
    [0, 0, 128], // 32 kbit/s at 48 kHz
    [1, 0, 138],
    [1, 1, 140], // odd codes are a word longer at 44.1 kHz
    [2, 0, 192],
    [0, 37, 2560], // 640 kbit/s
    [1, 37, 2788],
    [2, 37, 3840],
  ])('frequency code %i and size code %i: %i bytes', (frequency, size, frameBytes) => {
    expect(decodeAc3Header(ac3(frequency, size, 8, 2, '00', '0')).frameBytes).toBe(frameBytes)
  })
  test('E-AC-3 at half rate, and with 1 to 6 blocks', () => {
    const eac3 = (frequency: number, blocks: number): Uint8Array =>
      bits(
        u(16, 0x0b77),
        u(2, 1),
        u(3, 0),
        u(11, 99),
        u(2, frequency),
        u(2, blocks),
        u(3, 2),
        '0',
        u(5, 16),
        u(19, 0),
      )
    expect(decodeAc3Header(eac3(3, 0))).toMatchObject({
      samplingFrequency: 24_000,
      frameSamples: 1536,
      streamType: 1,
    })
    expect([0, 1, 2, 3].map((blocks) => decodeAc3Header(eac3(0, blocks)).frameSamples)).toEqual([
      256, 512, 768, 1536,
    ])
    expect(() => decodeAc3Header(eac3(3, 3))).toThrow(expect.objectContaining({ code: 'ERR_AC3_HEADER' }))
  })
  test.each([
    ['no sync word', hex('0b7663181c40ebf8')],
    ['bitstream identification 17', ac3(0, 0, 17, 2, '00', '0')],
    ['frequency code 3', ac3(3, 0, 8, 2, '00', '0')],
    ['frame size code 38', ac3(0, 38, 8, 2, '00', '0')],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeAc3Header(bytes)).toThrow(expect.objectContaining({ code: 'ERR_AC3_HEADER' }))
  })
  test('needs 8 bytes', () => {
    expect(() => decodeAc3Header(hex('0b7763181c40eb'))).toThrow(
      expect.objectContaining({ code: 'ERR_BYTES_END' }),
    )
  })
})
