/**
 * The header of a video tag: legacy VideoTagHeader (FLV 10.1 §E.4.3.1) and ExVideoTagHeader (Enhanced RTMP
 * v2, "Enhanced Video").
 *
 * Legacy: frameType UB[4] | codecId UB[4]; for AVC, and by convention HEVC and AV1: packetType UI8 |
 * compositionTime SI24. Enhanced: 1 UB[1] | frameType UB[3] | packetType UB[4] | ModEx* | multitrack? |
 * fourCC; compositionTime SI24 for coded frames of AVC, HEVC and VVC. The legacy AVC packet types 0, 1 and 2
 * have the numbers of SequenceStart, CodedFrames and SequenceEnd.
 *
 * @module
 */
import { readI24, writeU24 } from '../bytes/index.ts'
import {
  type FourCc,
  readFourCc,
  VIDEO_CODEC_ID_AV1,
  VIDEO_CODEC_ID_AVC,
  VIDEO_CODEC_ID_HEVC,
  videoCodecOf,
} from './codecs.ts'
import {
  encodeExHeader,
  MULTITRACK_TYPE_MANY_TRACKS_MANY_CODECS,
  PACKET_TYPE_MOD_EX,
  readModEx,
} from './ex-header.ts'

/** VideoFrameType: a frame to start at. */
export const VIDEO_FRAME_TYPE_KEY = 1
/** VideoFrameType: needs earlier frames. */
export const VIDEO_FRAME_TYPE_INTER = 2
/** VideoFrameType: an inter frame that no other frame refers to (specified for H.263 only). */
export const VIDEO_FRAME_TYPE_DISPOSABLE_INTER = 3
/**
 * VideoFrameType: a key frame made by a server. Players do not start at one, so it does not count as a
 * keyframe.
 */
export const VIDEO_FRAME_TYPE_GENERATED_KEY = 4
/** VideoFrameType: no video, a command byte follows. */
export const VIDEO_FRAME_TYPE_COMMAND = 5

/** VideoPacketType: the payload is a decoder configuration (AVC sequence header in legacy FLV). */
export const VIDEO_PACKET_TYPE_SEQUENCE_START = 0
/** VideoPacketType: coded frames, with a composition time for AVC, HEVC and VVC. */
export const VIDEO_PACKET_TYPE_CODED_FRAMES = 1
/** VideoPacketType: the sequence ends, no payload. */
export const VIDEO_PACKET_TYPE_SEQUENCE_END = 2
/** VideoPacketType: coded frames whose composition time is 0 and left out. */
export const VIDEO_PACKET_TYPE_CODED_FRAMES_X = 3
/** VideoPacketType: AMF metadata such as `colorInfo`; the frame type means nothing. */
export const VIDEO_PACKET_TYPE_METADATA = 4
/** VideoPacketType: the configuration as an MPEG-2 TS descriptor (AV1). */
export const VIDEO_PACKET_TYPE_MPEG2_TS_SEQUENCE_START = 5
/** VideoPacketType: tracks follow. */
export const VIDEO_PACKET_TYPE_MULTITRACK = 6

/** A decoded video tag header. */
export interface VideoTagHeader {
  /** Whether the ExVideoTagHeader is used. */
  readonly enhanced: boolean
  /** `VIDEO_FRAME_TYPE_*`. */
  readonly frameType: number
  /** The codec; `''` when the header has none (command frame, ManyTracksManyCodecs, reserved legacy id). */
  readonly codec: FourCc
  /**
   * `VIDEO_PACKET_TYPE_*` of the payload, or of every track of a multitrack body. Legacy codecs without
   * packet types give CodedFrames. −1 when the body ends inside the header.
   */
  readonly packetType: number
  /** `MULTITRACK_TYPE_*`, or −1 for a body of one track. */
  readonly multitrackType: number
  /** Composition time in ms, −2²³ to 2²³ − 1. 0 for multitrack, where each track has its own. */
  readonly cts: number
  /**
   * Nanoseconds to add to the presentation time (ModEx TimestampOffsetNano), 0 to 999,999 by the
   * specification.
   */
  readonly timestampOffsetNs: number
  /** The command byte of a command frame (0 start of seek, 1 end of seek), else −1. */
  readonly command: number
  /** Offset of the payload, or of the first track. The body's length if the header is cut off. */
  readonly payloadOffset: number
}

/**
 * Reads the header of a video tag body. Never throws: a body that ends early has `packetType` −1.
 * @param body - FLV tag body or RTMP message body; not kept.
 */
export function decodeVideoTagHeader(body: Uint8Array): VideoTagHeader {
  if (body.length === 0) return header(false, 0, '', -1, -1, 0, 0, -1, 0)
  const first = body[0]!
  if (first >= 0x80) return decodeExVideoTagHeader(body, first)
  const frameType = first >> 4
  const codecId = first & 0x0f
  const codec = videoCodecOf(codecId)
  if (frameType === VIDEO_FRAME_TYPE_COMMAND) {
    // The byte is a command even for AVC: 57 00 is "start of seek", not a sequence header.
    if (body.length < 2) return header(false, frameType, codec, -1, -1, 0, 0, -1, body.length)
    return header(false, frameType, codec, VIDEO_PACKET_TYPE_CODED_FRAMES, -1, 0, 0, body[1]!, 2)
  }
  if (codecId === VIDEO_CODEC_ID_AVC || codecId === VIDEO_CODEC_ID_HEVC || codecId === VIDEO_CODEC_ID_AV1) {
    const packetType = body.length < 2 ? -1 : body[1]!
    if (body.length < 5) {
      // An end of sequence has nothing to say after its type.
      const type = packetType === VIDEO_PACKET_TYPE_SEQUENCE_END ? packetType : -1
      return header(false, frameType, codec, type, -1, 0, 0, -1, body.length)
    }
    const cts = packetType === VIDEO_PACKET_TYPE_CODED_FRAMES ? readI24(body, 2) : 0
    return header(false, frameType, codec, packetType, -1, cts, 0, -1, 5)
  }
  return header(false, frameType, codec, VIDEO_PACKET_TYPE_CODED_FRAMES, -1, 0, 0, -1, 1)
}

function decodeExVideoTagHeader(body: Uint8Array, first: number): VideoTagHeader {
  const frameType = (first >> 4) & 0x07
  let packetType = first & 0x0f
  let offset = 1
  let timestampOffsetNs = 0
  let multitrackType = -1
  let codec: FourCc = ''
  let cts = 0
  if (packetType === PACKET_TYPE_MOD_EX) {
    const modEx = readModEx(body, offset)
    packetType = modEx.packetType
    offset = modEx.offset
    timestampOffsetNs = modEx.timestampOffsetNs
    if (packetType < 0) return header(true, frameType, '', -1, -1, 0, timestampOffsetNs, -1, body.length)
  }
  if (frameType === VIDEO_FRAME_TYPE_COMMAND && packetType !== VIDEO_PACKET_TYPE_METADATA) {
    if (body.length <= offset) return header(true, frameType, '', -1, -1, 0, timestampOffsetNs, -1, offset)
    return header(true, frameType, '', packetType, -1, 0, timestampOffsetNs, body[offset]!, offset + 1)
  }
  if (packetType === VIDEO_PACKET_TYPE_MULTITRACK) {
    if (body.length <= offset) return header(true, frameType, '', -1, -1, 0, timestampOffsetNs, -1, offset)
    multitrackType = body[offset]! >> 4
    packetType = body[offset]! & 0x0f
    offset += 1
  }
  if (multitrackType !== MULTITRACK_TYPE_MANY_TRACKS_MANY_CODECS) {
    if (body.length < offset + 4)
      return header(true, frameType, '', -1, multitrackType, 0, timestampOffsetNs, -1, body.length)
    codec = readFourCc(body, offset)
    offset += 4
  }
  if (multitrackType < 0 && carriesCompositionTime(packetType, codec)) {
    if (body.length < offset + 3)
      return header(true, frameType, codec, -1, -1, 0, timestampOffsetNs, -1, body.length)
    cts = readI24(body, offset)
    offset += 3
  }
  return header(true, frameType, codec, packetType, multitrackType, cts, timestampOffsetNs, -1, offset)
}

/** Whether the payload of an Enhanced video packet opens with a composition time SI24. */
export function carriesCompositionTime(packetType: number, codec: FourCc): boolean {
  return (
    packetType === VIDEO_PACKET_TYPE_CODED_FRAMES &&
    (codec === 'avc1' || codec === 'hvc1' || codec === 'vvc1')
  )
}

function header(
  enhanced: boolean,
  frameType: number,
  codec: FourCc,
  packetType: number,
  multitrackType: number,
  cts: number,
  timestampOffsetNs: number,
  command: number,
  payloadOffset: number,
): VideoTagHeader {
  return {
    enhanced,
    frameType,
    codec,
    packetType,
    multitrackType,
    cts,
    timestampOffsetNs,
    command,
    payloadOffset,
  }
}

/** What {@link encodeVideoTagHeader} writes. */
export interface VideoTagHeaderOptions {
  /** The codec. `avc1`, `hvc1` (id 12) and `av01` (id 13) can be written in the legacy form. */
  readonly codec: FourCc
  /** `VIDEO_PACKET_TYPE_*`, not multitrack. */
  readonly packetType: number
  /** `VIDEO_FRAME_TYPE_*`. */
  readonly frameType: number
  /** Composition time in ms; written for coded frames of codecs that have one. @defaultValue 0 */
  readonly cts?: number
  /** Makes it a message of one track of several (OneTrack), 0 to 255. @defaultValue none */
  readonly trackId?: number | undefined
  /**
   * Nanoseconds to add to the presentation time, 0 to 999,999; 0 writes none. Only for peers that said they
   * read ModEx.
   * @defaultValue 0
   */
  readonly timestampOffsetNs?: number
  /**
   * Whether to use the ExVideoTagHeader.
   * @defaultValue `false` for `avc1`, which every player reads, as far as legacy FLV can say it; else `true`
   */
  readonly enhanced?: boolean | undefined
}

/**
 * The bytes of a video tag header; the payload follows it.
 * @throws RangeError if the legacy form is asked for what it cannot say, or if a number is out of range.
 */
export function encodeVideoTagHeader(options: VideoTagHeaderOptions): Uint8Array {
  const { codec, packetType, frameType, cts = 0, trackId, timestampOffsetNs = 0 } = options
  if (!(frameType >= 0 && frameType <= 7)) throw new RangeError(`video frame type ${frameType} is not 0 to 7`)
  if (!(cts >= -0x80_0000 && cts <= 0x7f_ffff))
    throw new RangeError(`composition time ${cts} ms is not 24 bits`)
  const plain =
    packetType <= VIDEO_PACKET_TYPE_CODED_FRAMES_X && trackId === undefined && timestampOffsetNs === 0
  if (options.enhanced ?? !(plain && codec === 'avc1')) {
    const withCts = carriesCompositionTime(packetType, codec)
    const first = 0x80 | (frameType << 4) // IsExVideoHeader | VideoFrameType
    const out = encodeExHeader(
      first,
      VIDEO_PACKET_TYPE_MULTITRACK,
      packetType,
      codec,
      trackId,
      timestampOffsetNs,
      withCts ? 3 : 0,
    )
    if (withCts) writeU24(out, out.length - 3, cts) // compositionTimeOffset SI24
    return out
  }
  const codecId = legacyVideoCodecId(codec)
  if (!plain || codecId === 0)
    throw new RangeError(`no legacy form of '${codec}' with video packet type ${packetType}`)
  const out = new Uint8Array(5)
  const coded =
    packetType === VIDEO_PACKET_TYPE_CODED_FRAMES || packetType === VIDEO_PACKET_TYPE_CODED_FRAMES_X
  out[0] = (frameType << 4) | codecId // FrameType | CodecID
  out[1] = coded ? VIDEO_PACKET_TYPE_CODED_FRAMES : packetType // AVCPacketType
  if (coded) writeU24(out, 2, cts) // CompositionTime SI24
  return out
}

function legacyVideoCodecId(codec: FourCc): number {
  if (codec === 'avc1') return VIDEO_CODEC_ID_AVC
  if (codec === 'hvc1') return VIDEO_CODEC_ID_HEVC
  return codec === 'av01' ? VIDEO_CODEC_ID_AV1 : 0
}
