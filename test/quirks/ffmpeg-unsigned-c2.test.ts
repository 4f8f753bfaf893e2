import { findDigest, responseSignature, ServerHandshake } from 'millrace/handshake'
import { expect, it } from 'vitest'
import { FFMPEG_PUBLISH } from '../handshake/captures.ts'
import { testCrypto } from '../support/handshake-crypto.ts'

// FFmpeg opens with a digest C1, gets a signed S1, and as a publisher answers with the echo of it: bytes 4 to 7 are
// the server's version, and the last 32 bytes are no signature. As a player it signs.
it('FFmpeg publishes with a C2 that no digest form allows', () => {
  const crypto = testCrypto()
  const c2 = FFMPEG_PUBLISH.subarray(1537, 3073)
  const echoedDigest = findDigest(c2.slice(), 'server', crypto.hmacSha256)!.digest
  expect(c2.subarray(4, 8)).toEqual(Uint8Array.of(0x04, 0x05, 0x00, 0x01))
  expect(c2.subarray(1504)).not.toEqual(responseSignature(c2, 'client', echoedDigest, crypto.hmacSha256))

  const handshake = new ServerHandshake({ crypto })
  expect(handshake.push(FFMPEG_PUBLISH, 0)).toBe(3073)
  expect(handshake).toMatchObject({ done: true, form: 'digest' })
})
