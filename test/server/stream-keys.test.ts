/** A stream that is published by a secret key has one name outside, that of `publishKeys`. */
import { readdir } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'
import { Backend } from '../services/callbacks/backend.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { play, publish, publishClip } from './driving.ts'
import { startWith } from './running.ts'

/** The callbacks that are about a stream. */
const ABOUT_STREAMS = [
  'on_publish',
  'on_unpublish',
  'on_play',
  'on_stop',
  'on_forward',
  'on_hls',
  'on_dvr',
] as const

test('callbacks, API, metrics, page, log and files name the public stream alone', async () => {
  const backend = await Backend.start()
  backend.answer = (_, response) => void response.json({ code: 0, data: { urls: [] } })
  const folder = await tempFolder()
  const server = await startWith(`
publishKeys: [{ key: s3cret, stream: /shows/main }]
hls: { mode: always, targetDurationMs: 2000 }
record: { directory: ${folder} }
api: { authentication: none }
metrics: { authentication: none }
callbacks:
  urls:
${ABOUT_STREAMS.map((action) => `    ${action}: '${backend.url}/${action}'`).join('\n')}
    on_hls_notify: '${backend.url}/n?app=[app]&stream=[stream]&ts=[ts_url]&param=[param]'
`)
  const { httpUrl } = server
  const client = await publishClip(server, '/live/s3cret?t=1', '/shows/main')
  const player = await play(server, '/shows/main')
  const texts = await Promise.all(
    ['/api/v1/streams/', '/api/v1/clients/', '/metrics', '/page/status'].map(
      async (path) => await (await fetch(httpUrl + path)).text(),
    ),
  )
  const { streams } = JSON.parse(texts[0]!) as { streams: { id: string; url: string }[] }
  expect(streams).toMatchObject([{ url: '/shows/main' }])
  await player.close()
  await client.close()
  const told = (): Set<unknown> => new Set(backend.actions)
  await vi.waitFor(() => expect(told()).toEqual(new Set([...ABOUT_STREAMS, undefined])), { timeout: 5_000 })

  const bodies = backend.calls.filter(({ method }) => method === 'POST').map(({ body }) => body)
  for (const body of bodies) {
    const tcUrl = expect.stringMatching(/\/shows$/) as string
    expect(body).toMatchObject({ app: 'shows', stream: 'main', tcUrl })
  }
  const named = bodies.filter(({ action }) => action !== 'on_forward')
  for (const body of named)
    expect(body).toMatchObject({ stream_url: '/shows/main', stream_id: streams[0]!.id })
  for (const { target } of backend.calls.filter(({ method }) => method === 'GET')) {
    expect(target).toMatch(/^\/n\?app=shows&stream=main&ts=shows\/main\/\d+\.ts&param=\?t=1$/)
  }
  const files = await readdir(folder, { recursive: true })
  const everything = [
    ...texts,
    ...server.lines,
    ...files,
    ...backend.calls.map(({ text, target }) => text + target),
  ]
  expect(everything.filter((text) => text.includes('s3cret'))).toEqual([])
})

test('a key in the application or its query is in no line of the log', async () => {
  const server = await startWith('publishKeys: [{ key: k-1, stream: /live/show }]')
  for (const app of ['/live/s3cret', '/live?token=s3cret']) {
    await expect(publish(server, `${app}/show`)).rejects.toThrow('unknown stream key')
    await (await publish(server, `${app}/k-1`)).close()
    await vi.waitFor(() => expect(server.hub.source('/live/show')?.publisher).toBeUndefined())
  }
  await vi.waitFor(() => expect(server.lines.filter((line) => line.includes(' closed'))).toHaveLength(4))
  expect(server.lines.filter((line) => /s3cret|k-1/.test(line))).toEqual([])
  const lines = server.lines.join('\n')
  expect(lines).toMatch(/connects to live with/)
  expect(lines).toContain('publish /live/… by rtmp from 127.0.0.1: refused, unknown stream key')
  expect(lines).toContain('publish /live/show by rtmp from 127.0.0.1: allowed')
})
