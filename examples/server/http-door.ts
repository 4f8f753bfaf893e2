/**
 * An HTTP port and what it answers.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Certificate } from './certificates.ts'
import { ConfigError } from './config/config.ts'
import { withoutUndefined } from './config/without-undefined.ts'

/** Time for a TLS handshake, ms. Node's own default is two minutes. */
const TLS_HANDSHAKE_TIMEOUT_MS = 10_000

/** Requests of one connection that may be without a finished answer at a time. */
const MAX_UNANSWERED = 100

/** Answers a request, if it is for it. @returns whether it will be answered. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => boolean

/** Takes over a WebSocket, if it is for it. @returns whether it has. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean

/** Where a door is, as the configuration says. */
export interface DoorAddress {
  readonly port: number
  readonly host?: string | undefined
}

/** A port that is open. */
export class HttpDoor {
  readonly #server: Server
  /** `http://…` or `https://…` of the bound address. */
  readonly url: string
  /** The bound port. */
  readonly port: number

  private constructor(server: Server, url: string, port: number) {
    this.#server = server
    this.url = url
    this.port = port
  }

  /**
   * Opens it.
   * @param handlers - asked in this order. What they throw is the end of one request.
   * @param onError - told what was thrown.
   * @param certificate - for HTTPS.
   * @throws {@link ConfigError} for an address that cannot be listened on.
   */
  static async open(
    address: DoorAddress,
    handlers: readonly RequestHandler[],
    upgrade: UpgradeHandler,
    onError: (error: unknown, request: IncomingMessage) => void,
    certificate?: Certificate,
  ): Promise<HttpDoor> {
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      if (isPipelineFull(request, response)) return
      try {
        if (handlers.some((handle) => handle(request, response))) return
        answer(response, 404, 'not found')
      } catch (error) {
        onError(error, request)
        answer(response, 500, 'internal error')
      }
    }
    const server: Server =
      certificate === undefined
        ? createServer(onRequest)
        : createHttpsServer({ ...certificate, handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS }, onRequest)
    server.on('timeout', endIfSilent)
    server.on('upgrade', (request, socket, head) => {
      const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket'
      if (!isWebSocket || !upgrade(request, socket, head)) {
        serveWithoutUpgrade(server, request, socket as Socket, head)
      }
    })
    server.on('connect', (_request, socket) => refuseConnect(socket as Socket))
    const bound = await listening(address, (where) => listen(server, where))
    return new HttpDoor(server, urlOf(certificate === undefined ? 'http' : 'https', bound), bound.port)
  }

  /** For connections that come from now on. */
  renew(certificate: Certificate): void {
    if (this.#server instanceof HttpsServer) this.#server.setSecureContext(certificate)
  }

  /** Lets nobody in any more; whoever is in stays. */
  shut(): void {
    this.#server.close()
  }

  /** Resolves when all its sockets are closed. */
  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}

/** The system's refusal in words. @throws {@link ConfigError} */
export async function listening(
  { port, host }: DoorAddress,
  listenOn: (address: { readonly port: number; readonly host?: string }) => Promise<AddressInfo>,
): Promise<AddressInfo> {
  try {
    return await listenOn({ port, ...withoutUndefined({ host }) })
  } catch (error) {
    throw new ConfigError(`cannot listen on port ${port}: ${(error as Error).message}`, { cause: error })
  }
}

/** An address as people write it. */
export function urlOf(scheme: string, { address, family, port }: AddressInfo): string {
  const anywhere = address === '::' || address === '0.0.0.0'
  return `${scheme}://${anywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : address}:${port}`
}

/** Answers of each connection that are still to come or to be finished. */
const unanswered = new WeakMap<object, number>()

/** Closes a connection whose client asks on and on without an answer: behind a live one, nothing ever ends. @returns whether it did. */
function isPipelineFull({ socket }: IncomingMessage, response: ServerResponse): boolean {
  const count = (unanswered.get(socket) ?? 0) + 1
  if (count > MAX_UNANSWERED) {
    socket.destroy()
    return true
  }
  unanswered.set(socket, count)
  response.once('close', () => unanswered.set(socket, unanswered.get(socket)! - 1))
  return false
}

/** A line of text. A response that has begun cannot be told anything, and is cut. */
function answer(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) response.destroy()
  else response.writeHead(status, { 'Content-Type': 'text/plain' }).end(`${text}\n`)
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

/**
 * Gives a request to `server` once more, without its `Upgrade`: whoever does not take an upgrade ignores it, and what is left is an ordinary
 * request with its body (RFC 9110 §7.8; `curl --http2` and Java's client offer HTTP/2 so). Node has parsed no further than the head.
 */
function serveWithoutUpgrade(server: Server, request: IncomingMessage, socket: Socket, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request
  // Its answer would have to wait for one that Node does not know of any more.
  if (unanswered.get(socket) !== undefined && unanswered.get(socket) !== 0) {
    socket.destroy()
    return
  }
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() !== 'upgrade') lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`)
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit(socket instanceof TLSSocket ? 'secureConnection' : 'connection', socket)
}

/** This is no proxy. */
function refuseConnect(socket: Socket): void {
  socket.on('error', () => socket.destroy())
  socket.resume()
  socket.write(
    'HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD, OPTIONS\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  )
  socket.destroySoon()
}

function listen(
  server: Server,
  address: { readonly port: number; readonly host?: string },
): Promise<AddressInfo> {
  return new Promise((resolve, fail) => {
    server.once('error', fail)
    server.listen(address, () => resolve(server.address() as AddressInfo))
  })
}
