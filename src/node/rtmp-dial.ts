/**
 * From an RTMP URL to a connection that plays or publishes: sockets, TLS, redirects, the time that all of it may take.
 *
 * @module
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import createDebug from 'debug'
import { LimitError, ProtocolError } from '../errors/index.ts'
import type { Clock } from '../hub/index.ts'
import { parseRtmpUrl, type RtmpUrl } from '../rtmp/index.ts'
import { abortError } from './abort-error.ts'

const debug = createDebug('millrace:rtmp-client')

/** How {@link dialRtmp} connects. */
export interface RtmpDialOptions {
  /** Gives up. */
  readonly signal: AbortSignal | undefined
  /** Time for everything, ms; 0: any. */
  readonly connectTimeoutMs: number
  /** How many redirects are followed. */
  readonly maxRedirects: number
  /** TLS options for `rtmps:`. */
  readonly tls: ConnectionOptions | undefined
  /** A stream in place of the first socket. */
  readonly stream: Duplex | undefined
  /** Time and timers. */
  readonly clock: Clock
}

/** What {@link dialRtmp} needs of a client. */
export interface Dialled {
  /** Settles when the server has decided: `undefined` when it takes or sends media, else where it sends the client. */
  whenStarted(): Promise<string | undefined>
  /** Ends it at once, for this reason. */
  abort(reason: Error): void
}

/**
 * Connects to `url`, as often as the server sends the client elsewhere.
 * @param make - a client over a stream that is connecting.
 */
export async function dialRtmp<T extends Dialled>(
  url: string,
  options: RtmpDialOptions,
  make: (stream: Duplex, target: RtmpUrl) => T,
): Promise<T> {
  const { signal, connectTimeoutMs, maxRedirects, clock } = options
  let target = parseDialled(url)
  signal?.throwIfAborted()
  let client: T | undefined
  let timedOut: Error | undefined
  const timer =
    connectTimeoutMs > 0
      ? clock.setTimeout(() => {
          timedOut = new LimitError(
            'ERR_RTMP_CONNECT_TIMEOUT',
            `the server did not start within ${connectTimeoutMs} ms`,
          )
          client?.abort(timedOut)
        }, connectTimeoutMs)
      : undefined
  const onAbort = (): void => client?.abort(abortError(signal?.reason))
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    for (let redirects = 0; ; redirects++) {
      client = make(
        redirects === 0 && options.stream !== undefined ? options.stream : dial(target, options),
        target,
      )
      const redirectUrl = await client.whenStarted()
      if (redirectUrl === undefined) return client
      if (redirects >= maxRedirects) {
        throw new ProtocolError(
          'ERR_RTMP_REJECTED',
          `the server redirects, beyond maxRedirects ${maxRedirects}`,
        )
      }
      if (options.stream !== undefined) {
        throw new ProtocolError(
          'ERR_RTMP_REJECTED',
          'the server redirects, which a given stream cannot follow',
        )
      }
      target = redirected(target, redirectUrl)
      debug('redirected to %s', target.tcUrl)
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw timedOut ?? error
  } finally {
    timer?.cancel()
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Tunnels and RTMPE are not spoken here: without them the stream key would go out in the clear. */
function parseDialled(url: string): RtmpUrl {
  const target = parseRtmpUrl(url)
  if (target.scheme === 'rtmp' || target.scheme === 'rtmps') return target
  throw new TypeError(`${target.scheme}: is not spoken, only rtmp: and rtmps:`)
}

/** A redirect names the application, or the whole stream. */
function redirected(target: RtmpUrl, url: string): RtmpUrl {
  try {
    const next = parseDialled(url)
    return next.streamName === '' ? { ...next, streamName: target.streamName } : next
  } catch {
    throw new ProtocolError(
      'ERR_RTMP_REJECTED',
      'the server redirects to something that is no URL of rtmp: or rtmps:',
    )
  }
}

function dial({ scheme, host, port }: RtmpUrl, { tls }: RtmpDialOptions): Socket {
  const socket =
    scheme === 'rtmps'
      ? // A server of many names needs this one (SNI); an address is none.
        connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...tls })
      : connectTcp({ host, port })
  return socket.setNoDelay(true)
}
