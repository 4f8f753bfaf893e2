import {
  aacCodecString,
  av1CodecString,
  avcCodecString,
  hevcCodecString,
  vpCodecString,
  vvcCodecString,
} from 'millrace/codec'
import { describe, expect, test } from 'vitest'
import { AAC_VECTORS } from './audio-vectors.ts'
import { AV1_VECTORS, VP_VECTORS, VVC_VECTORS } from './video-vectors.ts'

test.each([
  [66, 0xc0, 30, 'avc1.42c01e'],
  [77, 0x40, 31, 'avc1.4d401f'],
  [100, 0, 40, 'avc1.640028'],
  [66, 0xe0, 9, 'avc1.42e009'],
])('H.264 profile %i, flags %i, level %i: %s', (profile, compatibility, level, text) => {
  expect(avcCodecString({ profile, compatibility, level })).toBe(text)
})

describe('H.265', () => {
  const base = {
    profileSpace: 0,
    tier: 0,
    profile: 1,
    profileCompatibility: 0x6000_0000,
    constraints: 0,
    level: 93,
  }
  test.each([
    // the example of ISO/IEC 14496-15 §E.3
    ['hvc1.1.6.L93.B0', { constraints: 0xb000_0000_0000 }],
    ['hvc1.1.6.L93', {}],
    ['hvc1.2.4.L120.90', { profile: 2, profileCompatibility: 0x2000_0000, level: 120, constraints: 0x9000_0000_0000 }],
    // the other example there: profile space 1
    ['hvc1.A4.41.H120.B0.23', { profileSpace: 1, profile: 4, profileCompatibility: 0x8200_0000, tier: 1, level: 120, constraints: 0xb023_0000_0000 }],
    ['hvc1.4.10.L63.9E.8', { profile: 4, profileCompatibility: 0x0800_0000, level: 63, constraints: 0x9e08_0000_0000 }],
    ['hvc1.1.6.L93.90.0.0.0.0.1', { constraints: 0x9000_0000_0001 }],
    ['hvc1.C1.FFFFFFFF.L93.FF.FF.FF.FF.FF.FF', { profileSpace: 3, profileCompatibility: 0xffff_ffff, constraints: 2 ** 48 - 1 }],
    ['hvc1.B1.80000000.L93', { profileSpace: 2, profileCompatibility: 1 }],
  ])('%s', (text, fields) => expect(hevcCodecString({ ...base, ...fields })).toBe(text)) // prettier-ignore
})

describe('AV1', () => {
  const base = { ...AV1_VECTORS[3].value, level: 4 }
  const colour = { primaries: 9, transfer: 16, matrix: 9, fullRange: false }
  test.each([
    ['av01.0.04M.08', {}, undefined],
    ['av01.0.04M.08', {}, { primaries: 1, transfer: 1, matrix: 1, fullRange: false }],
    ['av01.0.04M.08', {}, { primaries: 2, transfer: 2, matrix: 2, fullRange: false }],
    // the example of AV1 in ISOBMFF §5
    ['av01.0.04M.10.0.112.09.16.09.0', { bitDepth: 10, chromaSamplePosition: 2 }, colour],
    ['av01.0.15H.10.0.110.09.16.09.0', { level: 15, tier: 1, bitDepth: 10 }, colour],
    ['av01.2.04M.12.0.100.01.01.01.0', { profile: 2, bitDepth: 12, subsamplingY: false }, undefined],
    ['av01.0.04M.08.0.110.01.01.01.1', {}, { primaries: 1, transfer: 1, matrix: 1, fullRange: true }],
  ])('%s', (text, fields, of) => expect(av1CodecString({ ...base, ...fields }, of)).toBe(text))
})

describe('VP8 and VP9', () => {
  test.each(VP_VECTORS)('$codecString', ({ value, codecString }) => {
    expect(vpCodecString('vp09', value)).toBe(codecString)
  })
  test('subsampling alone is told with colour', () => {
    expect(vpCodecString('vp09', { ...VP_VECTORS[0].value, profile: 1, chromaSubsampling: 3 })).toBe(
      'vp09.01.11.08.03.01.01.01.00',
    )
  })
  test('VP8', () => expect(vpCodecString('vp08', VP_VECTORS[0].value)).toBe('vp08.00.11.08'))
})

test.each(VVC_VECTORS.slice(0, 2))('H.266 $codecString', ({ value, codecString }) => {
  expect(vvcCodecString(value.picture!)).toBe(codecString)
})

test.each(AAC_VECTORS)('$codecString: $name', ({ value, codecString }) => {
  expect(aacCodecString(value)).toBe(codecString)
})
