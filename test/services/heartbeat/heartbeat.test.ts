import { Hub, VirtualClock } from 'millrace/hub'
import { Heartbeat, type HeartbeatOptions } from 'millrace/services/heartbeat'
import { ServerIdentity } from 'millrace/services/identity'
import { Statistics } from 'millrace/services/statistics'
import { expect, it, onTestFinished } from 'vitest'
import { Backend, until } from '../callbacks/backend.ts'

const identity = new ServerIdentity({ serverId: 'vid-k21d7y2' })
const who = { server: 'vid-k21d7y2', service: identity.serviceId, pid: String(process.pid) }

async function world(options: Partial<HeartbeatOptions> = {}) {
  const backend = await Backend.start()
  const clock = new VirtualClock()
  const statistics = new Statistics({ hub: new Hub({}, clock), identity, clock })
  const news: string[] = []
  const start = (): Heartbeat => {
    const heartbeat = new Heartbeat({ url: `${backend.url}/servers`, statistics, clock, ...options })
    heartbeat.on('failure', (error) => news.push((error as { code?: string }).code ?? error.message))
    heartbeat.on('recover', () => news.push('recover'))
    onTestFinished(() => heartbeat.close())
    return heartbeat
  }
  onTestFinished(() => statistics.close())
  const heard = (count: number): Promise<void> =>
    until(
      () => news.length === count,
      () => `${count} pieces of news`,
    )
  return { backend, clock, news, start, heard }
}

it('tells who is there, at once and at intervals', async () => {
  const { backend, clock, news, start, heard } = await world({ deviceId: 'origin-1', ip: '192.0.2.1' })
  start()
  await heard(1)
  clock.advance(9_999)
  expect(backend.calls).toHaveLength(1)
  clock.advance(1)
  await backend.called(2)
  for (const { method, target, body } of backend.calls) {
    expect([method, target]).toEqual(['POST', '/servers'])
    expect(body).toEqual({ device_id: 'origin-1', ip: '192.0.2.1', ...who })
  }
  expect(news).toEqual(['recover'])
})

it('with summaries and ports, and an address of this machine', async () => {
  const { backend, start } = await world({
    summaries: true,
    ports: { rtmp: [1935], http: [8080, 8081], api: [1985] },
  })
  start()
  const { body } = await backend.called(1)
  expect(body).toMatchObject({ ...who, device_id: '', rtmp: ['1935'], http: ['8080', '8081'], api: ['1985'] })
  expect(body['ip']).toEqual(expect.any(String))
  expect(body['summaries']).toMatchObject({ data: { ok: true, self: { pid: process.pid } } })
})

it('goes on when the backend is down, slow or does not know it', async () => {
  const { backend, clock, news, start, heard } = await world()
  const answers = [503, 0, 404, 204]
  backend.answer = (_, response) => {
    const status = answers.shift()!
    if (status > 0) response.status(status).send()
  }
  start()
  await heard(1)
  for (let i = 2; i <= 4; i++) {
    clock.advance(10_000)
    await backend.called(i)
    // Time for the answer is up for the one that is held.
    if (i === 2) clock.advance(10_000)
    await heard(i)
  }
  expect(news).toEqual(['ERR_CALLBACK_STATUS', 'ERR_CALLBACK_TIMEOUT', 'ERR_CALLBACK_STATUS', 'recover'])
})

it('tells no more once it is closed', async () => {
  const { backend, clock, start, heard } = await world()
  const heartbeat = start()
  await heard(1)
  const timers = clock.pending
  heartbeat.close()
  expect(clock.pending).toBe(timers - 1)
  clock.advance(60_000)
  expect(backend.calls).toHaveLength(1)
})

it.each([
  [{ url: 'ftp://a/' }, 'url'],
  [{ intervalMs: 0 }, 'intervalMs'],
  [{ ports: { rtmp: [0] } }, 'ports'],
])('%j is no option', async (options, name) => {
  const statistics = new Statistics({ hub: new Hub(), identity })
  onTestFinished(() => statistics.close())
  expect(() => new Heartbeat({ url: 'http://127.0.0.1:1/', statistics, ...options })).toThrow(
    new RegExp(`Heartbeat: .*${name}`, 's'),
  )
})
