/**
 * An RTMP client over a socket: publishes to a server or plays from one.
 *
 * @module
 */
import { connect as connectTcp, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import createDebug from 'debug'
import { ProtocolError } from '../errors/index.ts'
import type { HandshakeCrypto } from '../handshake/index.ts'
import type { MediaPacket } from '../media/index.ts'
import {
  parseRtmpUrl,
  type RtmpClientEvent,
  RtmpClientSession,
  type RtmpClientSessionOptions,
  type RtmpCloseCode,
  type RtmpUrl,
} from '../rtmp/index.ts'
import { nodeHandshakeCrypto } from './handshake-crypto.ts'
import { type Expiring, TimeoutSweep } from './sweep.ts'

const debug = createDebug('millrace:rtmp-client')

/** Options of {@link RtmpClient.publish} and {@link RtmpClient.play}. */
export interface RtmpClientOptions {
  /** Gives up connecting, or closes what is connected. */
  readonly signal?: AbortSignal
  /** Time from the start until the server takes or sends media, ms. @defaultValue 10000 */
  readonly connectTimeoutMs?: number
  /** TLS options for `rtmps:`; the server's name is sent (SNI) and its certificate is checked. */
  readonly tls?: ConnectionOptions
  /** A stream to use instead of a new socket, such as one end of a {@link duplexPair}. */
  readonly stream?: Duplex
  /** Options of the session: `flashVer`, `connectProperties`, `capabilities`, timeouts … */
  readonly session?: Omit<
    RtmpClientSessionOptions,
    'crypto' | 'nowMs' | 'mode' | 'app' | 'tcUrl' | 'streamName'
  >
  /** How many redirects (RTMP 302) are followed. @defaultValue 3 */
  readonly maxRedirects?: number
  /** Bytes of media that a player holds for its reader before it lets the server wait. @defaultValue 4194304 */
  readonly maxReadBytes?: number
  /** Bytes in Node's queue from which on {@link RtmpClient.write} says to wait. @defaultValue 1048576 */
  readonly maxWriteBytes?: number
  /** Subtract the first packet's dts when publishing, so that the server sees a stream that starts at 0. @defaultValue true */
  readonly startAtZero?: boolean
  /** Randomness and HMAC. @defaultValue `node:crypto` */
  readonly crypto?: HandshakeCrypto
}

/** Why a client's connection ended. */
export interface RtmpClientEnd {
  /** Stable reason; `closed` for both sides' ordinary end. */
  readonly code: RtmpCloseCode
  /** The same in words. */
  readonly reason: string
}

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
export class RtmpClient implements AsyncIterable<MediaPacket>, Expiring {
  /** The protocol state: what the server said, custom commands. Call {@link RtmpClient.flush} after sending through it. */
  readonly session: RtmpClientSession
  /** Settles when the connection is over. Never rejects. */
  readonly closed: Promise<RtmpClientEnd>
  readonly #stream: Duplex
  readonly #options: RtmpClientOptions
  readonly #sweep: TimeoutSweep
  readonly #received: MediaPacket[]
  #receivedBytes: number
  #firstDts: number | undefined
  #end: RtmpClientEnd | undefined
  #resolveClosed!: (end: RtmpClientEnd) => void
  #redirectUrl: string | undefined
  #refusal: ProtocolError | undefined
  #transportError: Error | undefined
  #started: boolean
  #waiting: (() => void)[]

  private constructor(stream: Duplex, url: RtmpUrl, mode: 'publish' | 'play', options: RtmpClientOptions) {
    this.session = new RtmpClientSession({
      ...options.session,
      crypto: options.crypto ?? nodeHandshakeCrypto,
      nowMs: performance.now(),
      mode,
      app: url.app,
      tcUrl: url.tcUrl,
      streamName: url.streamName,
    })
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    this.#stream = stream
    this.#options = options
    this.#sweep = new TimeoutSweep()
    this.#received = []
    this.#receivedBytes = 0
    this.#firstDts = undefined
    this.#end = undefined
    this.#redirectUrl = undefined
    this.#refusal = undefined
    this.#transportError = undefined
    this.#started = false
    this.#waiting = []
    stream.on('data', (bytes: Uint8Array) => {
      this.session.push(bytes, performance.now())
      this.flush()
    })
    stream.on('drain', () => this.#wake())
    stream.on('end', () => this.#lost('the server ended the connection'))
    stream.on('close', () => this.#lost('the connection closed'))
    stream.on('error', (error) => {
      this.#transportError = error
      this.#lost(error.message)
    })
    this.#sweep.add(this)
    this.flush()
  }

  /**
   * Connects and starts to publish; resolves when the server takes media.
   * @param url - `rtmp://host/app/key`; `rtmps:` for TLS.
   * @throws {@link ProtocolError} `ERR_RTMP_REJECTED` with the server's reason; `ERR_RTMP_ENDED` when it ends before; the
   * system's error when it cannot be reached; the signal's reason when aborted; TypeError for a bad URL.
   */
  static publish(url: string, options: RtmpClientOptions = {}): Promise<RtmpClient> {
    return open(url, options, (stream, target) => new RtmpClient(stream, target, 'publish', options))
  }

  /**
   * Connects and starts to play; resolves when the server plays. Read with `for await`.
   * @param url - `rtmp://host/app/name`; `rtmps:` for TLS.
   * @throws like {@link RtmpClient.publish}.
   */
  static play(url: string, options: RtmpClientOptions = {}): Promise<RtmpClient> {
    return open(url, options, (stream, target) => new RtmpClient(stream, target, 'play', options))
  }

  /** When the session has a timeout due, ms on the clock of `performance.now`; `undefined`: never. The client's own sweep looks at it. */
  get nextTimeoutMs(): number | undefined {
    return this.session.nextTimeoutMs
  }

  /** The time of {@link RtmpClient.nextTimeoutMs} has come. */
  handleTimeout(nowMs: number): void {
    this.session.handleTimeout(nowMs)
    this.flush()
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
    this.#firstDts ??= this.#options.startAtZero === false ? 0 : packet.dts
    this.session.writeMedia(packet.withDts(Math.max(0, packet.dts - this.#firstDts)))
    this.#writeOutput()
    return this.#stream.writableLength < (this.#options.maxWriteBytes ?? 1_048_576)
  }

  /** Resolves when there is room to write, something to read, or the connection is over. */
  ready(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      if (this.#end !== undefined || this.#received.length > 0) this.#wake()
    })
  }

  /**
   * Publishes everything that `packets` gives, no faster than the server takes it. A {@link Consumer} skips to a keyframe by
   * itself when that is too slow.
   * @returns when `packets` or the connection ends.
   */
  async send(packets: AsyncIterable<MediaPacket> | Iterable<MediaPacket>): Promise<void> {
    for await (const packet of packets) {
      if (!this.write(packet) && this.#end === undefined) await this.ready()
      if (this.#end !== undefined) return
    }
  }

  /** The next packet of a play, if one is there. */
  read(): MediaPacket | undefined {
    const packet = this.#received.shift()
    if (packet === undefined) return undefined
    this.#receivedBytes -= packet.body.length
    if (this.#stream.isPaused() && this.#receivedBytes < this.#maxReadBytes) this.#stream.resume()
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

  /** Sends what was asked of {@link RtmpClient.session}. */
  flush(): void {
    if (this.#end !== undefined) return
    for (let event = this.session.readEvent(); event !== undefined; event = this.session.readEvent()) {
      this.#handle(event)
    }
    this.#writeOutput()
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

  /** Waits for the server's consent. @internal */
  async whenStarted(): Promise<{ readonly redirectUrl: string } | undefined> {
    while (!this.#started) {
      if (this.#end !== undefined) {
        if (this.#redirectUrl !== undefined) return { redirectUrl: this.#redirectUrl }
        throw this.#refusal ?? this.#transportError ?? new ProtocolError('ERR_RTMP_ENDED', this.#end.reason)
      }
      await this.ready()
    }
    return undefined
  }

  get #maxReadBytes(): number {
    return this.#options.maxReadBytes ?? 4 * 1024 * 1024
  }

  #writeOutput(): void {
    if (this.#stream.destroyed || this.#stream.writableEnded) return
    for (const part of this.session.takeOutput()) this.#stream.write(part)
  }

  #lost(reason: string): void {
    if (this.#end !== undefined) return
    this.session.close(reason)
    this.flush()
  }

  #handle(event: RtmpClientEvent): void {
    switch (event.type) {
      case 'media':
        this.#received.push(event.packet)
        this.#receivedBytes += event.packet.body.length
        if (this.#receivedBytes >= this.#maxReadBytes) this.#stream.pause()
        this.#wake()
        return
      case 'publishing':
      case 'playing':
        this.#started = true
        this.#wake()
        return
      case 'rejected':
        this.#refusal = new ProtocolError('ERR_RTMP_REJECTED', `${event.code}: ${event.description}`)
        return
      case 'redirect':
        this.#redirectUrl = event.redirect.url ?? event.redirect.tcUrl
        return
      case 'stop':
        // The server has nothing more to play; what came before can still be read.
        this.session.close(event.code === '' ? 'the stream has ended' : event.code)
        return
      case 'close':
        this.#finish({ code: event.code, reason: event.reason })
        return
      case 'connected':
      case 'status':
      case 'reconnectRequest':
      case 'command':
      case 'reply':
      case 'data':
      case 'acknowledgement':
      case 'unknown':
        return
      default: {
        event satisfies never
      }
    }
  }

  #finish(end: RtmpClientEnd): void {
    debug('closed: %s %s', end.code, end.reason)
    this.#writeOutput()
    this.#end = end
    this.#sweep.delete(this)
    this.#stream.end()
    const linger = setTimeout(() => this.#stream.destroy(), LINGER_MS).unref()
    const done = (): void => {
      clearTimeout(linger)
      this.#resolveClosed(end)
    }
    if (this.#stream.closed) done()
    else this.#stream.once('close', done)
    // What the server still says is read and dropped, so that its end is seen.
    this.#stream.resume()
    this.#wake()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}

/** How long the last words may take to reach the server, ms. */
const LINGER_MS = 2_000

async function open(
  url: string,
  options: RtmpClientOptions,
  make: (stream: Duplex, target: RtmpUrl) => RtmpClient,
): Promise<RtmpClient> {
  const { signal, connectTimeoutMs = 10_000, maxRedirects = 3 } = options
  let target = parseRtmpUrl(url)
  const limit = AbortSignal.timeout(connectTimeoutMs)
  for (let redirects = 0; ; redirects++) {
    signal?.throwIfAborted()
    const stream = redirects === 0 && options.stream !== undefined ? options.stream : dial(target, options)
    const client = make(stream, target)
    const abort = (): void => void client.close('aborted')
    const giveUp = (): void => {
      stream.destroy(new ProtocolError('ERR_RTMP_ENDED', `not connected within ${connectTimeoutMs} ms`))
    }
    signal?.addEventListener('abort', abort, { once: true })
    limit.addEventListener('abort', giveUp, { once: true })
    void client.closed.then(() => signal?.removeEventListener('abort', abort))
    try {
      const redirect = await client.whenStarted()
      if (redirect === undefined) return client
      if (redirects >= maxRedirects)
        throw new ProtocolError('ERR_RTMP_REJECTED', `more than ${maxRedirects} redirects`)
      const next = parseRtmpUrl(redirect.redirectUrl)
      // A redirect names the application, or the whole stream.
      target = next.streamName === '' ? { ...next, streamName: target.streamName } : next
      debug('redirected to %s', next.tcUrl)
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      limit.removeEventListener('abort', giveUp)
    }
  }
}

function dial(target: RtmpUrl, options: RtmpClientOptions): Socket {
  const { host, port } = target
  const socket =
    target.scheme === 'rtmps'
      ? connectTls({ host, port, ...(isAddress(host) ? {} : { servername: host }), ...options.tls })
      : connectTcp({ host, port })
  return socket.setNoDelay(true)
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(':')
}
