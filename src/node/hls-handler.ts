/**
 * HLS over HTTP: playlists and segments of a hub's sources, packaged on demand or always, for viewers that are counted.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { EventEmitter } from 'eventemitter3'
import { EMPTY_BYTES } from '../bytes/index.ts'
import { describeTrack } from '../codec/index.ts'
import { formatMultivariantPlaylist } from '../hls/index.ts'
import { reject, type Source } from '../hub/index.ts'
import type { FourCc, MediaPacket } from '../media/index.ts'
import { HlsPackager, type HlsPackagerOptions, type PackagedSegment } from './hls-packager.ts'
import { type HlsSession, type HlsSessionEntry, HlsSessions, type PackagedSource } from './hls-sessions.ts'
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
  type TrustProxyOptions,
} from './http-request.ts'
import { type HubResolver, resolveHub } from './hub-resolver.ts'
import { MemorySegmentStore, type SegmentStore } from './segment-store.ts'

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl'
const SEGMENT_TYPE = 'video/mp2t'

/** How often idle packagers and viewers are looked for, ms. */
const HOUSEKEEPING_INTERVAL_MS = 1_000

/** Options of {@link HlsHandler}. */
export interface HlsHandlerOptions extends CorsOptions, TrustProxyOptions, HlsPackagerOptions {
  /** The hub, or a function that picks it for a request; `undefined` from it is 404. */
  readonly hub: HubResolver
  /** Path in front of `/app/name.m3u8`, such as `/media`. @defaultValue '' */
  readonly prefix?: string
  /**
   * `on-demand` packages a source from the first playlist request on, seeded from the hub's cached GOP, and stops when nobody
   * asks any more; `always` packages every source of the hub from its publish on, which needs `hub` to be one hub.
   * @defaultValue 'on-demand'
   */
  readonly mode?: 'on-demand' | 'always'
  /** Where segments and playlists are kept. @defaultValue a `MemorySegmentStore` */
  readonly store?: SegmentStore
  /** How long the first playlist request waits for the first segment, ms; then 404. @defaultValue 15000 */
  readonly firstSegmentWaitMs?: number
  /** A packager on demand stops when nobody has asked for so long, ms. @defaultValue 60000 */
  readonly idleMs?: number
  /** How long the playlist of a source that is over stays, ms. @defaultValue 60000 */
  readonly endedMs?: number
  /** A viewer that asks for nothing for so long has left, ms. @defaultValue 30000 */
  readonly viewerTimeoutMs?: number
  /** Most viewers at a time; beyond, 503. @defaultValue 20000 */
  readonly maxViewers?: number
}

/** Facts that an {@link HlsHandler} announces. */
export interface HlsHandlerEvents {
  /** A segment of `source` and the playlist that names it are in the store. */
  segment: (segment: PackagedSegment, source: Source) => void
}

/** What a path asks for. */
type Target =
  | { readonly type: 'playlist'; readonly streamPath: string }
  | { readonly type: 'segment'; readonly streamPath: string; readonly sequence: number }

/** An answer with bytes. */
interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/**
 * Serves `/{app}/{name}.m3u8` and `/{app}/{name}/{N}.ts`.
 *
 * A first request goes through `hub.authorize` once and gets a multivariant playlist whose media playlist carries a
 * `session`; what follows with that session is counted as the same viewer. Segments carry it too, so that a URL that was
 * copied from a playlist ends with its viewer.
 */
export class HlsHandler extends EventEmitter<HlsHandlerEvents> {
  readonly #options: HlsHandlerOptions
  readonly #store: SegmentStore
  readonly #sessions: HlsSessions
  readonly #packaged: Map<Source, PackagedSource>
  readonly #unsubscribe: () => void
  #timer: NodeJS.Timeout | undefined
  #closed: boolean

  /**
   * @param options - see {@link HlsHandlerOptions}.
   * @throws TypeError for mode `always` without a single hub.
   */
  constructor(options: HlsHandlerOptions) {
    super()
    this.#options = options
    this.#store = options.store ?? new MemorySegmentStore()
    this.#sessions = new HlsSessions(options.maxViewers ?? 20_000)
    this.#packaged = new Map()
    this.#unsubscribe = options.mode === 'always' ? this.#packageAlways(options.hub) : () => undefined
    this.#timer = undefined
    this.#closed = false
  }

  /** Viewers now. */
  get viewerCount(): number {
    return this.#sessions.size
  }

  /** Viewers now, for statistics. */
  get viewers(): Iterable<HlsSession> {
    return this.#sessions.values()
  }

  /** Turns a viewer away. @returns whether there was one with this id. */
  kick(sessionId: string): boolean {
    return this.#sessions.kick(sessionId)
  }

  /**
   * A Node request handler, also for express.
   * @returns whether the request is for this handler and will be answered.
   */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const facts = nodeRequestFacts(request, this.#options)
    const { method = 'GET' } = request
    if (facts === undefined) {
      if (!/\.m3u8(\?|$)/i.test(request.url ?? '')) return false
      sendReply(response, textReply(400, 'bad path', this.#options), method)
      return true
    }
    const target = this.#match(facts)
    if (target === undefined) return false
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    void this.#answer(facts, target, gone.signal).then((answer) => {
      if (gone.signal.aborted) return
      if (!(answer.body instanceof Uint8Array)) {
        sendReply(response, answer as HttpReply, method)
        return
      }
      response.writeHead(answer.status, { ...answer.headers, 'Content-Length': String(answer.body.length) })
      response.end(method === 'HEAD' ? undefined : answer.body)
    })
    return true
  }

  /**
   * A fetch-style handler.
   * @param remoteAddress - the client's address, if the framework tells it.
   * @returns the answer, or `undefined` when the request is not for this handler.
   */
  async fetch(request: Request, remoteAddress = ''): Promise<Response | undefined> {
    const facts = fetchRequestFacts(request, this.#options, remoteAddress)
    const target = facts === undefined ? undefined : this.#match(facts)
    if (facts === undefined || target === undefined) return undefined
    const answer = await this.#answer(facts, target, request.signal)
    if (!(answer.body instanceof Uint8Array)) return toFetchResponse(answer as HttpReply, request.method)
    return new Response(request.method === 'HEAD' ? null : new Uint8Array(answer.body), {
      status: answer.status,
      headers: { ...answer.headers, 'Content-Length': String(answer.body.length) },
    })
  }

  /** Stops packaging and removes what is stored. */
  async close(): Promise<void> {
    this.#closed = true
    this.#unsubscribe()
    clearInterval(this.#timer)
    this.#sessions.clear()
    const all = [...this.#packaged.values()]
    this.#packaged.clear()
    await Promise.all(all.map(({ packager }) => packager.close()))
  }

  #match(facts: HttpRequestFacts): Target | undefined {
    const { prefix = '' } = this.#options
    if (!facts.path.startsWith(prefix)) return undefined
    const path = facts.path.slice(prefix.length)
    const playlist = /^((?:\/[^/]+){2,})\.m3u8$/i.exec(path)
    if (playlist !== null) return { type: 'playlist', streamPath: playlist[1]! }
    const segment = /^((?:\/[^/]+){2,})\/(\d{1,15})\.ts$/.exec(path)
    // Without a session it may as well be a live stream that is called by a number.
    if (segment === null || facts.query['session'] === undefined) return undefined
    return { type: 'segment', streamPath: segment[1]!, sequence: Number(segment[2]) }
  }

  async #answer(facts: HttpRequestFacts, target: Target, signal: AbortSignal): Promise<Answer | HttpReply> {
    if (facts.method === 'OPTIONS') return preflightReply(this.#options)
    if (facts.method !== 'GET' && facts.method !== 'HEAD') {
      return textReply(405, 'GET, HEAD or OPTIONS', this.#options, { Allow: 'GET, HEAD, OPTIONS' })
    }
    try {
      const id = facts.query['session']
      if (id === undefined) return await this.#welcome(facts, target.streamPath, signal)
      const session = this.#sessions.touch(id, target.streamPath, performance.now())
      if (session === undefined) return textReply(404, 'no such session', this.#options)
      return target.type === 'segment'
        ? await this.#segment(session, target.sequence)
        : await this.#mediaPlaylist(session, signal)
    } catch {
      return textReply(500, 'internal error', this.#options)
    }
  }

  /** A viewer's first request: admission, then a session, then the multivariant playlist. */
  async #welcome(
    facts: HttpRequestFacts,
    streamPath: string,
    signal: AbortSignal,
  ): Promise<Answer | HttpReply> {
    const request = httpPlayRequest(facts, 'hls', streamPath)
    const hub = resolveHub(this.#options.hub, request)
    if (hub === undefined) return this.#notFound()
    const decision = await hub.authorize(request, signal)
    if (decision.type !== 'accept') return refusalReply(decision, this.#options)
    let isViewer = false
    try {
      const source = await hub.findSource(decision.streamPath ?? streamPath, signal)
      if (source === undefined || source.closed || signal.aborted || this.#closed) return this.#notFound()
      if (this.#sessions.full)
        return textReply(503, 'too many viewers', this.#options, { 'Retry-After': '10' })
      const packaged = this.#package(source)
      packaged.lastRequestMs = performance.now()
      if ((await this.#whenReady(packaged, signal)) === undefined) return this.#notFound()
      if (facts.method === 'HEAD') return this.#playlistAnswer('')
      // Whoever has gone while it waited will not come with its session.
      if (signal.aborted || this.#closed) return this.#notFound()
      const session = this.#sessions.open(packaged, request, decision, performance.now())
      isViewer = true
      return this.#playlistAnswer(this.#multivariant(packaged, session))
    } finally {
      if (!isViewer) decision.onEnd?.()
    }
  }

  #multivariant({ source, packager }: PackagedSource, session: HlsSession): string {
    const { audio, video } = source.configuration
    const tracks = [describe(source.videoCodec, video[0]), describe(source.audioCodec, audio[0])].filter(
      (track) => track !== undefined,
    )
    const size = tracks.find((track) => track.width !== undefined && track.height !== undefined)
    return formatMultivariantPlaylist({
      type: 'multivariant',
      variants: [
        {
          uri: `${nameOf(session.streamPath)}.m3u8?session=${session.id}`,
          bandwidth: Math.max(1, packager.bandwidth.peak),
          averageBandwidth: Math.max(1, packager.bandwidth.average),
          ...(tracks.length === 0 ? {} : { codecs: tracks.map((track) => track.codecString) }),
          ...(size === undefined ? {} : { resolution: { width: size.width!, height: size.height! } }),
        },
      ],
    })
  }

  async #mediaPlaylist(session: HlsSessionEntry, signal: AbortSignal): Promise<Answer | HttpReply> {
    const text = await this.#whenReady(session.packaged, signal)
    if (text === undefined) return this.#notFound()
    // The packager names the stream as the hub does; this viewer may know it by another name.
    const name = nameOf(session.streamPath)
    const answer = this.#playlistAnswer(
      text.replaceAll(/^[^#\n]*?(\d+\.ts)$/gm, `${name}/$1?session=${session.id}`),
    )
    this.#sessions.countSent(session, answer.body.length)
    return answer
  }

  async #segment(session: HlsSessionEntry, sequence: number): Promise<Answer | HttpReply> {
    const bytes = await session.packaged.packager.segment(sequence)
    if (bytes === undefined) return this.#notFound()
    this.#sessions.countSent(session, bytes.length)
    return {
      status: 200,
      headers: {
        ...corsHeaders(this.#options),
        'Content-Type': SEGMENT_TYPE,
        // A number is never used for two different segments.
        'Cache-Control': 'public, max-age=3600, immutable',
      },
      body: bytes,
    }
  }

  #playlistAnswer(text: string): Answer {
    return {
      status: 200,
      headers: {
        ...corsHeaders(this.#options),
        'Content-Type': PLAYLIST_TYPE,
        'Cache-Control': 'no-cache, no-store',
      },
      body: Buffer.from(text),
    }
  }

  async #whenReady({ packager }: PackagedSource, signal: AbortSignal): Promise<string | undefined> {
    if (packager.playlist !== undefined) return packager.playlist
    const limit = AbortSignal.timeout(this.#options.firstSegmentWaitMs ?? 15_000)
    return await packager.whenReady(AbortSignal.any([signal, limit]))
  }

  #notFound(): HttpReply {
    return refusalReply(reject('no such stream', { notFound: true }), this.#options)
  }

  #package(source: Source): PackagedSource {
    let packaged = this.#packaged.get(source)
    if (packaged === undefined) {
      const packager = new HlsPackager(source, this.#store, this.#options)
      packager.on('segment', (segment) => this.emit('segment', segment, source))
      packaged = { source, packager, lastRequestMs: performance.now() }
      this.#packaged.set(source, packaged)
      this.#timer ??= setInterval(() => this.#keepHouse(), HOUSEKEEPING_INTERVAL_MS).unref()
    }
    return packaged
  }

  #packageAlways(hub: HubResolver): () => void {
    if (typeof hub === 'function') throw new TypeError("mode 'always' needs one hub, not a function")
    const onPublish = (source: Source): void => {
      if (!this.#closed) this.#package(source)
    }
    for (const source of hub.sources) onPublish(source)
    hub.on('publish', onPublish)
    return () => hub.off('publish', onPublish)
  }

  #keepHouse(): void {
    const now = performance.now()
    const { mode, idleMs = 60_000, endedMs = 60_000, viewerTimeoutMs = 30_000 } = this.#options
    this.#sessions.expire(now - viewerTimeoutMs)
    for (const [source, packaged] of this.#packaged) {
      const silentMs = now - packaged.lastRequestMs
      const over = packaged.packager.ended ? silentMs > endedMs : mode !== 'always' && silentMs > idleMs
      if (!over) continue
      this.#packaged.delete(source)
      void packaged.packager.close()
    }
    if (this.#packaged.size > 0 || this.#sessions.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

function nameOf(streamPath: string): string {
  return encodeURIComponent(streamPath.slice(streamPath.lastIndexOf('/') + 1))
}

function describe(
  codec: FourCc,
  configuration: MediaPacket | undefined,
): ReturnType<typeof describeTrack> | undefined {
  return codec === '' ? undefined : describeTrack(codec, configuration?.payload ?? EMPTY_BYTES)
}
