import { reorderDepth } from 'millrace/codec'
import { demuxFlv } from 'millrace/flv'
import { describe, expect, it } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import { type Clip, readClip } from '../support/clips.ts'
import { bits, u, ue } from './bits.ts'

/** avcC of an SPS: profile, level, pic_order_cnt_type, max_num_ref_frames, size in macroblocks, bitstream_restriction. */
function avcC(
  profile: number,
  level: number,
  order: number,
  refs: number,
  width: number,
  height: number,
  reorder?: number,
) {
  const vui =
    reorder === undefined
      ? '0'
      : '1' + // vui_parameters_present_flag
        '0000' + // aspect ratio, overscan, video signal type, chroma location
        '000' + // timing, NAL HRD, VCL HRD
        '0' + // pic_struct_present_flag
        '11' + // bitstream_restriction_flag, motion_vectors_over_pic_boundaries_flag
        ue(0) +
        ue(0) +
        ue(0) +
        ue(0) + // max_bytes_per_pic_denom … log2_max_mv_length_vertical
        ue(reorder) +
        ue(4) // max_num_reorder_frames, max_dec_frame_buffering
  const sps = bits(
    u(8, 0x67) + u(8, profile) + u(8, 0) + u(8, level) + ue(0), // header, profile_idc, constraints, level_idc, id
    ue(0) + ue(order) + (order === 0 ? ue(0) : ''), // log2_max_frame_num − 4, pic_order_cnt_type, its bits
    ue(refs) + '0' + ue(width - 1) + ue(height - 1) + '1' + '1' + '0', // refs, gaps, size, frame_mbs_only, direct_8x8, crop
    vui + '1',
  ) // prettier-ignore
  const head = Uint8Array.of(1, profile, 0, level, 0xff, 0xe1, 0, sps.length)
  return join(head, sps, hex('01 0004 68ce3880'))
}

describe('H.264', () => {
  it.each([
    ['as bitstream_restriction says', avcC(77, 40, 0, 4, 120, 68, 2), 2],
    ['none in Baseline', avcC(66, 40, 0, 4, 120, 68), 0],
    ['none with pic_order_cnt_type 2', avcC(77, 40, 2, 4, 120, 68), 0],
    ['no more than the reference frames', avcC(77, 40, 0, 1, 120, 68), 1],
    ['no more than the level allows: 32,768 of 8,160 macroblocks', avcC(77, 40, 0, 16, 120, 68), 4],
    ['no more than 16', avcC(77, 52, 0, 16, 4, 4), 16],
  ])('%s', (_, record, depth) => expect(reorderDepth('avc1', record)).toBe(depth))
})

it.each([
  ['avc-aac-bframes.flv', 2],
  ['hevc-aac.ertmp.flv', 2],
  ['av1-opus.ertmp.flv', 0],
] as const)('%s: %d', (clip: Clip, depth) => {
  const packet = demuxFlv(readClip(clip)).find(
    ({ kind, configuration }) => kind === 'video' && configuration,
  )!
  expect(reorderDepth(packet.codec, packet.payload)).toBe(depth)
})

it('is 0 for a record that cannot be read', () => {
  expect(reorderDepth('avc1', hex('00'))).toBe(0)
  expect(reorderDepth('hvc1', hex('00'))).toBe(0)
})
