/**
 * An SRT caller: publishes to a listener, or plays from one.
 *
 * @module
 */
import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import createDebug from 'debug'
import { MediaError, ProtocolError } from '../../errors/index.ts'
import { AN_OBJECT, A_STRING, aNumber, checkOptions, type OptionChecks } from '../../hub/internal.ts'
import { type Clock, systemClock, type Timer } from '../../hub/index.ts'
import type { MediaPacket } from '../../media/index.ts'
import { TsMuxer } from '../../mpegts/index.ts'
import {
  SrtCallerSession,
  type SrtCallerOptions,
  type SrtCloseEvent,
  type SrtCrypto,
  type SrtStatistics,
} from '../../srt/index.ts'
import { abortError, PacketQueue } from '../net/index.ts'
import { nodeSrtCrypto } from './srt-crypto.ts'
import { writeTs } from './srt-sink.ts'
import { parseSrtUrl } from './srt-url.ts'
import { TsIntake } from './ts-intake.ts'

const debug = createDebug('millrace:srt-client')

const TICK_MS = 5

/** Options of {@link SrtClient}. */
export interface SrtClientOptions {
  /** Stream id. @defaultValue `streamid` of the URL */
  readonly streamId?: string | undefined
  /** Passphrase of 10 to 80 bytes. @defaultValue `passphrase` of the URL */
  readonly passphrase?: string | undefined
  /** Options of the connection, such as `receiveLatencyMs`, `keyBytes` and `connectTimeoutMs`. */
  readonly session?:
    | Omit<SrtCallerOptions, 'crypto' | 'nowMs' | 'streamId' | 'passphrase' | 'peerAddress'>
    | undefined
  /** Bytes of packets that wait for their reader; beyond, what comes is dropped. @defaultValue 4194304 */
  readonly maxReadBytes?: number | undefined
  /** Ends the client, also while it connects. */
  readonly signal?: AbortSignal | undefined
  /** Randomness, hashes and AES. @defaultValue `node:crypto` */
  readonly crypto?: SrtCrypto | undefined
  /** Time and timers, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock | undefined
}

const CHECKS: OptionChecks<SrtClientOptions> = {
  streamId: A_STRING,
  passphrase: A_STRING,
  session: AN_OBJECT,
  maxReadBytes: aNumber(1),
  signal: AN_OBJECT,
  crypto: AN_OBJECT,
  clock: AN_OBJECT,
}

/** Why a client is over. */
export interface SrtClientEnd {
  /** The same for a log line. */
  readonly reason: string
  /** What went wrong; `undefined` if either side ended the connection in order. */
  readonly error: Error | undefined
  /** Why the listener refused, as on the wire (see `SRT_REJECTION`), if it did. */
  readonly rejection: number | undefined
}

/**
 * A connection to a listener that carries MPEG-TS. Write packets to publish; iterate it to play.
 *
 * @example Publish here what another server plays
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { SrtClient } from 'millrace/node'
 *
 * const hub = new Hub()
 * const client = await SrtClient.connect('srt://192.0.2.1:10080?streamid=#!::r=live/show,m=request')
 * await hub.publish('/live/show').send(client)
 * ```
 */
export class SrtClient implements AsyncIterable<MediaPacket> {
  /** Settles when the connection is over. Never rejects. */
  readonly closed: Promise<SrtClientEnd>
  readonly #socket: Socket
  readonly #session: SrtCallerSession
  readonly #clock: Clock
  readonly #muxer: TsMuxer
  readonly #intake: TsIntake
  readonly #queue: PacketQueue
  readonly #signal: AbortSignal | undefined
  readonly #onAbort: () => void
  #timer: Timer | undefined
  #end: SrtClientEnd | undefined
  #resolveClosed!: (end: SrtClientEnd) => void
  #waiting: (() => void)[]

  private constructor(socket: Socket, session: SrtCallerSession, options: SrtClientOptions) {
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    this.#socket = socket
    this.#session = session
    this.#clock = options.clock ?? systemClock
    this.#muxer = new TsMuxer()
    this.#intake = new TsIntake()
    this.#queue = new PacketQueue(options.maxReadBytes ?? 4_194_304)
    this.#signal = options.signal
    this.#onAbort = () => this.#abort()
    this.#timer = undefined
    this.#end = undefined
    this.#waiting = []
    socket.on('message', (datagram: Uint8Array) => {
      session.push(datagram, this.#clock.now())
      this.#drain()
    })
    // ICMP says that nobody listens (yet): the handshake is repeated, and has a timeout of its own.
    socket.on('error', (error) => debug('socket: %s', error.message))
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  /**
   * Calls a listener.
   * @param url - `srt://host:port?streamid=…&passphrase=…&latency=…&pbkeylen=…`; `latency` in ms.
   * @throws {@link ProtocolError} `ERR_SRT_REJECTED` if the listener refuses, and the other errors of {@link SrtCallerSession}.
   * @throws TypeError for a URL or an option that is none, RangeError for a number out of its range, the system's error for a host that is not found.
   */
  static async connect(url: string, options: SrtClientOptions = {}): Promise<SrtClient> {
    checkOptions('SrtClient', options, CHECKS)
    const { host, port, parameters } = parseSrtUrl(url)
    const { signal, clock = systemClock } = options
    if (signal?.aborted === true) throw abortError(signal.reason)
    const { address, family } = await lookup(host)
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
    try {
      await new Promise<void>((resolve, fail) => {
        socket.once('error', fail)
        socket.connect(port, address, () => {
          socket.off('error', fail)
          resolve()
        })
      })
      const latencyMs = numberOf(parameters, 'latency')
      const keyBytes = numberOf(parameters, 'pbkeylen')
      const session = new SrtCallerSession({
        ...(latencyMs === undefined ? {} : { receiveLatencyMs: latencyMs, sendLatencyMs: latencyMs }),
        ...(keyBytes === 16 || keyBytes === 24 || keyBytes === 32 ? { keyBytes } : {}),
        ...options.session,
        crypto: options.crypto ?? nodeSrtCrypto,
        nowMs: clock.now(),
        peerAddress: address,
        streamId: options.streamId ?? parameters.get('streamid'),
        passphrase: options.passphrase ?? parameters.get('passphrase'),
      })
      const client = new SrtClient(socket, session, options)
      await client.#connected()
      return client
    } catch (error) {
      closeSocket(socket)
      throw error
    }
  }

  /** What the session has counted, under the names of libsrt. */
  statistics(): SrtStatistics {
    return this.#session.statistics(this.#clock.now())
  }

  /**
   * Publishes a packet.
   * @returns false if the connection is over. What the connection cannot carry in time is dropped and counted as `pktSndDrop`.
   */
  write(packet: MediaPacket): boolean {
    if (this.#end !== undefined) return false
    writeTs(this.#session, this.#muxer.writeBatch([packet]), this.#clock.now())
    this.#drain()
    return true
  }

  /** Publishes everything that `packets` gives, until they end or the connection does. */
  async send(packets: AsyncIterable<MediaPacket> | Iterable<MediaPacket>): Promise<void> {
    for await (const packet of packets) if (!this.write(packet)) return
  }

  /** The packets that the listener sends. The iteration ends with the connection. @throws the error that ended the connection. */
  async *[Symbol.asyncIterator](): AsyncGenerator<MediaPacket, void, undefined> {
    for (;;) {
      const packet = this.#queue.take()
      if (packet !== undefined) yield packet
      else if (this.#end === undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve))
      else if (this.#end.error !== undefined) throw this.#end.error
      else return
    }
  }

  /** Ends the connection when what was written has arrived, or after the latency and half a second. */
  async close(): Promise<void> {
    this.#session.close()
    this.#drain()
    await this.closed
  }

  /** {@inheritDoc SrtClient.close} */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #connected(): Promise<void> {
    this.#drain()
    while (!this.#session.isOpen && this.#end === undefined) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    if (this.#end !== undefined) throw this.#end.error ?? new ProtocolError('ERR_SRT_PEER', this.#end.reason)
  }

  #abort(): void {
    this.#session.abort('aborted')
    this.#drain()
  }

  #drain(): void {
    for (let event = this.#session.readEvent(); event !== undefined; event = this.#session.readEvent()) {
      if (event.type === 'connect') this.#wake()
      else if (event.type === 'data') this.#receive(event.payload)
      else this.#finish(event)
    }
    for (const datagram of this.#session.takeOutput()) this.#socket.send(datagram)
    if (this.#end !== undefined) closeSocket(this.#socket)
    else this.#schedule()
  }

  #receive(payload: Uint8Array): void {
    try {
      this.#intake.push(payload, (packet) => {
        if (!this.#queue.isFull) this.#queue.add(packet)
      })
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      this.#session.abort(error.message)
    }
    if (!this.#queue.isEmpty) this.#wake()
  }

  #finish({ reason, error, rejection }: SrtCloseEvent): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const aborted = this.#signal?.aborted === true ? abortError(this.#signal.reason) : undefined
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#end = { reason, error: aborted ?? error, rejection }
    this.#resolveClosed(this.#end)
    this.#wake()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  #schedule(): void {
    if (this.#timer !== undefined) return
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined
      this.#session.handleTimeout(this.#clock.now())
      this.#drain()
    }, TICK_MS)
  }
}

function numberOf(parameters: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = parameters.get(name)
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text)
}

function closeSocket(socket: Socket): void {
  try {
    socket.close()
  } catch {
    // It is closed already.
  }
}
