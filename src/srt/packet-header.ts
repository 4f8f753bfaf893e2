/**
 * The 16 bytes that every SRT packet begins with. draft-sharabayko-srt-01 §3. Data and control packets differ in bit 31 of the first word
 * and have the last two words in common: timestamp (32) | destination socket id (32).
 *
 * @module
 */
import { readU32, writeU32 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'

/** Bytes of the header. */
export const SRT_HEADER_BYTES = 16

/** Bit 31 of the first word, in its first byte: set in control packets. */
export const CONTROL_FLAG = 0x80

/** The fields that data and control packets share. */
export interface SrtPacketHeader {
  /** µs since the connection of the sender began, modulo 2³² (71 min 35 s). In a data packet the time of its origin, also when it is sent again. */
  readonly timestamp: number
  /** Socket id of the receiver; 0 in a request for a connection. */
  readonly destinationId: number
}

/** Whether a datagram is a control packet. @throws {@link DecodeError} `ERR_SRT_PACKET` if it is shorter than a header. */
export function isControlPacket(datagram: Uint8Array): boolean {
  if (datagram.length < SRT_HEADER_BYTES) {
    throw new DecodeError('ERR_SRT_PACKET', `packet of ${datagram.length} bytes`)
  }
  return (datagram[0]! & CONTROL_FLAG) !== 0
}

/** Reads the shared fields; the datagram is known to have a header. */
export function readPacketHeader(datagram: Uint8Array): SrtPacketHeader {
  return { timestamp: readU32(datagram, 8), destinationId: readU32(datagram, 12) }
}

/** Writes the shared fields. */
export function writePacketHeader(datagram: Uint8Array, header: SrtPacketHeader): void {
  writeU32(datagram, 8, header.timestamp)
  writeU32(datagram, 12, header.destinationId)
}
