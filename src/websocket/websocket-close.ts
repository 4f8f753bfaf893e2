/**
 * The close frame. RFC 6455 §5.5.1 and §7.4. Layout: status code 16 | reason in UTF-8, or nothing at all.
 *
 * @module
 */
import { encodeUtf8, readU16, writeU16 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import { decodeText } from './text.ts'
import {
  encodeWebSocketFrame,
  WEBSOCKET_MAX_CONTROL_BYTES,
  WEBSOCKET_OPCODE_CLOSE,
} from './websocket-frame.ts'

/** The peer's purpose is fulfilled. */
export const WEBSOCKET_CLOSE_NORMAL = 1000
/** The server goes down, or the page is left. */
export const WEBSOCKET_CLOSE_GOING_AWAY = 1001
/** A protocol error. */
export const WEBSOCKET_CLOSE_PROTOCOL_ERROR = 1002
/** A kind of data that is not accepted here. */
export const WEBSOCKET_CLOSE_UNSUPPORTED_DATA = 1003
/** Stands for a close without code; never on the wire. */
export const WEBSOCKET_CLOSE_NO_STATUS = 1005
/** A rule of the server is broken. */
export const WEBSOCKET_CLOSE_POLICY_VIOLATION = 1008
/** The server could not continue. */
export const WEBSOCKET_CLOSE_INTERNAL_ERROR = 1011

/** What a close frame says. */
export interface WebSocketClose {
  /** Status code; 1005 when the frame had none. */
  readonly code: number
  /** Reason for people, often `''`. */
  readonly reason: string
}

/**
 * Reads the payload of a close frame.
 * @throws DecodeError `ERR_WEBSOCKET_CLOSE` for a payload of one byte or a code that may not be sent,
 * `ERR_WEBSOCKET_TEXT` for a reason that is not UTF-8.
 */
export function decodeWebSocketClose(payload: Uint8Array): WebSocketClose {
  if (payload.length === 0) return { code: WEBSOCKET_CLOSE_NO_STATUS, reason: '' }
  const code = payload.length < 2 ? 0 : readU16(payload, 0)
  if (!isSendableCode(code)) throw new DecodeError('ERR_WEBSOCKET_CLOSE', `WebSocket close code ${code}`)
  return { code, reason: decodeText(payload.subarray(2)) }
}

/**
 * An unmasked close frame. A reason that does not fit 123 bytes is cut at a character.
 * @param code - omit it to send a close without code.
 * @throws RangeError for a code that may not be sent.
 */
export function encodeWebSocketClose(code?: number, reason = ''): Uint8Array {
  if (code === undefined) return encodeWebSocketFrame(WEBSOCKET_OPCODE_CLOSE, new Uint8Array(0))
  if (!isSendableCode(code)) throw new RangeError(`WebSocket close code ${code} may not be sent`)
  const text = encodeUtf8(reason)
  let end = Math.min(text.length, WEBSOCKET_MAX_CONTROL_BYTES - 2)
  while (end < text.length && (text[end]! & 0xc0) === 0x80) end -= 1 // not inside a character
  const payload = new Uint8Array(2 + end)
  writeU16(payload, 0, code) // status code
  payload.set(text.subarray(0, end), 2)
  return encodeWebSocketFrame(WEBSOCKET_OPCODE_CLOSE, payload)
}

/**
 * Codes that may be on the wire: 1000 to 1014 but for 1004 to 1006, and 3000 to 4999. RFC 6455 §7.4 and the
 * IANA registry.
 */
function isSendableCode(code: number): boolean {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999)
}
