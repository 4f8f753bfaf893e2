/**
 * WebSocket framing (RFC 6455) without sockets: what a server needs so that one batch of media bytes reaches
 * every viewer.
 *
 * {@link WebSocketDecoder} reads a client's frames, {@link encodeWebSocketFrame} and
 * {@link encodeWebSocketClose} write the server's, {@link webSocketAccept} answers the handshake,
 * {@link WEBSOCKET_FLV_VIEW} frames a live stream once for all viewers. Extensions (compression) are not
 * offered: media does not shrink.
 *
 * @example Answer what a client sends
 * ```ts
 * import { encodeWebSocketClose, encodeWebSocketFrame, WEBSOCKET_OPCODE_PONG, WebSocketDecoder } from 'millrace/websocket'
 *
 * export function answer(decoder: WebSocketDecoder, bytes: Uint8Array): Uint8Array[] {
 *   decoder.push(bytes)
 *   const output: Uint8Array[] = []
 *   for (let message = decoder.read(); message !== undefined; message = decoder.read()) {
 *     if (message.type === 'ping') output.push(encodeWebSocketFrame(WEBSOCKET_OPCODE_PONG, message.data))
 *     if (message.type === 'close') output.push(encodeWebSocketClose(1000))
 *   }
 *   return output
 * }
 * ```
 *
 * @module websocket
 * @group Protocols
 */
export { isWebSocketKey, webSocketAccept } from './websocket-accept.ts'
export {
  decodeWebSocketClose,
  encodeWebSocketClose,
  WEBSOCKET_CLOSE_GOING_AWAY,
  WEBSOCKET_CLOSE_INTERNAL_ERROR,
  WEBSOCKET_CLOSE_NO_STATUS,
  WEBSOCKET_CLOSE_NORMAL,
  WEBSOCKET_CLOSE_POLICY_VIOLATION,
  WEBSOCKET_CLOSE_PROTOCOL_ERROR,
  WEBSOCKET_CLOSE_UNSUPPORTED_DATA,
  type WebSocketClose,
} from './websocket-close.ts'
export {
  type WebSocketCloseMessage,
  type WebSocketDataMessage,
  WebSocketDecoder,
  type WebSocketDecoderOptions,
  type WebSocketMessage,
  type WebSocketTextMessage,
} from './websocket-decoder.ts'
export {
  decodeWebSocketFrameHeader,
  encodeWebSocketFrame,
  WEBSOCKET_MAX_CONTROL_BYTES,
  WEBSOCKET_OPCODE_BINARY,
  WEBSOCKET_OPCODE_CLOSE,
  WEBSOCKET_OPCODE_CONTINUATION,
  WEBSOCKET_OPCODE_PING,
  WEBSOCKET_OPCODE_PONG,
  WEBSOCKET_OPCODE_TEXT,
  webSocketCloseCode,
  type WebSocketFrameHeader,
  webSocketHeaderLength,
  writeWebSocketHeader,
} from './websocket-frame.ts'
export { WEBSOCKET_FLV_VIEW, WebSocketFlvFraming } from './websocket-framing.ts'
