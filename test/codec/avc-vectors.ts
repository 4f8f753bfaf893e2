/** H.264 from encoders and cameras; `facts` are what FFmpeg's trace_headers and ffprobe say of the bytes. */
import { hex } from '../support/bytes.ts'

/** Sequence parameter sets. */
export const AVC_SPS_VECTORS = [
  {
    name: 'x264 Constrained Baseline, 1080 lines by cropping 1088',
    bytes: hex('67 42c028 da01e0089f97011000003e90000ea600f1832a'),
    facts: {
      id: 0,
      profile: 66,
      compatibility: 0xc0,
      level: 40,
      width: 1920,
      height: 1080,
      chromaFormat: 1,
      bitDepthLuma: 8,
      bitDepthChroma: 8,
      interlaced: false,
      maxRefFrames: 1,
      aspectRatio: { width: 1, height: 1 },
      colour: undefined,
      timing: { unitsInTick: 1001, timeScale: 60_000 },
      fixedFrameRate: false,
      maxReorderFrames: 0,
    },
  },
  {
    name: 'x264 High, sample aspect ratio 3:4 written out, BT.709',
    bytes: hex('67 640028 acd940780227e5ffc000c0011a808080a000007d20001d4c01e30632c0'),
    facts: {
      profile: 100,
      level: 40,
      width: 1920,
      height: 1080,
      aspectRatio: { width: 3, height: 4 },
      colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
      timing: { unitsInTick: 1001, timeScale: 60_000 },
      maxReorderFrames: 2,
    },
  },
  {
    name: 'x264 interlaced: crop units of a field',
    bytes: hex('67 640028 acd94078044fde022000007d20001d4c03e2c5b2c0'),
    facts: {
      width: 1920,
      height: 1080,
      interlaced: true,
      maxRefFrames: 4,
      timing: { unitsInTick: 1001, timeScale: 60_000 },
    },
  },
  {
    name: 'x264 High 4:2:2, 10 bits',
    bytes: hex('67 7a0028 b6cd940780227e27011000003e90000ea600f1831960'),
    facts: { profile: 122, width: 1920, height: 1080, chromaFormat: 2, bitDepthLuma: 10, bitDepthChroma: 10 },
  },
  {
    name: 'x264 High 4:4:4 with HRD parameters before the bitstream restriction',
    bytes: hex('67 f40028 919b280f0044fc4e022000007d20001d4c0c08001e848003d09c98600f183196'),
    facts: { profile: 244, width: 1920, height: 1080, chromaFormat: 3, maxReorderFrames: 2 },
  },
  {
    name: 'x264 monochrome, 638 × 358, full range without colour description',
    bytes: hex('67 64001e f3650280bfb8bc05b2000003000200000300641e2c5b2c'),
    facts: {
      width: 638,
      height: 358,
      chromaFormat: 0,
      colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: true },
      timing: { unitsInTick: 1, timeScale: 50 },
    },
  },
  {
    name: 'x264 Main, 320 × 180',
    bytes: hex('67 4d400d eca0a0cfcf80880000030008000003019078a14cb0'),
    facts: {
      profile: 77,
      compatibility: 0x40,
      level: 13,
      width: 320,
      height: 180,
      timing: { unitsInTick: 1, timeScale: 50 },
    },
  },
  {
    name: 'DJI M30: 1088 lines, BT.601 of 625 lines',
    bytes: hex('67 640028 acb403c01134a41418181b4284d4'),
    facts: {
      width: 1920,
      height: 1088,
      maxRefFrames: 1,
      colour: { primaries: 5, transfer: 6, matrix: 6, fullRange: false },
      timing: undefined,
      maxReorderFrames: 0,
    },
  },
  {
    name: 'Hikvision: 1280 × 960, gap in frame numbers',
    bytes: hex('67 640020 ac172a01401e68400001c2000057e421'),
    facts: {
      width: 1280,
      height: 960,
      timing: { unitsInTick: 1800, timeScale: 90_000 },
      fixedFrameRate: true,
    },
  },
  {
    name: 'Hikvision: NAL and VCL HRD parameters',
    bytes: hex(
      '67 4d0029 9a6403c0113f2e02dc0404050000030 3e80000c350e8600 0bab40002eac4bbcb8d0c00175680005d589779 70a0',
    ),
    facts: {
      profile: 77,
      level: 41,
      width: 1920,
      height: 1080,
      colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: true },
      timing: { unitsInTick: 1000, timeScale: 50_000 },
      maxReorderFrames: undefined,
    },
  },
  {
    name: 'a camera with six flat 4 × 4 scaling lists, 2560 × 1440',
    bytes: hex('67 640032 ad84010c20086100430802184010c200843b5014005ad370101014000003000400000300a210'),
    facts: {
      width: 2560,
      height: 1440,
      colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: true },
      timing: { unitsInTick: 1, timeScale: 40 },
    },
  },
  {
    name: 'broadcast encoder: field macroblocks, HRD parameters, bitstream restriction',
    bytes: hex('67 4d4028 ab603c0223ef0110000003001000000303 2e940035 6406b2850 80ee2c522c0'),
    facts: { width: 1920, height: 1080, interlaced: true, maxReorderFrames: 1, fixedFrameRate: true },
  },
  {
    name: 'an SPS whose last byte of VUI is cut',
    bytes: hex('67 640029 ac13314078 0447de03ea020203e00000030020000006 52'),
    facts: {
      width: 1920,
      height: 1080,
      interlaced: true,
      colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
      timing: { unitsInTick: 1, timeScale: 50 },
    },
  },
] as const

/** Decoder configuration records. */
export const AVC_CONFIGURATION_VECTORS = [
  {
    name: 'x264 Constrained Baseline by FFmpeg',
    bytes: hex('0142c028ffe1 0017 6742c028da01e0089f97011000003e90000ea600f1832a 01 0004 68ce0fc8'),
    value: {
      profile: 66,
      compatibility: 0xc0,
      level: 40,
      nalLengthSize: 4,
      sps: [hex('6742c028da01e0089f97011000003e90000ea600f1832a')],
      pps: [hex('68ce0fc8')],
    },
  },
  {
    name: 'x264 High by FFmpeg, with extension',
    bytes: hex(
      '0164000cffe1 0018 6764000cacb40a0cfcf808800000030080000019078a1550 01 0004 68ef3cb0 fdf8f800',
    ),
    value: {
      profile: 100,
      compatibility: 0,
      level: 12,
      nalLengthSize: 4,
      sps: [hex('6764000cacb40a0cfcf808800000030080000019078a1550')],
      pps: [hex('68ef3cb0')],
      extension: { chromaFormat: 1, bitDepthLuma: 8, bitDepthChroma: 8, spsExtensions: [] },
    },
  },
  {
    name: 'x264 High 4:2:2 by FFmpeg, 10 bits',
    bytes: hex(
      '017a0028ffe1 001a 677a0028b6cd940780227e27011000003e90000ea600f1831960 01 0006 68ebe3cb22c0 fefafa00',
    ),
    value: {
      profile: 122,
      compatibility: 0,
      level: 40,
      nalLengthSize: 4,
      sps: [hex('677a0028b6cd940780227e27011000003e90000ea600f1831960')],
      pps: [hex('68ebe3cb22c0')],
      extension: { chromaFormat: 2, bitDepthLuma: 10, bitDepthChroma: 10, spsExtensions: [] },
    },
  },
  {
    name: 'DJI M30: High without extension',
    bytes: hex('01640028ffe1 0012 67640028acb403c01134a41418181b4284d4 01 0005 68ee06f2c0'),
    value: {
      profile: 100,
      compatibility: 0,
      level: 40,
      nalLengthSize: 4,
      sps: [hex('67640028acb403c01134a41418181b4284d4')],
      pps: [hex('68ee06f2c0')],
    },
  },
  {
    name: 'no parameter sets, lengths of 1 byte',
    bytes: hex(`01   // configurationVersion
                4d401f
                fc   // 111111, lengthSizeMinusOne 0
                e0   // 111, 0 SPS
                00   // 0 PPS`),
    value: { profile: 77, compatibility: 0x40, level: 31, nalLengthSize: 1, sps: [], pps: [] },
  },
  {
    name: 'two SPS, two PPS, an SPS extension',
    bytes: hex(`01 640028 fd         // lengths of 2 bytes
                e2 0002 6764 0001 67 // 2 SPS
                02 0001 68 0002 68ee // 2 PPS
                fd f8 f8             // 4:2:0, 8 and 8 bits
                01 0002 6d01         // 1 SPS extension`),
    value: {
      profile: 100,
      compatibility: 0,
      level: 40,
      nalLengthSize: 2,
      sps: [hex('6764'), hex('67')],
      pps: [hex('68'), hex('68ee')],
      extension: { chromaFormat: 1, bitDepthLuma: 8, bitDepthChroma: 8, spsExtensions: [hex('6d01')] },
    },
  },
] as const
