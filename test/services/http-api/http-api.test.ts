import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import express from 'express'
import { Hub } from 'millrace/hub'
import { StreamServices } from 'millrace/services/control'
import { HttpApi, type HttpApiOptions } from 'millrace/services/http-api'
import { Statistics } from 'millrace/services/statistics'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ApiStage, settle } from './api-stage.ts'

test('uptimes are not those of a wall clock that is set back by an hour', async () => {
  const stage = new ApiStage()
  const wall = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 3_600_000)
  onTestFinished(() => wall.mockRestore())
  const { body } = await stage.ask('/api/v1/summaries')
  expect(body['data']).toMatchObject({ self: { srs_uptime: 0 } })
  const { text: metrics } = await stage.ask('/metrics')
  expect(Number(/^millrace_uptime_seconds (.+)$/m.exec(metrics)![1])).toBeGreaterThan(0)
  expect(stage.statistics.uptimeMs).toBeGreaterThan(0)
})

describe('pages of a list', () => {
  async function names(stage: ApiStage, query: string): Promise<unknown[]> {
    return (await stage.list('streams', query)).map((stream) => stream['name'])
  }

  test('start and count as in SRS: ten unless more or less is asked for', async () => {
    const stage = new ApiStage({ maxPageCount: 12 })
    const expected = Array.from({ length: 15 }, (_, i) => `s${i}`)
    for (const name of expected) stage.hub.publish(`/live/${name}`)
    expect(await names(stage, '')).toEqual(expected.slice(0, 10))
    expect(await names(stage, '?start=10')).toEqual(expected.slice(10))
    expect(await names(stage, '?start=3&count=2')).toEqual(['s3', 's4'])
    expect(await names(stage, '?start=15')).toEqual([])
    // maxPageCount, n and n + 1
    expect(await names(stage, '?count=12')).toEqual(expected.slice(0, 12))
    expect(await names(stage, '?count=13')).toEqual(expected.slice(0, 12))
    expect((await stage.ask('/api/v1/streams?count=2')).body['total']).toBe(15)
  })

  test('the order of clients stays while the hub serves them by turns', async () => {
    const stage = new ApiStage()
    const publisher = stage.hub.publish('/live/show')
    const source = stage.hub.source('/live/show')!
    const sink = { queuedBytes: 0, write: () => {}, end: () => {} }
    const { FLV_VIEW } = await import('millrace/flv')
    for (let i = 0; i < 5; i++) source.attach(sink, { format: FLV_VIEW })
    const ids = (await stage.list('clients')).map(({ id }) => id)
    expect(ids).toHaveLength(6)
    for (const player of source.players.slice(0, 2)) {
      player.detach()
      source.attach(sink, { format: FLV_VIEW })
    }
    const later = (await stage.list('clients')).map(({ id }) => id)
    expect(later.slice(0, 4)).toEqual([ids[0], ...ids.slice(3)])
    expect(new Set([...ids, ...later]).size).toBe(8)
    publisher.unpublish()
  })

  test('the clients of one stream', async () => {
    const stage = new ApiStage()
    stage.hub.publish('/live/a')
    stage.hub.publish('/live/b')
    const [, b] = await stage.list('streams')
    expect(await stage.list('clients', `?stream=${String(b!['id'])}`)).toMatchObject([{ url: '/live/b' }])
    expect(await stage.list('clients', '?stream=vid-none')).toEqual([])
  })

  for (const query of ['?start=-1', '?start=x', '?count=0', '?count=', '?count=1.5', '?start=1e99']) {
    test(`${query} is refused`, async () => {
      const { status, body } = await new ApiStage().ask(`/api/v1/streams${query}`)
      expect([status, body['code']]).toEqual([400, 400])
      expect(body['message']).toMatch(/start|count/)
    })
  }
})

describe('what is not there', () => {
  for (const [path, code] of [
    ['vhosts/vid-none', 2014],
    ['streams/vid-none', 2048],
    ['clients/none', 2049],
  ] as const) {
    test(`${path}: status 200 and code ${code}, as SRS answers`, async () => {
      const { status, body } = await new ApiStage().ask(`/api/v1/${path}`)
      expect([status, body['code']]).toEqual([200, code])
    })
  }

  test('DELETE of a client that is not there', async () => {
    const { status, body } = await new ApiStage().ask('/api/v1/clients/none', { method: 'DELETE' })
    expect([status, body['code']]).toEqual([200, 2049])
  })

  test('other methods: 405, with those that there are', async () => {
    const stage = new ApiStage()
    for (const [path, method, allow] of [
      ['streams/vid-none', 'DELETE', 'GET, HEAD, OPTIONS'],
      ['streams/', 'POST', 'GET, HEAD, OPTIONS'],
      ['vhosts/', 'PATCH', 'GET, HEAD, OPTIONS'],
      ['clients/none', 'PUT', 'GET, DELETE, HEAD, OPTIONS'],
    ] as const) {
      const { status, headers, body } = await stage.ask(`/api/v1/${path}`, { method })
      expect([path, status, headers.get('allow'), body['code']]).toEqual([path, 405, allow, 405])
    }
  })

  test('what is only read of the server is answered for all methods, as in SRS', async () => {
    const actions: string[] = []
    const stage = new ApiStage({ onAction: ({ operationId }) => actions.push(operationId) })
    for (const path of [
      '',
      'versions',
      'summaries',
      'rusages',
      'self_proc_stats',
      'features',
      'tests/requests',
    ]) {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
        const { status, body } = await stage.ask(`/api/v1/${path}`, { method, body: '{' })
        expect([path, method, status, body['code']]).toEqual([path, method, 200, 0])
      }
    }
    expect(actions).toEqual([])
  })

  test('other paths are left to others', async () => {
    const stage = new ApiStage()
    for (const path of [
      '/api/v1/nothing',
      '/api/v2',
      '/apis',
      '/api/v1/streams/a/b',
      '/',
      '/api/v1//streams',
    ]) {
      expect([path, (await stage.ask(path)).text]).toEqual([path, 'not ours'])
    }
  })
})

describe('HTTP', () => {
  test('HEAD has the headers of GET and no body', async () => {
    const stage = new ApiStage()
    const get = await stage.ask('/api/v1/versions')
    const head = await stage.ask('/api/v1/versions', { method: 'HEAD' })
    expect([head.status, head.text]).toEqual([200, ''])
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'))
    expect(get.headers.get('content-type')).toBe('application/json')
    expect(get.headers.get('cache-control')).toBe('no-store')
  })

  test('a prefix', async () => {
    const stage = new ApiStage({ prefix: '/srs' })
    expect((await stage.ask('/srs/api/v1/versions')).body['code']).toBe(0)
    expect((await stage.ask('/api/v1/versions')).text).toBe('not ours')
  })

  test('CORS: for everybody where credentials are asked for, and for nobody where they are not', async () => {
    const open = new ApiStage()
    const closed = new ApiStage({ authentication: { token: 'abc' } })
    const one = new ApiStage({ authentication: { token: 'abc' }, cors: 'https://console.example' })
    const origin = async (stage: ApiStage): Promise<string | null> =>
      (await stage.ask('/api/v1/versions')).headers.get('access-control-allow-origin')
    expect([await origin(open), await origin(closed), await origin(one)]).toEqual([
      null,
      '*',
      'https://console.example',
    ])
    const preflight = await closed.ask('/api/v1/clients/x', { method: 'OPTIONS' })
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
      204,
      'GET, DELETE, HEAD, OPTIONS',
    ])
    expect(preflight.headers.get('access-control-allow-headers')).toBe('Authorization, Content-Type')
    const refused = await open.ask('/api/v1/clients/x', { method: 'OPTIONS' })
    expect([refused.status, refused.headers.get('access-control-allow-methods')]).toEqual([204, null])
  })

  test('a request of the caller is shown to it, its credentials masked', async () => {
    const stage = new ApiStage({ authentication: { token: 'abc' } })
    const { body } = await stage.ask('/api/v1/requests?a=1&b=%20', {
      headers: { authorization: 'Bearer abc', 'x-mine': 'yes', cookie: 'sid=1' },
    })
    expect(body['data']).toMatchObject({
      uri: '/api/v1/requests?a=1&b=%20',
      path: '/api/v1/requests',
      METHOD: 'GET',
      headers: { authorization: '(masked)', cookie: '(masked)', 'x-mine': 'yes' },
    })
  })

  test('fetch-style', async () => {
    const statistics = new Statistics({ hub: new Hub() })
    onTestFinished(() => statistics.close())
    const api = new HttpApi({ statistics, authentication: 'loopback' })
    const from = async (path: string, address?: string): Promise<number | undefined> =>
      (await api.fetch(new Request(`http://localhost${path}`, { headers: { host: 'localhost' } }), address))
        ?.status
    expect(await from('/api/v1/versions', '127.0.0.1')).toBe(200)
    expect(await from('/api/v1/versions', '192.0.2.1')).toBe(403)
    expect(await from('/api/v1/versions')).toBe(403)
    expect(await from('/elsewhere', '127.0.0.1')).toBeUndefined()
  })

  test('JSONP and the method in the query, where they are asked for', async () => {
    const off = new ApiStage({ authentication: { token: 'abc' } })
    const on = new ApiStage({ authentication: { token: 'abc' }, jsonp: true })
    const init = { headers: { authorization: 'Bearer abc' } }
    expect((await off.ask('/api/v1/versions?callback=f', init)).body['code']).toBe(0)
    const script = await on.ask('/api/v1/versions?callback=angular.callbacks._0', init)
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(script.text).toMatch(/^angular\.callbacks\._0\(\{"code":0,.*\}\)$/)
    expect((await on.ask('/api/v1/versions?callback=alert(1)//', init)).body['code']).toBe(0)
    for (const stage of [off, on]) stage.hub.publish('/live/show')
    for (const [stage, left] of [
      [off, 1],
      [on, 0],
    ] as const) {
      const { clients } = (await stage.ask('/api/v1/clients', init)).body as { clients: { id: string }[] }
      await stage.ask(`/api/v1/clients/${clients[0]!.id}?method=DELETE`, init)
      const after = (await stage.ask('/api/v1/clients', init)).body as { clients: unknown[] }
      expect(after.clients).toHaveLength(left)
    }
    expect(() => new ApiStage({ jsonp: true })).toThrow(/jsonp needs credentials/)
  })
})

describe('services on a stream', () => {
  /** A recorder that remembers what it was asked. */
  function recorder(): { services: StreamServices; calls: unknown[] } {
    const services = new StreamServices()
    const calls: unknown[] = []
    const running = new Set<string>()
    services.register('record', {
      description: 'Writes the stream to a file',
      isRunning: ({ source }) => running.has(source.streamPath),
      async start({ source, vhost }, options) {
        await settle()
        if (options === 'wrong') throw new TypeError('no such format')
        if (options === 'broken') throw new Error('disk 7 is on fire')
        running.add(source.streamPath)
        calls.push(['start', vhost, source.streamPath, options])
      },
      stop({ source }) {
        running.delete(source.streamPath)
        calls.push(['stop', source.streamPath])
      },
      status: ({ source }) => (running.has(source.streamPath) ? { file: 'show.flv' } : undefined),
      list: () => Array.from(running, (stream) => ({ stream, file: 'show.flv' })),
    })
    return { services, calls }
  }

  async function stageWithRecorder(options: Partial<HttpApiOptions> = {}): Promise<{
    stage: ApiStage
    path: string
    calls: unknown[]
  }> {
    const { services, calls } = recorder()
    const stage = new ApiStage({ services, ...options })
    stage.hub.publish('/live/show')
    const [stream] = await stage.list('streams')
    return { stage, calls, path: `/api/v1/streams/${String(stream!['id'])}/services` }
  }

  const json = (value: unknown): RequestInit => ({
    method: 'PUT',
    body: JSON.stringify(value),
    headers: { 'content-type': 'application/json' },
  })

  test('are listed, started, shown and stopped', async () => {
    const { stage, path, calls } = await stageWithRecorder()
    const shown = { name: 'record', description: 'Writes the stream to a file', on_stream: true }
    expect((await stage.ask('/api/v1/services')).body['services']).toEqual([shown])
    expect((await stage.ask(path)).body['services']).toEqual([{ ...shown, running: false, status: null }])
    expect((await stage.ask(`${path}/record`, json({ format: 'flv' }))).body['code']).toBe(0)
    expect((await stage.ask(path)).body['services']).toEqual([
      { ...shown, running: true, status: { file: 'show.flv' } },
    ])
    expect((await stage.ask('/api/v1/services/record')).body['data']).toEqual({
      ...shown,
      items: [{ stream: '/live/show', file: 'show.flv' }],
    })
    expect((await stage.ask(`${path}/record`, json({}))).status).toBe(409)
    expect((await stage.ask(`${path}/record`, { method: 'DELETE' })).body['code']).toBe(0)
    expect((await stage.ask(`${path}/record`, { method: 'DELETE' })).status).toBe(409)
    expect((await stage.ask(`${path}/record`, { method: 'PUT' })).body['code']).toBe(0)
    expect(calls).toEqual([
      ['start', '__defaultVhost__', '/live/show', { format: 'flv' }],
      ['stop', '/live/show'],
      ['start', '__defaultVhost__', '/live/show', undefined],
    ])
  })

  test('that are beside the streams are listed, and not started on one', async () => {
    const { services } = recorder()
    services.register('workers', { description: 'ffmpeg', list: () => [{ pid: 7 }] })
    services.register('idle', { description: 'tells nothing' })
    const stage = new ApiStage({ services })
    stage.hub.publish('/live/show')
    const [stream] = await stage.list('streams')
    const path = `/api/v1/streams/${String(stream!['id'])}/services`
    expect((await stage.ask(path)).body['services']).toHaveLength(1)
    expect((await stage.ask(`${path}/workers`, { method: 'PUT' })).status).toBe(404)
    const { body } = await stage.ask('/api/v1/services/workers')
    expect(body['data']).toEqual({
      name: 'workers',
      description: 'ffmpeg',
      on_stream: false,
      items: [{ pid: 7 }],
    })
    expect((await stage.ask('/api/v1/services/idle')).body['data']).toMatchObject({ items: [] })
    expect((await stage.ask('/api/v1/services/none')).status).toBe(404)
  })

  test('refuse what is wrong; what broke is not told', async () => {
    const { stage, path } = await stageWithRecorder()
    const wrong = await stage.ask(`${path}/record`, json('wrong'))
    expect([wrong.status, wrong.body]).toEqual([400, { code: 400, message: 'no such format' }])
    const broken = await stage.ask(`${path}/record`, json('broken'))
    expect([broken.status, broken.body]).toEqual([500, { code: 500, message: 'internal error' }])
    expect((await stage.ask(`${path}/other`, json({}))).status).toBe(404)
    const none = await stage.ask('/api/v1/streams/vid-none/services/record', json({}))
    expect([none.status, none.body['code']]).toEqual([404, 2048])
  })

  test('a body is JSON and says so: forms of pages elsewhere come unasked', async () => {
    const { stage, path, calls } = await stageWithRecorder()
    const form = await stage.ask(`${path}/record`, { method: 'PUT', body: '{}' })
    expect([form.status, form.body['code']]).toEqual([415, 415])
    const headers = { 'content-type': 'application/json' }
    expect((await stage.ask(`${path}/record`, { method: 'PUT', body: '{', headers })).status).toBe(400)
    expect(calls).toEqual([])
  })

  test('maxBodyBytes: n are taken, n + 1 are not, told or not', async () => {
    const { stage, path } = await stageWithRecorder({ maxBodyBytes: 100 })
    const base = await stage.listen()
    const put = (bytes: number, told: boolean): Promise<number> =>
      new Promise((resolve, reject) => {
        const request = httpRequest(`${base}${path}/record`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json', ...(told ? { 'content-length': bytes } : {}) },
        })
        request.on('error', reject)
        request.on('response', (response) => {
          void text(response).then(() => resolve(response.statusCode!))
        })
        request.flushHeaders()
        const body = `"${'x'.repeat(bytes - 2)}"`
        request.write(body.slice(0, 50))
        request.end(body.slice(50))
      })
    expect(await put(101, true)).toBe(413)
    expect(await put(101, false)).toBe(413)
    expect(await put(100, true)).toBe(200)
    await stage.ask(`${path}/record`, { method: 'DELETE' })
    expect(await put(100, false)).toBe(200)
  })

  test('bodyTimeoutMs: a body that does not come is not waited for', async () => {
    const { stage, path } = await stageWithRecorder({ bodyTimeoutMs: 30 })
    const base = await stage.listen()
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(`${base}${path}/record`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', 'content-length': 10 },
      })
      request.on('error', reject)
      request.on('response', (response) => {
        resolve(response.statusCode)
        response.resume()
        request.destroy()
      })
      request.write('{')
    })
    expect(status).toBe(408)
  })

  test('express hands over what its own middleware has read', async () => {
    const { stage, path, calls } = await stageWithRecorder()
    const app = express()
    app.use(express.json())
    app.use((request, response, next) => {
      if (!stage.api.handle(request, response)) next()
    })
    const server = app.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as { port: number }
    const response = await fetch(`http://127.0.0.1:${port}${path}/record`, json({ a: 1 }))
    expect(response.status).toBe(200)
    await response.text()
    expect(calls).toEqual([['start', '__defaultVhost__', '/live/show', { a: 1 }]])
  })

  test('names are checked, and can be given back', () => {
    const services = new StreamServices()
    const service = { description: '', isRunning: () => false, start: () => {}, stop: () => {} }
    expect(() => services.register('a/b', service)).toThrow(TypeError)
    const remove = services.register('a', service)
    expect(() => services.register('a', service)).toThrow(TypeError)
    remove()
    remove()
    services.register('a', { ...service })
    remove()
    expect(services.get('a')).toBeDefined()
  })
})

describe('reload in the form of SRS', () => {
  test('without one', async () => {
    const stage = new ApiStage()
    const { status, body } = await stage.ask('/api/v1/raw?rpc=reload')
    expect([status, body['code']]).toEqual([200, 1061])
    expect((await stage.ask('/api/v1/raw?rpc=raw')).body['data']).toMatchObject({
      http_api: { enabled: true, raw_api: { enabled: true, allow_reload: false } },
    })
    expect((await stage.ask('/api/v1/raw?rpc=other')).status).toBe(400)
  })

  test("what SRS's console asks from elsewhere by JSONP is only read", async () => {
    const stage = new ApiStage({ authentication: { token: 'abc' }, jsonp: true, reload: () => undefined })
    const headers = { authorization: 'Bearer abc', 'sec-fetch-site': 'cross-site' }
    const { text } = await stage.ask('/api/v1/raw?rpc=raw&callback=f', { headers })
    expect(JSON.parse(text.slice(2, -1))).toMatchObject({
      code: 0,
      http_api: { enabled: true, raw_api: { enabled: true, allow_reload: true } },
    })
    expect((await stage.ask('/api/v1/raw?rpc=reload-fetch&callback=f', { headers })).status).toBe(200)
    expect((await stage.ask('/api/v1/raw?rpc=reload&callback=f', { headers })).status).toBe(403)
  })

  test('that goes well, and that does not', async () => {
    let fault: Error | undefined
    let reloads = 0
    const actions: string[] = []
    const stage = new ApiStage({
      onAction: ({ operationId }) => actions.push(operationId),
      reload: () => {
        reloads++
        if (fault !== undefined) throw fault
      },
    })
    expect((await stage.ask('/api/v1/raw?rpc=reload')).body['code']).toBe(0)
    expect((await stage.ask('/api/v1/raw?rpc=reload-fetch')).body['data']).toMatchObject({
      err: 0,
      state: 'done',
      rid: '1',
    })
    // SRS changes by GET, too; who looks how it went changes nothing.
    expect(actions).toEqual(['raw'])
    fault = new Error('config.yaml:3: unknown key')
    const failed = await stage.ask('/api/v1/raw?rpc=reload', { method: 'POST' })
    expect(failed.body).toEqual({ code: 1023, message: 'config.yaml:3: unknown key' })
    expect((await stage.ask('/api/v1/raw?rpc=reload-fetch')).body['data']).toMatchObject({
      err: 1,
      msg: 'config.yaml:3: unknown key',
      rid: '2',
    })
    const from = async (site: string): Promise<number> =>
      (await stage.ask('/api/v1/raw?rpc=reload', { headers: { 'sec-fetch-site': site } })).status
    expect([await from('cross-site'), await from('same-site'), reloads]).toEqual([403, 403, 2])
    // The page of the same server, and whoever types the address.
    expect([await from('same-origin'), await from('none'), reloads]).toEqual([200, 200, 4])
  })
})

describe('options', () => {
  test('are checked where they come in', () => {
    expect(() => new ApiStage({ maxBodyBytes: 0 })).toThrow(/HttpApi: .*maxBodyBytes/s)
    expect(() => new ApiStage({ prefix: 'srs' })).toThrow(/prefix/)
    expect(() => new ApiStage({ authentication: { token: '' } })).toThrow(/authentication/)
    expect(() => new ApiStage({ authentication: { username: 'a:b', password: 'c' } })).toThrow(/colon/)
    expect(() => new ApiStage({ authentication: [] })).toThrow(TypeError)
    const { authentication, ...nothing } = { authentication: undefined, statistics: undefined }
    expect(() => new HttpApi(nothing as unknown as HttpApiOptions)).toThrow(TypeError)
    expect(authentication).toBeUndefined()
  })
})
