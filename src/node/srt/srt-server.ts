/**
 * SRT over a UDP port: publishers and players of a hub.
 *
 * @module
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import type { AddressInfo } from 'node:net'
import createDebug from 'debug'
import { A_STRING, AN_OBJECT, aNumber, checkOptions, oneOf, type OptionChecks } from '../../hub/internal.ts'
import {
  type AccessReject,
  type AccessRequest,
  Announcer,
  type AnnouncerEvents,
  type Clock,
  Door,
  type HubResolver,
  type PlayerOptions,
  type Refusal,
  reject,
  systemClock,
  type Timer,
} from '../../hub/index.ts'
import {
  SRT_REJECTION,
  type SrtCrypto,
  SrtListener,
  type SrtListenerOptions,
  type SrtRequest,
  type SrtSession,
  type SrtSessionOptions,
} from '../../srt/index.ts'
import { A_HUB, newClientId, PLAYER_CHECKS } from '../net/index.ts'
import { SrtConnection, type SrtConnectionEnd, type SrtConnectionHost } from './srt-connection.ts'
import { nodeSrtCrypto } from './srt-crypto.ts'
import { srtAccessRequest, type SrtTargetPolicy } from './srt-target.ts'

const debug = createDebug('millrace:srt')

/** How often timeouts of all sessions are looked at, ms; half a tick of SRT. */
const TICK_MS = 5
/** What the kernel is asked to hold: a burst of keyframes of many publishers. */
const RECEIVE_BUFFER_BYTES = 4_194_304

/** Options of {@link SrtServer}. */
export interface SrtServerOptions {
  /** The hub, or a function that picks it for a publish or play; `undefined` from it is 2404. */
  readonly hub: HubResolver
  /**
   * Passphrase of 10 to 80 bytes, or a function that gives that of a request which the hub has let in; `undefined` from it is none.
   * @defaultValue no encryption: callers with a passphrase are refused
   */
  readonly passphrase?: string | ((request: AccessRequest) => string | undefined) | undefined
  /** Options of every connection, such as `receiveLatencyMs`. */
  readonly session?: Omit<SrtSessionOptions, 'passphrase' | 'dataTimeoutMs'> | undefined
  /** Bounds of the port. */
  readonly listener?:
    | Pick<
        SrtListenerOptions,
        | 'maxConnections'
        | 'maxConnectionsPerAddress'
        | 'maxRequests'
        | 'requestTimeoutMs'
        | 'maxHandshakesPerSec'
        | 'maxKeyDerivationsPerSec'
      >
    | undefined
  /** Time without data after which a publisher is ended, ms; 0: any. @defaultValue 10000 */
  readonly publisherTimeoutMs?: number | undefined
  /** Application of a resource without a slash. @defaultValue 'live' */
  readonly defaultApp?: string | undefined
  /** What a caller wants whose id is plain text. @defaultValue 'play' */
  readonly defaultMode?: 'publish' | 'play' | undefined
  /** Stands for the id of callers that send none. @defaultValue none: such callers are refused */
  readonly defaultStreamId?: string | undefined
  /** Player options for every player. @defaultValue the hub's own */
  readonly player?: Pick<PlayerOptions, 'start' | 'gopsBack' | 'maxLagMs' | 'sinkBudgetBytes'> | undefined
  /** Randomness, hashes and AES. @defaultValue `node:crypto` */
  readonly crypto?: SrtCrypto | undefined
  /** Time and timers, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock | undefined
}

const CHECKS: OptionChecks<SrtServerOptions> = {
  hub: A_HUB,
  passphrase: {
    expected: 'a text or a function',
    isKind: (value) => typeof value === 'string' || typeof value === 'function',
  },
  session: AN_OBJECT,
  listener: AN_OBJECT,
  publisherTimeoutMs: aNumber(),
  defaultApp: A_STRING,
  defaultMode: oneOf('publish', 'play'),
  defaultStreamId: A_STRING,
  player: AN_OBJECT,
  crypto: AN_OBJECT,
  clock: AN_OBJECT,
}

const SESSION_CHECKS: OptionChecks<NonNullable<SrtServerOptions['session']>> = {
  receiveLatencyMs: aNumber(),
  sendLatencyMs: aNumber(),
  maxLatencyMs: aNumber(),
  maxBandwidthKbps: {
    expected: "a number or 'input'",
    isKind: (value) => typeof value === 'number' || value === 'input',
  },
  maxSendPackets: aNumber(1),
  maxReceivePackets: aNumber(32),
  reorderPackets: aNumber(),
  idleTimeoutMs: aNumber(),
  maxOutputDatagrams: aNumber(1),
  keyRefreshPackets: aNumber(8),
  keyAnnouncePackets: aNumber(1),
}

const LISTENER_CHECKS: OptionChecks<NonNullable<SrtServerOptions['listener']>> = {
  maxConnections: aNumber(),
  maxConnectionsPerAddress: aNumber(),
  maxRequests: aNumber(),
  requestTimeoutMs: aNumber(),
  maxHandshakesPerSec: aNumber(),
  maxKeyDerivationsPerSec: aNumber(),
}

/** Facts that an {@link SrtServer} announces. */
export interface SrtServerEvents extends AnnouncerEvents {
  /** A caller was let in. */
  connection: (connection: SrtConnection) => void
  /** A connection is over. */
  close: (connection: SrtConnection, end: SrtConnectionEnd) => void
}

/** Where an {@link SrtServer} listens. */
export interface SrtListenOptions {
  /** UDP port, 0 for any free one. @defaultValue 10080 */
  readonly port?: number | undefined
  /** Address. @defaultValue all IPv4 addresses */
  readonly host?: string | undefined
}

/**
 * Accepts publishers and players that speak SRT: MPEG-TS both ways. The stream id says which stream and what for, as
 * `#!::r=live/show,m=publish`, `publish:live/show`, or plain text.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { SrtServer } from 'millrace/node'
 *
 * const server = new SrtServer({ hub: new Hub(), session: { receiveLatencyMs: 200 } })
 * const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
 * console.log(`srt://127.0.0.1:${port}?streamid=#!::r=live/show,m=publish`)
 * await server.close()
 * ```
 */
export class SrtServer extends Announcer<SrtServerEvents> {
  readonly #options: SrtServerOptions
  readonly #clock: Clock
  readonly #policy: SrtTargetPolicy
  readonly #door: Door
  readonly #listener: SrtListener
  readonly #host: SrtConnectionHost
  readonly #connections: Map<SrtSession, SrtConnection>
  readonly #admissions: Set<AbortController>
  #socket: Socket | undefined
  #timer: Timer | undefined

  /**
   * @param options - see {@link SrtServerOptions}.
   * @throws TypeError for an option that is unknown, missing or of the wrong type, RangeError for a number out of its range.
   */
  constructor(options: SrtServerOptions) {
    super()
    checkOptions('SrtServer', options, CHECKS)
    if (options.session !== undefined) checkOptions('SrtServer, session', options.session, SESSION_CHECKS)
    if (options.listener !== undefined) checkOptions('SrtServer, listener', options.listener, LISTENER_CHECKS)
    if (options.player !== undefined) checkOptions('SrtServer, player', options.player, PLAYER_CHECKS)
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#door = new Door(options.hub)
    this.#policy = {
      defaultApp: options.defaultApp ?? 'live',
      defaultMode: options.defaultMode ?? 'play',
      defaultStreamId: options.defaultStreamId ?? '',
    }
    this.#listener = new SrtListener({
      ...options.session,
      ...options.listener,
      crypto: options.crypto ?? nodeSrtCrypto,
      nowMs: this.#clock.now(),
    })
    this.#host = {
      clock: this.#clock,
      flush: (connection) => this.#flush(connection),
      closed: (connection, end) => {
        this.#connections.delete(connection.session)
        debug('%s: %s', connection.clientId, end.reason)
        this.emit('close', connection, end)
      },
    }
    this.#connections = new Map()
    this.#admissions = new Set()
    this.#socket = undefined
    this.#timer = undefined
  }

  /** The connections that are open. */
  get connections(): SrtConnection[] {
    return [...this.#connections.values()]
  }

  /**
   * Listens on a port.
   * @returns the bound address and port.
   * @throws the system's error, such as `EADDRINUSE`; an error if it listens already.
   */
  async listen(options: SrtListenOptions = {}): Promise<AddressInfo> {
    if (this.#socket !== undefined) throw new Error('the server listens already')
    const { host = '0.0.0.0', port = 10_080 } = options
    const isV6 = host.includes(':')
    // Peers are known by their addresses: to look those up would put each datagram off to another turn.
    const lookup = (name: string, _options: unknown, found: LookupDone): void =>
      found(null, name, isV6 ? 6 : 4)
    const socket = createSocket({ type: isV6 ? 'udp6' : 'udp4', lookup })
    this.#socket = socket
    try {
      await new Promise<void>((resolve, fail) => {
        socket.once('error', fail)
        socket.bind({ address: host, port }, resolve)
      })
    } catch (error) {
      this.#socket = undefined
      throw error
    }
    socket.removeAllListeners('error')
    socket.on('error', (error) => debug('socket: %s', error.message))
    growReceiveBuffer(socket)
    socket.on('message', (datagram, from) => this.#receive(datagram, from))
    return socket.address()
  }

  /** Bytes that the kernel holds for the port. A burst beyond them is lost; Linux grants at most `net.core.rmem_max`. */
  get receiveBufferBytes(): number {
    return this.#socket?.getRecvBufferSize() ?? 0
  }

  /** Refuses callers from now on and ends every connection; resolves when the port is closed. */
  async close(): Promise<void> {
    this.#listener.close()
    for (const admission of this.#admissions) admission.abort()
    for (const connection of this.connections) {
      connection.session.abort('the server is closed')
      this.#flush(connection)
    }
    this.#timer?.cancel()
    this.#timer = undefined
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined) return
    for (const { to, bytes } of this.#listener.takeOutput()) socket.send(bytes, to.port, to.address)
    await new Promise<void>((resolve) => socket.close(resolve))
  }

  /** {@inheritDoc SrtServer.close} */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #receive(datagram: Uint8Array, { address, port }: RemoteInfo): void {
    const session = this.#listener.push(datagram, { address, port }, this.#clock.now())
    const connection = session === undefined ? undefined : this.#connections.get(session)
    if (connection !== undefined) this.#flush(connection)
    for (let event = this.#listener.readEvent(); event !== undefined; event = this.#listener.readEvent()) {
      void this.#decide(event.request)
    }
    this.#answer()
  }

  /** The door, then the handshake. Never rejects. */
  async #decide(srt: SrtRequest): Promise<void> {
    const admission = new AbortController()
    this.#admissions.add(admission)
    try {
      const request = srtAccessRequest(srt, newClientId(), this.#policy)
      if (request === undefined) srt.reject(SRT_REJECTION.badStreamId)
      else if (request === 'badMode') srt.reject(SRT_REJECTION.badMode)
      else await this.#enter(srt, request, admission.signal)
    } catch (error) {
      debug('%s: %s', srt.peer.address, error)
      srt.reject(SRT_REJECTION.internal)
    } finally {
      this.#admissions.delete(admission)
      this.#answer()
    }
  }

  async #enter(srt: SrtRequest, request: AccessRequest, signal: AbortSignal): Promise<void> {
    let connection: SrtConnection | undefined
    // The passphrase first: nobody is told of a publisher that does not have it.
    const mayEnter = (): Promise<AccessReject> | undefined =>
      this.#prepare(srt, request) ? undefined : Promise.resolve(reject('passphrase or latency refused'))
    const onLost = (): void => connection?.close()
    const entry =
      request.action === 'publish'
        ? await this.#door.publish(request, signal, { mayEnter, onLost })
        : await this.#door.play(request, signal, { mayEnter })
    if (entry.type === 'refusal') {
      if (entry.error !== undefined) debug('%s: %s', request.clientId, entry.error)
      srt.reject(rejectionOf(entry))
      return
    }
    const session = srt.accept()
    if (session === undefined) {
      entry.end()
      return
    }
    connection = new SrtConnection(this.#host, session, srt.peer, request.clientId ?? '', entry)
    this.#connections.set(session, connection)
    this.emit('connection', connection)
    this.#flush(connection)
    this.#schedule()
    try {
      if (session.isOpen) connection.play(this.#options.player ?? {})
    } catch (error) {
      session.abort('the stream cannot be played')
      this.#flush(connection)
      throw error
    }
  }

  #prepare(srt: SrtRequest, request: AccessRequest): boolean {
    const { passphrase, publisherTimeoutMs = 10_000 } = this.#options
    return srt.prepare({
      dataTimeoutMs: request.action === 'publish' ? publisherTimeoutMs : 0,
      passphrase: typeof passphrase === 'function' ? passphrase(request) : passphrase,
    })
  }

  #flush(connection: SrtConnection): void {
    connection.drain()
    const { address, port } = connection.peer
    for (const datagram of connection.session.takeOutput()) this.#socket?.send(datagram, port, address)
  }

  #answer(): void {
    for (const { to, bytes } of this.#listener.takeOutput()) this.#socket?.send(bytes, to.port, to.address)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#socket === undefined) return
    if (this.#connections.size === 0 && this.#listener.nextTimeoutMs === undefined) return
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined
      this.#tick()
    }, TICK_MS)
  }

  #tick(): void {
    const nowMs = this.#clock.now()
    for (const connection of this.#connections.values()) {
      const dueMs = connection.session.nextTimeoutMs
      if (dueMs === undefined || dueMs > nowMs) continue
      connection.session.handleTimeout(nowMs)
      this.#flush(connection)
    }
    this.#listener.handleTimeout(nowMs)
    this.#answer()
  }
}

type LookupDone = (error: null, address: string, family: number) => void

/** Why a caller is refused, in the codes that it shows. */
function rejectionOf({ cause, decision }: Refusal): number {
  switch (cause) {
    case 'no-hub':
    case 'no-source':
      return SRT_REJECTION.notFound
    case 'in-use':
      return SRT_REJECTION.conflict
    case 'error':
      return SRT_REJECTION.internal
    case 'gone':
      return SRT_REJECTION.close
    case 'decision':
      return decision.type === 'reject' && decision.notFound === true
        ? SRT_REJECTION.notFound
        : SRT_REJECTION.forbidden
  }
}

function growReceiveBuffer(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES)
  } catch (error) {
    debug('receive buffer: %s', error)
  }
}
