/**
 * From an FLV tag, or an RTMP message (the same body), to a packet.
 *
 * @module
 */
import { decodeAudioTagHeader } from './audio-tag-header.ts'
import { MediaPacket } from './media-packet.ts'
import {
  isCoded,
  isConfiguration,
  isEndOfSequence,
  isOnMetaData,
  readTracks,
  startsWith,
  type TrackPacket,
} from './track-packet.ts'
import {
  decodeVideoTagHeader,
  VIDEO_FRAME_TYPE_DISPOSABLE_INTER,
  VIDEO_FRAME_TYPE_KEY,
} from './video-tag-header.ts'

/** FLV tag type and RTMP message type id of audio. */
export const TAG_TYPE_AUDIO = 8
/** FLV tag type and RTMP message type id of video. */
export const TAG_TYPE_VIDEO = 9
/** FLV tag type of script data, RTMP message type id of AMF0 data. */
export const TAG_TYPE_DATA = 18

/**
 * Reads the facts of a tag body. Never throws for a peer's bytes: an unknown codec, an empty or a damaged
 * body yields a packet that is forwarded untouched and claims nothing.
 * @param tagType - 8 audio, 9 video, 18 data; also the RTMP message type id.
 * @param dts - integer ms, unwrapped (see {@link TimestampUnwrapper}).
 * @param body - kept, not copied: do not write to it afterwards. In data, `@setDataFrame` is cut off, so that
 * the packet opens with what players and files expect: `onMetaData`.
 * @throws RangeError for any other tag type.
 */
export function packetFromTag(tagType: 8 | 9 | 18, dts: number, body: Uint8Array): MediaPacket {
  if (tagType === TAG_TYPE_VIDEO) return videoPacket(dts, body)
  if (tagType === TAG_TYPE_AUDIO) return audioPacket(dts, body)
  if (tagType === TAG_TYPE_DATA) return dataPacket(dts, body)
  throw new RangeError(`tag type ${String(tagType)} is not 8, 9 or 18`)
}

function videoPacket(dts: number, body: Uint8Array): MediaPacket {
  const header = decodeVideoTagHeader(body)
  const { enhanced, frameType, packetType, payloadOffset } = header
  if (header.multitrackType >= 0)
    return multitrackPacket('video', dts, body, frameType, header.timestampOffsetNs, payloadOffset)
  const media = header.command < 0 && payloadOffset < body.length
  const coded = media && isCoded('video', enhanced, packetType)
  return new MediaPacket({
    kind: 'video',
    dts,
    cts: header.cts,
    codec: header.codec,
    keyframe: coded && frameType === VIDEO_FRAME_TYPE_KEY,
    configuration: media && isConfiguration('video', enhanced, packetType),
    endOfSequence: header.command < 0 && isEndOfSequence('video', enhanced, packetType),
    disposable: coded && frameType === VIDEO_FRAME_TYPE_DISPOSABLE_INTER,
    multitrack: false,
    coded,
    timestampOffsetNs: header.timestampOffsetNs,
    body,
    payloadOffset,
  })
}

function audioPacket(dts: number, body: Uint8Array): MediaPacket {
  const header = decodeAudioTagHeader(body)
  const { enhanced, packetType, payloadOffset } = header
  if (header.multitrackType >= 0)
    return multitrackPacket('audio', dts, body, 0, header.timestampOffsetNs, payloadOffset)
  const media = payloadOffset < body.length
  return new MediaPacket({
    kind: 'audio',
    dts,
    cts: 0,
    codec: header.codec,
    keyframe: false,
    configuration: media && isConfiguration('audio', enhanced, packetType),
    endOfSequence: isEndOfSequence('audio', enhanced, packetType),
    disposable: false,
    multitrack: false,
    coded: media && isCoded('audio', enhanced, packetType),
    timestampOffsetNs: header.timestampOffsetNs,
    body,
    payloadOffset,
  })
}

/**
 * Flags of the default track, but `configuration` and `coded` of any: who caches or decodes has to look at a
 * packet of another track too.
 */
function multitrackPacket(
  kind: 'audio' | 'video',
  dts: number,
  body: Uint8Array,
  frameType: number,
  timestampOffsetNs: number,
  payloadOffset: number,
): MediaPacket {
  let main: TrackPacket | undefined
  let configuration = false
  let coded = false
  for (const track of readTracks(kind, body)) {
    if (track.trackId === 0) main ??= track
    configuration ||= track.configuration
    coded ||= track.coded
  }
  return new MediaPacket({
    kind,
    dts,
    cts: main?.cts ?? 0,
    codec: main?.codec ?? '',
    keyframe: main?.keyframe ?? false,
    configuration,
    endOfSequence: main?.endOfSequence ?? false,
    disposable: main?.coded === true && frameType === VIDEO_FRAME_TYPE_DISPOSABLE_INTER,
    multitrack: true,
    coded,
    timestampOffsetNs,
    body,
    payloadOffset,
  })
}

/** AMF0 string marker, length 13, `@setDataFrame`. */
const SET_DATA_FRAME = Uint8Array.of(
  0x02, 0x00, 0x0d, 0x40, 0x73, 0x65, 0x74, 0x44, 0x61, 0x74, 0x61, 0x46, 0x72, 0x61, 0x6d, 0x65,
) // prettier-ignore

function dataPacket(dts: number, body: Uint8Array): MediaPacket {
  const inner = startsWith(body, SET_DATA_FRAME) ? body.subarray(SET_DATA_FRAME.length) : body
  return new MediaPacket({
    kind: 'data',
    dts,
    cts: 0,
    codec: '',
    keyframe: false,
    configuration: isOnMetaData(inner),
    endOfSequence: false,
    disposable: false,
    multitrack: false,
    coded: false,
    timestampOffsetNs: 0,
    body: inner,
    payloadOffset: 0,
  })
}
