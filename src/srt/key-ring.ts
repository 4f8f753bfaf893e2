/**
 * The keys of one direction of a connection. draft-sharabayko-srt-01 §6: AES-CTR with an even and an odd key, which take turns.
 *
 * @module
 */
import { concatBytes, encodeUtf8, equalBytes, writeU32 } from '../bytes/index.ts'
import { decodeSrtKeyMaterial, encodeSrtKeyMaterial, type SrtKeyBytes } from './key-material.ts'
import type { SrtCrypto } from './srt-crypto.ts'

/** Which of two keys. */
export type KeySlot = 'even' | 'odd'

const PBKDF2_ITERATIONS = 2048
const SALT_BYTES = 16

/** Why keys of the other side cannot be taken. */
export type KeyFailure = 'badSecret' | 'cryptoMode'

/** @throws RangeError if the passphrase has not 10 to 80 bytes of UTF-8, as libsrt wants it. */
export function passphraseBytes(passphrase: string): Uint8Array {
  const bytes = encodeUtf8(passphrase)
  if (bytes.length < 10 || bytes.length > 80) {
    throw new RangeError(`passphrase of ${bytes.length} bytes; SRT takes 10 to 80`)
  }
  return bytes
}

/** Keys of one direction, and what wraps them. */
export class KeyRing {
  readonly #crypto: SrtCrypto
  readonly #keyBytes: SrtKeyBytes
  readonly #salt: Uint8Array
  readonly #wrappingKey: Uint8Array
  readonly #counter: Uint8Array
  #even: Uint8Array | undefined
  #odd: Uint8Array | undefined

  private constructor(crypto: SrtCrypto, keyBytes: SrtKeyBytes, salt: Uint8Array, wrappingKey: Uint8Array) {
    this.#crypto = crypto
    this.#keyBytes = keyBytes
    this.#salt = salt
    this.#wrappingKey = wrappingKey
    this.#counter = new Uint8Array(16)
    this.#even = undefined
    this.#odd = undefined
  }

  /** A caller's: a salt and an even key. */
  static generate(crypto: SrtCrypto, passphrase: Uint8Array, keyBytes: SrtKeyBytes): KeyRing {
    const salt = crypto.randomBytes(SALT_BYTES).slice()
    const ring = new KeyRing(crypto, keyBytes, salt, wrappingKey(crypto, passphrase, salt, keyBytes))
    ring.renew('even')
    return ring
  }

  /** A listener's, from the caller's message. @throws DecodeError `ERR_SRT_KEY_MATERIAL` for a message that contradicts itself. */
  static fromMessage(crypto: SrtCrypto, passphrase: Uint8Array, message: Uint8Array): KeyRing | KeyFailure {
    const material = decodeSrtKeyMaterial(message)
    if (material === undefined) return 'cryptoMode'
    const { keyBytes } = material
    const salt = material.salt.slice()
    const ring = new KeyRing(crypto, keyBytes, salt, wrappingKey(crypto, passphrase, salt, keyBytes))
    return ring.take(message) ? ring : 'badSecret'
  }

  /** The same keys for the other direction, whose later changes are its own. */
  clone(): KeyRing {
    const ring = new KeyRing(this.#crypto, this.#keyBytes, this.#salt, this.#wrappingKey)
    ring.#even = this.#even
    ring.#odd = this.#odd
    return ring
  }

  /** Length of each key, in units of 8 bytes as a handshake has it. */
  get encryption(): number {
    return this.#keyBytes / 8
  }

  /** A key material message with all keys there are. */
  message(): Uint8Array {
    const keys = [this.#even, this.#odd].filter((key) => key !== undefined)
    return encodeSrtKeyMaterial({
      even: this.#even !== undefined,
      odd: this.#odd !== undefined,
      keyBytes: this.#keyBytes,
      salt: this.#salt,
      wrapped: this.#crypto.wrapKey(this.#wrappingKey, concatBytes(keys)),
    })
  }

  /**
   * Takes the keys of a message; those it does not have stay. Peers keep the salt and the length of their first message.
   * @returns whether it could be unwrapped.
   * @throws DecodeError `ERR_SRT_KEY_MATERIAL` for a message that contradicts itself.
   */
  take(message: Uint8Array): boolean {
    const material = decodeSrtKeyMaterial(message)
    if (material === undefined || material.keyBytes !== this.#keyBytes) return false
    if (!equalBytes(material.salt, this.#salt)) return false
    const keys = this.#crypto.unwrapKey(this.#wrappingKey, material.wrapped)
    if (keys === undefined) return false
    if (material.even) this.#even = keys.slice(0, this.#keyBytes)
    if (material.odd) this.#odd = keys.slice(keys.length - this.#keyBytes)
    return true
  }

  /** A new key in a slot. */
  renew(slot: KeySlot): void {
    const key = this.#crypto.randomBytes(this.#keyBytes).slice()
    if (slot === 'even') this.#even = key
    else this.#odd = key
  }

  /** Forgets a key. */
  discard(slot: KeySlot): void {
    if (slot === 'even') this.#even = undefined
    else this.#odd = undefined
  }

  /** Encrypts or decrypts the payload of a packet; `undefined` if there is no such key. */
  apply(slot: KeySlot, sequenceNumber: number, payload: Uint8Array): Uint8Array | undefined {
    const key = slot === 'even' ? this.#even : this.#odd
    if (key === undefined) return undefined
    // Zeros 80 | sequence number 32 | block count 16, with 14 bytes of the salt over the first 14.
    const counter = this.#counter
    counter.fill(0)
    writeU32(counter, 10, sequenceNumber)
    for (let i = 0; i < 14; i++) counter[i]! ^= this.#salt[i]!
    return this.#crypto.aesCtr(key, counter, payload)
  }
}

/** The key that wraps keys: PBKDF2 over the last 8 bytes of the salt. */
function wrappingKey(
  crypto: SrtCrypto,
  passphrase: Uint8Array,
  salt: Uint8Array,
  keyBytes: SrtKeyBytes,
): Uint8Array {
  return crypto.pbkdf2Sha1(passphrase, salt.subarray(SALT_BYTES - 8), PBKDF2_ITERATIONS, keyBytes)
}
