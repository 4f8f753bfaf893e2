import { responses } from '../../../src/services/http-api/responses.schema.ts'
import type { z } from 'zod'
import { describe, expect, test } from 'vitest'
import { ApiStage, type Json, packetsOf, settle } from './api-stage.ts'
import {
  AUDIO,
  CLIENT,
  DATA,
  ENVELOPE,
  FEATURES,
  KBPS,
  PUBLISH,
  STREAM,
  SUMMARIES_SELF,
  SUMMARIES_SYSTEM,
  VHOST,
  VIDEO,
} from './srs-fields.ts'

/** Members of `expected` that `value` lacks. */
const missing = (value: unknown, expected: readonly string[]): string[] =>
  expected.filter((name) => !(name in (value as Json)))

/** An answer is what its schema says, no member more: OpenAPI readers see all of it. */
function expectSchema(body: Json, schema: z.ZodObject): void {
  const result = schema.strict().safeParse(body)
  expect(result.error?.issues ?? []).toEqual([])
}

const SCHEMAS: Readonly<Record<string, z.ZodObject>> = {
  versions: responses.Versions,
  summaries: responses.Summaries,
  rusages: responses.Rusages,
  self_proc_stats: responses.SelfProcStats,
  system_proc_stats: responses.SystemProcStats,
  meminfos: responses.Meminfos,
  authors: responses.Authors,
  features: responses.Features,
  requests: responses.Requests,
  'tests/requests': responses.Requests,
}

describe('paths without parameters', () => {
  for (const [path, members] of Object.entries(DATA)) {
    test(`/api/v1/${path}`, async () => {
      const { status, body } = await new ApiStage().ask(`/api/v1/${path}`)
      expect([status, body['code']]).toEqual([200, 0])
      expect(missing(body, [...ENVELOPE, 'data'])).toEqual([])
      expect(missing(body['data'], members)).toEqual([])
      expectSchema(body, SCHEMAS[path]!)
    })
  }

  test('the parts of the summaries and the features', async () => {
    const stage = new ApiStage()
    const { data } = (await stage.ask('/api/v1/summaries')).body as { data: Json }
    expect(missing(data['self'], SUMMARIES_SELF)).toEqual([])
    expect(missing(data['system'], SUMMARIES_SYSTEM)).toEqual([])
    expect(data['self']).toMatchObject({ pid: process.pid, ppid: process.ppid, cwd: process.cwd() })
    const features = (await stage.ask('/api/v1/features')).body as { data: { features: Json } }
    expect(missing(features.data.features, FEATURES)).toEqual([])
    expect(Object.values(features.data.features).every((value) => typeof value === 'boolean')).toBe(true)
    expect(features.data.features).toMatchObject({ hls: true, httpd: true, dvr: false })
  })

  test('the lists of paths', async () => {
    const stage = new ApiStage()
    for (const path of ['/api', '/api/', '/api/v1', '/api/v1/']) {
      const { urls } = (await stage.ask(path)).body as { urls: Json }
      expect(missing(urls, ['v1', 'versions', 'summaries', 'streams', 'clients', 'vhosts'])).toEqual([])
    }
  })

  test('server, service and pid are the same in every answer', async () => {
    const stage = new ApiStage()
    const { serverId, serviceId } = stage.statistics.identity
    for (const path of ['versions', 'streams', 'clients']) {
      expect((await stage.ask(`/api/v1/${path}`)).body).toMatchObject({
        server: serverId,
        service: serviceId,
        pid: String(process.pid),
      })
    }
    expect([serverId, serviceId]).toEqual(['vid-0test00', expect.stringMatching(/^[a-z0-9]{8}$/)])
  })
})

describe('streams and clients', () => {
  async function stageWithStream(): Promise<ApiStage> {
    const stage = new ApiStage()
    const publisher = await stage.connect('publish')
    publisher.write(packetsOf('avc-aac-bframes.flv', 60))
    await settle()
    await stage.connect('play', { tcUrl: 'rtmp://origin.example/live', flashVer: 'LNX 9,0,124,2' })
    return stage
  }

  test('a virtual host', async () => {
    const stage = await stageWithStream()
    const answer = await stage.ask('/api/v1/vhosts/')
    expectSchema(answer.body, responses.Vhosts)
    const [vhost] = answer.body['vhosts'] as Json[]
    expect(missing(vhost, VHOST)).toEqual([])
    expect(missing(vhost!['kbps'], KBPS)).toEqual([])
    expect(vhost).toMatchObject({ name: '__defaultVhost__', enabled: true, clients: 2, streams: 1 })
    expect(vhost!['hls']).toEqual({ enabled: true })
    const one = await stage.ask(`/api/v1/vhosts/${String(vhost!['id'])}`)
    expectSchema(one.body, responses.OneVhost)
    expect(one.body['vhost']).toMatchObject({ id: vhost!['id'], name: vhost!['name'] })
  })

  test('a stream', async () => {
    const stage = await stageWithStream()
    const answer = await stage.ask('/api/v1/streams/')
    expectSchema(answer.body, responses.Streams)
    const [stream] = answer.body['streams'] as Json[]
    expect(missing(stream, STREAM)).toEqual([])
    for (const [name, members] of Object.entries({
      kbps: KBPS,
      publish: PUBLISH,
      video: VIDEO,
      audio: AUDIO,
    })) {
      expect(missing(stream![name], members)).toEqual([])
    }
    const [publisher] = await stage.list('clients')
    expect(stream).toMatchObject({
      id: expect.stringMatching(/^vid-[a-z0-9]{10}$/),
      name: 'show',
      app: 'live',
      tcUrl: 'rtmp://origin.example/live',
      url: '/live/show',
      clients: 2,
      players: 1,
      publish: { active: true, cid: publisher!['id'] },
      video: {
        codec: 'H264',
        profile: 'Main',
        level: expect.stringMatching(/^\d\.\d$/),
        width: 320,
        height: 180,
      },
      audio: { codec: 'AAC', sample_rate: 48_000, channel: 2, profile: 'LC' },
    })
    expect(stream!['recv_bytes']).toBeGreaterThan(1_000)
    expect(stream!['send_bytes']).toBeGreaterThan(1_000)
    expect(stream!['frames']).toBeGreaterThan(10)
    expect((stream!['live_ms'] as number) / Date.now()).toBeCloseTo(1, 3)
    const one = await stage.ask(`/api/v1/streams/${String(stream!['id'])}`)
    expectSchema(one.body, responses.OneStream)
    expect(one.body['stream']).toMatchObject({ id: stream!['id'], url: '/live/show' })
  })

  test('a publisher and a player', async () => {
    const stage = await stageWithStream()
    const answer = await stage.ask('/api/v1/clients/')
    expectSchema(answer.body, responses.Clients)
    const [publisher, player] = answer.body['clients'] as Json[]
    for (const client of [publisher, player]) {
      expect(missing(client, CLIENT)).toEqual([])
      expect(missing(client!['kbps'], KBPS)).toEqual([])
    }
    expect(publisher).toMatchObject({
      ip: '192.0.2.7',
      type: 'fmle-publish',
      publish: true,
      name: 'show',
      url: '/live/show',
      tcUrl: 'rtmp://origin.example/live',
      lag_ms: null,
      state: null,
    })
    expect(player).toMatchObject({
      type: 'rtmp-play',
      publish: false,
      agent: 'LNX 9,0,124,2',
      state: 'playing',
      lag_ms: 0,
      skips: 0,
      stream: publisher!['stream'],
    })
    expect(player!['send_bytes']).toBeGreaterThan(1_000)
    expect(publisher!['recv_bytes']).toBeGreaterThan(1_000)
    const one = await stage.ask(`/api/v1/clients/${String(player!['id'])}`)
    expectSchema(one.body, responses.OneClient)
    expect(one.body['client']).toMatchObject({ id: player!['id'] })
  })

  test('secrets of a tcUrl, of a page and of a stream key are in no answer', async () => {
    const stage = new ApiStage(
      {},
      {
        authorize: ({ action }) => ({
          type: 'accept',
          ...(action === 'publish' ? { streamPath: '/live/public' } : {}),
        }),
      },
    )
    await stage.connect('publish', { streamName: 'k3y-of-mine' })
    await stage.connect('play', {
      streamName: 'public',
      connectProperties: { pageUrl: 'https://page.example/watch?session=s3cret#here' },
    })
    const texts = await Promise.all(
      ['streams', 'clients', 'vhosts', 'summaries'].map(
        async (path) => (await stage.ask(`/api/v1/${path}`)).text,
      ),
    )
    texts.push((await stage.ask('/metrics')).text)
    expect(texts.join('')).toContain('/live/public')
    expect(texts.join('')).not.toMatch(/s3cret|k3y-of-mine/)
    expect(await stage.list('clients')).toMatchObject([
      { name: 'public' },
      { name: 'public', pageUrl: 'https://page.example/watch' },
    ])
  })

  test('a stream that is published again has its id again; ids of clients are new', async () => {
    const stage = new ApiStage({}, { graceMs: 0 })
    const first = stage.hub.publish('/live/show')
    const [before] = await stage.list('streams')
    const [clientBefore] = await stage.list('clients')
    const over = new Promise((resolve) => stage.hub.once('close', resolve))
    first.unpublish()
    await over
    expect(await stage.list('streams')).toEqual([])
    stage.hub.publish('/live/show')
    expect((await stage.list('streams'))[0]!['id']).toBe(before!['id'])
    const [clientAfter] = await stage.list('clients')
    expect(clientAfter).toMatchObject({ type: 'internal-publish', id: expect.stringMatching(/^[\w-]{12}$/) })
    expect(clientAfter!['id']).not.toBe(clientBefore!['id'])
    expect((await stage.list('streams'))[0]!['publish']).toEqual({ active: true, cid: clientAfter!['id'] })
  })

  test('codecs that SRS has no name for, and streams without one of both', async () => {
    const stage = new ApiStage()
    const send = (path: `/${string}`, clip: Parameters<typeof packetsOf>[0]): void => {
      const publisher = stage.hub.publish(path)
      for (const packet of packetsOf(clip, 60)) publisher.write(packet)
    }
    send('/a/av1', 'av1-opus.ertmp.flv')
    send('/a/vp9', 'vp9-opus.ertmp.flv')
    send('/a/hevc', 'hevc-aac.ertmp.flv')
    send('/a/flac', 'avc-flac.ertmp.flv')
    send('/a/audio', 'audio-only-aac.flv')
    stage.hub.publish('/a/nothing')
    const answer = await stage.ask('/api/v1/streams')
    expectSchema(answer.body, responses.Streams)
    const streams = answer.body['streams'] as { video: Json | null; audio: Json | null }[]
    expect(streams.map(({ video, audio }) => [video?.['codec'], audio?.['codec']])).toEqual([
      ['AV1', 'Opus'],
      ['VP9', 'Opus'],
      ['HEVC', 'AAC'],
      ['H264', 'FLAC'],
      [undefined, 'AAC'],
      [undefined, undefined],
    ])
  })
})
