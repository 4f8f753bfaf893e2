import { createHash } from 'node:crypto'
import { demuxFlv } from 'millrace/flv'
import { accept, type AccessRequest, Hub, redirect, reject } from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import { TsDemuxer } from 'millrace/mpegts'
import { LiveHandler, type LiveHandlerOptions } from 'millrace/node'
import { describe, expect, it } from 'vitest'
import { collect, MemoryServer, settle, Stage } from './http-harness.ts'

function serve(options: LiveHandlerOptions): MemoryServer & { live: LiveHandler } {
  const live = new LiveHandler(options)
  const server = new MemoryServer((request, response) => {
    if (!live.handle(request, response)) response.writeHead(418).end('not mine')
  })
  return Object.assign(server, { live })
}

/** What must arrive of `sent`: kind, time and bytes. Metadata is stamped 0. */
function facts(packets: readonly MediaPacket[]): string[] {
  return packets.map(
    ({ kind, dts, body, configuration }) =>
      `${kind} ${kind === 'data' && configuration ? 0 : dts} ${body.length} ${createHash('md5').update(body).digest('hex')}`,
  )
}

function bodyOf(answer: Buffer): Buffer {
  return answer.subarray(answer.indexOf('\r\n\r\n') + 4)
}

describe('a stream', () => {
  it('goes out as FLV, byte for byte as it came in', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const { get } = bound(serve({ hub: stage.hub }))
    const answer = await get('/live/show.flv')
    const received = collect(answer)
    encoder.send()
    await settle()

    expect(answer.statusCode).toBe(200)
    expect(answer.headers).toMatchObject({
      'content-type': 'video/x-flv',
      'cache-control': 'no-store',
      'access-control-allow-origin': '*',
      'x-accel-buffering': 'no',
    })
    const packets = demuxFlv(received.bytes())
    const media = (packet: MediaPacket): boolean => packet.coded
    expect(facts(packets.filter(media))).toEqual(facts(encoder.sent.filter(media)))
    // Metadata loses the duration of the clip.
    const isTag = ({ kind }: MediaPacket): boolean => kind !== 'data'
    expect(facts(packets.filter(isTag)).toSorted()).toEqual(facts(encoder.sent.filter(isTag)).toSorted())
    expect(packets.filter(({ kind }) => kind === 'data')).toHaveLength(1)
  })

  it('goes out as MPEG-TS', async () => {
    const stage = new Stage()
    const encoder = stage.publish()
    const { get } = bound(serve({ hub: stage.hub }))
    const answer = await get('/live/show.ts')
    const received = collect(answer)
    encoder.send()
    await settle()

    expect(answer.headers['content-type']).toBe('video/mp2t')
    const demuxer = new TsDemuxer()
    demuxer.push(received.bytes())
    const codecs = new Set<string>()
    for (let unit = demuxer.read(); unit !== undefined; unit = demuxer.read()) codecs.add(unit.codec)
    expect(codecs).toEqual(new Set(['avc1', 'mp4a']))
  })

  it.each([
    ['1.1', 'GET /live/show.flv HTTP/1.1\r\nHost: example.com\r\n\r\n'],
    ['1.1 with keep-alive', 'GET /live/show.flv HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n'],
    ['1.0', 'GET /live/show.flv HTTP/1.0\r\n\r\n'],
    ['1.0 with keep-alive', 'GET /live/show.flv HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'],
    [
      '1.1 with an absolute URL',
      'GET http://example.com/live/show.flv HTTP/1.1\r\nHost: example.com\r\n\r\n',
    ],
  ])('to HTTP/%s ends with the connection and has no chunked coding', async (_, request) => {
    const stage = new Stage()
    const encoder = stage.publish()
    const received = serve({ hub: stage.hub }).send(request)
    await settle()
    const head = received.bytes().subarray(0, received.bytes().indexOf('\r\n\r\n')).toString()
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(head).toMatch(/\r\nConnection: close(\r\n|$)/)
    expect(head).not.toMatch(/^(transfer-encoding|content-length)/im)
    expect(demuxFlv(bodyOf(received.bytes())).length).toBeGreaterThan(50)

    encoder.unpublish()
    stage.clock.advance(10_000)
    await settle()
    expect(received.ended()).toBe(true)
  })

  it('is written to every socket from the same memory', async () => {
    const stage = new Stage()
    const encoder = stage.publish()
    const server = serve({ hub: stage.hub })
    for (let i = 0; i < 3; i++) collect(await server.get('/live/show.flv'))
    const written = server.sockets.map((socket) => {
      const batches: Buffer[] = []
      const write = socket.write.bind(socket)
      socket.write = (batch: Buffer): boolean => {
        batches.push(batch)
        return write(batch)
      }
      return batches
    })
    encoder.send()
    expect(written[0]!.length).toBeGreaterThan(50)
    expect(written[0]![0]).toBeInstanceOf(Buffer)
    for (const batches of written) {
      expect(batches.length).toBe(written[0]!.length)
      const places = batches.map(({ buffer, byteOffset }, i) =>
        buffer === written[0]![i]!.buffer ? byteOffset - written[0]![i]!.byteOffset : 'elsewhere',
      )
      expect(new Set(places)).toEqual(new Set([0]))
    }
  })

  it.each([
    ['', ['audio', 'data', 'video'], 1],
    ['?tracks=default', ['audio', 'data', 'video'], 1],
    ['?tracks=audio', ['audio', 'data'], 1],
    ['?tracks=video', ['data', 'video'], 0],
    ['?tracks=all', ['audio', 'data', 'video'], 2],
  ])('with the tracks that %j asks for', async (query, kinds, audioTracks) => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 100, 'hevc-opus-two-audio-tracks.ertmp.flv')
    const received = collect(await serve({ hub: stage.hub }).get(`/live/show.flv${query}`))
    encoder.send()
    await settle()
    const packets = demuxFlv(received.bytes())
    expect([...new Set(packets.map(({ kind }) => kind))].toSorted()).toEqual(kinds)
    const tracks = packets.filter(({ kind }) => kind === 'audio').flatMap((packet) => packet.tracks())
    expect(new Set(tracks.map(({ trackId }) => trackId)).size).toBe(audioTracks)
  })

  it.each(['?tracks=nonsense', '?tracks=', '?tracks=audio,video'])(
    'not with %j, which asks for none',
    async (query) => {
      const stage = new Stage()
      stage.publish()
      expect(await serve({ hub: stage.hub }).fetch(`/live/show.flv${query}`)).toMatchObject({
        status: 400,
        body: 'tracks is all, audio, video or default\n',
      })
    },
  )

  it('ends with its source, after the grace time', async () => {
    const stage = new Stage({ graceMs: 5_000 })
    const encoder = stage.publish()
    const server = serve({ hub: stage.hub })
    const received = collect(await server.get('/live/show.flv'))
    encoder.unpublish()
    stage.clock.advance(4_999)
    await settle()
    expect(received.ended()).toBe(false)
    stage.clock.advance(1)
    await settle()
    expect(received.ended()).toBe(true)
    expect(server.live.viewerCount).toBe(0)
  })

  it('detaches its player when the viewer leaves', async () => {
    const stage = new Stage()
    stage.publish()
    const server = serve({ hub: stage.hub })
    const answer = await server.get('/live/show.flv')
    expect(stage.hub.stats().players).toBe(1)
    answer.destroy()
    await settle()
    expect(stage.hub.stats().players).toBe(0)
    expect(server.live.viewerCount).toBe(0)
  })

  it('ends for a viewer that is sent away, and for no other', async () => {
    const stage = new Stage()
    stage.publish()
    const server = serve({ hub: stage.hub })
    const one = collect(await server.get('/live/show.flv'))
    const two = collect(await server.get('/live/show.flv'))
    stage.hub.source('/live/show')!.players[0]!.kick()
    await settle()
    expect([one.ended(), two.ended()]).toEqual([true, false])
    expect(server.live.viewerCount).toBe(1)
  })

  it('begins at the next keyframe when the options say so', async () => {
    const stage = new Stage()
    const encoder = stage.publish()
    const server = serve({ hub: stage.hub, player: { start: 'keyframe' } })
    const received = collect(await server.get('/live/show.flv'))
    await settle()
    expect(received.bytes().length).toBe(0)
    encoder.send()
    await settle()
    const first = demuxFlv(received.bytes()).find((packet) => packet.kind === 'video' && packet.coded)
    expect(first).toMatchObject({ keyframe: true, dts: 2_000 })
  })
})

describe('refusals', () => {
  it.each([
    ['a reject', () => reject('not today'), 403, 'not today\n'],
    ['false', () => false, 403, 'not allowed\n'],
    ['a reject as not found', () => reject('gone', { notFound: true }), 404, 'gone\n'],
    [
      'a redirect',
      () => redirect('http://other.example/live/show.flv'),
      302,
      'http://other.example/live/show.flv\n',
    ],
    ['a throw', () => { throw new Error('database down') }, 403, 'the decision failed\n'], // prettier-ignore
    [
      'another name that nobody publishes',
      () => accept({ streamPath: '/live/other' }),
      404,
      'no such stream\n',
    ],
  ])('tell the viewer of %s', async (_, authorize, status, body) => {
    const stage = new Stage({ authorize })
    stage.hub.publish('/live/show')
    const answer = await serve({ hub: stage.hub }).fetch('/live/show.flv')
    expect(answer).toMatchObject({ status, body })
    expect(answer.headers['access-control-allow-origin']).toBe('*')
    expect(answer.headers.location).toBe(status === 302 ? 'http://other.example/live/show.flv' : undefined)
  })

  it('are a 500 when a decision cannot be said in HTTP, or the application fails', async () => {
    const stage = new Stage({ authorize: () => redirect('http://a/\r\nSet-Cookie: b') })
    expect((await serve({ hub: stage.hub }).fetch('/live/show.flv')).status).toBe(500)
    const broken = serve({
      hub: () => {
        throw new Error('no hubs today')
      },
    })
    expect((await broken.fetch('/live/show.flv')).status).toBe(500)
  })

  it('are a 404 for a stream that nobody publishes, and for a virtual host without a hub', async () => {
    const stage = new Stage()
    expect((await serve({ hub: stage.hub }).fetch('/live/show.flv')).status).toBe(404)
    expect((await serve({ hub: () => undefined }).fetch('/live/show.flv')).status).toBe(404)
  })

  it.each([
    '/live/%zz.flv',
    '/live/%ff.flv',
    '/live/a%00b.flv',
    '/live/../show.flv',
    '/live/%2e%2e/show.flv',
    '/live/..%2fshow.ts',
    `/live/${'x'.repeat(9_000)}.flv`,
  ])('are a 400 for %.40s', async (path) => {
    const stage = new Stage()
    expect((await serve({ hub: stage.hub }).fetch(path)).status).toBe(400)
  })

  it.each([
    '/live/show.mp4',
    '/show.flv',
    '/live/show',
    '/',
    '/live/.flv',
    '/live/show.constructor',
    '/%zz.html',
  ])('leave %s to others', async (path) => {
    const stage = new Stage()
    expect((await serve({ hub: stage.hub }).fetch(path)).status).toBe(418)
  })

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('are a 405 for %s', async (method) => {
    const stage = new Stage()
    const answer = await serve({ hub: stage.hub }).fetch('/live/show.flv', { method })
    expect(answer.status).toBe(405)
    expect(answer.headers.allow).toBe('GET, HEAD, OPTIONS')
  })

  it('are a 503 from one viewer beyond maxViewers on, those being admitted included', async () => {
    const decisions: ((value: boolean) => void)[] = []
    const stage = new Stage({ authorize: () => new Promise((resolve) => decisions.push(resolve)) })
    stage.hub.publish('/live/show')
    const server = serve({ hub: stage.hub, maxViewers: 2 })
    const first = server.get('/live/show.flv')
    const second = server.get('/live/show.flv')
    await settle()
    expect(server.live.viewerCount).toBe(2)
    const third = await server.fetch('/live/show.flv')
    expect(third).toMatchObject({ status: 503, body: 'too many viewers\n' })
    expect(third.headers['retry-after']).toBe('10')

    for (const decide of decisions) decide(true)
    const answer = await first
    expect((await second).statusCode).toBe(200)
    answer.destroy()
    await settle()
    const fourth = server.get('/live/show.flv')
    await settle()
    decisions[2]!(true)
    expect((await fourth).statusCode).toBe(200)
  })
})

describe('admission', () => {
  it('sees who asks for what', async () => {
    const asked: AccessRequest[] = []
    const stage = new Stage({ authorize: (request) => asked.push(request) > 0 })
    stage.publish()
    const server = serve({ hub: stage.hub, trustProxy: 2 })
    await server.get('/live/show.flv?token=a%20b&token=c', {
      headers: {
        Host: 'media.example:8080',
        Referer: 'http://page.example/watch',
        'X-Forwarded-For': '192.0.2.7, 198.51.100.1',
        'X-Forwarded-Proto': 'https, http',
        'User-Agent': 'test',
      },
    })
    expect(asked[0]).toMatchObject({
      action: 'play',
      protocol: 'http-flv',
      vhost: 'media.example',
      app: 'live',
      streamName: 'show',
      streamPath: '/live/show',
      query: { token: 'c' },
      param: '?token=a%20b&token=c',
      remoteAddress: '192.0.2.7',
      secure: true,
      url: 'https://media.example:8080/live/show.flv',
      pageUrl: 'http://page.example/watch',
      details: { 'user-agent': 'test' },
    })
  })

  it('takes proxy headers for what they are worth: nothing, unless told to', async () => {
    const asked: AccessRequest[] = []
    const stage = new Stage({ authorize: (request) => asked.push(request) > 0 })
    stage.publish()
    const headers = { 'X-Forwarded-For': '192.0.2.7', 'X-Real-IP': '192.0.2.8', 'X-Forwarded-Proto': 'https' }
    await serve({ hub: stage.hub }).get('/live/show.ts', { headers })
    expect(asked[0]).toMatchObject({ remoteAddress: '', secure: false, protocol: 'http-ts' })
  })

  it.each([
    ['what the only proxy wrote, not what the client made up', true, '203.0.113.9, 192.0.2.7', '192.0.2.7'],
    ['the same for a number', 1, '203.0.113.9, 192.0.2.7', '192.0.2.7'],
    ['IPv4 addresses as rules are written for them', true, '203.0.113.9, ::ffff:192.0.2.7', '192.0.2.7'],
    ['what the outer of two proxies wrote', 2, '203.0.113.9, 192.0.2.7, 198.51.100.1', '192.0.2.7'],
    ['the first of fewer entries than proxies', 3, '192.0.2.7, 198.51.100.1', '192.0.2.7'],
  ])('believes %s', async (_, trustProxy, forwarded, remoteAddress) => {
    const asked: AccessRequest[] = []
    const stage = new Stage({ authorize: (request) => asked.push(request) > 0 })
    stage.publish()
    await serve({ hub: stage.hub, trustProxy }).get('/live/show.flv', {
      headers: { 'X-Forwarded-For': forwarded },
    })
    expect(asked[0]).toMatchObject({ remoteAddress })
  })

  it('leaves the segments of HLS viewers to their handler', async () => {
    const stage = new Stage()
    const server = serve({ hub: stage.hub })
    expect((await server.get('/live/show/12.ts?session=abc')).statusCode).toBe(418)
    expect(stage.hub.stats().waiting).toBe(0)
  })

  it.each([
    ['a.example', '/live/show.flv', 'a.example'],
    ['a.example:8080', '/live/show.flv', 'a.example'],
    ['[2001:db8::1]:8080', '/live/show.flv', '2001:db8::1'],
    ['a.example', '/live/show.flv?domain=b.example', 'b.example'],
    ['a.example', '/live/show.flv?domain=b.example&vhost=c.example', 'c.example'],
  ])('picks the hub by Host %s and %s', async (host, path, vhost) => {
    const hubs = new Map([[vhost, new Stage()]])
    hubs.get(vhost)!.publish()
    const server = serve({ hub: (request) => hubs.get(request.vhost)?.hub })
    expect((await server.get(path, { headers: { Host: host } })).statusCode).toBe(200)
    expect((await server.fetch('/live/show.flv', { headers: { Host: 'unknown' } })).status).toBe(404)
  })

  it('of a viewer that has left is taken back, and a late accept comes to nothing', async () => {
    let decide: (allowed: boolean) => void = () => undefined
    let signal: AbortSignal | undefined
    const stage = new Stage({
      authorize: (_, given) => {
        signal = given
        return new Promise((resolve) => (decide = resolve))
      },
    })
    stage.publish()
    const server = serve({ hub: stage.hub })
    const client = server.connect()
    client.write('GET /live/show.flv HTTP/1.1\r\nHost: a\r\n\r\n')
    await settle()
    expect(server.live.viewerCount).toBe(1)
    client.destroy()
    await settle()
    expect(signal?.aborted).toBe(true)
    expect(server.live.viewerCount).toBe(0)
    decide(true)
    await settle()
    expect(stage.hub.stats()).toMatchObject({ players: 0, waiting: 0, deciding: 0 })
  })

  it('is told once when what it let in is over, or never came to be', async () => {
    const stage = new Stage({
      authorize: ({ streamName }) => accept({ onEnd: () => ended.push(streamName) }),
      graceMs: 0,
    })
    const ended: string[] = []
    const encoder = stage.publish('/live/ends')
    stage.publish('/live/leaves')
    stage.publish('/live/head')
    const server = serve({ hub: stage.hub })
    const answer = await server.get('/live/leaves.flv')
    collect(await server.get('/live/ends.flv'))
    expect(ended).toEqual([])
    answer.destroy()
    await settle()
    expect(ended).toEqual(['leaves'])
    encoder.unpublish()
    stage.clock.advance(0)
    await settle()
    expect(ended).toEqual(['leaves', 'ends'])
    await server.fetch('/live/head.flv', { method: 'HEAD' })
    await server.fetch('/live/nobody.flv')
    expect(ended).toEqual(['leaves', 'ends', 'head', 'nobody'])
  })

  it('may come before the publisher', async () => {
    const stage = new Stage({ publisherWaitMs: 3_000 })
    const server = serve({ hub: stage.hub })
    const answer = server.get('/live/show.flv')
    const late = server.fetch('/live/nobody.flv')
    await settle()
    expect(stage.hub.stats().waiting).toBe(2)
    stage.publish()
    expect((await answer).statusCode).toBe(200)
    stage.clock.advance(3_000)
    expect((await late).status).toBe(404)
  })

  it('of names that nobody publishes leaves nothing behind', async () => {
    const stage = new Stage({ publisherWaitMs: 1_000 })
    const server = serve({ hub: stage.hub, clock: stage.clock })
    const answers = Array.from({ length: 200 }, (_, i) => server.fetch(`/live/random${i}.flv`))
    await settle()
    expect(server.live.viewerCount).toBe(200)
    stage.clock.advance(1_000)
    expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([404]))
    expect(stage.hub.stats()).toMatchObject({ sources: 0, waiting: 0, deciding: 0 })
    expect(server.live.viewerCount).toBe(0)
    expect(stage.clock.pending).toBe(0)
  })

  it('of a source that closes at the very moment is a 404', async () => {
    const stage = new Stage({ publisherWaitMs: 3_000 })
    const answer = serve({ hub: stage.hub }).fetch('/live/show.flv')
    await settle()
    stage.hub.publish('/live/show')
    stage.hub.source('/live/show')!.close()
    expect((await answer).status).toBe(404)
  })
})

describe('HEAD, OPTIONS and CORS', () => {
  it('HEAD asks for admission and gets the head alone', async () => {
    const stage = new Stage()
    stage.publish()
    const server = serve({ hub: stage.hub })
    const answer = await server.fetch('/live/show.flv', { method: 'HEAD' })
    expect(answer).toMatchObject({ status: 200, body: '' })
    expect(answer.headers['content-type']).toBe('video/x-flv')
    expect((await server.fetch('/live/nobody.flv', { method: 'HEAD' })).status).toBe(404)
    expect(stage.hub.stats().players).toBe(0)
    expect(server.live.viewerCount).toBe(0)
  })

  it('OPTIONS is answered without admission', async () => {
    const stage = new Stage({ authorize: () => false })
    const answer = await serve({ hub: stage.hub }).fetch('/live/show.flv', { method: 'OPTIONS' })
    expect(answer.status).toBe(204)
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      'access-control-allow-headers': '*',
      'access-control-allow-private-network': 'true',
    })
  })

  it('CORS can name one origin, or be off', async () => {
    const stage = new Stage()
    stage.publish()
    const one = await serve({ hub: stage.hub, cors: 'https://page.example' }).get('/live/show.flv')
    expect(one.headers).toMatchObject({
      'access-control-allow-origin': 'https://page.example',
      vary: 'Origin',
    })
    const none = await serve({ hub: stage.hub, cors: false }).get('/live/show.flv')
    expect(none.headers['access-control-allow-origin']).toBeUndefined()
  })
})

describe('a prefix', () => {
  it.each(['/media', '/media/', 'media', '//media//'])('%s stands in front of all paths', async (prefix) => {
    const stage = new Stage()
    stage.publish()
    const server = serve({ hub: stage.hub, prefix })
    expect((await server.get('/media/live/show.flv')).statusCode).toBe(200)
    for (const path of ['/live/show.flv', '/mediate/live/show.flv', '/live/%zz.flv']) {
      expect((await server.fetch(path)).status).toBe(418)
    }
    expect((await server.fetch('/media/live/%zz.flv')).status).toBe(400)
  })
})

describe('close()', () => {
  it('ends viewers, turns away those being admitted, and leaves the handler usable', async () => {
    let hold = true
    const stage = new Stage({ authorize: () => (hold ? new Promise<boolean>(() => undefined) : true) })
    stage.publish()
    const server = serve({ hub: stage.hub })
    const waiting = server.fetch('/live/show.flv')
    await settle()
    hold = false
    const received = collect(await server.get('/live/show.flv'))
    server.live.close()
    expect(await waiting).toMatchObject({ status: 503 })
    await settle()
    expect(received.ended()).toBe(true)
    expect(server.live.viewerCount).toBe(0)
    expect(stage.hub.stats()).toMatchObject({ players: 0, deciding: 0 })
    expect((await server.get('/live/show.flv')).statusCode).toBe(200)
  })
})

function bound(server: MemoryServer): Pick<MemoryServer, 'get'> {
  return { get: (path, options) => server.get(path, options) }
}

it('a hub can be named by each request', () => {
  const hub = new Hub()
  expect(() => new LiveHandler({ hub: () => hub })).not.toThrow()
})
