/**
 * The client's side: C0 C1 out, S0 S1 S2 in, C2 out.
 *
 * @module
 */
import { EMPTY_BYTES, writeU32 } from '../bytes/index.ts'
import { findDigest, HANDSHAKE_BLOCK_BYTES, signBlock, writeSignedResponse } from './handshake-block.ts'
import { type HandshakeCrypto, hmacOf, type HmacSha256, takeRandom } from './handshake-crypto.ts'
import { checkServerVersion, RTMP_VERSION } from './handshake-version.ts'
import type { HandshakeForm } from './server-handshake.ts'

/** Options of {@link ClientHandshake}. */
export interface ClientHandshakeOptions {
  /** Source of random bytes and, for the digest form, HMAC-SHA256. */
  readonly crypto: HandshakeCrypto
  /**
   * The form to open with. `simple` is what OBS and librtmp send and every server takes; `digest` (scheme 1)
   * is what FFmpeg, SRS and Flash Player send, for servers that serve H.264 and AAC to such clients only.
   * @defaultValue `'simple'`
   */
  readonly form?: HandshakeForm
}

/**
 * Opens one connection. Write {@link ClientHandshake.takeOutput}, feed it the socket's bytes, write again;
 * when it is {@link ClientHandshake.done}, what `push` did not consume belongs to the chunk stream. An
 * instance that has thrown is spent.
 *
 * S2 is counted and never compared.
 */
export class ClientHandshake {
  readonly #crypto: HandshakeCrypto
  readonly #hmacSha256: HmacSha256 | undefined
  readonly #asked: HandshakeForm
  #state: 'idle' | 's0' | 's1' | 's2' | 'done'
  #block: Uint8Array
  #filled: number
  #output: Uint8Array[]
  #form: HandshakeForm | undefined

  /**
   * @param options - `crypto` is required.
   * @throws TypeError for `form: 'digest'` without `crypto.hmacSha256`.
   */
  constructor(options: ClientHandshakeOptions) {
    this.#crypto = options.crypto
    this.#hmacSha256 = hmacOf(options.crypto)
    this.#asked = options.form ?? 'simple'
    if (this.#asked === 'digest' && this.#hmacSha256 === undefined) {
      throw new TypeError('the digest form needs crypto.hmacSha256')
    }
    this.#state = 'idle'
    this.#block = EMPTY_BYTES
    this.#filled = 0
    this.#output = []
    this.#form = undefined
  }

  /**
   * Whether S2 is in, so that the next byte is the chunk stream's and commands may be sent after the output.
   */
  get done(): boolean {
    return this.#state === 'done'
  }

  /** Which form the server answered in, found by the digest in S1; `undefined` until S1 is in. */
  get form(): HandshakeForm | undefined {
    return this.#form
  }

  /**
   * Makes C0 C1. Without this call the first {@link ClientHandshake.takeOutput} or push does it, at time 0.
   * @param nowMs - the time that C1 carries, ms modulo 2^32, of any epoch.
   */
  start(nowMs: number): void {
    if (this.#state !== 'idle') return
    const out = new Uint8Array(1 + HANDSHAKE_BLOCK_BYTES)
    const c1 = out.subarray(1)
    out[0] = RTMP_VERSION
    writeU32(c1, 0, nowMs)
    c1.set(takeRandom(this.#crypto, HANDSHAKE_BLOCK_BYTES - 8), 8)
    const hmacSha256 = this.#hmacSha256
    if (this.#asked === 'digest' && hmacSha256 !== undefined) {
      c1.set(CLIENT_VERSION, 4)
      signBlock(c1, 'client', 1, hmacSha256)
    }
    this.#output.push(out)
    this.#state = 's0'
  }

  /**
   * Takes bytes from the server. They are copied where needed; the caller may reuse its buffer.
   * @param nowMs - the time that C1 carries if {@link ClientHandshake.start} was not called.
   * @returns how many bytes the handshake consumed. Fewer than given only once it is
   *   {@link ClientHandshake.done}.
   * @throws {@link DecodeError} `ERR_HANDSHAKE_VERSION` when S0 is not 3.
   * @throws {@link ProtocolError} `ERR_HANDSHAKE_ENCRYPTED` when S0 asks for RTMPE.
   */
  push(bytes: Uint8Array, nowMs: number): number {
    this.start(nowMs)
    let at = 0
    while (at < bytes.length && this.#state !== 'done') {
      if (this.#state === 's0') {
        checkServerVersion(bytes[at++]!)
        this.#block = new Uint8Array(HANDSHAKE_BLOCK_BYTES)
        this.#state = 's1'
        continue
      }
      const taken = Math.min(bytes.length - at, HANDSHAKE_BLOCK_BYTES - this.#filled)
      if (this.#state === 's1') this.#block.set(bytes.subarray(at, at + taken), this.#filled)
      this.#filled += taken
      at += taken
      if (this.#filled < HANDSHAKE_BLOCK_BYTES) continue
      this.#filled = 0
      if (this.#state === 's1') this.#answer()
      else this.#state = 'done'
    }
    return at
  }

  /**
   * What is to be written to the server, in order: C0 C1 (1537 bytes) at once, C2 (1536 bytes) when S1 is in.
   */
  takeOutput(): Uint8Array[] {
    this.start(0)
    const output = this.#output
    this.#output = []
    return output
  }

  #answer(): void {
    const hmacSha256 = this.#hmacSha256
    const s1 = this.#block
    const found =
      this.#asked === 'digest' && hmacSha256 !== undefined
        ? findDigest(s1, 'server', hmacSha256, 1)
        : undefined
    if (hmacSha256 !== undefined && found !== undefined) {
      this.#form = 'digest'
      const c2 = new Uint8Array(HANDSHAKE_BLOCK_BYTES)
      writeSignedResponse(c2, 'client', found.digest, this.#crypto, hmacSha256)
      this.#output.push(c2)
    } else {
      this.#form = 'simple'
      this.#output.push(s1)
    }
    this.#block = EMPTY_BYTES
    this.#state = 's2'
  }
}

// Flash Player's, on the wire. Zero in the first byte would mean "no digest here".
const CLIENT_VERSION = [0x80, 0x00, 0x07, 0x02]
