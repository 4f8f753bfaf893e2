/**
 * The RTMP handshake (RTMP 1.0 §5.2) for both sides, without sockets: bytes in, bytes out, and the count of
 * bytes that were the handshake's. Simple form and digest form ("complex", as Flash Player and FFmpeg send
 * it).
 *
 * Push what the socket reads, write what `takeOutput` returns; when `done`, hand the bytes that were not
 * consumed to a chunk decoder.
 *
 * @example
 * ```ts
 * import { createHmac, randomBytes } from 'node:crypto'
 * import { ClientHandshake, ServerHandshake } from 'millrace/handshake'
 *
 * const crypto = {
 *   randomBytes,
 *   hmacSha256: (key: Uint8Array, data: Uint8Array) => createHmac('sha256', key).update(data).digest(),
 * }
 * const client = new ClientHandshake({ crypto, form: 'digest' })
 * const server = new ServerHandshake({ crypto })
 * while (!client.done || !server.done) {
 *   for (const bytes of client.takeOutput()) server.push(bytes, Date.now())
 *   for (const bytes of server.takeOutput()) client.push(bytes, Date.now())
 * }
 * console.log(server.form) // 'digest'
 * ```
 *
 * @module handshake
 * @group Protocols
 */
export { ClientHandshake, type ClientHandshakeOptions } from './client-handshake.ts'
export {
  type DigestScheme,
  findDigest,
  type FoundDigest,
  HANDSHAKE_BLOCK_BYTES,
  type HandshakeRole,
  responseSignature,
  signBlock,
} from './handshake-block.ts'
export type { HandshakeCrypto, HmacSha256 } from './handshake-crypto.ts'
export { RTMP_VERSION } from './handshake-version.ts'
export { type HandshakeForm, ServerHandshake, type ServerHandshakeOptions } from './server-handshake.ts'
