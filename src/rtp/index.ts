/**
 * RTP: packets, control packets, payload formats both ways, order and time. Without sockets; RTSP, WebRTC and MPEG-TS over RTP stand on it.
 *
 * {@link RtpReceiver} makes access units of the packets of one track, {@link RtpSender} is the way back; formats come out of SDP by
 * {@link rtpFormatsOf} and go into it by {@link sdpMediaOf}. Their parts are there by themselves.
 *
 * @example From RTP packets to those of a hub
 * ```ts
 * import { PacketConverter, type MediaPacket } from 'millrace/media'
 * import { RtpReceiver, RtpTimeline, rtpFormatsOf } from 'millrace/rtp'
 * import { parseSdp } from 'millrace/sdp'
 *
 * const sdp = 'v=0\r\nm=video 5004 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n'
 * const [format] = parseSdp(sdp).media.flatMap(rtpFormatsOf)
 * const receiver = format && new RtpReceiver({ format, timeline: new RtpTimeline() })
 * const converter = new PacketConverter()
 *
 * export function receive(datagram: Uint8Array, nowMs: number): MediaPacket[] {
 *   const packets: MediaPacket[] = []
 *   receiver?.push(datagram, nowMs)
 *   for (let unit = receiver?.read(); unit !== undefined; unit = receiver?.read()) packets.push(...converter.push(unit))
 *   return packets
 * }
 * ```
 *
 * @module rtp
 * @group Protocols
 */
export type { Depacketizer, DepacketizerOptions, RtpFrame } from './depacketizer.ts'
export { decodeStreamMuxConfig, encodeStreamMuxConfig, type StreamMuxConfig } from './latm-payload.ts'
export type { Packetizer, RtpPayload } from './packetizer.ts'
export { createDepacketizer, createPacketizer } from './payload-format.ts'
export { ReceptionStatistics } from './reception-statistics.ts'
export { type OrderedPacket, ReorderWindow, type ReorderWindowOptions } from './reorder-window.ts'
export {
  decodeRtcp,
  encodeRtcp,
  type Goodbye,
  type KeyframeRequest,
  type Nack,
  type OtherRtcpPacket,
  type ReceiverReport,
  type ReportBlock,
  type RtcpPacket,
  type SenderReport,
  type SourceDescription,
  type SourceDescriptionChunk,
  type SourceDescriptionItem,
} from './rtcp-packet.ts'
export { type RtpFormat, rtpFormatFor, rtpFormatsOf, sdpMediaOf } from './rtp-format.ts'
export {
  decodeRtpPacket,
  encodeRtpPacket,
  isRtcp,
  RTP_HEADER_BYTES,
  type RtpExtension,
  type RtpPacket,
} from './rtp-packet.ts'
export { RtpReceiver, type RtpReceiverCounts, type RtpReceiverOptions } from './rtp-receiver.ts'
export { RtpSender, type RtpSenderOptions } from './rtp-sender.ts'
export { RtpTimeline, RtpTrackClock } from './rtp-timeline.ts'
