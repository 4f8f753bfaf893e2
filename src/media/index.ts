/**
 * The unit of media that every other block speaks: {@link MediaPacket}, one FLV tag's worth, parsed once.
 *
 * An FLV tag and an RTMP message have the same body; {@link packetFromTag} reads its header, legacy or Enhanced RTMP v2, into the
 * same few fields. {@link ConfigurationTracker} keeps what a joining viewer needs, {@link filterPacket} picks tracks,
 * {@link PacketConverter} and {@link AccessUnitConverter} lead from access units, which other wires carry, to packets and back,
 * {@link TimestampUnwrapper} makes the u32 time on the wire go on, and {@link Framing} is what a wire format implements so that one
 * batch of bytes serves all its viewers.
 *
 * @example Is this a place to start?
 * ```ts
 * import { packetFromTag } from 'millrace/media'
 *
 * // frame type 1 (key), codec id 7 (AVC), packet type 1 (NAL units), composition time 80 ms, then a payload
 * const packet = packetFromTag(9, 1000, Uint8Array.of(0x17, 0x01, 0x00, 0x00, 0x50, 0x00, 0x00, 0x00, 0x01, 0x65))
 * console.log(packet.codec, packet.keyframe, packet.pts) // avc1 true 1080
 * ```
 *
 * @module media
 * @group Formats
 */
export type { AccessUnit } from './access-unit.ts'
export { AccessUnitConverter } from './access-unit-converter.ts'
export {
  AUDIO_PACKET_TYPE_CODED_FRAMES,
  AUDIO_PACKET_TYPE_MULTICHANNEL_CONFIG,
  AUDIO_PACKET_TYPE_MULTITRACK,
  AUDIO_PACKET_TYPE_SEQUENCE_END,
  AUDIO_PACKET_TYPE_SEQUENCE_START,
  type AudioTagHeader,
  type AudioTagHeaderOptions,
  decodeAudioTagHeader,
  encodeAudioTagHeader,
} from './audio-tag-header.ts'
export {
  audioCodecOf,
  type FourCc,
  SOUND_FORMAT_AAC,
  SOUND_FORMAT_EX_HEADER,
  SOUND_FORMAT_MP3,
  VIDEO_CODEC_ID_AV1,
  VIDEO_CODEC_ID_AVC,
  VIDEO_CODEC_ID_HEVC,
  videoCodecOf,
} from './codecs.ts'
export { ConfigurationTracker, type ConfigurationTrackerOptions } from './configuration-tracker.ts'
export {
  MOD_EX_TYPE_TIMESTAMP_OFFSET_NANO,
  MULTITRACK_TYPE_MANY_TRACKS,
  MULTITRACK_TYPE_MANY_TRACKS_MANY_CODECS,
  MULTITRACK_TYPE_ONE_TRACK,
  PACKET_TYPE_MOD_EX,
} from './ex-header.ts'
export {
  configurationPackets,
  type ConfigurationSet,
  EMPTY_CONFIGURATION,
  framedDts,
  type Framing,
  type TrackFilter,
  type ViewFormat,
} from './framing.ts'
export { MediaPacket, type MediaPacketFields } from './media-packet.ts'
export { PacketConverter } from './packet-converter.ts'
export { type AudioPayload, packetFromPayload, type VideoPayload } from './packet-from-payload.ts'
export { packetFromTag, TAG_TYPE_AUDIO, TAG_TYPE_DATA, TAG_TYPE_VIDEO } from './packet-from-tag.ts'
export { TimestampUnwrapper } from './timestamp-unwrapper.ts'
export { TrackCatalog, type TrackSummary } from './track-catalog.ts'
export { filterConfiguration, filterPacket } from './track-filter.ts'
export type { PacketKind, TrackPacket } from './track-packet.ts'
export {
  decodeVideoTagHeader,
  encodeVideoTagHeader,
  VIDEO_FRAME_TYPE_COMMAND,
  VIDEO_FRAME_TYPE_DISPOSABLE_INTER,
  VIDEO_FRAME_TYPE_GENERATED_KEY,
  VIDEO_FRAME_TYPE_INTER,
  VIDEO_FRAME_TYPE_KEY,
  VIDEO_PACKET_TYPE_CODED_FRAMES,
  VIDEO_PACKET_TYPE_CODED_FRAMES_X,
  VIDEO_PACKET_TYPE_METADATA,
  VIDEO_PACKET_TYPE_MPEG2_TS_SEQUENCE_START,
  VIDEO_PACKET_TYPE_MULTITRACK,
  VIDEO_PACKET_TYPE_SEQUENCE_END,
  VIDEO_PACKET_TYPE_SEQUENCE_START,
  type VideoTagHeader,
  type VideoTagHeaderOptions,
} from './video-tag-header.ts'
export { VideoFormat, VideoUnit } from './video-unit.ts'
export { VIDEO_STALLED_AFTER_MS, VideoPresence } from './video-presence.ts'
