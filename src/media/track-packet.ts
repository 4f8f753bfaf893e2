/**
 * The tracks inside a tag body: one, or those of a multitrack message (Enhanced RTMP v2, "Multitrack
 * Streaming").
 *
 * @module
 */
import { readI24, readU24 } from '../bytes/index.ts'
import {
  AUDIO_PACKET_TYPE_CODED_FRAMES,
  AUDIO_PACKET_TYPE_MULTITRACK,
  AUDIO_PACKET_TYPE_SEQUENCE_END,
  AUDIO_PACKET_TYPE_SEQUENCE_START,
  decodeAudioTagHeader,
} from './audio-tag-header.ts'
import { type FourCc, readFourCc } from './codecs.ts'
import {
  MULTITRACK_TYPE_MANY_TRACKS_MANY_CODECS,
  MULTITRACK_TYPE_ONE_TRACK,
  PACKET_TYPE_MOD_EX,
} from './ex-header.ts'
import {
  carriesCompositionTime,
  decodeVideoTagHeader,
  VIDEO_FRAME_TYPE_KEY,
  VIDEO_PACKET_TYPE_CODED_FRAMES,
  VIDEO_PACKET_TYPE_CODED_FRAMES_X,
  VIDEO_PACKET_TYPE_MPEG2_TS_SEQUENCE_START,
  VIDEO_PACKET_TYPE_MULTITRACK,
  VIDEO_PACKET_TYPE_SEQUENCE_END,
  VIDEO_PACKET_TYPE_SEQUENCE_START,
} from './video-tag-header.ts'

/** What a packet carries. */
export type PacketKind = 'audio' | 'video' | 'data'

/** One track's part of a packet. Its kind and `dts` are those of the packet. */
export interface TrackPacket {
  /** 0 to 255; 0 is the default track. */
  readonly trackId: number
  /** The track's codec. */
  readonly codec: FourCc
  /**
   * `VIDEO_PACKET_TYPE_*` or `AUDIO_PACKET_TYPE_*`; −1 for data and for a body that ends inside its header.
   */
  readonly packetType: number
  /** `VIDEO_FRAME_TYPE_*`; 0 for audio and data. */
  readonly frameType: number
  /** pts − dts in ms. */
  readonly cts: number
  /** Whether this is a coded video frame to start at. */
  readonly keyframe: boolean
  /** Whether `payload` is a decoder configuration that is not empty. */
  readonly configuration: boolean
  /** Whether the track's sequence ends here. */
  readonly endOfSequence: boolean
  /**
   * Whether `payload` is coded media that is not empty: not configuration, metadata, command or end of
   * sequence.
   */
  readonly coded: boolean
  /** The bytes after every header: a view into the packet's body, not to be written to. */
  readonly payload: Uint8Array
}

/** trackId is a UI8: further entries would only repeat tracks. */
const MAX_TRACKS = 256

/** Parses the tracks of a tag body. Never throws; what a damaged multitrack body ends with is left out. */
export function readTracks(kind: PacketKind, body: Uint8Array): readonly TrackPacket[] {
  if (kind === 'data') return [track(kind, 0, '', false, -1, 0, 0, body)]
  const video = kind === 'video' ? decodeVideoTagHeader(body) : undefined
  const header = video ?? decodeAudioTagHeader(body)
  const { enhanced, packetType, multitrackType } = header
  const frameType = video?.frameType ?? 0
  if (multitrackType < 0) {
    const type = video !== undefined && video.command >= 0 ? -1 : packetType
    const payload = body.subarray(header.payloadOffset)
    return [track(kind, 0, header.codec, enhanced, type, frameType, video?.cts ?? 0, payload)]
  }
  const tracks: TrackPacket[] = []
  // Reserved forms have an unknown layout; multitrack or ModEx inside multitrack is forbidden.
  if (multitrackType > MULTITRACK_TYPE_MANY_TRACKS_MANY_CODECS) return tracks
  const nested = video === undefined ? AUDIO_PACKET_TYPE_MULTITRACK : VIDEO_PACKET_TYPE_MULTITRACK
  if (packetType === nested || packetType === PACKET_TYPE_MOD_EX) return tracks
  let at = header.payloadOffset
  while (tracks.length < MAX_TRACKS) {
    let codec = header.codec
    if (multitrackType === MULTITRACK_TYPE_MANY_TRACKS_MANY_CODECS) {
      if (at + 4 > body.length) break
      codec = readFourCc(body, at) // fourCC of this track
      at += 4
    }
    if (at >= body.length) break
    const trackId = body[at]! // trackId UI8
    at += 1
    let end = body.length
    if (multitrackType !== MULTITRACK_TYPE_ONE_TRACK) {
      if (at + 3 > body.length) break
      end = at + 3 + readU24(body, at) // sizeOfTrack UI24, counted from the byte after it
      at += 3
      if (end > body.length) break
    }
    let cts = 0
    if (video !== undefined && carriesCompositionTime(packetType, codec)) {
      if (at + 3 <= end) cts = readI24(body, at) // compositionTimeOffset SI24
      at = Math.min(at + 3, end)
    }
    tracks.push(track(kind, trackId, codec, true, packetType, frameType, cts, body.subarray(at, end)))
    at = end
    if (multitrackType === MULTITRACK_TYPE_ONE_TRACK) break
  }
  return tracks
}

function track(
  kind: PacketKind,
  trackId: number,
  codec: FourCc,
  enhanced: boolean,
  packetType: number,
  frameType: number,
  cts: number,
  payload: Uint8Array,
): TrackPacket {
  const some = payload.length > 0
  const coded = some && isCoded(kind, enhanced, packetType)
  return {
    trackId,
    codec,
    packetType,
    frameType,
    cts,
    keyframe: coded && frameType === VIDEO_FRAME_TYPE_KEY,
    configuration:
      some && (kind === 'data' ? isOnMetaData(payload) : isConfiguration(kind, enhanced, packetType)),
    endOfSequence: isEndOfSequence(kind, enhanced, packetType),
    coded,
    payload,
  }
}

/** Whether a packet type means coded frames. */
export function isCoded(kind: PacketKind, enhanced: boolean, packetType: number): boolean {
  if (kind === 'video')
    return (
      packetType === VIDEO_PACKET_TYPE_CODED_FRAMES ||
      (enhanced && packetType === VIDEO_PACKET_TYPE_CODED_FRAMES_X)
    )
  return kind === 'audio' && packetType === AUDIO_PACKET_TYPE_CODED_FRAMES
}

/**
 * Whether a packet type means decoder configuration, of unknown codecs too. Legacy codecs without packet
 * types have none.
 */
export function isConfiguration(kind: 'audio' | 'video', enhanced: boolean, packetType: number): boolean {
  if (kind === 'audio') return packetType === AUDIO_PACKET_TYPE_SEQUENCE_START
  return (
    packetType === VIDEO_PACKET_TYPE_SEQUENCE_START ||
    (enhanced && packetType === VIDEO_PACKET_TYPE_MPEG2_TS_SEQUENCE_START)
  )
}

/** Whether a packet type means end of sequence. Legacy AAC has none. */
export function isEndOfSequence(kind: PacketKind, enhanced: boolean, packetType: number): boolean {
  if (kind === 'video') return packetType === VIDEO_PACKET_TYPE_SEQUENCE_END
  return kind === 'audio' && enhanced && packetType === AUDIO_PACKET_TYPE_SEQUENCE_END
}

/** AMF0 string marker, length 10, then the name. */
const ON_META_DATA = Uint8Array.of(
  0x02, 0x00, 0x0a, 0x6f, 0x6e, 0x4d, 0x65, 0x74, 0x61, 0x44, 0x61, 0x74, 0x61,
) // prettier-ignore

/** Whether a data body is `onMetaData` with something after the name. */
export function isOnMetaData(body: Uint8Array): boolean {
  return body.length > ON_META_DATA.length && startsWith(body, ON_META_DATA)
}

/** Whether `bytes` opens with `prefix`. */
export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false
  return true
}
