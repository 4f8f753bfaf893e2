import {
  decodeAv1Configuration,
  decodeAv1SequenceHeader,
  encodeAv1Configuration,
  findAv1SequenceHeader,
  OBU_SEQUENCE_HEADER,
  OBU_TEMPORAL_DELIMITER,
  ObuReader,
} from 'millrace/codec'
import { describe, expect, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import { bits, u } from './bits.ts'
import { AV1_OBU_VECTORS, AV1_VECTORS } from './video-vectors.ts'

describe('av1C', () => {
  for (const { name, bytes, value, header } of AV1_VECTORS) {
    test(`decodes: ${name}`, () => expect(decodeAv1Configuration(bytes)).toEqual(value))
    test(`encodes: ${name}`, () => expect(encodeAv1Configuration(value)).toEqual(bytes))
    test(`has the sequence header: ${name}`, () => {
      expect(findAv1SequenceHeader(decodeAv1Configuration(bytes).configObus)).toMatchObject(header)
    })
  }
  test('every field, no OBUs', () => {
    const bytes = hex(`81
      53   // seq_profile 2, seq_level_idx_0 19
      ea   // High tier, high_bitdepth, twelve_bit, 0, subsampling_x, 0, colocated
      1f   // initial_presentation_delay_present, 16 − 1`)
    const value = {
      profile: 2,
      level: 19,
      tier: 1,
      bitDepth: 12,
      monochrome: false,
      subsamplingX: true,
      subsamplingY: false,
      chromaSamplePosition: 2,
      initialPresentationDelay: 16,
      configObus: hex(''),
    }
    expect(decodeAv1Configuration(bytes)).toEqual(value)
    expect(encodeAv1Configuration(value)).toEqual(bytes)
    expect(findAv1SequenceHeader(hex(''))).toBeUndefined()
  })
  test.each(['01000c00', '82000c00'])('%s is refused', (bytes) => {
    expect(() => decodeAv1Configuration(hex(bytes))).toThrow(
      expect.objectContaining({ code: 'ERR_AV1_CONFIGURATION' }),
    )
  })
  test('needs 4 bytes', () => {
    expect(() => decodeAv1Configuration(hex('81000c'))).toThrow(
      expect.objectContaining({ code: 'ERR_BYTES_END' }),
    )
  })
})

describe('sequence header', () => {
  test.each(AV1_OBU_VECTORS)('$name', ({ bytes, header }) => {
    expect(findAv1SequenceHeader(bytes)).toMatchObject(header)
  })
  test('decoder model, display delay, two operating points', () => {
    const bytes = bits(
      u(3, 0) + '0' + '0', // seq_profile, still_picture, reduced_still_picture_header
      '1' + u(32, 1) + u(32, 60) + '0', // timing_info: no equal_picture_interval
      '1' + u(5, 9) + u(32, 1) + u(5, 4) + u(5, 4), // decoder_model_info: delays of 10 bits
      '1' + u(5, 1), // initial_display_delay_present_flag, operating_points_cnt_minus_1
      u(12, 0x101) + u(5, 9) + '1' + '1' + '1'.repeat(21) + '1' + u(4, 9), // level 9: tier, model, delay
      u(12, 0x100) + u(5, 7) + '0' + '0', // level 7 has no tier
      u(4, 10) + u(4, 9) + u(11, 1279) + u(10, 719),
      '0' + '000', // frame_id_numbers_present_flag, superblocks and intra tools
      '0000' + '1' + '11', // compound, warp and dual filter; enable_order_hint, jnt_comp, ref_frame_mvs
      '0' + '1' + '0' + '1', // screen content tools forced on; integer_mv not chosen, forced
      u(3, 6), // order_hint_bits_minus_1
      '000', // superres, cdef, restoration
      '1' + '0' + '1' + u(8, 1) + u(8, 1) + u(8, 1) + '0' + u(2, 1), // 10 bits, colour, chroma position
      '0' + '0' + '1',
    )
    expect(decodeAv1SequenceHeader(bytes)).toEqual({
      profile: 0,
      level: 9,
      tier: 1,
      width: 1280,
      height: 720,
      bitDepth: 10,
      monochrome: false,
      subsamplingX: true,
      subsamplingY: true,
      chromaSamplePosition: 1,
      colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
    })
  })
  /** A reduced still picture header with a colour config. */
  const still = (profile: number, colour: string): Uint8Array =>
    bits(u(3, profile), '11', u(5, 8), u(4, 5), u(4, 5), u(6, 63), u(6, 31), '000', '000', colour, '00')
  test.each([
    ['profile 0', 0, '0' + '0' + '0' + '0' + '01', { bitDepth: 8, subsamplingX: true, subsamplingY: true, chromaSamplePosition: 1 }],
    ['profile 0, monochrome', 0, '1' + '1' + '0' + '1', { bitDepth: 10, monochrome: true, colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: true } }],
    ['profile 1', 1, '0' + '0' + '0', { monochrome: false, subsamplingX: false, subsamplingY: false }],
    ['profile 2, 10 bits', 2, '1' + '0' + '0' + '0' + '0', { bitDepth: 10, subsamplingX: true, subsamplingY: false }],
    ['profile 2, 12 bits, 4:2:0', 2, '1' + '1' + '0' + '0' + '0' + '11' + '10', { bitDepth: 12, subsamplingX: true, subsamplingY: true, chromaSamplePosition: 2 }],
    ['profile 2, 12 bits, 4:4:4', 2, '1' + '1' + '0' + '0' + '0' + '0', { bitDepth: 12, subsamplingX: false, subsamplingY: false }],
    ['RGB', 1, '0' + '1' + u(8, 1) + u(8, 13) + u(8, 0), { subsamplingX: false, subsamplingY: false, colour: { primaries: 1, transfer: 13, matrix: 0, fullRange: true } }],
  ])('still picture, %s', (_, profile, colour, facts) => {
    expect(decodeAv1SequenceHeader(still(profile, colour))).toMatchObject({ profile, level: 8, tier: 0, width: 64, height: 32, ...facts })
  }) // prettier-ignore
  test('cut anywhere it throws', () => {
    const { bytes } = AV1_OBU_VECTORS[3]
    for (let end = 1; end < bytes.length - 1; end++) {
      expect(() => findAv1SequenceHeader(bytes.subarray(0, end))).toThrow(
        expect.objectContaining({ code: 'ERR_BYTES_END' }),
      )
    }
  })
})

describe('OBUs', () => {
  const read = (bytes: Uint8Array): [type: number, start: number, end: number][] => {
    const reader = new ObuReader()
    reader.reset(bytes)
    const obus: [number, number, number][] = []
    while (reader.next()) obus.push([reader.type, reader.start, reader.end])
    return obus
  }
  test('temporal delimiter, sequence header with extension, the rest without size', () => {
    const bytes = hex(`1200             // temporal delimiter of 0 bytes
                       0e 28 02 aabb    // sequence header with extension: temporal id 1, spatial id 1
                       30 cc            // frame without size field`)
    expect(read(bytes)).toEqual([
      [OBU_TEMPORAL_DELIMITER, 2, 2],
      [OBU_SEQUENCE_HEADER, 5, 7],
      [6, 8, 9],
    ])
  })
  test('sizes of several bytes', () => {
    expect(read(join(hex('32 8002'), new Uint8Array(256)))).toEqual([[6, 3, 259]])
    expect(read(hex('32 8180808080808000 cc'))).toEqual([[6, 9, 10]]) // 1 in 8 bytes
  })
  test('nothing', () => expect(read(hex(''))).toEqual([]))
  test.each([
    ['the forbidden bit', '8a00', 'ERR_AV1_OBU'],
    ['a size beyond the end', '0a03aabb', 'ERR_AV1_OBU'],
    ['a size of 9 bytes', '0a808080808080808000', 'ERR_AV1_OBU'],
    ['a cut size', '0a80', 'ERR_BYTES_END'],
    ['no size', '0a', 'ERR_BYTES_END'],
    ['a cut extension without size field', '0c', 'ERR_AV1_OBU'],
  ])('refuses %s', (_, bytes, code) => {
    expect(() => read(hex(bytes))).toThrow(expect.objectContaining({ code }))
  })
})
