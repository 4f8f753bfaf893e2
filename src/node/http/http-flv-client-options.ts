/**
 * How an {@link HttpFlvClient} connects, and what it says at its end.
 *
 * @module
 */
import type { ConnectionOptions } from 'node:tls'
import type { FlvDemuxerOptions } from '../../flv/index.ts'
import { A_BOOLEAN, AN_OBJECT, aNumber, type OptionChecks } from '../../hub/internal.ts'
import type { Clock } from '../../hub/index.ts'

/** Options of {@link HttpFlvClient.play}. */
export interface HttpFlvClientOptions {
  /** Gives up connecting, or hangs up. */
  readonly signal?: AbortSignal | undefined
  /** Time from the start until the stream begins, redirects included, ms; 0: any. @defaultValue 10000 */
  readonly connectTimeoutMs?: number | undefined
  /** Longest silence of the server, ms; the response is then over. 0: any. @defaultValue 30000 */
  readonly mediaTimeoutMs?: number | undefined
  /** Header fields of the request. `authorization` and `cookie` are not told to another host that the server redirects to. @defaultValue none */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** TLS options for `https:`; the server's name is sent (SNI) and its certificate is checked. */
  readonly tls?: ConnectionOptions | undefined
  /** How many redirects are followed. @defaultValue 3 */
  readonly maxRedirects?: number | undefined
  /** Follow a redirect from `https:` to `http:`. @defaultValue false */
  readonly allowInsecureRedirects?: boolean | undefined
  /** Bytes of packets that are held for the reader before the server has to wait. @defaultValue 4194304 */
  readonly maxReadBytes?: number | undefined
  /** Bounds of the FLV reader. */
  readonly flv?: FlvDemuxerOptions | undefined
  /** Time and timers, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock | undefined
}

/** @internal */
export const HTTP_FLV_CLIENT_CHECKS: OptionChecks<HttpFlvClientOptions> = {
  signal: AN_OBJECT,
  connectTimeoutMs: aNumber(),
  mediaTimeoutMs: aNumber(),
  headers: AN_OBJECT,
  tls: AN_OBJECT,
  maxRedirects: aNumber(),
  allowInsecureRedirects: A_BOOLEAN,
  maxReadBytes: aNumber(),
  flv: AN_OBJECT,
  clock: AN_OBJECT,
}

/** Why a response ended. */
export interface HttpFlvClientEnd {
  /** What went wrong: of the network, of the bytes, of time, or the signal's reason; `undefined` for an end in order. */
  readonly error: Error | undefined
}
