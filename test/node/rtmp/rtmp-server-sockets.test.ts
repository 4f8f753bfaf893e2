import { connect as connectTcp, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { Hub } from 'millrace/hub'
import { RtmpClient, type RtmpConnection, RtmpServer, type RtmpServerOptions } from 'millrace/node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { audioConfig, key, nameOf, videoConfig } from '../../hub/fakes.ts'
import { ascii, hex, join } from '../../support/bytes.ts'
import { C0C1C2, command } from '../../support/rtmp-bytes.ts'
import { TLS } from '../../support/tls.ts'

const CONNECT = command('connect', 1, { app: 'live', tcUrl: 'rtmp://host/live' })
const PROXY_V1 = ascii('PROXY TCP4 192.0.2.7 198.51.100.1 56324 1935\r\n')

interface Listening {
  readonly hub: Hub
  readonly server: RtmpServer
  readonly port: number
  /** The next connection. */
  readonly connection: () => Promise<RtmpConnection>
  /** Resolves with the end of the next connection. */
  readonly close: () => Promise<string>
}

async function listening(options: Partial<RtmpServerOptions> = {}): Promise<Listening> {
  const hub = new Hub({ graceMs: 0 })
  const server = new RtmpServer({ hub, ...options })
  onTestFinished(async () => {
    await server.close()
    hub.close()
  })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  return {
    hub,
    server,
    port,
    connection: () => new Promise((resolve) => server.once('connection', resolve)),
    close: () => new Promise((resolve) => server.once('close', (_, { code }) => resolve(code))),
  }
}

/** A client's socket, and how it ends. */
function dial(port: number): { socket: Socket; closed: Promise<Buffer> } {
  const socket = connectTcp({ port, host: '127.0.0.1' })
  const received: Buffer[] = []
  socket.on('data', (bytes) => received.push(bytes))
  socket.on('error', () => {})
  return {
    socket,
    closed: new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(received)))),
  }
}

/** Open sockets and servers of this process. */
function resources(): string[] {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'))
}

describe('listen', () => {
  test('publishes and plays over loopback', async () => {
    const { hub, port } = await listening()
    const publisher = await RtmpClient.publish(`rtmp://127.0.0.1:${port}/live/show`)
    const sent = [audioConfig(0, 1), videoConfig(0, 2), key(0, 3)]
    for (const packet of sent) publisher.write(packet)
    const player = await RtmpClient.play(`rtmp://127.0.0.1:${port}/live/show`)
    const names: string[] = []
    for await (const packet of player) {
      names.push(nameOf(packet))
      if (packet.keyframe) break
    }
    expect(names).toEqual(['A!1', 'V!2', 'V3'])
    expect(hub.stats()).toMatchObject({ sources: 1 })
    await publisher.close()
  })

  test('defect: a port in use is an error for the caller, not the end of the process', async () => {
    const { server, port } = await listening()
    await expect(server.listen({ port, host: '127.0.0.1' })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const other = new RtmpServer({ hub: new Hub() })
    await expect(other.listen({ port, host: '127.0.0.1' })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await other.close()
    // The first goes on.
    const publisher = await RtmpClient.publish(`rtmp://127.0.0.1:${port}/live/show`)
    await publisher.close()
  })

  test('defect: two servers in one process share nothing', async () => {
    const [one, two] = [await listening(), await listening()]
    const first = await RtmpClient.publish(`rtmp://127.0.0.1:${one.port}/live/show`)
    const second = await RtmpClient.publish(`rtmp://127.0.0.1:${two.port}/live/show`)
    expect([one.hub.stats().sources, two.hub.stats().sources]).toEqual([1, 1])
    await one.server.close()
    expect((await first.closed).reason).toMatch(/shutting down|ended/)
    expect(two.hub.source('/live/show')!.publisher).toBeDefined()
    await second.close()
  })

  test('several addresses', async () => {
    const { server, port } = await listening()
    const { port: another } = await server.listen({ port: 0, host: '127.0.0.1' })
    for (const each of [port, another]) {
      const client = await RtmpClient.publish(`rtmp://127.0.0.1:${each}/live/at${each}`)
      expect(client.session.phase).toBe('publishing')
      await client.close()
    }
  })

  test('the address of an IPv4 client of a dual-stack socket is written as IPv4', async () => {
    const server = new RtmpServer({ hub: new Hub() })
    onTestFinished(() => server.close())
    const { port } = await server.listen({ port: 0, host: '::ffff:127.0.0.1' })
    const connection = new Promise<RtmpConnection>((resolve) => server.once('connection', resolve))
    const { socket } = dial(port)
    expect((await connection).info).toEqual({
      remoteAddress: '127.0.0.1',
      remotePort: socket.localPort,
      secure: false,
    })
    socket.destroy()
  })
})

describe('maxConnections', () => {
  test('one more is closed at once, one that leaves makes room', async () => {
    const { server, port, connection } = await listening({ maxConnections: 2 })
    const refused: unknown[] = []
    server.on('refuse', ({ action, connection: none, reason }) => refused.push([action, none, reason]))
    const first = dial(port)
    await connection()
    const second = dial(port)
    await connection()
    expect(await dial(port).closed).toHaveLength(0)
    expect(server.connections.size).toBe(2)
    expect(refused).toEqual([['connect', undefined, 'too many connections']])
    first.socket.destroy()
    await new Promise((resolve) => server.once('close', resolve))
    // The socket closes behind its connection.
    await new Promise((resolve) => setImmediate(resolve))
    const third = dial(port)
    await connection()
    expect(server.connections.size).toBe(2)
    for (const { socket } of [second, third]) socket.destroy()
  })
})

describe('PROXY protocol', () => {
  test('tells the address of the client; the handshake may come with it', async () => {
    const { port, connection } = await listening({ proxyProtocol: true })
    const { socket } = dial(port)
    socket.write(join(PROXY_V1, C0C1C2, CONNECT))
    const { info, session } = await connection()
    expect(info).toEqual({ remoteAddress: '192.0.2.7', remotePort: 56_324, secure: false })
    await new Promise((resolve) => socket.once('data', resolve))
    expect(session.phase).not.toBe('handshake')
    socket.destroy()
  })

  test('byte by byte', async () => {
    const { port, connection } = await listening({ proxyProtocol: true })
    const { socket } = dial(port)
    socket.setNoDelay(true)
    const accepted = connection()
    for (const byte of PROXY_V1) {
      socket.write(Uint8Array.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    socket.write(C0C1C2)
    expect((await accepted).info.remoteAddress).toBe('192.0.2.7')
    socket.destroy()
  })

  test("the balancer's own check keeps its address", async () => {
    const { port, connection } = await listening({ proxyProtocol: true })
    const { socket } = dial(port)
    socket.write(hex('0d0a0d0a 00 0d0a 51554954 0a 20 00 0000'))
    expect((await connection()).info.remoteAddress).toBe('127.0.0.1')
    socket.destroy()
  })

  test('a connection without a header is closed, and was never announced', async () => {
    const { server, port } = await listening({ proxyProtocol: true })
    let connections = 0
    server.on('connection', () => connections++)
    const { socket, closed } = dial(port)
    socket.write(C0C1C2)
    expect(await closed).toHaveLength(0)
    expect(connections).toBe(0)
  })

  test('close ends sockets that owe their header', async () => {
    const { server, port } = await listening({ proxyProtocol: true })
    const { socket, closed } = dial(port)
    await new Promise((resolve) => socket.write(PROXY_V1.subarray(0, 10), resolve))
    await new Promise((resolve) => setImmediate(resolve))
    await server.close()
    expect(await closed).toHaveLength(0)
  })
})

describe('TLS', () => {
  test('publishes and plays', async () => {
    const { port, connection } = await listening({ tls: TLS })
    const tls = { ca: TLS.cert, servername: 'localhost' }
    const accepted = connection()
    const publisher = await RtmpClient.publish(`rtmps://127.0.0.1:${port}/live/show`, { tls })
    expect((await accepted).info).toMatchObject({ remoteAddress: '127.0.0.1', secure: true })
    for (const packet of [audioConfig(0, 1), videoConfig(0, 2), key(0, 3, 300_000)]) publisher.write(packet)
    const player = await RtmpClient.play(`rtmps://127.0.0.1:${port}/live/show`, { tls })
    const names: string[] = []
    for await (const packet of player) {
      names.push(nameOf(packet))
      if (packet.keyframe) break
    }
    expect(names).toEqual(['A!1', 'V!2', 'V3'])
    await publisher.close()
  })

  test.each([
    ['in one write', (socket: Socket, hello: Buffer) => void socket.write(Buffer.concat([PROXY_V1, hello]))],
    [
      'apart',
      (socket: Socket, hello: Buffer) => {
        socket.write(PROXY_V1)
        setImmediate(() => socket.write(hello))
      },
    ],
  ])('behind a PROXY header, %s', async (_how, write) => {
    const { port, connection } = await listening({ tls: TLS, proxyProtocol: true })
    const raw = connectTcp({ port, host: '127.0.0.1' }).setNoDelay(true)
    // The first write of the TLS client is its hello, which the header goes before.
    const original = raw.write.bind(raw)
    await new Promise((resolve) => raw.once('connect', resolve))
    let first = true
    const wire = new Duplex({
      read() {},
      write(bytes: Buffer, _encoding, done) {
        if (first) write(raw, bytes)
        else original(bytes)
        first = false
        done()
      },
    })
    raw.on('data', (bytes) => wire.push(bytes))
    raw.on('error', () => {})
    const accepted = connection()
    const client = connectTls({ socket: wire, ca: TLS.cert, servername: 'localhost' })
    client.on('error', () => {})
    await new Promise((resolve) => client.once('secureConnect', resolve))
    expect((await accepted).info).toEqual({ remoteAddress: '192.0.2.7', remotePort: 56_324, secure: true })
    client.write(C0C1C2)
    const answer = await new Promise<Buffer>((resolve) => client.once('data', resolve))
    expect(answer[0]).toBe(3)
    raw.destroy()
  })

  test('plain RTMP at the TLS port is closed, without a connection', async () => {
    const { server, port } = await listening({ tls: TLS })
    let connections = 0
    server.on('connection', () => connections++)
    const { socket, closed } = dial(port)
    socket.write(C0C1C2)
    await closed
    expect(connections).toBe(0)
  })

  test('close does not wait for a TLS handshake that never comes', async () => {
    const { server, port } = await listening({ tls: TLS })
    const { socket, closed } = dial(port)
    await new Promise((resolve) => socket.once('connect', resolve))
    await new Promise((resolve) => setImmediate(resolve))
    await server.close()
    expect(await closed).toHaveLength(0)
  })

  test('those in their handshake count as connections', async () => {
    const { port } = await listening({ tls: TLS, maxConnections: 1 })
    const first = dial(port)
    await new Promise((resolve) => first.socket.once('connect', resolve))
    expect(await dial(port).closed).toHaveLength(0)
    first.socket.destroy()
  })
})

test('defect: nothing is left of a server that was closed', async () => {
  // What earlier files of this process have not let go of yet.
  const before = resources().length
  const { server, port, hub } = await listening()
  expect(resources().length).toBeGreaterThan(before)
  const publisher = await RtmpClient.publish(`rtmp://127.0.0.1:${port}/live/show`)
  const player = await RtmpClient.play(`rtmp://127.0.0.1:${port}/live/show`)
  const silent = dial(port)
  await new Promise((resolve) => silent.socket.once('connect', resolve))
  await server.close()
  hub.close()
  await Promise.all([publisher.closed, player.closed, silent.closed])
  expect(server.connections.size).toBe(0)
  // A busy machine tells of a closed socket some turns later.
  await expect.poll(() => resources().length).toBeLessThanOrEqual(before)
  await server.close()
})
