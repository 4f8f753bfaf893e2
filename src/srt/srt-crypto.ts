/**
 * The functions that SRT borrows from its host.
 *
 * @module
 */

/**
 * Randomness, hashes and AES, given by the caller: this package carries none of its own left of `node`. All of them answer at once, which
 * `node:crypto` does and WebCrypto does not. With `node:crypto`:
 *
 * ```ts
 * import { createCipheriv, createDecipheriv, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
 * import type { SrtCrypto } from 'millrace/srt'
 *
 * const WRAP_IV = new Uint8Array(8).fill(0xa6)
 *
 * export const crypto: SrtCrypto = {
 *   randomBytes,
 *   hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
 *   pbkdf2Sha1: (passphrase, salt, iterations, length) => pbkdf2Sync(passphrase, salt, iterations, length, 'sha1'),
 *   wrapKey: (key, data) => createCipheriv(`id-aes${key.length * 8}-wrap`, key, WRAP_IV).update(data),
 *   unwrapKey: (key, data) => {
 *     try {
 *       return createDecipheriv(`id-aes${key.length * 8}-wrap`, key, WRAP_IV).update(data)
 *     } catch {
 *       return undefined
 *     }
 *   },
 *   aesCtr: (key, counter, data) => createCipheriv(`aes-${key.length * 8}-ctr`, key, counter).update(data),
 * }
 * ```
 */
export interface SrtCrypto {
  /** Exactly `length` random bytes of a cryptographic generator: socket ids, sequence numbers, the key of cookies, salts and keys. */
  randomBytes(length: number): Uint8Array
  /** The 32 bytes of HMAC-SHA256, for cookies. */
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array
  /** PBKDF2 with HMAC-SHA1. */
  pbkdf2Sha1(passphrase: Uint8Array, salt: Uint8Array, iterations: number, length: number): Uint8Array
  /** Key wrap of RFC 3394 with its default initial value: 8 bytes more than `keys`. */
  wrapKey(keyEncryptionKey: Uint8Array, keys: Uint8Array): Uint8Array
  /** The reverse of `wrapKey`; `undefined` if the integrity check fails. */
  unwrapKey(keyEncryptionKey: Uint8Array, wrapped: Uint8Array): Uint8Array | undefined
  /** AES in counter mode, which encrypts and decrypts alike: a new array as long as `data`. @param key - 16, 24 or 32 bytes. @param counter - 16 bytes. */
  aesCtr(key: Uint8Array, counter: Uint8Array, data: Uint8Array): Uint8Array
}

/** A socket id: random, 30 bits as those of libsrt, not 0. */
export function randomSocketId(crypto: SrtCrypto): number {
  return random32(crypto) & 0x3fff_ffff || 1
}

/** An initial sequence number: random, 31 bits. */
export function randomSequenceNumber(crypto: SrtCrypto): number {
  return random32(crypto) & 0x7fff_ffff
}

function random32(crypto: SrtCrypto): number {
  const [a = 0, b = 0, c = 0, d = 0] = crypto.randomBytes(4)
  return (a << 24) | (b << 16) | (c << 8) | d
}
