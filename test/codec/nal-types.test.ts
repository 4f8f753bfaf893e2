import {
  AVC_ACCESS_UNIT_DELIMITER,
  AVC_NAL_ACCESS_UNIT_DELIMITER,
  AVC_NAL_IDR_SLICE,
  AVC_NAL_PPS,
  AVC_NAL_SPS,
  avcNalType,
  HEVC_ACCESS_UNIT_DELIMITER,
  HEVC_NAL_ACCESS_UNIT_DELIMITER,
  HEVC_NAL_CRA,
  HEVC_NAL_IDR_W_RADL,
  HEVC_NAL_VPS,
  hevcNalType,
  isAvcRandomAccess,
  isAvcVcl,
  isHevcRandomAccess,
  isHevcVcl,
} from 'millrace/codec'
import { expect, test } from 'vitest'

test('H.264 types from the header byte, whatever nal_ref_idc', () => {
  expect([0x67, 0x27, 0x47, 0x07].map(avcNalType)).toEqual(Array(4).fill(AVC_NAL_SPS))
  expect([0x68, 0x28].map(avcNalType)).toEqual([AVC_NAL_PPS, AVC_NAL_PPS])
  expect(avcNalType(0x65)).toBe(AVC_NAL_IDR_SLICE)
  expect(avcNalType(AVC_ACCESS_UNIT_DELIMITER[0]!)).toBe(AVC_NAL_ACCESS_UNIT_DELIMITER)
})

test('H.264 slices are types 1 to 5, decoding starts at 5', () => {
  expect([1, 5, 7].map(isAvcRandomAccess)).toEqual([false, true, false])
  expect([0, 1, 2, 3, 4, 5, 6].map(isAvcVcl)).toEqual([false, true, true, true, true, true, false])
})

test('H.265 types from the first header byte', () => {
  expect(hevcNalType(0x40)).toBe(HEVC_NAL_VPS)
  expect(hevcNalType(0x26)).toBe(HEVC_NAL_IDR_W_RADL)
  expect(hevcNalType(0x2a)).toBe(HEVC_NAL_CRA)
  expect(hevcNalType(HEVC_ACCESS_UNIT_DELIMITER[0]!)).toBe(HEVC_NAL_ACCESS_UNIT_DELIMITER)
})

test('H.265 decoding starts at types 16 to 23', () => {
  const types = Array.from({ length: 64 }, (_, type) => type)
  expect(types.filter(isHevcRandomAccess)).toEqual([16, 17, 18, 19, 20, 21, 22, 23])
  expect(types.filter(isHevcVcl)).toEqual(types.slice(0, 32))
})
