/** Peers come and go by the thousand, and nothing of them stays. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Hub } from 'millrace/hub'
import { duplexPair, RtmpClient, type RtmpConnection, RtmpServer } from 'millrace/node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { audioConfig, key, videoConfig } from '../../hub/fakes.ts'
import { join } from '../../support/bytes.ts'
import { C0C1C2, command, media, streamCommand } from '../../support/rtmp-bytes.ts'
import { settle, World } from '../memory-world.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** The full run is `LEAK_PEERS=10000 npm test -- rtmp-leak`. */
const PEERS = Number(process.env['LEAK_PEERS'] ?? 400)

const HELLO = join(C0C1C2, command('connect', 1, { app: 'live', tcUrl: 'rtmp://host/live' }))
const FRAMES = join(
  ...[videoConfig(0, 1), key(0, 2, 2_000), key(40, 3, 2_000)].map(({ body, dts }) =>
    join(media(9, dts, body.subarray(0, 100))),
  ),
  media(8, 0, audioConfig(0, 4).body),
)

/** How many of `references` something still holds. */
async function alive(references: readonly WeakRef<object>[]): Promise<number> {
  for (let i = 0; i < 3; i++) {
    // What a weak reference has shown lives to the end of the turn.
    await settle()
    collectGarbage()
  }
  return references.filter((reference) => reference.deref() !== undefined).length
}

describe('in memory', () => {
  const peers: readonly { name: string; sent: (i: number) => Uint8Array[] }[] = [
    { name: 'port scans', sent: () => [C0C1C2.subarray(0, 1)] },
    { name: 'publishers', sent: (i) => [HELLO, streamCommand('publish', 4, `s${i}`), FRAMES] },
    { name: 'players of nobody', sent: (i) => [HELLO, streamCommand('play', 4, `s${i}`)] },
  ]

  test.each(peers)(`defect: ${PEERS} of them: $name`, async ({ sent }) => {
    const world = new World({ hub: { graceMs: 1_000 } })
    const connections: WeakRef<RtmpConnection>[] = []
    world.server.on('connection', (connection) => connections.push(new WeakRef(connection)))
    const heaps: number[] = []
    for (let i = 0; i < PEERS; i++) {
      const [near, far] = duplexPair()
      near.on('error', () => {}).resume()
      world.server.handle(far, { remoteAddress: '192.0.2.1' })
      for (const part of sent(i)) near.write(part)
      setImmediate(() => setImmediate(() => (i % 2 === 0 ? near.destroy() : near.end())))
      if (i % 100 < 99) continue
      await world.settle()
      expect(world.server.connections.size).toBe(0)
      await world.advance(1_000, 500)
      world.log.length = 0
      if (i + 1 === PEERS / 2 || i + 1 === PEERS) {
        collectGarbage()
        heaps.push(process.memoryUsage().heapUsed)
      }
    }
    expect(world.hub.stats()).toMatchObject({ sources: 0, players: 0, waiting: 0 })
    expect(world.clock.pending).toBe(0)
    expect(await alive(connections)).toBeLessThan(5)
    // A connection has several kB: in the full run, what the collector leaves for later is far below half of them.
    expect(heaps[1]! - heaps[0]!).toBeLessThan(1_000_000 + PEERS * 100)
  })

  test('players that come and go while a stream goes on', async () => {
    const world = new World()
    const publisher = await world.publish()
    publisher.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3))
    const connections: WeakRef<RtmpConnection>[] = []
    world.server.on('connection', (connection) => connections.push(new WeakRef(connection)))
    const play = join(HELLO, streamCommand('play', 4, 'show'))
    for (let round = 1; round <= 10; round++) {
      for (let i = 0; i < 50; i++) {
        const [near, far] = duplexPair()
        near.on('error', () => {}).resume()
        world.server.handle(far, { remoteAddress: '192.0.2.1' })
        near.write(play)
        setImmediate(() => setImmediate(() => setImmediate(() => near.destroy())))
      }
      publisher.write(key(round * 40, round))
      await world.settle()
    }
    await world.settle()
    expect(world.hub.stats().players).toBe(0)
    expect(world.hub.source('/live/show')!.stats().views).toBe(0)
    expect(await alive(connections)).toBeLessThan(5)
  })
})

test('defect: a connection holds no buffer of a megabyte, nor of a hundredth of it', async () => {
  const world = new World()
  const held = (): number => {
    collectGarbage()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const connect = async (): Promise<void> => {
    for (let i = 0; i < 200; i++) {
      const [near, far] = duplexPair()
      near.on('error', () => {}).resume()
      world.server.handle(far, { remoteAddress: '192.0.2.1' })
      near.write(HELLO)
    }
    await world.settle()
  }
  await connect()
  const before = held()
  await connect()
  expect(world.server.connections.size).toBe(400)
  // Both ends of the stream in memory included.
  expect((held() - before) / 200).toBeLessThan(20_000)
})

const ROUNDS = 4

test(`defect: ${20 * ROUNDS} clients over sockets leave neither socket nor timer`, async () => {
  const hub = new Hub({ graceMs: 0 })
  const server = new RtmpServer({ hub })
  onTestFinished(() => server.close())
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  const connections: WeakRef<RtmpConnection>[] = []
  let closed = 0
  server.on('connection', (connection) => connections.push(new WeakRef(connection)))
  server.on('close', () => closed++)
  const busy = (): string[] => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCPSocket'))
  for (let round = 0; round < ROUNDS; round++) {
    const clients = await Promise.all(
      Array.from({ length: 10 }, (_, i) => RtmpClient.publish(`rtmp://127.0.0.1:${port}/live/s${i}`)),
    )
    const players = await Promise.all(
      Array.from({ length: 10 }, (_, i) => RtmpClient.play(`rtmp://127.0.0.1:${port}/live/s${i}`)),
    )
    for (const client of clients) client.write(key(0, 1, 1_000))
    await Promise.all([...players, ...clients].map((client) => client.close()))
  }
  while (closed < 20 * ROUNDS) await settle()
  await settle()
  expect(server.connections.size).toBe(0)
  expect(hub.stats()).toMatchObject({ sources: 0, players: 0, waiting: 0 })
  expect(busy()).toEqual([])
  expect(await alive(connections)).toBeLessThan(5)
})
