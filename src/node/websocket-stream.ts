/**
 * A live stream as binary WebSocket messages.
 *
 * @module
 */
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { MediaError } from '../errors/index.ts'
import type { PlayerOptions, Source } from '../hub/index.ts'
import {
  encodeWebSocketClose,
  encodeWebSocketFrame,
  WEBSOCKET_CLOSE_GOING_AWAY,
  WEBSOCKET_CLOSE_NORMAL,
  WEBSOCKET_OPCODE_PONG,
  webSocketAccept,
  webSocketCloseCode,
  WebSocketDecoder,
} from '../websocket/index.ts'
import { DuplexSink } from './duplex-sink.ts'
import type { HttpReply } from './http-reply.ts'
import { destroyWhenStalled } from './stall.ts'

/** Time for the peer's half of the closing handshake, ms. */
const CLOSE_TIMEOUT_MS = 2_000

/** Answers an upgrade request that is not let in, and closes the socket. */
export function refuseUpgrade(socket: Duplex, reply: HttpReply): void {
  const body = Buffer.from(reply.body)
  const headers = { ...reply.headers, 'Content-Length': String(body.length), Connection: 'close' }
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? ''}\r\n${head.join('')}\r\n`)
  socket.end(body)
}

/**
 * Completes the opening handshake and attaches the socket to `source`.
 * @param head - what came behind the request already.
 * @param key - the client's `Sec-WebSocket-Key`.
 * @returns ends the stream with close code 1001.
 */
export function playOverWebSocket(
  socket: Duplex,
  head: Uint8Array,
  key: string,
  sha1: (bytes: Uint8Array) => Uint8Array,
  source: Source,
  options: PlayerOptions,
): () => void {
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${webSocketAccept(key, sha1)}\r\n\r\n`,
  )
  destroyWhenStalled(socket)
  const decoder = new WebSocketDecoder()
  let closing = false
  const close = (code: number, reason = ''): void => {
    if (closing) return
    closing = true
    player.detach()
    socket.end(encodeWebSocketClose(code, reason))
    const timer = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS).unref()
    socket.once('close', () => clearTimeout(timer))
  }
  const sink = new DuplexSink(socket, {
    drained: () => player.drained(),
    ended: () => close(WEBSOCKET_CLOSE_NORMAL, 'the stream has ended'),
  })
  const player = source.attach(sink, options)
  const receive = (bytes: Uint8Array): void => {
    if (closing) return
    try {
      decoder.push(bytes)
      for (let message = decoder.read(); message !== undefined; message = decoder.read()) {
        if (message.type === 'ping') socket.write(encodeWebSocketFrame(WEBSOCKET_OPCODE_PONG, message.data))
        else if (message.type === 'close') close(WEBSOCKET_CLOSE_NORMAL)
      }
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      close(webSocketCloseCode(error), error.code)
    }
  }
  socket.on('data', receive)
  socket.once('end', () => close(WEBSOCKET_CLOSE_NORMAL))
  socket.once('close', () => player.detach())
  if (head.length > 0) receive(head)
  return () => close(WEBSOCKET_CLOSE_GOING_AWAY)
}
