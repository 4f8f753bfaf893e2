/**
 * RTMP above the chunk stream: messages, the sessions of server and client, and the framing of shared
 * batches.
 *
 * {@link RtmpServerSession} is one connection of a server as a state machine: bytes and time in, events and
 * bytes out, with every decision left to its owner. {@link RtmpClientSession} is the other side: it publishes
 * or plays one stream. Both speak Enhanced RTMP v2: capabilities, multitrack, reconnect requests.
 * {@link decodeRtmpMessage} and {@link encodeRtmpMessage} are the layer below them, {@link RTMP_VIEW} frames
 * media once for all players, {@link resolveStreamTarget} says which stream a client means.
 *
 * @example
 * ```ts
 * import { RtmpServerSession, type RtmpServerEvent } from 'millrace/rtmp'
 *
 * function decide(session: RtmpServerSession, event: RtmpServerEvent): void {
 *   switch (event.type) {
 *     case 'connect':
 *       session.acceptConnect()
 *       break
 *     case 'publish':
 *       if (event.streamName === 'camera') session.acceptPublish()
 *       else session.rejectPublish('unknown stream key')
 *       break
 *     case 'play':
 *       session.rejectPlay('nothing to play here')
 *       break
 *     case 'media':
 *       console.log(event.packet.kind, event.packet.dts)
 *       break
 *   }
 * }
 * ```
 *
 * @module rtmp
 * @group Protocols
 */
export { type AggregatePart, splitAggregate } from './aggregate.ts'
export {
  CAPS_EX_MOD_EX,
  CAPS_EX_MULTITRACK,
  CAPS_EX_RECONNECT,
  CAPS_EX_TIMESTAMP_NANO_OFFSET,
  DEFAULT_CAPABILITIES,
  FOURCC_INFO_CAN_DECODE,
  FOURCC_INFO_CAN_ENCODE,
  FOURCC_INFO_CAN_FORWARD,
  type LocalCapabilities,
  type PeerCapabilities,
  peerCapabilities,
} from './capabilities.ts'
export type {
  ClientConnectedEvent,
  ClientPlayingEvent,
  ClientPublishingEvent,
  ClientReconnectRequestEvent,
  ClientRedirectEvent,
  ClientRejectedEvent,
  ClientStatusEvent,
  ClientStopEvent,
  RtmpClientEvent,
  RtmpClientOwnEvent,
} from './client-events.ts'
export { type RtmpClientPhase, RtmpClientSession, type RtmpClientSessionOptions } from './client-session.ts'
export type { ConnectReply, ConnectRequest } from './connect-command.ts'
export { FlowControl } from './flow-control.ts'
export { dataMessage, decodeRtmpMessage, encodeRtmpMessage } from './message-codec.ts'
export type { Redirect } from './net-status.ts'
export { RTMP_VIEW, RTMP_VIEW_CHUNK_SIZE, RTMP_VIEW_MESSAGE_STREAM_ID, RtmpFraming } from './rtmp-framing.ts'
export type {
  AbortMessage,
  AcknowledgementMessage,
  AggregateMessage,
  CommandMessage,
  DataMessage,
  MediaMessage,
  RtmpMessage,
  SetChunkSizeMessage,
  SetPeerBandwidthMessage,
  SharedObjectMessage,
  UnknownMessage,
  UserControlMessage,
  WindowAcknowledgementSizeMessage,
} from './rtmp-message.ts'
export { formatRtmpUrl, parseRtmpUrl, type RtmpUrl, type RtmpUrlParts } from './rtmp-url.ts'
export { RtmpSession } from './rtmp-session.ts'
export type {
  RtmpServerEvent,
  RtmpServerOwnEvent,
  ServerBufferLengthEvent,
  ServerConnectEvent,
  ServerPauseEvent,
  ServerPlayEvent,
  ServerPublishEvent,
  ServerReceiveEvent,
  ServerSeekEvent,
  ServerStopEvent,
  ServerUnpublishEvent,
} from './server-events.ts'
export {
  type RtmpServerPhase,
  RtmpServerSession,
  type RtmpServerSessionOptions,
  type StreamRejection,
} from './server-session.ts'
export type {
  RtmpAcknowledgementEvent,
  RtmpCloseCode,
  RtmpCloseEvent,
  RtmpCommandEvent,
  RtmpDataEvent,
  RtmpMediaEvent,
  RtmpReplyEvent,
  RtmpSessionEvent,
  RtmpUnknownEvent,
} from './session-events.ts'
export type { RtmpSessionOptions } from './session-options.ts'
export {
  DEFAULT_APP,
  DEFAULT_VHOST,
  resolveStreamTarget,
  type StreamTarget,
  type StreamTargetInput,
} from './stream-target.ts'
export {
  decodeUserControl,
  encodeUserControl,
  type UserControlBufferLengthEvent,
  type UserControlEvent,
  type UserControlPingEvent,
  type UserControlStreamEvent,
  type UserControlUnknownEvent,
} from './user-control.ts'
