/**
 * How an {@link RtmpClient} connects, and what it says at its end.
 *
 * @module
 */
import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import type { HandshakeCrypto } from '../../handshake/index.ts'
import { A_BOOLEAN, AN_OBJECT, aNumber, type OptionChecks } from '../../hub/internal.ts'
import type { Clock } from '../../hub/index.ts'
import type { RtmpClientSessionOptions, RtmpCloseCode } from '../../rtmp/index.ts'

/** Options of {@link RtmpClient.publish} and {@link RtmpClient.play}. */
export interface RtmpClientOptions {
  /** Gives up connecting, or closes what is connected. */
  readonly signal?: AbortSignal | undefined
  /** Time from the start until the server takes or sends media, redirects included, ms; 0: any. @defaultValue 10000 */
  readonly connectTimeoutMs?: number | undefined
  /**
   * Time in which the server must take at least something of what waits for it, ms; the connection is then closed. 0: any.
   * @defaultValue 30000
   */
  readonly stallTimeoutMs?: number | undefined
  /** TLS options for `rtmps:`; the server's name is sent (SNI) and its certificate is checked. */
  readonly tls?: ConnectionOptions | undefined
  /** A stream to use instead of a new socket, such as one end of a {@link duplexPair}. */
  readonly stream?: Duplex | undefined
  /** Options of the session: `flashVer`, `connectProperties`, `capabilities`, timeouts … */
  readonly session?: Omit<
    RtmpClientSessionOptions,
    'crypto' | 'nowMs' | 'mode' | 'app' | 'tcUrl' | 'streamName'
  >
  /** How many redirects (RTMP 302) are followed; none with {@link RtmpClientOptions.stream}. @defaultValue 3 */
  readonly maxRedirects?: number | undefined
  /** Follow a redirect from `rtmps:` to `rtmp:`, which shows the stream key to everybody on the way. @defaultValue false */
  readonly allowInsecureRedirects?: boolean | undefined
  /** Bytes of packets that a player holds for its reader before it lets the server wait. @defaultValue 4194304 */
  readonly maxReadBytes?: number | undefined
  /** Bytes in Node's queue from which on {@link RtmpClient.write} says to wait. @defaultValue 1048576 */
  readonly maxWriteBytes?: number | undefined
  /** Subtract the dts of the first media packet when publishing, so that the server sees a stream that starts at 0. @defaultValue true */
  readonly startAtZero?: boolean | undefined
  /** Randomness and HMAC. @defaultValue `node:crypto` */
  readonly crypto?: HandshakeCrypto | undefined
  /** Time and timers, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock | undefined
}

/** @internal */
export const RTMP_CLIENT_CHECKS: OptionChecks<RtmpClientOptions> = {
  signal: AN_OBJECT,
  connectTimeoutMs: aNumber(),
  stallTimeoutMs: aNumber(),
  tls: AN_OBJECT,
  stream: AN_OBJECT,
  session: AN_OBJECT,
  maxRedirects: aNumber(),
  allowInsecureRedirects: A_BOOLEAN,
  maxReadBytes: aNumber(),
  maxWriteBytes: aNumber(),
  startAtZero: A_BOOLEAN,
  crypto: AN_OBJECT,
  clock: AN_OBJECT,
}

/** Why a client's connection ended. */
export interface RtmpClientEnd {
  /** Stable reason; `closed` for either side's end of the connection. */
  readonly code: RtmpCloseCode
  /** The same in words. */
  readonly reason: string
  /** What went wrong: of the network, of the server's protocol, or the signal's reason; `undefined` for an end in order. */
  readonly error: Error | undefined
  /** Where a server sends the client that was served already (`error` is then `ERR_RTMP_REDIRECTED`); may hold a stream key. */
  readonly redirectUrl: string | undefined
}
