/** curl asks, ffmpeg publishes and plays, and both are sent away. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Hub } from 'millrace/hub'
import { LiveHandler, RtmpServer } from 'millrace/node'
import { HlsHandler } from 'millrace/packaging'
import { HttpApi } from 'millrace/services/http-api'
import { MetricsHandler } from 'millrace/services/metrics'
import { Statistics } from 'millrace/services/statistics'
import { expect, onTestFinished } from 'vitest'
import { parsePrometheus } from '../services/metrics/prometheus-parser.ts'
import { CLIENT, SRS_READERS, STREAM } from '../services/http-api/srs-fields.ts'
import { clipPath } from '../support/clips.ts'
import { run, start } from '../support/process.ts'
import { describeWithTool, itWithTool, requireTool } from '../support/tools.ts'

type Json = Record<string, unknown>

const CLIP = clipPath('avc-aac-bframes.flv')

/** A server with all doors and an API that `admin` may call. */
async function openDoors(): Promise<{ hub: Hub; rtmp: string; http: string; api: string }> {
  const hub = new Hub({ graceMs: 0, publisherWaitMs: 15_000 })
  const rtmp = new RtmpServer({ hub })
  const live = new LiveHandler({ hub })
  const hls = new HlsHandler({ hub, targetDurationMs: 1_000 })
  const statistics = new Statistics({ hub, rtmp, live, hls, sampleIntervalMs: 1_000 })
  const authentication = { username: 'admin', password: 'p:w' }
  const api = new HttpApi({ statistics, authentication })
  const metrics = new MetricsHandler({ statistics, authentication })
  const web = createServer((request, response) => {
    if (api.handle(request, response) || metrics.handle(request, response)) return
    if (!hls.handle(request, response) && !live.handle(request, response)) response.writeHead(404).end()
  })
  const { port } = await rtmp.listen({ port: 0, host: '127.0.0.1' })
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    statistics.close()
    await rtmp.close()
    live.close()
    await hls.close()
    hub.close()
    web.closeAllConnections()
    web.close()
  })
  const base = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
  return { hub, rtmp: `rtmp://127.0.0.1:${port}/live/show`, http: `${base}/live/show`, api: base }
}

/** What curl prints for `path`: the body, then the status. */
async function curl(url: string, ...options: string[]): Promise<{ status: number; body: string }> {
  const { stdout } = await run(requireTool('curl'), ['-sS', '-w', '\n%{http_code}', ...options, url])
  const [, body, status] = /^([\s\S]*)\n(\d+)$/.exec(stdout.toString())!
  return { status: Number(status), body: body! }
}

const USER = ['-u', 'admin:p:w']

async function list(api: string, name: 'streams' | 'clients'): Promise<Json[]> {
  const { body } = await curl(`${api}/api/v1/${name}/?count=100`, ...USER)
  return (JSON.parse(body) as Record<string, Json[]>)[name]!
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 100; tries++) {
    const value = await look()
    if (value !== undefined) return value
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('it did not come')
}

itWithTool('curl', 'curl asks with basic authentication, and is refused without', async () => {
  const { api } = await openDoors()
  expect((await curl(`${api}/api/v1/versions`)).status).toBe(401)
  expect((await curl(`${api}/api/v1/versions`, '-u', 'admin:p')).status).toBe(401)
  expect((await curl(`${api}/metrics`)).status).toBe(401)
  const { status, body } = await curl(`${api}/api/v1/versions`, ...USER)
  expect([status, (JSON.parse(body) as Json)['code']]).toEqual([200, 0])
  const any = await curl(`${api}/api/v1/summaries`, '--anyauth', ...USER)
  expect(any.status).toBe(200)
  const document = await curl(`${api}/api/v1/openapi.json`, ...USER)
  expect((await new Validator().validate(JSON.parse(document.body) as Json)).valid).toBe(true)
})

describeWithTool(['curl', 'ffmpeg'], 'ffmpeg publishes and plays', () => {
  itWithTool('ffmpeg', 'is seen over every door, and sent away', async () => {
    const { hub, rtmp, http, api } = await openDoors()
    const ffmpeg = requireTool('ffmpeg')
    const encode = ['-v', 'error', '-re', '-stream_loop', '-1', '-i', CLIP, '-c', 'copy', '-f', 'flv']
    const encoder = start(ffmpeg, [...encode, rtmp])
    const decode = (url: string): ReturnType<typeof start> =>
      start(ffmpeg, ['-v', 'error', '-i', url, '-f', 'null', '-'])
    const players = {
      'rtmp-play': decode(rtmp),
      'flv-play': decode(`${http}.flv`),
      'ts-play': decode(`${http}.ts`),
      'hls-play': decode(`${http}.m3u8`),
    }
    const types = ['fmle-publish', ...Object.keys(players)].toSorted()
    const clients = await until(async () => {
      const seen = await list(api, 'clients')
      const names = new Set(seen.map((client) => String(client['type'])))
      return types.every((type) => names.has(type)) ? seen : undefined
    })
    for (const client of clients) {
      expect(CLIENT.filter((name) => !(name in client))).toEqual([])
      expect(client).toMatchObject({ ip: '127.0.0.1', name: 'show', url: '/live/show' })
    }
    const of = (type: string): Json => clients.find((client) => client['type'] === type)!
    expect(of('fmle-publish')).toMatchObject({ publish: true, agent: expect.stringMatching(/^FMLE/) })
    expect(of('flv-play')).toMatchObject({ agent: expect.stringMatching(/^Lavf/), protocol: 'http-flv' })

    // The clip has some 250 kbit/s. Two seconds later the rates have come near to what it is.
    const [stream] = await until(async () => {
      const streams = await list(api, 'streams')
      return (streams[0]!['kbps'] as { recv_30s: number }).recv_30s > 50 ? streams : undefined
    })
    expect(STREAM.filter((name) => !(name in stream!))).toEqual([])
    expect(stream).toMatchObject({
      publish: { active: true, cid: of('fmle-publish')['id'] },
      video: { codec: 'H264', width: 320, height: 180 },
      audio: { codec: 'AAC', sample_rate: 48_000, channel: 2 },
    })

    // The rates of the machine need two samples.
    for (const [path, reader] of Object.entries(SRS_READERS)) {
      const { body } = await curl(`${api}/api/v1/${path}`, ...USER)
      expect([path, reader.safeParse(JSON.parse(body)).error?.issues ?? []]).toEqual([path, []])
    }

    const families = parsePrometheus((await curl(`${api}/metrics`, ...USER)).body)
    const protocols = families.get('millrace_clients')!.samples.map(({ labels }) => labels['protocol'])
    expect(protocols).toEqual(expect.arrayContaining(['hls', 'http-flv', 'http-ts', 'rtmp', 'rtmp']))

    for (const type of ['rtmp-play', 'flv-play', 'ts-play'] as const) {
      const kick = await curl(`${api}/api/v1/clients/${String(of(type)['id'])}`, '-X', 'DELETE', ...USER)
      expect([type, kick.status, (JSON.parse(kick.body) as Json)['code']]).toEqual([type, 200, 0])
      await players[type].exited
    }
    expect(hub.source('/live/show')!.playerCount).toBe(0)
    const path = `${api}/api/v1/streams/${String(stream!['id'])}/publisher`
    expect((await curl(path, '-X', 'DELETE', ...USER)).status).toBe(200)
    const { code } = await encoder.exited
    expect(code).not.toBe(0)
    await until(async () => ((await list(api, 'streams')).length === 0 ? true : undefined))
  })
})
