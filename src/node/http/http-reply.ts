/**
 * Short HTTP answers that both kinds of door give: refusals, redirects, CORS.
 *
 * @module
 */
import type { ServerResponse } from 'node:http'
import createDebug from 'debug'
import type { Refusal } from '../../hub/index.ts'

const debug = createDebug('millrace:http')

/** A whole answer without a stream behind it. */
export interface HttpReply {
  /** HTTP status. */
  readonly status: number
  /** Headers by name. */
  readonly headers: Readonly<Record<string, string>>
  /** Body; `''` for none. */
  readonly body: string
}

/** Which pages may read the answers. */
export interface CorsOptions {
  /** Value of `Access-Control-Allow-Origin`, or `false` for no CORS headers. @defaultValue '*' */
  readonly cors?: string | false | undefined
}

/** CORS headers of every answer. */
export function corsHeaders({ cors = '*' }: CorsOptions): Record<string, string> {
  if (cors === false) return {}
  return {
    'Access-Control-Allow-Origin': cors,
    'Access-Control-Expose-Headers': 'Content-Length, Content-Range',
    ...(cors === '*' ? {} : { Vary: 'Origin' }),
  }
}

/** The answer to a preflight. */
export function preflightReply(options: CorsOptions): HttpReply {
  return {
    status: 204,
    headers: {
      ...corsHeaders(options),
      'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
      'Access-Control-Allow-Headers': '*',
      'Access-Control-Max-Age': '86400',
      'Access-Control-Allow-Private-Network': 'true',
    },
    body: '',
  }
}

/** The answer to a request that asks for no media by its method: a preflight, or one that is not allowed. */
export function replyToMethod(method: string, options: CorsOptions): HttpReply | undefined {
  if (method === 'OPTIONS') return preflightReply(options)
  if (method === 'GET' || method === 'HEAD') return undefined
  return textReply(405, 'GET, HEAD or OPTIONS', options, { Allow: 'GET, HEAD, OPTIONS' })
}

/** A plain-text answer. */
export function textReply(
  status: number,
  body: string,
  options: CorsOptions,
  headers: Readonly<Record<string, string>> = {},
): HttpReply {
  return {
    status,
    headers: {
      ...corsHeaders(options),
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-store',
      ...headers,
    },
    body: `${body}\n`,
  }
}

/** The answer to a player that was not let in. */
export function refusalReply({ cause, decision, error }: Refusal, options: CorsOptions): HttpReply {
  if (cause === 'gone') return closingReply(options)
  if (cause === 'error') {
    debug('a player was not let in: %s', error)
    return textReply(500, 'internal error', options)
  }
  return decision.type === 'redirect'
    ? textReply(302, decision.url, options, { Location: decision.url })
    : textReply(decision.notFound === true ? 404 : 403, decision.reason, options)
}

/** The answer for a stream that is not there. */
export function notFoundReply(options: CorsOptions): HttpReply {
  return textReply(404, 'no such stream', options)
}

/** The answer when nobody is let in any more. */
export function closingReply(options: CorsOptions): HttpReply {
  return textReply(503, 'closing', options, { 'Retry-After': '10' })
}

/** Sends `reply`; a HEAD request gets its headers alone. A response that has begun cannot be told anything, and is cut. */
export function sendReply(response: ServerResponse, reply: HttpReply, method: string): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const body = Buffer.from(reply.body)
  response.writeHead(reply.status, {
    ...reply.headers,
    ...(reply.status === 204 ? {} : { 'Content-Length': String(body.length) }),
  })
  response.end(method === 'HEAD' || body.length === 0 ? undefined : body)
}

/** `reply` as a fetch response. */
export function toFetchResponse(reply: HttpReply, method: string): Response {
  const hasBody = method !== 'HEAD' && reply.body !== ''
  return new Response(hasBody ? reply.body : null, { status: reply.status, headers: { ...reply.headers } })
}
