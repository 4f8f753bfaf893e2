/**
 * Handshakes of version 5. draft-sharabayko-srt-01 §3.2.1. Layout: version 32 | encryption 16 | extension field 16 | initial sequence number
 * 32 | MTU 32 | flow window 32 | type 32 | socket id 32 | cookie 32 | peer address 128 | extensions.
 *
 * @module
 */
import { concatBytes, readU16, readU32, writeU16, writeU32 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import {
  decodeHandshakeExtensions,
  encodeHandshakeExtensions,
  type SrtHandshakeExtensions,
} from './handshake-extensions.ts'
import { MAX_SEQUENCE_NUMBER } from './sequence.ts'

/** Length of a handshake without extensions. */
export const SRT_HANDSHAKE_BYTES = 48

/** Type of the first request and its answer. */
export const HANDSHAKE_INDUCTION = 1
/** Type of the second request and its answer. */
export const HANDSHAKE_CONCLUSION = 0xffff_ffff
/** Types from here on refuse a connection. */
export const HANDSHAKE_REJECTION = 1000
/** Extension field of an induction request, whose version is 4. */
export const EXTENSION_FIELD_INDUCTION = 2
/** Extension field by which a listener says that it speaks version 5. */
export const EXTENSION_FIELD_MAGIC = 0x4a17
/** Extension field: HSREQ or HSRSP is present. */
export const EXTENSION_FLAG_HANDSHAKE = 1
/** Extension field: KMREQ or KMRSP is present. */
export const EXTENSION_FLAG_KEY_MATERIAL = 2
/** Extension field: a stream id, congestion controller, packet filter or group is present. */
export const EXTENSION_FLAG_CONFIG = 4

/** The control information of a handshake packet. */
export interface SrtHandshake {
  /** 4 in an induction request, 5 in all others. */
  readonly version: number
  /** Key length in units of 8 bytes: 0 none, 2, 3 or 4. */
  readonly encryption: number
  /** `EXTENSION_FIELD_INDUCTION`, `EXTENSION_FIELD_MAGIC`, or flags that say which extensions follow. */
  readonly extensionField: number
  /** Sequence number of the first data packet, of both directions. */
  readonly initialSequenceNumber: number
  /** Bytes of a packet with its IP and UDP headers; usually 1500. */
  readonly mtuBytes: number
  /** Packets in flight that the sender of the handshake takes; usually 8192. */
  readonly flowWindowPackets: number
  /** `HANDSHAKE_INDUCTION`, `HANDSHAKE_CONCLUSION`, or `HANDSHAKE_REJECTION` plus a reason. */
  readonly handshakeType: number
  /** Socket id of the sender of the handshake. */
  readonly socketId: number
  /** The listener's cookie; 0 in an induction request. */
  readonly cookie: number
  /** Address of the receiver, 16 bytes as on the wire; see {@link encodePeerAddress}. */
  readonly peerAddress: Uint8Array
  /** What follows, in a conclusion alone; empty in other types, whatever comes with them. */
  readonly extensions: SrtHandshakeExtensions
}

/**
 * Reads a handshake. Extensions are read only of a conclusion: gosrt attaches those of the request to its refusals.
 * @param body - the packet from byte 16 on.
 * @throws {@link DecodeError} `ERR_SRT_HANDSHAKE` if it is shorter than its fields, or an extension reaches past its end or comes twice.
 */
export function decodeSrtHandshake(body: Uint8Array): SrtHandshake {
  if (body.length < SRT_HANDSHAKE_BYTES) {
    throw new DecodeError('ERR_SRT_HANDSHAKE', `handshake of ${body.length} bytes`)
  }
  const initialSequenceNumber = readU32(body, 8)
  if (initialSequenceNumber > MAX_SEQUENCE_NUMBER) {
    throw new DecodeError('ERR_SRT_HANDSHAKE', `initial sequence number ${initialSequenceNumber}`)
  }
  const handshakeType = readU32(body, 20)
  const isConclusion = handshakeType === HANDSHAKE_CONCLUSION
  return {
    version: readU32(body, 0),
    encryption: readU16(body, 4),
    extensionField: readU16(body, 6),
    initialSequenceNumber,
    mtuBytes: readU32(body, 12),
    flowWindowPackets: readU32(body, 16),
    handshakeType,
    socketId: readU32(body, 24),
    cookie: readU32(body, 28),
    peerAddress: body.slice(32, SRT_HANDSHAKE_BYTES),
    extensions: isConclusion ? decodeHandshakeExtensions(body.subarray(SRT_HANDSHAKE_BYTES)) : {},
  }
}

/** Writes a handshake with its extensions. */
export function encodeSrtHandshake(handshake: SrtHandshake): Uint8Array {
  const fixed = new Uint8Array(SRT_HANDSHAKE_BYTES)
  writeU32(fixed, 0, handshake.version)
  writeU16(fixed, 4, handshake.encryption)
  writeU16(fixed, 6, handshake.extensionField)
  writeU32(fixed, 8, handshake.initialSequenceNumber)
  writeU32(fixed, 12, handshake.mtuBytes)
  writeU32(fixed, 16, handshake.flowWindowPackets)
  writeU32(fixed, 20, handshake.handshakeType)
  writeU32(fixed, 24, handshake.socketId)
  writeU32(fixed, 28, handshake.cookie)
  fixed.set(handshake.peerAddress, 32)
  return concatBytes([fixed, encodeHandshakeExtensions(handshake.extensions)])
}

/**
 * The peer address of a handshake: the bytes of an IP address with each word of four reversed, as libsrt sends it; an IPv4 address is
 * followed by zeros. No peer reads it. Text that is no address gives zeros.
 */
export function encodePeerAddress(address: string): Uint8Array {
  const field = new Uint8Array(16)
  const bytes = addressBytes(address)
  for (let at = 0; at < bytes.length; at++) field[at ^ 3] = bytes[at]!
  return field
}

function addressBytes(address: string): number[] {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return address.split('.').map(Number)
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)
  if (mapped !== null) return addressBytes(mapped[1]!)
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((part) => Number.parseInt(part, 16))
  const before = groups(head)
  const after = tail === undefined ? [] : groups(tail)
  const missing = 8 - before.length - after.length
  if (missing < 0 || (tail === undefined && missing !== 0)) return []
  return [...before, ...Array.from({ length: missing }, () => 0), ...after].flatMap((group) => [
    (group >>> 8) & 0xff,
    group & 0xff,
  ])
}
