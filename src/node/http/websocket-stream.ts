/**
 * A live stream as binary WebSocket messages.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { STATUS_CODES, validateHeaderValue } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { EMPTY_BYTES } from '../../bytes/index.ts'
import { MediaError } from '../../errors/index.ts'
import { type Clock, type Player, type PlayerOptions, setDeadline, type Source } from '../../hub/index.ts'
import {
  encodeWebSocketClose,
  encodeWebSocketFrame,
  WEBSOCKET_CLOSE_GOING_AWAY,
  WEBSOCKET_CLOSE_INTERNAL_ERROR,
  WEBSOCKET_CLOSE_NO_STATUS,
  WEBSOCKET_CLOSE_NORMAL,
  WEBSOCKET_CLOSE_POLICY_VIOLATION,
  WEBSOCKET_OPCODE_PONG,
  webSocketAccept,
  webSocketCloseCode,
  WebSocketDecoder,
} from '../../websocket/index.ts'
import { DuplexSink } from '../net/index.ts'
import type { HttpReply } from './http-reply.ts'
import type { Viewer } from './response-stream.ts'

/** Time for the peer's end once ours is sent, ms. */
const CLOSE_TIMEOUT_MS = 2_000

/** With so many bytes queued, a ping is not answered: a peer that pings and does not read would fill the memory. */
const MAX_PONG_QUEUE_BYTES = 65_536

/**
 * Answers an upgrade request that is not let in, and closes the socket.
 * @throws TypeError for a header that HTTP cannot carry.
 */
export function refuseUpgrade(socket: Duplex, clock: Clock, reply: HttpReply): void {
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : EMPTY_BYTES
  const headers = { ...reply.headers, 'Content-Length': String(body.length), Connection: 'close' }
  const head = Object.entries(headers).map(([name, value]) => {
    validateHeaderValue(name, value)
    return `${name}: ${value}\r\n`
  })
  // What still comes is read and dropped, or the answer is lost in a reset.
  socket.resume()
  socket.write(
    `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? ''}\r\n${head.join('')}\r\n`,
    'latin1',
  )
  endSocket(socket, clock, body)
}

/**
 * Completes the opening handshake and attaches the socket to `source`. Closing the viewer says 1001.
 * @param key - the client's `Sec-WebSocket-Key`.
 * @param maxMessageBytes - most bytes of one message from the client.
 */
export function playOverWebSocket(
  socket: Duplex,
  key: string,
  clock: Clock,
  maxMessageBytes: number,
  source: Source,
  options: PlayerOptions,
): Viewer {
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${webSocketAccept(key, sha1)}\r\n\r\n`,
  )
  if (socket instanceof Socket) socket.setNoDelay(true)
  const decoder = new WebSocketDecoder({ maxMessageBytes })
  let player: Player | undefined
  let closing = false
  const close = (code: number, reason = ''): void => {
    if (closing) return
    closing = true
    player?.detach()
    endSocket(
      socket,
      clock,
      encodeWebSocketClose(code === WEBSOCKET_CLOSE_NO_STATUS ? undefined : code, reason),
    )
  }
  const sink = new DuplexSink(socket, {
    drained: () => player?.drained(),
    ended: (reason) => {
      if (reason === 'failed') close(WEBSOCKET_CLOSE_INTERNAL_ERROR)
      else if (reason === 'kicked')
        close(WEBSOCKET_CLOSE_POLICY_VIOLATION, 'the viewer was ended by the server')
      else close(WEBSOCKET_CLOSE_NORMAL, 'the stream has ended')
    },
  })
  const attached = source.attach(sink, options)
  player = attached
  socket.on('data', (bytes: Uint8Array) => {
    if (closing) return
    try {
      decoder.push(bytes)
      for (let message = decoder.read(); message !== undefined; message = decoder.read()) {
        if (message.type === 'close') close(message.code)
        else if (message.type === 'ping' && socket.writableLength < MAX_PONG_QUEUE_BYTES) {
          socket.write(encodeWebSocketFrame(WEBSOCKET_OPCODE_PONG, message.data))
        }
      }
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      close(webSocketCloseCode(error), error.code)
    }
  })
  socket.once('end', () => close(WEBSOCKET_CLOSE_NORMAL))
  socket.once('close', () => attached.detach())
  return { player: attached, close: () => close(WEBSOCKET_CLOSE_GOING_AWAY), destroy: () => socket.destroy() }
}

/** Writes the last bytes and gives the peer some time to end its side as well. */
function endSocket(socket: Duplex, clock: Clock, bytes: Uint8Array): void {
  socket.end(bytes, () => {
    if (socket.destroyed) return
    const timer = setDeadline(clock, () => socket.destroy(), CLOSE_TIMEOUT_MS)
    socket.once('close', () => timer.cancel())
  })
}

function sha1(bytes: Uint8Array): Uint8Array {
  return createHash('sha1').update(bytes).digest()
}
