/**
 * HLS over HTTP: playlists and segments of a hub's sources, packaged on demand or always, for viewers that are counted.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  A_BOOLEAN,
  A_FUNCTION,
  A_STRING,
  AN_OBJECT,
  aNumber,
  checkOptions,
  oneOf,
  type OptionChecks,
} from '../hub/internal.ts'
import {
  Announcer,
  type AnnouncerEvents,
  type Clock,
  Door,
  type FindSource,
  followHub,
  type Hub,
  type HubResolver,
  type Playback,
  setDeadline,
  type Source,
  splitStreamPath,
  type StreamPath,
  systemClock,
  type Timer,
} from '../hub/index.ts'
import { A_HUB } from '../node/net/index.ts'
import {
  closingReply,
  corsHeaders,
  type CorsOptions,
  headReply,
  HttpAdapter,
  httpPlayRequest,
  type HttpReply,
  type HttpRequestFacts,
  notFoundReply,
  pathPrefix,
  refusalReply,
  replyToMethod,
  textReply,
  type TrustProxyOptions,
  HTTP_CHECKS,
} from '../node/http/index.ts'
import { hlsObstacle } from './hls-obstacle.ts'
import { HlsPackages } from './hls-packages.ts'
import type { HlsPackagerOptions, PackagedSegment } from './hls-packager.ts'
import { mediaPlaylistText, multivariantText } from './hls-playlist-text.ts'
import {
  type HlsPlaylistReader,
  type HlsSession,
  HlsSessions,
  isSessionId,
  newSessionId,
} from './hls-sessions.ts'
import { type HlsSegmentTarget, hlsTarget, type HlsTarget, isPlaylistPath } from './hls-target.ts'
import {
  findVariant,
  type HlsVariantRule,
  type HlsVariants,
  namedVariants,
  variantRule,
} from './hls-variant-names.ts'
import type { PackagedStream, PackagedVariant } from './packaged-stream.ts'
import { MemorySegmentStore, type SegmentStore } from './segment-store.ts'

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl'
const SEGMENT_TYPE = 'video/mp2t'

/** How often idle packagers and viewers are looked for, ms. */
const HOUSEKEEPING_INTERVAL_MS = 1_000

/** Options of {@link HlsHandler}. */
export interface HlsHandlerOptions
  extends CorsOptions, TrustProxyOptions, Omit<HlsPackagerOptions, 'startSequence' | 'variant'> {
  /** The hub, or a function that picks it for a request; `undefined` from it is 404. */
  readonly hub: HubResolver
  /** Path in front of `/app/name.m3u8`, such as `/media`. @defaultValue '' */
  readonly prefix?: string | undefined
  /**
   * `on-demand` packages a source from the first playlist request on, seeded from the hub's cached GOP, and stops when nobody
   * asks any more; `always` packages every source of the hub from its publish on, which needs `hub` to be one hub.
   * @defaultValue 'on-demand'
   */
  readonly mode?: 'on-demand' | 'always' | undefined
  /**
   * Streams that are variants of one: `/live/show.m3u8` then has all of them, with segments that begin at the same places, for players
   * to switch between. Their packets must come with one clock, as those of a transcoder that keeps its input's do: see `atc` of
   * {@link hub!PublishOptions}. The video tracks of a multitrack publish are variants too. @defaultValue every stream for itself
   */
  readonly variants?: HlsVariants | undefined
  /** Most variants of one stream; those named or numbered later are left out. @defaultValue 16 */
  readonly maxVariants?: number | undefined
  /** Where segments and playlists are kept. @defaultValue a `MemorySegmentStore` */
  readonly store?: SegmentStore | undefined
  /**
   * How long the first playlist request waits until there is enough to begin with, ms: two segments, and one and a half target durations.
   * Then it gets what there is; without any 503, and why there is none. @defaultValue 15000
   */
  readonly firstSegmentWaitMs?: number | undefined
  /** A packager on demand stops when there has been no viewer for so long, ms. @defaultValue 60000 */
  readonly idleMs?: number | undefined
  /**
   * How long a stream must have been over before its playlist says so (EXT-X-ENDLIST), ms. Until then players wait, and go on with a
   * discontinuity if it is published again; after that they stop. 0 tells them with the next second, `Infinity` never: the playlist then
   * stays until nobody asks for it (`on-demand`), or until the handler closes (`always`). @defaultValue 60000
   */
  readonly endListMs?: number | undefined
  /** How long a playlist stays after its EXT-X-ENDLIST, ms. @defaultValue 60000 */
  readonly endedMs?: number | undefined
  /** A viewer that asks for nothing for so long is no longer counted, ms; if it comes back, it is admitted again. @defaultValue 30000 */
  readonly viewerTimeoutMs?: number | undefined
  /**
   * Whether viewers have sessions. `false` makes playlists and segments the same for everybody, for a CDN: no `session` in URLs, nobody is
   * counted, listed or kicked. Each playlist request is admitted by itself, and playlists may be cached for a second; segments are given
   * to whoever asks. @defaultValue true
   */
  readonly sessions?: boolean | undefined
  /** Most viewers at a time, those being admitted included; beyond, 503. @defaultValue 20000 */
  readonly maxViewers?: number | undefined
  /**
   * Most viewers at a time from one IPv4 address or IPv6 /64 network; beyond, 503. Behind proxies set `trustProxy`, or all viewers have
   * their address. @defaultValue 1000
   */
  readonly maxViewersPerAddress?: number | undefined
}

const CHECKS: OptionChecks<HlsHandlerOptions> = {
  ...HTTP_CHECKS,
  hub: A_HUB,
  prefix: A_STRING,
  mode: oneOf('on-demand', 'always'),
  variants: {
    expected: 'a list of suffixes, a function or a rule',
    isKind: (value) => typeof value === 'function' || AN_OBJECT.isKind(value),
  },
  maxVariants: aNumber(),
  store: AN_OBJECT,
  firstSegmentWaitMs: aNumber(),
  idleMs: aNumber(),
  endListMs: aNumber(),
  endedMs: aNumber(),
  viewerTimeoutMs: aNumber(),
  sessions: A_BOOLEAN,
  maxViewers: aNumber(),
  maxViewersPerAddress: aNumber(),
  clock: AN_OBJECT,
  now: A_FUNCTION,
  targetDurationMs: aNumber(1),
  windowMs: aNumber(),
  maxLagMs: aNumber(),
  segmenter: AN_OBJECT,
}

/** Facts that an {@link HlsHandler} announces. */
export interface HlsHandlerEvents extends AnnouncerEvents {
  /** A segment of `source` and the playlist that names it are in the store. */
  segment: (segment: PackagedSegment, source: Source) => void
  /**
   * The store has refused a file of `source`, and did not before, such as a disk that is full or a directory that cannot be written to. Viewers
   * of this handler go on; playlists in the store name only what is there.
   */
  storeError: (error: Error, key: string, source: Source) => void
  /** After a `storeError`, a segment of `source` and its playlist are in the store again. */
  storeRecover: (source: Source) => void
}

/**
 * Serves `/{app}/{name}.m3u8` and `/{app}/{name}/{N}.ts`.
 *
 * A first request goes through `hub.authorize` once and gets a multivariant playlist whose media playlist carries a
 * `session`; what follows with that session is counted as the same viewer. Segments carry it too, so that a URL that was
 * copied from a playlist ends with its viewer. A viewer that was silent for too long, or that a restarted server does not know,
 * is admitted anew by its next playlist request, with the query of its first one. A viewer of a stream with variants is one viewer,
 * whichever it plays.
 */
export class HlsHandler extends Announcer<HlsHandlerEvents> {
  readonly #options: HlsHandlerOptions
  readonly #door: Door
  readonly #http: HttpAdapter
  readonly #prefix: string
  readonly #hasSessions: boolean
  readonly #clock: Clock
  readonly #sessions: HlsSessions
  readonly #packages: HlsPackages
  readonly #variants: HlsVariantRule
  readonly #find: FindSource
  readonly #onHousekeeping: () => void
  #unsubscribe: () => void
  #timer: Timer | undefined
  #closed: boolean

  /**
   * @param options - see {@link HlsHandlerOptions}.
   * @throws TypeError for an option that is unknown, missing or of the wrong type, and for mode `always` without a single hub; RangeError for a
   * number out of its range.
   */
  constructor(options: HlsHandlerOptions) {
    super()
    checkOptions('HlsHandler', options, CHECKS)
    const {
      mode = 'on-demand',
      idleMs = 60_000,
      endListMs = 60_000,
      endedMs = 60_000,
      store = new MemorySegmentStore(),
    } = options
    this.#options = options
    this.#door = new Door(options.hub)
    this.#http = new HttpAdapter(options, {
      match: (facts) => {
        const target = this.#target(facts)
        return target && (({ gone }) => this.#answer(facts, target, gone))
      },
      owns: (target) => isPlaylistPath(target, this.#prefix),
    })
    this.#prefix = pathPrefix(options.prefix)
    this.#hasSessions = options.sessions ?? true
    this.#clock = options.clock ?? systemClock
    this.#sessions = new HlsSessions(options.maxViewers ?? 20_000, options.maxViewersPerAddress ?? 1_000)
    const { targetDurationMs, windowMs, maxLagMs, segmenter, now } = options
    this.#packages = new HlsPackages(store, {
      packager: { targetDurationMs, windowMs, maxLagMs, segmenter, clock: this.#clock, now },
      idleMs: mode === 'always' ? Infinity : idleMs,
      endListMs,
      endedMs,
      maxVariants: options.maxVariants ?? 16,
      clock: this.#clock,
      watch: (packager) => {
        packager.on('segment', (segment) => this.emit('segment', segment, packager.source))
        packager.on('storeError', (error, key) => this.emit('storeError', error, key, packager.source))
        packager.on('storeRecover', () => this.emit('storeRecover', packager.source))
      },
    })
    this.#variants = variantRule(options.variants ?? (() => undefined))
    this.#find = async (hub, streamPath, signal) => {
      const variants = namedVariants(this.#variants, streamPath)
      if (variants === undefined) return await hub.findSource(streamPath, signal)
      const variant = await findVariant(hub, variants, signal)
      // Viewers count for the stream that they asked for, be it a variant or none.
      return variant === undefined ? undefined : (hub.source(streamPath) ?? variant)
    }
    this.#onHousekeeping = () => this.#keepHouse()
    this.#unsubscribe = () => undefined
    this.#timer = undefined
    this.#closed = false
    if (mode === 'always') this.#packageAlways(options.hub)
  }

  /** Viewers now. */
  get viewerCount(): number {
    return this.#sessions.size
  }

  /** Viewers now, for statistics. */
  get viewers(): Iterable<HlsSession> {
    return this.#sessions.values()
  }

  /** The viewer with this session: its requests are for this handler, whichever host they name. */
  viewer(sessionId: string): HlsSession | undefined {
    return this.#sessions.get(sessionId)
  }

  /** Turns a viewer away: what it still asks for with its session is not found. @returns whether there was one with this id. */
  kick(sessionId: string): boolean {
    return this.#sessions.kick(sessionId)
  }

  /**
   * A Node request handler, also for express.
   * @returns whether the request is for this handler and will be answered.
   */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#http.handle(request, response)
  }

  /**
   * A fetch-style handler.
   * @param remoteAddress - the client's address, if the framework tells it.
   * @returns the answer, or `undefined` when the request is not for this handler.
   */
  async fetch(request: Request, remoteAddress = ''): Promise<Response | undefined> {
    return await this.#http.fetch(request, remoteAddress)
  }

  /** Stops packaging and removes what is stored. */
  async close(): Promise<void> {
    this.#closed = true
    this.#unsubscribe()
    this.#timer?.cancel()
    this.#timer = undefined
    this.#sessions.clear()
    await this.#packages.close()
  }

  /** What a request is for, if it is for this handler. */
  #target(facts: HttpRequestFacts): HlsTarget | undefined {
    const target = hlsTarget(facts, this.#prefix, this.#hasSessions)
    if (target?.type !== 'segment' || this.#hasSessions) return target
    return this.#publicVariant(facts, target) === undefined ? undefined : target
  }

  async #answer(facts: HttpRequestFacts, target: HlsTarget, gone: AbortSignal): Promise<HttpReply> {
    const early = replyToMethod(facts.method, this.#options)
    if (early !== undefined) return early
    if (!this.#hasSessions) return await this.#publicAnswer(facts, target, gone)
    const id = facts.query['session']
    if (target.type === 'segment') return await this.#segment(target, id ?? '', facts)
    const session = this.#sessions.touch(id ?? '', target.streamPath, facts.remoteAddress, this.#clock.now())
    if (session !== undefined) return this.#playlist(session, facts.query['variant'])
    const { rest, returning } = this.#firstRequest(facts, id)
    if (returning !== undefined && !this.#sessions.isFree(returning)) return this.#noSession()
    const entered = await this.#enter(rest, target.streamPath, returning, gone)
    if (entered === 'head') return headReply(this.#playlistHeaders())
    if ('status' in entered) return entered
    if (returning !== undefined) return this.#playlist(entered, facts.query['variant'])
    return this.#text(entered, multivariantText(entered))
  }

  /** What a playlist request without a session here says: a new viewer, or one that comes back with a session of its own. */
  #firstRequest(
    facts: HttpRequestFacts,
    id: string | undefined,
  ): { readonly rest: HttpRequestFacts; readonly returning: string | undefined } {
    // An application may have a parameter of this name for itself.
    if (!isSessionId(id)) return { rest: facts, returning: undefined }
    const parameters = new URLSearchParams(facts.param)
    parameters.delete('session')
    const { session: _, ...others } = facts.query
    const { variant: __, ...withoutVariant } = others
    const hasVariants = this.#options.variants !== undefined
    if (hasVariants) parameters.delete('variant')
    const query = hasVariants ? withoutVariant : others
    const param = parameters.size === 0 ? '' : `?${parameters.toString()}`
    return { rest: { ...facts, query, param }, returning: id }
  }

  /** Admission, then the first segment, then a session. */
  async #enter(
    facts: HttpRequestFacts,
    streamPath: StreamPath,
    formerId: string | undefined,
    gone: AbortSignal,
  ): Promise<HlsPlaylistReader | 'head' | HttpReply> {
    const { remoteAddress } = facts
    if (!this.#sessions.reserve(remoteAddress)) {
      return textReply(503, 'too many viewers', this.#options, { 'Retry-After': '10' })
    }
    try {
      const request = httpPlayRequest(facts, 'hls', streamPath, newSessionId())
      const playback = await this.#door.play(request, gone, { find: this.#find })
      if (playback.type === 'refusal') return refusalReply(playback, this.#options)
      let isViewer = false
      try {
        if (this.#closed) return closingReply(this.#options)
        const { hub, source, request: named } = playback
        const packaged = this.#package(hub, source, named.streamPath)
        const isReady = await this.#whenReady(packaged, gone)
        // Whoever has gone while it waited will not come with its session.
        if (gone.aborted || this.#closed) return closingReply(this.#options)
        if (!isReady) return this.#notReady(packaged, playback)
        if (facts.method === 'HEAD') return 'head'
        if (!this.#hasSessions) return { id: undefined, streamPath, request: named, packaged }
        isViewer = true
        return this.#sessions.open(packaged, streamPath, playback, this.#clock.now(), formerId)
      } finally {
        if (!isViewer) playback.end()
      }
    } finally {
      this.#sessions.release(remoteAddress)
    }
  }

  /** The answer where there is no segment: 404 if the stream is over, else why. */
  #notReady(packaged: PackagedStream, playback: Playback): HttpReply {
    if (packaged.ended) return notFoundReply(this.#options)
    const obstacle = hlsObstacle(packaged)
    playback.fail(obstacle)
    return textReply(503, obstacle, this.#options, { 'Retry-After': '5' })
  }

  /** The media playlist of one variant; where there are several and none is named, the playlist of all. */
  #playlist(reader: HlsPlaylistReader, name = ''): HttpReply {
    const variant = reader.packaged.variant(name)
    if (variant !== undefined) return this.#text(reader, mediaPlaylistText(reader, variant))
    return name === '' ? this.#text(reader, multivariantText(reader)) : notFoundReply(this.#options)
  }

  #text(reader: HlsPlaylistReader, text: string | undefined): HttpReply {
    if (text === undefined) return notFoundReply(this.#options)
    const body = Buffer.from(text)
    const session = reader.id === undefined ? undefined : this.#sessions.get(reader.id)
    if (session === undefined) reader.packaged.source.countSent(body.length)
    else this.#sessions.countSent(session, body.length)
    return { status: 200, headers: this.#playlistHeaders(), body: body }
  }

  /** A segment lies below the path of its stream, or below that and the name of its variant. */
  async #segment(
    { streamPath, sequence }: HlsSegmentTarget,
    id: string,
    { remoteAddress }: HttpRequestFacts,
  ): Promise<HttpReply> {
    const now = this.#clock.now()
    const { app, streamName } = splitStreamPath(streamPath)
    const ofStream = this.#sessions.touch(id, streamPath, remoteAddress, now)
    const session = ofStream ?? this.#sessions.touch(id, `/${app}`, remoteAddress, now)
    if (session === undefined) return this.#noSession()
    const name = ofStream === undefined ? streamName : ''
    const bytes = await session.packaged.variant(name)?.packager.segment(sequence)
    if (bytes === undefined) return notFoundReply(this.#options)
    this.#sessions.countSent(session, bytes.length)
    return { status: 200, headers: this.#segmentHeaders(), body: bytes }
  }

  /** Without sessions: each playlist request is a viewer that has left when it is answered. */
  async #publicAnswer(facts: HttpRequestFacts, target: HlsTarget, gone: AbortSignal): Promise<HttpReply> {
    if (target.type === 'segment') {
      const found = this.#publicVariant(facts, target)
      const bytes = await found?.variant.packager.segment(target.sequence)
      if (found === undefined || bytes === undefined) return notFoundReply(this.#options)
      found.packaged.lastUseMs = this.#clock.now()
      found.packaged.source.countSent(bytes.length)
      return { status: 200, headers: this.#segmentHeaders(), body: bytes }
    }
    const entered = await this.#enter(facts, target.streamPath, undefined, gone)
    if (entered === 'head') return headReply(this.#playlistHeaders())
    return 'status' in entered ? entered : this.#playlist(entered, facts.query['variant'])
  }

  /** The variant that a segment without a session is of. */
  #publicVariant(
    facts: HttpRequestFacts,
    { streamPath }: HlsSegmentTarget,
  ): { readonly packaged: PackagedStream; readonly variant: PackagedVariant } | undefined {
    const hub = this.#door.hubOf(httpPlayRequest(facts, 'hls', streamPath))
    if (hub === undefined) return undefined
    const { app, streamName } = splitStreamPath(streamPath)
    const own = this.#packages.find(hub, streamPath)
    const packaged = own ?? this.#packages.find(hub, `/${app}`)
    const name = own === undefined ? streamName : ''
    const variant = packaged?.variant(name)
    if (packaged === undefined || variant?.name !== name) return undefined
    return { packaged, variant }
  }

  #segmentHeaders(): Record<string, string> {
    return {
      ...corsHeaders(this.#options),
      'Content-Type': SEGMENT_TYPE,
      // A number is never used for two different segments.
      'Cache-Control': 'public, max-age=3600, immutable',
    }
  }

  #playlistHeaders(): Record<string, string> {
    return {
      ...corsHeaders(this.#options),
      'Content-Type': PLAYLIST_TYPE,
      'Cache-Control': this.#hasSessions ? 'no-cache, no-store' : 'public, max-age=1',
    }
  }

  #noSession(): HttpReply {
    return textReply(404, 'no such session', this.#options)
  }

  async #whenReady(packaged: PackagedStream, gone: AbortSignal): Promise<boolean> {
    const limit = new AbortController()
    const giveUp = (): void => limit.abort()
    const timer = setDeadline(this.#clock, giveUp, this.#options.firstSegmentWaitMs ?? 15_000)
    gone.addEventListener('abort', giveUp, { once: true })
    packaged.users++
    try {
      return await packaged.whenReady(limit.signal)
    } finally {
      packaged.users--
      gone.removeEventListener('abort', giveUp)
      timer.cancel()
    }
  }

  #package(hub: Hub, source: Source, streamPath: string): PackagedStream {
    this.#timer ??= setDeadline(this.#clock, this.#onHousekeeping, HOUSEKEEPING_INTERVAL_MS)
    return namedVariants(this.#variants, streamPath) === undefined
      ? this.#packages.open(hub, source)
      : this.#packages.openVariants(
          hub,
          streamPath,
          source,
          () => namedVariants(this.#variants, streamPath) ?? [],
        )
  }

  #packageAlways(hub: HubResolver): void {
    if (typeof hub === 'function') throw new TypeError("mode 'always' needs one hub, not a function")
    this.#unsubscribe = followHub(hub, {
      withinGrace: true,
      publish: (source) => {
        if (source.closed || this.#packages.has(source)) return
        this.#package(hub, source, this.#variants.streamOf(source) ?? source.streamPath)
      },
    })
  }

  #keepHouse(): void {
    const now = this.#clock.now()
    this.#sessions.expire(now - (this.#options.viewerTimeoutMs ?? 30_000))
    for (const packaged of this.#packages.tidy()) this.#sessions.clear(packaged)
    this.#timer =
      this.#packages.size > 0
        ? setDeadline(this.#clock, this.#onHousekeeping, HOUSEKEEPING_INTERVAL_MS)
        : undefined
  }
}
