/** Keys of libsrt: what its messages unwrap to, and what its packets decrypt to. */
import { decodeSrtDataPacket } from 'millrace/srt'
import { describe, expect, it } from 'vitest'
import { KeyRing, passphraseBytes } from '../../src/srt/key-ring.ts'
import { toHex } from '../support/bytes.ts'
import { testSrtCrypto } from '../support/srt-crypto.ts'
import {
  DATA_COUNTER,
  DECRYPTED_DATA,
  ENCRYPTED_DATA,
  EVEN_KEY,
  KEY_ENCRYPTION_KEY,
  KEY_REQUEST_BOTH,
  KEY_REQUEST_EVEN,
  ODD_KEY,
} from './vectors.ts'

const SECRET = passphraseBytes('test-only-passphrase')

/** A crypto that tells what it is asked. */
function watched(): { crypto: ReturnType<typeof testSrtCrypto>; seen: Record<string, string> } {
  const crypto = testSrtCrypto()
  const seen: Record<string, string> = {}
  return {
    seen,
    crypto: {
      ...crypto,
      unwrapKey(key, wrapped) {
        seen['wrapping key'] = toHex(key)
        const keys = crypto.unwrapKey(key, wrapped)
        seen['keys'] = keys === undefined ? 'none' : toHex(keys)
        return keys
      },
      aesCtr(key, counter, data) {
        seen['key'] = toHex(key)
        seen['counter'] = toHex(counter)
        return crypto.aesCtr(key, counter, data)
      },
    },
  }
}

function ringOf(crypto = testSrtCrypto()): KeyRing {
  const ring = KeyRing.fromMessage(crypto, SECRET, KEY_REQUEST_EVEN)
  if (typeof ring === 'string') throw new Error(ring)
  return ring
}

describe('key ring', () => {
  it('unwraps what libsrt wrapped, and decrypts what it encrypted', () => {
    const { crypto, seen } = watched()
    const ring = ringOf(crypto)
    const { sequenceNumber, payload } = decodeSrtDataPacket(ENCRYPTED_DATA)
    expect(toHex(ring.apply('even', sequenceNumber, payload)!)).toBe(toHex(DECRYPTED_DATA))
    expect(seen).toEqual({
      'wrapping key': toHex(KEY_ENCRYPTION_KEY),
      keys: toHex(EVEN_KEY),
      key: toHex(EVEN_KEY),
      counter: toHex(DATA_COUNTER),
    })
    expect(ring.apply('odd', sequenceNumber, payload)).toBeUndefined()
  })

  it('takes the odd key of a change, and keeps the even one', () => {
    const { crypto, seen } = watched()
    const ring = ringOf(crypto)
    expect(ring.take(KEY_REQUEST_BOTH)).toBe(true)
    ring.apply('odd', 1, DECRYPTED_DATA)
    expect(seen['key']).toBe(toHex(ODD_KEY))
    ring.apply('even', 1, DECRYPTED_DATA)
    expect(seen['key']).toBe(toHex(EVEN_KEY))
    expect(toHex(ring.message())).toBe(toHex(KEY_REQUEST_BOTH))
  })

  it('a wrong passphrase and a changed message do not unwrap', () => {
    expect(
      KeyRing.fromMessage(testSrtCrypto(), passphraseBytes('another-passphrase'), KEY_REQUEST_EVEN),
    ).toBe('badSecret')
    const changed = KEY_REQUEST_BOTH.slice()
    changed[changed.length - 1]! ^= 1
    expect(ringOf().take(changed)).toBe(false)
  })

  it.each([16, 24, 32] as const)('its own message of keys of %i bytes unwraps', (keyBytes) => {
    const own = KeyRing.generate(testSrtCrypto(3), SECRET, keyBytes)
    const peer = KeyRing.fromMessage(testSrtCrypto(4), SECRET, own.message()) as KeyRing
    const encrypted = own.apply('even', 77, DECRYPTED_DATA)!
    expect(toHex(encrypted)).not.toBe(toHex(DECRYPTED_DATA))
    expect(toHex(peer.apply('even', 77, encrypted)!)).toBe(toHex(DECRYPTED_DATA))
  })
})
