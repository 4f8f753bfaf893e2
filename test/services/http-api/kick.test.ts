import { get } from 'node:http'
import { createConnection } from 'node:net'
import WebSocket from 'ws'
import type { ApiAction } from 'millrace/services/http-api'
import { expect, test } from 'vitest'
import { ApiStage, packetsOf, settle } from './api-stage.ts'

/** A stage with a stream that plays. */
async function onAir(actions?: ApiAction[]): Promise<ApiStage> {
  const stage = new ApiStage(actions === undefined ? {} : { onAction: (action) => actions.push(action) })
  const publisher = stage.hub.publish('/live/show')
  for (const packet of packetsOf('avc-aac-bframes.flv', 100)) publisher.write(packet)
  await stage.listen()
  return stage
}

async function idOf(stage: ApiStage, type: string): Promise<string> {
  const found = (await stage.list('clients')).find((client) => client['type'] === type)
  return String(found?.['id'])
}

async function kick(stage: ApiStage, id: string): Promise<unknown> {
  return (await stage.ask(`/api/v1/clients/${id}`, { method: 'DELETE' })).body['code']
}

test('a publisher over RTMP: its connection is closed, and its players stay for the grace time', async () => {
  const actions: ApiAction[] = []
  const stage = new ApiStage({ onAction: (action) => actions.push(action) })
  const publisher = await stage.connect('publish')
  publisher.write(packetsOf('avc-aac-bframes.flv', 30))
  await settle()
  const player = await stage.connect('play')
  const id = await idOf(stage, 'fmle-publish')
  expect(id).toBe(publisher.connection.clientId)
  expect(await kick(stage, id)).toBe(0)
  await settle()
  expect([publisher.ended, publisher.news.at(-1)]).toEqual([true, 'NetConnection.Connect.Closed'])
  expect([player.ended, stage.hub.source('/live/show')?.publisher]).toEqual([false, undefined])
  expect(await stage.list('streams')).toMatchObject([{ publish: { active: false, cid: '' }, uptime_ms: 0 }])
  expect(await kick(stage, id)).toBe(2049)
  expect(actions).toEqual([
    { operationId: 'kickClient', path: `/api/v1/clients/${id}`, remoteAddress: '127.0.0.1' },
  ])
})

test('the publisher of a stream, by the id of the stream', async () => {
  const stage = new ApiStage()
  const publisher = await stage.connect('publish')
  const [stream] = await stage.list('streams')
  const path = `/api/v1/streams/${String(stream!['id'])}/publisher`
  expect((await stage.ask(path, { method: 'DELETE' })).body['code']).toBe(0)
  await settle()
  expect(publisher.ended).toBe(true)
  const again = await stage.ask(path, { method: 'DELETE' })
  expect([again.status, again.body['code']]).toEqual([404, 2048])
})

test('a player over RTMP: its connection is closed, the stream goes on', async () => {
  const stage = await onAir()
  const player = await stage.connect('play')
  const other = await stage.connect('play')
  expect(await kick(stage, player.connection.clientId)).toBe(0)
  await settle()
  expect([player.ended, player.news.at(-1)]).toEqual([true, 'NetConnection.Connect.Closed'])
  expect([other.ended, stage.hub.source('/live/show')!.playerCount]).toEqual([false, 1])
})

test('a viewer over HTTP-FLV: its response ends', async () => {
  const stage = await onAir()
  const base = await stage.listen()
  const ended = new Promise<number>((resolve, reject) => {
    get(`${base}/live/show.flv`, (response) => {
      let bytes = 0
      response.on('data', (data: Buffer) => (bytes += data.length))
      response.on('close', () => resolve(bytes))
    }).on('error', reject)
  })
  await viewers(stage, 1)
  const id = await idOf(stage, 'flv-play')
  const [client] = (await stage.list('clients')).filter((each) => each['id'] === id)
  expect(client).toMatchObject({ protocol: 'http-flv', ip: '127.0.0.1', state: 'playing' })
  expect(await kick(stage, id)).toBe(0)
  expect(await ended).toBeGreaterThan(1_000)
  await viewers(stage, 0)
})

test('a viewer over HTTP-FLV that reads nothing', async () => {
  const stage = await onAir()
  const { port } = new URL(await stage.listen())
  const socket = createConnection(Number(port), '127.0.0.1')
  socket.write('GET /live/show.flv HTTP/1.1\r\nHost: localhost\r\n\r\n')
  socket.pause()
  await viewers(stage, 1)
  expect(await kick(stage, await idOf(stage, 'flv-play'))).toBe(0)
  expect(stage.hub.source('/live/show')!.playerCount).toBe(0)
  socket.destroy()
  await viewers(stage, 0)
})

test('a viewer over WebSocket: a closing handshake', async () => {
  const stage = await onAir()
  const { createServer } = await import('node:http')
  const server = createServer()
  server.on('upgrade', (request, socket, head) => void stage.live.handleUpgrade(request, socket, head))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const socket = new WebSocket(`ws://127.0.0.1:${port}/live/show.flv`)
  const closed = new Promise((resolve) => socket.on('close', resolve))
  await viewers(stage, 1)
  const [client] = (await stage.list('clients')).filter((each) => each['type'] === 'flv-play')
  expect(client).toMatchObject({ protocol: 'websocket-flv' })
  expect(await kick(stage, String(client!['id']))).toBe(0)
  expect(await closed).toBe(1008)
  await new Promise((resolve) => server.close(resolve))
})

test('a viewer of HLS: its next request is refused', async () => {
  const stage = await onAir()
  const publisher = stage.hub.source('/live/show')!.publisher!
  const welcome = stage.ask('/live/show.m3u8')
  await settle()
  // Segments are cut at keyframes: the rest of the clip makes some.
  for (const packet of packetsOf('avc-aac-bframes.flv', Infinity).slice(100)) publisher.write(packet)
  publisher.unpublish()
  stage.hub.publish('/live/show').write(packetsOf('avc-aac-bframes.flv', 4)[3]!)
  const master = (await welcome).text
  const uri = /^show\.m3u8\?session=.*$/m.exec(master)![0]
  expect((await stage.ask(`/live/${uri}`)).status).toBe(200)
  const [client] = (await stage.list('clients')).filter((each) => each['type'] === 'hls-play')
  expect(client).toMatchObject({ protocol: 'hls', publish: false, ip: '127.0.0.1', state: null })
  expect(client!['send_bytes']).toBeGreaterThan(10)
  expect(await kick(stage, String(client!['id']))).toBe(0)
  expect((await stage.ask(`/live/${uri}`)).status).toBe(404)
  expect(stage.hls.viewerCount).toBe(0)
})

/** Waits until the handler of live streams has so many viewers. */
async function viewers(stage: ApiStage, count: number): Promise<void> {
  const has = (): boolean =>
    stage.live.viewerCount === count && stage.hub.source('/live/show')!.playerCount === count
  for (let tries = 0; !has(); tries++) {
    if (tries > 2_000) throw new Error(`${stage.live.viewerCount} viewers`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
