/** Packets for the tests, their FLV tag bodies put together field by field. */
import { type MediaPacket, packetFromTag } from 'millrace/media'
import { ascii, hex, join } from '../support/bytes.ts'

/** A 16x16 baseline picture's sets: profile 66, level 10, and the shortest PPS. */
export const AVC_SPS = hex('67 42 00 0a f8 41 a2')
export const AVC_PPS = hex('68 ce 38 80')
export const AVC_AUD = hex('09 f0')
export const AVC_SEI = hex('06 05 01 aa 80')

/** Sets of a 64x64 HEVC stream of x265, shortened: only their types matter here. */
export const HEVC_VPS = hex('40 01 0c 01 ff ff 01 60')
export const HEVC_SPS = hex('42 01 01 01 60 00 00 03')
export const HEVC_PPS = hex('44 01 c1 72 b4 62 40')
export const HEVC_AUD = hex('46 01 50')

/** An IDR slice (nal_ref_idc 3, type 5) of `length` bytes. */
export function idr(length: number): Uint8Array {
  return nal(0x65, length)
}

/** A slice that others refer to (nal_ref_idc 2, type 1) of `length` bytes. */
export function slice(length: number): Uint8Array {
  return nal(0x41, length)
}

/** A NAL unit with `header` and a body without zeros, so that no start code is in it. */
export function nal(header: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i === 0 ? header : ((i * 7) % 251) + 1))
}

/** NAL units with big-endian lengths of `size` bytes before them. */
export function avcc(nals: readonly Uint8Array[], size = 4): Uint8Array {
  return join(
    ...nals.flatMap((unit) => [
      Uint8Array.from({ length: size }, (_, i) => (unit.length / 2 ** (8 * (size - 1 - i))) & 0xff),
      unit,
    ]),
  )
}

/** NAL units with start codes of four bytes before them. */
export function annexB(...nals: readonly Uint8Array[]): Uint8Array {
  return join(...nals.flatMap((unit) => [hex('00 00 00 01'), unit]))
}

/** AVC sequence header: key frame, codec 7, packet type 0, composition time 0, avcC. */
export function avcConfiguration(nalLengthSize = 4, sps: Uint8Array = AVC_SPS): MediaPacket {
  const body = join(
    hex('17 00 000000'),
    hex('01'), // configurationVersion
    sps.subarray(1, 4), // profile, compatibility, level
    Uint8Array.of(0xfc | (nalLengthSize - 1)), // reserved 111111 | lengthSizeMinusOne
    Uint8Array.of(0xe1, 0, sps.length), // reserved 111 | one SPS, its length
    sps,
    Uint8Array.of(1, 0, AVC_PPS.length), // one PPS, its length
    AVC_PPS,
  )
  return packetFromTag(9, 0, body)
}

export interface FrameOptions {
  readonly keyframe?: boolean
  readonly cts?: number
  readonly nals?: readonly Uint8Array[]
  readonly nalLengthSize?: number
}

/** AVC NAL units: frame type 1 or 2, codec 7, packet type 1, composition time SI24. */
export function avcFrame(dts: number, options: FrameOptions = {}): MediaPacket {
  const { keyframe = false, cts = 0, nalLengthSize = 4 } = options
  const nals = options.nals ?? [keyframe ? idr(40) : slice(40)]
  const head = Uint8Array.of(keyframe ? 0x17 : 0x27, 1, (cts >> 16) & 0xff, (cts >> 8) & 0xff, cts & 0xff)
  return packetFromTag(9, dts, join(head, avcc(nals, nalLengthSize)))
}

/** Enhanced RTMP HEVC: ExVideoHeader with frame type and packet type, fourCC, then for coded frames SI24. */
export function hevcConfiguration(): MediaPacket {
  const set = (type: number, unit: Uint8Array): Uint8Array =>
    join(Uint8Array.of(0x80 | type, 0, 1, 0, unit.length), unit) // array_completeness 1 | type, one NAL unit, length
  const hvcC = join(
    hex('01 01 60000000 900000000000 1e'), // version; profile 1; compatibility; constraints; level 30
    hex('f000 fc fd f8 f8 0000 0f'), // segmentation; parallelism; chroma 1; depths 8; frame rate; 4-byte lengths
    Uint8Array.of(3), // numOfArrays
    set(32, HEVC_VPS),
    set(33, HEVC_SPS),
    set(34, HEVC_PPS),
  )
  return packetFromTag(9, 0, join(hex('90'), ascii('hvc1'), hvcC)) // key frame, SequenceStart
}

export function hevcFrame(dts: number, options: FrameOptions = {}): MediaPacket {
  const { keyframe = false, cts = 0 } = options
  const nals = options.nals ?? [nal(keyframe ? 0x26 : 0x02, 40)] // IDR_W_RADL is type 19, TRAIL_R type 1
  const head = Uint8Array.of(keyframe ? 0x91 : 0xa1) // CodedFrames
  const time = Uint8Array.of((cts >> 16) & 0xff, (cts >> 8) & 0xff, cts & 0xff)
  return packetFromTag(9, dts, join(head, ascii('hvc1'), time, avcc(nals)))
}

/** AAC sequence header: AudioSpecificConfig of LC, 48 kHz (index 3), stereo unless told otherwise. */
export function aacConfiguration(config: Uint8Array = hex('11 90')): MediaPacket {
  return packetFromTag(8, 0, join(hex('af 00'), config))
}

export function aacFrame(dts: number, length = 20): MediaPacket {
  return packetFromTag(8, dts, join(hex('af 01'), audio(length)))
}

/** Legacy MP3: sound format 2, then a frame header (MPEG-1 layer III, 128 kbit/s, 44.1 kHz) or the one given. */
export function mp3Frame(dts: number, header: Uint8Array = hex('ff fb 90 64'), length = 417): MediaPacket {
  return packetFromTag(8, dts, join(hex('2f'), header, audio(length - header.length)))
}

/** Enhanced RTMP audio: SoundFormat 9, packet type, fourCC, payload. */
export function exAudio(dts: number, packetType: number, codec: string, payload: Uint8Array): MediaPacket {
  return packetFromTag(8, dts, join(Uint8Array.of(0x90 | packetType), ascii(codec), payload))
}

/** Bytes that contain no sync word. */
export function audio(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => ((i * 5) % 120) + 1)
}
