/**
 * What the ExVideoTagHeader and the ExAudioTagHeader of Enhanced RTMP v2 share: the ModEx loop and the
 * multitrack forms.
 *
 * ModEx: size UI8 + 1 (256: UI16 + 1 instead) | data | ModExType UB[4] | PacketType UB[4].
 * Multitrack: AvMultitrackType UB[4] | PacketType UB[4] | fourCC unless every track names its own.
 *
 * @module
 */
import { readU16, readU24, writeU24 } from '../bytes/index.ts'
import { type FourCc, writeFourCc } from './codecs.ts'

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

/** End of a ModEx loop. One shared object: read it before the next call. */
export interface ModExResult {
  /** The PacketType after the last ModEx, or −1 if the body ends inside one. */
  packetType: number
  /** Offset of the byte after the last ModEx. */
  offset: number
  /** The last TimestampOffsetNano, 0 without one. */
  timestampOffsetNs: number
}

const result: ModExResult = { packetType: -1, offset: 0, timestampOffsetNs: 0 }

/**
 * Reads ModEx after ModEx; `offset` is that of the first size byte. Each takes three bytes at least, so the
 * body bounds the loop.
 */
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

/**
 * Writes an Enhanced header: first byte | ModEx? | OneTrack? | fourCC | trackId? | room for what the caller
 * adds.
 * @param first - the first byte with its PacketType bits clear.
 * @throws RangeError if a field does not fit.
 */
export function encodeExHeader(
  first: number,
  multitrack: number,
  packetType: number,
  codec: FourCc,
  trackId: number | undefined,
  timestampOffsetNs: number,
  roomBytes: number,
): Uint8Array {
  if (
    !(packetType >= 0 && packetType <= 15) ||
    packetType === multitrack ||
    packetType === PACKET_TYPE_MOD_EX
  )
    throw new RangeError(`packet type ${packetType} is not one of a payload`)
  if (trackId !== undefined && !(trackId >= 0 && trackId <= 255))
    throw new RangeError(`track id ${trackId} is not 0 to 255`)
  if (!(timestampOffsetNs >= 0 && timestampOffsetNs <= 999_999))
    throw new RangeError(`timestamp offset ${timestampOffsetNs} ns is not 0 to 999999`)
  const modExBytes = timestampOffsetNs === 0 ? 0 : 5
  const trackBytes = trackId === undefined ? 0 : 2
  const out = new Uint8Array(5 + modExBytes + trackBytes + roomBytes)
  const inner = trackId === undefined ? packetType : multitrack
  let at = 1
  out[0] = first | (modExBytes === 0 ? inner : PACKET_TYPE_MOD_EX)
  if (modExBytes > 0) {
    out[at] = 2 // modExDataSize 3, minus 1
    writeU24(out, at + 1, timestampOffsetNs) // modExData
    out[at + 4] = (MOD_EX_TYPE_TIMESTAMP_OFFSET_NANO << 4) | inner // ModExType | PacketType
    at += modExBytes
  }
  if (trackId !== undefined) {
    out[at] = (MULTITRACK_TYPE_ONE_TRACK << 4) | packetType // AvMultitrackType | PacketType
    at += 1
  }
  writeFourCc(codec, out, at)
  if (trackId !== undefined) out[at + 4] = trackId
  return out
}
