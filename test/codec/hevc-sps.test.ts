import { decodeHevcSps } from 'millrace/codec'
import { describe, expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'
import { bits, se, u, ue } from './bits.ts'
import { HEVC_SPS_VECTORS } from './hevc-vectors.ts'

describe('from encoders and cameras', () => {
  for (const { name, bytes, facts } of HEVC_SPS_VECTORS) {
    test(name, () => expect(decodeHevcSps(bytes)).toMatchObject(facts))
  }
})

const GENERAL = u(8, 0x01) + u(32, 0x6fff_ffff) + u(16, 0xbfff) + u(32, 0xffff_ffff) + u(8, 93) // no 00 00 0x inside

/** An SPS of 64 × 48 with some fields replaced. */
function sps(fields: {
  readonly layers?: string
  readonly id?: string
  readonly chroma?: string
  readonly size?: string
  readonly window?: string
  readonly depth?: string
  readonly ordering?: string
  readonly lists?: string
  readonly pcm?: string
  readonly sets?: string
  readonly longTerm?: string
  readonly vui?: string
}): Uint8Array {
  return bits(
    u(16, 0x4201), // NAL unit header
    u(4, 0), // sps_video_parameter_set_id
    fields.layers ?? '000' + '1' + GENERAL, // sps_max_sub_layers_minus1, nesting, profile_tier_level
    fields.id ?? ue(0), // sps_seq_parameter_set_id
    fields.chroma ?? ue(1), // chroma_format_idc
    fields.size ?? ue(64) + ue(48), // pic_width_in_luma_samples, height
    fields.window ?? '0', // conformance_window_flag
    fields.depth ?? ue(0) + ue(0), // bit_depth_luma_minus8, chroma
    ue(4), // log2_max_pic_order_cnt_lsb_minus4
    fields.ordering ?? '1' + ue(4) + ue(2) + ue(0), // present flag, buffering, reorder, latency
    ue(0).repeat(6), // block sizes and depths
    fields.lists ?? '0', // scaling_list_enabled_flag
    '00', // amp_enabled_flag, sample_adaptive_offset_enabled_flag
    fields.pcm ?? '0', // pcm_enabled_flag
    fields.sets ?? ue(0), // num_short_term_ref_pic_sets
    fields.longTerm ?? '0', // long_term_ref_pics_present_flag
    '00', // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
    fields.vui ?? VUI, // vui_parameters_present_flag …
    '0', // sps_extension_present_flag
    '1', // rbsp_stop_one_bit
  )
}
/** A VUI of 12:11 and 50 frames a second: found only if everything before it was passed over rightly. */
const VUI = [
  '1', // vui_parameters_present_flag
  '1' + u(8, 2), // aspect_ratio_info_present_flag, aspect_ratio_idc
  '000', // no overscan, video signal type, chroma location
  '000', // neutral chroma, field sequence, frame field info
  '0', // default_display_window_flag
  '1' + u(32, 0x0101_0101) + u(32, 0x3232_3232), // timing: num_units_in_tick, time_scale
  '000', // no POC timing, HRD, bitstream restriction
].join('')
const VUI_FACTS = {
  aspectRatio: { width: 12, height: 11 },
  timing: { unitsInTick: 0x0101_0101, timeScale: 0x3232_3232 },
}

describe('assembled', () => {
  test('the plain one', () => {
    expect(decodeHevcSps(sps({}))).toMatchObject({
      width: 64,
      height: 48,
      level: 93,
      maxReorderPictures: 2,
      ...VUI_FACTS,
    })
  })
  test('seven sub-layers, some with profile or level', () => {
    const flags = '10' + '01' + '11' + '00' + '01' + '00' // profile present, level present
    const subLayers = '1'.repeat(88) + '1'.repeat(8) + '1'.repeat(96) + '1'.repeat(8)
    const layers = '110' + '0' + GENERAL + flags + '0000' + subLayers
    const ordering = '1' + Array.from({ length: 7 }, (_, i) => ue(i) + ue(i) + ue(0)).join('')
    expect(decodeHevcSps(sps({ layers, ordering }))).toMatchObject({
      subLayerCount: 7,
      temporalIdNested: false,
      width: 64,
      maxReorderPictures: 6,
      ...VUI_FACTS,
    })
  })
  test('ordering info of the highest sub-layer alone', () => {
    const layers = '011' + '0' + GENERAL + '00'.repeat(8)
    const ordering = '0' + ue(5) + ue(3) + ue(0)
    expect(decodeHevcSps(sps({ layers, ordering }))).toMatchObject({
      subLayerCount: 4,
      maxReorderPictures: 3,
      ...VUI_FACTS,
    })
  })
  test.each([
    ['4:2:0', ue(1), 64 - 6, 48 - 14],
    ['4:2:2', ue(2), 64 - 6, 48 - 7],
    ['4:4:4', ue(3) + '0', 64 - 3, 48 - 7],
    ['separate planes', ue(3) + '1', 64 - 3, 48 - 7],
    ['monochrome', ue(0), 64 - 3, 48 - 7],
  ])('conformance window of %s', (_, chroma, width, height) => {
    const window = '1' + ue(1) + ue(2) + ue(3) + ue(4)
    expect(decodeHevcSps(sps({ chroma, window }))).toMatchObject({ width, height, ...VUI_FACTS })
  })
  test('scaling lists: enabled without data, referring to others, written out', () => {
    expect(decodeHevcSps(sps({ lists: '10' }))).toMatchObject(VUI_FACTS)
    const referring = '0' + ue(1)
    expect(decodeHevcSps(sps({ lists: '11' + referring.repeat(6 + 6 + 6 + 2) }))).toMatchObject(VUI_FACTS)
    const of16 = '1' + se(3).repeat(16)
    const of64 = '1' + se(-3).repeat(64)
    const large = '1' + se(5) + se(-3).repeat(64) // scaling_list_dc_coef_minus8 first
    const lists = '11' + of16.repeat(6) + of64.repeat(6) + large.repeat(6) + large.repeat(2)
    expect(decodeHevcSps(sps({ lists }))).toMatchObject(VUI_FACTS)
  })
  test('PCM', () => {
    expect(decodeHevcSps(sps({ pcm: '1' + u(4, 7) + u(4, 7) + ue(0) + ue(2) + '1' }))).toMatchObject(
      VUI_FACTS,
    )
  })
  test('reference picture sets: written out, and derived from the set before', () => {
    const first = ue(2) + ue(1) + (ue(0) + '1').repeat(3) // 2 negative, 1 positive pictures
    // 4 places (3 pictures of the set before and itself): used, unused but with delta, dropped, used = 3 pictures
    const second = '1' + '0' + ue(3) + '1' + '01' + '00' + '1'
    const third = '1' + '1' + ue(0) + '1'.repeat(4) // all 4 used
    const fourth = '0' + ue(0) + ue(0) // written out, empty
    const fifth = '1' + '0' + ue(0) + '1' // derived from the empty one: 1 place
    expect(decodeHevcSps(sps({ sets: ue(5) + first + second + third + fourth + fifth }))).toMatchObject(
      VUI_FACTS,
    )
  })
  test('64 reference picture sets and 32 long-term pictures, the most', () => {
    const sets = ue(64) + ue(0) + ue(0) + ('0' + ue(0) + ue(0)).repeat(63)
    const longTerm = '1' + ue(32) + ('10101010' + '1').repeat(32) // 8 bits of picture order count, used flag
    expect(decodeHevcSps(sps({ sets, longTerm }))).toMatchObject(VUI_FACTS)
  })
  test.each([
    ['65 reference picture sets', { sets: ue(65) }],
    ['17 negative pictures', { sets: ue(1) + ue(17) + ue(0) + (ue(0) + '1').repeat(17) }],
    ['33 long-term pictures', { longTerm: '1' + ue(33) + '1'.repeat(33 * 9) }],
  ])('%s: the size stands, the VUI is given up', (_, fields) => {
    expect(decodeHevcSps(sps(fields))).toMatchObject({
      width: 64,
      height: 48,
      aspectRatio: undefined,
      timing: undefined,
    })
  })
  test('cut behind the picture size it keeps the size, cut in the VUI what came before', () => {
    const bytes = sps({})
    const facts = Array.from({ length: 12 }, (_, cut) => decodeHevcSps(bytes.subarray(0, bytes.length - cut)))
    for (const fact of facts) expect(fact).toMatchObject({ width: 64, height: 48 })
    expect(facts[0]).toMatchObject(VUI_FACTS)
    expect(facts[4]).toMatchObject({ aspectRatio: VUI_FACTS.aspectRatio, timing: undefined })
  })
  test('without VUI', () => {
    expect(decodeHevcSps(sps({ vui: '0' }))).toMatchObject({
      timing: undefined,
      colour: undefined,
      fieldSequence: false,
    })
  })
})

describe('refused', () => {
  test.each([
    ['nothing', hex('')],
    ['a PPS', hex('4401c073c189')],
    ['sps_max_sub_layers_minus1 7', sps({ layers: '111' + '0' + GENERAL })],
    ['id 16', sps({ id: ue(16) })],
    ['chroma format 4', sps({ chroma: ue(4) })],
    ['a width of 0', sps({ size: ue(0) + ue(48) })],
    ['a width above 65,535', sps({ size: ue(65_536) + ue(48) })],
    ['a window of nothing', sps({ window: '1' + ue(32) + ue(0) + ue(0) + ue(0) })],
    ['17 bits', sps({ depth: ue(9) + ue(0) })],
  ])('%s', (_, bytes) => {
    expect(() => decodeHevcSps(bytes)).toThrow(expect.objectContaining({ code: 'ERR_HEVC_SPS' }))
  })
  test('every cut before the end of the picture size', () => {
    const { bytes } = HEVC_SPS_VECTORS[0]
    for (let end = 1; end < 24; end++) {
      expect(() => decodeHevcSps(bytes.subarray(0, end))).toThrow(
        expect.objectContaining({ code: 'ERR_BYTES_END' }),
      )
    }
  })
})
