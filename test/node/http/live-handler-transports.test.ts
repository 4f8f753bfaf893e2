import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, constants, createSecureServer, createServer, type Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { getDefaultHighWaterMark, PassThrough } from 'node:stream'
import express from 'express'
import { demuxFlv } from 'millrace/flv'
import type { AccessRequest } from 'millrace/hub'
import { LiveHandler } from 'millrace/node'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { TLS } from '../../support/tls.ts'
import { collect, MemoryServer, settle, Stage } from './http-harness.ts'

/** The HTTP/2 server as Node's own types say it: its requests and responses are made to look like those of HTTP/1. */
type Http1Listener = (request: IncomingMessage, response: ServerResponse) => void

async function listen(server: Http2Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

describe.each(['secure', 'cleartext'] as const)('HTTP/2, %s', (kind) => {
  async function start(live: LiveHandler): Promise<ReturnType<typeof connect>> {
    const listener: Http1Listener = (request, response) => {
      if (!live.handle(request, response)) response.writeHead(418).end()
    }
    const server = kind === 'secure' ? createSecureServer(TLS) : createServer()
    server.on('request', listener as never)
    const port = await listen(server)
    const session = connect(`${kind === 'secure' ? 'https' : 'http'}://127.0.0.1:${port}`, {
      ca: TLS.cert,
    })
    onTestFinished(() => {
      session.destroy()
      server.close()
    })
    return session
  }
  const headOf = (
    stream: ReturnType<ReturnType<typeof connect>['request']>,
  ): Promise<Record<string, unknown>> => new Promise((resolve) => stream.once('response', resolve))

  it('streams through response.write', async () => {
    const asked: AccessRequest[] = []
    const stage = new Stage({ authorize: (request) => asked.push(request) > 0 })
    const encoder = stage.publish()
    const session = await start(new LiveHandler({ hub: stage.hub }))
    const stream = session.request({ ':path': '/live/show.flv' })
    const head = await headOf(stream)
    expect(head).toMatchObject({ ':status': 200, 'content-type': 'video/x-flv' })
    expect(head['connection']).toBeUndefined()
    const received = collect(stream)
    encoder.send(60)
    await vi.waitFor(() => expect(demuxFlv(received.bytes()).length).toBeGreaterThan(150), { interval: 1 })
    expect(asked[0]).toMatchObject({
      vhost: '127.0.0.1',
      remoteAddress: '127.0.0.1',
      secure: kind === 'secure',
    })
    expect(asked[0]!.url).toMatch(/^https?:\/\/127\.0\.0\.1:\d+\/live\/show\.flv$/)
    stage.hub.close()
    await vi.waitFor(() => expect(received.ended()).toBe(true), { interval: 1 })
  })

  it('defect: a viewer is gone when its stream closes, though the connection stays', async () => {
    const stage = new Stage()
    stage.publish()
    const live = new LiveHandler({ hub: stage.hub })
    const session = await start(live)
    const [first, second] = ['/live/show.flv', '/live/show.flv'].map((path) =>
      session.request({ ':path': path }),
    )
    await Promise.all([headOf(first!), headOf(second!)])
    expect(stage.hub.stats().players).toBe(2)
    first!.close(constants.NGHTTP2_CANCEL)
    await vi.waitFor(() => expect(stage.hub.stats().players).toBe(1), { interval: 1 })
    expect(live.viewerCount).toBe(1)
  })
})

describe('a response that a middleware has wrapped', () => {
  /** What compressing middlewares do: `write`, `end` and `drain` go through a stream of their own. */
  function wrap(response: ServerResponse, through: PassThrough): void {
    const write = response.write.bind(response)
    const end = response.end.bind(response)
    const on = response.on.bind(response)
    response.write = ((chunk: Buffer) => through.write(chunk)) as typeof response.write
    response.end = (() => {
      through.end()
      return response
    }) as typeof response.end
    response.on = ((event: string, listener: () => void) => {
      if (event !== 'drain') return on(event, listener)
      through.on('drain', listener)
      return response
    }) as typeof response.on
    through.on('data', (chunk: Buffer) => {
      if (!write(chunk)) through.pause()
    })
    through.on('end', () => end())
    on('drain', () => through.resume())
  }

  it('is written to through its wrapper', async () => {
    const stage = new Stage()
    const encoder = stage.publish()
    const live = new LiveHandler({ hub: stage.hub })
    const through = new PassThrough()
    const server = new MemoryServer((request, response) => {
      wrap(response, through)
      live.handle(request, response)
    })
    const answer = await server.get('/live/show.flv')
    const received = collect(answer)
    encoder.send(20)
    await settle()
    expect(answer.headers).toMatchObject({ 'transfer-encoding': 'chunked' })
    expect(demuxFlv(received.bytes()).length).toBeGreaterThan(100)
    stage.hub.close()
    await settle()
    expect(received.ended()).toBe(true)
  })

  it('that takes nothing holds no more than the budget', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 10)
    const live = new LiveHandler({ hub: stage.hub, player: { sinkBudgetBytes: 20_000 } })
    const through = new PassThrough({ highWaterMark: 16_384 })
    const server = new MemoryServer((request, response) => {
      wrap(response, through)
      live.handle(request, response)
    })
    const answer = await server.get('/live/show.flv', { windowBytes: 1_000 })
    for (let round = 0; round < 10; round++) {
      encoder.send(50)
      await settle(2)
    }
    // The wrapper takes 16 kB on each side before it asks to wait, and one batch may go beyond each.
    expect(through.writableLength + through.readableLength).toBeLessThan(60_000)
    const [player] = stage.hub.source('/live/show')!.playerStats()
    expect(player!.queuedBytes).toBeGreaterThanOrEqual(20_000)
    // Node's response takes 16 kB more, or 64 kB since Node 22.
    expect(player!.sentBytes).toBeLessThan(64_000 + getDefaultHighWaterMark(false))
    answer.destroy()
  })
})

describe('a viewer that takes nothing', () => {
  async function pass(stage: Stage, ms: number): Promise<void> {
    stage.clock.advance(ms)
    await settle(5)
  }

  it('is ended within a quarter after the timeout', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 10)
    const live = new LiveHandler({ hub: stage.hub, stallTimeoutMs: 10_000, clock: stage.clock })
    const server = new MemoryServer((request, response) => void live.handle(request, response))
    await server.get('/live/show.flv', { windowBytes: 1_000 })
    encoder.send()
    await settle()
    expect(live.viewerCount).toBe(1)
    // It took the head of the response, which was seen after a quarter of the timeout, and nothing while the encoder sent.
    await pass(stage, 12_500 - stage.clock.now())
    expect(live.viewerCount).toBe(1)
    await pass(stage, 500)
    await settle()
    expect(live.viewerCount).toBe(0)
    expect(stage.hub.stats().players).toBe(0)
    expect(server.sockets[0]!.destroyed).toBe(true)
    stage.hub.close()
    expect(stage.clock.pending).toBe(0)
  })

  it('stays where there is nothing to take, and while it takes a little', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 10)
    const live = new LiveHandler({ hub: stage.hub, stallTimeoutMs: 10_000, clock: stage.clock })
    const server = new MemoryServer((request, response) => void live.handle(request, response))
    const idle = await server.get('/live/show.flv')
    const received = collect(idle)
    await pass(stage, 100_000)
    expect(live.viewerCount).toBe(1)

    const slow = server.connect(40_000)
    slow.write('GET /live/show.flv HTTP/1.1\r\nHost: a\r\n\r\n')
    encoder.send()
    for (let round = 0; round < 10; round++) {
      // One call gives everything that waits up to Node 24, and one buffer of it from Node 26 on.
      while (slow.read() !== null);
      await pass(stage, 9_000)
    }
    expect(live.viewerCount).toBe(2)
    expect(received.bytes().length).toBeGreaterThan(10_000)
  })

  it('stays for ever with a timeout of 0', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 10)
    const live = new LiveHandler({ hub: stage.hub, stallTimeoutMs: 0, clock: stage.clock })
    const server = new MemoryServer((request, response) => void live.handle(request, response))
    await server.get('/live/show.flv', { windowBytes: 1_000 })
    encoder.send()
    await pass(stage, 10_000_000)
    expect(live.viewerCount).toBe(1)
  })
})

describe('beside other handlers', () => {
  it('express, mounted under a path and at the top', async () => {
    const stage = new Stage()
    stage.publish()
    const mounted = new LiveHandler({ hub: stage.hub })
    const prefixed = new LiveHandler({ hub: stage.hub, prefix: '/media' })
    const app = express()
    app.use('/mounted', (request, response, next) => void (mounted.handle(request, response) || next()))
    app.use((request, response, next) => void (prefixed.handle(request, response) || next()))
    app.get('/', (_, response) => void response.send('mine'))
    const server = new MemoryServer(app)
    expect((await server.get('/mounted/live/show.flv')).headers['connection']).toBe('close')
    expect((await server.get('/media/live/show.flv')).statusCode).toBe(200)
    expect((await server.fetch('/')).body).toBe('mine')
    expect((await server.fetch('/live/show.flv')).status).toBe(404)
  })

  it('of two streams asked for on one connection one is played, and forgotten with it', async () => {
    const stage = new Stage()
    stage.publish()
    const live = new LiveHandler({ hub: stage.hub })
    const server = new MemoryServer((request, response) => void live.handle(request, response))
    const client = server.connect()
    const request = 'GET /live/show.flv HTTP/1.1\r\nHost: a\r\n\r\n'
    client.write(request + request)
    const received = collect(client)
    await settle()
    // Only one of them is ever answered.
    expect(
      received
        .bytes()
        .toString('latin1')
        .match(/HTTP\/1\.1 200/g)?.length,
    ).toBe(1)
    expect(live.viewerCount).toBe(1)
    client.destroy()
    await settle()
    expect(live.viewerCount).toBe(0)
    expect(stage.hub.stats().players).toBe(0)
  })

  it('many requests on one connection leave no listeners behind', async () => {
    const stage = new Stage()
    const live = new LiveHandler({ hub: stage.hub })
    const server = new MemoryServer((request, response) => void live.handle(request, response))
    const client = server.connect()
    const received = collect(client)
    for (let i = 0; i < 20; i++) {
      client.write('GET /live/nobody.flv HTTP/1.1\r\nHost: a\r\n\r\n')
      await settle(3)
    }
    expect(received.bytes().toString().match(/ 404 /g)?.length).toBe(20)
    expect(server.sockets[0]!.listenerCount('close')).toBeLessThan(5)
  })
})
