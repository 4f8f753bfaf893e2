import {
  type AudioSpecificConfig,
  createAudioSpecificConfig,
  decodeAudioSpecificConfig,
  encodeAudioSpecificConfig,
  programChannelCount,
} from 'millrace/codec'
import { describe, expect, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import { AAC_VECTORS } from './audio-vectors.ts'
import { bits, u } from './bits.ts'

for (const { name, bytes, value } of AAC_VECTORS) {
  describe(name, () => {
    test('decodes', () => expect(decodeAudioSpecificConfig(bytes)).toEqual(value))
    test('encodes', () => {
      // A hierarchical configuration of fdk-aac ends in a byte of zeros that nothing asks for.
      const encoded = encodeAudioSpecificConfig(value)
      expect(join(encoded, new Uint8Array(bytes.length - encoded.length))).toEqual(bytes)
    })
  })
}

describe('assembled', () => {
  test('escaped object types', () => {
    // USAC (42 = 32 + 10), 48 kHz, stereo
    expect(decodeAudioSpecificConfig(bits('11111', u(6, 10), u(4, 3), u(4, 2)))).toMatchObject({
      objectType: 42,
      samplingFrequency: 48_000,
      channelCount: 2,
    })
  })
  test.each([
    [1, 1], [2, 2], [3, 3], [4, 4], [5, 5], [6, 6], [7, 8], [8, 0], [9, 0], [10, 0], [11, 7], [12, 8], [13, 24], [14, 8], [15, 0],
  ])('channel configuration %i has %i channels', (channelConfiguration, channelCount) => {
    const bytes = bits(u(5, 2), u(4, 4), u(4, channelConfiguration), '000')
    expect(decodeAudioSpecificConfig(bytes)).toMatchObject({ channelConfiguration, channelCount })
  }) // prettier-ignore
  test('frames of 960 samples', () => {
    expect(decodeAudioSpecificConfig(bits(u(5, 2), u(4, 4), u(4, 2), '100')).frameSamples).toBe(960)
  })
  test.each([
    ['AAC LD', 23, '0', 512],
    ['AAC LD', 23, '1', 480],
    ['AAC ELD', 39, '0', 512],
    ['AAC ELD', 39, '1', 480],
  ])('%s (%i) with frameLengthFlag %s: %i samples', (_, objectType, flag, frameSamples) => {
    const type = objectType > 30 ? '11111' + u(6, objectType - 32) : u(5, objectType)
    const bytes = bits(type, u(4, 3), u(4, 2), flag, '0000 0000')
    expect(decodeAudioSpecificConfig(bytes)).toMatchObject({ objectType, frameSamples })
  })
  test('HE-AAC with both frequencies written out', () => {
    const bytes = bits(
      u(5, 5), // audioObjectType SBR
      '1111' + u(24, 22_049),
      u(4, 2), // channelConfiguration
      '1111' + u(24, 44_098),
      u(5, 2), // audioObjectType LC
      '000', // GASpecificConfig
    )
    const config = decodeAudioSpecificConfig(bytes)
    expect(config).toMatchObject({
      objectType: 2,
      samplingFrequency: 22_049,
      samplingFrequencyIndex: 15,
      extensionSamplingFrequency: 44_098,
      sbr: true,
    })
    expect(encodeAudioSpecificConfig(config)).toEqual(bytes)
  })
  test('SBR over ER BSAC has an extension channel configuration', () => {
    const bytes = bits(u(5, 5), u(4, 7), u(4, 2), u(4, 4), u(5, 22), u(4, 2), '000', '00000000')
    expect(decodeAudioSpecificConfig(bytes)).toMatchObject({ objectType: 22, frameSamples: 1024, sbr: true })
  })
  test('a program config element with everything', () => {
    const bytes = bits(
      u(5, 2) + u(4, 3) + u(4, 0), // LC, 48 kHz, channelConfiguration 0
      '000', // GASpecificConfig
      u(4, 9) + u(2, 1) + u(4, 3), // element_instance_tag, object_type, sampling_frequency_index
      u(4, 1) + u(4, 1) + u(4, 1) + u(2, 1) + u(3, 1) + u(4, 1), // front, side, back, LFE, data, coupling
      '1' + u(4, 3), // mono mixdown
      '1' + u(4, 4), // stereo mixdown
      '1' + u(2, 2) + '1', // matrix mixdown, pseudo surround
      '1' + u(4, 1), // front: pair
      '0' + u(4, 2), // side: single
      '1' + u(4, 3), // back: pair
      u(4, 5) + u(4, 6), // LFE, data
      '1' + u(4, 7), // coupling: independent
      '0000000', // alignment at bit 89 of the whole configuration
      u(8, 2) + u(8, 0x68) + u(8, 0x69), // comment
    )
    const config = decodeAudioSpecificConfig(bytes)
    expect(config.programConfigElement).toEqual({
      tag: 9,
      objectType: 1,
      samplingFrequencyIndex: 3,
      front: [{ pair: true, tag: 1 }],
      side: [{ pair: false, tag: 2 }],
      back: [{ pair: true, tag: 3 }],
      lfe: [5],
      data: [6],
      coupling: [{ independent: true, tag: 7 }],
      monoMixdown: 3,
      stereoMixdown: 4,
      matrixMixdown: 5,
      comment: [0x68, 0x69],
    })
    expect(config.channelCount).toBe(6)
    expect(programChannelCount(config.programConfigElement!)).toBe(6)
    expect(encodeAudioSpecificConfig(config)).toEqual(bytes)
  })
})

describe('what follows the configuration', () => {
  test.each([
    ['zeros', '1210 0000'],
    ['an odd extension', '1210 0810'],
    ['a sync word and another type than SBR', '1210 56e2'],
    ['a sync word, SBR and nothing', '1210 56e5'],
    ['a reserved extension frequency', '1210 56e5 e8'], // index 13
    ['an extension frequency that is cut', '1210 56e5 f8 00'], // index 15, 24 bits wanted
  ])('%s is ignored', (_, bytes) => {
    expect(decodeAudioSpecificConfig(hex(bytes))).toEqual(AAC_VECTORS[0].value)
  })
  test('a PS extension is not there without its sync word', () => {
    expect(decodeAudioSpecificConfig(hex('1390 56e5a0 0000'))).toMatchObject({ sbr: true, ps: false })
  })
})

describe('refused', () => {
  test.each([
    ['object type 0', '0210'],
    ['sampling frequency index 13', '1690'],
    ['sampling frequency index 14', '1710'],
    ['a frequency of 0', '1780000010'],
    ['SBR over object type 0', '2b920000'],
  ])('%s', (_, bytes) => {
    expect(() => decodeAudioSpecificConfig(hex(bytes))).toThrow(
      expect.objectContaining({ code: 'ERR_AAC_CONFIGURATION' }),
    )
  })
  test.each(['', '12', '17806784', '2b92'])('%s is cut short', (bytes) => {
    expect(() => decodeAudioSpecificConfig(hex(bytes))).toThrow(
      expect.objectContaining({ code: 'ERR_BYTES_END' }),
    )
  })
  test('object types that are not plain AAC are not written', () => {
    const config = decodeAudioSpecificConfig(bits('11111', u(6, 10), u(4, 3), u(4, 2)))
    expect(() => encodeAudioSpecificConfig(config)).toThrow(RangeError)
  })
  test('a program config element beside a channel configuration is not written', () => {
    const config: AudioSpecificConfig = { ...AAC_VECTORS[11].value, channelConfiguration: 2 }
    expect(() => encodeAudioSpecificConfig(config)).toThrow(RangeError)
  })
})

describe('made from an ADTS header', () => {
  test('is the plain configuration', () => {
    const config = createAudioSpecificConfig({ samplingFrequency: 44_100, channelConfiguration: 2 })
    expect(config).toEqual(AAC_VECTORS[0].value)
    expect(encodeAudioSpecificConfig(config)).toEqual(hex('1210'))
  })
  test('takes an object type', () => {
    const config = createAudioSpecificConfig({
      objectType: 1,
      samplingFrequency: 22_050,
      channelConfiguration: 1,
    })
    expect(encodeAudioSpecificConfig(config)).toEqual(hex('0b88'))
  })
})
