/**
 * Endless HTTP streams: HTTP-FLV and HTTP-TS for Node's `http` and for fetch-style frameworks, and FLV over WebSocket.
 *
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import createDebug from 'debug'
import { FLV_VIEW } from '../../flv/index.ts'
import { A_STRING, AN_OBJECT, aNumber, checkOptions, type OptionChecks } from '../../hub/internal.ts'
import {
  type AccessProtocol,
  type Clock,
  Door,
  type HubResolver,
  type Playback,
  type PlayerOptions,
  type StreamPath,
  systemClock,
  type PlayerDefaults,
} from '../../hub/index.ts'
import type { TrackFilter, ViewFormat } from '../../media/index.ts'
import { TS_VIEW } from '../../mpegts/index.ts'
import { isWebSocketKey, WEBSOCKET_FLV_VIEW } from '../../websocket/index.ts'
import { A_HUB, PLAYER_CHECKS, stallOf, TimeoutSweep } from '../net/index.ts'
import { HTTP_CHECKS } from './http-option-checks.ts'
import type { TrustProxyOptions } from './forwarded-client.ts'
import { HttpAdapter, type HttpAnswer } from './http-adapter.ts'
import {
  type CorsOptions,
  corsHeaders,
  headReply,
  type HttpReply,
  refusalReply,
  replyToMethod,
  textReply,
} from './http-reply.ts'
import { httpPlayRequest, type HttpRequestFacts, nodeRequestFacts } from './http-request.ts'
import type { Viewer } from './response-stream.ts'
import { takeUpgrades } from './upgrades.ts'
import { pathBehind, pathPrefix, splitExtension } from './url-path.ts'
import { playOverWebSocket, refuseUpgrade } from './websocket-stream.ts'

const debug = createDebug('millrace:http')

/** Options of {@link LiveHandler}. */
export interface LiveHandlerOptions extends CorsOptions, TrustProxyOptions {
  /** The hub, or a function that picks it for a request; `undefined` from it is 404. */
  readonly hub: HubResolver
  /** Path in front of `/app/name.flv`, such as `/media`. @defaultValue '' */
  readonly prefix?: string | undefined
  /** Player options for every viewer. @defaultValue the hub's own */
  readonly player?: PlayerDefaults | undefined
  /** Most viewers of this handler at a time, those being admitted included; beyond, 503. @defaultValue 20000 */
  readonly maxViewers?: number | undefined
  /**
   * A viewer is ended when bytes wait for it and no write to it has completed for this time or up to twice this time, ms; 0: never.
   * One write is at most the player's `sinkBudgetBytes` and one batch. @defaultValue 60000
   */
  readonly stallTimeoutMs?: number | undefined
  /** Most bytes of one message that a WebSocket viewer sends; beyond, it is closed with 1009. @defaultValue 4096 */
  readonly maxClientMessageBytes?: number | undefined
  /** Time and timers, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock | undefined
}

const CHECKS: OptionChecks<LiveHandlerOptions> = {
  ...HTTP_CHECKS,
  hub: A_HUB,
  prefix: A_STRING,
  player: AN_OBJECT,
  maxViewers: aNumber(),
  stallTimeoutMs: aNumber(),
  maxClientMessageBytes: aNumber(),
  clock: AN_OBJECT,
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

const WEBSOCKET_FORMAT: Format = {
  view: WEBSOCKET_FLV_VIEW,
  contentType: '',
  protocol: 'websocket-flv',
}

const TRACK_FILTERS: ReadonlySet<string> = new Set<TrackFilter>(['all', 'audio', 'video', 'default'])

/** Which tracks are asked for; `undefined` for a word that means none. */
function trackFilterOf({ tracks = 'default' }: HttpRequestFacts['query']): TrackFilter | undefined {
  return TRACK_FILTERS.has(tracks) ? (tracks as TrackFilter) : undefined
}

/** A stream that is asked for. */
interface Match {
  readonly streamPath: StreamPath
  readonly format: Format
}

/** How a stream goes out, on one of the three transports. */
type Play = (playback: Playback) => { readonly viewer: Viewer; readonly over: AbortSignal }

/**
 * Serves `/{app}/{name}.flv` and `.ts`, and FLV over WebSocket at the same `.flv` URL. `?tracks=all` asks for every track,
 * `audio` or `video` for one kind; otherwise the default track of each kind goes out, as with `default`. Another word is a 400.
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
 * live.takeUpgrades(server)
 * ```
 */
export class LiveHandler {
  readonly #options: LiveHandlerOptions
  readonly #door: Door
  readonly #http: HttpAdapter
  readonly #prefix: string
  readonly #viewers: Set<Viewer>
  readonly #pending: Set<AbortController>
  readonly #clock: Clock
  readonly #sweep: TimeoutSweep

  /**
   * @param options - see {@link LiveHandlerOptions}.
   * @throws TypeError for an option that is unknown, missing or of the wrong type, RangeError for a number out of its range.
   */
  constructor(options: LiveHandlerOptions) {
    checkOptions('LiveHandler', options, CHECKS)
    if (options.player !== undefined) checkOptions('LiveHandler, player', options.player, PLAYER_CHECKS)
    this.#options = options
    this.#door = new Door(options.hub)
    this.#http = new HttpAdapter(options, {
      match: (facts) => this.#route(facts),
      owns: (target) => this.#owns(target),
    })
    this.#prefix = pathPrefix(options.prefix)
    this.#viewers = new Set()
    this.#pending = new Set()
    this.#clock = options.clock ?? systemClock
    this.#sweep = new TimeoutSweep(this.#clock)
  }

  /** Viewers that are connected or being admitted. */
  get viewerCount(): number {
    return this.#viewers.size + this.#pending.size
  }

  /**
   * A Node request handler, also for express (`app.use((req, res, next) => live.handle(req, res) || next())`).
   * @returns whether the request is for this handler and will be answered.
   */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#http.handle(request, response)
  }

  /**
   * A fetch-style handler, for hono and others: `app.get('/live/*', (c) => live.fetch(c.req.raw))`.
   * @param remoteAddress - the client's address, if the framework tells it; admission rules by address need it.
   * @returns the answer, or `undefined` when the request is not for this handler.
   */
  async fetch(request: Request, remoteAddress = ''): Promise<Response | undefined> {
    return await this.#http.fetch(request, remoteAddress)
  }

  /**
   * FLV over WebSocket at `/{app}/{name}.flv` of `server`. Its other WebSockets, those of the application and of its framework, go on as if
   * this handler were not there, in whichever order they were set up.
   * @returns ends it; viewers stay.
   */
  takeUpgrades(server: Server): () => void {
    return takeUpgrades(server, (request, socket, head) => this.handleUpgrade(request, socket, head))
  }

  /**
   * For an `upgrade` listener that decides by itself whose an upgrade is: FLV over WebSocket at `/{app}/{name}.flv`.
   * @param head - what came behind the request already; a client that sends before it is answered is refused.
   * @returns whether the request is for this handler; if not, the socket was not touched.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): boolean {
    const refuse = (reply: HttpReply): void => {
      socket.on('error', () => socket.destroy())
      refuseUpgrade(socket, this.#clock, reply)
    }
    const facts = nodeRequestFacts(request, this.#options)
    if (facts === undefined) {
      if (!this.#owns(request.url ?? '')) return false
      refuse(textReply(400, 'bad path', this.#options))
      return true
    }
    const match = this.#match(facts)
    if (match === undefined || match.format.view !== FLV_VIEW) return false
    const key = facts.header('sec-websocket-key')
    const early = this.#answerWithoutStream(facts, facts.method === 'GET' ? 'GET' : '')
    if (early !== undefined) refuse(early)
    else if (facts.header('upgrade')?.toLowerCase() !== 'websocket' || !isWebSocketKey(key ?? '')) {
      refuse(textReply(400, 'not a WebSocket handshake', this.#options))
    } else if (facts.header('sec-websocket-version') !== '13') {
      refuse(textReply(426, 'WebSocket version 13 only', this.#options, { 'Sec-WebSocket-Version': '13' }))
    } else if (head.length > 0) {
      refuse(textReply(400, 'bytes before the end of the handshake', this.#options))
    } else this.#upgrade(facts, match.streamPath, socket, key!)
    return true
  }

  /** Ends every viewer of this handler, and turns away those being admitted. It can be used again. */
  close(): void {
    for (const admission of this.#pending) admission.abort()
    for (const viewer of this.#viewers) viewer.close()
  }

  #upgrade(facts: HttpRequestFacts, streamPath: StreamPath, socket: Duplex, key: string): void {
    const gone = new AbortController()
    const closed = new AbortController()
    const leave = (): void => gone.abort()
    // Reading also tells when the peer leaves. It has nothing to say before it is answered.
    const tooEarly = (): void => void socket.destroy()
    socket.on('error', () => socket.destroy())
    socket.once('end', leave).on('data', tooEarly)
    socket.once('close', () => {
      leave()
      closed.abort()
    })
    const { maxClientMessageBytes = 4_096 } = this.#options
    const play: Play = (playback) => {
      const { source } = playback
      socket.off('data', tooEarly)
      const options = this.#playerOptions(facts, WEBSOCKET_FORMAT, playback)
      const viewer = playOverWebSocket(socket, key, this.#clock, maxClientMessageBytes, source, options)
      return { viewer, over: closed.signal }
    }
    const refuse = (reply: HttpReply): void => {
      socket.off('data', tooEarly)
      refuseUpgrade(socket, this.#clock, reply)
    }
    const serve = async (): Promise<void> => {
      try {
        const reply = await this.#serve(facts, { streamPath, format: WEBSOCKET_FORMAT }, gone.signal, play)
        if (reply !== undefined) refuse(reply)
      } catch (error) {
        debug('%s: %s', streamPath, error)
        if (!gone.signal.aborted) refuse(textReply(500, 'internal error', this.#options))
      }
      // The peer left while it waited: its half of the connection is all that is open.
      if (gone.signal.aborted) socket.destroy()
    }
    void serve()
  }

  #route(facts: HttpRequestFacts): HttpAnswer | undefined {
    const match = this.#match(facts)
    if (match === undefined) return undefined
    return async ({ gone, play }) => {
      const early = this.#answerWithoutStream(facts, facts.method)
      if (early !== undefined) return early
      const headers = this.#streamHeaders(match.format)
      const playing: Play | undefined =
        facts.method === 'HEAD'
          ? undefined
          : (playback) => play(headers, playback.source, this.#playerOptions(facts, match.format, playback))
      return (await this.#serve(facts, match, gone, playing)) ?? (playing ? undefined : headReply(headers))
    }
  }

  #match(facts: HttpRequestFacts): Match | undefined {
    const split = splitExtension(pathBehind(this.#prefix, facts.path) ?? '')
    if (split === undefined || !split.streamPath.includes('/', 1)) return undefined
    // A segment of the HLS handler: a stream of that name would be asked for without a session.
    if (split.extension === 'ts' && facts.query['session'] !== undefined) return undefined
    const format = Object.hasOwn(FORMATS, split.extension) ? FORMATS[split.extension] : undefined
    return format === undefined ? undefined : { streamPath: split.streamPath, format }
  }

  #answerWithoutStream({ query }: HttpRequestFacts, method: string): HttpReply | undefined {
    const early = replyToMethod(method, this.#options)
    if (early !== undefined) return early
    if (trackFilterOf(query) === undefined) {
      return textReply(400, 'tracks is all, audio, video or default', this.#options)
    }
    if (this.viewerCount >= (this.#options.maxViewers ?? 20_000)) {
      return textReply(503, 'too many viewers', this.#options, { 'Retry-After': '10' })
    }
    return undefined
  }

  /** Admission, then the source, then `play`, if there is more to say than a head. @returns what is answered instead of the stream */
  async #serve(
    facts: HttpRequestFacts,
    match: Match,
    gone: AbortSignal,
    play: Play | undefined,
  ): Promise<HttpReply | undefined> {
    const admission = new AbortController()
    const leave = (): void => admission.abort()
    gone.addEventListener('abort', leave, { once: true })
    this.#pending.add(admission)
    try {
      if (gone.aborted) return undefined
      const request = httpPlayRequest(facts, match.format.protocol, match.streamPath)
      const playback = await this.#door.play(request, admission.signal)
      if (playback.type === 'refusal') return gone.aborted ? undefined : refusalReply(playback, this.#options)
      let isPlaying = false
      try {
        if (play === undefined) return undefined
        const { viewer, over } = play(playback)
        this.#track(viewer, playback, over)
        isPlaying = true
        return undefined
      } finally {
        if (!isPlaying) playback.end()
      }
    } finally {
      gone.removeEventListener('abort', leave)
      this.#pending.delete(admission)
    }
  }

  /** Whether a target that is no valid path would be for this handler: another one may know what to do with the rest. */
  #owns(target: string): boolean {
    return target.startsWith(this.#prefix) && /\.(flv|ts)(\?|$)/i.test(target)
  }

  #playerOptions(facts: HttpRequestFacts, format: Format, { request, userData }: Playback): PlayerOptions {
    return {
      ...this.#options.player,
      format: format.view,
      tracks: trackFilterOf(facts.query) ?? 'default',
      request,
      userData,
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

  /** Counts a viewer and watches over it until `over` aborts. */
  #track(viewer: Viewer, playback: Playback, over: AbortSignal): void {
    const { stallTimeoutMs = 60_000 } = this.#options
    const guard = stallOf(viewer.player, stallTimeoutMs, this.#clock.now(), () => viewer.destroy())
    this.#viewers.add(viewer)
    this.#sweep.add(guard)
    const forget = (): void => {
      this.#viewers.delete(viewer)
      this.#sweep.delete(guard)
      playback.end()
    }
    over.addEventListener('abort', forget, { once: true })
  }
}
