import { decodeAvcSps } from 'millrace/codec'
import { DecodeError } from 'millrace/errors'
import { describe, expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'
import { AVC_SPS_VECTORS } from './avc-vectors.ts'
import { bits, se, u, ue } from './bits.ts'

describe('from encoders and cameras', () => {
  for (const { name, bytes, facts } of AVC_SPS_VECTORS) {
    test(name, () => expect(decodeAvcSps(bytes)).toMatchObject(facts))
  }
})

/** An SPS of 64 × 48 with some fields replaced. */
function sps(fields: {
  readonly head?: string
  readonly chroma?: string
  readonly order?: string
  readonly size?: string
  readonly crop?: string
  readonly vui?: string
}): Uint8Array {
  return bits(
    u(8, 0x67), // NAL unit header
    fields.head ?? u(8, 66) + u(8, 0) + u(8, 30) + ue(0), // profile_idc, constraint flags, level_idc, id
    fields.chroma ?? '', // chroma_format_idc … scaling lists
    ue(0), // log2_max_frame_num_minus4
    fields.order ?? ue(2), // pic_order_cnt_type
    ue(1), // max_num_ref_frames
    '0', // gaps_in_frame_num_value_allowed_flag
    fields.size ?? ue(3) + ue(2) + '1', // width − 1 and height − 1 in macroblocks, frame_mbs_only_flag
    '1', // direct_8x8_inference_flag
    fields.crop ?? '0', // frame_cropping_flag
    fields.vui ?? '0', // vui_parameters_present_flag
    '1', // rbsp_stop_one_bit
  )
}
const HIGH = u(8, 100) + u(8, 0) + u(8, 30) + ue(0)

describe('assembled', () => {
  test('the plain one', () => {
    expect(decodeAvcSps(sps({}))).toMatchObject({ width: 64, height: 48, maxReorderFrames: undefined })
  })
  test('pic_order_cnt_type 0', () => {
    expect(decodeAvcSps(sps({ order: ue(0) + ue(12) }))).toMatchObject({ width: 64, height: 48 })
  })
  test('pic_order_cnt_type 1 with a cycle of 255 frames, the most', () => {
    const order = ue(1) + '0' + se(-2) + se(1) + ue(255) + se(-7).repeat(255)
    expect(decodeAvcSps(sps({ order }))).toMatchObject({ width: 64, height: 48 })
    const beyond = ue(1) + '0' + se(-2) + se(1) + ue(256) + se(-7).repeat(256)
    expect(() => decodeAvcSps(sps({ order: beyond }))).toThrow('num_ref_frames_in_pic_order_cnt_cycle 256')
  })
  test('all eight scaling lists, one cut short by a next scale of 0, two left out', () => {
    const flat4 = '1' + se(8) + se(0).repeat(15) // 16, 16, …
    const flat8 = '1' + se(8) + se(0).repeat(63)
    const fallBack = '1' + se(-8) // 8 − 8 = 0: the default matrix
    const chroma =
      ue(1) + ue(0) + ue(0) + '0' + '1' + flat4 + '0' + fallBack + flat4 + '0' + flat4 + flat8 + flat8
    expect(decodeAvcSps(sps({ head: HIGH, chroma }))).toMatchObject({ width: 64, height: 48 })
  })
  test('twelve scaling lists with 4:4:4', () => {
    const chroma = ue(3) + '0' + ue(0) + ue(0) + '0' + '1' + '0'.repeat(12)
    expect(decodeAvcSps(sps({ head: HIGH, chroma }))).toMatchObject({
      chromaFormat: 3,
      width: 64,
      height: 48,
    })
  })
  test.each([
    ['4:2:0 frames', '', ue(3) + ue(2) + '1', 64 - 6, 48 - 14],
    ['4:2:0 fields', '', ue(3) + ue(2) + '00', 64 - 6, 96 - 28],
    ['monochrome', ue(0) + ue(0) + ue(0) + '00', ue(3) + ue(2) + '1', 64 - 3, 48 - 7],
    ['4:2:2', ue(2) + ue(0) + ue(0) + '00', ue(3) + ue(2) + '1', 64 - 6, 48 - 7],
    ['4:4:4', ue(3) + '0' + ue(0) + ue(0) + '00', ue(3) + ue(2) + '1', 64 - 3, 48 - 7],
    ['4:4:4 in separate planes', ue(3) + '1' + ue(0) + ue(0) + '00', ue(3) + ue(2) + '1', 64 - 3, 48 - 7],
  ])('crop units of %s', (_, chroma, size, width, height) => {
    const head = chroma === '' ? {} : { head: HIGH, chroma }
    const crop = '1' + ue(1) + ue(2) + ue(3) + ue(4) // left, right, top, bottom
    expect(decodeAvcSps(sps({ ...head, size, crop }))).toMatchObject({ width, height })
  })
  test('an SPS that ends before the VUI flag, without stop bit', () => {
    const bytes = bits(
      u(8, 0x67) +
        u(8, 66) +
        u(16, 0x001e) +
        ue(0) +
        ue(0) +
        ue(2) +
        ue(1) +
        '0' +
        ue(3) +
        ue(2) +
        '1' +
        '1' +
        '0',
    )
    expect(decodeAvcSps(bytes)).toMatchObject({ width: 64, height: 48, timing: undefined })
  })
  test('a VUI that is cut keeps what came before', () => {
    const vui = '1' + '1' + u(8, 2) + '0' + '1' + u(3, 5) + '1' // aspect ratio 12:11, colour cut before its description flag
    const bytes = sps({ vui })
    expect(decodeAvcSps(bytes)).toMatchObject({ aspectRatio: { width: 12, height: 11 }, timing: undefined })
  })
  test('no timing with a tick of 0', () => {
    const vui = '1' + '0000' + '1' + u(32, 0) + u(32, 50) + '1' + '0000'
    expect(decodeAvcSps(sps({ vui }))).toMatchObject({ timing: undefined, fixedFrameRate: true })
  })
  test.each([
    ['unspecified', u(8, 0)],
    ['reserved', u(8, 17)],
    ['0:1', u(8, 255) + u(16, 0) + u(16, 1)],
  ])('no aspect ratio when it is %s', (_, ratio) => {
    const vui = '1' + '1' + ratio + '00000000'
    expect(decodeAvcSps(sps({ vui })).aspectRatio).toBeUndefined()
  })
})

describe('refused', () => {
  test.each([
    ['nothing', hex('')],
    ['a PPS', hex('68ce0fc8')],
    ['id 32', sps({ head: u(8, 66) + u(16, 30) + ue(32) })],
    ['chroma format 4', sps({ head: HIGH, chroma: ue(4) })],
    ['15 bits', sps({ head: HIGH, chroma: ue(1) + ue(7) + ue(0) + '00' })],
    ['pic_order_cnt_type 3', sps({ order: ue(3) })],
    ['a width above 65,536', sps({ size: ue(4096) + ue(2) + '1' })],
    ['more cropped than there is', sps({ crop: '1' + ue(32) + ue(0) + ue(0) + ue(0) })],
  ])('%s', (_, bytes) => {
    expect(() => decodeAvcSps(bytes)).toThrow(expect.objectContaining({ code: 'ERR_AVC_SPS' }))
  })
  test('every cut before the end of the picture size', () => {
    const bytes = AVC_SPS_VECTORS[0].bytes
    for (let end = 1; end < 9; end++) {
      expect(() => decodeAvcSps(bytes.subarray(0, end))).toThrow(DecodeError)
    }
  })
})
