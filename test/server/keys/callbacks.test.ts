import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { verifyCallback } from 'millrace/services/callbacks'
import { expect, onTestFinished, vi } from 'vitest'
import { Backend } from '../../services/callbacks/backend.ts'
import { TLS } from '../../support/tls.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { CLIP, NO_WAIT, play, publish, publishClip, status } from '../driving.ts'
import { startWith, type TestServer } from '../running.ts'
import { tryKeys } from './try-keys.ts'

/** A server that calls `backend` for `action`, and what else its section says. */
async function calling(backend: Backend, action: string, more = ''): Promise<TestServer> {
  return await startWith(`${NO_WAIT}
hls: { mode: always, targetDurationMs: 2000 }
callbacks: { urls: { ${action}: '${backend.url}/hook' } ${more} }
`)
}

/** Everything that can happen to a stream, with a backend for `action` alone. */
async function isCalled(action: string): Promise<void> {
  const backend = await Backend.start()
  const server = await calling(backend, action)
  const client = await publishClip(server)
  const player = await play(server, '/live/show')
  await player.close()
  await client.close()
  await vi.waitFor(() => expect(backend.calls.length).toBeGreaterThan(0))
  expect(new Set(backend.actions)).toEqual(new Set([action]))
}

/** News that the backend leaves open. */
async function unanswered(more: string, pattern: RegExp): Promise<TestServer> {
  const backend = await Backend.start()
  backend.hold()
  const server = await calling(backend, 'on_unpublish', more)
  await (await publish(server, '/live/show')).close()
  await vi.waitFor(() => expect(server.lines.join('\n')).toMatch(pattern))
  return server
}

tryKeys('callbacks', {
  'urls.on_connect': () => isCalled('on_connect'),
  'urls.on_close': () => isCalled('on_close'),
  'urls.on_publish': () => isCalled('on_publish'),
  'urls.on_unpublish': () => isCalled('on_unpublish'),
  'urls.on_play': () => isCalled('on_play'),
  'urls.on_stop': () => isCalled('on_stop'),
  'urls.on_hls': () => isCalled('on_hls'),
  async 'urls.on_dvr'() {
    const backend = await Backend.start()
    const server = await startWith(`
record: { directory: ${await tempFolder()} }
callbacks: { urls: { on_dvr: '${backend.url}/hook' } }
`)
    await (await publishClip(server)).close()
    await vi.waitFor(() => expect(backend.actions).toEqual(['on_dvr']))
  },
  'urls.on_forward': () => isCalled('on_forward'),
  async 'urls.on_hls_notify'() {
    const backend = await Backend.start()
    const server = await startWith(`
hls: { mode: always, targetDurationMs: 2000 }
callbacks: { urls: { on_hls_notify: '${backend.url}/[app]/[stream]' } }
`)
    await publishClip(server)
    await vi.waitFor(() => expect(backend.calls[0]).toMatchObject({ method: 'GET', target: '/live/show' }))
  },
  async onConnectAt() {
    const backend = await Backend.start()
    await publish(await calling(backend, 'on_connect', ', onConnectAt: stream'), '/live/show?token=t')
    expect(backend.calls[0]!.body).toMatchObject({ stream: 'show', param: '?token=t' })
    await publish(await calling(backend, 'on_connect'), '/live/show?token=t')
    expect(backend.calls[1]!.body).toMatchObject({ stream: '', param: '' })
  },
  async ca() {
    const server = createServer(TLS, (_, response) => response.end('0')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const url = `https://localhost:${(server.address() as AddressInfo).port}/`
    const file = `${await tempFolder()}/ca.pem`
    const yaml = `callbacks: { ca: ${file}, urls: { on_publish: '${url}' } }`
    await expect(startWith(yaml)).rejects.toThrow('callbacks.ca: ENOENT')
    await writeFile(file, TLS.cert)
    await publish(await startWith(yaml), '/live/show')
  },
  async secret() {
    const backend = await Backend.start()
    await publish(await calling(backend, 'on_publish', ', secret: shared'), '/live/show')
    const [{ headers, text: body }] = backend.calls as [Backend['calls'][0]]
    const signature = String(headers['x-millrace-signature'])
    expect(verifyCallback({ secret: 'shared', body, signature })).toBe(true)
    expect(verifyCallback({ secret: 'other', body, signature })).toBe(false)
  },
  async headers() {
    const backend = await Backend.start()
    await publish(
      await calling(backend, 'on_publish', ', headers: { Authorization: Bearer b4ckend }'),
      '/live/show',
    )
    expect(backend.calls[0]!.headers.authorization).toBe('Bearer b4ckend')
  },
  async whenUnavailable() {
    const yaml = (value: string): string =>
      `callbacks: { whenUnavailable: ${value}, urls: { on_publish: 'http://127.0.0.1:1/' } }`
    await expect(publish(await startWith(yaml('reject')), '/live/show')).rejects.toThrow(
      'the application cannot be reached',
    )
    await publish(await startWith(yaml('allow')), '/live/show')
  },
  async decisionTimeoutMs() {
    const backend = await Backend.start()
    backend.hold()
    const { httpUrl } = await calling(backend, 'on_play', ', decisionTimeoutMs: 20')
    expect(await status(`${httpUrl}/live/show.flv`)).toBe(403)
  },
  async notificationTimeoutMs() {
    await unanswered(', notificationTimeoutMs: 20', /callback on_unpublish failed, attempt 1/)
  },
  async maxAttempts() {
    const server = await unanswered(
      ', notificationTimeoutMs: 10, retryDelayMs: 1, maxAttempts: 2',
      /callback on_unpublish failed, attempt 2/,
    )
    expect(server.lines.join('\n')).not.toContain('attempt 3')
  },
  async retryDelayMs() {
    await unanswered(
      ', notificationTimeoutMs: 10, retryDelayMs: 1',
      /callback on_unpublish failed, attempt 3/,
    )
  },
  async hlsUrlPrefix() {
    const backend = await Backend.start()
    const server = await calling(backend, 'on_hls', ', hlsUrlPrefix: https://cdn.example.com/')
    const publisher = await publish(server, '/live/show')
    for (const packet of CLIP) publisher.write(packet)
    await vi.waitFor(() => expect(backend.calls.length).toBeGreaterThan(0))
    expect(backend.calls[0]!.body['url']).toMatch(/^https:\/\/cdn\.example\.com\/live\/show/)
  },
})
