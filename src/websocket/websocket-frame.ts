/**
 * WebSocket frames. RFC 6455 §5.2.
 *
 * Layout: FIN 1, RSV 3, opcode 4 | MASK 1, length 7 | length 16 if 126, 64 if 127 | masking key 32 if MASK |
 * payload
 *
 * @module
 */
import { readU16, readU32, writeU16, writeU32 } from '../bytes/index.ts'
import { DecodeError, type ErrorCode, type MediaError } from '../errors/index.ts'

/** Opcode of a fragment after the first. RFC 6455 §5.2. */
export const WEBSOCKET_OPCODE_CONTINUATION = 0x0
/** Opcode of UTF-8 text. */
export const WEBSOCKET_OPCODE_TEXT = 0x1
/** Opcode of bytes. */
export const WEBSOCKET_OPCODE_BINARY = 0x2
/** Opcode of a close, which both sides send once. */
export const WEBSOCKET_OPCODE_CLOSE = 0x8
/** Opcode of a ping, to be answered by a pong with the same payload. */
export const WEBSOCKET_OPCODE_PING = 0x9
/** Opcode of a pong. */
export const WEBSOCKET_OPCODE_PONG = 0xa

/** Largest payload of a close, ping or pong. RFC 6455 §5.5. */
export const WEBSOCKET_MAX_CONTROL_BYTES = 125

/** A decoded frame header. */
export interface WebSocketFrameHeader {
  /** Whether this is the last fragment of its message. */
  readonly fin: boolean
  /** The three reserved bits, 0 without extensions. */
  readonly reserved: number
  /** `WEBSOCKET_OPCODE_*`. */
  readonly opcode: number
  /** Bytes of the payload. */
  readonly payloadBytes: number
  /** The masking key of a client's frame, `undefined` in a server's. */
  readonly maskingKey: Uint8Array | undefined
  /** Bytes of the header, masking key included: 2 to 14. */
  readonly headerBytes: number
}

/**
 * Reads the frame header at `offset`.
 * @returns `undefined` when more bytes are needed.
 * @throws DecodeError `ERR_WEBSOCKET_FRAME` for a 64-bit length of 2⁵³ bytes or more, and for a length in
 *   more bits than it needs.
 */
export function decodeWebSocketFrameHeader(bytes: Uint8Array, offset = 0): WebSocketFrameHeader | undefined {
  const left = bytes.length - offset
  if (left < 2) return undefined
  const first = bytes[offset]!
  const second = bytes[offset + 1]!
  const masked = (second & 0x80) !== 0 // MASK
  let payloadBytes = second & 0x7f
  let headerBytes = 2
  if (payloadBytes === 126) {
    if (left < 4) return undefined
    payloadBytes = readU16(bytes, offset + 2)
    headerBytes = 4
  } else if (payloadBytes === 127) {
    if (left < 10) return undefined
    const high = readU32(bytes, offset + 2)
    if (high >= 2 ** 21)
      throw new DecodeError('ERR_WEBSOCKET_FRAME', `WebSocket frame of ${high} × 2³² bytes and more`)
    payloadBytes = high * 2 ** 32 + readU32(bytes, offset + 6)
    headerBytes = 10
  }
  if (headerBytes !== webSocketHeaderLength(payloadBytes)) {
    // "the minimal number of bytes MUST be used to encode the length", RFC 6455 §5.2
    const bits = headerBytes === 4 ? 16 : 64
    throw new DecodeError(
      'ERR_WEBSOCKET_FRAME',
      `WebSocket frame with its length ${payloadBytes} in ${bits} bits`,
    )
  }
  let maskingKey: Uint8Array | undefined
  if (masked) {
    if (left < headerBytes + 4) return undefined
    maskingKey = bytes.slice(offset + headerBytes, offset + headerBytes + 4)
    headerBytes += 4
  }
  return {
    fin: (first & 0x80) !== 0,
    reserved: (first >> 4) & 0x07,
    opcode: first & 0x0f,
    payloadBytes,
    maskingKey,
    headerBytes,
  }
}

/** Bytes of an unmasked frame header before a payload of that many bytes: 2, 4 or 10. */
export function webSocketHeaderLength(payloadBytes: number): number {
  return payloadBytes < 126 ? 2 : payloadBytes < 0x1_0000 ? 4 : 10
}

/**
 * Writes the header of an unmasked, whole (FIN) frame at `offset`, which must leave
 * {@link webSocketHeaderLength} bytes of room.
 * @returns the offset of the payload.
 */
export function writeWebSocketHeader(
  out: Uint8Array,
  offset: number,
  opcode: number,
  payloadBytes: number,
): number {
  out[offset] = 0x80 | opcode // FIN | opcode
  if (payloadBytes < 126) {
    out[offset + 1] = payloadBytes
    return offset + 2
  }
  if (payloadBytes < 0x1_0000) {
    out[offset + 1] = 126
    writeU16(out, offset + 2, payloadBytes)
    return offset + 4
  }
  out[offset + 1] = 127
  writeU32(out, offset + 2, Math.floor(payloadBytes / 2 ** 32))
  writeU32(out, offset + 6, payloadBytes)
  return offset + 10
}

/**
 * A complete frame in one array.
 * @param maskingKey - four unpredictable bytes, as a client must send; a server sends none. RFC 6455 §5.3.
 * @throws RangeError for a control frame of more than 125 bytes, or a masking key that is not four bytes.
 */
export function encodeWebSocketFrame(
  opcode: number,
  payload: Uint8Array,
  maskingKey?: Uint8Array,
): Uint8Array {
  if (opcode >= WEBSOCKET_OPCODE_CLOSE && payload.length > WEBSOCKET_MAX_CONTROL_BYTES)
    throw new RangeError(`a WebSocket control frame has no room for ${payload.length} bytes`)
  if (maskingKey !== undefined && maskingKey.length !== 4)
    throw new RangeError(`a WebSocket masking key has 4 bytes, not ${maskingKey.length}`)
  const keyBytes = maskingKey === undefined ? 0 : 4
  const out = new Uint8Array(webSocketHeaderLength(payload.length) + keyBytes + payload.length)
  const at = writeWebSocketHeader(out, 0, opcode, payload.length) + keyBytes
  out.set(payload, at)
  if (maskingKey !== undefined) {
    out[1]! |= 0x80 // MASK
    out.set(maskingKey, at - 4)
    maskInto(out, at, payload, maskingKey, 0)
  }
  return out
}

/**
 * Copies `from` to `out` at `offset`, masked or unmasked (the same). RFC 6455 §5.3.
 * @param phase - how many bytes of the payload came before `from`.
 */
export function maskInto(
  out: Uint8Array,
  offset: number,
  from: Uint8Array,
  maskingKey: Uint8Array,
  phase: number,
): void {
  for (let i = 0; i < from.length; i++) out[offset + i] = from[i]! ^ maskingKey[(phase + i) & 3]!
}

const CLOSE_CODES: Partial<Record<ErrorCode, number>> = {
  ERR_WEBSOCKET_TEXT: 1007, // invalid frame payload data
  ERR_WEBSOCKET_MESSAGE_BYTES: 1009, // message too big
}

/**
 * The close code to send before closing on an error of {@link WebSocketDecoder}: 1007 for text, 1009 for
 * size, otherwise 1002. RFC 6455 §7.4.1.
 */
export function webSocketCloseCode(error: MediaError): number {
  return CLOSE_CODES[error.code] ?? 1002
}
