/** What all HTTP handlers do alike, over Node's HTTP server and as fetch handlers. */
import { type AccessRequest, Hub, type HubResolver } from 'millrace/hub'
import { HttpServer, LiveHandler } from 'millrace/node'
import { HlsHandler } from 'millrace/packaging'
import { BandwidthHandler } from 'millrace/services/bandwidth'
import { SnapshotHandler, Snapshots } from 'millrace/services/ffmpeg'
import { HttpApi } from 'millrace/services/http-api'
import { MetricsHandler } from 'millrace/services/metrics'
import { Statistics } from 'millrace/services/statistics'
import { describe, expect, it, onTestFinished, vi } from 'vitest'

interface Handler {
  readonly handle: LiveHandler['handle']
  readonly fetch: LiveHandler['fetch']
}

type Kind = readonly [name: string, path: string, make: (hub: HubResolver) => Handler]

/** Handlers that ask functions of the application, each with the path of something that it serves. */
const ASKING: readonly Kind[] = [
  ['LiveHandler', '/live/show.flv', (hub) => new LiveHandler({ hub })],
  ['HlsHandler', '/live/show.m3u8', (hub) => new HlsHandler({ hub })],
  ['SnapshotHandler', '/live/show.jpg', (hub) => new SnapshotHandler({ hub, snapshots: snapshots() })],
  ['HttpApi', '/api/v1/clients', (hub) => new HttpApi({ statistics: counts(hub), authentication: 'none' })],
  [
    'MetricsHandler',
    '/metrics',
    (hub) => new MetricsHandler({ statistics: counts(hub), authentication: 'none' }),
  ],
]

function snapshots(): Snapshots {
  const made = new Snapshots({ hub: new Hub(), ffmpeg: '/bin/false' })
  onTestFinished(() => made.close())
  return made
}

/** Statistics that ask `hub`. */
function counts(hub: HubResolver): Statistics {
  const hubs = new Map([['', new Hub()]])
  const statistics = new Statistics({
    hub: () => {
      if (typeof hub === 'function') hub({} as AccessRequest)
      return hubs
    },
  })
  onTestFinished(() => statistics.close())
  return statistics
}

async function serve(handler: Handler): Promise<(path: string, method?: string) => Promise<Response>> {
  const server = new HttpServer({ handlers: [handler] })
  onTestFinished(() => server.close())
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  return async (path, method = 'GET') => await fetch(`http://127.0.0.1:${port}${path}`, { method })
}

it.each<Kind>([
  ...ASKING,
  ['BandwidthHandler', '/bandwidth/ping', () => new BandwidthHandler({ authentication: 'none' })],
])('%s answers alike in both forms, and keeps the connection', async (_, path, make) => {
  const handler = make(new Hub({ publisherWaitMs: 0 }))
  const node = await serve(handler)
  for (const method of ['GET', 'OPTIONS', 'PATCH', 'HEAD']) {
    const near = await node(path, method)
    const far = (await handler.fetch(new Request(`http://127.0.0.1${path}`, { method }), '127.0.0.1'))!
    for (const header of ['allow', 'content-type', 'cache-control', 'access-control-allow-methods'])
      expect([header, near.headers.get(header)]).toEqual([header, far.headers.get(header)])
    // The client of this test ends it after HEAD.
    const connection = method === 'HEAD' ? 'close' : 'keep-alive'
    expect([method, near.status, near.headers.get('connection')]).toEqual([method, far.status, connection])
    await Promise.all([near.text(), far.text()])
  }
  expect((await node('/elsewhere')).status).toBe(404)
  expect(await handler.fetch(new Request('http://127.0.0.1/elsewhere'))).toBe(undefined)
})

it.each<Kind>([
  ...ASKING,
  ['HlsHandler without sessions', '/live/show/1.ts', (hub) => new HlsHandler({ hub, sessions: false })],
])('%s answers 500 in both forms if a function of the application throws', async (_, path, make) => {
  const hub = new Hub()
  let isBroken = false
  const handler = make(() => {
    if (isBroken) throw new Error('no database')
    return hub
  })
  isBroken = true
  const near = await (await serve(handler))(path)
  const far = (await handler.fetch(new Request(`http://127.0.0.1${path}`), '127.0.0.1'))!
  expect([near.status, far.status]).toEqual([500, 500])
  expect(await near.text()).toBe(await far.text())
})

describe('a measurement in a fetch-style framework', () => {
  const ask = async (handler: BandwidthHandler, path: string, init: RequestInit = {}): Promise<Response> =>
    (await handler.fetch(new Request(`http://a/bandwidth/${path}`, init)))!

  it('downloads', async () => {
    const handler = new BandwidthHandler({ authentication: 'none', maxBytes: 600_000 })
    const answer = await ask(handler, 'download?bytes=500000')
    expect(answer.headers.get('content-length')).toBe('500000')
    expect(handler.transferCount).toBe(1)
    expect((await answer.arrayBuffer()).byteLength).toBe(500_000)
    expect(handler.transferCount).toBe(0)
    const cut = await ask(handler, 'download?bytes=500000')
    handler.close()
    await expect(cut.arrayBuffer()).rejects.toThrow('aborted')
    const left = await ask(handler, 'download?bytes=500000')
    await left.body!.cancel()
    await vi.waitFor(() => expect(handler.transferCount).toBe(0))
  })

  it('uploads', async () => {
    const handler = new BandwidthHandler({ authentication: 'none', maxBytes: 5_000 })
    const upload = { method: 'POST', body: 'x'.repeat(5_000) }
    expect(await (await ask(handler, 'upload', upload)).json()).toMatchObject({ bytes: 5_000 })
    const larger = { method: 'POST', body: 'x'.repeat(5_001) }
    expect((await ask(handler, 'upload', larger)).status).toBe(413)
    expect((await ask(handler, 'upload', { method: 'POST' })).status).toBe(200)
    expect(handler.transferCount).toBe(0)
  })
})
