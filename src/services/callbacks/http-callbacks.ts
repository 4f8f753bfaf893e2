/**
 * Asks and tells a backend over HTTP, in the words of SRS.
 *
 * @module
 */
import createDebug from 'debug'
import { LimitError, MediaError, ProtocolError } from '../../errors/index.ts'
import {
  accept,
  type AccessDecision,
  type AccessRequest,
  Announcer,
  type Authorize,
  type Publisher,
  reject,
  type Source,
} from '../../hub/index.ts'
import type { RtmpConnectDecider, RtmpConnectDecision, RtmpConnection } from '../../node/index.ts'
import type { HlsHandler, PackagedSegment } from '../../packaging/index.ts'
import type { ConnectRequest } from '../../rtmp/index.ts'
import { sleep } from '../../hub/internal.ts'
import { randomName } from '../identity/internal.ts'
import { ConcurrencyLimit } from '../concurrency-limit.ts'
import { parseOptions } from '../parse-options.ts'
import { withAnswerLimit } from './answer-limit.ts'
import { type CallbackResponse, readTargets, readVerdict } from './callback-answer.ts'
import {
  CallbackBodies,
  type CallbackPeer,
  type FinishedRecording,
  peerOfConnection,
  peerOfPublisher,
  peerOfRequest,
} from './callback-body.ts'
import { CallbackClient } from './callback-client.ts'
import type {
  CallbackFailure,
  DecidingAction,
  HttpCallbacksEvents,
  HttpCallbacksOptions,
  HttpCallbacksStats,
  TellingAction,
} from './callback-options.ts'
import type { CallbackCall } from './callback-request.ts'
import { httpCallbacksOptions, type ResolvedCallbacksOptions } from './callbacks.schema.ts'
import { NotificationSender } from './notification-sender.ts'
import { NotificationLanes } from './notification-lanes.ts'

const debug = createDebug('millrace:callbacks')

/** How long a decision waits for undelivered notifications of the same stream or client, ms: for a backend that is deaf nobody waits for long. */
const ORDER_WAIT_MS = 1_000

const CLOSING = 'the server is closing'

/**
 * HTTP callbacks as SRS has them. The backend decides about `on_connect`, `on_publish` and `on_play`, and is told of everything else, in
 * order for each stream and client whatever URLs it has, again when it was not there. A player of HLS is one `on_play` and one `on_stop`, whatever it fetches; so is
 * whoever looks at pictures of a stream.
 *
 * Everybody whom `on_publish` or `on_play` let in gets its `on_unpublish` or `on_stop`, also when the stream was not there or its name in
 * use; every connection that `on_connect` let in gets its `on_close`.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { RtmpServer } from 'millrace/node'
 * import { HlsHandler } from 'millrace/packaging'
 * import { HttpCallbacks } from 'millrace/services/callbacks'
 *
 * const callbacks = new HttpCallbacks({
 *   urls: {
 *     on_publish: 'http://127.0.0.1:8085/api/v1/streams',
 *     on_unpublish: 'http://127.0.0.1:8085/api/v1/streams',
 *     on_close: 'http://127.0.0.1:8085/api/v1/clients',
 *     on_hls: 'http://127.0.0.1:8085/api/v1/hls',
 *   },
 * })
 * const hub = new Hub({ authorize: callbacks.authorize })
 * const rtmp = new RtmpServer({ hub, onConnect: callbacks.onConnect })
 * const hls = new HlsHandler({ hub })
 * callbacks.watchHls(hls)
 * ```
 */
export class HttpCallbacks extends Announcer<HttpCallbacksEvents> {
  /** For a hub's `authorize`, or `all(…)` behind the rules that cost less. Belongs to this object: pass it as it is. */
  readonly authorize: Authorize
  /** For `RtmpServer`'s `onConnect`: on_connect and on_close. Belongs to this object: pass it as it is. */
  readonly onConnect: RtmpConnectDecider
  /**
   * For a `Forwarder`'s `targets`: on_forward. Rejects when the backend fails or refuses. Belongs to this object: pass it as it is.
   * @throws {@link ProtocolError} `ERR_CALLBACK_REFUSED` or `ERR_CALLBACK_STATUS`, {@link DecodeError} `ERR_CALLBACK_ANSWER`,
   * {@link LimitError} `ERR_CALLBACK_TIMEOUT`, `ERR_CALLBACK_QUEUE` or `ERR_CALLBACK_RESPONSE_BYTES`, or the system's error.
   */
  readonly forwardTargets: (publisher: Publisher, signal: AbortSignal) => Promise<readonly string[]>
  readonly #options: ResolvedCallbacksOptions
  readonly #bodies: CallbackBodies
  readonly #client: CallbackClient
  readonly #decisions: ConcurrencyLimit
  readonly #notifications: NotificationSender
  readonly #lanes: NotificationLanes
  /** By client: whom on_connect let in, `undefined` for one that it is not asked about yet. */
  readonly #connections: Map<string, CallbackPeer | undefined>
  /** Decisions about publish and play that are asked for, by client. */
  readonly #undecided: Map<string, Promise<unknown>>
  /** Aborts all decisions. */
  readonly #closing: AbortController

  /**
   * @param options - see {@link HttpCallbacksOptions}.
   * @throws TypeError for options that are wrong.
   */
  constructor(options: HttpCallbacksOptions) {
    super()
    const resolved = parseOptions(httpCallbacksOptions, options, 'HttpCallbacks')
    this.authorize = (request, signal) => this.#authorize(request, signal)
    this.onConnect = (request, connection, signal) => this.#connect(request, connection, signal)
    this.forwardTargets = (publisher, signal) => this.#findTargets(publisher, signal)
    this.#options = resolved
    this.#bodies = new CallbackBodies(resolved.identity, resolved.vhost)
    this.#client = new CallbackClient(resolved)
    this.#decisions = new ConcurrencyLimit(resolved.maxConcurrentDecisions, resolved.maxWaitingDecisions)
    this.#notifications = new NotificationSender(resolved, this.#client, {
      failed: (failure) => this.#report(failure),
      dropped: (action, url) => {
        debug('%s dropped: too many notifications wait', action)
        this.emit('dropped', action, url)
      },
    })
    this.#lanes = new NotificationLanes(resolved.urls)
    this.#connections = new Map()
    this.#undecided = new Map()
    this.#closing = new AbortController()
  }

  /** Tells of the segments of `handler` by on_hls and on_hls_notify. @returns ends it. */
  watchHls(handler: HlsHandler): () => void {
    const onSegment = (segment: PackagedSegment, source: Source): void => this.#tellSegment(segment, source)
    handler.on('segment', onSegment)
    return () => void handler.off('segment', onSegment)
  }

  /** Tells of a recording by on_dvr. */
  tellRecording(recording: FinishedRecording): void {
    const { request, streamPath } = recording
    const peer = peerOfPublisher(request, streamPath)
    this.#tell('on_dvr', this.#bodies.dvr(peer, recording), [`dvr ${streamPath}`])
  }

  /** Counters, made when asked. */
  stats(): HttpCallbacksStats {
    return {
      deciding: this.#decisions.running,
      waiting: this.#decisions.waiting,
      queued: this.#notifications.queued,
      delivered: this.#notifications.delivered,
      lost: this.#notifications.lost,
    }
  }

  /**
   * Refuses all who wait for a decision, gives notifications that wait one last attempt, and drops what is left after `drainTimeoutMs`. Close
   * servers and hubs before: the ends of their streams cause notifications.
   */
  async close(): Promise<void> {
    const reason = new Error(CLOSING)
    this.#closing.abort(reason)
    const decided = Promise.all(this.#undecided.values())
    await this.#notifications.close(this.#options.drainTimeoutMs, reason, decided)
  }

  async #authorize(request: AccessRequest, signal: AbortSignal): Promise<AccessDecision> {
    const peer = peerOfRequest(request, request.clientId ?? randomName(8))
    const isLate = this.#options.onConnectAt === 'stream' && request.protocol === 'rtmp'
    const decision = this.#decideStream(request.action, peer, isLate, signal)
    const undecided = Promise.allSettled([this.#undecided.get(peer.clientId), decision])
    this.#undecided.set(peer.clientId, undecided)
    try {
      return await decision
    } finally {
      if (this.#undecided.get(peer.clientId) === undecided) this.#undecided.delete(peer.clientId)
    }
  }

  async #decideStream(
    action: AccessRequest['action'],
    peer: CallbackPeer,
    asksConnect: boolean,
    signal: AbortSignal,
  ): Promise<AccessDecision> {
    const isPublish = action === 'publish'
    const subjects = [`client ${peer.clientId}`, ...(isPublish ? [`stream ${peer.streamPath}`] : [])]
    const [asking, ending] = isPublish
      ? (['on_publish', 'on_unpublish'] as const)
      : (['on_play', 'on_stop'] as const)
    const before = this.#lanes.ofAll(ending, subjects)
    const refusal = await this.#limited(async (limit) => {
      if (asksConnect) {
        const refusal = await this.#decide('on_connect', this.#bodies.connect(peer), before, limit, signal)
        if (refusal !== undefined) return refusal
        // Only what the server tells the end of.
        if (this.#connections.has(peer.clientId)) this.#connections.set(peer.clientId, peer)
      }
      return await this.#decide(asking, this.#bodies.stream(asking, peer), before, limit, signal)
    })
    if (refusal !== undefined) return reject(refusal)
    let isIn = true
    const onEnd = (): void => {
      if (isIn) this.#tell(ending, this.#bodies.stream(ending, peer), subjects)
      isIn = false
    }
    // Told here, before anybody ignores the late answer: on_close follows it.
    if (signal.aborted) onEnd()
    return accept({ onEnd })
  }

  async #connect(
    request: ConnectRequest,
    connection: RtmpConnection,
    signal: AbortSignal,
  ): Promise<RtmpConnectDecision> {
    const peer = peerOfConnection(request, connection)
    const { clientId } = peer
    const subjects = [`client ${clientId}`]
    if (this.#options.onConnectAt === 'stream') this.#connections.set(clientId, undefined)
    else {
      const before = this.#lanes.ofAll('on_close', subjects)
      const body = this.#bodies.connect(peer)
      const refusal = await this.#limited((limit) => this.#decide('on_connect', body, before, limit, signal))
      if (refusal !== undefined) return { type: 'reject', reason: refusal }
      this.#connections.set(clientId, peer)
    }
    const onEnd = (): void => {
      const { sentBytes, receivedBytes } = connection.stats()
      const tell = (): void => {
        const admitted = this.#connections.get(clientId)
        this.#connections.delete(clientId)
        if (admitted !== undefined)
          this.#tell('on_close', this.#bodies.close(admitted, sentBytes, receivedBytes), subjects)
      }
      // A peer that goes while the backend decides may still be let in, and have its end after that.
      const undecided = this.#undecided.get(clientId)
      if (undecided === undefined) tell()
      else void undecided.then(tell)
    }
    return { type: 'accept', onEnd }
  }

  #tellSegment(segment: PackagedSegment, source: Source): void {
    const { streamPath } = source
    // A segment may be stored when its publisher has gone.
    const peer = peerOfPublisher(source.lastPublisher?.request, streamPath)
    this.#tell('on_hls', this.#bodies.hls(peer, segment, this.#options), [`hls ${streamPath}`])
    for (const template of this.#options.urls.on_hls_notify) {
      const url = this.#bodies.notifyUrl(template, peer, segment, this.#options)
      const lanes = this.#lanes.of('on_hls_notify', template, [`notify ${streamPath}`])
      this.#notifications.tell('on_hls_notify', this.#client.get(url), lanes)
    }
  }

  /**
   * Asks every URL in turn. The peer's `signal` ends the wait for the turn alone: a backend that was asked has to answer, so that it is told
   * of the end of what it let in.
   * @param before - lanes of notifications that should arrive before: a backend hears of the end of a stream before its new start.
   * @returns why not, or `undefined`.
   */
  async #decide(
    action: DecidingAction,
    body: object,
    before: readonly string[],
    limit: AbortSignal,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const urls = this.#options.urls[action]
    if (urls.length === 0) return undefined
    if (this.#closing.signal.aborted) return CLOSING
    try {
      await this.#settled(before, limit)
      for (const url of urls) {
        const call = this.#client.post(url, body)
        const waiting = AbortSignal.any([limit, signal])
        const verdict = readVerdict(await this.#ask(call, limit, waiting))
        if (!verdict.allowed) return verdict.reason
      }
      return undefined
    } catch (error) {
      if (this.#closing.signal.aborted) return CLOSING
      if (signal.aborted && !limit.aborted) return 'the peer has left'
      this.#report({ action, url: urls.join(' '), error: error as Error, attempt: 1, final: true })
      return this.#options.whenUnavailable === 'allow' ? undefined : unavailable(error)
    }
  }

  /** Asks every URL, all within the time of one decision. */
  async #findTargets({ request, streamPath }: Publisher, signal: AbortSignal): Promise<readonly string[]> {
    const urls = this.#options.urls.on_forward
    if (urls.length === 0) return []
    if (this.#closing.signal.aborted) throw new ProtocolError('ERR_CALLBACK_REFUSED', CLOSING)
    const body = this.#bodies.forward(peerOfPublisher(request, streamPath))
    try {
      return await this.#limited(async (limit) => {
        const waiting = AbortSignal.any([limit, signal])
        const targets: string[] = []
        for (const url of urls) {
          const call = this.#client.post(url, body)
          targets.push(...readTargets(await this.#ask(call, waiting, waiting)))
        }
        return targets
      })
    } catch (error) {
      const failure = { action: 'on_forward', url: urls.join(' '), error: error as Error } as const
      if (!signal.aborted) this.#report({ ...failure, attempt: 1, final: true })
      throw error
    }
  }

  /** Runs `ask` within the time of one decision. */
  #limited<Result>(ask: (limit: AbortSignal) => Promise<Result>): Promise<Result> {
    const { clock, decisionTimeoutMs } = this.#options
    return withAnswerLimit(clock, decisionTimeoutMs, this.#closing.signal, ask)
  }

  /** Sends `call` when it is its turn. @param waiting - ends the wait for the turn. */
  #ask(call: CallbackCall, limit: AbortSignal, waiting: AbortSignal): Promise<CallbackResponse> {
    waiting.throwIfAborted()
    if (this.#decisions.isFull) {
      throw new LimitError('ERR_CALLBACK_QUEUE', `${this.#decisions.waiting} calls wait for their turn`)
    }
    return this.#decisions.run(() => this.#client.send(call, limit), waiting)
  }

  #tell(action: TellingAction, body: object, subjects: readonly string[]): void {
    for (const url of this.#options.urls[action]) {
      this.#notifications.tell(action, this.#client.post(url, body), this.#lanes.of(action, url, subjects))
    }
  }

  /** Waits until what waits in `lanes` now is delivered or given up, but not for long. */
  async #settled(lanes: readonly string[], limit: AbortSignal): Promise<void> {
    if (!this.#notifications.has(lanes)) return
    const settled = new AbortController()
    const enough = AbortSignal.any([limit, settled.signal])
    await Promise.race([
      this.#notifications.settled(lanes),
      sleep(this.#options.clock, ORDER_WAIT_MS, enough),
    ])
    settled.abort()
  }

  #report(failure: CallbackFailure): void {
    const { action, error, attempt, final } = failure
    debug('%s, attempt %d%s: %s', action, attempt, final ? ', the last' : '', error.message)
    this.emit('failure', failure)
  }
}

/** What a peer is told when the backend does not decide. */
function unavailable(error: unknown): string {
  if (!(error instanceof MediaError)) return 'the application cannot be reached'
  if (error.code === 'ERR_CALLBACK_TIMEOUT') return 'the application did not answer in time'
  if (error.code === 'ERR_CALLBACK_QUEUE') return 'the application has too much to decide'
  return 'the application gave no valid answer'
}
