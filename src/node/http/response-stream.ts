/**
 * A live stream as the body of a Node HTTP response.
 *
 * @module
 */
import { type IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Player, PlayerEnd, PlayerOptions, Sink, Source } from '../../hub/index.ts'
import { DuplexSink, type DuplexSinkHandlers } from '../net/index.ts'

/** A player over some HTTP transport, and how to end it. */
export interface Viewer {
  /** Its place at the source. */
  readonly player: Player
  /** Ends the stream in order. */
  close(): void
  /** Ends it at once: the peer takes nothing any more. */
  destroy(): void
}

/**
 * Attaches `response` to `source`. HTTP/1 clients get `Connection: close` and no chunked coding, and the shared batches go
 * straight to the socket; HTTP/2 and responses that a middleware has wrapped (compression) go through `response.write`.
 * @param over - aborts when the response is over: the player is then detached.
 */
export function playOverResponse(
  request: IncomingMessage,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  over: AbortSignal,
  source: Source,
  options: PlayerOptions,
): Viewer {
  const sink = openBody(request, response, headers, {
    drained: () => player.drained(),
    ended: (reason) => {
      // HTTP/2 can tell the client that this is not the end of the stream.
      if (reason === 'failed') response.destroy()
      else response.end()
    },
  })
  const player = source.attach(sink, options)
  over.addEventListener('abort', () => player.detach(), { once: true })
  response.on('error', () => response.destroy())
  return {
    player,
    close: () => {
      player.detach()
      response.end()
    },
    destroy: () => response.destroy(),
  }
}

function openBody(
  request: IncomingMessage,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  handlers: DuplexSinkHandlers,
): Sink {
  const { socket } = response
  const isPlain =
    request.httpVersionMajor === 1 && socket !== null && response.write === ServerResponse.prototype.write
  if (!isPlain) {
    response.writeHead(200, headers)
    response.flushHeaders()
    return new WrappedSink(response, handlers)
  }
  response.useChunkedEncodingByDefault = false
  response.shouldKeepAlive = false
  response.writeHead(200, { ...headers, Connection: 'close' })
  response.flushHeaders()
  // A server with TLS does not do that by itself.
  if (socket instanceof Socket) socket.setNoDelay(true)
  return new DuplexSink(socket, handlers)
}

/**
 * A response whose queue lies elsewhere: in an HTTP/2 stream, in the compressor of a middleware. What `write` returns and
 * `drain` are all that is known of it, so everything since `false` counts as queued.
 */
class WrappedSink implements Sink {
  readonly #response: ServerResponse
  readonly #handlers: DuplexSinkHandlers
  #isFull: boolean
  #queuedBytes: number

  constructor(response: ServerResponse, handlers: DuplexSinkHandlers) {
    this.#response = response
    this.#handlers = handlers
    this.#isFull = false
    this.#queuedBytes = 0
    response.on('drain', () => {
      this.#isFull = false
      this.#queuedBytes = 0
      handlers.drained()
    })
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  write(batch: Uint8Array): void {
    if (this.#response.destroyed || this.#response.writableEnded) return
    this.#isFull = !this.#response.write(batch) || this.#isFull
    if (this.#isFull) this.#queuedBytes += batch.length
  }

  end(reason: PlayerEnd): void {
    this.#handlers.ended(reason)
  }
}
