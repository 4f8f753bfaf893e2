/**
 * The two forms of every HTTP handler, over Node's HTTP server and in fetch-style frameworks, made from one: which requests are its own, and
 * what it answers.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import createDebug from 'debug'
import type { PlayerOptions, Source } from '../../hub/index.ts'
import { openFetchStream } from './fetch-stream.ts'
import type { TrustProxyOptions } from './forwarded-client.ts'
import { inTurn } from './http-pipeline.ts'
import { type CorsOptions, type HttpReply, sendReply, textReply, toFetchResponse } from './http-reply.ts'
import { fetchRequestFacts, type HttpRequestFacts, nodeRequestFacts, whenOver } from './http-request.ts'
import { playOverResponse, type Viewer } from './response-stream.ts'

const debug = createDebug('millrace:http')

/** A request that is being answered. */
export interface HttpExchange {
  /** Aborts when the client has gone, or the answer is over. */
  readonly gone: AbortSignal
  /** Body of the request, to be read once. After a part of it, the connection ends with the answer. */
  readonly body: AsyncIterable<Uint8Array>
  /** What the application has made of the body already, as express does; `undefined` if it is still to be read. */
  readonly parsedBody: unknown
  /**
   * Begins an answer with status 200 that is a live stream.
   * @returns the viewer, and what aborts when it has left.
   */
  readonly play: (
    headers: Readonly<Record<string, string>>,
    source: Source,
    options: PlayerOptions,
  ) => { readonly viewer: Viewer; readonly over: AbortSignal }
}

/** Answers a request; `undefined` if it plays, or if the client has gone. What it throws is a 500. */
export type HttpAnswer = (exchange: HttpExchange) => HttpReply | undefined | Promise<HttpReply | undefined>

/** What a handler answers. */
export interface HttpRoutes {
  /** The answer to a request, or `undefined` if the request is not for this handler. */
  match(facts: HttpRequestFacts): HttpAnswer | undefined
  /** Whether a request target that is no valid path is for this handler, which then answers 400. @defaultValue none is */
  owns?(target: string): boolean
}

/** Serves routes in both forms. */
export class HttpAdapter {
  readonly #options: CorsOptions & TrustProxyOptions
  readonly #routes: HttpRoutes

  constructor(options: CorsOptions & TrustProxyOptions, routes: HttpRoutes) {
    this.#options = options
    this.#routes = routes
  }

  /** For Node's HTTP server. Requests that a client has sent in a row are answered one after the other. @returns whether it answers */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const { method = 'GET' } = request
    const answer = this.#match(nodeRequestFacts(request, this.#options), request.url ?? '')
    if (answer === undefined) return false
    inTurn(request, response, () => {
      const gone = whenOver(request, response)
      const send = (reply: HttpReply | undefined): void => {
        if (reply === undefined || gone.aborted) return
        // A body that was not read to its end lies between this answer and the next request.
        if (!request.complete && request.httpVersionMajor === 1 && !response.headersSent)
          response.setHeader('Connection', 'close')
        sendReply(response, reply, method)
      }
      const exchange: HttpExchange = {
        gone,
        get body() {
          return { [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) }
        },
        parsedBody: request.readableEnded ? (request as { body?: unknown }).body : undefined,
        play: (headers, source, options) => ({
          viewer: playOverResponse(request, response, headers, gone, source, options),
          over: gone,
        }),
      }
      const serve = async (): Promise<void> => {
        try {
          send(await answer(exchange))
        } catch (error) {
          send(this.#failed(error, request.url))
        }
      }
      void serve()
    })
    return true
  }

  /** For fetch-style frameworks. @returns the answer, or `undefined` if the request is not for this handler. */
  async fetch(request: Request, remoteAddress: string): Promise<Response | undefined> {
    const { method, signal } = request
    const target = request.url.replace(/^[^:]+:\/\/[^/]*/, '')
    const answer = this.#match(fetchRequestFacts(request, this.#options, remoteAddress), target)
    if (answer === undefined) return undefined
    let playing: Response | undefined
    const sent = new AbortController()
    const exchange: HttpExchange = {
      gone: AbortSignal.any([signal, sent.signal]),
      body: request.body ?? noBody(),
      parsedBody: undefined,
      play: (headers, source, options) => {
        const over = new AbortController()
        const { body, viewer } = openFetchStream(source, options, signal, () => over.abort())
        playing = new Response(body, { headers })
        return { viewer, over: over.signal }
      },
    }
    try {
      const reply = await answer(exchange)
      if (reply?.body instanceof Readable) reply.body.once('close', () => sent.abort())
      // Nobody receives a 499: the client has gone.
      return (
        playing ?? toFetchResponse(reply ?? textReply(499, 'client closed request', this.#options), method)
      )
    } catch (error) {
      return toFetchResponse(this.#failed(error, target), method)
    }
  }

  #match(facts: HttpRequestFacts | undefined, target: string): HttpAnswer | undefined {
    try {
      if (facts !== undefined) return this.#routes.match(facts)
      if (this.#routes.owns?.(target) !== true) return undefined
      return () => textReply(400, 'bad path', this.#options)
    } catch (error) {
      return () => this.#failed(error, target)
    }
  }

  #failed(error: unknown, target = ''): HttpReply {
    debug('%s: %s', target.split('?', 1)[0], error)
    return textReply(500, 'internal error', this.#options)
  }
}

async function* noBody(): AsyncGenerator<Uint8Array> {}
