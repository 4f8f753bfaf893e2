/**
 * What the sessions of both sides have in common: bytes in, messages dispatched, media on one clock,
 * timeouts, calls, one close.
 *
 * @module
 */
import type { Amf0DecodeOptions, Amf0Value } from '../amf0/index.ts'
import {
  MESSAGE_TYPE_AGGREGATE,
  MESSAGE_TYPE_AUDIO,
  MESSAGE_TYPE_COMMAND_AMF0,
  MESSAGE_TYPE_COMMAND_AMF3,
  MESSAGE_TYPE_DATA_AMF0,
  MESSAGE_TYPE_DATA_AMF3,
  MESSAGE_TYPE_VIDEO,
  type ChunkMessage,
} from '../chunk/index.ts'
import { LimitError, MediaError } from '../errors/index.ts'
import type { MediaPacket } from '../media/index.ts'
import { MediaIntake } from './media-intake.ts'
import { dataMessage, isFfmpegTimecode } from './message-codec.ts'
import { errorResult, NET_STREAM_ID, netStatus, notification, result } from './net-status.ts'
import type { CommandMessage, DataMessage, RtmpMessage } from './rtmp-message.ts'
import type { RtmpCloseCode, RtmpSessionEvent } from './session-events.ts'
import { SessionIo, type Handshake } from './session-io.ts'
import { sessionSettings, type RtmpSessionOptions, type SessionSettings } from './session-options.ts'
import { Keepalive, StepTimer } from './session-timers.ts'
import type { UserControlEvent } from './user-control.ts'

/**
 * Base of {@link RtmpServerSession} and {@link RtmpClientSession}; `OwnEvent` is what only one of them has.
 *
 * Nothing here throws for what a peer sent: it ends the session with one `close` event.
 */
export abstract class RtmpSession<OwnEvent> {
  /** @internal */
  protected readonly settings: SessionSettings
  /** @internal */
  protected readonly io: SessionIo
  /** @internal The present step and how long it may take. */
  protected readonly step: StepTimer
  /** @internal The latest time that was passed in. */
  protected nowMs: number
  /** @internal Message stream of commands and data that are sent. */
  protected messageStreamId: number
  readonly #amf0: Amf0DecodeOptions | undefined
  readonly #keepalive: Keepalive
  #intake: MediaIntake | undefined
  #mediaSeen: boolean
  #events: (OwnEvent | RtmpSessionEvent)[]
  #eventsHead: number
  #failure: MediaError | undefined
  #closed: boolean
  #handshakeSeen: boolean
  #unanswered: number
  #transactions: number
  #ignoredMessageCount: number

  /** @internal */
  protected constructor(handshake: Handshake, options: RtmpSessionOptions) {
    this.settings = sessionSettings(options)
    this.io = new SessionIo(handshake, {
      chunk: options.chunk,
      amf0: options.amf0,
      maxOutputBytes: this.settings.maxOutputBytes,
      windowAcknowledgementSize: this.settings.windowAcknowledgementSize,
    })
    this.step = new StepTimer()
    this.step.start(
      this.settings.handshakeTimeoutMs,
      'ERR_RTMP_HANDSHAKE_TIMEOUT',
      'no handshake',
      options.nowMs,
    )
    this.nowMs = options.nowMs
    this.messageStreamId = NET_STREAM_ID
    this.#amf0 = options.amf0
    this.#keepalive = new Keepalive(this.settings.pingIntervalMs, this.settings.pingTimeoutMs, options.nowMs)
    this.#intake = undefined
    this.#mediaSeen = false
    this.#events = []
    this.#eventsHead = 0
    this.#failure = undefined
    this.#closed = false
    this.#handshakeSeen = false
    this.#unanswered = 0
    this.#transactions = 0
    this.#ignoredMessageCount = 0
  }

  /** Bytes received. */
  get receivedBytes(): number {
    return this.io.flow.receivedBytes
  }

  /** Bytes sent: output made here, and what was passed to {@link RtmpSession.countSent}. */
  get sentBytes(): number {
    return this.io.flow.sentBytes
  }

  /** Bytes sent that the peer has not acknowledged; all of them if it never does. */
  get unacknowledgedBytes(): number {
    return this.io.flow.unacknowledgedBytes
  }

  /** Messages that were dropped: media outside a publish or play, and the "timecode" that is not AMF. */
  get ignoredMessageCount(): number {
    return this.#ignoredMessageCount
  }

  /** Whether the session has ended, or is about to say so. */
  get isClosed(): boolean {
    return this.#closed || this.#failure !== undefined
  }

  /**
   * Takes bytes from the peer; they are copied where needed, unless the option `chunk.ownsInput` hands them
   * over. Never throws for what they say: read the events.
   * @param nowMs - the present time, on any clock that does not go backwards.
   */
  push(bytes: Uint8Array, nowMs: number): void {
    this.nowMs = nowMs
    if (this.isClosed) return
    this.#keepalive.received(nowMs)
    this.io.flow.countReceived(bytes.length)
    try {
      this.takeBytes(bytes)
      if (!this.#handshakeSeen && this.io.handshakeDone) {
        this.#handshakeSeen = true
        this.onHandshake()
      }
      if (this.isConnected() && !this.isUndecided()) this.io.acknowledge()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** The next event, or `undefined` if there is none, or none before the pending decision. */
  readEvent(): OwnEvent | RtmpSessionEvent | undefined {
    for (;;) {
      if (this.#eventsHead < this.#events.length) return this.#takeEvent()
      if (this.#closed) return undefined
      if (!this.isUndecided()) {
        if (this.#unanswered !== 0) this.#answerPlainCall()
        const message = this.io.read()
        if (message !== undefined) {
          const event = this.#receive(message)
          if (event !== undefined) return event
          continue
        }
      }
      if (this.#failure === undefined) return undefined
      this.finish(this.#failure.code, this.#failure.message, this.#failure)
    }
  }

  /** The bytes to write to the peer, in order. Between batches of media only. */
  takeOutput(): Uint8Array[] {
    return this.io.takeOutput()
  }

  /**
   * When to call {@link RtmpSession.handleTimeout}, on the clock of `push`; a time that has passed means at
   * once.
   */
  get nextTimeoutMs(): number | undefined {
    if (this.isClosed || this.isUndecided()) return undefined
    const step = this.step.dueMs(this.nowMs)
    const ping = this.isConnected() ? this.#keepalive.dueMs() : undefined
    if (step === undefined) return ping
    return ping === undefined ? step : Math.min(step, ping)
  }

  /**
   * Ends or pings what has been silent for too long; then read events and write output. Too early a call does
   * nothing.
   */
  handleTimeout(nowMs: number): void {
    this.nowMs = nowMs
    if (this.isClosed || this.isUndecided()) return
    this.#failure = this.step.expired(nowMs)
    if (this.#failure !== undefined || !this.isConnected()) return
    const due = this.#keepalive.check(nowMs)
    if (due === 'ping') {
      this.send({ type: 'userControl', event: { type: 'pingRequest', timestamp: nowMs >>> 0 } })
    } else this.#failure = due
  }

  /** Accounts for bytes that were written past the session: the shared batches of media. */
  countSent(bytes: number): void {
    this.io.flow.countSent(bytes)
  }

  /**
   * Calls a procedure of the peer; its answer comes as a `reply` event. Nothing is sent before the connection
   * is accepted.
   * @returns the transaction id, 0 if nothing was sent.
   */
  call(name: string, ...args: readonly Amf0Value[]): number {
    return this.isConnected() ? this.sendCall(name, 0, null, args) : 0
  }

  /** Sends a command that wants no answer, on the NetStream. */
  notify(name: string, ...args: readonly Amf0Value[]): void {
    if (this.isConnected()) this.send(notification(name, this.messageStreamId, null, ...args))
  }

  /** Sends a command without an answer on the NetConnection, for anything that is not part of a stream. */
  notifyConnection(name: string, ...args: readonly Amf0Value[]): void {
    if (this.isConnected()) this.send(notification(name, 0, null, ...args))
  }

  /**
   * Sends a data message to this peer only, such as `('onTextData', { text })`.
   * @param timestamp - ms; the low 32 bits are sent.
   */
  sendData(timestamp: number, ...values: readonly Amf0Value[]): void {
    if (this.isConnected()) this.send(dataMessage(this.messageStreamId, timestamp >>> 0, values))
  }

  /** Answers a `command` event with `_result`, command object null. */
  reply(transactionId: number, ...args: readonly Amf0Value[]): void {
    if (!this.isConnected()) return
    this.send(result(transactionId, null, ...args))
    this.#settle(transactionId)
  }

  /** Answers a `command` event with `_error`. */
  replyError(transactionId: number, description: string, code = 'NetConnection.Call.Failed'): void {
    if (!this.isConnected()) return
    this.send(errorResult(transactionId, netStatus('error', code, description)))
    this.#settle(transactionId)
  }

  /** Keeps the latest `command` event unanswered until `reply` or `replyError`. */
  deferReply(): void {
    this.#unanswered = 0
  }

  /** @internal Whether commands may be exchanged. */
  protected abstract isConnected(): boolean

  /** @internal Whether a decision of the owner is awaited, so that nothing is read. */
  protected abstract isUndecided(): boolean

  /** @internal The handshake is done. */
  protected abstract onHandshake(): void

  /** @internal A command came; `name` is without the `@` that encoders put before it. */
  protected abstract onCommand(name: string, command: CommandMessage): OwnEvent | RtmpSessionEvent | undefined

  /** @internal A user control event other than a ping arrived. */
  protected abstract onUserControl(event: UserControlEvent): OwnEvent | undefined

  /** @internal The first media after {@link RtmpSession.startMedia} came. */
  protected abstract onFirstMedia(): OwnEvent | undefined

  /** @internal Data that is not part of a stream arrived. */
  protected onData(message: DataMessage): OwnEvent | RtmpSessionEvent {
    return { type: 'data', values: message.values, body: message.body }
  }

  /** @internal Ends the publish or play, without a word to the peer. */
  protected abstract endActivity(): OwnEvent | undefined

  /** @internal Bytes of the peer on their way to the chunk stream. */
  protected takeBytes(bytes: Uint8Array): void {
    this.io.push(bytes, this.nowMs)
  }

  /** @internal Bytes that were held back for a decision. */
  protected resume(bytes: Uint8Array): void {
    try {
      this.io.push(bytes, this.nowMs)
      this.io.acknowledge()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** @internal */
  protected send(...messages: readonly RtmpMessage[]): void {
    try {
      this.io.send(...messages)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** @internal */
  protected sendCall(
    name: string,
    messageStreamId: number,
    commandObject: Amf0Value,
    args: readonly Amf0Value[],
  ): number {
    const transactionId = this.#transactions + 1
    this.send({ type: 'command', messageStreamId, name, transactionId, commandObject, args })
    this.#transactions = transactionId
    return transactionId
  }

  /** @internal An event that comes before those of later messages. */
  protected enqueue(event: OwnEvent | RtmpSessionEvent): void {
    this.#events.push(event)
  }

  /** @internal Media is read from here on, on its own clock. `sinceMs` as in {@link StepTimer.start}. */
  protected startMedia(sinceMs: number | undefined): void {
    this.#intake = new MediaIntake()
    this.#mediaSeen = false
    const { firstMediaTimeoutMs } = this.settings
    this.step.start(firstMediaTimeoutMs, 'ERR_RTMP_MEDIA_TIMEOUT', 'no first media', sinceMs)
  }

  /** @internal Media is dropped from here on. */
  protected stopMedia(): void {
    this.#intake = undefined
  }

  /**
   * @internal An event for an unanswered call, which is answered before the next event unless the owner does.
   */
  protected unhandled(command: CommandMessage): RtmpSessionEvent {
    if (command.transactionId > 0) this.#unanswered = command.transactionId
    return { type: 'command', command, handled: false }
  }

  /** @internal What goes wrong from here on. */
  protected fail(error: MediaError): void {
    this.#failure ??= error
  }

  /** @internal The end: `last`, the event of what was going on, then `close`. */
  protected finish(
    code: RtmpCloseCode,
    reason: string,
    error?: MediaError,
    last: readonly (OwnEvent | RtmpSessionEvent)[] = [],
  ): void {
    const ended = this.endActivity()
    this.stopMedia()
    this.#closed = true
    this.#events = ended === undefined ? [...last] : [...last, ended]
    this.#eventsHead = 0
    this.#events.push({ type: 'close', code, reason, error })
  }

  #receive(message: ChunkMessage): OwnEvent | RtmpSessionEvent | undefined {
    try {
      const { messageTypeId } = message
      const intake = this.#intake
      if (messageTypeId === MESSAGE_TYPE_AUDIO || messageTypeId === MESSAGE_TYPE_VIDEO) {
        if (intake === undefined) return this.#ignore()
        return this.#media(intake.media(messageTypeId, message.timestamp, message.body))
      }
      if (isFfmpegTimecode(message)) return this.#ignore()
      if (messageTypeId === MESSAGE_TYPE_AGGREGATE) {
        if (intake === undefined) return this.#ignore()
        for (const packet of intake.aggregate(message, this.settings.maxAggregateParts, this.#amf0)) {
          const event = this.#media(packet)
          if (event !== undefined) this.enqueue(event)
        }
        return undefined
      }
      this.#checkCommand(message)
      return this.#dispatch(this.#decode(message))
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      this.finish(error.code, error.message, error)
      return undefined
    }
  }

  #media(packet: MediaPacket): RtmpSessionEvent | undefined {
    if (this.#mediaSeen) {
      this.step.touch(this.nowMs)
      return { type: 'media', packet }
    }
    this.#mediaSeen = true
    this.step.start(this.settings.mediaTimeoutMs, 'ERR_RTMP_MEDIA_TIMEOUT', 'no media', this.nowMs)
    const first = this.onFirstMedia()
    if (first === undefined) return { type: 'media', packet }
    this.enqueue(first)
    this.enqueue({ type: 'media', packet })
    return undefined
  }

  #dispatch(message: RtmpMessage): OwnEvent | RtmpSessionEvent | undefined {
    switch (message.type) {
      case 'setChunkSize':
      case 'abort':
      case 'setPeerBandwidth':
      case 'audio':
      case 'video':
      case 'aggregate':
        return undefined
      case 'windowAcknowledgementSize':
        this.io.flow.setWindow(message.windowBytes)
        return undefined
      case 'acknowledgement': {
        const { sequenceNumber } = message
        this.io.flow.acknowledge(sequenceNumber)
        return { type: 'acknowledgement', sequenceNumber, unacknowledgedBytes: this.unacknowledgedBytes }
      }
      case 'userControl':
        if (message.event.type === 'pingRequest') {
          const { timestamp } = message.event
          this.send({ type: 'userControl', event: { type: 'pingResponse', timestamp } })
          return undefined
        }
        if (message.event.type === 'pingResponse') {
          this.#keepalive.answered()
          return undefined
        }
        return this.onUserControl(message.event) ?? { type: 'unknown', message }
      case 'command': {
        const { name } = message
        return this.onCommand(name.startsWith('@') ? name.slice(1) : name, message)
      }
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

  #data(message: DataMessage): OwnEvent | RtmpSessionEvent | undefined {
    const intake = this.#intake
    if (!this.isConnected()) return this.#ignore()
    const [first, second] = message.values
    if (intake === undefined || CONTROL_DATA.has(first === '@setDataFrame' ? second : first)) {
      return this.onData(message)
    }
    return this.#media(intake.data(message.timestamp, message.body))
  }

  /** Before anything is made of its bytes: there may be 8 MB of them, and no media has such names. */
  #checkCommand({ messageTypeId, body }: ChunkMessage): void {
    const { maxCommandBytes } = this.settings
    const isCommand =
      messageTypeId === MESSAGE_TYPE_COMMAND_AMF0 || messageTypeId === MESSAGE_TYPE_COMMAND_AMF3
    if (!isCommand || body.length <= maxCommandBytes) return
    throw new LimitError(
      'ERR_RTMP_COMMAND_BYTES',
      `command of ${body.length} bytes exceeds maxCommandBytes ${maxCommandBytes}`,
    )
  }

  /** Data that is not AMF does not end the connection; a command that is not AMF does. */
  #decode(message: ChunkMessage): RtmpMessage {
    try {
      return this.io.decode(message)
    } catch (error) {
      const { messageTypeId, timestamp, messageStreamId, body } = message
      const isData = messageTypeId === MESSAGE_TYPE_DATA_AMF0 || messageTypeId === MESSAGE_TYPE_DATA_AMF3
      if (!isData || !(error instanceof MediaError)) throw error
      return { type: 'unknown', messageTypeId, timestamp, messageStreamId, body }
    }
  }

  #takeEvent(): OwnEvent | RtmpSessionEvent | undefined {
    const event = this.#events[this.#eventsHead++]
    if (this.#eventsHead === this.#events.length) {
      this.#events = []
      this.#eventsHead = 0
    }
    return event
  }

  #answerPlainCall(): void {
    const transactionId = this.#unanswered
    this.#unanswered = 0
    this.send(result(transactionId, null, null))
  }

  #settle(transactionId: number): void {
    if (this.#unanswered === transactionId) this.#unanswered = 0
  }

  #ignore(): undefined {
    this.#ignoredMessageCount++
  }

  /** What a peer causes becomes the reason to close; a caller's mistake goes to the caller. */
  #fail(error: unknown): void {
    if (!(error instanceof MediaError)) throw error
    this.fail(error)
  }
}

// Data that is meant for the session, not for the receivers of the stream.
const CONTROL_DATA: ReadonlySet<unknown> = new Set([
  '@clearDataFrame',
  '|RtmpSampleAccess',
  'onStatus',
  'onPlayStatus',
])
