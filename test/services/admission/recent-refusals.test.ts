import { accept, Hub, reject } from 'millrace/hub'
import { RecentRefusals } from 'millrace/services/admission'
import { HttpApi } from 'millrace/services/http-api'
import { MetricsHandler } from 'millrace/services/metrics'
import { Statistics } from 'millrace/services/statistics'
import { describe, expect, onTestFinished, test } from 'vitest'
import { responses } from '../../../src/services/http-api/responses.schema.ts'
import { World } from '../../node/memory-world.ts'
import { parsePrometheus } from '../metrics/prometheus-parser.ts'
import { never, request } from '../requests.ts'

/** A ring of `maxRefusals` whose clock goes on by 1 s with each refusal, and a hub that refuses for the reason in the query. */
function stage(maxRefusals = 3): { refusals: RecentRefusals; refuse: (given: object) => Promise<unknown> } {
  let nowMs = 0
  const refusals = new RecentRefusals({ maxRefusals, now: () => (nowMs += 1_000) })
  const hub = new Hub({ authorize: ({ query }) => reject(query['why'] ?? 'no') })
  refusals.watchHub(hub, 'a.test')
  return { refusals, refuse: (given) => hub.authorize(request(given), never) }
}

describe('a refusal', () => {
  test('says who, what and why, without what may be secret', async () => {
    const { refusals, refuse } = stage()
    await refuse({
      streamName: 'show',
      clientId: 'c-1',
      pageUrl: 'https://x.test/?token=1',
      query: { why: 'closed' },
    })
    await refuse({ action: 'publish', streamName: 's3cret', details: { flashVer: 'FMLE/3.0' } })
    const [publisher, player] = refusals.list()
    expect(player).toEqual({
      action: 'play',
      protocol: 'rtmp',
      vhost: 'a.test',
      app: 'live',
      streamPath: '/live/show',
      remoteAddress: '192.0.2.7',
      clientId: 'c-1',
      agent: '',
      pageUrl: 'https://x.test/',
      reason: 'closed',
      firstMs: 1_000,
      lastMs: 1_000,
      times: 1,
    })
    expect(publisher).toMatchObject({ action: 'publish', streamPath: '', agent: 'FMLE/3.0', reason: 'no' })
    expect(JSON.stringify(refusals.list())).not.toMatch(/s3cret|token/)
  })

  test('that comes again is one entry, the latest', async () => {
    const { refusals, refuse } = stage()
    await refuse({})
    await refuse({ remoteAddress: '192.0.2.9' })
    await refuse({ clientId: 'another-connection' })
    expect(
      refusals.list().map(({ times, firstMs, lastMs, clientId }) => [times, firstMs, lastMs, clientId]),
    ).toEqual([
      [2, 1_000, 3_000, 'another-connection'],
      [1, 2_000, 2_000, expect.any(String)],
    ])
    expect(refusals.total).toBe(3)
  })

  test('is forgotten beyond the bound, the oldest first', async () => {
    const { refusals, refuse } = stage(3)
    for (const why of ['a', 'b', 'c']) await refuse({ query: { why } })
    expect(refusals.list().map(({ reason }) => reason)).toEqual(['c', 'b', 'a'])
    await refuse({ query: { why: 'd' } })
    expect(refusals.list().map(({ reason }) => reason)).toEqual(['d', 'c', 'b'])
    expect(refusals.total).toBe(4)
  })

  test('of a peer that has much to say is cut', async () => {
    const { refusals, refuse } = stage()
    await refuse({ streamName: 'x'.repeat(60_000), details: { flashVer: 'y'.repeat(60_000) } })
    const { streamPath, agent } = refusals.list()[0]!
    expect([streamPath.length, agent.length]).toEqual([256, 256])
  })

  test('is kept no longer once nobody watches', async () => {
    const refusals = new RecentRefusals()
    const hub = new Hub({ authorize: () => false })
    const stop = refusals.watchHub(hub)
    stop()
    await hub.authorize(request(), never)
    expect(refusals.total).toBe(0)
  })
})

describe('of RTMP', () => {
  test('before the hub: by onConnect, without a virtual host; and behind its decision', async () => {
    const world = new World({
      hub: { publisherWaitMs: 0 },
      server: {
        hub: ({ vhost }) => (vhost === 'none.test' ? undefined : world.hub),
        onConnect: ({ app }) =>
          app === 'closed' ? { type: 'reject', reason: 'not this app' } : { type: 'accept' },
      },
    })
    const refusals = new RecentRefusals()
    refusals.watchHub(world.hub)
    refusals.watchRtmp(world.server, (vhost) => (vhost === 'none.test' ? undefined : 'known'))
    await world.publish('k-1', { app: 'closed', tcUrl: 'rtmp://host/closed' })
    await world.publish('k-1', { tcUrl: 'rtmp://none.test/live' })
    await world.publish('show')
    await world.publish('show')
    await world.play('nobody')
    await world.settle()
    expect(
      refusals
        .list()
        .map(({ action, vhost, app, streamPath, reason }) => [action, vhost, app, streamPath, reason]),
    ).toEqual([
      ['play', '__defaultVhost__', 'live', '/live/nobody', 'no such stream'],
      ['publish', '__defaultVhost__', 'live', '', 'the stream name is in use'],
      ['publish', 'none.test', 'live', '', 'no such virtual host'],
      ['connect', 'known', 'closed', '', 'not this app'],
    ])
    expect(refusals.list().every(({ clientId }) => clientId !== '')).toBe(true)
  })
})

test('are counted for Prometheus', async () => {
  const { refusals, refuse } = stage(1)
  for (const action of ['play', 'play', 'publish']) await refuse({ action })
  const statistics = new Statistics({ hub: new Hub() })
  onTestFinished(() => statistics.close())
  const families = parsePrometheus(
    new MetricsHandler({ statistics, refusals, srsNames: true, authentication: 'none' }).text(),
  )
  const counted = families.get('millrace_refusals_total')!.samples
  expect(counted.map(({ labels, value }) => [labels['action'], value])).toEqual([
    ['connect', 0],
    ['publish', 1],
    ['play', 2],
  ])
  expect(families.get('srs_clients_errs_total')!.samples[0]!.value).toBe(3)
})

describe('over the API', () => {
  test('page by page, the latest first', async () => {
    const { refusals, refuse } = stage(20)
    for (let i = 0; i < 12; i++) await refuse({ query: { why: `reason ${i}` } })
    const statistics = new Statistics({ hub: new Hub({ authorize: () => accept() }) })
    onTestFinished(() => statistics.close())
    const api = new HttpApi({ statistics, refusals, authentication: 'none' })
    const ask = async (query: string): Promise<(typeof responses.Refusals)['_output']> => {
      const answer = await api.fetch(new Request(`http://x/api/v1/refusals${query}`))
      return responses.Refusals.strict().parse(await answer!.json())
    }
    const first = await ask('')
    expect([first.total, first.refusals.length, first.refusals[0]!.reason]).toEqual([12, 10, 'reason 11'])
    expect((await ask('?start=10')).refusals.map(({ reason }) => reason)).toEqual(['reason 1', 'reason 0'])
    const without = new HttpApi({ statistics, authentication: 'none' })
    expect(await without.fetch(new Request('http://x/api/v1/refusals'))).toBeUndefined()
  })
})
