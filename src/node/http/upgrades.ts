/**
 * WebSockets of a handler on the server of an application that may have WebSockets of its own.
 *
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { UpgradeHandler } from './http-handler.ts'
import { trackResponse, unfinishedResponses } from './http-pipeline.ts'

/**
 * Asks `take` before any listener of the server's `upgrade` event: what it takes no other listener sees, and all else is theirs. Node cannot
 * stop an event half-way, so the event itself is held back. An upgrade for which there is no other listener is an ordinary request, as it
 * was without this.
 * @returns ends it.
 */
export function takeUpgrades(server: Server, take: UpgradeHandler): () => void {
  const emit = server.emit.bind(server) as (event: string, ...args: readonly unknown[]) => boolean
  let isTaking = true
  const emitOthers = (event: string, ...args: readonly unknown[]): boolean => {
    if (isTaking && event === 'request') trackResponse(...(args as [IncomingMessage, ServerResponse]))
    if (isTaking && event === 'upgrade' && take(...(args as Parameters<UpgradeHandler>))) return true
    return emit(event, ...args)
  }
  server.emit = emitOthers as Server['emit']
  // Node asks for a listener before it sees an upgrade in a request.
  const unclaimed = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (server.listeners('upgrade').some((listener) => !unclaimedListeners.has(listener))) return
    if (server.listeners('upgrade')[0] === unclaimed)
      serveWithoutUpgrade(server, request, socket as Socket, head)
  }
  unclaimedListeners.add(unclaimed)
  server.on('upgrade', unclaimed)
  return () => {
    isTaking = false
    server.off('upgrade', unclaimed)
  }
}

const unclaimedListeners = new WeakSet<object>()

/**
 * Gives a request to the server once more, without its `Upgrade`: a server that does not take an upgrade ignores it, and what is left is an
 * ordinary request with its body (RFC 9110 §7.8; `curl --http2` and Java's client offer HTTP/2 so). Node has read no further than its head.
 */
function serveWithoutUpgrade(server: Server, request: IncomingMessage, socket: Socket, head: Buffer): void {
  // Its answer would have to wait for one that Node no longer knows about.
  if (unfinishedResponses(socket) > 0) {
    socket.destroy()
    return
  }
  const { method, url, httpVersion, rawHeaders } = request
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() !== 'upgrade') lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`)
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit(socket instanceof TLSSocket ? 'secureConnection' : 'connection', socket)
}
