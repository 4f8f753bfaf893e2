import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { duplexPair, type Duplex } from 'node:stream'
import { demuxFlv } from 'millrace/flv'
import { ConfigurationTracker } from 'millrace/media'
import {
  encodeWebSocketClose,
  encodeWebSocketFrame,
  isWebSocketKey,
  WEBSOCKET_FLV_VIEW,
  WEBSOCKET_OPCODE_BINARY,
  WEBSOCKET_OPCODE_PING,
  WEBSOCKET_OPCODE_TEXT,
  webSocketAccept,
  WebSocketDecoder,
  type WebSocketMessage,
} from 'millrace/websocket'
import { afterEach, expect, test } from 'vitest'
import WebSocket from 'ws'
import { ascii, join } from '../support/bytes.ts'
import { readClip } from '../support/clips.ts'

const open: { client: WebSocket; server: Duplex }[] = []
afterEach(() => {
  for (const { client, server } of open.splice(0)) {
    client.terminate()
    server.destroy()
  }
})

/** A client of the ws package and, at the other end of a pair of streams in memory, our framing. */
async function connect() {
  const [ours, theirs] = duplexPair()
  const client = new WebSocket('ws://test.invalid/live/name.flv', { createConnection: () => theirs })
  client.binaryType = 'nodebuffer'
  open.push({ client, server: ours })
  // An iterator loses no chunk between two reads, as listening for one would.
  const chunks = ours[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>
  const request = (await chunks.next()).value
  const key = /^sec-websocket-key: (.*)\r$/im.exec(String(request))?.[1] ?? ''
  expect(isWebSocketKey(key)).toBe(true)
  const accept = webSocketAccept(key, (bytes) => createHash('sha1').update(bytes).digest())
  const opened = once(client, 'open') // may come during the write
  ours.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  await opened
  const decoder = new WebSocketDecoder()
  const read = async (): Promise<WebSocketMessage> => {
    for (;;) {
      const message = decoder.read()
      if (message !== undefined) return message
      const { value: bytes } = await chunks.next()
      if (bytes === undefined) throw new Error('the client is gone')
      decoder.push(bytes)
    }
  }
  return { client, server: ours, read }
}

test('ws accepts the handshake and its messages are read', async () => {
  const { client, read } = await connect()
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 300_000]) {
    const data = Uint8Array.from({ length: size }, (_, i) => (i * 31) & 0xff)
    client.send(data)
    const message = await read()
    expect(message.type).toBe('binary')
    expect(message.type === 'binary' && Buffer.compare(message.data, data)).toBe(0)
  }
  client.send('grüße, 世界')
  expect(await read()).toEqual({ type: 'text', text: 'grüße, 世界' })
  client.send('to', { fin: false })
  client.send('get', { fin: false })
  client.ping('between')
  client.send('her', { fin: true })
  expect(await read()).toEqual({ type: 'ping', data: ascii('between') })
  expect(await read()).toEqual({ type: 'text', text: 'together' })
  client.close(4001, 'enough')
  expect(await read()).toEqual({ type: 'close', code: 4001, reason: 'enough' })
})

test('ws reads what we write, of every length form', async () => {
  const { client, server } = await connect()
  for (const size of [0, 1, 125, 126, 65_535, 65_536]) {
    const data = Uint8Array.from({ length: size }, (_, i) => (i * 31) & 0xff)
    const message = once(client, 'message')
    server.write(encodeWebSocketFrame(WEBSOCKET_OPCODE_BINARY, data))
    const [received, isBinary] = (await message) as [Buffer, boolean]
    expect(isBinary).toBe(true)
    expect(Buffer.compare(received, data)).toBe(0)
  }
  const message = once(client, 'message')
  server.write(encodeWebSocketFrame(WEBSOCKET_OPCODE_TEXT, ascii('text')))
  const [text, isBinary] = (await message) as [Buffer, boolean]
  expect([text.toString(), isBinary]).toEqual(['text', false])
})

test('ws answers our ping and our close', async () => {
  const { client, server, read } = await connect()
  server.write(encodeWebSocketFrame(WEBSOCKET_OPCODE_PING, ascii('are you there')))
  expect(await read()).toEqual({ type: 'pong', data: ascii('are you there') })
  server.write(encodeWebSocketClose(1001, 'going down'))
  expect(await read()).toEqual({ type: 'close', code: 1001, reason: 'going down' })
  const closed = once(client, 'close')
  server.end()
  await expect(read()).rejects.toThrow('the client is gone')
  const [code, reason] = (await closed) as [number, Buffer]
  expect([code, reason.toString()]).toEqual([1001, 'going down'])
})

test('ws takes live FLV: a join and batches, each one message', async () => {
  const { client, server } = await connect()
  const packets = demuxFlv(readClip('avc-aac-bframes.flv'))
  const tracker = new ConfigurationTracker()
  for (const packet of packets) tracker.push(packet)
  const media = packets.filter(({ coded }) => coded)
  const framing = WEBSOCKET_FLV_VIEW.create()
  const received: Buffer[] = []
  const batches = [media.slice(0, 1), media.slice(1, 100), media.slice(100)]
  const all = new Promise<void>((resolve) => {
    client.on('message', (data: Buffer) => {
      if (received.push(data) === 1 + batches.length) resolve()
    })
  })
  server.write(framing.join(tracker.set, 0))
  for (const batch of batches) server.write(framing.frame(batch))
  server.write(framing.frame([])) // nothing
  await all
  const again = demuxFlv(join(...received))
  expect(again.slice(0, 3).map(({ kind, configuration }) => [kind, configuration])).toEqual([
    ['data', true],
    ['audio', true],
    ['video', true],
  ])
  expect(again.length).toBe(3 + media.length)
  const differing = again.slice(3).findIndex(({ dts, body }, i) => {
    return dts !== media[i]!.dts || Buffer.compare(body, media[i]!.body) !== 0
  })
  expect(differing).toBe(-1)
})
