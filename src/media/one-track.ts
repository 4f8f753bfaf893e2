/**
 * Writing one track of a multitrack message as a message of its own.
 *
 * @module
 */
import { writeU24 } from '../bytes/index.ts'
import { AUDIO_PACKET_TYPE_MULTITRACK } from './audio-tag-header.ts'
import { SOUND_FORMAT_EX_HEADER, writeFourCc } from './codecs.ts'
import { MULTITRACK_TYPE_ONE_TRACK } from './ex-header.ts'
import type { TrackPacket } from './track-packet.ts'
import { carriesCompositionTime, VIDEO_PACKET_TYPE_MULTITRACK } from './video-tag-header.ts'

/**
 * A tag body in the OneTrack form: header | AvMultitrackType, PacketType | fourCC | trackId | composition time? | payload.
 * @throws RangeError if the track's codec is not a fourCC.
 */
export function encodeOneTrack(kind: 'audio' | 'video', track: TrackPacket): Uint8Array {
  const withCts = kind === 'video' && carriesCompositionTime(track.packetType, track.codec)
  const headBytes = withCts ? 10 : 7
  const out = new Uint8Array(headBytes + track.payload.length)
  out[0] =
    kind === 'video'
      ? 0x80 | (track.frameType << 4) | VIDEO_PACKET_TYPE_MULTITRACK // IsExVideoHeader | FrameType | Multitrack
      : (SOUND_FORMAT_EX_HEADER << 4) | AUDIO_PACKET_TYPE_MULTITRACK // ExHeader | Multitrack
  out[1] = (MULTITRACK_TYPE_ONE_TRACK << 4) | track.packetType // AvMultitrackType | PacketType
  writeFourCc(track.codec, out, 2)
  out[6] = track.trackId
  if (withCts) writeU24(out, 7, track.cts)
  out.set(track.payload, headBytes)
  return out
}
