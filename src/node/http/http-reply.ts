/**
 * Short HTTP answers that both kinds of door give: refusals, redirects, CORS.
 *
 * @module
 */
import type { ServerResponse } from 'node:http'
import { pipeline, Readable } from 'node:stream'
import createDebug from 'debug'
import type { Refusal } from '../../hub/index.ts'

const debug = createDebug('millrace:http')

/** A whole answer. */
export interface HttpReply {
  /** HTTP status. */
  readonly status: number
  /** Headers by name. */
  readonly headers: Readonly<Record<string, string>>
  /** Body; `undefined` if there is none and its length is unknown: after 204, and for HEAD. */
  readonly body: string | Uint8Array | Readable | undefined
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

/** The answer to a preflight. @param allowed - methods that the path has. */
export function preflightReply(options: CorsOptions, allowed = 'GET, HEAD, OPTIONS'): HttpReply {
  return {
    status: 204,
    headers: {
      ...corsHeaders(options),
      'Access-Control-Allow-Methods': allowed,
      'Access-Control-Allow-Headers': '*',
      'Access-Control-Max-Age': '86400',
      'Access-Control-Allow-Private-Network': 'true',
    },
    body: undefined,
  }
}

/** The answer to a request that its method decides: a preflight, or a method other than `methods`. */
export function replyToMethod(
  method: string,
  options: CorsOptions,
  methods: readonly string[] = ['GET', 'HEAD'],
): HttpReply | undefined {
  if (methods.includes(method)) return undefined
  const allowed = [...methods, 'OPTIONS'].join(', ')
  if (method === 'OPTIONS') return preflightReply(options, allowed)
  return textReply(405, `${methods.join(', ')} or OPTIONS`, options, { Allow: allowed })
}

/** The head of an answer to HEAD whose body nobody has made. */
export function headReply(headers: Readonly<Record<string, string>>): HttpReply {
  return { status: 200, headers, body: undefined }
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
    if (!response.writableEnded) response.destroy()
    return
  }
  const { status, body } = reply
  response.writeHead(status, headersOf(reply))
  if (method === 'HEAD' || body === undefined) response.end()
  // An error of the body destroys the response, so that nobody takes it for whole.
  else if (body instanceof Readable) pipeline(body, response, () => undefined)
  else response.end(body)
}

/** `reply` as a fetch response. */
export function toFetchResponse(reply: HttpReply, method: string): Response {
  const { status, body } = reply
  return new Response(method === 'HEAD' || body === undefined ? null : fetchBody(body), {
    status,
    headers: headersOf(reply),
  })
}

function headersOf({ headers, body }: HttpReply): Record<string, string> {
  const length =
    typeof body === 'string' ? Buffer.byteLength(body) : body instanceof Uint8Array ? body.length : undefined
  return length === undefined ? { ...headers } : { ...headers, 'Content-Length': String(length) }
}

function fetchBody(body: string | Uint8Array | Readable): string | Uint8Array<ArrayBuffer> | ReadableStream {
  if (body instanceof Readable) return Readable.toWeb(body) as ReadableStream
  // Bytes of a reply are in no shared memory, whatever their type allows.
  return body as string | Uint8Array<ArrayBuffer>
}
