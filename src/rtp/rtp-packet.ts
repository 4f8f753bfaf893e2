/**
 * RTP packets. RFC 3550 §5.1, extension header in §5.3.1.
 *
 * Layout: V 2 = 2, P 1, X 1, CC 4 | M 1, PT 7 | sequence number 16 | timestamp 32 | SSRC 32 | CSRC 32 × CC
 * | if X: profile 16, length 16 in words of 32 bits, extension | payload | if P: padding, whose last byte counts it
 *
 * @module
 */
import { readU16, readU32, writeU16, writeU32 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'

/** Bytes of the header without CSRCs and extension. */
export const RTP_HEADER_BYTES = 12

const VERSION = 2

/** One RTP packet. */
export interface RtpPacket {
  /** 0 to 127: what SDP, or RFC 3551, says that the payload is. */
  readonly payloadType: number
  /** The end of an access unit in video, the start of a talkspurt in audio; payload formats say. */
  readonly marker: boolean
  /** 16 bits, one more for each packet. */
  readonly sequenceNumber: number
  /** 32 bits, in ticks of the payload format's clock: when the payload is presented. */
  readonly timestamp: number
  /** Synchronization source: whose sequence numbers and timestamps these are. */
  readonly ssrc: number
  /** Sources that a mixer put together, 15 at most. @defaultValue none */
  readonly csrcs?: readonly number[]
  /** Header extension. @defaultValue none */
  readonly extension?: RtpExtension | undefined
  /** The payload without padding: a view of the decoded bytes. */
  readonly payload: Uint8Array
}

/** Header extension of RFC 3550 §5.3.1. */
export interface RtpExtension {
  /** What it is: 0xbede, or 0x1000 and up to 15 more, for those of RFC 8285. */
  readonly profile: number
  /** The bytes after the length, a multiple of 4. */
  readonly data: Uint8Array
}

/**
 * Reads an RTP packet.
 * @throws {@link DecodeError} `ERR_RTP_PACKET` if it is of another version or its parts reach past its end.
 */
export function decodeRtpPacket(bytes: Uint8Array): RtpPacket {
  if (bytes.length < RTP_HEADER_BYTES) throw damaged(`${bytes.length} bytes`)
  const b0 = bytes[0]!
  if (b0 >> 6 !== VERSION) throw damaged(`version ${b0 >> 6}`)
  const csrcCount = b0 & 0x0f
  let start = RTP_HEADER_BYTES + 4 * csrcCount
  let extension: RtpExtension | undefined
  if ((b0 & 0x10) !== 0) {
    if (start + 4 > bytes.length) throw damaged('extension header is cut')
    const end = start + 4 + 4 * readU16(bytes, start + 2)
    if (end > bytes.length) throw damaged('extension reaches past the end')
    extension = { profile: readU16(bytes, start), data: bytes.subarray(start + 4, end) }
    start = end
  }
  const padding = (b0 & 0x20) === 0 ? 0 : bytes.at(-1)!
  const end = bytes.length - padding
  if (start > end || ((b0 & 0x20) !== 0 && padding === 0))
    throw damaged(`${bytes.length} bytes, ${padding} of them padding`)
  return {
    payloadType: bytes[1]! & 0x7f,
    marker: bytes[1]! >= 0x80,
    sequenceNumber: readU16(bytes, 2),
    timestamp: readU32(bytes, 4),
    ssrc: readU32(bytes, 8),
    csrcs: Array.from({ length: csrcCount }, (_, i) => readU32(bytes, RTP_HEADER_BYTES + 4 * i)),
    extension,
    payload: bytes.subarray(start, end),
  }
}

/**
 * Writes an RTP packet without padding.
 * @throws RangeError for more than 15 CSRCs, or an extension that is no multiple of 4 bytes or above 262,140.
 */
export function encodeRtpPacket(packet: RtpPacket): Uint8Array {
  const { csrcs = [], extension, payload } = packet
  if (csrcs.length > 15) throw new RangeError(`${csrcs.length} CSRCs exceed 15`)
  const words = extension === undefined ? 0 : extension.data.length / 4
  if (!Number.isInteger(words) || words > 0xffff) throw new RangeError(`extension of ${words * 4} bytes`)
  const extensionBytes = extension === undefined ? 0 : 4 + extension.data.length
  const start = RTP_HEADER_BYTES + 4 * csrcs.length + extensionBytes
  const out = new Uint8Array(start + payload.length)
  out[0] = (VERSION << 6) | (extension === undefined ? 0 : 0x10) | csrcs.length // V | P 0 | X | CC
  out[1] = (packet.marker ? 0x80 : 0) | (packet.payloadType & 0x7f) // M | PT
  writeU16(out, 2, packet.sequenceNumber)
  writeU32(out, 4, packet.timestamp)
  writeU32(out, 8, packet.ssrc)
  for (const [i, csrc] of csrcs.entries()) writeU32(out, RTP_HEADER_BYTES + 4 * i, csrc)
  if (extension !== undefined) {
    const at = start - extensionBytes
    writeU16(out, at, extension.profile)
    writeU16(out, at + 2, words)
    out.set(extension.data, at + 4)
  }
  out.set(payload, start)
  return out
}

/**
 * Whether a datagram of a port that carries both is RTCP: packet types 192 to 223 are no payload types that anybody uses with a marker.
 * RFC 5761 §4.
 */
export function isRtcp(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0]! >> 6 === VERSION && bytes[1]! >= 192 && bytes[1]! <= 223
}

function damaged(what: string): DecodeError {
  return new DecodeError('ERR_RTP_PACKET', `no RTP packet: ${what}`)
}
