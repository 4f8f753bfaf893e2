/**
 * Key material messages: the keys of a connection, wrapped in a key that a passphrase gives. draft-sharabayko-srt-01 §3.2.2. Layout: 0 (1) | version 3 = 1 |
 * type 4 = 2 | signature 16 | 0 (6) | keys 2 | key encryption key index 32 = 0 | cipher 8 | authentication 8 | encapsulation 8 | 0 (24) |
 * salt length/4 8 | key length/4 8 | salt 128 | wrapped keys.
 *
 * @module
 */
import { readU16, readU32 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'

/** Bytes of a key: AES-128, AES-192 or AES-256. */
export type SrtKeyBytes = 16 | 24 | 32

/** A decoded key material message. */
export interface SrtKeyMaterial {
  /** Whether the even key is among the wrapped ones. */
  readonly even: boolean
  /** Whether the odd key is; after the even one, if both are. */
  readonly odd: boolean
  /** Length of each key. */
  readonly keyBytes: SrtKeyBytes
  /** 16 bytes. */
  readonly salt: Uint8Array
  /** The keys as RFC 3394 wraps them: 8 bytes more than they have. */
  readonly wrapped: Uint8Array
}

const VERSION_AND_TYPE = 0x12
const SIGNATURE = 0x2029
const CIPHER_AES_CTR = 2
const AUTHENTICATION_NONE = 0
const ENCAPSULATION_SRT = 2
const SALT_BYTES = 16
const HEADER_BYTES = 16
const WRAP_BYTES = 8

/**
 * Reads a key material message.
 * @returns its fields, views of `message`; `undefined` if it is well-formed and of another cipher than AES-CTR.
 * @throws {@link DecodeError} `ERR_SRT_KEY_MATERIAL` if its fields contradict each other or its length.
 */
export function decodeSrtKeyMaterial(message: Uint8Array): SrtKeyMaterial | undefined {
  if (message.length < HEADER_BYTES + SALT_BYTES) throw malformed(`of ${message.length} bytes`)
  if (message[0] !== VERSION_AND_TYPE || readU16(message, 1) !== SIGNATURE)
    throw malformed('without its signature')
  if (readU32(message, 4) !== 0) throw malformed('for a key encryption key of another index')
  if (
    message[8] !== CIPHER_AES_CTR ||
    message[9] !== AUTHENTICATION_NONE ||
    message[10] !== ENCAPSULATION_SRT
  ) {
    return undefined
  }
  const even = (message[3]! & 1) !== 0
  const odd = (message[3]! & 2) !== 0
  const saltBytes = 4 * message[14]!
  const keyBytes = 4 * message[15]!
  if (saltBytes !== SALT_BYTES) throw malformed(`with a salt of ${saltBytes} bytes`)
  if (keyBytes !== 16 && keyBytes !== 24 && keyBytes !== 32) throw malformed(`with keys of ${keyBytes} bytes`)
  const wrapped = message.subarray(HEADER_BYTES + SALT_BYTES)
  const keyCount = Number(even) + Number(odd)
  if (keyCount === 0 || wrapped.length !== WRAP_BYTES + keyCount * keyBytes) {
    throw malformed(`with ${keyCount} keys in ${wrapped.length} bytes`)
  }
  return { even, odd, keyBytes, salt: message.subarray(HEADER_BYTES, HEADER_BYTES + SALT_BYTES), wrapped }
}

/** Writes a key material message. */
export function encodeSrtKeyMaterial(material: SrtKeyMaterial): Uint8Array {
  const message = new Uint8Array(HEADER_BYTES + SALT_BYTES + material.wrapped.length)
  message[0] = VERSION_AND_TYPE
  message[1] = SIGNATURE >>> 8
  message[2] = SIGNATURE & 0xff
  message[3] = (material.even ? 1 : 0) | (material.odd ? 2 : 0)
  message[8] = CIPHER_AES_CTR
  message[9] = AUTHENTICATION_NONE
  message[10] = ENCAPSULATION_SRT
  message[14] = SALT_BYTES / 4
  message[15] = material.keyBytes / 4
  message.set(material.salt, HEADER_BYTES)
  message.set(material.wrapped, HEADER_BYTES + SALT_BYTES)
  return message
}

function malformed(what: string): DecodeError {
  return new DecodeError('ERR_SRT_KEY_MATERIAL', `key material message ${what}`)
}
