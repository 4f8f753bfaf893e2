import { createCipheriv, createDecipheriv, pbkdf2Sync } from 'node:crypto'
import type { SrtCrypto } from 'millrace/srt'
import { testCrypto } from './handshake-crypto.ts'

const WRAP_IV = new Uint8Array(8).fill(0xa6)

/** An {@link SrtCrypto} with real functions and random bytes that `seed` alone decides. */
export function testSrtCrypto(seed = 1): SrtCrypto {
  return {
    ...testCrypto(seed),
    pbkdf2Sha1: (passphrase, salt, iterations, length) =>
      new Uint8Array(pbkdf2Sync(passphrase, salt, iterations, length, 'sha1')),
    wrapKey: (key, keys) =>
      new Uint8Array(createCipheriv(`id-aes${key.length * 8}-wrap`, key, WRAP_IV).update(keys)),
    unwrapKey(key, wrapped) {
      try {
        return new Uint8Array(createDecipheriv(`id-aes${key.length * 8}-wrap`, key, WRAP_IV).update(wrapped))
      } catch {
        return undefined
      }
    },
    aesCtr: (key, counter, data) =>
      new Uint8Array(createCipheriv(`aes-${key.length * 8}-ctr`, key, counter).update(data)),
  }
}

/** `crypto`, whose first random words are these: what a session takes for its socket id and its initial sequence number. */
export function withFirstRandom(crypto: SrtCrypto, ...words: readonly number[]): SrtCrypto {
  const waiting = [...words]
  return {
    ...crypto,
    randomBytes(length) {
      const word = length === 4 ? waiting.shift() : undefined
      if (word === undefined) return crypto.randomBytes(length)
      return Uint8Array.of(word >>> 24, word >>> 16, word >>> 8, word)
    },
  }
}
