/**
 * A live stream as the body of a Node HTTP response.
 *
 * @module
 */
import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import type { PlayerOptions, Source } from '../hub/index.ts'
import { DuplexSink } from './duplex-sink.ts'
import { destroyWhenStalled } from './stall.ts'

/**
 * Attaches `response` to `source`. HTTP/1 clients get `Connection: close` and no chunked coding, and the shared batches go
 * straight to the socket; HTTP/2 and responses that a middleware has wrapped (compression) go through `response.write`.
 * @returns ends the stream.
 */
export function playOverResponse(
  request: IncomingMessage,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  source: Source,
  options: PlayerOptions,
): () => void {
  const out = openBody(request, response, headers)
  const sink = new DuplexSink(out, {
    drained: () => player.drained(),
    ended: () => response.end(),
  })
  const player = source.attach(sink, options)
  const close = (): void => {
    player.detach()
    response.end()
    if (out !== response) out.end()
  }
  response.once('close', () => player.detach())
  out.on('error', () => response.destroy())
  return close
}

function openBody(
  request: IncomingMessage,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): Writable {
  const { socket } = response
  const isPlain =
    request.httpVersionMajor === 1 && socket !== null && response.write === ServerResponse.prototype.write
  if (!isPlain) {
    response.writeHead(200, headers)
    response.flushHeaders()
    return response
  }
  response.useChunkedEncodingByDefault = false
  response.shouldKeepAlive = false
  response.writeHead(200, { ...headers, Connection: 'close' })
  response.flushHeaders()
  destroyWhenStalled(socket)
  return socket
}
