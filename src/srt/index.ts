/**
 * SRT (Secure Reliable Transport) without sockets, in live mode: one message is one packet.
 *
 * {@link SrtCallerSession} opens a connection and {@link SrtListener} takes many on one port; both give an {@link SrtSession}, into which go
 * datagrams and time, and out of which come messages and datagrams. {@link decodeSrtControlPacket} and {@link decodeSrtDataPacket} read the
 * datagrams of a capture, {@link parseSrtStreamId} reads what a caller asks for. What is not here: rendezvous, handshakes of version 4,
 * groups, packet filters, AES-GCM, file and stream mode.
 *
 * @example A listener that takes who publishes
 * ```ts
 * import { parseSrtStreamId, SRT_REJECTION, SrtListener, type SrtSession } from 'millrace/srt'
 *
 * export function accept(listener: SrtListener): SrtSession[] {
 *   const accepted: SrtSession[] = []
 *   for (let event = listener.readEvent(); event !== undefined; event = listener.readEvent()) {
 *     const { request } = event
 *     if (parseSrtStreamId(request.streamId)?.mode !== 'publish') request.reject(SRT_REJECTION.badMode)
 *     else {
 *       const session = request.accept({ receiveLatencyMs: 200 })
 *       if (session !== undefined) accepted.push(session)
 *     }
 *   }
 *   return accepted
 * }
 * ```
 *
 * @example What a datagram is
 * ```ts
 * import { decodeSrtControlPacket, decodeSrtDataPacket, isControlPacket } from 'millrace/srt'
 *
 * export function describe(datagram: Uint8Array): string {
 *   if (!isControlPacket(datagram)) return `data ${decodeSrtDataPacket(datagram).sequenceNumber}`
 *   const packet = decodeSrtControlPacket(datagram)
 *   return packet.type === 'ack' ? `all before ${packet.nextSequenceNumber} have arrived` : packet.type
 * }
 * ```
 *
 * @module srt
 * @group Protocols
 */
export { SrtCallerSession, type SrtCallerOptions } from './caller-session.ts'
export {
  decodeSrtControlPacket,
  encodeSrtControlPacket,
  type SrtAckAckPacket,
  type SrtAckPacket,
  type SrtControlPacket,
  type SrtDropRequestPacket,
  type SrtHandshakePacket,
  type SrtKeyMaterialPacket,
  type SrtNakPacket,
  type SrtSignalPacket,
  type SrtUnknownPacket,
} from './control-packet.ts'
export {
  decodeSrtDataPacket,
  encodeSrtDataPacket,
  type SrtDataPacket,
  type SrtKeyFlag,
} from './data-packet.ts'
export {
  decodeSrtHandshake,
  encodePeerAddress,
  encodeSrtHandshake,
  EXTENSION_FIELD_INDUCTION,
  EXTENSION_FIELD_MAGIC,
  EXTENSION_FLAG_CONFIG,
  EXTENSION_FLAG_HANDSHAKE,
  EXTENSION_FLAG_KEY_MATERIAL,
  HANDSHAKE_CONCLUSION,
  HANDSHAKE_INDUCTION,
  HANDSHAKE_REJECTION,
  SRT_HANDSHAKE_BYTES,
  type SrtHandshake,
} from './handshake.ts'
export {
  MAX_STREAM_ID_BYTES,
  SRT_FLAG_CRYPT,
  SRT_FLAG_PACKET_FILTER,
  SRT_FLAG_PERIODIC_NAK,
  SRT_FLAG_RESENT_BIT,
  SRT_FLAG_STREAM,
  SRT_FLAG_TOO_LATE_DROP,
  SRT_FLAG_TSBPD_RECEIVE,
  SRT_FLAG_TSBPD_SEND,
  type SrtHandshakeExtensions,
  type SrtLatencyExtension,
} from './handshake-extensions.ts'
export {
  decodeSrtKeyMaterial,
  encodeSrtKeyMaterial,
  type SrtKeyBytes,
  type SrtKeyMaterial,
} from './key-material.ts'
export { decodeLossList, encodeLossList, type SrtSequenceRange } from './loss-list.ts'
export { isControlPacket, SRT_HEADER_BYTES, type SrtPacketHeader } from './packet-header.ts'
export { SRT_REJECTION, srtRejectionName } from './rejection.ts'
export {
  MAX_MESSAGE_NUMBER,
  MAX_SEQUENCE_NUMBER,
  messageNumberAfter,
  sequenceAfter,
  sequenceOffset,
} from './sequence.ts'
export { formatSrtStreamId, parseSrtStreamId, type SrtStreamId } from './stream-id.ts'
export type { SrtAddress, SrtDatagram } from './srt-address.ts'
export type { SrtCrypto } from './srt-crypto.ts'
export { SrtListener, type SrtListenerOptions, type SrtRequestEvent } from './srt-listener.ts'
export { SrtRequest } from './srt-request.ts'
export type {
  SrtCloseCode,
  SrtCloseEvent,
  SrtConnectEvent,
  SrtDataEvent,
  SrtSessionEvent,
} from './session-events.ts'
export type { SrtSessionOptions } from './session-options.ts'
export { SrtSession } from './srt-session.ts'
export type { SrtStatistics } from './statistics.ts'
