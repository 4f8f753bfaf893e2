/**
 * An RTMP client over a socket: publishes to a server or plays from one.
 *
 * @module
 */
import type { Duplex } from 'node:stream'
import createDebug from 'debug'
import type { Amf0Value } from '../../amf0/index.ts'
import { ProtocolError } from '../../errors/index.ts'
import { checkOptions } from '../../hub/internal.ts'
import { Announcer, type Clock, Consumer, systemClock, type Timer } from '../../hub/index.ts'
import { framedDts, type MediaPacket } from '../../media/index.ts'
import { type RtmpClientEvent, RtmpClientSession, type RtmpUrl } from '../../rtmp/index.ts'
import {
  abortError,
  type Expiring,
  PacketQueue,
  redact,
  StallWatch,
  TimeoutSweep,
  ZeroClock,
} from '../net/index.ts'
import { nodeHandshakeCrypto } from './handshake-crypto.ts'
import { RtmpCalls } from './rtmp-calls.ts'
import type { RtmpClientEvents } from './rtmp-client-events.ts'
import { RTMP_CLIENT_CHECKS, type RtmpClientEnd, type RtmpClientOptions } from './rtmp-client-options.ts'
import { type DialAnswer, dialRtmp, type Dialled } from './rtmp-dial.ts'

const debug = createDebug('millrace:rtmp-client')

/** How long the last words may take to reach the server, ms. */
const LINGER_MS = 2_000

/** How long after a reader's pause the server may take to send again, ms. */
const RESUME_MS = 5_000

/** What the server says before anybody can listen is kept so far, and data no longer than this. */
const MAX_EARLY_FACTS = 64
const MAX_EARLY_DATA_BYTES = 65_536

/**
 * A connection that publishes or plays one stream.
 *
 * @example Pull a stream and push it elsewhere
 * ```ts
 * import { RtmpClient } from 'millrace/node'
 *
 * const from = await RtmpClient.play('rtmp://192.0.2.1/live/show')
 * const to = await RtmpClient.publish('rtmp://192.0.2.2/live/copy')
 * await to.send(from)
 * ```
 */
export class RtmpClient extends Announcer<RtmpClientEvents> implements AsyncIterable<MediaPacket> {
  /** The protocol state; for commands and data of your own. Call {@link RtmpClient.flush} after sending through it. */
  readonly session: RtmpClientSession
  /** Settles when the connection is over. Never rejects. */
  readonly closed: Promise<RtmpClientEnd>
  readonly #stream: Duplex
  readonly #mode: 'publish' | 'play'
  readonly #clock: Clock
  readonly #sweep: TimeoutSweep
  readonly #timeouts: Expiring
  readonly #stall: StallWatch
  readonly #queue: PacketQueue
  readonly #maxWriteBytes: number
  /** Of a publish that starts at 0. */
  readonly #zero: ZeroClock | undefined
  readonly #onAbort: () => void
  readonly #calls: RtmpCalls
  readonly #url: RtmpUrl
  readonly #signal: AbortSignal | undefined
  #end: RtmpClientEnd | undefined
  #resolveClosed!: (end: RtmpClientEnd) => void
  #redirectUrl: string | undefined
  /** Not told yet; `undefined` once the client was handed over. */
  #early: (() => void)[] | undefined
  #refusal: { readonly description: string; readonly error: ProtocolError } | undefined
  #failure: Error | undefined
  #broken: boolean
  #started: boolean
  #resumedMs: number
  #waiting: (() => void)[]

  private constructor(stream: Duplex, url: RtmpUrl, mode: 'publish' | 'play', options: RtmpClientOptions) {
    super()
    const clock = options.clock ?? systemClock
    this.session = new RtmpClientSession({
      ...options.session,
      crypto: options.crypto ?? nodeHandshakeCrypto,
      // What a stream gives is its reader's.
      chunk: { ...options.session?.chunk, ownsInput: options.session?.chunk?.ownsInput ?? true },
      nowMs: clock.now(),
      mode,
      app: url.app,
      tcUrl: url.tcUrl,
      streamName: url.streamName,
    })
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    this.#stream = stream
    this.#mode = mode
    this.#clock = clock
    this.#sweep = new TimeoutSweep(clock)
    this.#timeouts = this.#makeTimeouts()
    this.#stall = new StallWatch(options.stallTimeoutMs ?? 30_000, clock.now())
    this.#queue = new PacketQueue(options.maxReadBytes ?? 4 * 1024 * 1024)
    this.#maxWriteBytes = options.maxWriteBytes ?? 1_048_576
    this.#zero = (options.startAtZero ?? true) ? new ZeroClock() : undefined
    this.#signal = options.signal
    this.#calls = new RtmpCalls(clock, options.session?.commandTimeoutMs ?? 30_000)
    this.#url = url
    this.#onAbort = () => {
      this.#failure = abortError(options.signal?.reason)
      this.#lost('aborted')
    }
    this.#end = undefined
    this.#redirectUrl = undefined
    this.#early = []
    this.#refusal = undefined
    this.#failure = undefined
    this.#broken = false
    this.#started = false
    this.#resumedMs = -Infinity
    this.#waiting = []
    stream.on('data', (bytes: Uint8Array) => {
      this.session.push(bytes, clock.now())
      this.flush()
    })
    stream.on('drain', () => this.#wake())
    stream.on('end', () => this.#lost('the server ended the connection'))
    stream.on('close', () => this.#lost('the connection closed'))
    stream.on('error', (error) => this.#break(error))
    this.#sweep.add(this.#timeouts)
    this.flush()
  }

  /**
   * Connects and starts to publish; resolves when the server takes media.
   * @param url - `rtmp://host/app/key`; `rtmps:` for TLS. `rtmp://user:password@host/app/key` for servers that ask for them in the
   * way of Adobe or Limelight.
   * @throws {@link ProtocolError} `ERR_RTMP_REJECTED` with the server's reason; `ERR_RTMP_REDIRECTED` when it sends the client where that
   * may not go; `ERR_RTMP_ENDED` when it ends before.
   * @throws {@link LimitError} `ERR_RTMP_CONNECT_TIMEOUT`; the system's error when it cannot be reached; the signal's reason when aborted;
   * TypeError for a bad URL, one of another scheme, and options that are unknown or of the wrong type; RangeError for a number out of its range.
   */
  static publish(url: string, options: RtmpClientOptions = {}): Promise<RtmpClient> {
    return RtmpClient.#open(url, 'publish', options)
  }

  /**
   * Connects and starts to play; resolves when the server plays. Read with `for await`.
   * @param url - `rtmp://host/app/name`; `rtmps:` for TLS.
   * @throws like {@link RtmpClient.publish}.
   */
  static play(url: string, options: RtmpClientOptions = {}): Promise<RtmpClient> {
    return RtmpClient.#open(url, 'play', options)
  }

  static async #open(url: string, mode: 'publish' | 'play', options: RtmpClientOptions): Promise<RtmpClient> {
    checkOptions('RtmpClient', options, RTMP_CLIENT_CHECKS)
    const { signal, connectTimeoutMs = 10_000, maxRedirects = 3, tls, stream, clock = systemClock } = options
    const { allowInsecureRedirects = false } = options
    const dialled = await dialRtmp(
      url,
      { signal, connectTimeoutMs, maxRedirects, allowInsecureRedirects, tls, stream, clock },
      (transport, target): Dialled & { readonly client: RtmpClient } => {
        const client = new RtmpClient(transport, target, mode, options)
        return {
          client,
          whenStarted: () => client.#whenStarted(),
          abort: (reason) => client.#break(reason),
        }
      },
    )
    const { client } = dialled
    signal?.addEventListener('abort', client.#onAbort, { once: true })
    clock.defer(() => client.#tellEarly())
    return client
  }

  /** Bytes that the socket has not taken yet. */
  get queuedBytes(): number {
    return this.#stream.writableLength
  }

  /**
   * Publishes one packet.
   * @returns whether more may follow at once; `false`: wait for {@link RtmpClient.ready}, or leave out packets up to the next
   * keyframe. The packet itself was taken, unless the connection is over.
   */
  write(packet: MediaPacket): boolean {
    if (this.#end !== undefined) return false
    const dts = this.#zero?.timeOf(packet) ?? Math.max(0, packet.dts)
    this.session.writeMedia(packet.withDts(framedDts(packet, dts)))
    this.#writeOutput()
    return !this.#isFull
  }

  /**
   * Resolves when a publisher has room to write, when a player has something to read, or when the connection is over. At once, if it is
   * so already.
   */
  ready(): Promise<void> {
    if (
      this.#end !== undefined ||
      (this.#mode === 'publish' ? this.#started && !this.#isFull : !this.#queue.isEmpty)
    ) {
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  /**
   * Publishes everything that `packets` gives, no faster than the server takes it. A {@link Consumer} skips to a keyframe by
   * itself when that is too slow.
   * @returns when `packets` or the connection ends. At the end of the connection a {@link Consumer} is detached and a client that plays
   * is closed; any other iterable is left at its next packet.
   */
  async send(packets: AsyncIterable<MediaPacket> | Iterable<MediaPacket>): Promise<void> {
    const over = this.closed.then(() => {
      // They may have no packet for long, and leave the loop with a packet only.
      if (packets instanceof Consumer) packets.detach()
      else if (packets instanceof RtmpClient) void packets.close()
    })
    for await (const packet of packets) {
      if (!this.write(packet)) await this.ready()
      if (this.#end !== undefined) break
    }
    if (this.#end !== undefined) await over
  }

  /** The next packet of a play, if one is there. */
  read(): MediaPacket | undefined {
    const wasFull = this.#queue.isFull
    const packet = this.#queue.take()
    if (wasFull && !this.#queue.isFull && this.#end === undefined) {
      this.#resumedMs = this.#clock.now()
      this.#stream.resume()
    }
    return packet
  }

  /** Packets of a play until the connection ends. Leaving the loop closes it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<MediaPacket, void, undefined> {
    try {
      for (;;) {
        const packet = this.read()
        if (packet !== undefined) yield packet
        else if (this.#end !== undefined) return
        else await this.ready()
      }
    } finally {
      await this.close()
    }
  }

  /**
   * Calls a procedure of the server.
   * @param args - its arguments, after the command object, which is null.
   * @returns command object and arguments of the server's `_result`.
   * @throws {@link ProtocolError} `ERR_RTMP_CALL_FAILED` for an `_error`, with the {@link RtmpReplyEvent} as its `cause`; `ERR_RTMP_ENDED`
   * when the connection is over. {@link LimitError} `ERR_RTMP_COMMAND_TIMEOUT` without an answer in the session's `commandTimeoutMs`: many
   * servers answer only what they know.
   */
  async call(name: string, ...args: readonly Amf0Value[]): Promise<readonly Amf0Value[]> {
    const transactionId = this.session.call(name, ...args)
    if (transactionId === 0) throw new ProtocolError('ERR_RTMP_ENDED', 'the connection has ended')
    const answer = this.#calls.answerTo(transactionId, name)
    this.flush()
    return await answer
  }

  /** Sends what was asked of {@link RtmpClient.session}. */
  flush(): void {
    if (this.#end !== undefined) return
    for (let event = this.session.readEvent(); event !== undefined; event = this.session.readEvent()) {
      this.#handle(event)
    }
    if (this.#end === undefined) this.#writeOutput()
  }

  /** Ends the stream and the connection in order. Resolves when the socket is closed. */
  async close(reason = 'closed'): Promise<void> {
    this.session.close(reason)
    this.flush()
    await this.closed
  }

  /** {@inheritDoc RtmpClient.close} */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Below the stream's own mark no `drain` would come: it is not full then, whatever the option says. */
  get #isFull(): boolean {
    return this.#stream.writableLength >= this.#maxWriteBytes && this.#stream.writableNeedDrain
  }

  #makeTimeouts(): Expiring {
    const nextTimeoutMs = (): number | undefined => {
      const stallMs = this.#stall.nextCheckMs(this.#stream.writableLength)
      // While its reader lets the server wait, the server's silence says nothing.
      const dueMs = this.#queue.isFull ? undefined : this.session.nextTimeoutMs
      if (dueMs === undefined) return stallMs
      return Math.min(Math.max(dueMs, this.#resumedMs + RESUME_MS), stallMs ?? Infinity)
    }
    return {
      get nextTimeoutMs() {
        return nextTimeoutMs()
      },
      handleTimeout: (nowMs) => {
        const stalled = this.#stall.check(nowMs, this.#stream.writableLength)
        if (stalled !== undefined) this.#break(stalled)
        if (this.#end === undefined && !this.#queue.isFull) this.session.handleTimeout(nowMs)
        this.flush()
      },
    }
  }

  /** Waits for the server's consent. */
  async #whenStarted(): Promise<DialAnswer> {
    while (!this.#started) {
      if (this.#end !== undefined) {
        if (this.#redirectUrl !== undefined) return { type: 'redirected', url: this.#redirectUrl }
        if (this.#refusal !== undefined) return { type: 'refused', ...this.#refusal }
        throw this.#end.error ?? new ProtocolError('ERR_RTMP_ENDED', this.#end.reason)
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
      })
    }
    return { type: 'started' }
  }

  #writeOutput(): void {
    const stream = this.#stream
    if (stream.destroyed || stream.writableEnded) return
    const parts = this.session.takeOutput()
    if (parts.length > 1) stream.cork()
    for (const part of parts) {
      stream.write(part)
      this.#stall.wrote(part.length)
    }
    if (parts.length > 1) stream.uncork()
  }

  #lost(reason: string): void {
    if (this.#end !== undefined) return
    this.session.close(reason)
    this.flush()
  }

  /** Nothing more can be said to the server. */
  #break(error: Error): void {
    if (this.#end !== undefined) return
    this.#failure = error
    this.#broken = true
    this.#lost(error.message)
  }

  #handle(event: RtmpClientEvent): void {
    switch (event.type) {
      case 'media':
        this.#queue.add(event.packet)
        if (this.#queue.isFull) this.#stream.pause()
        this.#wake()
        return
      case 'publishing':
      case 'playing':
        this.#started = true
        this.#wake()
        return
      case 'rejected':
        this.#refusal = {
          description: event.description,
          error: new ProtocolError('ERR_RTMP_REJECTED', `${event.code}: ${event.description}`),
        }
        return
      case 'redirect':
        this.#redirectUrl = event.redirect.url ?? event.redirect.tcUrl
        return
      case 'stop':
        // The server has nothing more to play; what came before can still be read.
        this.session.close(event.code === '' ? 'the stream has ended' : event.code)
        return
      case 'close': {
        const { code, reason, error } = event
        const redirectUrl = this.#redirectUrl
        const isRedirected = redirectUrl !== undefined
        const sentAway = isRedirected ? new ProtocolError('ERR_RTMP_REDIRECTED', reason) : undefined
        const cause = this.#failure ?? this.#refusal?.error ?? sentAway ?? error
        this.#finish({ code, reason, error: cause, redirectUrl })
        return
      }
      case 'connected':
        this.#tell(() => this.emit('connected', event))
        return
      case 'status':
        this.#tell(() => this.emit('status', event))
        return
      case 'command':
        this.#tell(() => this.emit('command', event))
        return
      case 'reply':
        if (!this.#calls.settle(event)) this.#tell(() => this.emit('reply', event))
        return
      case 'data':
        if (this.#early === undefined || event.body.length <= MAX_EARLY_DATA_BYTES)
          this.#tell(() => this.emit('data', event))
        return
      case 'unknown':
        this.#tell(() => this.emit('unknown', event))
        return
      case 'reconnectRequest':
        this.#tell(() => this.emit('reconnectRequest', event))
        return
      case 'acknowledgement':
        return
      default: {
        event satisfies never
      }
    }
  }

  #tell(fact: () => void): void {
    if (this.#early === undefined) fact()
    else if (this.#early.length < MAX_EARLY_FACTS) this.#early.push(fact)
  }

  /** Also those that come meanwhile, in their order. */
  #tellEarly(): void {
    for (const fact of this.#early ?? []) fact()
    this.#early = undefined
  }

  #finish(end: RtmpClientEnd): void {
    debug('closed: %s %s', end.code, redact(end.reason, this.#url))
    this.#writeOutput()
    this.#end = end
    this.#calls.end(end.reason)
    this.#sweep.delete(this.#timeouts)
    this.#signal?.removeEventListener('abort', this.#onAbort)
    const stream = this.#stream
    let linger: Timer | undefined
    const done = (): void => {
      linger?.cancel()
      this.#resolveClosed(end)
    }
    if (stream.closed) done()
    else stream.once('close', done)
    // Before the server takes or sends media there is nothing to say to it.
    if (!this.#started || this.#broken) stream.destroy()
    else {
      stream.end()
      linger = this.#clock.setTimeout(() => stream.destroy(), LINGER_MS)
      // What the server still says is read and dropped, so that its end is seen.
      stream.resume()
    }
    this.#wake()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}
