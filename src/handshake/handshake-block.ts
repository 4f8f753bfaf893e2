/**
 * The 1536-byte blocks C1, S1, C2 and S2, and the digests that Flash Player 9 and Flash Media Server hide in
 * them.
 *
 * Plain block (RTMP 1.0 §5.2.3): `time 4 | zero 4 | random 1528`. In the digest form the four bytes after the
 * time are a version, and the rest is two areas of 764 bytes. Their order is the scheme:
 *
 * | Scheme | Bytes 8…771 | Bytes 772…1535 |
 * |---|---|---|
 * | 0 | key area | digest area |
 * | 1 | digest area | key area |
 *
 * Digest area: `offset 4 | random | digest 32 | random`, where the digest starts (sum of the four offset
 * bytes) mod 728 bytes after them. The key area holds a Diffie-Hellman value for RTMPE. Over plain RTMP no
 * peer looks at it, so it stays random here.
 *
 * @module
 */
import { equalBytes } from '../bytes/index.ts'
import { type HandshakeCrypto, type HmacSha256, takeRandom } from './handshake-crypto.ts'

/** Length of C1, S1, C2 and S2. */
export const HANDSHAKE_BLOCK_BYTES = 1536

/** Position of the digest area: 0 = after the key area, 1 = before it. */
export type DigestScheme = 0 | 1

/** Who signs a block: the client with the Flash Player key, the server with the Flash Media Server key. */
export type HandshakeRole = 'client' | 'server'

const DIGEST_BYTES = 32
// 764 bytes of area − 4 of offset − 32 of digest
const DIGEST_POSITIONS = 728
/** Positions of the four offset bytes of the digest area, by scheme. */
const DIGEST_AREA = [772, 8] as const

// The public constants of the digest form: a name, then 32 bytes that both keys share.
const SHARED_TAIL = [
  0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57, 0x6e, 0xec,
  0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
]
const CLIENT_NAME = 'Genuine Adobe Flash Player 001'
const SERVER_NAME = 'Genuine Adobe Flash Media Server 001'

/** Signs C2 and S2: 62 and 68 bytes. */
const RESPONSE_KEYS: Readonly<Record<HandshakeRole, Uint8Array>> = {
  client: withTail(CLIENT_NAME),
  server: withTail(SERVER_NAME),
}
/** Signs C1 and S1: only the name, 30 and 36 bytes. */
const BLOCK_KEYS: Readonly<Record<HandshakeRole, Uint8Array>> = {
  client: RESPONSE_KEYS.client.subarray(0, CLIENT_NAME.length),
  server: RESPONSE_KEYS.server.subarray(0, SERVER_NAME.length),
}

/**
 * Writes the digest of a C1 or S1 into `block`, at the place that its own bytes choose.
 * @param block - all 1536 bytes; everything but the digest is final.
 * @returns the digest, a view into `block`.
 */
export function signBlock(
  block: Uint8Array,
  role: HandshakeRole,
  scheme: DigestScheme,
  hmacSha256: HmacSha256,
): Uint8Array {
  const at = digestPosition(block, scheme)
  block.set(hmacSha256(BLOCK_KEYS[role], withoutDigest(block, at)), at)
  return block.subarray(at, at + DIGEST_BYTES)
}

/** What {@link findDigest} finds. */
export interface FoundDigest {
  /** Offset of the digest. */
  readonly scheme: DigestScheme
  /** 32 bytes, a view into the block. */
  readonly digest: Uint8Array
}

/**
 * Looks for the digest of a C1 or S1.
 * @param role - who made the block.
 * @returns the scheme that fits (`first` is tried first) and the digest; `undefined` for a block of the
 *   simple form.
 */
export function findDigest(
  block: Uint8Array,
  role: HandshakeRole,
  hmacSha256: HmacSha256,
  first: DigestScheme = 0,
): FoundDigest | undefined {
  for (const scheme of first === 0 ? SCHEMES : SCHEMES_REVERSED) {
    const at = digestPosition(block, scheme)
    const digest = block.subarray(at, at + DIGEST_BYTES)
    if (equalBytes(digest, hmacSha256(BLOCK_KEYS[role], withoutDigest(block, at)))) return { scheme, digest }
  }
  return undefined
}
const SCHEMES = [0, 1] as const
const SCHEMES_REVERSED = [1, 0] as const

/**
 * The signature in the last 32 bytes of a C2 or S2.
 * @param response - the C2 or S2; its first 1504 bytes are signed.
 * @param role - who makes the response.
 * @param peerDigest - the digest found in the other side's C1 or S1.
 */
export function responseSignature(
  response: Uint8Array,
  role: HandshakeRole,
  peerDigest: Uint8Array,
  hmacSha256: HmacSha256,
): Uint8Array {
  const key = hmacSha256(RESPONSE_KEYS[role], peerDigest)
  return hmacSha256(key, response.subarray(0, HANDSHAKE_BLOCK_BYTES - DIGEST_BYTES))
}

/** Fills `out` with a C2 or S2 of the digest form: 1504 random bytes and their signature. */
export function writeSignedResponse(
  out: Uint8Array,
  role: HandshakeRole,
  peerDigest: Uint8Array,
  crypto: HandshakeCrypto,
  hmacSha256: HmacSha256,
): void {
  const random = HANDSHAKE_BLOCK_BYTES - DIGEST_BYTES
  out.set(takeRandom(crypto, random), 0)
  out.set(responseSignature(out, role, peerDigest, hmacSha256), random)
}

function digestPosition(block: Uint8Array, scheme: DigestScheme): number {
  const area = DIGEST_AREA[scheme]
  const sum = block[area]! + block[area + 1]! + block[area + 2]! + block[area + 3]!
  return area + 4 + (sum % DIGEST_POSITIONS)
}

function withoutDigest(block: Uint8Array, at: number): Uint8Array {
  const rest = new Uint8Array(HANDSHAKE_BLOCK_BYTES - DIGEST_BYTES)
  rest.set(block.subarray(0, at), 0)
  rest.set(block.subarray(at + DIGEST_BYTES), at)
  return rest
}

function withTail(name: string): Uint8Array {
  const key = new Uint8Array(name.length + SHARED_TAIL.length)
  for (let i = 0; i < name.length; i++) key[i] = name.charCodeAt(i)
  key.set(SHARED_TAIL, name.length)
  return key
}
