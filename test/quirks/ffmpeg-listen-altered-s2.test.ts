import { ClientHandshake } from 'millrace/handshake'
import { expect, it } from 'vitest'
import { FFMPEG_LISTEN_S0S1S2 } from '../handshake/captures.ts'
import { testCrypto } from '../support/handshake-crypto.ts'

// `ffmpeg -listen 1` answers a digest C1 with an unsigned S1 (version 0) and an S2 that echoes C1 but for bytes 4 to 7.
it('FFmpeg as a server answers the digest form in the simple one', () => {
  const s1 = FFMPEG_LISTEN_S0S1S2.subarray(1, 1537)
  const handshake = new ClientHandshake({ crypto: testCrypto(), form: 'digest' })
  const [c0c1] = handshake.takeOutput() as [Uint8Array]
  expect(c0c1.subarray(5, 9)).toEqual(Uint8Array.of(0x80, 0x00, 0x07, 0x02))
  expect(handshake.push(FFMPEG_LISTEN_S0S1S2, 0)).toBe(3073)
  expect(handshake).toMatchObject({ done: true, form: 'simple' })
  expect(handshake.takeOutput()).toEqual([s1]) // C2 is the plain echo
})
