import { getEventListeners } from 'node:events'
import { demuxFlv } from 'millrace/flv'
import { type AccessRequest, redirect, reject } from 'millrace/hub'
import { LiveHandler, type LiveHandlerOptions } from 'millrace/node'
import { expect, it } from 'vitest'
import { settle, Stage } from './http-harness.ts'

const SHOW = 'http://example.com/live/show.flv'

function open(stage: Stage, options: Partial<LiveHandlerOptions> = {}): LiveHandler {
  return new LiveHandler({ hub: stage.hub, clock: stage.clock, ...options })
}

/** Reads all that is there. @returns the bytes, and whether the stream has ended. */
async function drain(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<{ bytes: Buffer; done: boolean }> {
  const parts: Uint8Array[] = []
  for (;;) {
    const next = await Promise.race([reader.read(), settle(5)])
    if (next === undefined) return { bytes: Buffer.concat(parts), done: false }
    if (next.done) return { bytes: Buffer.concat(parts), done: true }
    parts.push(next.value)
  }
}

it('streams what is published', async () => {
  const asked: AccessRequest[] = []
  const stage = new Stage({ authorize: (request) => asked.push(request) > 0 })
  const encoder = stage.publish()
  const request = new Request(`${SHOW}?token=7`, { headers: { Referer: 'http://page.example/' } })
  const answer = (await open(stage).fetch(request, '192.0.2.7'))!
  expect(answer.status).toBe(200)
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'video/x-flv',
    'cache-control': 'no-store',
    'access-control-allow-origin': '*',
  })
  expect(asked[0]).toMatchObject({
    protocol: 'http-flv',
    streamPath: '/live/show',
    vhost: 'example.com',
    query: { token: '7' },
    remoteAddress: '192.0.2.7',
    secure: false,
    pageUrl: 'http://page.example/',
  })
  encoder.send(20)
  stage.hub.close()
  const bytes = new Uint8Array(await answer.arrayBuffer())
  expect(demuxFlv(bytes).length).toBeGreaterThan(115)
})

it('answers what has no stream', async () => {
  const stage = new Stage({
    authorize: ({ streamName }) =>
      streamName === 'secret'
        ? reject('no')
        : streamName === 'moved'
          ? redirect('http://b/live/moved.flv')
          : true,
  })
  stage.publish()
  const live = open(stage, { maxViewers: 1 })
  const statusOf = async (path: string, method = 'GET'): Promise<number | undefined> =>
    (await live.fetch(new Request(`http://example.com${path}`, { method })))?.status
  expect(await statusOf('/live/secret.flv')).toBe(403)
  expect(await statusOf('/live/moved.flv')).toBe(302)
  expect(await statusOf('/live/nobody.flv')).toBe(404)
  expect(await statusOf('/live/%zz.flv')).toBe(400)
  expect(await statusOf('/live/%zz.html')).toBe(undefined)
  expect(await statusOf('/live/show.html')).toBe(undefined)
  expect(await statusOf('/live/show.flv', 'POST')).toBe(405)
  expect(await statusOf('/live/show.flv', 'OPTIONS')).toBe(204)
  expect(await statusOf('/live/show.flv', 'HEAD')).toBe(200)
  expect(live.viewerCount).toBe(0)
  expect(await statusOf('/live/show.flv')).toBe(200)
  expect(await statusOf('/live/show.flv')).toBe(503)
})

it('a reader that does not read holds its budget and nothing more, and goes on when it reads again', async () => {
  const stage = new Stage()
  const encoder = stage.publish('/live/show', 10)
  const answer = (await open(stage, { player: { sinkBudgetBytes: 20_000 } }).fetch(new Request(SHOW)))!
  encoder.send(60)
  const player = stage.hub.source('/live/show')!.playerStats()[0]!
  expect(player.queuedBytes).toBeGreaterThanOrEqual(20_000)
  expect(player.queuedBytes).toBeLessThan(30_000)
  expect(player.lagMs).toBeGreaterThan(0)

  const reader = answer.body!.getReader()
  const { bytes } = await drain(reader)
  expect(demuxFlv(new Uint8Array(bytes)).length).toBe(70)
  expect(stage.hub.source('/live/show')!.playerStats()[0]).toMatchObject({
    queuedBytes: 0,
    lagMs: 0,
    skips: 0,
  })
  encoder.send(10)
  expect((await drain(reader)).bytes.length).toBeGreaterThan(0)
})

it('ends with its source, and with close()', async () => {
  const stage = new Stage()
  stage.publish('/live/one')
  stage.publish('/live/two')
  const live = open(stage)
  const [one, two] = await Promise.all(
    ['one', 'two'].map(async (name) =>
      (await live.fetch(new Request(`http://a/live/${name}.flv`)))!.body!.getReader(),
    ),
  )
  stage.hub.source('/live/one')!.close()
  expect((await drain(one!)).done).toBe(true)
  expect((await drain(two!)).done).toBe(false)
  live.close()
  expect((await drain(two!)).done).toBe(true)
  expect(live.viewerCount).toBe(0)
  expect(stage.hub.stats().players).toBe(0)
})

it('detaches when its reader cancels, and leaves no listener at the signal', async () => {
  const stage = new Stage()
  stage.publish()
  const live = open(stage)
  const request = new Request(SHOW)
  // Node keeps listeners of its own at the signal of a Request.
  const before = getEventListeners(request.signal, 'abort').length
  const answer = (await live.fetch(request))!
  expect(stage.hub.stats().players).toBe(1)
  await answer.body!.cancel()
  expect(stage.hub.stats().players).toBe(0)
  expect(live.viewerCount).toBe(0)
  expect(getEventListeners(request.signal, 'abort').length).toBe(before)
  stage.hub.close()
  expect(stage.clock.pending).toBe(0)
})

it('detaches when its request is aborted, whether the body is read or not', async () => {
  const stage = new Stage()
  stage.publish()
  const live = open(stage)
  const gone = new AbortController()
  const request = new Request(SHOW, { signal: gone.signal })
  const answer = (await live.fetch(request))!
  const reader = answer.body!.getReader()
  await reader.read()
  gone.abort()
  expect(stage.hub.stats().players).toBe(0)
  await expect(reader.read()).rejects.toThrow('aborted')
  expect(live.viewerCount).toBe(0)
})

it('a request that is aborted while it waits costs nothing', async () => {
  const stage = new Stage({ publisherWaitMs: 3_000 })
  const live = open(stage)
  const gone = new AbortController()
  const waiting = live.fetch(new Request(SHOW, { signal: gone.signal }))
  await settle(2)
  expect(live.viewerCount).toBe(1)
  gone.abort()
  expect((await waiting)!.status).toBe(499)
  expect(live.viewerCount).toBe(0)
  expect(stage.hub.stats().waiting).toBe(0)

  const late = new AbortController()
  late.abort()
  expect((await live.fetch(new Request(SHOW, { signal: late.signal })))!.status).toBe(499)
})

it('a body that nobody reads is given up after the timeout', async () => {
  const stage = new Stage()
  stage.publish()
  const live = open(stage, { stallTimeoutMs: 10_000 })
  const answer = (await live.fetch(new Request(SHOW)))!
  stage.clock.advance(9_000)
  expect(live.viewerCount).toBe(1)
  stage.clock.advance(12_000)
  expect(live.viewerCount).toBe(0)
  expect(stage.hub.stats().players).toBe(0)
  await expect(answer.arrayBuffer()).rejects.toThrow('stalled')
})
