/** H.265 from encoders and cameras; `facts` are what FFmpeg's trace_headers and ffprobe say of the bytes. */
import { hex } from '../support/bytes.ts'

/** Sequence parameter sets. */
export const HEVC_SPS_VECTORS = [
  {
    name: 'x265 Main, 1080 lines by a conformance window in 1088',
    bytes: hex('4201 01016000000300900000030000030078 a003c0801107cb965654a4c2f01680800001f480003a9804'),
    facts: {
      profileSpace: 0,
      tier: 0,
      profile: 1,
      profileCompatibility: 0x6000_0000,
      constraints: 0x9000_0000_0000,
      level: 120,
      id: 0,
      subLayerCount: 1,
      temporalIdNested: true,
      width: 1920,
      height: 1080,
      chromaFormat: 1,
      bitDepthLuma: 8,
      bitDepthChroma: 8,
      maxReorderPictures: 2,
      aspectRatio: { width: 1, height: 1 },
      colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: false },
      timing: { unitsInTick: 1001, timeScale: 30_000 },
      fieldSequence: false,
    },
  },
  {
    name: 'x265 Main 10, two temporal sub-layers, BT.2020 with PQ',
    bytes: hex(
      '4201 02022000000300900000030000030078 0000a003c08010e4d965662b349265780b50910090400000fa40001d4c02',
    ),
    facts: {
      profile: 2,
      profileCompatibility: 0x2000_0000,
      subLayerCount: 2,
      temporalIdNested: false,
      width: 1920,
      height: 1080,
      bitDepthLuma: 10,
      bitDepthChroma: 10,
      colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
      timing: { unitsInTick: 1001, timeScale: 30_000 },
    },
  },
  {
    name: 'x265 4:4:4, 638 × 358, default scaling lists',
    bytes: hex('4201 010408000003009e0800000300003f 9000a0402d3bbcb2b349272bc05a02000003000200000300 3210'),
    facts: {
      profile: 4,
      constraints: 0x9e08_0000_0000,
      level: 63,
      width: 638,
      height: 358,
      chromaFormat: 3,
      timing: { unitsInTick: 1, timeScale: 25 },
    },
  },
  {
    name: 'x265 4:2:2, 12 bits, fields, sample aspect ratio 16:11, HRD parameters',
    bytes: hex(
      '4201 0104080000030049080000030000 99b005020169d594a5959a4936bc11a1a00000030020000003032c0292cbc001e848003d0910',
    ),
    facts: {
      profile: 4,
      level: 153,
      width: 638,
      height: 358,
      chromaFormat: 2,
      bitDepthLuma: 12,
      bitDepthChroma: 12,
      aspectRatio: { width: 16, height: 11 },
      timing: { unitsInTick: 1, timeScale: 25 },
      fieldSequence: true,
    },
  },
  {
    name: 'x265 Main 10, High tier, 29.97 frames a second as 2997 in 100',
    bytes: hex('4201 01222000000300900000030000030078 a003c08010e4d9666692 4caf0101000003006400000bb508'),
    facts: { tier: 1, profile: 2, width: 1920, height: 1080, timing: { unitsInTick: 100, timeScale: 2997 } },
  },
  {
    name: 'NVENC: one short-term reference picture set',
    bytes: hex(
      '4201 0101400000030000030000030000 03007ba003c0801107cb96b4a42592e3016a02020208000003000800000301e3002ef2880007270c0000989682',
    ),
    facts: {
      level: 123,
      width: 1920,
      height: 1080,
      colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
      timing: { unitsInTick: 1, timeScale: 60 },
    },
  },
  {
    name: 'Avigilon: PCM coding and a conformance window of nothing, 3072 × 1728 at 17 frames a second',
    bytes: hex(
      '4201 0101600000030080000003000003 0096a001802006c1fe36bbb5377725d602dc0404041000003e8000042687 21dee510016e200066ff000b7100033 7f880',
    ),
    facts: {
      width: 3072,
      height: 1728,
      colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: true },
      timing: { unitsInTick: 1000, timeScale: 17_000 },
    },
  },
  {
    name: 'a camera with long-term reference pictures',
    bytes: hex('4201 01016000000300b000000300000300 5da00280802d1636b924cbf008000003000800000301 9508'),
    facts: { width: 1280, height: 720, timing: { unitsInTick: 1, timeScale: 50 } },
  },
  {
    name: 'a camera with scaling lists of its own, 2048 × 1536',
    bytes: hex(`
      42010101600000030090000003000003 0096a00100200601634bb9084e511118 8e09302440dd28521cc1270 6181bb2a1
      9158ae16c0f107d08020828c1670357c a524993aaf4ba4bb492f208111320c18 3068d180b0081020c0800f81fc1f7ca3
      22308719e33e3bf097f0c7e10f830f07 dff2a112344e4f255c95b9295b9a2313 1008010410821020010302081fbff080
      4210c21c31e10f843f087f0a7e14f83e fffca5264c9d57a5d25da49790408899 060c183468c0580408106040 07c0fe0f
      be510488c21c678cf8efc25fc31f843e 0c3c1f7fca88491a272792ae4adc94ad cd11898804008208410810008181040f
      dff8421084308 70c7843e10fc21fc29f 853e0fbfff29499327 55e974976925e4 1022264183060d1a301601020418 1001
      f03f83efa2124689c9e4ab92b7252b73 446262010020821042040020604103f7 fd3cb89a81010102000003 00c8000017
      70e00bbcae0003e800000301f4000003 007d0000030 03e800570 8041`),
    facts: {
      level: 150,
      width: 2048,
      height: 1536,
      colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: false },
      timing: { unitsInTick: 100, timeScale: 3000 },
    },
  },
] as const

const MAIN_VPS = hex('40010c01ffff016000000300900000030000030078959409')
const MAIN_SPS = hex('420101016000000300900000030000030078a003c0801107cb965654a4c2f01680800001f480003a9804')
const MAIN_PPS = hex('4401c073c189')

/** Decoder configuration records. */
export const HEVC_CONFIGURATION_VECTORS = [
  {
    name: 'x265 Main by FFmpeg',
    bytes: hex(`01 01 60000000 900000000000 78 f000 fc fd f8 f8 0000 0f 03
      20 0001 0018 40010c01ffff016000000300900000030000030078959409
      21 0001 002a 420101016000000300900000030000030078a003c0801107cb965654a4c2f01680800001f480003a9804
      22 0001 0006 4401c073c189`),
    value: {
      profileSpace: 0,
      tier: 0,
      profile: 1,
      profileCompatibility: 0x6000_0000,
      constraints: 0x9000_0000_0000,
      level: 120,
      minSpatialSegmentation: 0,
      parallelism: 0,
      chromaFormat: 1,
      bitDepthLuma: 8,
      bitDepthChroma: 8,
      averageFrameRate: 0,
      constantFrameRate: 0,
      temporalLayerCount: 1,
      temporalIdNested: true,
      nalLengthSize: 4,
      complete: false,
      vps: [MAIN_VPS],
      sps: [MAIN_SPS],
      pps: [MAIN_PPS],
      other: [],
    },
  },
  {
    name: 'x265 4:4:4 by FFmpeg as hvc1: arrays complete',
    bytes: hex(`01 04 08000000 9e0800000000 3f f000 fc ff f8 f8 0000 0f 03
      a0 0001 0017 40010c01ffff0408000003009e0800000300003f959809
      a1 0001 002b 4201010408000003009e0800000300003f9000a0402d3bbcb2b349272bc05a020000030002000003003210
      a2 0001 0008 4401c172860c4624`),
    value: {
      profileSpace: 0,
      tier: 0,
      profile: 4,
      profileCompatibility: 0x0800_0000,
      constraints: 0x9e08_0000_0000,
      level: 63,
      minSpatialSegmentation: 0,
      parallelism: 0,
      chromaFormat: 3,
      bitDepthLuma: 8,
      bitDepthChroma: 8,
      averageFrameRate: 0,
      constantFrameRate: 0,
      temporalLayerCount: 1,
      temporalIdNested: true,
      nalLengthSize: 4,
      complete: true,
      vps: [hex('40010c01ffff0408000003009e0800000300003f959809')],
      sps: [hex('4201010408000003009e0800000300003f9000a0402d3bbcb2b349272bc05a020000030002000003003210')],
      pps: [hex('4401c172860c4624')],
      other: [],
    },
  },
  {
    name: 'every field its own, two PPS, SEI before and after',
    bytes: hex(`01         // configurationVersion
      a2                   // profile space 2, High tier, profile 2
      20000001 b0000000000f 99
      f123                 // 1111, min_spatial_segmentation_idc
      fe                   // 111111, parallelismType 2
      fe                   // 111111, chroma format 2
      fa fc                // 11111, 10 bits and 12 bits
      1900                 // 25 × 256
      69                   // constant 1, 5 layers, not nested, lengths of 2 bytes
      04                   // 4 arrays
      21 0001 0002 4201
      22 0002 0002 4401 0003 4401c0
      27 0001 0002 4e01    // SEI prefix
      28 0001 0002 5001    // SEI suffix`),
    value: {
      profileSpace: 2,
      tier: 1,
      profile: 2,
      profileCompatibility: 0x2000_0001,
      constraints: 0xb000_0000_000f,
      level: 153,
      minSpatialSegmentation: 0x123,
      parallelism: 2,
      chromaFormat: 2,
      bitDepthLuma: 10,
      bitDepthChroma: 12,
      averageFrameRate: 6400,
      constantFrameRate: 1,
      temporalLayerCount: 5,
      temporalIdNested: false,
      nalLengthSize: 2,
      complete: false,
      vps: [],
      sps: [hex('4201')],
      pps: [hex('4401'), hex('4401c0')],
      other: [hex('4e01'), hex('5001')],
    },
  },
] as const
