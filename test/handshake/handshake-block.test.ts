import { findDigest, HANDSHAKE_BLOCK_BYTES, responseSignature, signBlock } from 'millrace/handshake'
import { describe, expect, it } from 'vitest'
import { hex } from '../support/bytes.ts'
import { testCrypto } from '../support/handshake-crypto.ts'
import { FFMPEG_PUBLISH, FLASH_C0C1, FMS_EXCHANGE, LIBRTMP_PLAY, NGINX_S0S1S2 } from './captures.ts'

const { hmacSha256, randomBytes } = testCrypto()
const block = (bytes: Uint8Array, index: 0 | 1 = 0): Uint8Array =>
  bytes.slice(1 + index * HANDSHAKE_BLOCK_BYTES, 1 + (index + 1) * HANDSHAKE_BLOCK_BYTES)

const blocks = [
  { name: 'C1 of Flash Player', bytes: block(FLASH_C0C1), role: 'client', scheme: 0 },
  { name: 'C1 of Flash Player to FMS', bytes: block(FMS_EXCHANGE.c0c1), role: 'client', scheme: 0 },
  { name: 'S1 of FMS', bytes: block(FMS_EXCHANGE.s0s1s2), role: 'server', scheme: 0 },
  { name: 'C1 of FFmpeg', bytes: block(FFMPEG_PUBLISH), role: 'client', scheme: 1 },
  { name: 'S1 of nginx-rtmp', bytes: block(NGINX_S0S1S2), role: 'server', scheme: 1 },
] as const

describe.each(blocks)('$name', ({ bytes, role, scheme }) => {
  it('carries a digest', () => {
    expect(findDigest(bytes, role, hmacSha256)).toMatchObject({ scheme })
    expect(findDigest(bytes, role, hmacSha256, 1)).toMatchObject({ scheme })
  })

  it('is signed by its own role', () => {
    expect(findDigest(bytes, role === 'client' ? 'server' : 'client', hmacSha256)).toBeUndefined()
  })

  it('gets the same digest from us', () => {
    const copy = bytes.slice()
    const { digest } = findDigest(bytes, role, hmacSha256)!
    copy.fill(0, digest.byteOffset - bytes.byteOffset, digest.byteOffset - bytes.byteOffset + 32)
    expect(signBlock(copy, role, scheme, hmacSha256)).toEqual(digest)
    expect(copy).toEqual(bytes)
  })

  it('carries none once any byte has changed', () => {
    const { digest } = findDigest(bytes, role, hmacSha256)!
    const at = digest.byteOffset - bytes.byteOffset
    for (const index of [0, 4, 8, 772, at - 1, at, at + 31, at + 32, 1535]) {
      const copy = bytes.slice()
      copy[index]! ^= 1
      expect(findDigest(copy, role, hmacSha256), `byte ${index}`).toBeUndefined()
    }
  })
})

it('finds the digest that Flash Player put at its offset', () => {
  expect(findDigest(block(FLASH_C0C1), 'client', hmacSha256)?.digest).toEqual(
    hex('6c969f26ebdc61c48fd32b81866c9cc2 b1b5bca6d6d61dce9378b3eca8641913'),
  )
})

it('finds no digest in the simple form', () => {
  expect(findDigest(block(LIBRTMP_PLAY), 'client', hmacSha256)).toBeUndefined()
})

it('signs S2 as FMS and C2 as Flash Player', () => {
  const { c0c1, s0s1s2, c2 } = FMS_EXCHANGE
  const s2 = block(s0s1s2, 1)
  const c1Digest = findDigest(block(c0c1), 'client', hmacSha256)!.digest
  const s1Digest = findDigest(block(s0s1s2), 'server', hmacSha256)!.digest
  expect(responseSignature(s2, 'server', c1Digest, hmacSha256)).toEqual(s2.subarray(-32))
  expect(responseSignature(c2, 'client', s1Digest, hmacSha256)).toEqual(c2.subarray(-32))
})

describe.each([0, 1] as const)('digest position of scheme %i', (scheme) => {
  const area = scheme === 0 ? 772 : 8
  it.each([
    { offset: 'lowest', sum: '00 00 00 00', position: area + 4 },
    { offset: 'one below the modulus', sum: 'ff ff d9 00', position: area + 4 + 727 },
    { offset: 'the modulus', sum: 'ff ff da 00', position: area + 4 },
    { offset: 'highest sum', sum: 'ff ff ff ff', position: area + 4 + (1020 % 728) },
  ])('$offset', ({ sum, position }) => {
    const bytes = randomBytes(HANDSHAKE_BLOCK_BYTES)
    bytes.set(hex(sum), area)
    const digest = signBlock(bytes, 'client', scheme, hmacSha256)
    expect(digest.byteOffset - bytes.byteOffset).toBe(position)
    expect(findDigest(bytes, 'client', hmacSha256)).toMatchObject({ scheme })
  })
})
