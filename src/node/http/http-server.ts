/**
 * An HTTP or HTTPS server of handlers that each answer requests of their own.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer, Server as HttpsServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import createDebug from 'debug'
import { AN_OBJECT, aNumber, checkOptions, type OptionChecks } from '../../hub/internal.ts'
import { Announcer, type AnnouncerEvents } from '../../hub/index.ts'
import { type ListenOptions, listenOn } from '../net/index.ts'
import type { HttpHandler } from './http-handler.ts'
import { unfinishedResponses } from './http-pipeline.ts'
import { sendReply, textReply } from './http-reply.ts'
import { takeUpgrades } from './upgrades.ts'

const debug = createDebug('millrace:http')

/** Time for a TLS handshake, ms. Node's own default is two minutes. */
const TLS_HANDSHAKE_TIMEOUT_MS = 10_000

const NO_CORS = { cors: false } as const

/** Options of {@link HttpServer}. */
export interface HttpServerOptions {
  /** Asked about each request in this order, until one takes it; a request that none takes is answered with 404. */
  readonly handlers: readonly HttpHandler[]
  /** Certificate and key: the server then speaks HTTPS. @defaultValue plain HTTP */
  readonly tls?: ServerOptions | undefined
  /** Most requests of one connection that have no finished answer; with one more the connection is closed. @defaultValue 100 */
  readonly maxPipelinedRequests?: number | undefined
}

const CHECKS: OptionChecks<HttpServerOptions> = {
  handlers: {
    expected: 'a list of handlers',
    isKind: (value) => Array.isArray(value) && value.every(isHandler),
    isRequired: true,
  },
  tls: AN_OBJECT,
  maxPipelinedRequests: aNumber(1),
}

/** Facts that an {@link HttpServer} announces. */
export interface HttpServerEvents extends AnnouncerEvents {
  /**
   * A handler threw, or gave a promise that was rejected. The request was answered with 500, or cut off if its answer had begun; nothing
   * else was affected.
   */
  requestError: (error: unknown, request: IncomingMessage) => void
}

/**
 * Serves handlers on a port. What a handler throws costs its request a 500 and nothing else; an upgrade that no handler takes (HTTP/2 over
 * cleartext, a WebSocket elsewhere) is served as an ordinary request; `CONNECT` is a 405.
 *
 * @example RTMP in, HTTP-FLV, WebSocket-FLV and HLS out
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { HttpServer, LiveHandler, RtmpServer } from 'millrace/node'
 * import { HlsHandler } from 'millrace/packaging'
 *
 * const hub = new Hub()
 * await new RtmpServer({ hub }).listen({ port: 1935 })
 * const http = new HttpServer({ handlers: [new HlsHandler({ hub }), new LiveHandler({ hub })] })
 * await http.listen({ port: 8080 })
 * ```
 */
export class HttpServer extends Announcer<HttpServerEvents> {
  readonly #handlers: readonly HttpHandler[]
  readonly #maxPipelinedRequests: number
  readonly #servers: Set<Server>
  /** Every open socket, upgraded ones included. */
  readonly #sockets: Set<Socket>
  readonly #onSocketClosed: (this: Socket) => void
  #tls: ServerOptions | undefined
  #closed: boolean

  /**
   * @param options - see {@link HttpServerOptions}.
   * @throws TypeError for an option that is unknown, missing or of the wrong type, RangeError for a number out of its range.
   */
  constructor(options: HttpServerOptions) {
    super()
    checkOptions('HttpServer', options, CHECKS)
    this.#handlers = options.handlers
    this.#maxPipelinedRequests = options.maxPipelinedRequests ?? 100
    this.#servers = new Set()
    this.#sockets = new Set()
    const sockets = this.#sockets
    this.#onSocketClosed = function () {
      sockets.delete(this)
    }
    this.#tls = options.tls
    this.#closed = false
  }

  /**
   * Listens on a port. May be called more than once, for several addresses.
   * @returns the bound address and port.
   * @throws the system's error, such as `EADDRINUSE`; an error after {@link HttpServer.close}.
   */
  async listen(options: ListenOptions = {}): Promise<AddressInfo> {
    if (this.#closed) throw new Error('the server is closed')
    const server = this.#create()
    this.#servers.add(server)
    try {
      const address = await listenOn(server, options, 8080)
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
    if (this.#tls === undefined) throw new TypeError('an HttpServer without tls has no certificate')
    // Node forgets the old one first.
    createSecureContext(options)
    this.#tls = { ...this.#tls, ...options }
    for (const server of this.#servers) if (server instanceof HttpsServer) server.setSecureContext(options)
  }

  /** Accepts no more connections. Those that are open stay. */
  shut(): void {
    for (const server of this.#servers) server.close()
  }

  /**
   * Stops listening and ends every connection, WebSockets included. Close the handlers first, so that they take leave of their viewers.
   * Resolves when all sockets are closed.
   */
  async close(): Promise<void> {
    this.#closed = true
    const stopped = Array.from(
      this.#servers,
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    )
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(stopped)
    this.#servers.clear()
  }

  /** {@inheritDoc HttpServer.close} */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #create(): Server {
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      // An answer after a live one would never come.
      if (unfinishedResponses(request.socket) > this.#maxPipelinedRequests) request.socket.destroy()
      else void this.#serve(request, response)
    }
    const server: Server =
      this.#tls === undefined
        ? createServer(onRequest)
        : createHttpsServer({ handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS, ...this.#tls }, onRequest)
    takeUpgrades(server, (request, socket, head) => this.#upgrade(request, socket, head))
    server.on('connection', (socket: Socket) => {
      if (this.#sockets.has(socket)) return
      this.#sockets.add(socket)
      socket.on('close', this.#onSocketClosed)
    })
    server.on('timeout', endIfSilent)
    server.on('connect', (_request, socket: Duplex) => refuseConnect(socket as Socket))
    return server
  }

  /** Never rejects. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET' } = request
    try {
      for (const handler of this.#handlers) {
        const answers = handler.handle(request, response)
        // A handler that is not asynchronous answers before the next request of its connection is read.
        if (typeof answers === 'boolean' ? answers : await answers) return
      }
      sendReply(response, textReply(404, 'not found', NO_CORS), method)
    } catch (error) {
      this.#failed(error, request)
      sendReply(response, textReply(500, 'internal error', NO_CORS), method)
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') return false
    try {
      return this.#handlers.some((handler) => handler.handleUpgrade?.(request, socket, head) === true)
    } catch (error) {
      this.#failed(error, request)
      endWith(socket as Socket, '500 Internal Server Error')
      return true
    }
  }

  #failed(error: unknown, request: IncomingMessage): void {
    debug('%s %s: %s', request.method, request.url, error)
    this.emit('requestError', error, request)
  }
}

function isHandler(value: unknown): boolean {
  return AN_OBJECT.isKind(value) && typeof (value as Partial<HttpHandler>).handle === 'function'
}

/**
 * Ends a connection that was idle for as long as Node keeps it. Timers run before input is read: of a process that stood still, the next
 * request may be there already.
 */
function endIfSilent(socket: Socket): void {
  const { bytesRead } = socket
  setImmediate(() => {
    if (socket.bytesRead === bytesRead) socket.destroy()
  })
}

/** This is no proxy. */
function refuseConnect(socket: Socket): void {
  endWith(socket, '405 Method Not Allowed', 'Allow: GET, HEAD, OPTIONS\r\n')
}

/** The last answer of a connection that Node has handed over. */
function endWith(socket: Socket, status: string, headers = ''): void {
  socket.on('error', () => socket.destroy())
  socket.resume()
  socket.write(`HTTP/1.1 ${status}\r\n${headers}Content-Length: 0\r\nConnection: close\r\n\r\n`)
  socket.destroySoon()
}
