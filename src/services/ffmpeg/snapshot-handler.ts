/**
 * Pictures of streams over HTTP.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import createDebug from 'debug'
import { LimitError } from '../../errors/index.ts'
import {
  type AccessRequest,
  type Clock,
  Door,
  type HubResolver,
  type Source,
  systemClock,
} from '../../hub/index.ts'
import {
  corsHeaders,
  type CorsOptions,
  HttpAdapter,
  type HttpAnswer,
  httpPlayRequest,
  type HttpReply,
  type HttpRequestFacts,
  notFoundReply,
  pathBehind,
  pathPrefix,
  refusalReply,
  replyToMethod,
  splitExtension,
  textReply,
  type TrustProxyOptions,
} from '../../node/http/index.ts'
import { SnapshotViewers, viewerKey } from './snapshot-viewers.ts'
import type { Snapshots } from './snapshots.ts'
import type { Snapshot } from './snapshots-options.ts'

const debug = createDebug('millrace:http')

/** Options of {@link SnapshotHandler}. */
export interface SnapshotHandlerOptions extends CorsOptions, TrustProxyOptions {
  /** The hub, or a function that picks it for a request; `undefined` from it is 404. */
  readonly hub: HubResolver
  /** Source of the pictures of that hub's streams. */
  readonly snapshots: Snapshots
  /** Path in front of `/app/name.jpg`, such as `/media`. @defaultValue '' */
  readonly prefix?: string
  /** Most requests at a time, those being admitted included; beyond, 503. @defaultValue 1000 */
  readonly maxRequests?: number
  /** Time without requests after which a viewer has left, ms. @defaultValue 30000 */
  readonly viewerTimeoutMs?: number
  /** Most viewers that are remembered; beyond, the one that asked longest ago has left. @defaultValue 1000 */
  readonly maxViewers?: number
  /** Source of time. @defaultValue the system's */
  readonly clock?: Clock
}

/**
 * Serves `/{app}/{name}.jpg`: the last picture if pictures are taken at an interval, else one of the newest
 * keyframe. A viewer is a player for admission, by the protocol `snapshot`: one, however often it asks with
 * the same URL, headers and address. A parameter `at` makes no difference, so that pages can ask for the same
 * picture again. After ten minutes admission is asked again.
 */
export class SnapshotHandler {
  readonly #options: SnapshotHandlerOptions
  readonly #door: Door
  readonly #http: HttpAdapter
  readonly #prefix: string
  readonly #viewers: SnapshotViewers
  #requests: number

  /** @param options - see {@link SnapshotHandlerOptions}. */
  constructor(options: SnapshotHandlerOptions) {
    this.#options = options
    this.#door = new Door(options.hub)
    this.#http = new HttpAdapter(options, { match: (facts) => this.#route(facts) })
    this.#prefix = pathPrefix(options.prefix)
    const { clock = systemClock, viewerTimeoutMs = 30_000, maxViewers = 1_000 } = options
    this.#viewers = new SnapshotViewers(clock, viewerTimeoutMs, maxViewers)
    this.#requests = 0
  }

  /** Ends all viewers for admission. The handler remains usable: new requests admit them again. */
  close(): void {
    this.#viewers.clear()
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
   * @param remoteAddress - the client's address, if the framework tells it; admission rules by address need it.
   * @returns the answer, or `undefined` when the request is not for this handler.
   */
  async fetch(request: Request, remoteAddress = ''): Promise<Response | undefined> {
    return await this.#http.fetch(request, remoteAddress)
  }

  #route(facts: HttpRequestFacts): HttpAnswer | undefined {
    const split = splitExtension(pathBehind(this.#prefix, facts.path) ?? '')
    if (split?.extension !== 'jpg' || !split.streamPath.includes('/', 1)) return undefined
    return async ({ gone }) => {
      const early = replyToMethod(facts.method, this.#options)
      if (early !== undefined) return early
      if (this.#requests >= (this.#options.maxRequests ?? 1_000))
        return textReply(503, 'too many requests', this.#options, { 'Retry-After': '10' })
      this.#requests++
      try {
        const play = httpPlayRequest(facts, 'snapshot', split.streamPath)
        return await this.#answer(play, viewerKey(facts), gone)
      } catch (error) {
        debug('%s: %s', split.streamPath, error)
        const isBusy = error instanceof LimitError
        return textReply(isBusy ? 503 : 500, isBusy ? 'too many pictures' : 'no picture of it', this.#options)
      } finally {
        this.#requests--
      }
    }
  }

  async #answer(request: AccessRequest, key: string, gone: AbortSignal): Promise<HttpReply> {
    const { snapshots } = this.#options
    const source = this.#viewers.touch(key) ?? (await this.#admit(request, key, gone))
    if ('status' in source) return source
    const latest = snapshots.isPeriodic(source) ? snapshots.latest(source) : undefined
    const picture = latest ?? (await snapshots.take(source))
    return picture === undefined ? notFoundReply(this.#options) : this.#picture(picture)
  }

  async #admit(request: AccessRequest, key: string, gone: AbortSignal): Promise<Source | HttpReply> {
    const playback = await this.#door.play(request, gone)
    if (playback.type === 'refusal') return refusalReply(playback, this.#options)
    this.#viewers.add(key, playback)
    return playback.source
  }

  #picture({ jpeg, takenAtMs }: Snapshot): HttpReply {
    return {
      status: 200,
      headers: {
        ...corsHeaders(this.#options),
        'Content-Type': 'image/jpeg',
        'Last-Modified': new Date(takenAtMs).toUTCString(),
        'Cache-Control': 'no-store',
      },
      body: jpeg,
    }
  }
}
