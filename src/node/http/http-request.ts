/**
 * What an HTTP door needs of a request, whichever way it came: Node's `IncomingMessage` or a fetch `Request`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { type AccessProtocol, type AccessRequest, splitStreamPath, type StreamPath } from '../../hub/index.ts'
import { newClientId } from '../net/index.ts'
import { type ForwardedClient, forwardedClient, type TrustProxyOptions } from './forwarded-client.ts'

/** Longest request target that is looked at, in characters. */
const MAX_TARGET_LENGTH = 8_192

/** The parts of an HTTP request that admission and routing look at. */
export interface HttpRequestFacts extends ForwardedClient {
  /** `GET`, `HEAD` … */
  readonly method: string
  /** Absolute path, decoded once, e.g. `/live/show.flv`. */
  readonly path: string
  /** Query parameters; the last of several values. */
  readonly query: Readonly<Record<string, string>>
  /** The query as it came, with its `?`; `''` if none. */
  readonly param: string
  /** Host that was asked, with its port if it was named; `''` if none. */
  readonly host: string
  /** Header by lower-case name. */
  header(name: string): string | undefined
  /** All headers, for admission. */
  readonly headers: Readonly<Record<string, unknown>>
}

/** Facts of a Node request, or `undefined` when its target is no valid path (bad escapes, too long): answer 400. */
export function nodeRequestFacts(
  request: IncomingMessage,
  { trustProxy = false }: TrustProxyOptions,
): HttpRequestFacts | undefined {
  const target = parseTarget(request.url ?? '/')
  if (target === undefined) return undefined
  const { headers } = request
  const header = (name: string): string | undefined => {
    const value = headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
  return {
    method: request.method ?? 'GET',
    ...target,
    // HTTP/2 has a pseudo-header in the place of Host.
    host: headers.host ?? header(':authority') ?? '',
    header,
    headers,
    ...forwardedClient(header, trustProxy, {
      remoteAddress: request.socket.remoteAddress ?? '',
      secure: (request.socket as Partial<TLSSocket>).encrypted === true,
    }),
  }
}

/** Aborts when the response is over, or the connection that it waits on: behind another response it has no end of its own. */
export function whenOver(request: IncomingMessage, response: ServerResponse): AbortSignal {
  const over = new AbortController()
  const end = (): void => {
    response.off('close', end)
    if (request.httpVersionMajor === 1) request.socket.off('close', end)
    over.abort()
  }
  response.once('close', end)
  if (request.httpVersionMajor === 1) request.socket.once('close', end)
  return over.signal
}

/** Facts of a fetch request. `remoteAddress` comes from the framework, if it tells. */
export function fetchRequestFacts(
  request: Request,
  { trustProxy = false }: TrustProxyOptions,
  remoteAddress: string,
): HttpRequestFacts | undefined {
  const url = new URL(request.url)
  const target = parseTarget(url.pathname + url.search)
  if (target === undefined) return undefined
  const header = (name: string): string | undefined => request.headers.get(name) ?? undefined
  return {
    method: request.method,
    ...target,
    host: header('host') ?? url.host,
    header,
    headers: Object.fromEntries(request.headers),
    ...forwardedClient(header, trustProxy, { remoteAddress, secure: url.protocol === 'https:' }),
  }
}

/** The admission request for playing `streamPath` by HTTP. */
export function httpPlayRequest(
  facts: HttpRequestFacts,
  protocol: AccessProtocol,
  streamPath: StreamPath,
  clientId: string = newClientId(),
): AccessRequest {
  return {
    action: 'play',
    protocol,
    vhost: facts.query['vhost'] || facts.query['domain'] || hostOf(facts.host),
    ...splitStreamPath(streamPath),
    streamPath,
    query: facts.query,
    param: facts.param,
    clientId,
    remoteAddress: facts.remoteAddress,
    secure: facts.secure,
    url: `${facts.secure ? 'https' : 'http'}://${facts.host}${facts.path}`,
    pageUrl: facts.header('referer') ?? '',
    details: facts.headers,
  }
}

function parseTarget(requestTarget: string): Pick<HttpRequestFacts, 'path' | 'query' | 'param'> | undefined {
  if (requestTarget.length > MAX_TARGET_LENGTH) return undefined
  // Requests to proxies carry the whole URL, and servers must take it. RFC 9112 §3.2.2.
  const target = requestTarget.replace(/^https?:\/\/[^/?]*/i, '')
  const question = target.indexOf('?')
  const rawPath = question < 0 ? target : target.slice(0, question)
  const query: Record<string, string> = Object.create(null)
  if (question >= 0) {
    for (const [key, value] of new URLSearchParams(target.slice(question + 1))) query[key] = value
  }
  try {
    const path = decodeURIComponent(rawPath)
    // A NUL or a dot segment never names a stream, but could name a file.
    if (!path.startsWith('/') || path.includes('\0') || /(^|\/)\.\.?(\/|$)/.test(path)) return undefined
    return { path, query, param: question < 0 ? '' : target.slice(question) }
  } catch {
    return undefined
  }
}

function hostOf(host: string): string {
  return host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:\d+$/, '')
}
