/**
 * The HTTP API of a server: `/api/v1/…`, with the paths and fields that tools for SRS read.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import createDebug from 'debug'
import {
  corsHeaders,
  type CorsOptions,
  HttpAdapter,
  type HttpExchange,
  type HttpReply,
  type HttpRequestFacts,
  preflightReply,
} from '../../node/http/index.ts'
import { type HttpAuthentication, HttpGate } from '../authentication/index.ts'
import type { RecentRefusals } from '../admission/index.ts'
import type { Statistics } from '../statistics/index.ts'
import { StreamServices } from '../control/index.ts'
import { parseOptions } from '../parse-options.ts'
import { type ApiMethod, ApiProblem, type ApiRoute, matchRoutes } from './api-route.ts'
import { httpApiOptions } from './http-api.schema.ts'
import { type BodyLimits, readJsonBody } from './json-body.ts'
import { machineRoutes } from './machine-routes.ts'
import { mediaRoutes } from './media-routes.ts'
import { openApiDocument } from './openapi.ts'
import { refusalRoutes } from './refusal-routes.ts'
import { responses } from './responses.schema.ts'
import { rawRoutes, type ReloadConfiguration, serviceRoutes } from './service-routes.ts'

const debug = createDebug('millrace:api')

/** What an application may say that it has. */
export type ApiFeature = 'ssl' | 'hds' | 'callback' | 'dvr' | 'transcode' | 'ingest' | 'caster'

/** Something that a caller has changed. */
export interface ApiAction {
  /** Name of the operation in the OpenAPI document: `kickClient` … */
  readonly operationId: string
  /** Path that was called. */
  readonly path: string
  /** Address of the caller. */
  readonly remoteAddress: string
}

/** Options of {@link HttpApi}. */
export interface HttpApiOptions {
  /** Where the figures come from. */
  readonly statistics: Statistics
  /** Who may call. There is no default: an API without it is a choice. */
  readonly authentication: HttpAuthentication
  /** Path in front of `/api/v1`. @defaultValue '' */
  readonly prefix?: string
  /** Value of `Access-Control-Allow-Origin`, or `false` for no CORS headers. @defaultValue '*', but `false` where no credentials are asked for */
  readonly cors?: string | false
  /**
   * Answer `?callback=name` with a script, and take `?method=DELETE` for the method, as SRS does. Any page that is open
   * in a browser that knows the password can then act as its user. @defaultValue false
   */
  readonly jsonp?: boolean
  /** Longest body, bytes; a longer one is answered with 413. @defaultValue 65536 */
  readonly maxBodyBytes?: number
  /** Time for a body to arrive, ms; then 408. @defaultValue 10000 */
  readonly bodyTimeoutMs?: number
  /** Most items of one page of a list, whatever `count` asks for. @defaultValue 1000 */
  readonly maxPageCount?: number
  /** What can be started and stopped on a stream. @defaultValue nothing */
  readonly services?: StreamServices
  /** Who was refused lately, for `/api/v1/refusals`. @defaultValue there is no such path */
  readonly refusals?: RecentRefusals
  /** Reads the configuration again, for `/api/v1/raw?rpc=reload`. @defaultValue there is no reload */
  readonly reload?: ReloadConfiguration
  /** What `/api/v1/features` says beside what is known of the doors. @defaultValue nothing but `ssl` */
  readonly features?: Readonly<Partial<Record<ApiFeature, boolean>>>
  /** Told of every change that a caller has made: for a log of who did what. */
  readonly onAction?: (action: ApiAction) => void
}

/** A route with what stands in its braces. */
type Match = ReturnType<typeof matchRoutes>[number]

/** A request on its way through the API. */
interface ApiRequest {
  readonly facts: HttpRequestFacts
  readonly matches: readonly Match[]
  readonly exchange: HttpExchange
}

/**
 * Answers under `/api/v1/`, and at `/api/`.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { HttpServer, RtmpServer } from 'millrace/node'
 * import { HttpApi } from 'millrace/services/http-api'
 * import { Statistics } from 'millrace/services/statistics'
 *
 * const hub = new Hub()
 * const rtmp = new RtmpServer({ hub })
 * const statistics = new Statistics({ hub, rtmp })
 * const api = new HttpApi({ statistics, authentication: { token: process.env['API_TOKEN'] ?? '' } })
 * await new HttpServer({ handlers: [api] }).listen({ port: 1985 })
 * ```
 */
export class HttpApi {
  readonly #statistics: Statistics
  readonly #gate: HttpGate
  readonly #http: HttpAdapter
  readonly #prefix: string
  readonly #cors: CorsOptions
  readonly #jsonp: boolean
  readonly #limits: BodyLimits
  readonly #routes: readonly ApiRoute[]
  readonly #onAction: ((action: ApiAction) => void) | undefined
  #document: Record<string, unknown> | undefined

  /**
   * @param options - see {@link HttpApiOptions}.
   * @throws TypeError for options that are wrong, and for `jsonp` where nobody is asked for credentials.
   */
  constructor(options: HttpApiOptions) {
    const parsed = parseOptions(httpApiOptions, options, 'HttpApi')
    const { statistics, authentication, maxBodyBytes, bodyTimeoutMs, maxPageCount, features, services } =
      parsed
    const isOpen = typeof authentication === 'string'
    if (parsed.jsonp && isOpen) throw new TypeError('HttpApi: jsonp needs credentials')
    this.#statistics = statistics
    this.#gate = new HttpGate(authentication)
    this.#prefix = parsed.prefix
    this.#cors = { cors: parsed.cors ?? (isOpen ? false : '*') }
    this.#http = new HttpAdapter(this.#cors, {
      match: (facts) => {
        const matches = this.#match(facts)
        return matches && (async (exchange) => await this.#answer({ facts, matches, exchange }))
      },
    })
    this.#jsonp = parsed.jsonp
    this.#limits = { maxBodyBytes, bodyTimeoutMs }
    this.#onAction = parsed.onAction
    this.#document = undefined
    this.#routes = [
      ...this.#ownRoutes(),
      ...machineRoutes(statistics, features as HttpApiOptions['features'] & object),
      ...mediaRoutes(statistics, maxPageCount),
      ...(parsed.refusals === undefined ? [] : refusalRoutes(parsed.refusals, maxPageCount)),
      ...serviceRoutes(statistics, services ?? new StreamServices()),
      ...rawRoutes(parsed.reload),
    ]
  }

  /**
   * A Node request handler, also for express, whose parsed `body` it takes.
   * @returns whether the request is for this handler and will be answered.
   */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#http.handle(request, response)
  }

  /**
   * A fetch-style handler.
   * @param remoteAddress - the caller's address, if the framework tells it; `'loopback'` needs it.
   * @returns the answer, or `undefined` when the request is not for this handler.
   */
  async fetch(request: Request, remoteAddress = ''): Promise<Response | undefined> {
    return await this.#http.fetch(request, remoteAddress)
  }

  /** The OpenAPI 3.0 document, which is also at `/api/v1/openapi.json`. */
  openApi(): Record<string, unknown> {
    this.#document ??= openApiDocument(this.#routes, this.#prefix)
    return this.#document
  }

  #ownRoutes(): ApiRoute[] {
    return [
      {
        method: 'GET',
        anyMethod: true,
        path: '',
        operationId: 'index',
        summary: 'What there is',
        tag: 'server',
        response: responses.Urls,
        run: () => ({
          urls: Object.fromEntries(
            this.#routes
              .filter(({ method }) => method === 'GET')
              .map(({ path, summary }) => [path.slice(1) || 'v1', summary]),
          ),
        }),
      },
      {
        method: 'GET',
        path: '/openapi.json',
        operationId: 'openapi',
        summary: 'This document',
        tag: 'server',
        response: responses.OpenApi,
        run: () => this.openApi(),
      },
    ]
  }

  #match(facts: HttpRequestFacts): Match[] | undefined {
    const root = `${this.#prefix}/api`
    const { path } = facts
    // The one path above the version; it leads to the same list.
    if (path === root || path === `${root}/`) return matchRoutes(this.#routes, '')
    if (!path.startsWith(`${root}/v1`)) return undefined
    const matches = matchRoutes(this.#routes, path.slice(root.length + '/v1'.length))
    return matches.length === 0 ? undefined : matches
  }

  /** Never rejects. */
  async #answer(request: ApiRequest): Promise<HttpReply> {
    const { facts, matches } = request
    if (facts.method === 'OPTIONS') return this.#preflight(matches)
    try {
      const body = await this.#run(request)
      return this.#reply(facts, 200, body)
    } catch (error) {
      if (error instanceof ApiProblem) return this.#refuse(facts, matches, error)
      debug('%s %s: %s', facts.method, facts.path, error)
      return this.#reply(facts, 500, { code: 500, message: 'internal error' })
    }
  }

  async #run({ facts, matches, exchange }: ApiRequest): Promise<Record<string, unknown>> {
    const refusal = this.#gate.check(facts)
    if (refusal !== undefined) throw new ApiProblem(refusal.status, refusal.status, refusal.reason)
    const method = this.#methodOf(facts)
    const match =
      matches.find(({ route }) => route.method === method) ?? matches.find(({ route }) => route.anyMethod)
    if (match === undefined) throw new ApiProblem(405, 405, 'method not allowed')
    const { route, params } = match
    const query = route.query?.safeParse(facts.query)
    if (query?.success === false) throw new ApiProblem(400, 400, firstFault(query.error.issues))
    const body = route.takesBody === true ? await readJsonBody(exchange, facts, this.#limits) : undefined
    const call = { params, query: query?.data ?? {}, body, facts }
    const answer = await route.run(call)
    if (route.isAction?.(call.query) ?? route.method !== 'GET') this.#tell(route, facts)
    if (route.operationId === 'openapi') return answer
    const { serverId, serviceId, pid } = this.#statistics.identity
    return { code: 0, server: serverId, service: serviceId, pid, ...answer }
  }

  #tell({ operationId }: ApiRoute, { path, remoteAddress }: HttpRequestFacts): void {
    try {
      this.#onAction?.({ operationId, path, remoteAddress })
    } catch (error) {
      // What the caller asked for is done all the same.
      debug('onAction failed: %s', error)
    }
  }

  #methodOf({ method, query }: HttpRequestFacts): ApiMethod | undefined {
    const asked = this.#jsonp && method === 'GET' ? (query['method']?.toUpperCase() ?? 'GET') : method
    if (asked === 'HEAD') return 'GET'
    return asked === 'GET' || asked === 'POST' || asked === 'PUT' || asked === 'DELETE' ? asked : undefined
  }

  #refuse(
    facts: HttpRequestFacts,
    matches: readonly Match[],
    { status, code, message }: ApiProblem,
  ): HttpReply {
    const more: Record<string, string> = {}
    if (status === 401) more['WWW-Authenticate'] = this.#gate.challenge
    if (status === 405) more['Allow'] = methodsOf(matches)
    return this.#reply(facts, status, { code, message }, more)
  }

  #reply(
    facts: HttpRequestFacts,
    status: number,
    body: object,
    more: Record<string, string> = {},
  ): HttpReply {
    const callback = this.#jsonp ? facts.query['callback'] : undefined
    const isScript = callback !== undefined && /^[\w.-]{1,100}$/.test(callback)
    const json = JSON.stringify(body)
    return {
      status,
      headers: {
        ...corsHeaders(this.#cors),
        'Content-Type': isScript ? 'text/javascript; charset=utf-8' : 'application/json',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
        ...more,
      },
      // A line that ends a statement in JavaScript is none in JSON.
      body: isScript
        ? `${callback}(${json.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')})`
        : json,
    }
  }

  #preflight(matches: readonly Match[]): HttpReply {
    const reply = preflightReply(this.#cors, methodsOf(matches))
    // The wildcard of headers does not stand for Authorization.
    const own = { 'Access-Control-Allow-Headers': 'Authorization, Content-Type' }
    return { ...reply, headers: this.#cors.cors === false ? {} : { ...reply.headers, ...own } }
  }
}

function methodsOf(matches: readonly Match[]): string {
  const methods = new Set<string>(matches.map(({ route }) => route.method))
  if (methods.has('GET')) methods.add('HEAD')
  if (matches.some(({ route }) => route.anyMethod))
    for (const each of ['POST', 'PUT', 'DELETE']) methods.add(each)
  return [...methods, 'OPTIONS'].join(', ')
}

function firstFault(
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): string {
  const [issue] = issues
  return issue === undefined ? 'the query is wrong' : `${issue.path.join('.')}: ${issue.message}`
}
