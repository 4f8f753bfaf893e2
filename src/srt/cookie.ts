/**
 * Cookies: a caller proves that it receives what is sent to its address before a listener keeps anything of it.
 *
 * @module
 */
import { encodeUtf8, readU32 } from '../bytes/index.ts'
import type { SrtCrypto } from './srt-crypto.ts'

const MINUTE_MS = 60_000

/** Makes and checks cookies: the start of an HMAC over address and minute, with a key that nobody else has. */
export class CookieJar {
  readonly #crypto: SrtCrypto
  readonly #key: Uint8Array

  constructor(crypto: SrtCrypto) {
    this.#crypto = crypto
    this.#key = crypto.randomBytes(32).slice()
  }

  /** The cookie of an address at a time. */
  bake(peer: string, nowMs: number): number {
    return this.#bake(peer, Math.floor(nowMs / MINUTE_MS))
  }

  /** Whether a cookie was made for the address in this minute or the one before. */
  check(cookie: number, peer: string, nowMs: number): boolean {
    const minute = Math.floor(nowMs / MINUTE_MS)
    return cookie === this.#bake(peer, minute) || cookie === this.#bake(peer, minute - 1)
  }

  #bake(peer: string, minute: number): number {
    return readU32(this.#crypto.hmacSha256(this.#key, encodeUtf8(`${peer} ${minute}`)), 0)
  }
}
