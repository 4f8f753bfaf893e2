/**
 * SRT (Secure Reliable Transport) without sockets, in live mode: one message is one packet.
 *
 * {@link decodeSrtControlPacket} and {@link decodeSrtDataPacket} read the datagrams of both sides, {@link parseSrtStreamId} reads what a
 * caller asks for. What is not here: rendezvous, handshakes of version 4, groups, packet filters, AES-GCM, file and stream mode.
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
