/**
 * The client's side of one RTMP connection, without socket or clock: it publishes or plays one stream.
 *
 * @module
 */
import { encodeAmf0, propertiesOf, type Amf0Value } from '../amf0/index.ts'
import { concatBytes } from '../bytes/index.ts'
import { ClientHandshake, type HandshakeForm } from '../handshake/index.ts'
import type { MediaPacket } from '../media/index.ts'
import {
  DEFAULT_CAPABILITIES,
  peerCapabilities,
  type LocalCapabilities,
  type PeerCapabilities,
} from './capabilities.ts'
import { connectProperties, informationOf, redirectOf, statusOf, textOf } from './client-commands.ts'
import type { ClientStatusEvent, RtmpClientEvent, RtmpClientOwnEvent } from './client-events.ts'
import { mediaMessage } from './message-codec.ts'
import { RTMP_VIEW_CHUNK_SIZE } from './rtmp-framing.ts'
import type { CommandMessage, DataMessage } from './rtmp-message.ts'
import { RtmpSession } from './rtmp-session.ts'
import type { RtmpSessionOptions } from './session-options.ts'
import type { UserControlEvent } from './user-control.ts'

/** Options of {@link RtmpClientSession}. */
export interface RtmpClientSessionOptions extends RtmpSessionOptions {
  /** What the session does. */
  readonly mode: 'publish' | 'play'
  /** Application, such as `live`. */
  readonly app: string
  /** URL of the application, such as `rtmp://example.com/live`. */
  readonly tcUrl: string
  /** Stream name or key with its query, if any. */
  readonly streamName: string
  /**
   * @defaultValue `FMLE/3.0 (compatible; millrace)` to publish, which servers look for, `LNX 9,0,124,2` to
   *   play
   */
  readonly flashVer?: string | undefined
  /** Properties for the connect object, over ours of the same name. */
  readonly connectProperties?: Readonly<Record<string, Amf0Value>> | undefined
  /** Arguments after the connect object. @defaultValue none */
  readonly connectArgs?: readonly Amf0Value[] | undefined
  /**
   * What the client declares to servers of Enhanced RTMP; `'none'` for none of its properties.
   * @defaultValue `DEFAULT_CAPABILITIES`
   */
  readonly capabilities?: LocalCapabilities | 'none' | undefined
  /** The handshake's form. @defaultValue `simple` */
  readonly handshakeForm?: HandshakeForm | undefined
  /** How a publish is kept by the server. @defaultValue `live` */
  readonly publishType?: 'live' | 'record' | 'append' | undefined
  /** Buffer length that a player announces, ms. @defaultValue 1000 */
  readonly bufferLengthMs?: number | undefined
  /** Arguments of `play` after the stream name: start, duration, reset. @defaultValue none */
  readonly playArgs?: readonly Amf0Value[] | undefined
}

/** What the client does: `connecting`, `creating` and `starting` wait for the server's answer. */
export type RtmpClientPhase =
  | 'handshake'
  | 'connecting'
  | 'creating'
  | 'starting'
  | 'publishing'
  | 'playing'
  | 'ended'
  | 'closed'

/**
 * One connection. Write `takeOutput()` at once, then give it bytes and time, read its events until there are
 * no more, and write its output again. It goes by itself from handshake to `publishing` or `playing`, or ends
 * with a `close` event.
 *
 * Servers differ: missing answers to `releaseStream` and `FCPublish`, wrong transaction ids, other stream ids
 * than 1 and media without a status are all fine.
 */
export class RtmpClientSession extends RtmpSession<RtmpClientOwnEvent> {
  readonly #options: RtmpClientSessionOptions
  readonly #handshake: ClientHandshake
  #phase: RtmpClientPhase
  #peer: PeerCapabilities
  #awaitedTransaction: number
  #paused: boolean

  /** @param options - `crypto`, `nowMs`, `mode`, `app`, `tcUrl` and `streamName` are required. */
  constructor(options: RtmpClientSessionOptions) {
    const { crypto, handshakeForm = 'simple' } = options
    const handshake = new ClientHandshake({ crypto, form: handshakeForm })
    super(handshake, {
      ...options,
      firstMediaTimeoutMs: options.firstMediaTimeoutMs ?? 30_000,
      mediaTimeoutMs: options.mediaTimeoutMs ?? 30_000,
      pingIntervalMs: options.pingIntervalMs ?? 0,
    })
    this.#options = options
    this.#handshake = handshake
    this.#phase = 'handshake'
    this.#peer = peerCapabilities({})
    this.#awaitedTransaction = 0
    this.#paused = false
    handshake.start(options.nowMs)
    this.io.drainHandshake()
  }

  /** What the server declared in its answer to `connect`; nothing before. */
  get peer(): PeerCapabilities {
    return this.#peer
  }

  /** What the client does now. */
  get phase(): RtmpClientPhase {
    return this.#phase
  }

  /** The handshake's form, once it is known. */
  get handshakeForm(): HandshakeForm | undefined {
    return this.#handshake.form
  }

  /**
   * The message stream that `createStream` gave. Only when it is 1, as with nearly all servers, may shared
   * batches be written.
   */
  get streamId(): number {
    return this.messageStreamId
  }

  /**
   * Turns a packet into output, while `publishing`. Metadata is sent after `@setDataFrame`, as servers expect
   * it from publishers.
   * @returns whether it was taken.
   */
  writeMedia(packet: MediaPacket): boolean {
    if (this.#phase !== 'publishing' || this.isClosed) return false
    const named = packet.kind === 'data' && packet.configuration
    const body = named ? concatBytes([SET_DATA_FRAME, packet.body]) : packet.body
    this.io.sendMedia(mediaMessage(packet.kind, packet.dts, this.messageStreamId, body))
    return true
  }

  /** Pauses or resumes a play. */
  pause(paused: boolean, positionMs = 0): void {
    if (this.#phase !== 'playing') return
    this.notify('pause', paused, positionMs)
    if (paused) {
      this.#paused = true
      this.step.stop()
    } else {
      this.step.start(this.settings.mediaTimeoutMs, 'ERR_RTMP_MEDIA_TIMEOUT', 'no media', undefined)
    }
  }

  /**
   * Ends the publish or play, with `FCUnpublish` and `deleteStream`; the connection stays for
   * {@link RtmpClientSession.close}.
   */
  endStream(): void {
    if (this.#phase !== 'publishing' && this.#phase !== 'playing' && this.#phase !== 'starting') return
    if (this.#options.mode === 'publish') this.sendCall('FCUnpublish', 0, null, [this.#options.streamName])
    this.sendCall('deleteStream', 0, null, [this.messageStreamId])
    this.#phase = 'ended'
    this.stopMedia()
    this.step.stop()
  }

  /**
   * Ends the session, its stream first; a `close` event follows. Also for a connection that the server ended.
   * @param reason - for the log.
   */
  close(reason = 'closed'): void {
    if (this.#phase === 'closed') return
    const phase = this.#phase
    this.endStream()
    this.#phase = phase
    this.finish('closed', reason)
  }

  /** @internal */
  protected override isConnected(): boolean {
    return this.#phase !== 'handshake' && this.#phase !== 'connecting' && this.#phase !== 'closed'
  }

  /** @internal */
  protected override isUndecided(): boolean {
    return false
  }

  /** @internal */
  protected override onHandshake(): void {
    const { mode, app, tcUrl, capabilities = DEFAULT_CAPABILITIES } = this.#options
    const publishes = mode === 'publish'
    const flashVer =
      this.#options.flashVer ?? (publishes ? 'FMLE/3.0 (compatible; millrace)' : 'LNX 9,0,124,2')
    const properties = connectProperties(
      publishes,
      app,
      tcUrl,
      flashVer,
      capabilities,
      this.#options.connectProperties,
    )
    this.#phase = 'connecting'
    this.#awaitedTransaction = this.sendCall('connect', 0, properties, this.#options.connectArgs ?? [])
    this.#waitFor('no answer to connect')
  }

  /** @internal A server that says nothing before its media is playing all the same. */
  protected override onFirstMedia(): RtmpClientOwnEvent | undefined {
    if (this.#phase !== 'starting') return undefined
    this.#phase = 'playing'
    return { type: 'playing' }
  }

  /** @internal */
  protected override onUserControl(event: UserControlEvent): RtmpClientOwnEvent | undefined {
    // Servers such as SRS send StreamEOF for a pause as well, and StreamBegin when it continues.
    if (event.type === 'streamBegin') this.#paused = false
    return event.type === 'streamEof' && !this.#paused ? this.#stop('StreamEOF') : undefined
  }

  /** @internal */
  protected override onCommand(name: string, command: CommandMessage): RtmpClientEvent | undefined {
    switch (name) {
      case '_result':
      case '_error':
        return this.#answer(name === '_error', command)
      case 'onStatus':
        return this.#status(informationOf(command))
      case 'onBWDone':
      case 'onFCPublish':
      case 'onFCUnpublish':
      case 'onFCSubscribe':
        return { type: 'command', command, handled: true }
      case 'FCUnpublish':
      case 'closeStream':
      case 'deleteStream':
        // FFmpeg as a server ends a play like a publish.
        return this.#stop(name) ?? { type: 'command', command, handled: true }
      case 'close':
        this.finish('closed', 'the server closes')
        return undefined
      default:
        return this.isConnected() ? this.unhandled(command) : { type: 'command', command, handled: true }
    }
  }

  /** @internal */
  protected override onData(message: DataMessage): RtmpClientEvent {
    const [name, information] = message.values
    const code = name === 'onPlayStatus' ? textOf(propertiesOf(information)?.['code']) : ''
    return (END_CODES.has(code) ? this.#stop(code) : undefined) ?? super.onData(message)
  }

  /** @internal */
  protected override endActivity(): RtmpClientOwnEvent | undefined {
    const played = this.#phase === 'playing'
    this.#phase = 'closed'
    return played ? { type: 'stop', code: '' } : undefined
  }

  #answer(isError: boolean, command: CommandMessage): RtmpClientEvent | undefined {
    const { transactionId, args } = command
    // While connecting there is nothing else to be answered, so any number will do: servers send 0, or none.
    if (this.#phase === 'connecting') {
      return isError ? this.#reject(statusOf(informationOf(command))) : this.#connected(command)
    }
    if (this.#phase === 'creating') {
      const awaited = transactionId === this.#awaitedTransaction
      if (isError && awaited) return this.#reject(statusOf(informationOf(command)))
      const streamId = args[0]
      if (!isError && (awaited || typeof streamId === 'number')) return this.#created(streamId)
    }
    const values: Amf0Value[] = [command.commandObject, ...args]
    return { type: 'reply', transactionId, isError, values }
  }

  #connected(command: CommandMessage): RtmpClientEvent {
    const properties = propertiesOf(command.commandObject) ?? {}
    const information = propertiesOf(command.args[0]) ?? {}
    // Some servers declare in the info object.
    this.#peer = peerCapabilities({ ...information, ...properties })
    this.#phase = 'creating'
    const { streamName, mode } = this.#options
    const { windowAcknowledgementSize } = this.settings
    if (windowAcknowledgementSize > 0) {
      this.send({ type: 'windowAcknowledgementSize', windowBytes: windowAcknowledgementSize })
    }
    if (mode === 'publish') {
      this.send({ type: 'setChunkSize', chunkSize: RTMP_VIEW_CHUNK_SIZE })
      this.sendCall('releaseStream', 0, null, [streamName])
      this.sendCall('FCPublish', 0, null, [streamName])
    }
    this.#awaitedTransaction = this.sendCall('createStream', 0, null, [])
    this.#waitFor('no answer to createStream')
    return { type: 'connected', properties, information, capabilities: this.#peer }
  }

  #created(streamId: Amf0Value): undefined {
    if (typeof streamId === 'number' && streamId > 0) this.messageStreamId = streamId >>> 0
    const { mode, streamName, publishType = 'live', bufferLengthMs = 1000, playArgs = [] } = this.#options
    this.#phase = 'starting'
    if (mode === 'publish') {
      this.sendCall('publish', this.messageStreamId, null, [streamName, publishType])
      this.#waitFor('no answer to publish')
      return
    }
    const { messageStreamId } = this
    this.sendCall('play', messageStreamId, null, [streamName, ...playArgs])
    this.send({ type: 'userControl', event: { type: 'setBufferLength', messageStreamId, bufferLengthMs } })
    this.startMedia(this.nowMs)
  }

  #status(information: ReturnType<typeof informationOf>): RtmpClientEvent | undefined {
    const status = statusOf(information)
    const { code, level, description } = status
    if (level === 'error' || redirectOf(information) !== undefined) return this.#reject(status)
    if (code === 'NetStream.Publish.Start' && this.#phase === 'starting' && this.#publishes()) {
      this.#phase = 'publishing'
      this.step.stop()
      this.enqueue(status)
      this.enqueue({ type: 'publishing' })
      return undefined
    }
    if (code === 'NetStream.Play.Start' && this.#phase === 'starting' && !this.#publishes()) {
      this.#phase = 'playing'
      this.enqueue(status)
      this.enqueue({ type: 'playing' })
      return undefined
    }
    if (code === 'NetConnection.Connect.ReconnectRequest') {
      const tcUrl = textOf(information['tcUrl']) || undefined
      this.enqueue(status)
      this.enqueue({ type: 'reconnectRequest', tcUrl, description })
      return undefined
    }
    if (END_CODES.has(code)) {
      const stop = this.#stop(code)
      if (stop !== undefined) {
        this.enqueue(status)
        this.enqueue(stop)
        return undefined
      }
    }
    return status
  }

  /** The server refuses, or sends the client away: its last word before the end. */
  #reject(status: ClientStatusEvent): undefined {
    const { code, description, information } = status
    const redirect = redirectOf(information)
    const reason = `${code || 'refused'}: ${description || 'no reason given'}`
    this.finish(redirect === undefined ? 'rejected' : 'redirected', reason, undefined, [
      status,
      redirect === undefined
        ? { type: 'rejected', code, description, information }
        : { type: 'redirect', redirect, description },
    ])
  }

  #stop(code: string): RtmpClientOwnEvent | undefined {
    if (this.#phase !== 'playing' && (this.#phase !== 'starting' || this.#publishes())) return undefined
    this.#phase = 'ended'
    this.stopMedia()
    this.step.stop()
    return { type: 'stop', code }
  }

  #publishes(): boolean {
    return this.#options.mode === 'publish'
  }

  #waitFor(what: string): void {
    this.step.start(this.settings.commandTimeoutMs, 'ERR_RTMP_COMMAND_TIMEOUT', what, this.nowMs)
  }
}

// FFmpeg and librtmp stop at the same ones.
const END_CODES: ReadonlySet<string> = new Set([
  'NetStream.Play.UnpublishNotify',
  'NetStream.Play.Stop',
  'NetStream.Play.Complete',
])

const SET_DATA_FRAME = encodeAmf0('@setDataFrame')
