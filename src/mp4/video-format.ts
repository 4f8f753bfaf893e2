/**
 * Video sample entries. ISO/IEC 14496-12 §12.1.3, ISO/IEC 14496-15 §5.4.2 and §8.4.1, AV1 in ISOBMFF §2.2, VP
 * Codec ISO Media File Format Binding.
 *
 * Layout: reserved 48, data_reference_index 16 = 1 | pre_defined 16, reserved 16, pre_defined 96 | width 16,
 * height 16
 * | 72 dpi 32, 72 dpi 32 | reserved 32, frame_count 16 = 1 | compressorname 256 | depth 16 = 24, −1 16 | boxes
 *
 * @module
 */
import {
  type AspectRatio,
  type ColourDescription,
  decodeAv1Configuration,
  decodeAvcConfiguration,
  decodeAvcSps,
  decodeHevcConfiguration,
  decodeHevcSps,
  decodeVpConfiguration,
  encodeHevcConfiguration,
  encodeVpConfiguration,
  findAv1SequenceHeader,
  type FrameSize,
  type VideoTiming,
  vp8KeyframeSize,
  vp9KeyframeSize,
} from '../codec/index.ts'
import { MediaError } from '../errors/index.ts'
import type { FourCc } from '../media/index.ts'
import type { BoxWriter } from './box-writer.ts'
import type { SampleFormat } from './sample-format.ts'

/** Ticks in a second of video: the rate of MPEG, in which every ms is a whole number of ticks. */
export const VIDEO_TIMESCALE = 90_000

interface Picture {
  readonly size: FrameSize | undefined
  readonly aspectRatio?: AspectRatio | undefined
  readonly colour?: ColourDescription | undefined
  /** Frames in a second. */
  readonly frameRate?: number | undefined
}

/**
 * The format of a video codec, or `undefined` for one that has no place here.
 * @param configuration - payload of the configuration packet.
 * @param keyframe - the first one, for the picture size of VP8 and VP9; empty when none came yet.
 * @throws {@link MediaError} if the configuration cannot be read.
 */
export function videoFormat(
  codec: FourCc,
  configuration: Uint8Array,
  keyframe: Uint8Array,
): SampleFormat | undefined {
  switch (codec) {
    case 'avc1': {
      const { nalLengthSize, sps } = decodeAvcConfiguration(configuration)
      return format(codec, 'avcC', configuration, avcPicture(sps[0]), nalLengthSize)
    }
    case 'hvc1': {
      // hvc1 says that the record has all parameter sets: QuickTime asks for that, and FFmpeg sends records
      // that do not claim it.
      const hevc = { ...decodeHevcConfiguration(configuration), complete: true }
      return format(
        codec,
        'hvcC',
        encodeHevcConfiguration(hevc),
        hevcPicture(hevc.sps[0]),
        hevc.nalLengthSize,
      )
    }
    case 'av01': {
      const { configObus } = decodeAv1Configuration(configuration)
      return format(codec, 'av1C', configuration, av1Picture(configObus) ?? av1Picture(keyframe), 0)
    }
    case 'vp08':
    case 'vp09': {
      const vp = decodeVpConfiguration(configuration)
      const size = codec === 'vp08' ? vp8KeyframeSize(keyframe) : vp9KeyframeSize(keyframe)
      return format(codec, 'vpcC', encodeVpConfiguration(vp), { size, colour: vp.colour }, 0)
    }
    default:
      return undefined
  }
}

function format(
  codec: FourCc,
  boxType: string,
  record: Uint8Array,
  picture: Picture | undefined,
  nalLengthSize: number,
): SampleFormat {
  const { width, height } = picture?.size ?? { width: 0, height: 0 }
  const ratio = picture?.aspectRatio
  return {
    timescale: VIDEO_TIMESCALE,
    displayWidth: ratio === undefined ? width : Math.round((width * ratio.width) / ratio.height),
    displayHeight: height,
    nalLengthSize,
    defaultTicks: Math.round(VIDEO_TIMESCALE / (picture?.frameRate ?? 25)),
    brand: codec === 'avc1' || codec === 'av01' ? codec : '',
    writeSampleEntry(writer) {
      writer.open(codec)
      writer.zeros(6) // reserved
      writer.u16(1) // data_reference_index
      writer.zeros(16) // pre_defined, reserved
      writer.u16(width)
      writer.u16(height)
      writer.u32(0x0048_0000) // horizresolution: 72 dpi in 16.16
      writer.u32(0x0048_0000) // vertresolution
      writer.zeros(4) // reserved
      writer.u16(1) // frame_count
      writer.zeros(32) // compressorname, of length 0
      writer.u16(24) // depth: colour without alpha
      writer.u16(0xffff) // pre_defined = −1
      writer.box(boxType, record)
      if (picture?.colour !== undefined) writeColour(writer, picture.colour)
      if (ratio !== undefined && ratio.width !== ratio.height) writePixelAspectRatio(writer, ratio)
      writer.close()
    },
    frameTicks: () => 0,
  }
}

/** `colr` of type nclx. ISO/IEC 14496-12 §12.1.5. Left out when nothing is specified. */
function writeColour(writer: BoxWriter, colour: ColourDescription): void {
  const { primaries, transfer, matrix, fullRange } = colour
  if (primaries === 2 && transfer === 2 && matrix === 2 && !fullRange) return
  writer.open('colr')
  writer.type('nclx')
  writer.u16(primaries)
  writer.u16(transfer)
  writer.u16(matrix)
  writer.u8(fullRange ? 0x80 : 0) // full_range_flag | reserved
  writer.close()
}

/** `pasp`. ISO/IEC 14496-12 §12.1.4. */
function writePixelAspectRatio(writer: BoxWriter, ratio: AspectRatio): void {
  writer.open('pasp')
  writer.u32(ratio.width) // hSpacing
  writer.u32(ratio.height) // vSpacing
  writer.close()
}

function avcPicture(nalUnit: Uint8Array | undefined): Picture | undefined {
  const sps = nalUnit === undefined ? undefined : readable(() => decodeAvcSps(nalUnit))
  // H.264 §E.2.1: two ticks a frame
  return sps && { ...sps, size: sps, frameRate: rateOf(sps.timing, 2) }
}

function hevcPicture(nalUnit: Uint8Array | undefined): Picture | undefined {
  const sps = nalUnit === undefined ? undefined : readable(() => decodeHevcSps(nalUnit))
  return sps && { ...sps, size: sps, frameRate: rateOf(sps.timing, 1) }
}

function av1Picture(obus: Uint8Array): Picture | undefined {
  const header = readable(() => findAv1SequenceHeader(obus))
  return header && { size: header, colour: header.colour }
}

function rateOf(timing: VideoTiming | undefined, ticksPerFrame: number): number | undefined {
  return timing === undefined ? undefined : timing.timeScale / (ticksPerFrame * timing.unitsInTick)
}

/** The value, or `undefined` when the bytes do not hold one: a picture of unknown size is still a track. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}
