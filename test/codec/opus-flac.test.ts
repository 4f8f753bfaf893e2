import { decodeFlacStreamInfo, decodeOpusHead, encodeFlacStreamInfo, encodeOpusHead } from 'millrace/codec'
import { describe, expect, test } from 'vitest'
import { ascii, hex, join } from '../support/bytes.ts'
import { FLAC_VECTORS, OPUS_VECTORS } from './audio-vectors.ts'

describe('OpusHead', () => {
  for (const { name, bytes, value } of OPUS_VECTORS) {
    describe(name, () => {
      test('decodes', () => expect(decodeOpusHead(bytes)).toEqual(value))
      test('encodes', () => expect(encodeOpusHead(value)).toEqual(bytes))
      test('cut anywhere it throws', () => {
        for (let end = 0; end < bytes.length; end++) {
          expect(() => decodeOpusHead(bytes.subarray(0, end))).toThrow(
            expect.objectContaining({ code: 'ERR_BYTES_END' }),
          )
        }
      })
    })
  }
  const [STEREO, SURROUND] = OPUS_VECTORS
  test('a later minor version and bytes behind are read', () => {
    const bytes = join(STEREO.bytes, hex('00'))
    bytes[8] = 0x0f
    expect(decodeOpusHead(bytes)).toEqual(STEREO.value)
  })
  test.each([
    ['another magic', 0, 0x6f],
    ['a major version', 8, 0x10],
    ['no channels', 9, 0],
  ])('refuses %s', (_, offset, byte) => {
    const bytes = STEREO.bytes.slice()
    bytes[offset] = byte
    expect(() => decodeOpusHead(bytes)).toThrow(expect.objectContaining({ code: 'ERR_OPUS_HEAD' }))
  })
  test('a mapping that does not go with the channels is not written', () => {
    expect(() => encodeOpusHead({ ...STEREO.value, mappingFamily: 1 })).toThrow(RangeError)
    expect(() => encodeOpusHead({ ...SURROUND.value, mappingFamily: 0 })).toThrow(RangeError)
    expect(() => encodeOpusHead({ ...SURROUND.value, channelCount: 5 })).toThrow(RangeError)
  })
})

describe('FLAC STREAMINFO', () => {
  for (const { name, bytes, value } of FLAC_VECTORS) {
    describe(name, () => {
      test('bare', () => expect(decodeFlacStreamInfo(bytes)).toEqual(value))
      test('behind the block header', () => {
        expect(decodeFlacStreamInfo(join(hex('80000022'), bytes))).toEqual(value)
        expect(decodeFlacStreamInfo(join(hex('00000022'), bytes, hex('84000000')))).toEqual(value)
      })
      test('behind "fLaC" and the block header', () => {
        expect(decodeFlacStreamInfo(join(ascii('fLaC'), hex('80000022'), bytes))).toEqual(value)
        expect(decodeFlacStreamInfo(join(ascii('fLaC'), hex('00000022'), bytes, hex('84000000')))).toEqual(
          value,
        )
      })
      test('encodes with everything in front', () => {
        expect(encodeFlacStreamInfo(value)).toEqual(join(ascii('fLaC'), hex('80000022'), bytes))
      })
      test('bare, with bytes behind', () => {
        expect(decodeFlacStreamInfo(join(bytes, hex('00000000')))).toEqual(value)
      })
      test('cut anywhere it throws', () => {
        const whole = join(ascii('fLaC'), hex('80000022'), bytes)
        for (let end = 0; end < whole.length; end++) {
          expect(() => decodeFlacStreamInfo(whole.subarray(0, end))).toThrow(
            expect.objectContaining({ code: 'ERR_BYTES_END' }),
          )
        }
      })
    })
  }
  test('another block first', () => {
    const bytes = join(ascii('fLaC'), hex('84000022'), FLAC_VECTORS[0].bytes)
    expect(() => decodeFlacStreamInfo(bytes)).toThrow(
      expect.objectContaining({ code: 'ERR_FLAC_STREAM_INFO' }),
    )
  })
  test('a sample rate of 0', () => {
    const bytes = FLAC_VECTORS[0].bytes.slice()
    bytes.fill(0, 10, 13)
    expect(() => decodeFlacStreamInfo(bytes)).toThrow(
      expect.objectContaining({ code: 'ERR_FLAC_STREAM_INFO' }),
    )
  })
  test('an MD5 that is none', () => {
    expect(() => encodeFlacStreamInfo({ ...FLAC_VECTORS[0].value, md5: new Uint8Array(15) })).toThrow(
      RangeError,
    )
  })
})
