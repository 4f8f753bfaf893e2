import type { Duplex } from 'node:stream'
import { FlvDemuxer } from 'millrace/flv'
import { redirect, reject } from 'millrace/hub'
import { LiveHandler, type LiveHandlerOptions } from 'millrace/node'
import { describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { collect, MemoryServer, settle, Stage } from './http-harness.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const HANDSHAKE = `Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n`

function serve(
  stage: Stage,
  options: Partial<LiveHandlerOptions> = {},
): MemoryServer & { live: LiveHandler } {
  const live = new LiveHandler({ hub: stage.hub, clock: stage.clock, ...options })
  const server = new MemoryServer((_, response) => response.writeHead(418).end())
  server.server.on('upgrade', (request, socket, head) => {
    if (!live.handleUpgrade(request, socket, head)) socket.end('HTTP/1.1 418 Not mine\r\n\r\n')
  })
  return Object.assign(server, { live })
}

interface Client {
  readonly socket: WebSocket
  readonly messages: Buffer[]
  readonly opened: Promise<void>
  /** Code and reason. */
  readonly closed: Promise<[number, string]>
}

/** The `ws` package, over a connection in memory. */
function open(server: MemoryServer, path = '/live/show.flv', windowBytes?: number): Client {
  const socket = new WebSocket(`ws://example.com${path}`, {
    createConnection: (() => server.connect(windowBytes)) as never,
  })
  const messages: Buffer[] = []
  socket.on('message', (data: Buffer, isBinary) => {
    expect(isBinary).toBe(true)
    messages.push(data)
  })
  socket.on('error', () => undefined)
  return {
    socket,
    messages,
    opened: new Promise((resolve, fail) => {
      socket.once('open', resolve)
      socket.once('error', fail)
    }),
    closed: new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve([code, reason.toString()]))
    }),
  }
}

function packetCount(messages: readonly Buffer[]): number {
  const demuxer = new FlvDemuxer()
  let count = 0
  for (const message of messages) {
    demuxer.push(message)
    while (demuxer.read() !== undefined) count++
  }
  return count
}

describe('a stream', () => {
  it('comes as binary messages that join to FLV', async () => {
    const stage = new Stage()
    const encoder = stage.publish()
    const client = open(serve(stage))
    await client.opened
    encoder.send(50)
    await settle()
    expect(client.messages[0]!.subarray(0, 3).toString()).toBe('FLV')
    expect(packetCount(client.messages)).toBe(150)
    // Each message is a whole batch: no tag is cut.
    expect(client.messages.slice(1).every((message) => [8, 9, 18].includes(message[0]!))).toBe(true)
    client.socket.terminate()
    await settle()
    expect(stage.hub.stats().players).toBe(0)
  })

  it('ends with 1000 when its source ends, and with 1001 when the handler closes', async () => {
    const stage = new Stage()
    stage.publish()
    stage.publish('/live/other')
    const server = serve(stage)
    const [one, two] = [open(server), open(server, '/live/other.flv')]
    await Promise.all([one.opened, two.opened])
    stage.hub.source('/live/show')!.close()
    expect(await one.closed).toEqual([1000, 'the stream has ended'])
    server.live.close()
    expect(await two.closed).toEqual([1001, ''])
    await settle()
    expect(server.live.viewerCount).toBe(0)
    stage.hub.close()
    expect(stage.clock.pending).toBe(0)
  })

  it('ends with 1008 for a viewer that is sent away', async () => {
    const stage = new Stage()
    stage.publish()
    const client = open(serve(stage))
    await client.opened
    stage.hub.source('/live/show')!.players[0]!.kick()
    expect(await client.closed).toEqual([1008, 'the viewer was ended by the server'])
    expect(stage.hub.stats().players).toBe(0)
  })

  it('ends with 1011 when sending fails', async () => {
    const stage = new Stage()
    stage.publish()
    const client = open(serve(stage))
    await client.opened
    stage.hub.source('/live/show')!.close('failed')
    expect(await client.closed).toEqual([1011, ''])
  })

  it('gets the tracks that its URL asks for, as http does', async () => {
    const stage = new Stage()
    stage.publish()
    const client = open(serve(stage), '/live/show.flv?tracks=audio')
    await client.opened
    await settle()
    expect(stage.hub.source('/live/show')!.playerStats()[0]!.tracks).toBe('audio')
  })
})

describe('the client', () => {
  it('is answered when it pings, and may send what it likes within bounds', async () => {
    const stage = new Stage()
    stage.publish()
    const client = open(serve(stage))
    await client.opened
    const pong = new Promise((resolve) =>
      client.socket.once('pong', (data: Buffer) => resolve(data.toString())),
    )
    client.socket.send('some text')
    client.socket.send(Buffer.alloc(4_096))
    client.socket.ping('are you there')
    expect(await pong).toBe('are you there')
    client.socket.close(4_001, 'bye')
    expect(await client.closed).toEqual([4_001, ''])
  })

  it('is closed with 1000 or its own code when it closes', async () => {
    const stage = new Stage()
    stage.publish()
    const server = serve(stage)
    const client = open(server)
    await client.opened
    client.socket.close()
    expect((await client.closed)[0]).toBe(1005)
    await settle()
    expect(server.live.viewerCount).toBe(0)
  })

  it('is closed with 1009 for a message beyond the bound, 1002 for a frame without mask, 1007 for bad text', async () => {
    const stage = new Stage()
    stage.publish()
    const server = serve(stage, { maxClientMessageBytes: 100 })
    const client = open(server)
    await client.opened
    client.socket.send(Buffer.alloc(100))
    client.socket.send(Buffer.alloc(101))
    expect((await client.closed)[0]).toBe(1009)

    for (const [frame, code] of [
      [[0x82, 0x01, 0x00], 1002], // binary, no mask
      [[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007], // text, mask 0, no UTF-8
    ] as const) {
      const raw = await upgraded(server)
      raw.client.write(Buffer.from(frame))
      await settle()
      const received = raw.received.bytes()
      // The last frame: FIN + close, its length, the code.
      const close = received.subarray(received.lastIndexOf(0x88))
      expect(close.readUInt16BE(2)).toBe(code)
      expect(raw.received.ended()).toBe(true)
    }
  })

  it('that pings and does not read fills no memory', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 10)
    const server = serve(stage, { player: { sinkBudgetBytes: 10_000 } })
    const client = server.connect(1_000)
    client.write(`GET /live/show.flv HTTP/1.1\r\n${HANDSHAKE}\r\n`)
    await settle()
    encoder.send(20)
    const ping = Buffer.concat([Buffer.of(0x89, 0x80 | 125, 0, 0, 0, 0), Buffer.alloc(125)])
    for (let i = 0; i < 2_000; i++) client.write(ping)
    await settle(200)
    expect(client.writableLength).toBe(0)
    expect(server.sockets[0]!.writableLength).toBeLessThan(70_000)
    client.destroy()
  })

  it('that answers no close is cut after its time', async () => {
    const stage = new Stage()
    stage.publish()
    const server = serve(stage)
    const raw = await upgraded(server)
    server.live.close()
    await settle()
    expect(raw.received.ended()).toBe(true)
    expect(server.sockets[0]!.destroyed).toBe(false)
    stage.clock.advance(2_000)
    await settle()
    expect(server.sockets[0]!.destroyed).toBe(true)
    expect(server.live.viewerCount).toBe(0)
  })

  it('that takes nothing is cut', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 10)
    const server = serve(stage, { stallTimeoutMs: 10_000 })
    const client = server.connect(1_000)
    client.write(`GET /live/show.flv HTTP/1.1\r\n${HANDSHAKE}\r\n`)
    await settle()
    encoder.send()
    stage.clock.advance(20_500)
    await settle()
    expect(server.sockets[0]!.destroyed).toBe(true)
    expect(server.live.viewerCount).toBe(0)
  })
})

describe('the handshake', () => {
  it.each([
    ['no version', HANDSHAKE.replace(/Sec-WebSocket-Version.*\r\n/, ''), 426],
    ['an old version', HANDSHAKE.replace('13', '8'), 426],
    ['no key', HANDSHAKE.replace(/Sec-WebSocket-Key.*\r\n/, ''), 400],
    ['a short key', HANDSHAKE.replace(KEY, 'YQ=='), 400],
    ['another protocol', HANDSHAKE.replace('websocket', 'h2c'), 400],
  ])('with %s is refused', async (_, headers, status) => {
    const stage = new Stage()
    stage.publish()
    const received = serve(stage).send(`GET /live/show.flv HTTP/1.1\r\n${headers}\r\n`)
    await settle()
    expect(received.bytes().toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(received.bytes().toString().includes('Sec-WebSocket-Version: 13')).toBe(status === 426)
    expect(received.ended()).toBe(true)
  })

  it.each([
    ['POST', 405],
    ['HEAD', 405],
  ])('with %s is refused', async (method, status) => {
    const stage = new Stage()
    const received = serve(stage).send(`${method} /live/show.flv HTTP/1.1\r\n${HANDSHAKE}\r\n`)
    await settle()
    expect(received.bytes().toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  })

  it.each(['/live/%zz.flv', '/live/a%00b.flv', '/live/%2e%2e/show.flv', '/%ff/show.flv?x=%'])(
    'defect: with the illegal path %s is a 400, and takes nobody down',
    async (path) => {
      const stage = new Stage()
      const server = serve(stage)
      const received = server.send(`GET ${path} HTTP/1.1\r\n${HANDSHAKE}\r\n`)
      await settle()
      expect(received.bytes().toString()).toMatch(/^HTTP\/1.1 400 /)
      expect(server.live.viewerCount).toBe(0)
    },
  )

  it.each(['/live/show.ts', '/show.flv', '/chat', '/%zz'])(
    'for %s is left to others, untouched',
    async (path) => {
      const stage = new Stage()
      const server = serve(stage)
      let listeners: number | undefined
      server.server.prependListener('upgrade', (_, socket: Duplex) => {
        listeners = socket.listenerCount('error')
        queueMicrotask(() => expect(socket.listenerCount('error')).toBe(listeners))
      })
      const received = server.send(`GET ${path} HTTP/1.1\r\n${HANDSHAKE}\r\n`)
      await settle()
      expect(received.bytes().toString()).toMatch(/^HTTP\/1.1 418 /)
      expect(listeners).toBeDefined()
    },
  )

  it.each([
    ['a reject', () => reject('not today'), 403, 'not today'],
    ['a redirect', () => redirect('http://b/live/show.flv'), 302, 'http://b/live/show.flv'],
    ['a redirect that HTTP cannot carry', () => redirect('http://b/\r\nX: y'), 500, 'internal error'],
  ])('is refused before the upgrade by %s', async (_, authorize, status, body) => {
    const stage = new Stage({ authorize })
    stage.publish()
    const server = serve(stage)
    const client = open(server)
    await expect(client.opened).rejects.toThrow(`Unexpected server response: ${status}`)
    const received = server.send(`GET /live/show.flv HTTP/1.1\r\n${HANDSHAKE}\r\n`)
    await settle()
    const text = received.bytes().toString()
    expect(text.endsWith(`\r\n\r\n${body}\n`)).toBe(true)
    expect(text).toMatch(/\r\nConnection: close\r\n/)
    expect(text).not.toMatch(/^X: y/m)
    expect(received.ended()).toBe(true)
  })

  it('is refused with 404 where nobody publishes, and with 503 beyond maxViewers', async () => {
    const stage = new Stage()
    stage.publish()
    const server = serve(stage, { maxViewers: 1 })
    await expect(open(server, '/live/nobody.flv').opened).rejects.toThrow('404')
    const client = open(server)
    await client.opened
    await expect(open(server).opened).rejects.toThrow('503')
    expect(server.live.viewerCount).toBe(1)
  })

  it('of a client that leaves while it waits is taken back', async () => {
    let signal: AbortSignal | undefined
    const stage = new Stage({
      authorize: (_, given) => {
        signal = given
        return new Promise(() => undefined)
      },
    })
    const server = serve(stage)
    for (const leave of ['end', 'destroy'] as const) {
      const client = server.connect()
      client.write(`GET /live/show.flv HTTP/1.1\r\n${HANDSHAKE}\r\n`)
      await settle()
      expect(server.live.viewerCount).toBe(1)
      client[leave]()
      await settle()
      expect(signal?.aborted).toBe(true)
      expect(server.live.viewerCount).toBe(0)
      expect(server.sockets.at(-1)!.destroyed).toBe(true)
    }
  })

  it('of a client that does not wait for the answer is refused', async () => {
    const stage = new Stage({ publisherWaitMs: 3_000 })
    const server = serve(stage)
    const received = server.send(`GET /live/show.flv HTTP/1.1\r\n${HANDSHAKE}\r\nearly`)
    await settle()
    expect(received.bytes().toString()).toMatch(/^HTTP\/1.1 400 /)

    const client = server.connect()
    client.on('error', () => undefined)
    client.write(`GET /live/show.flv HTTP/1.1\r\n${HANDSHAKE}\r\n`)
    await settle()
    client.write('early')
    await settle()
    expect(server.sockets.at(-1)!.destroyed).toBe(true)
    expect(server.live.viewerCount).toBe(0)
  })

  it('is turned away when the handler closes', async () => {
    const stage = new Stage({ publisherWaitMs: 3_000 })
    const server = serve(stage)
    const client = open(server)
    await settle()
    server.live.close()
    await expect(client.opened).rejects.toThrow('503')
  })
})

/** A connection past its handshake, without a client that knows the protocol. */
async function upgraded(
  server: MemoryServer,
): Promise<{ client: Duplex; received: ReturnType<typeof collect> }> {
  const client = server.connect()
  client.write(`GET /live/show.flv HTTP/1.1\r\n${HANDSHAKE}\r\n`)
  const received = collect(client)
  await vi.waitFor(() => expect(received.bytes().toString('latin1')).toMatch(/^HTTP\/1.1 101 /), {
    interval: 1,
  })
  // RFC 6455 §1.3 has this answer to this key.
  expect(received.bytes().toString('latin1')).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
  return { client, received }
}
