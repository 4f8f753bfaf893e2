/**
 * What the metadata of a file says that is not true of a stream: its duration, its size, where its keyframes are.
 *
 * A player that is told a duration takes the stream for a file: mpegts.js sets that of its media source, rtmpdump stops there.
 *
 * @module
 */
import { Amf0Reader } from '../amf0/index.ts'
import { concatBytes, readU16, readU32, writeU32 } from '../bytes/index.ts'
import { MediaError } from '../errors/index.ts'
import { type MediaPacket, packetFromTag, TAG_TYPE_DATA } from '../media/index.ts'

const OBJECT = 0x03
const ECMA_ARRAY = 0x08
const OBJECT_END = 0x09

const OF_A_FILE: ReadonlySet<string> = new Set([
  'duration',
  'filesize',
  'keyframes',
  'lasttimestamp',
  'lastkeyframetimestamp',
  'lastkeyframelocation',
])

/** `onMetaData` without what is true of a file alone, every other byte as it came; the packet itself when there is nothing of that, or it is damaged. */
export function liveMetadata(packet: MediaPacket): MediaPacket {
  try {
    const body = withoutFileProperties(packet.body)
    return body === undefined ? packet : packetFromTag(TAG_TYPE_DATA, packet.dts, body)
  } catch (error) {
    if (error instanceof MediaError) return packet
    throw error
  }
}

/** AMF0: name | 03, or 08 and a count UI32 | (length UI16 | name | value)* | 00 00 09. */
function withoutFileProperties(body: Uint8Array): Uint8Array | undefined {
  const opening = new Amf0Reader(body)
  opening.read()
  const markerAt = opening.offset
  const isArray = body[markerAt] === ECMA_ARRAY
  if (!isArray && body[markerAt] !== OBJECT) return undefined
  let at = markerAt + (isArray ? 5 : 1)
  let keptFrom = 0
  const kept: Uint8Array[] = []
  while (at + 2 < body.length && !(readU16(body, at) === 0 && body[at + 2] === OBJECT_END)) {
    const valueAt = at + 2 + readU16(body, at)
    const name = String.fromCharCode(...body.subarray(at + 2, Math.min(valueAt, at + 2 + 32)))
    const value = new Amf0Reader(body.subarray(valueAt))
    value.read()
    const end = valueAt + value.offset
    if (OF_A_FILE.has(name)) {
      kept.push(body.slice(keptFrom, at))
      keptFrom = end
    }
    at = end
  }
  if (kept.length === 0) return undefined
  if (isArray) {
    const count = readU32(body, markerAt + 1)
    writeU32(kept[0]!, markerAt + 1, Math.max(0, count - kept.length)) // associative-count
  }
  return concatBytes([...kept, body.subarray(keptFrom)])
}
