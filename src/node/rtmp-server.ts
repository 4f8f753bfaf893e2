/**
 * RTMP and RTMPS over sockets, or over any stream that is handed in.
 *
 * @module
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer, type TlsOptions, type TLSSocket } from 'node:tls'
import createDebug from 'debug'
import { EventEmitter } from 'eventemitter3'
import { MediaError } from '../errors/index.ts'
import type { HandshakeCrypto } from '../handshake/index.ts'
import type { RtmpServerEvent, RtmpServerSessionOptions } from '../rtmp/index.ts'
import { nodeHandshakeCrypto } from './handshake-crypto.ts'
import type { HubResolver } from './hub-resolver.ts'
import { ProxyProtocolDecoder } from './proxy-protocol.ts'
import {
  type RtmpConnectDecider,
  RtmpConnection,
  type RtmpConnectionEnd,
  type RtmpConnectionHost,
  type RtmpConnectionInfo,
} from './rtmp-connection.ts'
import { TimeoutSweep } from './sweep.ts'

const debug = createDebug('millrace:rtmp')

/** Connections that the kernel holds until they are accepted: enough for a thousand players that come at once. */
const BACKLOG = 4_096

/** Time for a PROXY header, ms. */
const PROXY_HEADER_TIMEOUT_MS = 5_000

/** Options of {@link RtmpServer}. */
export interface RtmpServerOptions {
  /** The hub, or a function that picks it for a publish or play; `undefined` from it is "no such virtual host". */
  readonly hub: HubResolver
  /** Certificate and key: the server then speaks RTMPS. @defaultValue plain RTMP */
  readonly tls?: TlsOptions
  /** Every connection starts with a PROXY protocol header (v1 or v2) that tells the client's address. @defaultValue false */
  readonly proxyProtocol?: boolean
  /** Decides about `connect`, and adds properties to its answer. @defaultValue everybody may connect */
  readonly onConnect?: RtmpConnectDecider
  /** Timeouts and bounds of the sessions. */
  readonly session?: Omit<RtmpServerSessionOptions, 'nowMs' | 'crypto'>
  /** Player options for every player. @defaultValue the hub's own */
  readonly player?: RtmpConnectionHost['player']
  /** Most connections at a time; one more is closed at once. @defaultValue 20000 */
  readonly maxConnections?: number
  /** Randomness and HMAC. @defaultValue `node:crypto` */
  readonly crypto?: HandshakeCrypto
}

/** Facts that an {@link RtmpServer} announces. */
export interface RtmpServerEvents {
  /** A connection was accepted; nothing is known of it yet but its address. */
  connection: (connection: RtmpConnection) => void
  /** An event of a connection's session, media excepted: connects, custom commands, data messages, unknown messages. */
  sessionEvent: (event: RtmpServerEvent, connection: RtmpConnection) => void
  /** A connection is over, with its one reason. */
  close: (connection: RtmpConnection, end: RtmpConnectionEnd) => void
}

/** Where to listen. */
export interface ListenOptions {
  /** TCP port, 0 for any free one. @defaultValue 1935 */
  readonly port?: number
  /** Address. @defaultValue all addresses */
  readonly host?: string
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
export class RtmpServer extends EventEmitter<RtmpServerEvents> {
  readonly #options: RtmpServerOptions
  readonly #host: RtmpConnectionHost
  readonly #connections: Set<RtmpConnection>
  readonly #servers: Set<Server>
  readonly #sockets: Set<Duplex>
  readonly #sweep: TimeoutSweep
  #ids: number
  #closed: boolean

  /** @param options - see {@link RtmpServerOptions}. */
  constructor(options: RtmpServerOptions) {
    super()
    this.#options = options
    this.#host = {
      hub: options.hub,
      onConnect: options.onConnect,
      session: { ...options.session, crypto: options.crypto ?? nodeHandshakeCrypto },
      player: options.player ?? {},
      observe: (connection, event) => this.emit('sessionEvent', event, connection),
      closed: (connection, end) => this.#closedConnection(connection, end),
    }
    this.#connections = new Set()
    this.#servers = new Set()
    this.#sockets = new Set()
    this.#sweep = new TimeoutSweep()
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
   * @throws the system's error, such as `EADDRINUSE`.
   */
  async listen(options: ListenOptions = {}): Promise<AddressInfo> {
    const { tls } = this.#options
    const onSocket = (socket: Socket): void => this.#accept(socket)
    // allowHalfOpen off: a peer that ends gets its end at once.
    const server =
      tls === undefined
        ? createServer({ noDelay: true }, onSocket)
        : createTlsServer({ noDelay: true, ...tls }, onSocket)
    server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      debug('TLS handshake failed: %s', error.message)
      socket.destroy()
    })
    await new Promise<void>((resolve, fail) => {
      server.once('error', fail)
      server.listen({ port: options.port ?? 1935, host: options.host, backlog: BACKLOG }, () => {
        server.off('error', fail)
        resolve()
      })
    })
    server.on('error', (error) => debug('server: %s', error.message))
    this.#servers.add(server)
    return server.address() as AddressInfo
  }

  /**
   * Serves RTMP over any stream: a socket accepted elsewhere, a tunnel, one end of a {@link duplexPair}.
   * @param stream - belongs to the connection from now on.
   * @param info - what is known of the peer.
   */
  handle(stream: Duplex, info: RtmpConnectionInfo): RtmpConnection {
    const connection = new RtmpConnection(this.#host, stream, info, ++this.#ids)
    debug('#%d from %s', connection.id, info.remoteAddress)
    this.#connections.add(connection)
    this.#sweep.add(connection)
    this.emit('connection', connection)
    return connection
  }

  /** Stops listening and ends every connection. Resolves when all sockets are closed. */
  async close(): Promise<void> {
    this.#closed = true
    for (const connection of this.#connections) {
      connection.close('the server is shutting down', 'NetConnection.Connect.AppShutdown')
    }
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(
      Array.from(this.#servers, (server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    )
    this.#servers.clear()
  }

  /** {@inheritDoc RtmpServer.close} */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #accept(socket: Socket): void {
    const { maxConnections = 20_000, proxyProtocol = false, tls } = this.#options
    socket.on('error', () => socket.destroy())
    if (this.#closed || this.#connections.size + this.#sockets.size >= maxConnections) {
      debug('refused %s: %d connections', socket.remoteAddress, this.#connections.size)
      socket.destroy()
      return
    }
    const info: RtmpConnectionInfo = {
      remoteAddress: socket.remoteAddress ?? '',
      remotePort: socket.remotePort ?? 0,
      secure: tls !== undefined,
    }
    if (proxyProtocol) this.#readProxyHeader(socket, info)
    else this.handle(socket, info)
  }

  #readProxyHeader(socket: Socket, info: RtmpConnectionInfo): void {
    const decoder = new ProxyProtocolDecoder()
    const timer = setTimeout(() => socket.destroy(), PROXY_HEADER_TIMEOUT_MS).unref()
    this.#sockets.add(socket)
    const done = (): void => {
      clearTimeout(timer)
      this.#sockets.delete(socket)
    }
    socket.once('close', done)
    const onData = (bytes: Buffer): void => {
      try {
        const rest = decoder.push(bytes)
        if (rest === undefined) return
        socket.off('data', onData)
        socket.off('close', done)
        done()
        const { header } = decoder
        const connection = this.handle(socket, {
          ...info,
          remoteAddress: header?.sourceAddress ?? info.remoteAddress,
          remotePort: header?.sourcePort ?? info.remotePort ?? 0,
        })
        if (rest.length > 0) connection.push(rest)
      } catch (error) {
        if (!(error instanceof MediaError)) throw error
        debug('refused %s: %s %s', info.remoteAddress, error.code, error.message)
        socket.destroy()
      }
    }
    socket.on('data', onData)
  }

  #closedConnection(connection: RtmpConnection, end: RtmpConnectionEnd): void {
    this.#connections.delete(connection)
    this.#sweep.delete(connection)
    this.emit('close', connection, end)
  }
}
