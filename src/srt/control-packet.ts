/**
 * Control packets. draft-sharabayko-srt-01 §3.2. Layout: 1 (1) | type 15 | subtype 16 | type-specific information 32 | timestamp 32 |
 * destination socket id 32 | control information.
 *
 * @module
 */
import { EMPTY_BYTES, readU16, readU32, writeU16, writeU32 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import { decodeSrtHandshake, encodeSrtHandshake, type SrtHandshake } from './handshake.ts'
import { decodeLossList, encodeLossList, type SrtSequenceRange } from './loss-list.ts'
import { isControlPacket, readPacketHeader, SRT_HEADER_BYTES, writePacketHeader } from './packet-header.ts'
import type { SrtPacketHeader } from './packet-header.ts'
import { MAX_SEQUENCE_NUMBER } from './sequence.ts'

/** Asks for a connection, or answers. §3.2.1 */
export interface SrtHandshakePacket extends SrtPacketHeader {
  /** Discriminant. */
  readonly type: 'handshake'
  /** The control information. */
  readonly handshake: SrtHandshake
}

/** Says what has arrived. §3.2.4. A light ACK has `nextSequenceNumber` alone and the number 0; what a packet lacks is `undefined`. */
export interface SrtAckPacket extends SrtPacketHeader {
  /** Discriminant. */
  readonly type: 'ack'
  /** Counts the ACKs that want an ACKACK, from 1; 0 in those that want none. */
  readonly ackNumber: number
  /** The first packet that has not arrived. */
  readonly nextSequenceNumber: number
  /** Round-trip time, µs. */
  readonly rttUs?: number | undefined
  /** Variance of the round-trip time, µs. */
  readonly rttVarianceUs?: number | undefined
  /** Packets that still fit into the receiver's buffer. */
  readonly freePackets?: number | undefined
  /** Packets a second that arrive. */
  readonly receivedPacketsPerSec?: number | undefined
  /** Packets a second that the link is estimated to carry. */
  readonly linkPacketsPerSec?: number | undefined
  /** Bytes a second that arrive. */
  readonly receivedBytesPerSec?: number | undefined
}

/** Lists packets that are lost. §3.2.5 */
export interface SrtNakPacket extends SrtPacketHeader {
  /** Discriminant. */
  readonly type: 'nak'
  /** The lost packets. */
  readonly lost: readonly SrtSequenceRange[]
}

/** Answers an ACK that has a number. §3.2.8 */
export interface SrtAckAckPacket extends SrtPacketHeader {
  /** Discriminant. */
  readonly type: 'ackAck'
  /** The number of the ACK. */
  readonly ackNumber: number
}

/** Says that packets will not be sent again. §3.2.9 */
export interface SrtDropRequestPacket extends SrtPacketHeader {
  /** Discriminant. */
  readonly type: 'dropRequest'
  /** The message they belong to; 0 if it is not said. */
  readonly messageNumber: number
  /** The packets. */
  readonly range: SrtSequenceRange
}

/** Carries a key, or sends it back as taken, on a connection that is established. §3.2.2 */
export interface SrtKeyMaterialPacket extends SrtPacketHeader {
  /** Discriminant: KMREQ or KMRSP. */
  readonly type: 'keyRequest' | 'keyResponse'
  /** A key material message, or one word that says why there is none; a view of the datagram. */
  readonly message: Uint8Array
}

/** Keeps a silent connection alive, or ends it. §3.2.3, §3.2.7 */
export interface SrtSignalPacket extends SrtPacketHeader {
  /** Discriminant. */
  readonly type: 'keepAlive' | 'shutdown'
}

/** A packet that live mode has no use for: congestion warning, error of a file transfer, unknown type. */
export interface SrtUnknownPacket extends SrtPacketHeader {
  /** Discriminant. */
  readonly type: 'unknown'
  /** Type on the wire, 15 bits. */
  readonly controlType: number
  /** Subtype on the wire, 16 bits. */
  readonly subtype: number
}

/** Any control packet. */
export type SrtControlPacket =
  | SrtHandshakePacket
  | SrtAckPacket
  | SrtNakPacket
  | SrtAckAckPacket
  | SrtDropRequestPacket
  | SrtKeyMaterialPacket
  | SrtSignalPacket
  | SrtUnknownPacket

const HANDSHAKE = 0
const KEEP_ALIVE = 1
const ACK = 2
const NAK = 3
const SHUTDOWN = 5
const ACK_ACK = 6
const DROP_REQUEST = 7
const USER_DEFINED = 0x7fff
const SUBTYPE_KEY_REQUEST = 3
const SUBTYPE_KEY_RESPONSE = 4

/**
 * Reads a control packet. Keep-alive, ACKACK and shutdown have 4 bytes of zeros or nothing after the header.
 * @throws {@link DecodeError} `ERR_SRT_PACKET` if it is a data packet or shorter than its fields, `ERR_SRT_LOSS_LIST` for a NAK and
 * `ERR_SRT_HANDSHAKE` for a handshake that no reading allows.
 */
export function decodeSrtControlPacket(datagram: Uint8Array): SrtControlPacket {
  if (!isControlPacket(datagram)) throw new DecodeError('ERR_SRT_PACKET', 'data packet for a control packet')
  const controlType = readU16(datagram, 0) & 0x7fff
  const subtype = readU16(datagram, 2)
  const information = readU32(datagram, 4)
  const header = readPacketHeader(datagram)
  const body = datagram.subarray(SRT_HEADER_BYTES)
  switch (controlType) {
    case HANDSHAKE:
      return { type: 'handshake', ...header, handshake: decodeSrtHandshake(body) }
    case KEEP_ALIVE:
      return { type: 'keepAlive', ...header }
    case ACK:
      return { type: 'ack', ackNumber: information, ...header, ...readAck(body) }
    case NAK:
      return { type: 'nak', ...header, lost: decodeLossList(body) }
    case SHUTDOWN:
      return { type: 'shutdown', ...header }
    case ACK_ACK:
      return { type: 'ackAck', ackNumber: information, ...header }
    case DROP_REQUEST:
      return { type: 'dropRequest', messageNumber: information, ...header, range: readRange(body) }
    case USER_DEFINED:
      if (subtype === SUBTYPE_KEY_REQUEST) return { type: 'keyRequest', ...header, message: body }
      if (subtype === SUBTYPE_KEY_RESPONSE) return { type: 'keyResponse', ...header, message: body }
      return { type: 'unknown', controlType, subtype, ...header }
    default:
      return { type: 'unknown', controlType, subtype, ...header }
  }
}

/** Writes a control packet as a new datagram. */
export function encodeSrtControlPacket(packet: Exclude<SrtControlPacket, SrtUnknownPacket>): Uint8Array {
  switch (packet.type) {
    case 'handshake':
      return controlPacket(HANDSHAKE, 0, 0, packet, encodeSrtHandshake(packet.handshake))
    case 'keepAlive':
      return controlPacket(KEEP_ALIVE, 0, 0, packet, ZERO_WORD)
    case 'ack':
      return controlPacket(ACK, 0, packet.ackNumber, packet, ackBody(packet))
    case 'nak':
      return controlPacket(NAK, 0, 0, packet, encodeLossList(packet.lost))
    case 'shutdown':
      return controlPacket(SHUTDOWN, 0, 0, packet, ZERO_WORD)
    case 'ackAck':
      return controlPacket(ACK_ACK, 0, packet.ackNumber, packet, ZERO_WORD)
    case 'dropRequest':
      return controlPacket(
        DROP_REQUEST,
        0,
        packet.messageNumber,
        packet,
        words([packet.range.first, packet.range.last]),
      )
    case 'keyRequest':
      return controlPacket(USER_DEFINED, SUBTYPE_KEY_REQUEST, 0, packet, packet.message)
    case 'keyResponse':
      return controlPacket(USER_DEFINED, SUBTYPE_KEY_RESPONSE, 0, packet, packet.message)
    default: {
      const never: never = packet
      return never
    }
  }
}

// libsrt sends a word of zeros after the headers that need nothing.
const ZERO_WORD = new Uint8Array(4)

function controlPacket(
  type: number,
  subtype: number,
  information: number,
  header: SrtPacketHeader,
  body: Uint8Array = EMPTY_BYTES,
): Uint8Array {
  const datagram = new Uint8Array(SRT_HEADER_BYTES + body.length)
  writeU16(datagram, 0, 0x8000 | type)
  writeU16(datagram, 2, subtype)
  writeU32(datagram, 4, information)
  writePacketHeader(datagram, header)
  datagram.set(body, SRT_HEADER_BYTES)
  return datagram
}

/** Words of an ACK, §3.2.4: 1 in a light one, 4 in a small one, 7 in a full one. libsrt numbers small ones too. */
function readAck(body: Uint8Array): Omit<SrtAckPacket, 'type' | 'ackNumber' | keyof SrtPacketHeader> {
  const word = (i: number): number | undefined =>
    4 * i + 4 <= body.length ? readU32(body, 4 * i) : undefined
  return {
    nextSequenceNumber: readSequenceNumber(body, 0),
    rttUs: word(1),
    rttVarianceUs: word(2),
    freePackets: word(3),
    receivedPacketsPerSec: word(4),
    linkPacketsPerSec: word(5),
    receivedBytesPerSec: word(6),
  }
}

function ackBody(ack: SrtAckPacket): Uint8Array {
  const fields = [
    ack.nextSequenceNumber,
    ack.rttUs,
    ack.rttVarianceUs,
    ack.freePackets,
    ack.receivedPacketsPerSec,
    ack.linkPacketsPerSec,
    ack.receivedBytesPerSec,
  ]
  const present = fields.indexOf(undefined)
  return words(fields.slice(0, present === -1 ? fields.length : present) as number[])
}

function readRange(body: Uint8Array): SrtSequenceRange {
  return { first: readSequenceNumber(body, 0), last: readSequenceNumber(body, 4) }
}

function readSequenceNumber(body: Uint8Array, at: number): number {
  if (at + 4 > body.length) {
    throw new DecodeError('ERR_SRT_PACKET', `control packet with ${body.length} bytes after its header`)
  }
  const value = readU32(body, at)
  if (value > MAX_SEQUENCE_NUMBER) {
    throw new DecodeError('ERR_SRT_PACKET', `sequence number ${value} of more than 31 bits`)
  }
  return value
}

function words(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length)
  for (const [i, value] of values.entries()) writeU32(bytes, 4 * i, value)
  return bytes
}
