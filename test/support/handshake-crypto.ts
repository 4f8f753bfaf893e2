import { createHmac } from 'node:crypto'
import type { HandshakeCrypto } from 'millrace/handshake'

/** A {@link HandshakeCrypto} with real HMAC-SHA256 and random bytes that `seed` alone decides. */
export function testCrypto(seed = 1): Required<HandshakeCrypto> {
  let state = seed >>> 0
  return {
    randomBytes(length) {
      // mulberry32
      const bytes = new Uint8Array(length)
      for (let i = 0; i < length; i++) {
        state = (state + 0x6d2b79f5) >>> 0
        let mixed = Math.imul(state ^ (state >>> 15), state | 1)
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
        bytes[i] = mixed ^ (mixed >>> 14)
      }
      return bytes
    },
    hmacSha256: (key, data) => new Uint8Array(createHmac('sha256', key).update(data).digest()),
  }
}
