/**
 * What an HTTP server asks about a request.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Takes over an upgrade, if it is for it. @returns whether it did; if not, the socket was not touched. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean

/** Answers the requests that are its own and leaves all others alone. Every handler of this package is one. */
export interface HttpHandler {
  /** @returns whether it answers, now or later; if not, neither request nor response was touched. */
  handle(request: IncomingMessage, response: ServerResponse): boolean | Promise<boolean>
  /** For WebSockets. @returns whether it took the socket; if not, the socket was not touched. */
  handleUpgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
}
