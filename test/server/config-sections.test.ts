/** Each section of the configuration file does something. */
import { RtmpClient } from 'millrace/node'
import { signUrl } from 'millrace/services/admission'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Backend } from '../services/callbacks/backend.ts'
import { startWith, type TestServer } from './running.ts'

/** Players of a stream that is not there learn so at once: 404 is who was let in. */
const NO_WAIT = 'hub: { publisherWaitMs: 0 }\n'

async function status(url: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, { headers })
  await response.body?.cancel()
  return response.status
}

async function publish({ rtmpUrl }: TestServer, path: string): Promise<RtmpClient> {
  const client = await RtmpClient.publish(`${rtmpUrl}${path}`)
  onTestFinished(() => client.close())
  return client
}

describe('without a file', () => {
  it('the API and the metrics answer this machine', async () => {
    const { httpUrl } = await startWith('')
    const versions = (await (await fetch(`${httpUrl}/api/v1/versions`)).json()) as { code: number }
    expect(versions.code).toBe(0)
    expect(await (await fetch(`${httpUrl}/metrics`)).text()).toContain('millrace_streams')
    expect(await status(`${httpUrl}/api/v1/versions`, { 'X-Forwarded-For': '192.0.2.1' })).toBe(403)
    expect(await status(`${httpUrl}/metrics`, { 'X-Forwarded-For': '192.0.2.1' })).toBe(403)
  })

  it('the page has its own feed beside the API', async () => {
    const server = await startWith('')
    await publish(server, '/live/show')
    const { streams } = (await (await fetch(`${server.httpUrl}/page/status`)).json()) as {
      streams: { path: string }[]
    }
    const api = (await (await fetch(`${server.httpUrl}/api/v1/streams`)).json()) as {
      streams: { url: string }[]
    }
    expect(streams.map(({ path }) => path)).toEqual(['/live/show'])
    expect(api.streams.map(({ url }) => url)).toEqual(['/live/show'])
  })
})

describe('serverId, api and metrics', () => {
  it('ask for credentials, on paths of their own', async () => {
    const { httpUrl, lines } = await startWith(`
serverId: edge-7
api:
  authentication: [{ token: t0ken }, { username: admin, password: 'pass:word' }]
  cors: https://console.example.com
metrics: { authentication: { token: scraper }, path: /m, srsNames: true, maxStreamLabels: 0 }
`)
    const api = `${httpUrl}/api/v1/versions`
    const basic = `Basic ${Buffer.from('admin:pass:word').toString('base64')}`
    expect(await status(api)).toBe(401)
    expect(await status(api, { Authorization: basic })).toBe(200)
    const answer = await fetch(api, { headers: { Authorization: 'Bearer t0ken' } })
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://console.example.com')
    expect(await answer.json()).toMatchObject({ server: 'edge-7' })
    expect(await status(`${httpUrl}/metrics`)).toBe(404)
    const metrics = await fetch(`${httpUrl}/m`, { headers: { Authorization: 'Bearer scraper' } })
    expect(await metrics.text()).toContain('srs_streams')
    expect(lines.join()).not.toContain('t0ken')
  })

  it('can be off', async () => {
    const { httpUrl } = await startWith('api: { enabled: false }\nmetrics: { enabled: false }\n')
    expect(await status(`${httpUrl}/api/v1/versions`)).toBe(404)
    expect(await status(`${httpUrl}/metrics`)).toBe(404)
  })
})

describe('access', () => {
  it('addresses turn away', async () => {
    const server = await startWith(`${NO_WAIT}
access:
  addresses: [deny publish 127.0.0.0/8, allow play 127.0.0.1]
`)
    await expect(publish(server, '/live/show')).rejects.toThrow('this address may not publish')
    expect(await status(`${server.httpUrl}/live/show.flv`)).toBe(404)
  })

  it('addresses can be read as SRS reads them', async () => {
    const { httpUrl } = await startWith(`${NO_WAIT}
access: { addressOrder: srs, addresses: [allow publish all] }
`)
    expect(await status(`${httpUrl}/live/show.flv`)).toBe(403)
  })

  it('referers', async () => {
    const { httpUrl } = await startWith(`${NO_WAIT}
access: { referers: { play: [example.com] } }
`)
    const url = `${httpUrl}/live/show.m3u8`
    expect(await status(url)).toBe(403)
    expect(await status(url, { Referer: 'https://www.example.com/live' })).toBe(404)
  })

  it('signed URLs name the public stream, also for a publisher with a secret key', async () => {
    const server = await startWith(`${NO_WAIT}
publishKeys: [{ key: k-1, stream: /live/show }]
access: { signedUrls: { secret: [old, new], actions: [publish, play] } }
`)
    const expiresAtMs = Date.now() + 60_000
    const playing = signUrl(`${server.httpUrl}/live/show.flv`, { secret: 'new', action: 'play', expiresAtMs })
    expect(await status(`${server.httpUrl}/live/show.flv`)).toBe(403)
    expect(await status(playing)).toBe(404)
    await expect(publish(server, '/live/k-1')).rejects.toThrow('the URL is not signed')
    const { search } = new URL(
      signUrl('rtmp://x/live/show', { secret: 'old', action: 'publish', expiresAtMs }),
    )
    await publish(server, `/live/k-1${search}`)
    expect(Array.from(server.hub.sources, ({ streamPath }) => streamPath)).toEqual(['/live/show'])
  })

  it('limits', async () => {
    const server = await startWith('access: { limits: { maxStreams: 1, maxConnectionsPerAddress: 2 } }')
    await publish(server, '/live/a')
    await expect(publish(server, '/live/b')).rejects.toThrow('too many streams')
    await RtmpClient.play(`${server.rtmpUrl}/live/a`).then((client) => onTestFinished(() => client.close()))
    await expect(publish(server, '/live/c')).rejects.toThrow('too many connections from this address')
  })

  it('does not stand in the way of the demo', async () => {
    const server = await startWith('access: { addresses: [deny all all] }')
    const stop = new AbortController()
    const demo = await server.publishDemo(stop.signal)
    expect(server.hub.source('/live/demo')).toBeDefined()
    await demo.close()
  })
})

describe('callbacks', () => {
  it('ask and tell a backend', async () => {
    const backend = await Backend.start()
    backend.answer = ({ body }, response) =>
      void response.send(body['stream'] === 'no' ? '{"code":1,"msg":"not you"}' : '0')
    const { url } = backend
    const server = await startWith(`${NO_WAIT}
serverId: edge-7
callbacks:
  secret: shared
  urls: { on_connect: ${url}, on_close: ${url}, on_publish: ['${url}'], on_unpublish: ${url}, on_play: ${url} }
`)
    const client = await publish(server, '/live/show')
    await client.close()
    await expect(publish(server, '/live/no')).rejects.toThrow('not you')
    expect(await status(`${server.httpUrl}/live/no.flv`)).toBe(403)
    await vi.waitFor(() => expect(backend.actions).toContain('on_unpublish'))
    const asked = backend.calls.map(({ body }) => ['action', 'stream', 'server_id'].map((name) => body[name]))
    expect(asked).toContainEqual(['on_publish', 'show', 'edge-7'])
    expect(asked).toContainEqual(['on_play', 'no', 'edge-7'])
    expect(backend.actions.filter((action) => action === 'on_connect')).toHaveLength(2)
    expect(backend.calls[0]!.headers['x-millrace-signature']).toBeDefined()
  })

  it('that come to nothing are told in the log, without the URL', async () => {
    const server = await startWith(
      'callbacks: { whenUnavailable: reject, urls: { on_publish: "http://127.0.0.1:1/?token=s3cret" } }',
    )
    await expect(publish(server, '/live/show')).rejects.toThrow('the application cannot be reached')
    expect(server.lines.join('\n')).toMatch(/callback on_publish failed, attempt 1/)
    expect(server.lines.join('\n')).not.toContain('s3cret')
  })
})
