/**
 * One RTMP connection of a server: its socket, its session, and what it publishes or plays.
 *
 * @module
 */
import type { Duplex } from 'node:stream'
import createDebug from 'debug'
import type { MediaError } from '../../errors/index.ts'
import type { Playback, Player, PlayerEnd, Publisher, PublisherEnd, Refusal } from '../../hub/index.ts'
import {
  type ConnectRequest,
  type RtmpCloseEvent,
  type RtmpServerEvent,
  RtmpServerSession,
} from '../../rtmp/index.ts'
import { type Expiring, newClientId, StallWatch } from '../net/index.ts'
import { accessRequest, askingOf, refuse, tellRefused } from './rtmp-admission.ts'
import { RtmpConnectAdmission } from './rtmp-connect-admission.ts'
import type {
  RtmpConnectionEnd,
  RtmpConnectionHost,
  RtmpConnectionInfo,
  RtmpConnectionRole,
  RtmpConnectionStats,
} from './rtmp-connection-host.ts'
import { RtmpOutput } from './rtmp-output.ts'
import { RtmpPlayback } from './rtmp-playback.ts'
import { RtmpPublication } from './rtmp-publication.ts'

const debug = createDebug('millrace:rtmp')

/** How long a connection may take to flush its last words, ms. */
const LINGER_MS = 2_000

/**
 * Bytes that are read on while a decision is awaited. A stream that is not read does not tell that its peer has gone; a
 * peer that has more to say than this is left waiting.
 */
const UNDECIDED_BYTES = 65_536

/** One peer. Made by {@link RtmpServer}. */
export class RtmpConnection implements Expiring {
  /** Address, port and encryption, as the transport or a PROXY header told. */
  readonly info: RtmpConnectionInfo
  /** Unique within the server. */
  readonly id: number
  /** Names the peer in admission requests, callbacks and statistics: nobody guesses it. */
  readonly clientId: string
  /** For user code: the protocol state, custom commands, data messages. */
  readonly session: RtmpServerSession
  readonly #host: RtmpConnectionHost
  readonly #stream: Duplex
  readonly #output: RtmpOutput
  readonly #connect: RtmpConnectAdmission
  #gone: AbortController | undefined
  #activity: RtmpPublication | RtmpPlayback | undefined
  #failure: MediaError | undefined
  #undecidedBytes: number
  #lingerUntilMs: number | undefined
  #draining: boolean
  #closed: boolean

  /** @internal */
  constructor(host: RtmpConnectionHost, stream: Duplex, info: RtmpConnectionInfo, id: number) {
    const nowMs = host.clock.now()
    this.info = info
    this.id = id
    this.clientId = newClientId()
    this.session = new RtmpServerSession({ ...host.session, nowMs })
    this.#host = host
    this.#stream = stream
    this.#output = new RtmpOutput(this.session, stream, new StallWatch(host.stallTimeoutMs, nowMs), () =>
      this.#drain(),
    )
    this.#connect = new RtmpConnectAdmission(host, this)
    this.#gone = undefined
    this.#activity = undefined
    this.#failure = undefined
    this.#undecidedBytes = 0
    this.#lingerUntilMs = undefined
    this.#draining = false
    this.#closed = false
    stream.on('data', (bytes: Uint8Array) => this.#receive(bytes))
    stream.on('end', () => this.#lost('the peer ended the connection'))
    stream.on('error', (error) => this.#lost(reasonOf(error)))
    stream.on('close', () => this.#streamClosed())
    // A stream that was over before it came here has told so already.
    if (stream.destroyed) queueMicrotask(() => this.#streamClosed())
    else if (stream.readableEnded) queueMicrotask(() => this.#lost('the peer ended the connection'))
    else stream.resume()
  }

  /** What it does now. */
  get role(): RtmpConnectionRole {
    return this.#activity?.role ?? 'none'
  }

  /** `/app/name` of its stream after admission, `''` if none. */
  get streamPath(): string {
    return this.#activity?.streamPath ?? ''
  }

  /** The hub's handle, while it publishes. */
  get publisher(): Publisher | undefined {
    return this.#activity?.role === 'publisher' ? this.#activity.publisher : undefined
  }

  /** The hub's handle, while it plays. */
  get player(): Player | undefined {
    return this.#playback?.player
  }

  /** When the session has a timeout due, ms on the clock of the server; `undefined`: never. Its sweep looks at it. */
  get nextTimeoutMs(): number | undefined {
    if (this.#closed) return this.#lingerUntilMs
    return earliest(earliest(this.session.nextTimeoutMs, this.#connect.dueMs), this.#output.nextCheckMs)
  }

  /** The time of {@link RtmpConnection.nextTimeoutMs} has come. */
  handleTimeout(nowMs: number): void {
    if (this.#closed) {
      // A peer that does not read its last words is not waited for.
      this.#stream.destroy()
      return
    }
    this.#connect.check(nowMs)
    this.#fail(this.#output.check(nowMs))
    this.session.handleTimeout(nowMs)
    this.#drain()
  }

  /** Sends what user code has asked of {@link RtmpConnection.session} outside an event. */
  flush(): void {
    this.#drain()
  }

  /**
   * Ends the connection. May be called at any time, also inside an event; harmless when repeated.
   * @param reason - for the log, and for the peer if `code` is given.
   * @param code - a status code that the peer sees, such as `NetConnection.Connect.AppShutdown`.
   */
  close(reason: string, code?: string): void {
    this.session.close(reason, code)
    this.#drain()
  }

  /** Counters, made when asked. */
  stats(): RtmpConnectionStats {
    this.#output.countBatches()
    return {
      role: this.role,
      streamPath: this.streamPath,
      receivedBytes: this.session.receivedBytes,
      sentBytes: this.session.sentBytes,
      queuedBytes: this.#stream.writableLength,
    }
  }

  #receive(bytes: Uint8Array): void {
    if (this.#closed) return
    this.#undecidedBytes += bytes.length
    this.#output.countBatches()
    this.session.push(bytes, this.#host.clock.now())
    this.#drain()
  }

  #lost(reason: string): void {
    this.session.close(reason)
    this.#drain()
  }

  #streamClosed(): void {
    this.#lost('the connection closed')
    this.#lingerUntilMs = undefined
    this.#host.released(this)
  }

  #fail(error: MediaError | undefined): void {
    if (error === undefined || this.session.isClosed) return
    this.#failure = error
    this.session.close(error.message)
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
    this.#output.flush()
    this.#read()
  }

  /** Reads on, but not much beyond a decision. */
  #read(): void {
    if (this.session.awaitingDecision === undefined) this.#undecidedBytes = 0
    const holdsBack = this.#undecidedBytes >= UNDECIDED_BYTES
    if (holdsBack === this.#stream.isPaused()) return
    if (holdsBack) this.#stream.pause()
    else this.#stream.resume()
  }

  #handle(event: RtmpServerEvent): void {
    switch (event.type) {
      case 'media':
        if (this.#activity?.role === 'publisher') this.#fail(this.#activity.write(event.packet))
        return
      case 'close':
        this.#finish(event)
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
      case 'stop':
        this.#endActivity()
        break
      case 'pause':
        this.#playback?.pause(event.paused)
        break
      case 'receiveAudio':
      case 'receiveVideo':
        this.#playback?.changeTracks()
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
    this.#connect.extend((extension) => extension.event?.(event))
    this.#host.observe(this, event)
  }

  async #decideConnect(request: ConnectRequest): Promise<void> {
    await this.#connect.decide(request, () => this.#signal())
    this.#drain()
  }

  async #decidePublish(streamName: string): Promise<void> {
    const request = accessRequest('publish', streamName, askingOf(this))
    const signal = this.#signal()
    const publication = await this.#host.door.publish(request, signal, {
      mayEnter: (hub) => this.#connect.mayEnter(hub, request.vhost, signal),
      onLost: (reason) => this.#publishLost(reason),
    })
    if (publication.type === 'refusal') this.#refuse('publish', streamName, publication)
    else if (this.session.acceptPublish()) this.#activity = new RtmpPublication(publication)
    else publication.end()
    this.#decided()
  }

  async #decidePlay(streamName: string): Promise<void> {
    const request = accessRequest('play', streamName, askingOf(this))
    const signal = this.#signal()
    const playback = await this.#host.door.play(request, signal, {
      mayEnter: (hub) => this.#connect.mayEnter(hub, request.vhost, signal),
    })
    if (playback.type === 'refusal') this.#refuse('play', streamName, playback)
    else if (this.session.acceptPlay()) this.#play(playback)
    else playback.end()
    this.#decided()
  }

  /** The hub announces its own refusals. A peer that has gone is not announced. */
  #refuse(action: 'publish' | 'play', streamName: string, refusal: Refusal): void {
    const { cause, hub, decision } = refusal
    if (cause === 'gone') return
    if (hub === undefined && decision.type === 'reject')
      tellRefused(this.#host, this, action, decision.reason)
    refuse(this.session, action, streamName, refusal)
  }

  /** The signal told those who decide that the peer has gone. Node gives each a hidden class of its own: 0.8 kB. */
  #decided(): void {
    this.#gone = undefined
    this.#drain()
  }

  #play(playback: Playback): void {
    this.#output.flushAll() // before the first media
    if (this.#closed) {
      playback.end()
      return
    }
    try {
      const opened = new RtmpPlayback({
        playback,
        stream: this.#stream,
        session: this.session,
        output: this.#output,
        followers: this.#host.followers,
        player: this.#host.player,
        onEnd: (reason) => this.#playEnded(reason),
        onOutput: () => this.#drain(),
      })
      // The first write may have failed and ended the connection, or the source.
      if (this.#closed || opened.player.state === 'closed') opened.end()
      else this.#activity = opened
    } catch (error) {
      // The format cannot frame what is there already.
      debug('#%d cannot play %s: %s', this.id, playback.source.streamPath, error)
      playback.end()
      this.#playEnded('failed')
    }
  }

  /** The source is over, or this player was sent away. */
  #playEnded(reason: PlayerEnd): void {
    if (reason === 'kicked' || reason === 'failed') {
      const how = reason === 'kicked' ? 'the player was ended by the server' : 'sending the stream failed'
      this.close(how, 'NetConnection.Connect.Closed')
      return
    }
    this.#endActivity()
    this.session.endPlay()
    this.#drain()
  }

  #publishLost(reason: PublisherEnd): void {
    this.#activity = undefined
    this.close(
      reason === 'taken-over'
        ? 'another publisher took the stream over'
        : 'the stream was ended by the server',
      'NetConnection.Connect.Closed',
    )
  }

  #endActivity(): void {
    const activity = this.#activity
    this.#activity = undefined
    activity?.end()
  }

  #finish(event: RtmpCloseEvent): void {
    const end: RtmpConnectionEnd = { code: this.#failure?.code ?? event.code, reason: event.reason }
    this.#closed = true
    this.#lingerUntilMs = this.#host.clock.now() + LINGER_MS
    this.#endActivity()
    this.#connect.end()
    this.#gone?.abort()
    this.#output.end()
    this.#stream.resume()
    debug('#%d closed: %s %s', this.id, end.code, end.reason)
    this.#host.closed(this, end)
  }

  get #playback(): RtmpPlayback | undefined {
    return this.#activity?.role === 'player' ? this.#activity : undefined
  }

  #signal(): AbortSignal {
    this.#gone ??= new AbortController()
    return this.#gone.signal
  }
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b
  return b === undefined ? a : Math.min(a, b)
}

/** A peer that closes before it has read our last words is an ordinary end: FFmpeg does so after `deleteStream`. */
function reasonOf(error: NodeJS.ErrnoException): string {
  return error.code === 'EPIPE' || error.code === 'ECONNRESET'
    ? 'the peer closed the connection'
    : error.message
}
