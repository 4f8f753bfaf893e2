/**
 * The server's side of one RTMP connection, without socket or clock. RTMP 1.0 §7.2, and what encoders and players made of it.
 *
 * @module
 */
import type { Amf0DecodeOptions, Amf0Value } from '../amf0/index.ts'
import { ByteQueue } from '../bytes/index.ts'
import {
  MESSAGE_TYPE_AGGREGATE,
  MESSAGE_TYPE_AUDIO,
  MESSAGE_TYPE_DATA_AMF0,
  MESSAGE_TYPE_DATA_AMF3,
  MESSAGE_TYPE_VIDEO,
  type ChunkDecoderOptions,
  type ChunkMessage,
} from '../chunk/index.ts'
import { LimitError, MediaError, ProtocolError } from '../errors/index.ts'
import { ServerHandshake, type HandshakeCrypto, type HandshakeForm } from '../handshake/index.ts'
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
import { isMediaType, MediaIntake } from './media-intake.ts'
import { amf3DataToAmf0, dataMessage, isFfmpegTimecode } from './message-codec.ts'
import {
  errorResult,
  NET_STREAM_ID,
  netStatus,
  notification,
  onStatus,
  result,
  streamEvent,
  type Redirect,
} from './net-status.ts'
import { RTMP_VIEW_CHUNK_SIZE } from './rtmp-framing.ts'
import type { CommandMessage, DataMessage, RtmpMessage, UserControlMessage } from './rtmp-message.ts'
import type { RtmpCloseCode, RtmpServerEvent } from './server-events.ts'
import { SessionIo } from './session-io.ts'
import { Keepalive, StepTimer } from './session-timers.ts'
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

/** Options of {@link RtmpServerSession}. Times are in ms, 0 switches one off. */
export interface RtmpServerSessionOptions {
  /** Random bytes, and HMAC-SHA256 for the digest form of the handshake. */
  readonly crypto: HandshakeCrypto
  /** When the connection was accepted, on the clock of `push`; the handshake's timeout counts from it. */
  readonly nowMs: number
  /** Whether the address prefix of the SRS proxy is read before the handshake: see `ServerHandshake`. @defaultValue false */
  readonly acceptProxyPrefix?: boolean
  /** Bounds of the chunk stream. */
  readonly chunk?: ChunkDecoderOptions
  /** Bounds of AMF0 values. */
  readonly amf0?: Amf0DecodeOptions
  /** What `_result` of `connect` declares to clients of Enhanced RTMP. */
  readonly capabilities?: LocalCapabilities
  /** Window that the client is told to acknowledge by, bytes; 0 tells none. @defaultValue 2500000 */
  readonly windowAcknowledgementSize?: number
  /** Bandwidth that the client is told, bytes. @defaultValue 2500000 */
  readonly peerBandwidth?: number
  /** Time for the handshake. @defaultValue 10000 */
  readonly handshakeTimeoutMs?: number
  /** Time from the handshake to `connect`, and from there to the first publish or play. @defaultValue 30000 */
  readonly commandTimeoutMs?: number
  /** Time from the end of a publish or play to the next one. @defaultValue 180000 */
  readonly republishTimeoutMs?: number
  /** Time from an accepted publish to its first media. @defaultValue 20000 */
  readonly firstMediaTimeoutMs?: number
  /** Time between two media messages of a publisher. @defaultValue 5000 */
  readonly mediaTimeoutMs?: number
  /** Silence of the client after which it is pinged. @defaultValue 20000 */
  readonly pingIntervalMs?: number
  /** Time for the answer to a ping, held against clients that have answered one before. @defaultValue 20000 */
  readonly pingTimeoutMs?: number
  /** Bytes kept while a decision is awaited. @defaultValue 1048576 */
  readonly maxPendingBytes?: number
  /** Bytes of output that wait for `takeOutput`. @defaultValue 1048576 */
  readonly maxOutputBytes?: number
  /** Parts of one aggregate message. @defaultValue 4096 */
  readonly maxAggregateParts?: number
}

/** How a publish or play is turned down. */
export interface StreamRejection {
  /** Status code that the client sees. */
  readonly code?: string
  /** Where it is sent instead; the status is then `NetConnection.Connect.Rejected` with an `ex` object. */
  readonly redirect?: Redirect
}

/**
 * One connection. Give it bytes and time, read its events until there are none, then write its output:
 *
 * ```ts
 * session.push(bytes, nowMs)
 * for (let event = session.readEvent(); event !== undefined; event = session.readEvent()) handle(event)
 * for (const part of session.takeOutput()) socket.write(part)
 * ```
 *
 * `connect`, `publish` and `play` wait for a decision, which may come at any later time: nothing is announced to the client and no
 * other event is given before it. After a decision, read events and write output again. Nothing here throws for what a peer sent:
 * it ends the session with one `close` event.
 */
export class RtmpServerSession {
  readonly #options: Required<Omit<RtmpServerSessionOptions, 'chunk' | 'amf0' | 'nowMs' | 'crypto'>>
  readonly #amf0: Amf0DecodeOptions | undefined
  readonly #handshake: ServerHandshake
  readonly #io: SessionIo
  readonly #step: StepTimer
  readonly #keepalive: Keepalive
  #pending: ByteQueue
  #phase: 'handshake' | 'connect' | 'idle' | 'publishing' | 'playing' | 'closed'
  #awaiting: 'connect' | 'publish' | 'play' | undefined
  #failure: MediaError | undefined
  #events: RtmpServerEvent[]
  #nowMs: number
  #request: ConnectRequest | undefined
  #peer: PeerCapabilities
  #connectTransaction: number
  #streamName: string
  #announcedName: string | undefined
  #intake: MediaIntake
  #mediaSeen: boolean
  #unanswered: number
  #transactions: number
  #receiveAudio: boolean
  #receiveVideo: boolean
  #ignoredMessageCount: number

  /** @param options - `crypto` and `nowMs` are required. */
  constructor(options: RtmpServerSessionOptions) {
    this.#options = {
      acceptProxyPrefix: options.acceptProxyPrefix ?? false,
      capabilities: options.capabilities ?? DEFAULT_CAPABILITIES,
      windowAcknowledgementSize: options.windowAcknowledgementSize ?? 2_500_000,
      peerBandwidth: options.peerBandwidth ?? 2_500_000,
      handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
      commandTimeoutMs: options.commandTimeoutMs ?? 30_000,
      republishTimeoutMs: options.republishTimeoutMs ?? 180_000,
      firstMediaTimeoutMs: options.firstMediaTimeoutMs ?? 20_000,
      mediaTimeoutMs: options.mediaTimeoutMs ?? 5_000,
      pingIntervalMs: options.pingIntervalMs ?? 20_000,
      pingTimeoutMs: options.pingTimeoutMs ?? 20_000,
      maxPendingBytes: options.maxPendingBytes ?? 1_048_576,
      maxOutputBytes: options.maxOutputBytes ?? 1_048_576,
      maxAggregateParts: options.maxAggregateParts ?? 4096,
    }
    this.#amf0 = options.amf0
    this.#handshake = new ServerHandshake({
      crypto: options.crypto,
      acceptProxyPrefix: this.#options.acceptProxyPrefix,
    })
    this.#io = new SessionIo(this.#handshake, {
      chunk: options.chunk,
      amf0: options.amf0,
      maxOutputBytes: this.#options.maxOutputBytes,
      windowAcknowledgementSize: this.#options.windowAcknowledgementSize,
    })
    this.#step = new StepTimer()
    this.#step.start(
      this.#options.handshakeTimeoutMs,
      'ERR_RTMP_HANDSHAKE_TIMEOUT',
      'no handshake',
      options.nowMs,
    )
    this.#keepalive = new Keepalive(this.#options.pingIntervalMs, this.#options.pingTimeoutMs, options.nowMs)
    this.#pending = new ByteQueue()
    this.#phase = 'handshake'
    this.#awaiting = undefined
    this.#failure = undefined
    this.#events = []
    this.#nowMs = options.nowMs
    this.#request = undefined
    this.#peer = peerCapabilities({})
    this.#connectTransaction = 1
    this.#streamName = ''
    this.#announcedName = undefined
    this.#intake = new MediaIntake()
    this.#mediaSeen = false
    this.#unanswered = 0
    this.#transactions = 0
    this.#receiveAudio = true
    this.#receiveVideo = true
    this.#ignoredMessageCount = 0
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
  get phase(): 'handshake' | 'connect' | 'idle' | 'publishing' | 'playing' | 'closed' {
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

  /** Bytes received. */
  get receivedBytes(): number {
    return this.#io.flow.receivedBytes
  }

  /** Bytes sent: output made here, and what {@link RtmpServerSession.countSent} was told. */
  get sentBytes(): number {
    return this.#io.flow.sentBytes
  }

  /** Bytes sent that the client has not acknowledged; all of them if it never does. */
  get unacknowledgedBytes(): number {
    return this.#io.flow.unacknowledgedBytes
  }

  /** Media messages that came outside a publish, and non-AMF "timecode" data: dropped. */
  get ignoredMessageCount(): number {
    return this.#ignoredMessageCount
  }

  /**
   * Takes bytes from the client; they are copied where needed. Never throws for what they say: read the events.
   * @param nowMs - the present time; any clock that does not go backwards.
   */
  push(bytes: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs
    if (this.#phase === 'closed' || this.#failure !== undefined) return
    this.#keepalive.received(nowMs)
    this.#io.flow.countReceived(bytes.length)
    if (this.#awaiting !== undefined) {
      const total = this.#pending.length + bytes.length
      if (total <= this.#options.maxPendingBytes) this.#pending.push(bytes)
      else {
        this.#failure = new LimitError(
          'ERR_RTMP_PENDING_BYTES',
          `${total} bytes while a decision is awaited exceed maxPendingBytes ${this.#options.maxPendingBytes}`,
        )
      }
      return
    }
    this.#guard(() => {
      this.#feedPending()
      this.#io.push(bytes, nowMs)
      if (this.#phase === 'handshake' && this.#io.handshakeDone) {
        this.#phase = 'connect'
        this.#step.start(
          this.#options.commandTimeoutMs,
          'ERR_RTMP_COMMAND_TIMEOUT',
          'no connect command',
          nowMs,
        )
      }
      if (this.#phase !== 'handshake' && this.#phase !== 'connect') this.#io.acknowledge()
    })
  }

  /** The next event, or `undefined` when there is none, or none before the awaited decision. */
  readEvent(): RtmpServerEvent | undefined {
    for (;;) {
      const queued = this.#events.shift()
      if (queued !== undefined) return queued
      if (this.#phase === 'closed') return undefined
      if (this.#awaiting === undefined) {
        this.#answerPlainCall()
        if (this.#pending.length > 0 && this.#failure === undefined) this.#guard(() => this.#feedPending())
        const message = this.#io.read()
        if (message !== undefined) {
          const event = this.#receive(message)
          if (event !== undefined) return event
          continue
        }
      }
      if (this.#failure === undefined) return undefined
      this.#finish(this.#failure.code, this.#failure.message, this.#failure)
    }
  }

  /** The bytes to write to the client, in order. Between batches of media only. */
  takeOutput(): Uint8Array[] {
    return this.#io.takeOutput()
  }

  /** When to call {@link RtmpServerSession.handleTimeout}, on the clock of `push`; a time in the past means at once. */
  get nextTimeoutMs(): number | undefined {
    if (this.#phase === 'closed') return undefined
    const step = this.#awaiting === undefined ? this.#step.dueMs(this.#nowMs) : undefined
    const ping = this.#mayPing() ? this.#keepalive.dueMs() : undefined
    if (step === undefined) return ping
    return ping === undefined ? step : Math.min(step, ping)
  }

  /** Ends or pings what has been silent for too long. Calls before {@link RtmpServerSession.nextTimeoutMs} do nothing. */
  handleTimeout(nowMs: number): void {
    this.#nowMs = nowMs
    if (this.#phase === 'closed' || this.#failure !== undefined) return
    if (this.#awaiting === undefined) this.#failure = this.#step.expired(nowMs)
    if (this.#failure !== undefined || !this.#mayPing()) return
    const due = this.#keepalive.check(nowMs)
    if (due === 'ping') {
      this.#send({ type: 'userControl', event: { type: 'pingRequest', timestamp: nowMs >>> 0 } })
    } else this.#failure = due
  }

  /** Accounts for bytes that were written past the session: the shared batches of media. */
  countSent(bytes: number): void {
    this.#io.flow.countSent(bytes)
  }

  /**
   * Answers `connect`: window, bandwidth, chunk size 65536, `_result`, `onBWDone`.
   * @param reply - properties to add to the two objects of `_result`.
   * @returns whether there was something to accept; a late decision does nothing.
   */
  acceptConnect(reply: ConnectReply = {}): boolean {
    const request = this.#request
    if (request === undefined || !this.#mayDecide('connect')) return false
    const { windowAcknowledgementSize, peerBandwidth, capabilities } = this.#options
    this.#send(
      ...connectAccepted(
        request,
        this.#connectTransaction,
        { windowAcknowledgementSize, peerBandwidth, chunkSize: RTMP_VIEW_CHUNK_SIZE },
        capabilities,
        reply,
      ),
    )
    this.#awaiting = undefined
    this.#beIdle(this.#options.commandTimeoutMs, undefined)
    return true
  }

  /**
   * Turns a connection away with `NetConnection.Connect.Rejected`, then closes.
   * @param reason - the `description` that the client sees.
   * @param redirect - where it is sent instead.
   * @returns whether there was something to reject.
   */
  rejectConnect(reason: string, redirect?: Redirect): boolean {
    if (!this.#mayDecide('connect')) return false
    this.#send(connectRejected(this.#connectTransaction, reason, redirect))
    this.#finish(redirect === undefined ? 'rejected' : 'redirected', reason)
    return true
  }

  /**
   * Starts the publish: `onFCPublish` to those that sent `FCPublish` or `releaseStream`, then `NetStream.Publish.Start`.
   * @returns whether there was something to accept; a late decision does nothing.
   */
  acceptPublish(description = 'Started publishing stream.'): boolean {
    if (!this.#mayDecide('publish')) return false
    this.#send(...publishStarted(this.#announcedName !== undefined, description))
    this.#awaiting = undefined
    this.#phase = 'publishing'
    this.#announcedName = undefined
    this.#intake = new MediaIntake()
    this.#mediaSeen = false
    this.#step.start(this.#options.firstMediaTimeoutMs, 'ERR_RTMP_MEDIA_TIMEOUT', 'no first media', undefined)
    return true
  }

  /**
   * Turns a publish down with an error status, then closes.
   * @param reason - the `description` that the client sees.
   * @param rejection - status code, `NetStream.Publish.Denied` by default; `NetStream.Publish.BadName` for a name in use.
   * @returns whether there was something to reject.
   */
  rejectPublish(reason: string, rejection: StreamRejection = {}): boolean {
    return this.#rejectStream('publish', 'NetStream.Publish.Denied', reason, rejection)
  }

  /**
   * Starts the play: StreamBegin, `NetStream.Play.Reset`, `NetStream.Play.Start`, `|RtmpSampleAccess`. Media may follow when
   * this output is written.
   * @returns whether there was something to accept; a late decision does nothing.
   */
  acceptPlay(): boolean {
    if (!this.#mayDecide('play')) return false
    this.#send(...playStarted(this.#streamName))
    this.#awaiting = undefined
    this.#phase = 'playing'
    this.#step.stop()
    return true
  }

  /**
   * Turns a play down with an error status, then closes.
   * @param reason - the `description` that the client sees.
   * @param rejection - status code, `NetStream.Play.Failed` by default; `NetStream.Play.StreamNotFound` for a name that nobody
   * publishes.
   * @returns whether there was something to reject.
   */
  rejectPlay(reason: string, rejection: StreamRejection = {}): boolean {
    return this.#rejectStream('play', 'NetStream.Play.Failed', reason, rejection)
  }

  /**
   * Ends the play for good, the connection stays: `NetStream.Play.UnpublishNotify` and StreamEOF. FFmpeg, librtmp and VLC stop at
   * the first, GStreamer at the second.
   */
  endPlay(reason = 'Stream is unpublished.'): void {
    if (this.#phase !== 'playing') return
    this.#send(...playEnded(this.#streamName, reason))
    this.#beIdle(this.#options.republishTimeoutMs, undefined)
  }

  /** Tells a player that its publisher is away and may come back: StreamDry. Nothing stronger, since players quit at it. */
  notifyPublisherGone(): void {
    if (this.#phase === 'playing') this.#send(streamEvent('streamDry'))
  }

  /** Tells a player that its publisher is back: StreamBegin, `NetStream.Play.PublishNotify`. */
  notifyPublisherBack(): void {
    if (this.#phase !== 'playing') return
    const information = netStatus('status', 'NetStream.Play.PublishNotify', 'Stream is published.', {
      details: this.#streamName,
    })
    this.#send(streamEvent('streamBegin'), onStatus(information))
  }

  /**
   * Asks the client to connect anew, here or at `tcUrl`; serve it until it leaves. Enhanced RTMP v2, "Reconnect Request".
   * @returns whether it was sent: only to clients that declared to follow it.
   */
  requestReconnect(tcUrl?: string, description = 'The server asks for a reconnect.'): boolean {
    if (!this.#peer.reconnect || this.#request === undefined || !this.#isConnected()) return false
    const extra = tcUrl === undefined ? undefined : { tcUrl }
    this.#send(onStatus(netStatus('status', 'NetConnection.Connect.ReconnectRequest', description, extra), 0))
    return true
  }

  /**
   * Calls a procedure of the client; its answer comes as a `reply` event. Before the connection is accepted nothing is sent.
   * @returns the transaction id, 0 if nothing was sent.
   */
  call(name: string, ...args: readonly Amf0Value[]): number {
    if (!this.#isConnected()) return 0
    const transactionId = this.#transactions + 1
    this.#send({ type: 'command', messageStreamId: 0, name, transactionId, commandObject: null, args })
    this.#transactions = transactionId
    return transactionId
  }

  /** Sends a command that wants no answer, on the NetStream. */
  notify(name: string, ...args: readonly Amf0Value[]): void {
    if (this.#isConnected()) this.#send(notification(name, NET_STREAM_ID, null, ...args))
  }

  /** Sends a data message to this client alone, such as `('onTextData', { text })`. */
  sendData(timestamp: number, ...values: readonly Amf0Value[]): void {
    if (this.#isConnected()) this.#send(dataMessage(NET_STREAM_ID, timestamp >>> 0, values))
  }

  /** Answers a `command` event with `_result`. */
  reply(transactionId: number, ...args: readonly Amf0Value[]): void {
    if (!this.#isConnected()) return
    this.#send(result(transactionId, null, ...args))
    this.#settle(transactionId)
  }

  /** Answers a `command` event with `_error`. */
  replyError(transactionId: number, description: string, code = 'NetConnection.Call.Failed'): void {
    if (!this.#isConnected()) return
    this.#send(errorResult(transactionId, netStatus('error', code, description)))
    this.#settle(transactionId)
  }

  /** Keeps the latest `command` event unanswered until `reply` or `replyError`. */
  deferReply(): void {
    this.#unanswered = 0
  }

  /**
   * Ends the session: an awaited decision is void, and `unpublish` or `stop`, then `close` follow. Also for a connection that the
   * peer ended.
   * @param reason - for the log.
   * @param code - a status code such as `NetConnection.Connect.AppShutdown` that the client is to see before the end.
   */
  close(reason = 'closed', code?: string): void {
    if (this.#phase === 'closed') return
    if (code !== undefined && this.#isConnected()) this.#send(onStatus(netStatus('error', code, reason), 0))
    this.#finish('closed', reason)
  }

  #receive(message: ChunkMessage): RtmpServerEvent | undefined {
    try {
      const { messageTypeId } = message
      if (messageTypeId === MESSAGE_TYPE_AUDIO || messageTypeId === MESSAGE_TYPE_VIDEO) {
        if (this.#phase !== 'publishing') return this.#ignore()
        this.#countMedia()
        return {
          type: 'media',
          packet: this.#intake.media(messageTypeId, message.timestamp, message.body),
        }
      }
      if (isFfmpegTimecode(message)) return this.#ignore()
      if (this.#phase === 'publishing') {
        if (messageTypeId === MESSAGE_TYPE_AGGREGATE) return this.#receiveAggregate(message)
        if (messageTypeId === MESSAGE_TYPE_DATA_AMF0) {
          return this.#receivePublishedData(message.timestamp, message.body)
        }
        if (messageTypeId === MESSAGE_TYPE_DATA_AMF3) {
          return this.#receivePublishedData(message.timestamp, amf3DataToAmf0(message.body, this.#amf0))
        }
      } else if (isMediaType(messageTypeId)) return this.#ignore()
      return this.#dispatch(this.#decode(message))
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      this.#finish(error.code, error.message, error)
      return undefined
    }
  }

  #dispatch(message: RtmpMessage): RtmpServerEvent | undefined {
    switch (message.type) {
      case 'setChunkSize':
      case 'abort':
      case 'setPeerBandwidth':
      case 'audio':
      case 'video':
      case 'aggregate':
        return undefined
      case 'windowAcknowledgementSize':
        this.#io.flow.setWindow(message.windowBytes)
        return undefined
      case 'acknowledgement':
        this.#io.flow.acknowledge(message.sequenceNumber)
        return {
          type: 'acknowledgement',
          sequenceNumber: message.sequenceNumber,
          unacknowledgedBytes: this.#io.flow.unacknowledgedBytes,
        }
      case 'userControl':
        return this.#userControl(message)
      case 'command':
        return this.#command(message)
      case 'data':
        return this.#data(message)
      case 'sharedObject':
      case 'unknown':
        return { type: 'unknown', message }
      default: {
        const never: never = message
        return never
      }
    }
  }

  #userControl(message: UserControlMessage): RtmpServerEvent | undefined {
    const { event } = message
    if (event.type === 'pingRequest') {
      const { timestamp } = event
      this.#send({ type: 'userControl', event: { type: 'pingResponse', timestamp } })
      return undefined
    }
    if (event.type === 'pingResponse') {
      this.#keepalive.answered()
      return undefined
    }
    if (event.type === 'setBufferLength')
      return { type: 'bufferLength', bufferLengthMs: event.bufferLengthMs }
    return { type: 'unknown', message }
  }

  #command(command: CommandMessage): RtmpServerEvent | undefined {
    // Encoders put an @ before names, as in @setDataFrame.
    const name = command.name.startsWith('@') ? command.name.slice(1) : command.name
    if (!this.#isConnected()) {
      if (name !== 'connect') {
        throw new ProtocolError('ERR_RTMP_NOT_CONNECTED', `command ${name.slice(0, 64)} before connect`)
      }
      this.#request = parseConnect(command)
      this.#peer = this.#request.capabilities
      this.#connectTransaction = command.transactionId || 1 // always 1, RTMP 1.0 §7.2.1.1; some leave it out
      this.#awaiting = 'connect'
      return { type: 'connect', request: this.#request }
    }
    const { transactionId, args } = command
    switch (name) {
      case 'publish':
        return this.#await('publish', parsePublish(command, this.#announcedName ?? ''))
      case 'play':
        if (args[0] === false) return this.#endActivity(true) // NetStream.play(false) stops
        return this.#await('play', parsePlay(command))
      case 'play2':
        return this.#await('play', parsePlay(command))
      case 'closeStream':
      case 'deleteStream':
        return this.#endActivity(true) ?? { type: 'command', command, handled: true }
      case 'FCUnpublish':
        this.#send(...fcUnpublished(transactionId))
        return this.#phase === 'publishing'
          ? this.#endActivity(true)
          : { type: 'command', command, handled: true }
      case 'pause':
      case 'pauseRaw':
        return this.#pause(args[0] !== false, milliseconds(args[1]))
      case 'seek':
        this.#send(seekReply(milliseconds(args[0])))
        return { type: 'seek', positionMs: milliseconds(args[0]) }
      case 'receiveAudio':
        this.#receiveAudio = args[0] !== false
        return { type: 'receiveAudio', enabled: this.#receiveAudio }
      case 'receiveVideo':
        this.#receiveVideo = args[0] !== false
        return { type: 'receiveVideo', enabled: this.#receiveVideo }
      case '_result':
      case '_error':
        return {
          type: 'reply',
          transactionId,
          isError: name === '_error',
          values: [command.commandObject, ...args],
        }
      case 'connect':
        this.replyError(transactionId, 'Already connected.', 'NetConnection.Connect.Failed')
        return { type: 'command', command, handled: true }
      default:
        return this.#otherCommand(name, command)
    }
  }

  #otherCommand(name: string, command: CommandMessage): RtmpServerEvent {
    const streamName = command.args[0]
    if (name === 'FCPublish' || name === 'releaseStream') {
      this.#announcedName = typeof streamName === 'string' ? streamName : ''
    }
    const replies = utilityReplies(name, command.transactionId)
    if (replies !== undefined) this.#send(...replies)
    else if (command.transactionId > 0) this.#unanswered = command.transactionId
    return { type: 'command', command, handled: replies !== undefined }
  }

  /** A publish or play ends what went on before it. */
  #await(what: 'publish' | 'play', event: RtmpServerEvent & { streamName: string }): RtmpServerEvent {
    const ended = this.#endActivity(false)
    this.#awaiting = what
    this.#streamName = event.streamName
    if (ended === undefined) return event
    this.#events.push(event)
    return ended
  }

  #endActivity(announce: boolean): RtmpServerEvent | undefined {
    if (this.#phase !== 'publishing' && this.#phase !== 'playing') return undefined
    const type = this.#phase === 'publishing' ? 'unpublish' : 'stop'
    if (announce && type === 'unpublish') this.#send(unpublished())
    this.#beIdle(this.#options.republishTimeoutMs, this.#nowMs)
    return { type }
  }

  #beIdle(limitMs: number, sinceMs: number | undefined): void {
    this.#phase = 'idle'
    this.#step.start(limitMs, 'ERR_RTMP_COMMAND_TIMEOUT', 'neither publish nor play', sinceMs)
  }

  #pause(paused: boolean, positionMs: number): RtmpServerEvent | undefined {
    if (this.#phase !== 'playing') return undefined
    this.#send(...pauseReplies(paused))
    return { type: 'pause', paused, positionMs }
  }

  #data(message: DataMessage): RtmpServerEvent | undefined {
    if (!this.#isConnected()) return this.#ignore()
    // A publisher's @setDataFrame that came as a command.
    if (this.#phase === 'publishing' && message.values[0] !== '@clearDataFrame') {
      return this.#receivePublishedData(message.timestamp, message.body)
    }
    return { type: 'data', values: message.values, body: message.body }
  }

  #receivePublishedData(timestamp: number, body: Uint8Array): RtmpServerEvent {
    this.#countMedia()
    return { type: 'media', packet: this.#intake.data(timestamp, body) }
  }

  #receiveAggregate(message: ChunkMessage): RtmpServerEvent | undefined {
    const packets = this.#intake.aggregate(message, this.#options.maxAggregateParts, this.#amf0)
    if (packets.length > 0) this.#countMedia()
    for (const packet of packets) this.#events.push({ type: 'media', packet })
    return undefined
  }

  /** Data that is no AMF is nobody's reason to end a connection; a command is. */
  #decode(message: ChunkMessage): RtmpMessage {
    try {
      return this.#io.decode(message)
    } catch (error) {
      const { messageTypeId, timestamp, messageStreamId, body } = message
      const isData = messageTypeId === MESSAGE_TYPE_DATA_AMF0 || messageTypeId === MESSAGE_TYPE_DATA_AMF3
      if (!isData || !(error instanceof MediaError)) throw error
      return { type: 'unknown', messageTypeId, timestamp, messageStreamId, body }
    }
  }

  #countMedia(): void {
    if (this.#mediaSeen) this.#step.touch(this.#nowMs)
    else {
      this.#mediaSeen = true
      this.#step.start(this.#options.mediaTimeoutMs, 'ERR_RTMP_MEDIA_TIMEOUT', 'no media', this.#nowMs)
    }
  }

  #ignore(): undefined {
    this.#ignoredMessageCount++
  }

  #answerPlainCall(): void {
    if (this.#unanswered === 0) return
    const transactionId = this.#unanswered
    this.#unanswered = 0
    this.#send(result(transactionId, null, null))
  }

  #settle(transactionId: number): void {
    if (this.#unanswered === transactionId) this.#unanswered = 0
  }

  #rejectStream(
    what: 'publish' | 'play',
    defaultCode: string,
    reason: string,
    rejection: StreamRejection,
  ): boolean {
    if (!this.#mayDecide(what)) return false
    const { code = defaultCode, redirect } = rejection
    this.#send(...streamRejected(code, reason, redirect))
    this.#finish(redirect === undefined ? 'rejected' : 'redirected', reason)
    return true
  }

  #mayDecide(what: 'connect' | 'publish' | 'play'): boolean {
    return this.#phase !== 'closed' && this.#failure === undefined && this.#awaiting === what
  }

  #isConnected(): boolean {
    return this.#phase === 'idle' || this.#phase === 'publishing' || this.#phase === 'playing'
  }

  #mayPing(): boolean {
    return this.#isConnected() && this.#awaiting === undefined
  }

  #feedPending(): void {
    if (this.#pending.length === 0) return
    const bytes = this.#pending.peek()
    this.#pending = new ByteQueue() // its memory is for the wait alone
    this.#io.push(bytes, this.#nowMs)
  }

  #send(...messages: readonly RtmpMessage[]): void {
    this.#guard(() => this.#io.send(...messages))
  }

  /** What a peer causes becomes the reason to close; a caller's mistake goes to the caller. */
  #guard(action: () => void): void {
    try {
      action()
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      this.#failure ??= error
    }
  }

  #finish(code: RtmpCloseCode, reason: string, error?: MediaError): void {
    const ended = this.#endActivity(false)
    this.#phase = 'closed'
    this.#awaiting = undefined
    this.#events = ended === undefined ? [] : [ended]
    this.#events.push({ type: 'close', code, reason, error })
    this.#pending = new ByteQueue()
  }
}

function milliseconds(value: Amf0Value): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}
