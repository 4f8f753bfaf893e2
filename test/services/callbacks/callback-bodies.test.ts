/** The bodies of SRS's hooks, field by field, for peers of every door. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { demuxFlv } from 'millrace/flv'
import { accept, type AccessAccept, Hub, type Publisher } from 'millrace/hub'
import { LiveHandler } from 'millrace/node'
import { DirectorySegmentStore, HlsHandler, type PackagedSegment } from 'millrace/packaging'
import { all } from 'millrace/services/admission'
import { HttpCallbacks, type HttpCallbacksOptions } from 'millrace/services/callbacks'
import { ServerIdentity } from 'millrace/services/identity'
import { describe, expect, it, onTestFinished } from 'vitest'
import { World } from '../../node/memory-world.ts'
import { readClip } from '../../support/clips.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { Backend, until } from './backend.ts'
import { never, request } from '../requests.ts'

const identity = new ServerIdentity({ serverId: 'vid-k21d7y2' })
const { serviceId } = identity
const ACTIONS = [
  'on_connect',
  'on_close',
  'on_publish',
  'on_unpublish',
  'on_play',
  'on_stop',
  'on_dvr',
  'on_hls',
] as const

async function start(options: Partial<HttpCallbacksOptions> = {}) {
  const backend = await Backend.start()
  const urls = Object.fromEntries(ACTIONS.map((action) => [action, `${backend.url}/${action}`]))
  const callbacks = new HttpCallbacks({ urls, identity, ...options })
  onTestFinished(() => callbacks.close())
  return { backend, callbacks }
}

const base = {
  server_id: 'vid-k21d7y2',
  service_id: serviceId,
  vhost: '__defaultVhost__',
  app: 'live',
  ip: '192.0.2.1',
}
const stream_id = identity.streamId('__defaultVhost__', '/live/show')

describe('RTMP', () => {
  async function world() {
    const { backend, callbacks } = await start()
    const here = new World({
      hub: { authorize: callbacks.authorize },
      server: { onConnect: callbacks.onConnect },
    })
    return { backend, here }
  }
  const connected = { tcUrl: 'rtmp://host/live', pageUrl: '' }

  it('on_connect, on_publish, on_unpublish, on_close', async () => {
    const { backend, here } = await world()
    const publisher = await here.publish('show?token=a%20b')
    await until(
      () => here.hub.source('/live/show') !== undefined,
      () => 'a stream',
    )
    publisher.vanish()
    await backend.called(4)
    const client = { ...base, client_id: publisher.connection.clientId }
    const named = {
      tcUrl: 'rtmp://host/live',
      stream: 'show',
      param: '?token=a%20b',
      stream_url: '/live/show',
      stream_id,
    }
    const { sentBytes, receivedBytes } = publisher.connection.stats()
    expect(backend.calls.map(({ body }) => body)).toEqual([
      { ...client, action: 'on_connect', ...connected, stream: '', param: '' },
      { ...client, action: 'on_publish', ...named },
      { ...client, action: 'on_unpublish', ...named },
      { ...client, action: 'on_close', send_bytes: sentBytes, recv_bytes: receivedBytes },
    ])
    expect([sentBytes > 3_073, receivedBytes > 3_073]).toEqual([true, true])
    expect(backend.calls.map(({ method, target }) => `${method} ${target}`)).toEqual(
      ['on_connect', 'on_publish', 'on_unpublish', 'on_close'].map((action) => `POST /${action}`),
    )
  })

  it('on_connect, on_play, on_stop, on_close', async () => {
    const { backend, here } = await world()
    here.hub.publish('/live/show')
    const player = await here.play()
    await until(
      () => here.hub.source('/live/show')!.playerCount === 1,
      () => 'a player',
    )
    player.leave()
    await backend.called(4)
    const client = { ...base, client_id: player.connection.clientId }
    const named = {
      tcUrl: 'rtmp://host/live',
      stream: 'show',
      param: '',
      stream_url: '/live/show',
      stream_id,
    }
    expect(backend.calls.map(({ body }) => body)).toEqual([
      { ...client, action: 'on_connect', ...connected, stream: '', param: '' },
      { ...client, action: 'on_play', ...named, pageUrl: '' },
      { ...client, action: 'on_stop', ...named },
      {
        ...client,
        action: 'on_close',
        send_bytes: expect.any(Number) as number,
        recv_bytes: expect.any(Number) as number,
      },
    ])
  })

  it('on_connect that refuses: the peer sees why, and there is no on_close', async () => {
    const { backend, here } = await world()
    backend.answer = (_, response) => void response.json({ code: 1, msg: 'closed today' })
    const publisher = await here.publish()
    await until(
      () => publisher.news.length > 0,
      () => 'a refusal',
    )
    expect(publisher.news).toEqual(['NetConnection.Connect.Rejected', 'rejected: closed today'])
    await here.settle()
    expect(backend.actions).toEqual(['on_connect'])
  })

  it('on_publish that refuses: the peer sees why', async () => {
    const { backend, here } = await world()
    backend.answer = ({ body }, response) =>
      void response.json({ code: body['action'] === 'on_publish' ? 1 : 0 })
    const publisher = await here.publish()
    await backend.called(3)
    expect(publisher.news).toEqual([
      'NetStream.Publish.Denied',
      'rejected: refused by the application (code 1)',
    ])
    expect(backend.actions).toEqual(['on_connect', 'on_publish', 'on_close'])
  })

  it('on_publish that is let in for nothing: its on_unpublish follows', async () => {
    const { backend, here } = await world()
    here.hub.publish('/live/show')
    const publisher = await here.publish()
    await until(
      () => publisher.news.length > 0,
      () => 'a refusal',
    )
    expect(publisher.news.at(-1)).toBe('rejected: the stream name is in use')
    await backend.called(4)
    expect(backend.actions).toEqual(['on_connect', 'on_publish', 'on_unpublish', 'on_close'])
  })
})

describe('HTTP', () => {
  async function serve(options: Partial<HttpCallbacksOptions> = {}, directory?: string) {
    const { backend, callbacks } = await start(options)
    const hub = new Hub({ authorize: callbacks.authorize, publisherWaitMs: 0 })
    const live = new LiveHandler({ hub, trustProxy: true })
    const hls = new HlsHandler({
      hub,
      trustProxy: true,
      targetDurationMs: 500,
      firstSegmentWaitMs: 200,
      ...(directory === undefined ? {} : { store: new DirectorySegmentStore(directory) }),
    })
    callbacks.watchHls(hls)
    const server = createServer((asked, answer) => {
      if (!hls.handle(asked, answer) && !live.handle(asked, answer)) answer.writeHead(404).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(async () => {
      live.close()
      await hls.close()
      hub.close()
      server.closeAllConnections()
      server.close()
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/live/show`
    const publish = (given: Parameters<typeof request>[0] = {}): Publisher => {
      const publisher = hub.publish('/live/show', { request: request({ action: 'publish', ...given }) })
      for (const packet of demuxFlv(readClip('avc-aac-bframes.flv'))) publisher.write(packet)
      return publisher
    }
    return { backend, hub, hls, url, publish }
  }

  it('on_play and on_stop of HTTP-FLV: tcUrl as SRS makes it up, the client behind a proxy', async () => {
    const { backend, url, publish } = await serve()
    publish()
    const response = await fetch(`${url}.flv?token=x&vhost=example.com`, {
      headers: { 'X-Forwarded-For': '::ffff:192.0.2.1', Referer: 'http://page/' },
    })
    await response.body!.cancel()
    await backend.called(2)
    const client = { ...base, client_id: expect.stringMatching(/^[\w-]{12}$/) as string }
    const named = {
      tcUrl: 'rtmp://example.com/live',
      stream: 'show',
      param: '?token=x&vhost=example.com',
      stream_url: '/live/show',
      stream_id,
    }
    expect(backend.calls.map(({ body }) => body)).toEqual([
      { ...client, action: 'on_play', ...named, pageUrl: 'http://page/' },
      { ...client, action: 'on_stop', ...named },
    ])
    expect(new Set(backend.calls.map(({ body }) => body['client_id'])).size).toBe(1)
  })

  it('one on_play and one on_stop for an HLS viewer, whatever it fetches; the stream without extension', async () => {
    const { backend, hls, url, publish } = await serve()
    publish()
    const first = await (await fetch(`${url}.m3u8`)).text()
    const media = new URL(
      first.split('\n').find((line) => line.includes('session='))!,
      `${url}.m3u8`,
    )
    for (let i = 0; i < 3; i++) {
      const playlist = await (await fetch(media)).text()
      for (const line of playlist.split('\n'))
        if (/^[^#]/.test(line)) await (await fetch(new URL(line, media))).arrayBuffer()
    }
    const plays = (): unknown[] =>
      backend.calls.filter(({ body }) => body['action'] === 'on_play' || body['action'] === 'on_stop')
    expect(plays()).toMatchObject([{ body: { action: 'on_play', stream: 'show', stream_url: '/live/show' } }])
    const [viewer] = hls.viewers
    hls.kick(viewer!.id)
    await until(
      () => plays().length === 2,
      () => 'on_stop',
    )
    expect(plays()).toMatchObject([{}, { body: { action: 'on_stop', client_id: viewer!.request.clientId } }])
  })

  it('on_hls for each segment, in order, with files and URLs', async () => {
    const folder = await tempFolder()
    const { backend, hub, hls, url, publish } = await serve(
      { hlsDirectory: folder, hlsUrlPrefix: 'hls/' },
      folder,
    )
    const announced: number[] = []
    hls.on('segment', ({ sequence }) => announced.push(sequence))
    publish({ clientId: 'publisher', remoteAddress: '192.0.2.9', param: '?k=v' })
    const response = await fetch(`${url}.m3u8`)
    expect(response.status).toBe(200)
    const publisher = hub.source('/live/show')!.publisher!
    const packets = demuxFlv(readClip('avc-aac-bframes.flv'))
    for (const packet of packets) publisher.write(packet.withDts(packet.dts + packets.at(-1)!.dts + 40))
    // The last segment comes when its publisher has gone.
    publisher.unpublish()
    await until(
      () => announced.length > 1,
      () => 'segments',
    )
    const news = () => backend.calls.filter(({ body }) => body['action'] === 'on_hls').map(({ body }) => body)
    await until(
      () => news().length === announced.length,
      () => 'on_hls',
    )
    expect(news()).toEqual(
      announced.map((sequence) => ({
        ...base,
        action: 'on_hls',
        client_id: 'publisher',
        ip: '192.0.2.9',
        tcUrl: 'rtmp://example.com/live',
        stream: 'show',
        param: '?k=v',
        duration: expect.any(Number) as number,
        cwd: process.cwd(),
        file: join(folder, `live/show/${sequence}.ts`),
        url: `hls/live/show/${sequence}.ts`,
        m3u8: join(folder, 'live/show.m3u8'),
        m3u8_url: 'hls/live/show.m3u8',
        seq_no: sequence,
        stream_url: '/live/show',
        stream_id,
      })),
    )
    for (const { duration } of news()) {
      expect(duration).toBeGreaterThan(0)
      expect(String(duration)).toMatch(/^\d+(\.\d{1,3})?$/)
    }
  })

  it.each<[name: string, template: string, prefix: string, target: (sequence: number) => string]>([
    [
      'every placeholder',
      '/n?a=[app]&s=[stream]&t=[ts_url]&i=[server_id]/[service_id]&x=[other][param]',
      '',
      (n) => `/n?a=live&s=show&t=live/show/${n}.ts&i=vid-k21d7y2/${serviceId}&x=[other]?k=v`,
    ],
    [
      'in the path',
      '/prefetch/[app]/[stream]/[ts_url]',
      'hls/',
      (n) => `/prefetch/live/show/hls/live/show/${n}.ts`,
    ],
    [
      'a segment with a URL of its own is fetched itself',
      '/ignored',
      '$/cdn/',
      (n) => `/cdn/live/show/${n}.ts`,
    ],
  ])('on_hls_notify: %s', async (_, template, prefix, target) => {
    const cdn = await Backend.start()
    const options = {
      urls: { on_hls_notify: cdn.url + template },
      hlsUrlPrefix: prefix.replace('$', cdn.url),
      secret: 's',
    }
    const { hls, url, publish } = await serve(options)
    const announced: number[] = []
    hls.on('segment', ({ sequence }) => announced.push(sequence))
    publish({ param: '?k=v' })
    await fetch(`${url}.m3u8`)
    await cdn.called(announced.length)
    expect(cdn.calls.map(({ method }) => method)).toEqual(announced.map(() => 'GET'))
    expect(cdn.calls.map((call) => call.target)).toEqual(announced.map(target))
  })

  it('on_hls_notify keeps names from being more than names', async () => {
    const cdn = await Backend.start()
    const { hub, hls, url } = await serve({ urls: { on_hls_notify: `${cdn.url}/n/[stream]?t=[ts_url]` } })
    const publisher = hub.publish('/live/a;b=c&d+%')
    for (const packet of demuxFlv(readClip('avc-aac-bframes.flv'))) publisher.write(packet)
    hls.on('segment', () => {})
    await fetch(`${url.replace(/show$/, encodeURIComponent('a;b=c&d+%'))}.m3u8`)
    expect((await cdn.called(1)).target).toMatch(/^\/n\/a%3Bb%3Dc%26d%2B%25\?t=live\/[^?#&]+\/\d+\.ts$/)
  })
})

it('file and m3u8 of on_hls are relative to cwd where the directory is, as on_dvr has it', async () => {
  const { backend, callbacks } = await start({ hlsDirectory: './hls' })
  const hub = new Hub()
  const { source } = hub.publish('/live/show')
  onTestFinished(() => hub.close())
  const handler = new HlsHandler({ hub })
  callbacks.watchHls(handler)
  const segment = { key: 'live/show/7.ts', playlistKey: 'live/show.m3u8', sequence: 7, durationSec: 2 }
  handler.emit('segment', segment as PackagedSegment, source)
  await backend.called(1)
  expect(backend.calls[0]!.body).toMatchObject({
    cwd: process.cwd(),
    file: join('hls', 'live/show/7.ts'),
    m3u8: join('hls', 'live/show.m3u8'),
  })
})

it('on_dvr, of a publisher and of a stream alone', async () => {
  const { backend, callbacks } = await start({ vhost: 'example.com' })
  const publisher = request({ action: 'publish', clientId: 'c', param: '?k=v' })
  callbacks.tellRecording({ request: publisher, streamPath: '/live/show', file: './a.flv', cwd: '/srv' })
  callbacks.tellRecording({ streamPath: '/live/show', file: '/srv/b.flv' })
  await backend.called(2)
  const named = {
    vhost: 'example.com',
    stream: 'show',
    stream_url: 'example.com/live/show',
    stream_id: identity.streamId('example.com', '/live/show'),
  }
  expect(backend.calls.map(({ body }) => body)).toEqual([
    {
      ...base,
      ...named,
      action: 'on_dvr',
      client_id: 'c',
      ip: '192.0.2.7',
      tcUrl: 'rtmp://example.com/live',
      param: '?k=v',
      cwd: '/srv',
      file: './a.flv',
    },
    {
      ...base,
      ...named,
      action: 'on_dvr',
      client_id: '',
      ip: '',
      tcUrl: '',
      param: '',
      cwd: process.cwd(),
      file: '/srv/b.flv',
    },
  ])
})

it('a request that says less: the query stands for its text, and the client gets a name', async () => {
  const { backend, callbacks } = await start()
  const { param: _p, clientId: _c, ...bare } = request({ query: { token: 'a b' } })
  await callbacks.authorize(bare, never)
  expect(backend.calls[0]!.body).toMatchObject({
    param: '?token=a+b',
    client_id: expect.stringMatching(/^[a-z0-9]{8}$/) as string,
  })
})

it('one that was admitted under another name: the public one everywhere, and no word of what it said', async () => {
  const { backend, callbacks } = await start()
  const hub = new Hub({
    authorize: all(() => accept({ streamPath: '/live/show' }), callbacks.authorize),
  })
  onTestFinished(() => hub.close())
  const asked = request({
    action: 'publish',
    app: 'ingest/s3cret',
    url: 'rtmp://user:s3cret@example.com:1936/ingest/s3cret?x=1',
    param: '?t=1',
  })
  const decision = (await hub.authorize(asked, never)) as AccessAccept
  const publisher = hub.publish('/live/show', { request: asked })
  expect(publisher.request).toMatchObject({ app: 'live', streamName: 'show', streamPath: '/live/show' })
  callbacks.tellRecording({ request: asked, streamPath: '/live/show', file: 'a.flv' })
  decision.onEnd!()
  await backend.called(3)
  for (const { body, text } of backend.calls) {
    expect(body).toMatchObject({
      app: 'live',
      stream: 'show',
      tcUrl: 'rtmp://example.com:1936/live',
      param: '?t=1',
      stream_url: '/live/show',
      stream_id,
    })
    expect(text).not.toContain('s3cret')
  }
})
