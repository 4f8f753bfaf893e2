/**
 * WebSockets of a handler on the server of an application that may have WebSockets of its own.
 *
 * @module
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

/** Takes over an upgrade, if it is for it. @returns whether it has; if not, the socket was not touched. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean

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
    if (event === 'upgrade' && isTaking && take(...(args as Parameters<UpgradeHandler>))) return true
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
 * Gives a request to the server once more, without its `Upgrade` (RFC 9110 §7.8: who does not take an upgrade ignores it). Node has read
 * no further than its head.
 */
function serveWithoutUpgrade(server: Server, request: IncomingMessage, socket: Socket, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() !== 'upgrade') lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`)
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit(socket instanceof TLSSocket ? 'secureConnection' : 'connection', socket)
}
