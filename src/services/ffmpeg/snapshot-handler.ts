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
  type StreamPath,
  systemClock,
} from '../../hub/index.ts'
import {
  corsHeaders,
  type CorsOptions,
  httpPlayRequest,
  type HttpReply,
  type HttpRequestFacts,
  inTurn,
  nodeRequestFacts,
  notFoundReply,
  pathBehind,
  pathPrefix,
  preflightReply,
  refusalReply,
  sendReply,
  splitExtension,
  textReply,
  type TrustProxyOptions,
  whenOver,
} from '../../node/http/index.ts'
import { SnapshotViewers, viewerKey } from './snapshot-viewers.ts'
import type { Snapshots } from './snapshots.ts'
import type { Snapshot } from './snapshots-options.ts'

const debug = createDebug('millrace:http')

/** Options of {@link SnapshotHandler}. */
export interface SnapshotHandlerOptions extends CorsOptions, TrustProxyOptions {
  /** The hub, or a function that picks it for a request; `undefined` from it is 404. */
  readonly hub: HubResolver
  /** Where pictures of that hub's streams come from. */
  readonly snapshots: Snapshots
  /** Path in front of `/app/name.jpg`, such as `/media`. @defaultValue '' */
  readonly prefix?: string
  /** Most requests at a time, those being admitted included; beyond, 503. @defaultValue 1000 */
  readonly maxRequests?: number
  /** Whoever has not asked for so long has left, ms. @defaultValue 30000 */
  readonly viewerTimeoutMs?: number
  /** Most viewers that are remembered; beyond, the one that asked longest ago has left. @defaultValue 1000 */
  readonly maxViewers?: number
  /** Where the time comes from. @defaultValue the system's */
  readonly clock?: Clock
}

/**
 * Serves `/{app}/{name}.jpg`: the last picture where pictures are taken at an interval, else one of the newest keyframe. Whoever asks is a
 * player for admission, by the protocol `snapshot`: one, however often it asks with the same URL, headers and address. A parameter `at`
 * makes no difference, so that pages can ask for the same picture again. After ten minutes admission is asked anew.
 */
export class SnapshotHandler {
  readonly #options: SnapshotHandlerOptions
  readonly #door: Door
  readonly #prefix: string
  readonly #viewers: SnapshotViewers
  #requests: number

  /** @param options - see {@link SnapshotHandlerOptions}. */
  constructor(options: SnapshotHandlerOptions) {
    this.#options = options
    this.#door = new Door(options.hub)
    this.#prefix = pathPrefix(options.prefix)
    const { clock = systemClock, viewerTimeoutMs = 30_000, maxViewers = 1_000 } = options
    this.#viewers = new SnapshotViewers(clock, viewerTimeoutMs, maxViewers)
    this.#requests = 0
  }

  /** All viewers have left, for admission. The handler may go on: requests let them in again. */
  close(): void {
    this.#viewers.clear()
  }

  /**
   * A Node request handler, also for express.
   * @returns whether the request is for this handler and will be answered.
   */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const facts = nodeRequestFacts(request, this.#options)
    if (facts === undefined) return false
    const split = splitExtension(pathBehind(this.#prefix, facts.path) ?? '')
    if (split?.extension !== 'jpg' || !split.streamPath.includes('/', 1)) return false
    inTurn(request, response, () => this.#serve(facts, split.streamPath, request, response))
    return true
  }

  #serve(
    facts: HttpRequestFacts,
    streamPath: StreamPath,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const { method } = facts
    const early = this.#answerWithoutStream(method)
    if (early !== undefined) {
      sendReply(response, early, method)
      return
    }
    this.#requests++
    const gone = whenOver(request, response)
    const play = httpPlayRequest(facts, 'snapshot', streamPath)
    void this.#answer(play, viewerKey(facts), gone)
      .catch((error: unknown) => {
        debug('%s: %s', streamPath, error)
        const isBusy = error instanceof LimitError
        return textReply(isBusy ? 503 : 500, isBusy ? 'too many pictures' : 'no picture of it', this.#options)
      })
      .then((answer) => {
        this.#requests--
        if (gone.aborted) return
        if ('jpeg' in answer) this.#send(response, answer, method)
        else sendReply(response, answer, method)
      })
  }

  #answerWithoutStream(method: string): HttpReply | undefined {
    if (method === 'OPTIONS') return preflightReply(this.#options)
    if (method !== 'GET' && method !== 'HEAD') {
      return textReply(405, 'GET, HEAD or OPTIONS', this.#options, { Allow: 'GET, HEAD, OPTIONS' })
    }
    if (this.#requests < (this.#options.maxRequests ?? 1_000)) return undefined
    return textReply(503, 'too many requests', this.#options, { 'Retry-After': '10' })
  }

  async #answer(request: AccessRequest, key: string, gone: AbortSignal): Promise<Snapshot | HttpReply> {
    const { snapshots } = this.#options
    const source = this.#viewers.touch(key) ?? (await this.#admit(request, key, gone))
    if ('status' in source) return source
    const latest = snapshots.isPeriodic(source) ? snapshots.latest(source) : undefined
    return latest ?? (await snapshots.take(source)) ?? notFoundReply(this.#options)
  }

  async #admit(request: AccessRequest, key: string, gone: AbortSignal): Promise<Source | HttpReply> {
    const playback = await this.#door.play(request, gone)
    if (playback.type === 'refusal') return refusalReply(playback, this.#options)
    this.#viewers.add(key, playback)
    return playback.source
  }

  #send(response: ServerResponse, { jpeg, takenAtMs }: Snapshot, method: string): void {
    response.writeHead(200, {
      ...corsHeaders(this.#options),
      'Content-Type': 'image/jpeg',
      'Content-Length': String(jpeg.length),
      'Last-Modified': new Date(takenAtMs).toUTCString(),
      'Cache-Control': 'no-store',
    })
    response.end(method === 'HEAD' ? undefined : jpeg)
  }
}
