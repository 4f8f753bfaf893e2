/**
 * The server's side of one RTMP connection, without socket or clock. RTMP 1.0 §7.2, and what encoders and
 * players made of it.
 *
 * @module
 */
import type { Amf0Value } from '../amf0/index.ts'
import { ByteQueue } from '../bytes/index.ts'
import { DEFAULT_MAX_ASSEMBLING_BYTES } from '../chunk/index.ts'
import { LimitError, ProtocolError } from '../errors/index.ts'
import { ServerHandshake, type HandshakeForm } from '../handshake/index.ts'
import {
  DEFAULT_CAPABILITIES,
  peerCapabilities,
  type LocalCapabilities,
  type PeerCapabilities,
} from './capabilities.ts'
import {
  connectAccepted,
  connectRejected,
  parseConnect,
  type ConnectReply,
  type ConnectRequest,
} from './connect-command.ts'
import { netStatus, onStatus, streamEvent, type Redirect } from './net-status.ts'
import { RTMP_VIEW_CHUNK_SIZE } from './rtmp-framing.ts'
import type { CommandMessage } from './rtmp-message.ts'
import { RtmpSession } from './rtmp-session.ts'
import type {
  RtmpServerEvent,
  RtmpServerOwnEvent,
  ServerPlayEvent,
  ServerPublishEvent,
} from './server-events.ts'
import type { RtmpSessionOptions } from './session-options.ts'
import {
  fcUnpublished,
  parsePlay,
  parsePublish,
  pauseReplies,
  playEnded,
  playStarted,
  publishStarted,
  seekReply,
  streamRejected,
  unpublished,
  utilityReplies,
} from './stream-commands.ts'
import type { UserControlEvent } from './user-control.ts'

/** Options of {@link RtmpServerSession}. */
export interface RtmpServerSessionOptions extends RtmpSessionOptions {
  /**
   * Whether the address prefix of the SRS proxy is read before the handshake: see `ServerHandshake`.
   * @defaultValue false
   */
  readonly acceptProxyPrefix?: boolean | undefined
  /**
   * What `_result` of `connect` declares to clients of Enhanced RTMP.
   * @defaultValue `DEFAULT_CAPABILITIES`
   */
  readonly capabilities?: LocalCapabilities | undefined
  /** Bandwidth announced to the client, bytes. @defaultValue 2500000 */
  readonly peerBandwidth?: number | undefined
  /** Time from the end of a publish or play to the next one, ms. @defaultValue 180000 */
  readonly republishTimeoutMs?: number | undefined
  /** Bytes kept while a decision is awaited. @defaultValue 1048576 */
  readonly maxPendingBytes?: number | undefined
  /**
   * Memory of unfinished messages until the first publish or play is accepted, bytes; from then on it is that
   * of `chunk.maxAssemblingBytes`, which is never exceeded. Room for some commands of `maxCommandBytes`.
   * @defaultValue 262144
   */
  readonly maxUnadmittedBytes?: number | undefined
}

/** How a publish or play is turned down. */
export interface StreamRejection {
  /** Status code that the client sees. */
  readonly code?: string
  /** URL it is redirected to; the status is then `NetConnection.Connect.Rejected` with an `ex` object. */
  readonly redirect?: Redirect
}

/**
 * What a connection does: `connect` waits for that command, `idle` is connected with neither publish nor
 * play.
 */
export type RtmpServerPhase = 'handshake' | 'connect' | 'idle' | 'publishing' | 'playing' | 'closed'

/**
 * One connection. Give it bytes and time, read its events until there are no more, then write its output:
 *
 * ```ts
 * session.push(bytes, nowMs)
 * for (let event = session.readEvent(); event !== undefined; event = session.readEvent()) handle(event)
 * for (const part of session.takeOutput()) socket.write(part)
 * ```
 *
 * `connect`, `publish` and `play` wait for a decision, which may come at any later time: nothing is announced
 * to the client and no other event is given before it. After a decision, read events and write output again.
 */
export class RtmpServerSession extends RtmpSession<RtmpServerOwnEvent> {
  readonly #handshake: ServerHandshake
  readonly #capabilities: LocalCapabilities
  readonly #peerBandwidth: number
  readonly #republishTimeoutMs: number
  readonly #maxPendingBytes: number
  readonly #maxAssemblingBytes: number
  #phase: RtmpServerPhase
  #awaiting: 'connect' | 'publish' | 'play' | undefined
  #pending: ByteQueue
  #request: ConnectRequest | undefined
  #peer: PeerCapabilities
  #connectTransaction: number
  #streamName: string
  #announcedName: string | undefined
  #receiveAudio: boolean
  #receiveVideo: boolean

  /** @param options - `crypto` and `nowMs` are required. */
  constructor(options: RtmpServerSessionOptions) {
    const { crypto, acceptProxyPrefix = false, maxUnadmittedBytes = 262_144 } = options
    const maxAssemblingBytes = options.chunk?.maxAssemblingBytes ?? DEFAULT_MAX_ASSEMBLING_BYTES
    const handshake = new ServerHandshake({ crypto, acceptProxyPrefix })
    super(handshake, options)
    this.io.setMaxAssemblingBytes(Math.min(maxUnadmittedBytes, maxAssemblingBytes))
    this.#handshake = handshake
    this.#capabilities = options.capabilities ?? DEFAULT_CAPABILITIES
    this.#peerBandwidth = options.peerBandwidth ?? 2_500_000
    this.#republishTimeoutMs = options.republishTimeoutMs ?? 180_000
    this.#maxPendingBytes = options.maxPendingBytes ?? 1_048_576
    this.#maxAssemblingBytes = maxAssemblingBytes
    this.#phase = 'handshake'
    this.#awaiting = undefined
    this.#pending = new ByteQueue()
    this.#request = undefined
    this.#peer = peerCapabilities({})
    this.#connectTransaction = 1
    this.#streamName = ''
    this.#announcedName = undefined
    this.#receiveAudio = true
    this.#receiveVideo = true
  }

  /** What the client declared in `connect`; nothing before. */
  get peer(): PeerCapabilities {
    return this.#peer
  }

  /** What the client said in `connect`. */
  get connectRequest(): ConnectRequest | undefined {
    return this.#request
  }

  /** Which decision the session waits for. Pause the socket meanwhile. */
  get awaitingDecision(): 'connect' | 'publish' | 'play' | undefined {
    return this.#awaiting
  }

  /** What the connection does now. */
  get phase(): RtmpServerPhase {
    return this.#phase
  }

  /** The handshake's form, once it is known. */
  get handshakeForm(): HandshakeForm | undefined {
    return this.#handshake.form
  }

  /** The client's address as a proxy prefix gave it, if `acceptProxyPrefix` let it. */
  get proxyAddress(): string | undefined {
    return this.#handshake.proxyAddress
  }

  /** Whether the player wants audio (`receiveAudio`). */
  get receiveAudio(): boolean {
    return this.#receiveAudio
  }

  /** Whether the player wants video (`receiveVideo`). */
  get receiveVideo(): boolean {
    return this.#receiveVideo
  }

  /**
   * Answers `connect`: window, bandwidth, chunk size 65536, `_result`, `onBWDone`.
   * @param reply - properties to add to the two objects of `_result`.
   * @returns whether there was something to accept; a late decision does nothing.
   */
  acceptConnect(reply: ConnectReply = {}): boolean {
    const request = this.#request
    if (request === undefined || !this.#mayDecide('connect')) return false
    const sizes = {
      windowAcknowledgementSize: this.settings.windowAcknowledgementSize,
      peerBandwidth: this.#peerBandwidth,
      chunkSize: RTMP_VIEW_CHUNK_SIZE,
    }
    this.send(...connectAccepted(request, this.#connectTransaction, sizes, this.#capabilities, reply))
    this.#beIdle(this.settings.commandTimeoutMs, undefined)
    return this.#decided()
  }

  /**
   * Turns a connection away with `NetConnection.Connect.Rejected`, then closes.
   * @param reason - the `description` that the client sees.
   * @param redirect - where it is sent instead.
   * @returns whether there was something to reject.
   */
  rejectConnect(reason: string, redirect?: Redirect): boolean {
    if (!this.#mayDecide('connect')) return false
    this.send(connectRejected(this.#connectTransaction, reason, redirect))
    this.finish(redirect === undefined ? 'rejected' : 'redirected', reason)
    return true
  }

  /**
   * Starts the publish: `onFCPublish` to those that sent `FCPublish` or `releaseStream`, then
   * `NetStream.Publish.Start`.
   * @returns whether there was something to accept; a late decision does nothing.
   */
  acceptPublish(description = 'Started publishing stream.'): boolean {
    if (!this.#mayDecide('publish')) return false
    this.send(...publishStarted(this.#announcedName !== undefined, description))
    this.#announcedName = undefined
    this.#phase = 'publishing'
    this.io.setMaxAssemblingBytes(this.#maxAssemblingBytes)
    this.startMedia(undefined)
    return this.#decided()
  }

  /**
   * Turns a publish down with an error status, then closes.
   * @param reason - the `description` that the client sees.
   * @param rejection - status code, `NetStream.Publish.Denied` by default; `NetStream.Publish.BadName` for a
   *   name in use.
   * @returns whether there was something to reject.
   */
  rejectPublish(reason: string, rejection: StreamRejection = {}): boolean {
    return this.#rejectStream('publish', 'NetStream.Publish.Denied', reason, rejection)
  }

  /**
   * Starts the play: StreamBegin, `NetStream.Play.Reset`, `NetStream.Play.Start`, `|RtmpSampleAccess`. Media
   * may follow when this output is written.
   * @returns whether there was something to accept; a late decision does nothing.
   */
  acceptPlay(): boolean {
    if (!this.#mayDecide('play')) return false
    this.send(...playStarted(this.#streamName))
    this.#phase = 'playing'
    this.io.setMaxAssemblingBytes(this.#maxAssemblingBytes)
    this.step.stop()
    return this.#decided()
  }

  /**
   * Turns a play down with an error status, then closes.
   * @param reason - the `description` that the client sees.
   * @param rejection - status code, `NetStream.Play.Failed` by default; `NetStream.Play.StreamNotFound` for a
   * name that nobody publishes.
   * @returns whether there was something to reject.
   */
  rejectPlay(reason: string, rejection: StreamRejection = {}): boolean {
    return this.#rejectStream('play', 'NetStream.Play.Failed', reason, rejection)
  }

  /**
   * Ends the play for good, the connection stays: `NetStream.Play.UnpublishNotify` and StreamEOF. FFmpeg,
   * librtmp and VLC stop at the first, GStreamer at the second.
   */
  endPlay(reason = 'Stream is unpublished.'): void {
    if (this.#phase !== 'playing') return
    this.send(...playEnded(this.#streamName, reason))
    this.#beIdle(this.#republishTimeoutMs, undefined)
  }

  /**
   * Notifies a player that its publisher is away and may return: StreamDry. Nothing stronger, since that
   * makes players quit.
   */
  notifyPublisherGone(): void {
    if (this.#phase === 'playing') this.send(streamEvent('streamDry'))
  }

  /** Notifies a player that its publisher is back: StreamBegin, `NetStream.Play.PublishNotify`. */
  notifyPublisherBack(): void {
    if (this.#phase !== 'playing') return
    const details = { details: this.#streamName }
    this.send(
      streamEvent('streamBegin'),
      onStatus(netStatus('status', 'NetStream.Play.PublishNotify', 'Stream is published.', details)),
    )
  }

  /**
   * Asks the client to reconnect, here or at `tcUrl`; serve it until it leaves. Enhanced RTMP v2, "Reconnect
   * Request".
   * @returns whether it was sent: only to clients that declared to follow it.
   */
  requestReconnect(tcUrl?: string, description = 'The server asks for a reconnect.'): boolean {
    if (!this.#peer.reconnect || !this.isConnected()) return false
    const extra = tcUrl === undefined ? undefined : { tcUrl }
    const code = 'NetConnection.Connect.ReconnectRequest'
    this.send(onStatus(netStatus('status', code, description, extra), 0))
    return true
  }

  /**
   * Ends the session: an awaited decision is void, and `unpublish` or `stop`, then `close` follow. Also for a
   * connection that the client ended.
   * @param reason - for the log.
   * @param code - a status code such as `NetConnection.Connect.AppShutdown` that the client is to see before
   *   the end.
   */
  close(reason = 'closed', code?: string): void {
    if (this.#phase === 'closed') return
    if (code !== undefined && this.isConnected()) this.send(onStatus(netStatus('error', code, reason), 0))
    this.finish('closed', reason)
  }

  /** @internal */
  protected override isConnected(): boolean {
    return this.#phase === 'idle' || this.#phase === 'publishing' || this.#phase === 'playing'
  }

  /** @internal */
  protected override isUndecided(): boolean {
    return this.#awaiting !== undefined
  }

  /** @internal */
  protected override onHandshake(): void {
    this.#phase = 'connect'
    const { commandTimeoutMs } = this.settings
    this.step.start(commandTimeoutMs, 'ERR_RTMP_COMMAND_TIMEOUT', 'no connect command', this.nowMs)
  }

  /** @internal While a decision is awaited, bytes are kept and not looked at. */
  protected override takeBytes(bytes: Uint8Array): void {
    if (this.#awaiting === undefined) {
      super.takeBytes(bytes)
      return
    }
    const total = this.#pending.length + bytes.length
    if (total > this.#maxPendingBytes) {
      throw new LimitError(
        'ERR_RTMP_PENDING_BYTES',
        `${total} bytes while a decision is awaited exceed maxPendingBytes ${this.#maxPendingBytes}`,
      )
    }
    this.#pending.push(bytes)
  }

  /** @internal */
  protected override onFirstMedia(): undefined {
    return undefined
  }

  /** @internal */
  protected override onUserControl(event: UserControlEvent): RtmpServerOwnEvent | undefined {
    if (event.type !== 'setBufferLength') return undefined
    return { type: 'bufferLength', bufferLengthMs: event.bufferLengthMs }
  }

  /** @internal */
  protected override onCommand(name: string, command: CommandMessage): RtmpServerEvent | undefined {
    if (!this.isConnected()) return this.#connect(name, command)
    const { transactionId, args } = command
    const handled: RtmpServerEvent = { type: 'command', command, handled: true }
    switch (name) {
      case 'publish':
        return this.#await('publish', parsePublish(command, this.#announcedName ?? ''))
      case 'play':
        if (args[0] === false) return this.#stop() ?? handled // NetStream.play(false)
        return this.#await('play', parsePlay(command))
      case 'play2':
        return this.#await('play', parsePlay(command))
      case 'closeStream':
      case 'deleteStream':
        return this.#stop() ?? handled
      case 'FCUnpublish':
        this.send(...fcUnpublished(transactionId))
        return this.#phase === 'publishing' ? this.#stop() : handled
      case 'FCPublish':
      case 'releaseStream':
        this.#announcedName = typeof args[0] === 'string' ? args[0] : ''
        break
      case 'pause':
      case 'pauseRaw': {
        if (this.#phase !== 'playing') return handled
        const paused = args[0] !== false
        this.send(...pauseReplies(paused))
        return { type: 'pause', paused, positionMs: milliseconds(args[1]) }
      }
      case 'seek': {
        const positionMs = milliseconds(args[0])
        this.send(seekReply(positionMs))
        return { type: 'seek', positionMs }
      }
      case 'receiveAudio':
        this.#receiveAudio = args[0] !== false
        return { type: name, enabled: this.#receiveAudio }
      case 'receiveVideo':
        this.#receiveVideo = args[0] !== false
        return { type: name, enabled: this.#receiveVideo }
      case '_result':
      case '_error': {
        const values: Amf0Value[] = [command.commandObject, ...args]
        return { type: 'reply', transactionId, isError: name === '_error', values }
      }
      case 'connect':
        this.replyError(transactionId, 'Already connected.', 'NetConnection.Connect.Failed')
        return handled
    }
    const replies = utilityReplies(name, transactionId)
    if (replies === undefined) return this.unhandled(command)
    this.send(...replies)
    return handled
  }

  /** @internal */
  protected override endActivity(): RtmpServerOwnEvent | undefined {
    const phase = this.#phase
    this.#phase = 'closed'
    this.#awaiting = undefined
    this.#pending = new ByteQueue()
    return endOf(phase)
  }

  #connect(name: string, command: CommandMessage): RtmpServerEvent {
    if (name !== 'connect') {
      throw new ProtocolError(
        'ERR_RTMP_NOT_CONNECTED',
        `command ${JSON.stringify(name.slice(0, 64))} before connect`,
      )
    }
    const request = parseConnect(command)
    this.#request = request
    this.#peer = request.capabilities
    this.#connectTransaction = command.transactionId || 1 // 1 by RTMP 1.0 §7.2.1.1; some leave it out
    this.#awaiting = 'connect'
    return { type: 'connect', request }
  }

  /** A publish or play, which ends the one that went on before. */
  #await(what: 'publish' | 'play', event: ServerPublishEvent | ServerPlayEvent): RtmpServerEvent {
    const ended = this.#endStream()
    this.#awaiting = what
    this.#streamName = event.streamName
    if (ended === undefined) return event
    this.enqueue(event)
    return ended
  }

  /** The client ends its publish or play. */
  #stop(): RtmpServerEvent | undefined {
    if (this.#phase === 'publishing') this.send(unpublished())
    return this.#endStream()
  }

  #endStream(): RtmpServerEvent | undefined {
    const ended = endOf(this.#phase)
    if (ended !== undefined) this.#beIdle(this.#republishTimeoutMs, this.nowMs)
    return ended
  }

  #beIdle(limitMs: number, sinceMs: number | undefined): void {
    this.#phase = 'idle'
    this.stopMedia()
    this.step.start(limitMs, 'ERR_RTMP_COMMAND_TIMEOUT', 'neither publish nor play', sinceMs)
  }

  #mayDecide(what: 'connect' | 'publish' | 'play'): boolean {
    return !this.isClosed && this.#awaiting === what
  }

  /** Resumes reading with what has arrived meanwhile. */
  #decided(): true {
    this.#awaiting = undefined
    const pending = this.#pending
    this.#pending = new ByteQueue() // its memory is for the wait alone
    if (pending.length > 0) this.resume(pending.peek())
    return true
  }

  #rejectStream(
    what: 'publish' | 'play',
    defaultCode: string,
    reason: string,
    rejection: StreamRejection,
  ): boolean {
    if (!this.#mayDecide(what)) return false
    const { code = defaultCode, redirect } = rejection
    this.send(...streamRejected(code, reason, redirect))
    this.finish(redirect === undefined ? 'rejected' : 'redirected', reason)
    return true
  }
}

function endOf(phase: RtmpServerPhase): RtmpServerOwnEvent | undefined {
  if (phase === 'publishing') return { type: 'unpublish' }
  return phase === 'playing' ? { type: 'stop' } : undefined
}

function milliseconds(value: Amf0Value): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}
