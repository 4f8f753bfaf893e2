/**
 * One RTMP connection of a server: a session, its stream, and its place in a hub.
 *
 * @module
 */
import type { Duplex } from 'node:stream'
import createDebug from 'debug'
import { MediaError, ProtocolError } from '../errors/index.ts'
import type { AccessDecision, AccessRequest, Player, Publisher, PublisherEnd, Source } from '../hub/index.ts'
import type { TrackFilter } from '../media/index.ts'
import {
  type ConnectReply,
  type ConnectRequest,
  resolveStreamTarget,
  RTMP_VIEW,
  type RtmpCloseCode,
  type RtmpServerEvent,
  RtmpServerSession,
  type RtmpServerSessionOptions,
} from '../rtmp/index.ts'
import { DuplexSink } from './duplex-sink.ts'
import { type HubResolver, resolveHub } from './hub-resolver.ts'
import type { Expiring } from './sweep.ts'

const debug = createDebug('millrace:rtmp')

/** What is known of the transport. */
export interface RtmpConnectionInfo {
  /** Address of the peer. */
  readonly remoteAddress: string
  /** Port of the peer. @defaultValue 0 */
  readonly remotePort?: number
  /** Whether the transport is encrypted. @defaultValue false */
  readonly secure?: boolean
}

/** What a connection does now. */
export type RtmpConnectionRole = 'none' | 'publisher' | 'player'

/** Why a connection ended. */
export interface RtmpConnectionEnd {
  /** Stable reason. */
  readonly code: RtmpCloseCode
  /** The same in words. */
  readonly reason: string
}

/** What a connection needs of its server. */
export interface RtmpConnectionHost {
  /** The hub, or how to find it. */
  readonly hub: HubResolver
  /** Decides about `connect`; everybody may when it is missing. */
  readonly onConnect: RtmpConnectDecider | undefined
  /** Options of the session. */
  readonly session: Omit<RtmpServerSessionOptions, 'nowMs'>
  /** Player options for every player. */
  readonly player: {
    readonly start?: 'gop' | 'keyframe'
    readonly maxLagMs?: number
    readonly sinkBudgetBytes?: number
  }
  /** An event that the server does not act on, for its owner. */
  observe(connection: RtmpConnection, event: RtmpServerEvent): void
  /** The connection is over. */
  closed(connection: RtmpConnection, end: RtmpConnectionEnd): void
}

/** The answer to `connect`: extra properties for `_result`, or a refusal. */
export type RtmpConnectDecision =
  | ({ readonly type: 'accept' } & ConnectReply)
  | { readonly type: 'reject'; readonly reason: string }
  | { readonly type: 'redirect'; readonly tcUrl: string }

/** Decides about `connect`, before any stream is named. A late answer is ignored. */
export type RtmpConnectDecider = (
  request: ConnectRequest,
  connection: RtmpConnection,
  signal: AbortSignal,
) => RtmpConnectDecision | Promise<RtmpConnectDecision>

/** Counters of an {@link RtmpConnection}. */
export interface RtmpConnectionStats {
  /** What it does. */
  readonly role: RtmpConnectionRole
  /** `/app/name` of its stream, `''` if none. */
  readonly streamPath: string
  /** Bytes received. */
  readonly receivedBytes: number
  /** Bytes sent. */
  readonly sentBytes: number
  /** Bytes in Node's queue. */
  readonly queuedBytes: number
}

/** How long a connection may take to flush its last words, ms. */
const LINGER_MS = 2_000

/** One peer. Made by {@link RtmpServer}. */
export class RtmpConnection implements Expiring {
  /** Address, port and encryption, as the transport or a PROXY header told. */
  readonly info: RtmpConnectionInfo
  /** Unique within the server. */
  readonly id: number
  /** For user code: the protocol state, custom commands, data messages. */
  readonly session: RtmpServerSession
  readonly #host: RtmpConnectionHost
  readonly #stream: Duplex
  #gone: AbortController | undefined
  #publisher: Publisher | undefined
  #player: Player | undefined
  #streamPath: string
  #draining: boolean
  #closed: boolean
  #playing: number

  /** @internal */
  constructor(host: RtmpConnectionHost, stream: Duplex, info: RtmpConnectionInfo, id: number) {
    this.info = info
    this.id = id
    this.session = new RtmpServerSession({ ...host.session, nowMs: performance.now() })
    this.#host = host
    this.#stream = stream
    this.#gone = undefined
    this.#publisher = undefined
    this.#player = undefined
    this.#streamPath = ''
    this.#draining = false
    this.#closed = false
    this.#playing = 0
    stream.on('data', (bytes: Uint8Array) => this.push(bytes))
    stream.on('end', () => this.#lost('the peer ended the connection'))
    stream.on('error', (error: Error) => this.#lost(error.message))
    stream.on('close', () => this.#lost('the connection closed'))
  }

  /** What it does now. */
  get role(): RtmpConnectionRole {
    if (this.#publisher !== undefined) return 'publisher'
    return this.#player === undefined ? 'none' : 'player'
  }

  /** `/app/name` of its stream after admission, `''` if none. */
  get streamPath(): string {
    return this.#streamPath
  }

  /** The hub's handle, while it publishes. */
  get publisher(): Publisher | undefined {
    return this.#publisher
  }

  /** The hub's handle, while it plays. */
  get player(): Player | undefined {
    return this.#player
  }

  /** {@inheritDoc Expiring.nextTimeoutMs} */
  get nextTimeoutMs(): number | undefined {
    return this.session.nextTimeoutMs
  }

  /** {@inheritDoc Expiring.handleTimeout} */
  handleTimeout(nowMs: number): void {
    this.session.handleTimeout(nowMs)
    this.#drain()
  }

  /** Bytes from the peer. @internal */
  push(bytes: Uint8Array): void {
    this.session.push(bytes, performance.now())
    this.#drain()
  }

  /** Sends what user code has asked of {@link RtmpConnection.session} outside an event. */
  flush(): void {
    this.#drain()
  }

  /**
   * Ends the connection.
   * @param reason - for the log, and for the peer if `code` is given.
   * @param code - a status code that the peer sees, such as `NetConnection.Connect.AppShutdown`.
   */
  close(reason: string, code?: string): void {
    this.session.close(reason, code)
    this.#drain()
  }

  /** Counters, made when asked. */
  stats(): RtmpConnectionStats {
    return {
      role: this.role,
      streamPath: this.#streamPath,
      receivedBytes: this.session.receivedBytes,
      sentBytes: this.session.sentBytes,
      queuedBytes: this.#stream.writableLength,
    }
  }

  #lost(reason: string): void {
    if (this.#closed) return
    this.session.close(reason)
    this.#drain()
  }

  /** Acts on every event that is ready, then writes what the session has to say. */
  #drain(): void {
    // A handler may come back here (a kick from inside an event): the outer loop goes on where it was.
    if (this.#draining || this.#closed) return
    this.#draining = true
    try {
      for (let event = this.session.readEvent(); event !== undefined; event = this.session.readEvent()) {
        this.#handle(event)
      }
    } finally {
      this.#draining = false
    }
    if (this.#closed) return
    this.#writeOutput()
    const waits = this.session.awaitingDecision !== undefined
    if (waits !== this.#stream.isPaused()) {
      if (waits) this.#stream.pause()
      else this.#stream.resume()
    }
  }

  #writeOutput(): void {
    if (this.#stream.writableEnded || this.#stream.destroyed) return
    for (const part of this.session.takeOutput()) this.#stream.write(part)
  }

  #handle(event: RtmpServerEvent): void {
    switch (event.type) {
      case 'media':
        try {
          this.#publisher?.write(event.packet)
        } catch (error) {
          if (!(error instanceof MediaError)) throw error
          this.session.close(`${error.code}: ${error.message}`)
        }
        return
      case 'connect':
        void this.#decideConnect(event.request)
        break
      case 'publish':
        void this.#decidePublish(event.streamName)
        break
      case 'play':
        void this.#decidePlay(event.streamName)
        break
      case 'unpublish':
        this.#endPublish()
        break
      case 'stop':
        this.#endPlay()
        break
      case 'pause':
        if (event.paused) this.#player?.pause()
        else if (this.#tracks() !== undefined) this.#player?.resume()
        break
      case 'receiveAudio':
      case 'receiveVideo':
        this.#changeTracks()
        break
      case 'close':
        this.#finish({ code: event.code, reason: event.reason })
        break
      case 'seek':
      case 'bufferLength':
      case 'command':
      case 'reply':
      case 'data':
      case 'acknowledgement':
      case 'unknown':
        break
      default: {
        event satisfies never
      }
    }
    this.#host.observe(this, event)
  }

  async #decideConnect(request: ConnectRequest): Promise<void> {
    const { onConnect } = this.#host
    let decision: RtmpConnectDecision = { type: 'accept' }
    if (onConnect !== undefined) {
      try {
        decision = await onConnect(request, this, this.#signal())
      } catch (error) {
        debug('#%d onConnect failed: %s', this.id, error)
        decision = { type: 'reject', reason: 'the decision failed' }
      }
    }
    switch (decision.type) {
      case 'accept':
        this.session.acceptConnect(decision)
        break
      case 'reject':
        this.session.rejectConnect(decision.reason)
        break
      case 'redirect':
        this.session.rejectConnect('redirected', { tcUrl: decision.tcUrl })
        break
      default: {
        decision satisfies never
      }
    }
    this.#drain()
  }

  async #decidePublish(streamName: string): Promise<void> {
    const request = this.#accessRequest('publish', streamName)
    const hub = resolveHub(this.#host.hub, request)
    if (hub === undefined || request.streamName === '') {
      const reason = hub === undefined ? 'no such virtual host' : 'no stream name'
      this.session.rejectPublish(reason, { code: 'NetStream.Publish.BadName' })
      this.#drain()
      return
    }
    const decision = await hub.authorize(request, this.#signal())
    if (this.#closed || this.session.awaitingDecision !== 'publish') return
    if (decision.type === 'accept') {
      const streamPath = decision.streamPath ?? request.streamPath
      try {
        this.#publisher = hub.publish(streamPath, {
          ...(decision.takeOver === undefined ? {} : { takeOver: decision.takeOver }),
          userData: decision.userData,
          onLost: (reason) => this.#publishLost(reason),
        })
        this.#streamPath = streamPath
        this.session.acceptPublish()
      } catch (error) {
        if (!(error instanceof MediaError) && !(error instanceof RangeError)) throw error
        const code = error instanceof ProtocolError ? 'NetStream.Publish.BadName' : 'NetStream.Publish.Denied'
        this.session.rejectPublish(
          error instanceof ProtocolError ? 'the stream name is in use' : error.message,
          { code },
        )
      }
    } else this.#refuse('publish', decision)
    this.#drain()
  }

  async #decidePlay(streamName: string): Promise<void> {
    const attempt = ++this.#playing
    const request = this.#accessRequest('play', streamName)
    const hub = resolveHub(this.#host.hub, request)
    if (hub === undefined || request.streamName === '') {
      this.session.rejectPlay('no such stream', { code: 'NetStream.Play.StreamNotFound' })
      this.#drain()
      return
    }
    const decision = await hub.authorize(request, this.#signal())
    if (decision.type !== 'accept') {
      this.#refuse('play', decision)
      this.#drain()
      return
    }
    const streamPath = decision.streamPath ?? request.streamPath
    const source = await hub.findSource(streamPath, this.#signal()).catch((error: unknown) => {
      debug('#%d resolveSource failed: %s', this.id, error)
      return undefined
    })
    if (this.#closed || this.session.awaitingDecision !== 'play' || attempt !== this.#playing) return
    if (source === undefined || source.closed) {
      this.session.rejectPlay('no such stream', { code: 'NetStream.Play.StreamNotFound' })
    } else if (this.session.acceptPlay()) {
      this.#streamPath = streamPath
      this.#writeOutput()
      this.#attach(source, decision.userData)
    }
    this.#drain()
  }

  #attach(source: Source, userData: unknown): void {
    const sink = new DuplexSink(this.#stream, {
      drained: () => this.#player?.drained(),
      ended: () => {
        this.#player = undefined
        this.session.endPlay()
        this.#drain()
      },
      sent: (bytes) => this.session.countSent(bytes),
    })
    const tracks = this.#tracks()
    this.#player = source.attach(sink, {
      ...this.#host.player,
      format: RTMP_VIEW,
      tracks: tracks ?? this.#allTracks(),
      userData,
    })
    if (tracks === undefined) this.#player.pause()
  }

  /** Peers that declared multitrack get every track, others the default track of each kind. */
  #allTracks(): TrackFilter {
    return this.session.peer.multitrack ? 'all' : 'default'
  }

  /** What `receiveAudio` and `receiveVideo` leave; `undefined` when both are off. */
  #tracks(): TrackFilter | undefined {
    const { receiveAudio, receiveVideo } = this.session
    if (receiveAudio && receiveVideo) return this.#allTracks()
    if (receiveAudio) return 'audio'
    return receiveVideo ? 'video' : undefined
  }

  #changeTracks(): void {
    const tracks = this.#tracks()
    if (this.#player === undefined) return
    if (tracks === undefined) {
      this.#player.pause()
      return
    }
    this.#player.setTracks(tracks)
    this.#player.resume()
  }

  #refuse(action: 'publish' | 'play', decision: Exclude<AccessDecision, { type: 'accept' }>): void {
    if (decision.type === 'redirect') {
      const rejection = { redirect: { tcUrl: decision.url } }
      if (action === 'publish') this.session.rejectPublish('redirected', rejection)
      else this.session.rejectPlay('redirected', rejection)
    } else if (action === 'publish') {
      this.session.rejectPublish(decision.reason)
    } else {
      this.session.rejectPlay(
        decision.reason,
        decision.notFound === true ? { code: 'NetStream.Play.StreamNotFound' } : {},
      )
    }
  }

  #publishLost(reason: PublisherEnd): void {
    this.#publisher = undefined
    this.close(
      reason === 'taken-over'
        ? 'another publisher took the stream over'
        : 'the stream was ended by the server',
      'NetConnection.Connect.Closed',
    )
  }

  #endPublish(): void {
    const publisher = this.#publisher
    this.#publisher = undefined
    this.#streamPath = ''
    publisher?.unpublish()
  }

  #endPlay(): void {
    const player = this.#player
    this.#player = undefined
    this.#streamPath = ''
    player?.detach()
  }

  #finish(end: RtmpConnectionEnd): void {
    this.#closed = true
    this.#endPublish()
    this.#endPlay()
    this.#gone?.abort()
    this.#writeOutput()
    this.#stream.end()
    // A peer that does not read its last words is not waited for.
    const linger = setTimeout(() => this.#stream.destroy(), LINGER_MS).unref()
    this.#stream.once('close', () => clearTimeout(linger))
    this.#stream.resume()
    debug('#%d closed: %s %s', this.id, end.code, end.reason)
    this.#host.closed(this, end)
  }

  #signal(): AbortSignal {
    this.#gone ??= new AbortController()
    return this.#gone.signal
  }

  #accessRequest(action: 'publish' | 'play', streamName: string): AccessRequest {
    const connect = this.session.connectRequest
    const tcUrl = connect?.tcUrl ?? ''
    const target = resolveStreamTarget({ tcUrl, app: connect?.app ?? '', streamName })
    return {
      action,
      protocol: 'rtmp',
      vhost: target.vhost,
      app: target.app,
      streamName: target.streamName,
      streamPath: target.streamPath,
      query: target.query,
      remoteAddress: this.session.proxyAddress ?? this.info.remoteAddress,
      secure: this.info.secure ?? false,
      url: tcUrl,
      pageUrl: connect?.pageUrl ?? '',
      details: connect?.properties ?? {},
    }
  }
}
