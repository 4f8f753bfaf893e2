/**
 * Requests that an HTTP/1 client sends before it has the answers to those before. Node gives all of them to the server at once and sends
 * the answers in order: whoever is let in before it is its turn may hold a place for ever behind an endless answer.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Requests of one connection that wait for their turn; with one more the connection is closed. */
const MAX_WAITING = 64

/** How many wait, by the socket of the connection. */
const waiting = new WeakMap<object, number>()

/** Responses that are not finished, by the socket of their connection. */
const unfinished = new WeakMap<object, Set<ServerResponse>>()

/**
 * Calls `answer` when `response` is the next one of its connection: at once for the head of a pipeline. If the connection ends before,
 * as it does after a live answer, nothing is called.
 */
export function inTurn(request: IncomingMessage, response: ServerResponse, answer: () => void): void {
  const { socket } = request
  // A response has its socket from its turn on.
  if (request.httpVersionMajor !== 1 || response.socket !== null) {
    answer()
    return
  }
  const count = waiting.get(socket) ?? 0
  if (count >= MAX_WAITING) {
    socket.destroy()
    return
  }
  waiting.set(socket, count + 1)
  response.once('socket', () => {
    waiting.set(socket, waiting.get(socket)! - 1)
    // Node has still to begin the response.
    queueMicrotask(answer)
  })
}

/** Counts a response among the unfinished ones of its connection until it closes; again for the same one changes nothing. */
export function trackResponse({ socket }: IncomingMessage, response: ServerResponse): void {
  const responses = unfinished.get(socket) ?? new Set()
  if (responses.has(response)) return
  unfinished.set(socket, responses.add(response))
  response.once('close', () => responses.delete(response))
}

/** Unfinished responses of a connection, as far as they are tracked. */
export function unfinishedResponses(socket: object): number {
  return unfinished.get(socket)?.size ?? 0
}
