import { ServerHandshake } from 'millrace/handshake'
import { describe, expect, it } from 'vitest'
import { everySplit, hex, join } from '../support/bytes.ts'
import { testCrypto } from '../support/handshake-crypto.ts'
import { LIBRTMP_PLAY } from './captures.ts'

const crypto = { randomBytes: (length: number) => new Uint8Array(length) }
const c0c1 = LIBRTMP_PLAY.subarray(0, 1537)

function prefix(length: number): Uint8Array {
  const bytes = testCrypto().randomBytes(3 + length)
  bytes.set([0xf3, length >> 8, length & 0xff])
  return bytes
}

function pushed(bytes: Uint8Array, options: { maxProxyPrefixBytes?: number } = {}): ServerHandshake {
  const handshake = new ServerHandshake({ crypto, acceptProxyPrefix: true, ...options })
  expect(handshake.push(bytes, 0)).toBe(bytes.length)
  return handshake
}

describe('proxy prefix', () => {
  it('names the client', () => {
    const handshake = pushed(join(hex('f3 0004 c0a80117'), c0c1)) // marker, length, 192.168.1.23
    expect(handshake.proxyAddress).toBe('192.168.1.23')
    expect(handshake.form).toBe('simple')
  })

  it.each([
    { name: 'more than an address', bytes: hex('f3 0006 7f000001 abcd'), address: '127.0.0.1' },
    { name: 'less than an address', bytes: hex('f3 0003 7f0000'), address: undefined },
    { name: 'nothing', bytes: hex('f3 0000'), address: undefined },
    { name: 'no prefix', bytes: hex(''), address: undefined },
  ])('may hold $name', ({ bytes, address }) => {
    const handshake = pushed(join(bytes, c0c1))
    expect(handshake.proxyAddress).toBe(address)
    expect(handshake.takeOutput()[0]!.subarray(1537)).toEqual(c0c1.subarray(1))
  })

  it('may come in any parts', () => {
    const bytes = join(hex('f3 0006 7f000001 abcd'), c0c1.subarray(0, 4))
    for (const parts of everySplit(bytes)) {
      const handshake = new ServerHandshake({ crypto, acceptProxyPrefix: true })
      for (const part of parts) expect(handshake.push(part, 0)).toBe(part.length)
      handshake.push(c0c1.subarray(4), 0)
      expect(handshake.proxyAddress).toBe('127.0.0.1')
      expect(handshake.takeOutput()[0]!.subarray(1537)).toEqual(c0c1.subarray(1))
    }
  })

  it.each([{ length: 1024 }, { length: 12, maxProxyPrefixBytes: 12 }])(
    'is bounded: $length bytes pass, one more does not',
    ({ length, ...options }) => {
      expect(pushed(join(prefix(length), c0c1), options).form).toBe('simple')
      expect(() => pushed(prefix(length + 1), options)).toThrow(
        expect.objectContaining({ name: 'LimitError', code: 'ERR_HANDSHAKE_PROXY_PREFIX' }),
      )
    },
  )

  it('comes once, before C0', () => {
    expect(() => pushed(hex('f3 0000 f3'))).toThrow(
      expect.objectContaining({ code: 'ERR_HANDSHAKE_VERSION' }),
    )
  })
})
