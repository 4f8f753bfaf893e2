/** Streams as encoders send them that put the output of their chip into tags: parameter sets in keyframes, ADTS before AAC. */
import { decodeAvcConfiguration, decodeHevcConfiguration } from 'millrace/codec'
import { type MediaPacket, packetFromTag } from 'millrace/media'
import { join } from './bytes.ts'

/** What becomes of the sequence header: stays as it is, has no parameter sets, is left out. */
export type Announced = 'whole' | 'empty' | 'none'

/** The same video with its parameter sets before each keyframe, lengths of 4 bytes. */
export function withSetsInBand(packets: readonly MediaPacket[], announced: Announced): MediaPacket[] {
  let sets: Uint8Array = new Uint8Array()
  return packets.flatMap((packet) => {
    if (packet.kind !== 'video') return [packet]
    const head = packet.body.subarray(0, packet.payloadOffset)
    if (packet.configuration) {
      sets = join(...setsOf(packet).flatMap((set) => [lengthOf(set), set]))
      if (announced === 'none') return []
      return announced === 'whole' ? [packet] : [packetFromTag(9, packet.dts, join(head, emptied(packet)))]
    }
    return packet.keyframe ? [packetFromTag(9, packet.dts, join(head, sets, packet.payload))] : [packet]
  })
}

/** The same AAC with an ADTS header before each frame. */
export function withAdts(packets: readonly MediaPacket[], announced: 'whole' | 'none'): MediaPacket[] {
  let config: Uint8Array = new Uint8Array()
  return packets.flatMap((packet) => {
    if (packet.codec !== 'mp4a') return [packet]
    if (packet.configuration) config = packet.payload.slice()
    if (packet.configuration) return announced === 'none' ? [] : [packet]
    const head = packet.body.subarray(0, packet.payloadOffset)
    return [
      packetFromTag(8, packet.dts, join(head, adtsHeader(config, packet.payload.length), packet.payload)),
    ]
  })
}

/** ADTS header of 7 bytes for a frame of `bytes`, by an AudioSpecificConfig of object type 1 to 4. ISO/IEC 14496-3 §1.A.3.2. */
export function adtsHeader(config: Uint8Array, bytes: number): Uint8Array {
  const objectType = config[0]! >> 3
  const frequencyIndex = ((config[0]! & 0x07) << 1) | (config[1]! >> 7)
  const channels = (config[1]! >> 3) & 0x0f
  const length = bytes + 7
  return Uint8Array.of(
    0xff, // syncword
    0xf1, // syncword | ID 0 (MPEG-4) | layer 00 | protection_absent 1
    ((objectType - 1) << 6) | (frequencyIndex << 2) | (channels >> 2), // profile | index | private 0 | channels
    ((channels & 3) << 6) | (length >> 11), // channels | 0000 | frame_length
    (length >> 3) & 0xff,
    ((length & 7) << 5) | 0x1f, // frame_length | buffer_fullness 0x7ff
    0xfc, // buffer_fullness | one block
  )
}

function setsOf({ codec, payload }: MediaPacket): Uint8Array[] {
  if (codec === 'avc1') {
    const { sps, pps } = decodeAvcConfiguration(payload)
    return [...sps, ...pps]
  }
  const { vps, sps, pps } = decodeHevcConfiguration(payload)
  return [...vps, ...sps, ...pps]
}

/** The record without its sets: counts of SPS and PPS 0 in avcC, numOfArrays 0 in hvcC. */
function emptied({ codec, payload }: MediaPacket): Uint8Array {
  return codec === 'avc1'
    ? join(payload.subarray(0, 5), Uint8Array.of(0xe0, 0))
    : join(payload.subarray(0, 22), Uint8Array.of(0))
}

function lengthOf(unit: Uint8Array): Uint8Array {
  return Uint8Array.of(0, 0, unit.length >> 8, unit.length & 0xff)
}
