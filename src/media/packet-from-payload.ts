/**
 * From a codec's own bytes to a packet: for those who make media, or bring it from a wire that is not FLV.
 *
 * @module
 */
import { concatBytes } from '../bytes/index.ts'
import { type AudioTagHeaderOptions, encodeAudioTagHeader } from './audio-tag-header.ts'
import type { MediaPacket } from './media-packet.ts'
import { packetFromTag, TAG_TYPE_AUDIO, TAG_TYPE_VIDEO } from './packet-from-tag.ts'
import { encodeVideoTagHeader, type VideoTagHeaderOptions } from './video-tag-header.ts'

/** Audio for {@link packetFromPayload}. */
export interface AudioPayload extends AudioTagHeaderOptions {
  /** Audio. */
  readonly kind: 'audio'
  /** Decode time in integer ms. */
  readonly dts: number
  /** What follows the tag header, such as a raw AAC frame or an AudioSpecificConfig. Copied. */
  readonly payload: Uint8Array
}

/** Video for {@link packetFromPayload}. */
export interface VideoPayload extends VideoTagHeaderOptions {
  /** Video. */
  readonly kind: 'video'
  /** Decode time in integer ms. */
  readonly dts: number
  /**
   * What follows the tag header, such as length-prefixed NAL units or an AVCDecoderConfigurationRecord.
   * Copied.
   */
  readonly payload: Uint8Array
}

/**
 * Writes a tag header before a payload and returns the packet of both.
 *
 * @example An AAC sequence header
 * ```ts
 * import { AUDIO_PACKET_TYPE_SEQUENCE_START, packetFromPayload } from 'millrace/media'
 *
 * const payload = Uint8Array.of(0x12, 0x10) // AudioSpecificConfig: AAC-LC, 44.1 kHz, stereo
 * packetFromPayload({ kind: 'audio', dts: 0, codec: 'mp4a', packetType: AUDIO_PACKET_TYPE_SEQUENCE_START, payload })
 * ```
 * @throws RangeError as {@link encodeAudioTagHeader} and {@link encodeVideoTagHeader}.
 */
export function packetFromPayload(media: AudioPayload | VideoPayload): MediaPacket {
  if (media.kind === 'audio')
    return packetFromTag(TAG_TYPE_AUDIO, media.dts, concatBytes([encodeAudioTagHeader(media), media.payload]))
  return packetFromTag(TAG_TYPE_VIDEO, media.dts, concatBytes([encodeVideoTagHeader(media), media.payload]))
}
