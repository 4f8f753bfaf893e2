/**
 * RTMP and RTMPS over sockets, or over any stream that is handed in.
 *
 * @module
 */
import { type AddressInfo, createServer, type Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  createSecureContext,
  createServer as createTlsServer,
  type SecureContextOptions,
  type Server as TlsServer,
  type TlsOptions,
} from 'node:tls'
import createDebug from 'debug'
import type { HandshakeCrypto } from '../../handshake/index.ts'
import {
  A_BOOLEAN,
  A_FUNCTION,
  AN_OBJECT,
  aNumber,
  checkOptions,
  type OptionChecks,
  Scheduler,
} from '../../hub/internal.ts'
import {
  Announcer,
  type AnnouncerEvents,
  type Clock,
  Door,
  type HubResolver,
  setDeadline,
  systemClock,
  type Timer,
  type PlayerDefaults,
} from '../../hub/index.ts'
import type { RtmpServerSessionOptions } from '../../rtmp/index.ts'
import {
  A_HUB,
  type ListenOptions,
  listenOn,
  plainAddress,
  PLAYER_CHECKS,
  readProxyHeader,
  TimeoutSweep,
} from '../net/index.ts'
import { nodeHandshakeCrypto } from './handshake-crypto.ts'
import { RtmpConnection } from './rtmp-connection.ts'
import type {
  RtmpConnectDecider,
  RtmpConnectionEnd,
  RtmpConnectionEvent,
  RtmpConnectionHost,
  RtmpConnectionInfo,
  RtmpRefusal,
} from './rtmp-connection-host.ts'
import { SourceFollowers } from './source-followers.ts'

const debug = createDebug('millrace:rtmp')

/** Time for a TLS handshake, ms. Node's own default is two minutes. */
const TLS_HANDSHAKE_TIMEOUT_MS = 10_000

/** The longest delay of a timer; Node takes 0 for its own default. */
const NO_TIMEOUT_MS = 2 ** 31 - 1

/** Silence after which the system asks whether the peer is still there, ms: for players that pause. */
const KEEP_ALIVE_MS = 60_000

/** Options of {@link RtmpServer}. */
export interface RtmpServerOptions {
  /** The hub, or a function that picks it for a publish or play; `undefined` from it is "no such virtual host". */
  readonly hub: HubResolver
  /** Certificate and key: the server then speaks RTMPS. @defaultValue plain RTMP */
  readonly tls?: TlsOptions | undefined
  /** Every connection starts with a PROXY protocol header (v1 or v2) that tells the client's address; before TLS, if any. @defaultValue false */
  readonly proxyProtocol?: boolean | undefined
  /**
   * Decides about `connect`, and adds properties to its answer. A client that names another virtual host with a stream (`show?vhost=b`) is
   * asked about again, with `?vhost=b` in its tcUrl, when that leads to another hub; no answer to `connect` follows then. @defaultValue everybody may connect
   */
  readonly onConnect?: RtmpConnectDecider | undefined
  /** Time for `onConnect`, ms; the peer is then turned away. 0: any. The hub has its own for publish and play. @defaultValue 10000 */
  readonly connectDecisionTimeoutMs?: number | undefined
  /**
   * Time in which a peer must take at least one write (a batch of media, an answer) while some wait for it, ms; a player
   * that has gone without a word is closed after it. 0: any time. @defaultValue 60000
   */
  readonly stallTimeoutMs?: number | undefined
  /** Timeouts and bounds of the sessions. */
  readonly session?: Omit<RtmpServerSessionOptions, 'nowMs' | 'crypto'> | undefined
  /** Player options for every player. @defaultValue the hub's own */
  readonly player?: PlayerDefaults | undefined
  /** Most sockets at a time; one more is closed at once. Streams given to {@link RtmpServer.handle} do not count. @defaultValue 20000 */
  readonly maxConnections?: number | undefined
  /** Randomness and HMAC. @defaultValue `node:crypto` */
  readonly crypto?: HandshakeCrypto | undefined
  /** Time and timers, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock | undefined
}

const CHECKS: OptionChecks<RtmpServerOptions> = {
  hub: A_HUB,
  tls: AN_OBJECT,
  proxyProtocol: A_BOOLEAN,
  onConnect: A_FUNCTION,
  connectDecisionTimeoutMs: aNumber(),
  stallTimeoutMs: aNumber(),
  session: AN_OBJECT,
  player: AN_OBJECT,
  maxConnections: aNumber(),
  crypto: AN_OBJECT,
  clock: AN_OBJECT,
}

const SESSION_CHECKS: OptionChecks<NonNullable<RtmpServerOptions['session']>> = {
  chunk: AN_OBJECT,
  amf0: AN_OBJECT,
  windowAcknowledgementSize: aNumber(),
  handshakeTimeoutMs: aNumber(),
  commandTimeoutMs: aNumber(),
  firstMediaTimeoutMs: aNumber(),
  mediaTimeoutMs: aNumber(),
  pingIntervalMs: aNumber(),
  pingTimeoutMs: aNumber(),
  maxOutputBytes: aNumber(),
  maxCommandBytes: aNumber(),
  maxAggregateParts: aNumber(),
  acceptProxyPrefix: A_BOOLEAN,
  capabilities: AN_OBJECT,
  peerBandwidth: aNumber(),
  republishTimeoutMs: aNumber(),
  maxPendingBytes: aNumber(),
  maxUnadmittedBytes: aNumber(),
}

/** Facts that an {@link RtmpServer} announces. */
export interface RtmpServerEvents extends AnnouncerEvents {
  /** A connection was accepted; nothing is known of it yet but its address. */
  connection: (connection: RtmpConnection) => void
  /**
   * An event of a connection's session, media excepted: custom commands, data messages, unknown messages, and requests:
   * `connect`, `publish` and `play` say what the peer asks for, before it is decided. Who publishes is the hub's news.
   */
  sessionEvent: (event: RtmpConnectionEvent, connection: RtmpConnection) => void
  /** A peer was turned away by `onConnect`, beyond `maxConnections`, or for want of a virtual host. A hub announces its own refusals. */
  refuse: (refusal: RtmpRefusal) => void
  /** A connection is over, with its one reason. The last event of the connection. */
  close: (connection: RtmpConnection, end: RtmpConnectionEnd) => void
}

/** A socket in its TLS handshake. */
interface Entering {
  readonly socket: Socket
  readonly info: RtmpConnectionInfo
  /** Ends it after the time for a handshake. */
  readonly deadline: Timer
}

/**
 * Accepts publishers and players for a hub.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { RtmpServer } from 'millrace/node'
 *
 * const server = new RtmpServer({ hub: new Hub() })
 * const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
 * console.log(`rtmp://127.0.0.1:${port}/live/show`)
 * await server.close()
 * ```
 */
export class RtmpServer extends Announcer<RtmpServerEvents> {
  readonly #options: RtmpServerOptions
  readonly #clock: Clock
  readonly #host: RtmpConnectionHost
  readonly #sweep: TimeoutSweep
  readonly #connections: Set<RtmpConnection>
  /** Connections whose stream is open, maybe only for its last words. */
  readonly #unreleased: Set<RtmpConnection>
  readonly #servers: Set<Server>
  /** Every open socket that was accepted here. */
  readonly #sockets: Set<Socket>
  /** Those that are no connection yet: they owe a PROXY header or a TLS handshake. */
  readonly #entering: Set<Socket>
  /** For all sockets: a closure of its own would be a tenth of what a socket costs. */
  readonly #onSocketClosed: (this: Socket) => void
  readonly #tls: TlsServer | undefined
  readonly #handshakes: Map<string, Entering>
  #onReleased: (() => void)[]
  #ids: number
  #closed: boolean

  /**
   * @param options - see {@link RtmpServerOptions}.
   * @throws TypeError for an option that is unknown, missing or of the wrong type, RangeError for a number out of its range.
   */
  constructor(options: RtmpServerOptions) {
    super()
    checkOptions('RtmpServer', options, CHECKS)
    if (options.session !== undefined) checkOptions('RtmpServer, session', options.session, SESSION_CHECKS)
    if (options.player !== undefined) checkOptions('RtmpServer, player', options.player, PLAYER_CHECKS)
    const clock = options.clock ?? systemClock
    this.#options = options
    this.#clock = clock
    this.#host = {
      door: new Door(options.hub),
      onConnect: options.onConnect,
      session: {
        ...options.session,
        crypto: options.crypto ?? nodeHandshakeCrypto,
        chunk: { ...options.session?.chunk, ownsInput: options.session?.chunk?.ownsInput ?? true },
      },
      player: options.player ?? {},
      followers: new SourceFollowers(new Scheduler(clock)),
      clock,
      connectDecisionTimeoutMs: options.connectDecisionTimeoutMs ?? 10_000,
      stallTimeoutMs: options.stallTimeoutMs ?? 60_000,
      attempt: (name, call) => this.attempt(name, call),
      observe: (connection, event) => this.emit('sessionEvent', event, connection),
      refused: (refusal) => this.emit('refuse', refusal),
      closed: (connection, end) => {
        this.#connections.delete(connection)
        this.emit('close', connection, end)
      },
      released: (connection) => this.#release(connection),
    }
    this.#sweep = new TimeoutSweep(clock)
    this.#connections = new Set()
    this.#unreleased = new Set()
    this.#servers = new Set()
    this.#sockets = new Set()
    this.#entering = new Set()
    const kinds = [this.#sockets, this.#entering]
    this.#onSocketClosed = function () {
      for (const sockets of kinds) sockets.delete(this)
    }
    this.#tls = options.tls === undefined ? undefined : this.#createTls(options.tls)
    this.#handshakes = new Map()
    this.#onReleased = []
    this.#ids = 0
    this.#closed = false
  }

  /** The connections that are open. */
  get connections(): ReadonlySet<RtmpConnection> {
    return this.#connections
  }

  /**
   * Listens on a port. May be called more than once, for several addresses.
   * @returns the bound address and port.
   * @throws the system's error, such as `EADDRINUSE`; an error after {@link RtmpServer.close}.
   */
  async listen(options: ListenOptions = {}): Promise<AddressInfo> {
    if (this.#closed) throw new Error('the server is closed')
    const settings = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }
    const server = createServer(settings, (socket) => this.#accept(socket))
    this.#servers.add(server)
    try {
      const address = await listenOn(server, options, 1935)
      server.on('error', (error) => debug('server: %s', error.message))
      return address
    } catch (error) {
      this.#servers.delete(server)
      throw error
    }
  }

  /**
   * Another certificate, for connections that come from now on; those that are there keep theirs.
   * @throws TypeError if the server has no `tls`.
   * @throws the system's error for a certificate that cannot be used; the old one stays then.
   */
  setSecureContext(options: SecureContextOptions): void {
    if (this.#tls === undefined) throw new TypeError('an RtmpServer without tls has no certificate')
    // Node forgets the old one first.
    createSecureContext(options)
    this.#tls.setSecureContext(options)
  }

  /**
   * Serves RTMP over any stream: a socket accepted elsewhere, a tunnel, one end of a {@link duplexPair}.
   * @param stream - belongs to the connection from now on.
   * @param info - what is known of the peer.
   */
  handle(stream: Duplex, info: RtmpConnectionInfo): RtmpConnection {
    if (stream instanceof Socket) stream.setNoDelay(true)
    const connection = new RtmpConnection(this.#host, stream, info, ++this.#ids)
    debug('#%d from %s', connection.id, info.remoteAddress)
    this.#connections.add(connection)
    this.#unreleased.add(connection)
    this.#sweep.add(connection)
    this.emit('connection', connection)
    if (this.#closed) connection.close('the server is closed')
    return connection
  }

  /**
   * Stops listening, asks clients that follow such requests to connect anew (Enhanced RTMP v2), and waits until all have left of themselves.
   * Streams go on meanwhile. Then {@link RtmpServer.close} ends who is left.
   * @param limitMs - how long to wait, ms.
   * @param tcUrl - where clients shall go. @defaultValue where they are
   * @returns whether all have left.
   */
  async drain(limitMs: number, tcUrl?: string): Promise<boolean> {
    for (const server of this.#servers) server.close()
    for (const connection of this.#connections) {
      if (connection.session.requestReconnect(tcUrl)) connection.flush()
    }
    return await new Promise<boolean>((resolve) => {
      const timer = this.#clock.setTimeout(() => finish(), limitMs)
      const finish = (): void => {
        timer.cancel()
        this.off('close', look)
        resolve(this.#connections.size === 0)
      }
      const look = (): void => {
        if (this.#connections.size === 0) finish()
      }
      this.on('close', look)
      look()
    })
  }

  /** Stops listening and ends every connection. Resolves when all sockets and streams are closed. */
  async close(): Promise<void> {
    this.#closed = true
    const stopped = Array.from(
      this.#servers,
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    )
    for (const connection of this.#connections) {
      connection.close('the server is shutting down', 'NetConnection.Connect.AppShutdown')
    }
    for (const socket of this.#entering) socket.destroy()
    if (this.#unreleased.size > 0) await new Promise<void>((resolve) => this.#onReleased.push(resolve))
    await Promise.all(stopped)
    this.#servers.clear()
  }

  /** {@inheritDoc RtmpServer.close} */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #accept(socket: Socket): void {
    const { maxConnections = 20_000, proxyProtocol = false } = this.#options
    if (this.#closed || this.#sockets.size >= maxConnections) {
      debug('refused %s: %d sockets', socket.remoteAddress, this.#sockets.size)
      const remoteAddress = plainAddress(socket.remoteAddress ?? '')
      socket.destroy()
      if (!this.#closed) {
        const reason = 'too many connections'
        this.emit('refuse', {
          remoteAddress,
          connection: undefined,
          connect: undefined,
          action: 'connect',
          reason,
        })
      }
      return
    }
    this.#sockets.add(socket)
    this.#entering.add(socket)
    socket.on('error', onSocketError)
    socket.on('close', this.#onSocketClosed)
    const info: RtmpConnectionInfo = {
      remoteAddress: plainAddress(socket.remoteAddress ?? ''),
      remotePort: socket.remotePort ?? 0,
      secure: this.#tls !== undefined,
    }
    if (proxyProtocol) void this.#acceptProxied(socket, info)
    else this.#enter(socket, info)
  }

  async #acceptProxied(socket: Socket, info: RtmpConnectionInfo): Promise<void> {
    try {
      const { sourceAddress, sourcePort } = await readProxyHeader(socket, this.#clock)
      if (sourceAddress === undefined || sourcePort === undefined) this.#enter(socket, info)
      else {
        const client = { ...info, remoteAddress: plainAddress(sourceAddress), remotePort: sourcePort }
        this.#enter(socket, client)
      }
    } catch (error) {
      debug('refused %s: %s', info.remoteAddress, error)
      socket.destroy()
    }
  }

  #enter(socket: Socket, info: RtmpConnectionInfo): void {
    if (socket.destroyed) return
    if (this.#tls === undefined) {
      this.#entering.delete(socket)
      this.handle(socket, info)
      return
    }
    const key = endpoints(socket)
    const giveUp = (): void => {
      debug('no TLS handshake from %s', info.remoteAddress)
      socket.destroy()
    }
    const limitMs = this.#options.tls?.handshakeTimeout ?? TLS_HANDSHAKE_TIMEOUT_MS
    const deadline = setDeadline(this.#clock, giveUp, limitMs)
    this.#handshakes.set(key, { socket, info, deadline })
    socket.once('close', () => {
      deadline.cancel()
      this.#handshakes.delete(key)
    })
    this.#tls.emit('connection', socket)
  }

  /** Never listens itself: it gets each socket when its PROXY header is read. */
  #createTls(options: TlsOptions): TlsServer {
    // The limit of Node would pass while the process stands still: see `setDeadline`.
    const server = createTlsServer({ ...options, handshakeTimeout: NO_TIMEOUT_MS })
    server.on('secureConnection', (secured) => {
      const entering = this.#handshakes.get(endpoints(secured))
      if (entering === undefined) {
        secured.destroy()
        return
      }
      entering.deadline.cancel()
      this.#entering.delete(entering.socket)
      this.handle(secured, entering.info)
    })
    server.on('tlsClientError', (error, socket) => {
      debug('TLS handshake failed: %s', error.message)
      socket.destroy()
    })
    return server
  }

  #release(connection: RtmpConnection): void {
    this.#unreleased.delete(connection)
    this.#sweep.delete(connection)
    if (this.#unreleased.size > 0) return
    for (const resolve of this.#onReleased) resolve()
    this.#onReleased = []
  }
}

function onSocketError(error: Error): void {
  debug('socket: %s', error.message)
}

/** What a socket and the TLS socket over it have in common, and no other socket has. */
function endpoints(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`
}
