/**
 * What the API answers, one entry for each method and path: requests are matched against it, and the OpenAPI document is made from it.
 *
 * @module
 */
import type { z } from 'zod'
import type { HttpRequestFacts } from '../../node/http/index.ts'

/** Methods that routes have. */
export type ApiMethod = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** A request that was matched, let in and checked. */
export interface ApiCall {
  /** What is in the braces of the route's path. */
  readonly params: Readonly<Record<string, string>>
  /** The query, through the route's schema. */
  readonly query: Readonly<Record<string, unknown>>
  /** The JSON that was sent; `undefined` for none. */
  readonly body: unknown
  /** The request itself. */
  readonly facts: HttpRequestFacts
}

/** An answer: members behind `code`, `server`, `service` and `pid`. */
export type ApiAnswer = Readonly<Record<string, unknown>>

/** One method of one path. */
export interface ApiRoute {
  /** The method. HEAD is answered wherever GET is. */
  readonly method: ApiMethod
  /**
   * Answers all methods that the path has no other route for, as SRS answers for what is only read: consoles POST to it. A body is not read.
   * @defaultValue false
   */
  readonly anyMethod?: boolean
  /** Path behind `/api/v1`, `{id}` for what varies. */
  readonly path: string
  /** Unique name in the OpenAPI document. */
  readonly operationId: string
  /** One sentence. */
  readonly summary: string
  /** Heading in the OpenAPI document. */
  readonly tag: 'server' | 'media' | 'services'
  /** The answer. */
  readonly response: z.ZodObject
  /** Members of the query; unknown ones are ignored. */
  readonly query?: z.ZodObject
  /** Takes a JSON body, or none. */
  readonly takesBody?: boolean
  /** Whether a call of it changes something, for `onAction`. @defaultValue all methods but GET do */
  readonly isAction?: (query: Readonly<Record<string, unknown>>) => boolean
  /** Codes of what may go wrong, beside the general ones, with their HTTP status. */
  readonly problems?: Readonly<Record<number, string>>
  /** Makes the answer. @throws {@link ApiProblem} */
  run(call: ApiCall): ApiAnswer | Promise<ApiAnswer>
}

/** What went wrong, for the caller. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  /** HTTP status. */
  readonly status: number
  /** `code` of the body: SRS's own where it has one, else the HTTP status. */
  readonly code: number

  /**
   * @param status - HTTP status.
   * @param code - `code` of the body.
   * @param message - in words; no secrets.
   */
  constructor(status: number, code: number, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** A stream id that is not there. SRS answers 200, and its clients look at the code. */
export const noSuchStream = (status = 200): ApiProblem => new ApiProblem(status, 2048, 'no such stream')

/** A client id that is not there. */
export const noSuchClient = (): ApiProblem => new ApiProblem(200, 2049, 'no such client')

/** A virtual host that is not there. */
export const noSuchVhost = (): ApiProblem => new ApiProblem(200, 2014, 'no such virtual host')

/** The routes of `path`, with what stands for the braces. With or without a slash at the end, as collections have in SRS. */
export function matchRoutes(
  routes: readonly ApiRoute[],
  path: string,
): { readonly route: ApiRoute; readonly params: Record<string, string> }[] {
  const parts = path.replace(/\/$/, '').split('/')
  const found = []
  for (const route of routes) {
    const params = matchPath(route.path.split('/'), parts)
    if (params !== undefined) found.push({ route, params })
  }
  return found
}

function matchPath(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined
  const params: Record<string, string> = {}
  for (const [i, expected] of pattern.entries()) {
    const part = parts[i]!
    const name = /^\{(\w+)\}$/.exec(expected)?.[1]
    if (name !== undefined && part !== '') params[name] = part
    else if (part !== expected) return undefined
  }
  return params
}
