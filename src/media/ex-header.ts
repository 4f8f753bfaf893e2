/**
 * What the ExVideoTagHeader and the ExAudioTagHeader of Enhanced RTMP v2 share: the ModEx loop and the multitrack forms.
 *
 * ModEx: size UI8 + 1 (256: UI16 + 1 instead) | data | ModExType UB[4] | PacketType UB[4].
 * Multitrack: AvMultitrackType UB[4] | PacketType UB[4] | fourCC unless every track names its own.
 *
 * @module
 */
import { readU16, readU24 } from '../bytes/index.ts'

/** Multitrack with one track: fourCC | trackId UI8 | body. */
export const MULTITRACK_TYPE_ONE_TRACK = 0
/** Multitrack with tracks of one codec: fourCC | (trackId UI8 | size UI24 | body)*. */
export const MULTITRACK_TYPE_MANY_TRACKS = 1
/** Multitrack with a codec per track: (fourCC | trackId UI8 | size UI24 | body)*. */
export const MULTITRACK_TYPE_MANY_TRACKS_MANY_CODECS = 2

/** ModEx type: the data is a UI24 of nanoseconds to add to the presentation time. */
export const MOD_EX_TYPE_TIMESTAMP_OFFSET_NANO = 0

/** The PacketType that opens a ModEx, the same number in audio and video. */
export const PACKET_TYPE_MOD_EX = 7

/** Where a ModEx loop ended. One shared object: read it before the next call. */
export interface ModExResult {
  /** The PacketType after the last ModEx, or −1 if the body ends inside one. */
  packetType: number
  /** Offset of the byte after the last ModEx. */
  offset: number
  /** The last TimestampOffsetNano, 0 without one. */
  timestampOffsetNs: number
}

const result: ModExResult = { packetType: -1, offset: 0, timestampOffsetNs: 0 }

/** Reads ModEx after ModEx; `offset` is that of the first size byte. Each takes three bytes at least, so the body bounds the loop. */
export function readModEx(body: Uint8Array, offset: number): ModExResult {
  let at = offset
  let packetType: number = PACKET_TYPE_MOD_EX
  result.timestampOffsetNs = 0
  while (packetType === PACKET_TYPE_MOD_EX) {
    let size = body[at]! + 1 // modExDataSize = UI8 + 1
    at += 1
    if (size === 256) {
      size = readU16(body, at) + 1 // 256 means: the size did not fit, a UI16 has it
      at += 2
    }
    // NaN when the size itself is missing
    if (!(at + size < body.length)) {
      packetType = -1
      at = body.length
      break
    }
    const types = body[at + size]! // ModExType UB[4] | PacketType UB[4]
    if (types >> 4 === MOD_EX_TYPE_TIMESTAMP_OFFSET_NANO && size >= 3)
      result.timestampOffsetNs = readU24(body, at)
    packetType = types & 0x0f
    at += size + 1
  }
  result.packetType = packetType
  result.offset = at
  return result
}
