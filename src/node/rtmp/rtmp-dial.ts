/**
 * From an RTMP URL to a connection that plays or publishes: sockets, TLS, redirects, user and password, the time that all of it may take.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import createDebug from 'debug'
import { LimitError, ProtocolError } from '../../errors/index.ts'
import { type Clock, setDeadline } from '../../hub/index.ts'
import { parseRtmpUrl, type RtmpUrl } from '../../rtmp/index.ts'
import { abortError, maskUrl } from '../net/index.ts'
import { RtmpAuthentication } from './rtmp-authentication.ts'

const debug = createDebug('millrace:rtmp-client')

/** How {@link dialRtmp} connects. */
export interface RtmpDialOptions {
  /** Gives up. */
  readonly signal: AbortSignal | undefined
  /** Time for everything, ms; 0: any. */
  readonly connectTimeoutMs: number
  /** How many redirects are followed. */
  readonly maxRedirects: number
  /** Whether a redirect may lead from `rtmps:` to `rtmp:`. */
  readonly allowInsecureRedirects: boolean
  /** TLS options for `rtmps:`. */
  readonly tls: ConnectionOptions | undefined
  /** A stream in place of the first socket. */
  readonly stream: Duplex | undefined
  /** Time and timers. */
  readonly clock: Clock
}

/** What a server decides about a client: it takes or sends media, sends the client elsewhere, or refuses. */
export type DialAnswer =
  | { readonly type: 'started' }
  | { readonly type: 'redirected'; readonly url: string }
  | { readonly type: 'refused'; readonly description: string; readonly error: Error }

/** What {@link dialRtmp} needs of a client. */
export interface Dialled {
  /** Settles when the server has decided. Rejects when the connection fails or ends before. */
  whenStarted(): Promise<DialAnswer>
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
      ? setDeadline(
          clock,
          () => {
            timedOut = new LimitError(
              'ERR_RTMP_CONNECT_TIMEOUT',
              `the server did not start within ${connectTimeoutMs} ms`,
            )
            client?.abort(timedOut)
          },
          connectTimeoutMs,
        )
      : undefined
  const onAbort = (): void => client?.abort(abortError(signal?.reason))
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    let redirects = 0
    const { stream } = options
    let authentication = authenticationFor(target)
    let answer = ''
    for (;;) {
      client = make(stream ?? dial(target, options), withQuery(target, answer))
      const decision = await client.whenStarted()
      if (decision.type === 'started') return client
      if (decision.type === 'refused') {
        const next = stream === undefined ? authentication.answer(decision.description) : undefined
        if (next === undefined) throw decision.error
        debug('%s asks for a user', maskUrl(target.tcUrl))
        answer = next
        continue
      }
      if (redirects >= maxRedirects) {
        throw new ProtocolError(
          'ERR_RTMP_REDIRECTED',
          `the server redirects, beyond maxRedirects ${maxRedirects}`,
        )
      }
      if (stream !== undefined) {
        throw new ProtocolError(
          'ERR_RTMP_REDIRECTED',
          'the server redirects, which a given stream cannot follow',
        )
      }
      redirects++
      target = redirected(target, decision.url, options.allowInsecureRedirects)
      authentication = authenticationFor(target)
      answer = ''
      debug('redirected to %s', maskUrl(target.tcUrl))
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
  throw new TypeError(`${target.scheme}: is not supported, only rtmp: and rtmps:`)
}

function authenticationFor(target: RtmpUrl): RtmpAuthentication {
  return new RtmpAuthentication(target, target.app, randomBytes(4).toString('hex'))
}

/** The application with an answer to the server's question behind it. */
function withQuery(target: RtmpUrl, query: string): RtmpUrl {
  if (query === '') return target
  const mark = target.app.includes('?') ? '&' : '?'
  return { ...target, app: target.app + mark + query, tcUrl: target.tcUrl + mark + query }
}

/** A redirect names the application, or the whole stream. It takes no user and password along: the server there may be another's. */
function redirected(target: RtmpUrl, url: string, allowInsecure: boolean): RtmpUrl {
  let next: RtmpUrl
  try {
    next = parseDialled(url)
  } catch {
    throw new ProtocolError(
      'ERR_RTMP_REDIRECTED',
      'the server redirects to a URL that is neither rtmp: nor rtmps:',
    )
  }
  if (target.scheme === 'rtmps' && next.scheme !== 'rtmps' && !allowInsecure) {
    throw new ProtocolError(
      'ERR_RTMP_REDIRECTED',
      'the server redirects from rtmps: to rtmp:, where others could read the stream key',
    )
  }
  return next.streamName === '' ? { ...next, streamName: target.streamName } : next
}

function dial({ scheme, host, port }: RtmpUrl, { tls }: RtmpDialOptions): Socket {
  const socket =
    scheme === 'rtmps'
      ? // A server of many names needs this one (SNI); an address is none.
        connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...tls })
      : connectTcp({ host, port })
  return socket.setNoDelay(true)
}
