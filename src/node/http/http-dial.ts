/**
 * From an HTTP URL to a response that goes on: redirects, and the time until it begins.
 *
 * @module
 */
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import createDebug from 'debug'
import { LimitError, ProtocolError } from '../../errors/index.ts'
import { setDeadline, systemClock } from '../../hub/index.ts'
import { abortError, maskUrl } from '../net/index.ts'
import type { HttpFlvClientOptions } from './http-flv-client-options.ts'

const debug = createDebug('millrace:http-flv-client')

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** What only the host that it was meant for may see. */
const PRIVATE_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie'])

/** A server that took too long. */
export function httpTimeout(what: string, timeoutMs: number): LimitError {
  return new LimitError('ERR_HTTP_TIMEOUT', `${what} within ${timeoutMs} ms`)
}

/**
 * Asks for `url`, as often as the server sends the client elsewhere.
 * @param begin - waits until the response has begun, or its signal aborts.
 */
export async function dialHttp<T>(
  url: string,
  options: HttpFlvClientOptions,
  begin: (response: IncomingMessage, url: string, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, connectTimeoutMs = 10_000, maxRedirects = 3, clock = systemClock } = options
  let target = parseHttpUrl(url)
  signal?.throwIfAborted()
  const gaveUp = new AbortController()
  const onAbort = (): void => gaveUp.abort(abortError(signal?.reason))
  signal?.addEventListener('abort', onAbort, { once: true })
  const timer =
    connectTimeoutMs > 0
      ? setDeadline(
          clock,
          () => gaveUp.abort(httpTimeout('the stream did not begin', connectTimeoutMs)),
          connectTimeoutMs,
        )
      : undefined
  try {
    let headers = options.headers ?? {}
    for (let redirects = 0; ; redirects++) {
      const response = await get(target, headers, options, gaveUp.signal)
      const { statusCode = 0 } = response
      if (statusCode === 200) return await begin(response, target.href, gaveUp.signal)
      // Nobody reads the rest.
      response.destroy()
      if (!REDIRECTS.has(statusCode)) throw refused(`status ${statusCode}`)
      if (redirects >= maxRedirects)
        throw refused(`the server redirects, beyond maxRedirects ${maxRedirects}`)
      const next = redirected(target, response.headers.location, options.allowInsecureRedirects ?? false)
      if (next.origin !== target.origin) headers = withoutPrivate(headers)
      target = next
      debug('redirected to %s', maskUrl(target.href))
    }
  } catch (error) {
    throw gaveUp.signal.aborted ? gaveUp.signal.reason : error
  } finally {
    timer?.cancel()
    signal?.removeEventListener('abort', onAbort)
  }
}

function get(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { tls }: HttpFlvClientOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const common = {
      headers: { 'user-agent': 'millrace', accept: '*/*', ...headers },
      agent: false as const,
      signal,
    }
    const request =
      url.protocol === 'https:' ? httpsRequest(url, { ...common, ...tls }) : httpRequest(url, common)
    request.on('error', reject)
    request.on('response', resolve)
    request.end()
  })
}

function parseHttpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) throw new TypeError('not an HTTP URL')
  if (url.protocol === 'http:' || url.protocol === 'https:') return url
  throw new TypeError(`${url.protocol} is not supported, only http: and https:`)
}

function redirected(from: URL, location: string | undefined, allowInsecure: boolean): URL {
  if (location === undefined || !URL.canParse(location, from.href))
    throw refused('the server redirects without a URL')
  const next = new URL(location, from.href)
  if (next.protocol !== 'http:' && next.protocol !== 'https:') {
    throw refused('the server redirects to a URL that is neither http: nor https:')
  }
  if (from.protocol === 'https:' && next.protocol === 'http:' && !allowInsecure) {
    throw refused('the server redirects from https: to http:, where others could read the URL')
  }
  return next
}

function withoutPrivate(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !PRIVATE_HEADERS.has(name.toLowerCase())),
  )
}

function refused(reason: string): ProtocolError {
  return new ProtocolError('ERR_HTTP_STATUS', reason)
}
