/**
 * Data packets. draft-sharabayko-srt-01 §3.1. Layout: 0 (1) | sequence number 31 | position 2 | in order 1 | key 2 | resent 1 | message
 * number 26 | timestamp 32 | destination socket id 32 | payload.
 *
 * @module
 */
import { readU32, writeU32 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import { isControlPacket, readPacketHeader, SRT_HEADER_BYTES, writePacketHeader } from './packet-header.ts'
import type { SrtPacketHeader } from './packet-header.ts'
import { MAX_MESSAGE_NUMBER } from './sequence.ts'

/** With which key a payload is encrypted. */
export type SrtKeyFlag = 'clear' | 'even' | 'odd'

/** A data packet. */
export interface SrtDataPacket extends SrtPacketHeader {
  /** Discriminant. */
  readonly type: 'data'
  /** 31 bits; counts packets, and a packet that is sent again keeps its own. */
  readonly sequenceNumber: number
  /** Which part of a message it is. Live mode sends every message whole. */
  readonly position: 'whole' | 'first' | 'middle' | 'last'
  /** Whether the message asks to be delivered in order. FFmpeg sets it and others do not; live mode ignores it. */
  readonly ordered: boolean
  /** With which key the payload is encrypted. */
  readonly key: SrtKeyFlag
  /** Whether the packet is sent again. */
  readonly resent: boolean
  /** 26 bits, from 1; 0 marks the packets of a packet filter. */
  readonly messageNumber: number
  /** The message. A decoded one is a view of the datagram. */
  readonly payload: Uint8Array
}

const POSITIONS = ['middle', 'last', 'first', 'whole'] as const
const KEYS = ['clear', 'even', 'odd'] as const
/** The R bit, in byte 4. */
const RESENT = 0x04

/**
 * Reads a data packet.
 * @returns its fields; `payload` is a view of `datagram`.
 * @throws {@link DecodeError} `ERR_SRT_PACKET` if it is shorter than its header, a control packet, empty, or names both keys.
 */
export function decodeSrtDataPacket(datagram: Uint8Array): SrtDataPacket {
  if (isControlPacket(datagram)) throw new DecodeError('ERR_SRT_PACKET', 'control packet for a data packet')
  const flags = datagram[4]!
  const key = KEYS[(flags >>> 3) & 3]
  if (key === undefined) throw new DecodeError('ERR_SRT_PACKET', 'data packet encrypted with both keys')
  if (datagram.length === SRT_HEADER_BYTES) {
    throw new DecodeError('ERR_SRT_PACKET', 'data packet without payload')
  }
  return {
    type: 'data',
    sequenceNumber: readU32(datagram, 0),
    position: POSITIONS[flags >>> 6]!,
    ordered: (flags & 0x20) !== 0,
    key,
    resent: (flags & RESENT) !== 0,
    messageNumber: readU32(datagram, 4) & MAX_MESSAGE_NUMBER,
    ...readPacketHeader(datagram),
    payload: datagram.subarray(SRT_HEADER_BYTES),
  }
}

/** Writes a data packet as a new datagram. */
export function encodeSrtDataPacket(packet: Omit<SrtDataPacket, 'type'>): Uint8Array {
  const datagram = new Uint8Array(SRT_HEADER_BYTES + packet.payload.length)
  const position = POSITIONS.indexOf(packet.position) << 30
  const ordered = packet.ordered ? 1 << 29 : 0
  const key = KEYS.indexOf(packet.key) << 27
  const resent = packet.resent ? RESENT << 24 : 0
  writeU32(datagram, 0, packet.sequenceNumber) // bit 31 clear: data
  writeU32(datagram, 4, position | ordered | key | resent | packet.messageNumber)
  writePacketHeader(datagram, packet)
  datagram.set(packet.payload, SRT_HEADER_BYTES)
  return datagram
}

/** A copy of a data packet that says it is sent again. */
export function resentCopy(datagram: Uint8Array): Uint8Array {
  const copy = datagram.slice()
  copy[4]! |= RESENT
  return copy
}
