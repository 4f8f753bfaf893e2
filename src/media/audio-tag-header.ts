/**
 * The header of an audio tag: legacy AudioTagHeader (FLV 10.1 §E.4.2.1) and ExAudioTagHeader (Enhanced RTMP
 * v2, "Enhanced Audio").
 *
 * Legacy: soundFormat UB[4] | soundRate UB[2] | soundSize UB[1] | soundType UB[1]; for AAC: AACPacketType
 * UI8. Enhanced: 9 UB[4] | packetType UB[4] | ModEx* | multitrack? | fourCC.
 *
 * @module
 */
import { audioCodecOf, type FourCc, readFourCc, SOUND_FORMAT_AAC, SOUND_FORMAT_EX_HEADER } from './codecs.ts'
import {
  encodeExHeader,
  MULTITRACK_TYPE_MANY_TRACKS_MANY_CODECS,
  PACKET_TYPE_MOD_EX,
  readModEx,
} from './ex-header.ts'

/** AudioPacketType: the payload is a decoder configuration (AAC sequence header in legacy FLV). */
export const AUDIO_PACKET_TYPE_SEQUENCE_START = 0
/** AudioPacketType: coded frames. */
export const AUDIO_PACKET_TYPE_CODED_FRAMES = 1
/** AudioPacketType: the sequence ends, no payload. */
export const AUDIO_PACKET_TYPE_SEQUENCE_END = 2
/** AudioPacketType: which channel is which speaker. */
export const AUDIO_PACKET_TYPE_MULTICHANNEL_CONFIG = 4
/** AudioPacketType: tracks follow. */
export const AUDIO_PACKET_TYPE_MULTITRACK = 5

/** A decoded audio tag header. */
export interface AudioTagHeader {
  /** Whether the ExAudioTagHeader is used. */
  readonly enhanced: boolean
  /** The codec; `''` when the header has none (empty body, ManyTracksManyCodecs, reserved legacy format). */
  readonly codec: FourCc
  /**
   * `AUDIO_PACKET_TYPE_*` of the payload, or of every track of a multitrack body. Legacy formats without
   * packet types give CodedFrames. −1 when the body ends inside the header.
   */
  readonly packetType: number
  /** `MULTITRACK_TYPE_*`, or −1 for a body of one track. */
  readonly multitrackType: number
  /**
   * Nanoseconds to add to the presentation time (ModEx TimestampOffsetNano), 0 to 999,999 by the
   * specification.
   */
  readonly timestampOffsetNs: number
  /**
   * Legacy sampling rate field in Hz (5500, 11025, 22050, 44100), 0 in the Enhanced form. AAC says 44100
   * whatever its rate is.
   */
  readonly sampleRate: number
  /** Legacy sample size in bits (8 or 16), 0 in the Enhanced form. */
  readonly sampleBits: number
  /** Legacy channel count (1 or 2), 0 in the Enhanced form. AAC says 2 whatever its count is. */
  readonly channelCount: number
  /** Offset of the payload, or of the first track. The body's length if the header is cut off. */
  readonly payloadOffset: number
}

const SAMPLE_RATES = [5500, 11_025, 22_050, 44_100] as const

/**
 * Reads the header of an audio tag body. Never throws: a body that ends early has `packetType` −1.
 * @param body - FLV tag body or RTMP message body; not kept.
 */
export function decodeAudioTagHeader(body: Uint8Array): AudioTagHeader {
  if (body.length === 0) return header(false, '', -1, -1, 0, 0, 0, 0, 0)
  const first = body[0]!
  const soundFormat = first >> 4
  if (soundFormat === SOUND_FORMAT_EX_HEADER) return decodeExAudioTagHeader(body, first)
  const sampleRate = SAMPLE_RATES[(first >> 2) & 0x03]!
  const sampleBits = (first & 0x02) === 0 ? 8 : 16
  const channelCount = (first & 0x01) + 1
  const codec = audioCodecOf(soundFormat)
  let packetType: number = AUDIO_PACKET_TYPE_CODED_FRAMES
  let offset = 1
  if (soundFormat === SOUND_FORMAT_AAC) {
    packetType = body.length < 2 ? -1 : body[1]! // AACPacketType: 0 sequence header, 1 raw
    offset = body.length < 2 ? 1 : 2
  }
  return header(false, codec, packetType, -1, 0, sampleRate, sampleBits, channelCount, offset)
}

function decodeExAudioTagHeader(body: Uint8Array, first: number): AudioTagHeader {
  let packetType = first & 0x0f
  let offset = 1
  let timestampOffsetNs = 0
  let multitrackType = -1
  let codec: FourCc = ''
  if (packetType === PACKET_TYPE_MOD_EX) {
    const modEx = readModEx(body, offset)
    packetType = modEx.packetType
    offset = modEx.offset
    timestampOffsetNs = modEx.timestampOffsetNs
    if (packetType < 0) return header(true, '', -1, -1, timestampOffsetNs, 0, 0, 0, body.length)
  }
  if (packetType === AUDIO_PACKET_TYPE_MULTITRACK) {
    if (body.length <= offset) return header(true, '', -1, -1, timestampOffsetNs, 0, 0, 0, offset)
    multitrackType = body[offset]! >> 4
    packetType = body[offset]! & 0x0f
    offset += 1
  }
  if (multitrackType !== MULTITRACK_TYPE_MANY_TRACKS_MANY_CODECS) {
    if (body.length < offset + 4)
      return header(true, '', -1, multitrackType, timestampOffsetNs, 0, 0, 0, body.length)
    codec = readFourCc(body, offset)
    offset += 4
  }
  return header(true, codec, packetType, multitrackType, timestampOffsetNs, 0, 0, 0, offset)
}

function header(
  enhanced: boolean,
  codec: FourCc,
  packetType: number,
  multitrackType: number,
  timestampOffsetNs: number,
  sampleRate: number,
  sampleBits: number,
  channelCount: number,
  payloadOffset: number,
): AudioTagHeader {
  return {
    enhanced,
    codec,
    packetType,
    multitrackType,
    timestampOffsetNs,
    sampleRate,
    sampleBits,
    channelCount,
    payloadOffset,
  }
}

/** What {@link encodeAudioTagHeader} writes. */
export interface AudioTagHeaderOptions {
  /** The codec. `mp4a`, `.mp3`, `alaw`, `ulaw` and `spex` can be written in the legacy form. */
  readonly codec: FourCc
  /** `AUDIO_PACKET_TYPE_*`, not multitrack. */
  readonly packetType: number
  /** Makes it a message of one track of several (OneTrack), 0 to 255. @defaultValue none */
  readonly trackId?: number | undefined
  /**
   * Nanoseconds to add to the presentation time, 0 to 999,999; 0 writes none. Only for peers that said they
   * read ModEx.
   * @defaultValue 0
   */
  readonly timestampOffsetNs?: number
  /**
   * Whether to use the ExAudioTagHeader.
   * @defaultValue `false` for the codecs that legacy FLV has, as far as it can say the rest; else `true`
   */
  readonly enhanced?: boolean | undefined
}

/**
 * First bytes of the legacy form: SoundFormat | SoundRate | SoundSize | SoundType, as FLV 10.1 §E.4.2.1 asks
 * for each.
 */
const LEGACY_FIRST_BYTES: ReadonlyMap<FourCc, number> = new Map([
  ['mp4a', 0xaf], // AAC: always 44 kHz, 16 bits, stereo
  ['.mp3', 0x2f], // MP3: 44 kHz, 16 bits, stereo; decoders read the frame header
  ['alaw', 0x72], // G.711 A-law: rate field 0, 16 bits, mono
  ['ulaw', 0x82], // G.711 mu-law: rate field 0, 16 bits, mono
  ['spex', 0xb2], // Speex: rate field 0 (16 kHz), 16 bits, mono
])

/**
 * The bytes of an audio tag header; the payload follows it.
 * @throws RangeError if the legacy form is asked for what it cannot say, or if a number is out of range.
 */
export function encodeAudioTagHeader(options: AudioTagHeaderOptions): Uint8Array {
  const { codec, packetType, trackId, timestampOffsetNs = 0 } = options
  const first = LEGACY_FIRST_BYTES.get(codec)
  const legacy =
    first !== undefined &&
    trackId === undefined &&
    timestampOffsetNs === 0 &&
    (packetType === AUDIO_PACKET_TYPE_CODED_FRAMES ||
      (packetType === AUDIO_PACKET_TYPE_SEQUENCE_START && codec === 'mp4a'))
  if (options.enhanced ?? !legacy) {
    const exFirst = SOUND_FORMAT_EX_HEADER << 4
    return encodeExHeader(
      exFirst,
      AUDIO_PACKET_TYPE_MULTITRACK,
      packetType,
      codec,
      trackId,
      timestampOffsetNs,
      0,
    )
  }
  if (!legacy) throw new RangeError(`no legacy form of '${codec}' with audio packet type ${packetType}`)
  return codec === 'mp4a' ? Uint8Array.of(first, packetType) : Uint8Array.of(first) // AACPacketType
}
