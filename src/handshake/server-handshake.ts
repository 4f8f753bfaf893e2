/**
 * The server's side: C0 C1 in, S0 S1 S2 out, C2 in.
 *
 * @module
 */
import { EMPTY_BYTES, readU16, writeU32 } from '../bytes/index.ts'
import { LimitError } from '../errors/index.ts'
import { findDigest, HANDSHAKE_BLOCK_BYTES, signBlock, writeSignedResponse } from './handshake-block.ts'
import { type HandshakeCrypto, hmacOf, takeRandom } from './handshake-crypto.ts'
import { checkClientVersion, RTMP_VERSION } from './handshake-version.ts'

/** The two forms of the handshake: an echo, or an echo signed with digests. */
export type HandshakeForm = 'simple' | 'digest'

/** Options of {@link ServerHandshake}. */
export interface ServerHandshakeOptions {
  /** Source of random bytes and, for the digest form, HMAC-SHA256. */
  readonly crypto: HandshakeCrypto
  /**
   * Whether the SRS and go-oryx proxy prefix may come before C0: `F3 | length 16 | IPv4 address 4 | more`.
   * Switch it on only behind such a proxy, since any client can claim any address with it.
   * @defaultValue false
   */
  readonly acceptProxyPrefix?: boolean
  /**
   * Longest proxy prefix, in bytes after the length field.
   * @defaultValue 1024
   */
  readonly maxProxyPrefixBytes?: number
}

/**
 * Answers one client. Feed it the socket's bytes until {@link ServerHandshake.done}; what `push` did not
 * consume belongs to the chunk stream. An instance that has thrown is spent.
 *
 * The client's form is found by trying digest scheme 0, then 1, then the simple form, on the same bytes. C2
 * is counted and never compared: FFmpeg and others send wrong ones.
 */
export class ServerHandshake {
  readonly #crypto: HandshakeCrypto
  readonly #acceptProxyPrefix: boolean
  readonly #maxProxyPrefixBytes: number
  #state: 'c0' | 'prefixLength' | 'prefix' | 'c1' | 'c2' | 'done'
  #block: Uint8Array
  #filled: number
  #output: Uint8Array[]
  #form: HandshakeForm | undefined
  #proxyAddress: string | undefined

  /** @param options - `crypto` is required. */
  constructor(options: ServerHandshakeOptions) {
    this.#crypto = options.crypto
    this.#acceptProxyPrefix = options.acceptProxyPrefix ?? false
    this.#maxProxyPrefixBytes = options.maxProxyPrefixBytes ?? 1024
    this.#state = 'c0'
    this.#block = EMPTY_BYTES
    this.#filled = 0
    this.#output = []
    this.#form = undefined
    this.#proxyAddress = undefined
  }

  /** Whether C2 is in, so that the next byte is the chunk stream's. */
  get done(): boolean {
    return this.#state === 'done'
  }

  /** Which form the client speaks; `undefined` until C1 is in. */
  get form(): HandshakeForm | undefined {
    return this.#form
  }

  /** The client's IPv4 address as the proxy prefix gave it, dotted; `undefined` without one. */
  get proxyAddress(): string | undefined {
    return this.#proxyAddress
  }

  /**
   * Takes bytes from the client. They are copied where needed; the caller may reuse its buffer.
   * @param nowMs - the time that S1 carries, ms modulo 2^32, of any epoch.
   * @returns how many bytes the handshake consumed. Fewer than given only once it is
   *   {@link ServerHandshake.done}.
   * @throws {@link DecodeError} `ERR_HANDSHAKE_VERSION` at the first byte when this is not RTMP.
   * @throws {@link ProtocolError} `ERR_HANDSHAKE_ENCRYPTED` when the client asks for RTMPE.
   * @throws {@link LimitError} `ERR_HANDSHAKE_PROXY_PREFIX` when a proxy prefix is longer than
   *   `maxProxyPrefixBytes`.
   */
  push(bytes: Uint8Array, nowMs: number): number {
    let at = 0
    while (at < bytes.length && this.#state !== 'done') {
      switch (this.#state) {
        case 'c0':
          this.#readVersion(bytes[at++]!)
          break
        case 'prefixLength':
          at += this.#fill(bytes, at)
          if (this.#filled === this.#block.length) this.#readPrefixLength()
          break
        case 'prefix':
          at += this.#fill(bytes, at)
          if (this.#filled === this.#block.length) this.#readPrefix()
          break
        case 'c1':
          at += this.#fill(bytes, at)
          if (this.#filled === HANDSHAKE_BLOCK_BYTES) this.#answer(nowMs)
          break
        case 'c2': {
          const taken = Math.min(bytes.length - at, HANDSHAKE_BLOCK_BYTES - this.#filled)
          this.#filled += taken
          at += taken
          if (this.#filled === HANDSHAKE_BLOCK_BYTES) this.#state = 'done'
          break
        }
      }
    }
    return at
  }

  /**
   * What is to be written to the client, in order: S0 S1 S2 as one array of 3073 bytes, once. Empty when
   * there is nothing.
   */
  takeOutput(): Uint8Array[] {
    const output = this.#output
    this.#output = []
    return output
  }

  #readVersion(byte: number): void {
    if (byte === PROXY_PREFIX && this.#acceptProxyPrefix && this.#block.length === 0) {
      this.#expect('prefixLength', 2)
      return
    }
    checkClientVersion(byte)
    this.#expect('c1', HANDSHAKE_BLOCK_BYTES)
  }

  #readPrefixLength(): void {
    const length = readU16(this.#block, 0)
    if (length > this.#maxProxyPrefixBytes) {
      throw new LimitError(
        'ERR_HANDSHAKE_PROXY_PREFIX',
        `proxy prefix of ${length} bytes exceeds maxProxyPrefixBytes ${this.#maxProxyPrefixBytes}`,
      )
    }
    if (length === 0) this.#state = 'c0'
    else this.#expect('prefix', length)
  }

  #readPrefix(): void {
    // The first four bytes are the address, in network order; what follows is not defined.
    if (this.#block.length >= 4) this.#proxyAddress = this.#block.subarray(0, 4).join('.')
    this.#state = 'c0'
  }

  /** S0 S1 S2 in one piece: three writes would be three packets on the wire. */
  #answer(nowMs: number): void {
    const hmacSha256 = hmacOf(this.#crypto)
    const c1 = this.#block
    const found = hmacSha256 === undefined ? undefined : findDigest(c1, 'client', hmacSha256)

    const out = new Uint8Array(1 + 2 * HANDSHAKE_BLOCK_BYTES)
    const s1 = out.subarray(1, 1 + HANDSHAKE_BLOCK_BYTES)
    const s2 = out.subarray(1 + HANDSHAKE_BLOCK_BYTES)
    out[0] = RTMP_VERSION
    writeU32(s1, 0, nowMs)
    s1.set(takeRandom(this.#crypto, HANDSHAKE_BLOCK_BYTES - 8), 8)
    if (hmacSha256 !== undefined && found !== undefined) {
      this.#form = 'digest'
      s1.set(SERVER_VERSION, 4)
      signBlock(s1, 'server', found.scheme, hmacSha256)
      writeSignedResponse(s2, 'server', found.digest, this.#crypto, hmacSha256)
    } else {
      // S1 bytes 4…7 stay zero: FFmpeg takes a first byte of 3 or more for the promise of a digest.
      this.#form = 'simple'
      // The exact echo, though RTMP 1.0 §5.2.4 has a time in bytes 4…7: librtmp compares all 1536 bytes.
      s2.set(c1, 0)
    }
    this.#output.push(out)
    this.#block = EMPTY_BYTES
    this.#filled = 0
    this.#state = 'c2'
  }

  #expect(state: 'prefixLength' | 'prefix' | 'c1', length: number): void {
    this.#state = state
    this.#block = new Uint8Array(length)
    this.#filled = 0
  }

  #fill(bytes: Uint8Array, at: number): number {
    const taken = Math.min(bytes.length - at, this.#block.length - this.#filled)
    this.#block.set(bytes.subarray(at, at + taken), this.#filled)
    this.#filled += taken
    return taken
  }
}

const PROXY_PREFIX = 0xf3
// As Flash Media Server signs itself on the wire. From 3 in the first byte on, FFmpeg verifies the digests.
const SERVER_VERSION = [0x04, 0x05, 0x00, 0x01]
