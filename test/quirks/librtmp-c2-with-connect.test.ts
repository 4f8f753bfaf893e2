import { ServerHandshake } from 'millrace/handshake'
import { expect, it } from 'vitest'
import { LIBRTMP_PLAY } from '../handshake/captures.ts'
import { hex } from '../support/bytes.ts'
import { testCrypto } from '../support/handshake-crypto.ts'

// librtmp writes C2 and `connect` at once, so the read that ends the handshake holds 211 bytes of chunk stream.
it('librtmp sends connect together with C2', () => {
  const handshake = new ServerHandshake({ crypto: testCrypto() })
  expect(handshake.push(LIBRTMP_PLAY.subarray(0, 1537), 0)).toBe(1537)
  const read = LIBRTMP_PLAY.subarray(1537)
  expect(read).toHaveLength(1536 + 211)
  const consumed = handshake.push(read, 0)
  expect(handshake.done).toBe(true)
  // csid 3, fmt 0 | timestamp 0 | 198 bytes | type 20 (command)
  expect(read.subarray(consumed, consumed + 8)).toEqual(hex('03 000000 0000c6 14'))
})
