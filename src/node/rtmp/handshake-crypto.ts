/**
 * Randomness and HMAC from `node:crypto` for the RTMP handshake.
 *
 * @module
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { HandshakeCrypto } from '../../handshake/index.ts'

/** The runtime's own randomness and HMAC-SHA256. */
export const nodeHandshakeCrypto: HandshakeCrypto = {
  randomBytes: (length) => randomBytes(length),
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
}
