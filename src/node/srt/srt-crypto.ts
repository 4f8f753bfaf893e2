/**
 * Randomness, hashes and AES from `node:crypto` for SRT.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import type { SrtCrypto } from '../../srt/index.ts'

/** The default initial value of RFC 3394. */
const WRAP_IV = new Uint8Array(8).fill(0xa6)

/** The runtime's own functions. */
export const nodeSrtCrypto: SrtCrypto = {
  randomBytes: (length) => randomBytes(length),
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  pbkdf2Sha1: (passphrase, salt, iterations, length) =>
    pbkdf2Sync(passphrase, salt, iterations, length, 'sha1'),
  wrapKey: (key, keys) => createCipheriv(`id-aes${key.length * 8}-wrap`, key, WRAP_IV).update(keys),
  unwrapKey(key, wrapped) {
    try {
      return createDecipheriv(`id-aes${key.length * 8}-wrap`, key, WRAP_IV).update(wrapped)
    } catch {
      return undefined
    }
  },
  aesCtr: (key, counter, data) => createCipheriv(`aes-${key.length * 8}-ctr`, key, counter).update(data),
}
