/**
 * The server's proof that it speaks WebSocket. RFC 6455 §1.3 and §4.2.2.
 *
 * @module
 */
import { encodeUtf8 } from '../bytes/index.ts'

/** Appended to every key, so that no server of another protocol answers right by chance. RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Whether a `Sec-WebSocket-Key` is 16 bytes in base64, as it must be. */
export function isWebSocketKey(key: string): boolean {
  return /^[+/0-9A-Za-z]{21}[AQgw]==$/.test(key)
}

/**
 * The value of `Sec-WebSocket-Accept` for a client's `Sec-WebSocket-Key`.
 *
 * @example With Node
 * ```ts
 * import { createHash } from 'node:crypto'
 * import { webSocketAccept } from 'millrace/websocket'
 *
 * const sha1 = (bytes: Uint8Array): Uint8Array => createHash('sha1').update(bytes).digest()
 * console.log(webSocketAccept('dGhlIHNhbXBsZSBub25jZQ==', sha1)) // s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
 * ```
 * @param sha1 - returns the 20-byte digest; this package has no cryptography of its own.
 */
export function webSocketAccept(key: string, sha1: (bytes: Uint8Array) => Uint8Array): string {
  return encodeBase64(sha1(encodeUtf8(key + GUID)))
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const a = bytes[i]!
    const b = bytes[i + 1]
    const c = bytes[i + 2]
    text += ALPHABET[a >> 2]! + ALPHABET[((a & 0x03) << 4) | ((b ?? 0) >> 4)]!
    text += b === undefined ? '=' : ALPHABET[((b & 0x0f) << 2) | ((c ?? 0) >> 6)]!
    text += c === undefined ? '=' : ALPHABET[c & 0x3f]!
  }
  return text
}
