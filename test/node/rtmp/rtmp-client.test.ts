import { getEventListeners, once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { accept, Hub, redirect, reject } from 'millrace/hub'
import { type MediaPacket, packetFromTag } from 'millrace/media'
import {
  duplexPair,
  RtmpClient,
  type RtmpClientOptions,
  RtmpServer,
  type RtmpServerOptions,
} from 'millrace/node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { testCrypto } from '../../support/handshake-crypto.ts'
import { TLS } from '../../support/tls.ts'
import { packetsOf } from '../http/http-harness.ts'
import { World } from '../memory-world.ts'

const CLIP = packetsOf('avc-aac-bframes.flv')

interface Linked {
  /** The client, once it has started. */
  readonly client: Promise<RtmpClient>
  readonly near: Duplex
  readonly far: Duplex
}

/** A client of `world`, over a connection in memory. */
function link(
  world: World,
  mode: 'publish' | 'play',
  {
    path = 'live/show',
    windowBytes = 1_048_576,
    ...options
  }: RtmpClientOptions & { path?: string; windowBytes?: number } = {},
): Linked {
  const [near, far] = duplexPair({ windowBytes })
  world.server.handle(far, { remoteAddress: '192.0.2.1' })
  const client = RtmpClient[mode](`rtmp://host/${path}`, {
    stream: near,
    clock: world.clock,
    crypto: testCrypto(7),
    ...options,
  })
  client.catch(() => undefined)
  return { client, near, far }
}

async function started(
  world: World,
  mode: 'publish' | 'play',
  options?: Parameters<typeof link>[2],
): Promise<RtmpClient> {
  const { client } = link(world, mode, options)
  await world.settle()
  return await client
}

/** Nobody answers here. */
function silence(options: RtmpClientOptions & { world: World }): Linked {
  const [near, far] = duplexPair()
  const { world, ...rest } = options
  const client = RtmpClient.publish('rtmp://host/live/show', { stream: near, clock: world.clock, ...rest })
  client.catch(() => undefined)
  return { client, near, far }
}

function media(packets: readonly MediaPacket[]): string[] {
  return packets.filter(({ coded }) => coded).map(({ kind, dts, body }) => `${kind} ${dts} ${body.length}`)
}

/** Everything that can be read now. */
function readAll(client: RtmpClient): MediaPacket[] {
  const packets: MediaPacket[] = []
  for (let packet = client.read(); packet !== undefined; packet = client.read()) packets.push(packet)
  return packets
}

/** Real sockets: a server of `hub` on a free port. */
async function serve(
  hub: Hub,
  options: Partial<RtmpServerOptions> = {},
): Promise<{ port: number; server: RtmpServer }> {
  const server = new RtmpServer({ hub, ...options })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(async () => {
    hub.close()
    await server.close()
  })
  return { port, server }
}

describe('publish and play', () => {
  it('take a stream to a server and from it, whole', async () => {
    const world = new World({ hub: { graceMs: 0 } })
    const publisher = await started(world, 'publish')
    const player = await started(world, 'play')
    for (const [i, packet] of CLIP.entries()) {
      expect(publisher.write(packet)).toBe(true)
      if (i % 40 === 0) await world.advance(1, 1)
    }
    await world.advance(60)
    expect(media(readAll(player))).toEqual(media(CLIP))

    const closing = publisher.close()
    await world.settle()
    await closing
    expect(await publisher.closed).toEqual({ code: 'closed', reason: 'closed', error: undefined })
    await world.advance(1)
    expect((await player.closed).code).toBe('closed')
    expect(world.log).toContain('unpublish /live/show unpublished')
  })

  it('give the packets of a play until its end to a loop', async () => {
    const world = new World({ hub: { graceMs: 0 } })
    const publisher = await started(world, 'publish')
    const player = await started(world, 'play')
    const packets: MediaPacket[] = []
    const reading = (async () => {
      for await (const packet of player) packets.push(packet)
    })()
    for (const packet of CLIP.slice(0, 50)) publisher.write(packet)
    await world.advance(100)
    void publisher.close()
    await world.advance(2_500)
    await reading
    expect(media(packets)).toEqual(media(CLIP.slice(0, 50)))
  })

  it('close the connection when the loop is left, and at the end of a scope', async () => {
    const world = new World()
    const publisher = await started(world, 'publish')
    const player = await started(world, 'play')
    publisher.write(CLIP[0]!)
    publisher.write(CLIP.find(({ keyframe }) => keyframe)!)
    await world.advance(100)
    const leaving = (async () => {
      for await (const packet of player) {
        expect(packet).toBeDefined()
        break
      }
    })()
    await world.settle()
    await leaving
    expect(world.hub.stats().players).toBe(0)
    const disposing = publisher[Symbol.asyncDispose]()
    await world.settle()
    await disposing
    expect(world.server.connections.size).toBe(0)
    expect(publisher.write(CLIP[1]!)).toBe(false)
  })

  it.each([
    [true, [0, 40]],
    [false, [5_000, 5_040]],
  ])('a publish that starts at zero: %s', async (startAtZero, times) => {
    const world = new World({ hub: { atc: true } })
    const publisher = await started(world, 'publish', { startAtZero })
    const consumer = world.hub.source('/live/show')!.consume()
    // As from a player: metadata of time 0, then a stream that is under way.
    for (const packet of CLIP) {
      if (!packet.coded) publisher.write(packet)
    }
    const video = CLIP.filter(({ kind, coded }) => kind === 'video' && coded)
    for (const packet of video.slice(0, 2)) publisher.write(packet.withDts(packet.dts + 5_000))
    await world.settle()
    const read: number[] = []
    for (let packet = consumer.read(); packet !== undefined; packet = consumer.read()) {
      if (packet.coded) read.push(packet.dts)
    }
    expect(read).toEqual(times)
  })
})

describe('a server that refuses', () => {
  it('is quoted', async () => {
    const world = new World({ hub: { authorize: () => reject('unknown stream key') } })
    for (const mode of ['publish', 'play'] as const) {
      const { client, near } = link(world, mode)
      await world.settle()
      await expect(client).rejects.toMatchObject({
        name: 'ProtocolError',
        code: 'ERR_RTMP_REJECTED',
        message: expect.stringContaining('unknown stream key') as string,
      })
      expect(near.destroyed).toBe(true)
    }
  })

  it('has no such stream', async () => {
    const world = new World()
    const { client } = link(world, 'play')
    await world.advance(4_000)
    await expect(client).rejects.toThrow('NetStream.Play.StreamNotFound')
  })

  it('hangs up', async () => {
    const world = new World()
    const { client, far } = silence({ world })
    await world.settle()
    far.end()
    await world.settle()
    await expect(client).rejects.toMatchObject({
      code: 'ERR_RTMP_ENDED',
      message: 'the server ended the connection',
    })
  })

  it('is not there', async () => {
    const listener = createServer()
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as AddressInfo
    await new Promise((resolve) => listener.close(resolve))
    await expect(RtmpClient.play(`rtmp://127.0.0.1:${port}/live/show`)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
  })

  it('speaks another protocol', async () => {
    const world = new World()
    const { client, far } = silence({ world })
    far.write('HTTP/1.1 400 Bad Request\r\n\r\n')
    await world.settle()
    await expect(client).rejects.toMatchObject({ code: 'ERR_HANDSHAKE_VERSION' })
  })

  it.each([
    'http://host/live/show',
    'rtmpts://host/live/show',
    'rtmpe://host/live/show',
    'rtmp://',
    'live/show',
    'rtmp://host:99999/live/show',
  ])('cannot be asked by %s', async (url) => {
    await expect(RtmpClient.play(url)).rejects.toThrow(TypeError)
  })
})

describe('redirects', () => {
  async function servers(count: number): Promise<{ first: string; got: string[] }> {
    const got: string[] = []
    const last = new Hub({ authorize: ({ streamPath }) => got.push(streamPath) > 0 })
    let { port } = await serve(last)
    for (let i = 1; i < count; i++) {
      const url = `rtmp://127.0.0.1:${port}/moved`
      const hub = new Hub({ authorize: () => redirect(url) })
      port = (await serve(hub)).port
    }
    return { first: `rtmp://127.0.0.1:${port}/live/show`, got }
  }

  it('are followed, with the stream name', async () => {
    const { first, got } = await servers(3)
    const client = await RtmpClient.publish(first, { maxRedirects: 2 })
    expect(got).toEqual(['/moved/show'])
    await client.close()
  })

  it('are followed no further than maxRedirects', async () => {
    const { first } = await servers(3)
    await expect(RtmpClient.publish(first, { maxRedirects: 1 })).rejects.toMatchObject({
      code: 'ERR_RTMP_REDIRECTED',
      message: 'the server redirects, beyond maxRedirects 1',
    })
    await expect(RtmpClient.publish(first, { maxRedirects: 0 })).rejects.toThrow('beyond maxRedirects 0')
  })

  it('are not followed out of a stream that was given, nor to what is no RTMP URL', async () => {
    const world = new World({ hub: { authorize: () => redirect('rtmp://127.0.0.1:1/moved') } })
    const { client } = link(world, 'publish')
    await world.settle()
    await expect(client).rejects.toThrow('which a given stream cannot follow')

    const { port } = await serve(new Hub({ authorize: () => redirect('http://127.0.0.1/x') }))
    await expect(RtmpClient.play(`rtmp://127.0.0.1:${port}/live/show`)).rejects.toMatchObject({
      code: 'ERR_RTMP_REDIRECTED',
      message: 'the server redirects to a URL that is neither rtmp: nor rtmps:',
    })
  })
})

describe('time and signals', () => {
  it('a server that says nothing is given up', async () => {
    const world = new World()
    const { client, near } = silence({ world, connectTimeoutMs: 5_000 })
    await world.advance(4_999)
    expect(near.destroyed).toBe(false)
    await world.advance(1)
    await expect(client).rejects.toMatchObject({
      name: 'LimitError',
      code: 'ERR_RTMP_CONNECT_TIMEOUT',
      message: 'the server did not start within 5000 ms',
    })
    expect(near.destroyed).toBe(true)
  })

  it('a server may take any time for a timeout of 0, and has the timeouts of the session', async () => {
    const world = new World()
    const { client } = silence({ world, connectTimeoutMs: 0, session: { handshakeTimeoutMs: 100_000 } })
    await world.advance(99_000, 1_000)
    let settled = false
    void client.catch(() => undefined).then(() => (settled = true))
    await world.settle()
    expect(settled).toBe(false)
    await world.advance(2_000)
    await expect(client).rejects.toMatchObject({ code: 'ERR_RTMP_HANDSHAKE_TIMEOUT' })
  })

  it('an aborted signal connects to nothing', async () => {
    const reason = new Error('not now')
    await expect(
      RtmpClient.publish('rtmp://192.0.2.1/live/show', { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason)
  })

  it('a signal gives up connecting', async () => {
    const world = new World()
    const gone = new AbortController()
    const { client, near } = silence({ world, signal: gone.signal })
    await world.settle()
    const reason = new Error('changed my mind')
    gone.abort(reason)
    await expect(client).rejects.toBe(reason)
    expect(near.destroyed).toBe(true)
    expect(getEventListeners(gone.signal, 'abort')).toEqual([])
  })

  it('a signal closes what is connected, in order', async () => {
    const world = new World()
    const gone = new AbortController()
    const client = await started(world, 'publish', { signal: gone.signal })
    gone.abort('enough')
    await world.settle()
    const end = await client.closed
    expect(end).toMatchObject({ code: 'closed', reason: 'aborted' })
    expect(end.error).toMatchObject({ message: 'aborted', cause: 'enough' })
    expect(world.log).toContain('unpublish /live/show unpublished')
  })

  it('a signal keeps nothing of a client that has ended', async () => {
    const world = new World()
    const gone = new AbortController()
    const client = await started(world, 'publish', { signal: gone.signal })
    expect(getEventListeners(gone.signal, 'abort')).toHaveLength(1)
    const closing = client.close('done')
    await world.settle()
    await closing
    expect(getEventListeners(gone.signal, 'abort')).toEqual([])
    expect((await client.closed).reason).toBe('done')
  })

  it('a server that answers no end is cut off', async () => {
    const world = new World()
    const { client: starting, far } = link(world, 'publish')
    await world.settle()
    const client = await starting
    far.removeAllListeners('end')
    far.removeAllListeners('data')
    far.on('end', () => undefined)
    far.resume()
    let closed = false
    void client.close().then(() => (closed = true))
    await world.advance(1_900, 100)
    expect(closed).toBe(false)
    await world.advance(200, 100)
    expect(closed).toBe(true)
    far.destroy()
  })
})

describe('back-pressure', () => {
  it('tells a publisher to wait, and when to go on', async () => {
    const world = new World()
    const { client: starting, far } = link(world, 'publish', { maxWriteBytes: 100_000, windowBytes: 1_000 })
    await world.advance(500)
    const client = await starting
    await client.ready()
    far.pause()
    let written = 0
    while (client.write(CLIP[written]!)) written++
    expect(client.queuedBytes).toBeGreaterThanOrEqual(100_000)
    expect(client.queuedBytes - CLIP[written]!.body.length).toBeLessThan(100_000 + 100)
    let isReady = false
    const waiting = client.ready().then(() => (isReady = true))
    await world.settle()
    expect(isReady).toBe(false)
    far.resume()
    await world.advance(500, 50)
    await waiting
    expect(client.write(CLIP[written + 1]!)).toBe(true)
  })

  it.each([0, 1, 100])('does not wait for ever with maxWriteBytes %i', async (maxWriteBytes) => {
    const world = new World()
    const client = await started(world, 'publish', { maxWriteBytes })
    const sending = client.send(CLIP)
    await world.advance(500, 50)
    await sending
    expect(world.hub.source('/live/show')!.stats().receivedPackets).toBeGreaterThan(CLIP.length - 10)
  })

  it('lets the server wait for a reader that does not read, and goes on without a gap', async () => {
    const session = { mediaTimeoutMs: 0, pingIntervalMs: 0 }
    const world = new World({ hub: { maxLagMs: 60_000 }, server: { stallTimeoutMs: 0, session } })
    const publisher = await started(world, 'publish')
    const player = await started(world, 'play', { maxReadBytes: 20_000, windowBytes: 10_000 })
    for (const [i, packet] of CLIP.entries()) {
      publisher.write(packet)
      if (i % 40 === 0) await world.advance(1, 1)
    }
    // Far longer than the session would wait for media: it is not the server that is silent.
    await world.advance(60_000, 1_000)
    expect(world.hub.stats().players).toBe(1)

    const packets: MediaPacket[] = []
    for (let i = 0; i < 200; i++) {
      packets.push(...readAll(player))
      await world.settle()
    }
    expect(media(packets)).toEqual(media(CLIP))
    // From now on the server has a while, and is given up then.
    await world.advance(1_000)
    expect(player.session.isClosed).toBe(false)
    await world.advance(31_000, 1_000)
    expect(await player.closed).toMatchObject({ code: 'ERR_RTMP_MEDIA_TIMEOUT' })
  })

  it('counts packets without content', async () => {
    const world = new World({ server: { stallTimeoutMs: 0 } })
    const publisher = await started(world, 'publish')
    const { client: starting, near } = link(world, 'play', { maxReadBytes: 25_600 })
    await world.settle()
    const player = await starting
    publisher.write(CLIP.find(({ keyframe }) => keyframe)!)
    for (let i = 0; i < 1_000; i++) publisher.write(packetFromTag(8, i, new Uint8Array(0)))
    await world.advance(500, 50)
    expect(near.isPaused()).toBe(true)
    expect(readAll(player).length).toBeGreaterThan(90)
  })

  it('ends a publish to a server that takes nothing', async () => {
    const world = new World({ server: { stallTimeoutMs: 0 } })
    const { client: starting, far } = link(world, 'publish', { stallTimeoutMs: 8_000, windowBytes: 1_000 })
    await world.advance(500)
    const client = await starting
    far.pause()
    for (const packet of CLIP.slice(0, 50)) client.write(packet)
    await world.advance(7_000)
    expect(client.session.isClosed).toBe(false)
    await world.advance(6_000)
    expect(await client.closed).toMatchObject({ code: 'closed', error: { code: 'ERR_RTMP_STALLED' } })
    expect(far.destroyed || far.readableEnded || far.readableFlowing === false).toBe(true)
    far.destroy()
  })
})

describe('send', () => {
  it('ends with the connection, though its source says nothing', async () => {
    const world = new World()
    const source = new Hub({}, world.clock)
    source.publish('/live/silent')
    const consumer = source.source('/live/silent')!.consume()
    const { client: starting, far } = link(world, 'publish')
    await world.settle()
    const client = await starting
    const sending = client.send(consumer)
    await world.settle()
    far.destroy()
    await world.settle()
    await sending
    expect(consumer.ended).toBe(true)
    expect((await client.closed).reason).toMatch(/ended|EPIPE|closed/)
    source.close()
  })

  it('relays a play to a publish until either ends', async () => {
    const world = new World({ hub: { authorize: ({ action }) => (action === 'play' ? accept() : true) } })
    const encoder = await started(world, 'publish')
    const from = await started(world, 'play')
    const to = await started(world, 'publish', { path: 'live/copy' })
    const sending = to.send(from)
    for (const packet of CLIP.slice(0, 100)) encoder.write(packet)
    await world.advance(200, 50)
    const consumer = world.hub.source('/live/copy')!.consume()
    const copied: MediaPacket[] = []
    for (let packet = consumer.read(); packet !== undefined; packet = consumer.read()) copied.push(packet)
    const sent = CLIP.slice(0, 100).filter(({ coded }) => coded)
    expect(copied.filter(({ coded }) => coded).map(({ body }) => body.length)).toEqual(
      sent.map(({ body }) => body.length),
    )
    void to.close()
    await world.settle()
    await sending
    await from.closed
    expect(world.hub.source('/live/show')!.stats().players).toBe(0)
  })
})

describe('rtmps', () => {
  it('sends the name of the server and checks its certificate', async () => {
    const names: string[] = []
    const hub = new Hub()
    const { port } = await serve(hub, {
      tls: {
        ...TLS,
        SNICallback: (name, done) => {
          names.push(name)
          done(null)
        },
      },
    })
    const asked = new Promise((resolve) => hub.once('publish', (source) => resolve(source.streamPath)))
    const client = await RtmpClient.publish(`rtmps://localhost:${port}/live/show`, { tls: { ca: TLS.cert } })
    expect(await asked).toBe('/live/show')
    expect(names).toEqual(['localhost'])
    await client.close()

    // An address is no name; the certificate has it all the same.
    const byAddress = await RtmpClient.publish(`rtmps://127.0.0.1:${port}/live/show`, {
      tls: { ca: TLS.cert },
    })
    expect(names).toEqual(['localhost'])
    await byAddress.close()

    await expect(RtmpClient.publish(`rtmps://localhost:${port}/live/show`)).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    })
    await expect(
      RtmpClient.publish(`rtmps://localhost:${port}/live/show`, {
        tls: { ca: TLS.cert, servername: 'other.example' },
      }),
    ).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })

  it('to a plain server, and rtmp to a TLS server, fail', async () => {
    const plain = await serve(new Hub())
    await expect(RtmpClient.play(`rtmps://127.0.0.1:${plain.port}/live/show`)).rejects.toThrow(
      /ssl|TLS|wrong version|disconnected|closed|ended|ECONNRESET/i,
    )
    const secure = await serve(new Hub(), { tls: TLS })
    await expect(RtmpClient.play(`rtmp://127.0.0.1:${secure.port}/live/show`)).rejects.toThrow(
      /ended|closed|ECONNRESET|version/,
    )
  })
})

it('a connection that breaks says how', async () => {
  const sockets: Socket[] = []
  const hub = new Hub()
  const rtmp = new RtmpServer({ hub })
  const listener: Server = createServer((socket) => {
    sockets.push(socket)
    rtmp.handle(socket, { remoteAddress: '127.0.0.1' })
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  onTestFinished(async () => {
    hub.close()
    await rtmp.close()
    listener.close()
  })
  const { port } = listener.address() as AddressInfo
  const client = await RtmpClient.publish(`rtmp://127.0.0.1:${port}/live/show`)
  sockets[0]!.resetAndDestroy()
  const end = await client.closed
  expect(end).toMatchObject({ code: 'closed', error: { code: 'ECONNRESET' } })
  expect(end.reason).toContain('ECONNRESET')
})
