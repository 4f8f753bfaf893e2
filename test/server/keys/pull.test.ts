import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, vi } from 'vitest'
import { readClip } from '../../support/clips.ts'
import { publishClip } from '../driving.ts'
import { startWith, type TestServer } from '../running.ts'
import { tryKeys } from './try-keys.ts'

async function logs(server: TestServer, pattern: RegExp): Promise<void> {
  await vi.waitFor(() => expect(server.lines.join('\n')).toMatch(pattern), 5_000)
}

/** An HTTP server that sends the beginning of a stream and then nothing, or nothing at all. */
async function startHttp(bytes: Uint8Array | undefined): Promise<string> {
  const server = createServer((_request, response) => {
    if (bytes !== undefined) response.write(bytes)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/live/show.flv?token=s3cret`
}

async function isPulled(): Promise<void> {
  const origin = await startWith('')
  await publishClip(origin)
  const server = await startWith(`
pull:
  - { url: '${origin.rtmpUrl}/live/show', stream: /rtmp/show }
  - { url: '${origin.httpUrl}/live/show.flv', stream: /http/show }
`)
  await vi.waitFor(() =>
    expect(Array.from(server.hub.sources, ({ streamPath }) => streamPath).toSorted()).toEqual([
      '/http/show',
      '/rtmp/show',
    ]),
  )
  await logs(server, /pull \/rtmp\/show from rtmp:\/\/127\.0\.0\.1:\d+\/live\/\*\*\*$/m)
  // Streams that stay continue, what is gone is gone.
  server.edit(`pull: [{ url: '${origin.rtmpUrl}/live/show', stream: /rtmp/show }]`)
  await server.reload()
  await vi.waitFor(() => expect(server.hub.source('/http/show')?.publisher).toBeUndefined())
  expect(server.hub.source('/rtmp/show')!.stats()).toMatchObject({ live: true, publishCount: 1 })
}

tryKeys('pull', {
  '[].url': isPulled,
  '[].stream': isPulled,
  async '[].connectTimeoutMs'() {
    const url = await startHttp(undefined)
    await logs(
      await startWith(`pull: [{ url: '${url}', stream: /live/show, connectTimeoutMs: 30 }]`),
      /pull \/live\/show from http:\/\/127\.0\.0\.1:\d+\/live\/\*\*\*: the stream did not begin within 30 ms, retrying/,
    )
  },
  async '[].mediaTimeoutMs'() {
    const url = await startHttp(readClip('avc-aac-bframes.flv').subarray(0, 50_000))
    const server = await startWith(`pull: [{ url: '${url}', stream: /live/show, mediaTimeoutMs: 30 }]`)
    await logs(server, /nothing came within 30 ms/)
    expect(server.lines.join('\n')).not.toContain('s3cret')
  },
  async '[].retryMinMs'() {
    const yaml = `pull: [{ url: 'rtmp://127.0.0.1:1/live/show', stream: /live/show, retryMinMs: 20 }]`
    await logs(await startWith(yaml), /ECONNREFUSED 127\.0\.0\.1:1, retrying in 0\.0 s/)
  },
  async '[].retryMaxMs'() {
    const times = 'retryMinMs: 20, retryMaxMs: 30'
    const server = await startWith(
      `pull: [{ url: 'rtmp://127.0.0.1:1/live/show', stream: /live/show, ${times} }]`,
    )
    await vi.waitFor(() =>
      expect(server.lines.filter((line) => line.includes('ECONNREFUSED')).length).toBeGreaterThan(8),
    )
  },
})
