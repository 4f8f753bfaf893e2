/**
 * The two functions that the handshake borrows from its host.
 *
 * @module
 */

/**
 * Random bytes and HMAC-SHA256, given by the caller: this package has no randomness and no hash of its own
 * left of `node`. With `node:crypto`:
 *
 * ```ts
 * import { createHmac, randomBytes } from 'node:crypto'
 *
 * const crypto = {
 *   randomBytes,
 *   hmacSha256: (key: Uint8Array, data: Uint8Array) => createHmac('sha256', key).update(data).digest(),
 * }
 * ```
 */
export interface HandshakeCrypto {
  /** Exactly `length` random bytes. They fill the handshake and protect nothing, so any generator will do. */
  randomBytes(length: number): Uint8Array
  /** The 32 bytes of HMAC-SHA256. Without it both sides know only the simple form. */
  hmacSha256?(key: Uint8Array, data: Uint8Array): Uint8Array
}

/** `length` random bytes, checked, because a short answer would send zeros unseen. */
export function takeRandom(crypto: HandshakeCrypto, length: number): Uint8Array {
  const bytes = crypto.randomBytes(length)
  if (bytes.length !== length) throw new RangeError(`randomBytes gave ${bytes.length} bytes for ${length}`)
  return bytes
}

/** HMAC-SHA256, as {@link HandshakeCrypto} gives it. */
export type HmacSha256 = NonNullable<HandshakeCrypto['hmacSha256']>

/** The caller's HMAC as a standalone function, still bound to its object. */
export function hmacOf(crypto: HandshakeCrypto): HmacSha256 | undefined {
  return crypto.hmacSha256?.bind(crypto)
}
