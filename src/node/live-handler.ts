/**
 * Endless HTTP streams: HTTP-FLV and HTTP-TS for Node's `http` and for fetch-style frameworks, and FLV over WebSocket.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { FLV_VIEW } from '../flv/index.ts'
import {
  type AccessAccept,
  type AccessProtocol,
  type AccessRequest,
  type Hub,
  type PlayerOptions,
  reject,
  type Source,
} from '../hub/index.ts'
import type { TrackFilter, ViewFormat } from '../media/index.ts'
import { TS_VIEW } from '../mpegts/index.ts'
import { isWebSocketKey, WEBSOCKET_FLV_VIEW } from '../websocket/index.ts'
import { openFetchStream } from './fetch-stream.ts'
import {
  type CorsOptions,
  corsHeaders,
  type HttpReply,
  preflightReply,
  refusalReply,
  sendReply,
  textReply,
  toFetchResponse,
} from './http-reply.ts'
import {
  fetchRequestFacts,
  httpPlayRequest,
  type HttpRequestFacts,
  nodeRequestFacts,
  splitExtension,
  type TrustProxyOptions,
} from './http-request.ts'
import { type HubResolver, resolveHub } from './hub-resolver.ts'
import { playOverResponse } from './response-stream.ts'
import { playOverWebSocket, refuseUpgrade } from './websocket-stream.ts'

/** Options of {@link LiveHandler}. */
export interface LiveHandlerOptions extends CorsOptions, TrustProxyOptions {
  /** The hub, or a function that picks it for a request; `undefined` from it is 404. */
  readonly hub: HubResolver
  /** Path in front of `/app/name.flv`, such as `/media`. @defaultValue '' */
  readonly prefix?: string
  /** Player options for every viewer. @defaultValue the hub's own */
  readonly player?: Pick<PlayerOptions, 'start' | 'maxLagMs' | 'sinkBudgetBytes'>
  /** Most viewers of this handler at a time; beyond, 503. @defaultValue 20000 */
  readonly maxViewers?: number
}

interface Format {
  readonly view: ViewFormat
  readonly contentType: string
  readonly protocol: AccessProtocol
}

const FORMATS: Readonly<Record<string, Format>> = {
  flv: { view: FLV_VIEW, contentType: 'video/x-flv', protocol: 'http-flv' },
  ts: { view: TS_VIEW, contentType: 'video/mp2t', protocol: 'http-ts' },
}

/** A request that was let in, with what to play. */
interface Admitted {
  readonly source: Source
  readonly decision: AccessAccept
}

/**
 * Serves `/{app}/{name}.flv` and `.ts`, and FLV over WebSocket at the same `.flv` URL. `?tracks=all` asks for every track,
 * `audio` or `video` for one kind; otherwise the default track of each kind goes out.
 *
 * @example Beside your own routes
 * ```ts
 * import { createServer } from 'node:http'
 * import { Hub } from 'millrace/hub'
 * import { LiveHandler } from 'millrace/node'
 *
 * const live = new LiveHandler({ hub: new Hub() })
 * const server = createServer((req, res) => {
 *   if (!live.handle(req, res)) res.writeHead(404).end()
 * })
 * server.on('upgrade', (req, socket, head) => {
 *   if (!live.handleUpgrade(req, socket, head)) socket.destroy()
 * })
 * ```
 */
export class LiveHandler {
  readonly #options: LiveHandlerOptions
  readonly #viewers: Set<() => void>
  #pending: number

  /** @param options - see {@link LiveHandlerOptions}. */
  constructor(options: LiveHandlerOptions) {
    this.#options = options
    this.#viewers = new Set()
    this.#pending = 0
  }

  /** Viewers that are connected or being admitted. */
  get viewerCount(): number {
    return this.#viewers.size + this.#pending
  }

  /**
   * A Node request handler, also for express (`app.use((req, res, next) => live.handle(req, res) || next())`).
   * @returns whether the request is for this handler and will be answered.
   */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const facts = nodeRequestFacts(request, this.#options)
    const { method = 'GET' } = request
    if (facts === undefined)
      return this.#refuseBadPath(request, (reply) => sendReply(response, reply, method))
    const match = this.#match(facts)
    if (match === undefined) return false
    const early = this.#answerWithoutStream(facts)
    if (early !== undefined) {
      sendReply(response, early, method)
      return true
    }
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    void this.#serve(
      facts,
      match,
      gone.signal,
      (reply) => sendReply(response, reply, method),
      ({ source, decision }) => {
        const headers = this.#streamHeaders(match.format)
        if (method === 'HEAD') {
          response.writeHead(200, headers).end()
          decision.onEnd?.()
          return
        }
        this.#track(
          decision,
          playOverResponse(
            request,
            response,
            headers,
            source,
            this.#playerOptions(facts, match.format, decision),
          ),
          (done) => response.once('close', done),
        )
      },
    )
    return true
  }

  /**
   * A fetch-style handler, for hono and others: `app.get('/live/*', (c) => live.fetch(c.req.raw))`.
   * @param remoteAddress - the client's address, if the framework tells it; admission rules by address need it.
   * @returns the answer, or `undefined` when the request is not for this handler.
   */
  async fetch(request: Request, remoteAddress = ''): Promise<Response | undefined> {
    const facts = fetchRequestFacts(request, this.#options, remoteAddress)
    if (facts === undefined) return toFetchResponse(textReply(400, 'bad path', this.#options), request.method)
    const match = this.#match(facts)
    if (match === undefined) return undefined
    const early = this.#answerWithoutStream(facts)
    if (early !== undefined) return toFetchResponse(early, request.method)
    let answer: Response | undefined
    await this.#serve(
      facts,
      match,
      request.signal,
      (reply) => (answer = toFetchResponse(reply, request.method)),
      ({ source, decision }) => {
        const headers = this.#streamHeaders(match.format)
        if (request.method === 'HEAD') {
          answer = new Response(null, { headers })
          decision.onEnd?.()
          return
        }
        let closed = (): void => undefined
        const stream = openFetchStream(source, this.#playerOptions(facts, match.format, decision), () =>
          closed(),
        )
        this.#track(
          decision,
          () => stream.close(),
          (done) => (closed = done),
        )
        answer = new Response(stream.body, { headers })
      },
    )
    return answer
  }

  /**
   * For a server's `upgrade` event: FLV over WebSocket at `/{app}/{name}.flv`.
   * @returns whether the request is for this handler; if not, the socket was not touched.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): boolean {
    const refuse = (reply: HttpReply): void => refuseUpgrade(socket, reply)
    socket.on('error', () => socket.destroy())
    const facts = nodeRequestFacts(request, this.#options)
    if (facts === undefined) return this.#refuseBadPath(request, refuse)
    const match = this.#match(facts)
    if (match === undefined || match.extension !== 'flv') return false
    const key = facts.header('sec-websocket-key')
    if (facts.header('upgrade')?.toLowerCase() !== 'websocket' || key === undefined || !isWebSocketKey(key)) {
      refuse(textReply(400, 'not a WebSocket handshake', this.#options))
      return true
    }
    if (facts.header('sec-websocket-version') !== '13') {
      refuse(textReply(426, 'WebSocket version 13 only', this.#options, { 'Sec-WebSocket-Version': '13' }))
      return true
    }
    const gone = new AbortController()
    socket.once('close', () => gone.abort())
    const format: Format = { view: WEBSOCKET_FLV_VIEW, contentType: '', protocol: 'websocket-flv' }
    void this.#serve(facts, { ...match, format }, gone.signal, refuse, ({ source, decision }) => {
      this.#track(
        decision,
        playOverWebSocket(socket, head, key, sha1, source, this.#playerOptions(facts, format, decision)),
        (done) => socket.once('close', done),
      )
    })
    return true
  }

  /** Ends every viewer of this handler. It can be used again. */
  close(): void {
    for (const close of this.#viewers) close()
    this.#viewers.clear()
  }

  #match(facts: HttpRequestFacts): { streamPath: string; extension: string; format: Format } | undefined {
    const { prefix = '' } = this.#options
    if (!facts.path.startsWith(prefix)) return undefined
    const split = splitExtension(facts.path.slice(prefix.length))
    if (split === undefined || !split.streamPath.includes('/', 1)) return undefined
    const format = Object.hasOwn(FORMATS, split.extension) ? FORMATS[split.extension] : undefined
    return format === undefined ? undefined : { ...split, format }
  }

  #answerWithoutStream(facts: HttpRequestFacts): HttpReply | undefined {
    if (facts.method === 'OPTIONS') return preflightReply(this.#options)
    if (facts.method !== 'GET' && facts.method !== 'HEAD') {
      return textReply(405, 'GET, HEAD or OPTIONS', this.#options, { Allow: 'GET, HEAD, OPTIONS' })
    }
    if (this.viewerCount >= (this.#options.maxViewers ?? 20_000)) {
      return textReply(503, 'too many viewers', this.#options, { 'Retry-After': '10' })
    }
    return undefined
  }

  /** Admission, then the source, then `play`; any refusal goes to `refuse`. Never rejects. */
  async #serve(
    facts: HttpRequestFacts,
    match: { readonly streamPath: string; readonly format: Format },
    signal: AbortSignal,
    refuse: (reply: HttpReply) => void,
    play: (admitted: Admitted) => void,
  ): Promise<void> {
    this.#pending++
    try {
      const request = httpPlayRequest(facts, match.format.protocol, match.streamPath)
      const admitted = await this.#admit(request, signal)
      if ('status' in admitted) {
        if (!signal.aborted) refuse(admitted)
      } else if (signal.aborted) admitted.decision.onEnd?.()
      else this.#play(admitted, play)
    } catch {
      if (!signal.aborted) refuse(textReply(500, 'internal error', this.#options))
    } finally {
      this.#pending--
    }
  }

  #play(admitted: Admitted, play: (admitted: Admitted) => void): void {
    try {
      play(admitted)
    } catch (error) {
      admitted.decision.onEnd?.()
      throw error
    }
  }

  async #admit(request: AccessRequest, signal: AbortSignal): Promise<Admitted | HttpReply> {
    const notFound = refusalReply(reject('no such stream', { notFound: true }), this.#options)!
    const hub: Hub | undefined = resolveHub(this.#options.hub, request)
    if (hub === undefined) return notFound
    const decision = await hub.authorize(request, signal)
    const refusal = refusalReply(decision, this.#options)
    if (refusal !== undefined || decision.type !== 'accept') return refusal ?? notFound
    const source = await hub.findSource(decision.streamPath ?? request.streamPath, signal)
    if (source !== undefined) return { source, decision }
    decision.onEnd?.()
    return notFound
  }

  #refuseBadPath(request: IncomingMessage, refuse: (reply: HttpReply) => void): boolean {
    // Only what would be ours: another handler may know what to do with the rest.
    if (!/\.(flv|ts)(\?|$)/i.test(request.url ?? '')) return false
    refuse(textReply(400, 'bad path', this.#options))
    return true
  }

  #playerOptions(facts: HttpRequestFacts, format: Format, decision: AccessAccept): ViewerOptions {
    const { tracks } = facts.query
    return {
      ...this.#options.player,
      format: format.view,
      tracks: tracks === 'all' || tracks === 'audio' || tracks === 'video' ? tracks : 'default',
      userData: decision.userData,
    }
  }

  #streamHeaders(format: Format): Record<string, string> {
    return {
      ...corsHeaders(this.#options),
      'Content-Type': format.contentType,
      'Cache-Control': 'no-store',
      // Reverse proxies (nginx) must pass a live stream on as it comes.
      'X-Accel-Buffering': 'no',
    }
  }

  #track(decision: AccessAccept, close: () => void, whenClosed: (done: () => void) => void): void {
    this.#viewers.add(close)
    whenClosed(() => {
      this.#viewers.delete(close)
      decision.onEnd?.()
    })
  }
}

/** Player options of one HTTP viewer. */
export interface ViewerOptions {
  /** Wire format. */
  readonly format: ViewFormat
  /** Which tracks. */
  readonly tracks: TrackFilter
  /** What admission attached to the viewer. */
  readonly userData: unknown
  /** See {@link PlayerOptions.start}. */
  readonly start?: 'gop' | 'keyframe'
  /** See {@link PlayerOptions.maxLagMs}. */
  readonly maxLagMs?: number
  /** See {@link PlayerOptions.sinkBudgetBytes}. */
  readonly sinkBudgetBytes?: number
}

function sha1(bytes: Uint8Array): Uint8Array {
  return createHash('sha1').update(bytes).digest()
}
