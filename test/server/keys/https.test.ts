import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { join } from 'node:path'
import { expect } from 'vitest'
import { ROOT } from '../../support/project.ts'
import { TLS } from '../../support/tls.ts'
import { publishClip, status } from '../driving.ts'
import { startWith, type TestServer } from '../running.ts'
import { tryKeys } from './try-keys.ts'

const FILES = `tls: { cert: ${join(ROOT, 'test/support/tls/certificate.pem')}, key: ${join(ROOT, 'test/support/tls/key.pem')} }`

async function withHttps(keys: string): Promise<TestServer> {
  return await startWith(
    `https: { ${keys}, ${FILES} }\nhls: { targetDurationMs: 500, firstSegmentWaitMs: 200 }`,
  )
}

async function secureStatus(url: string): Promise<number> {
  const [response] = (await once(get(url, { ca: TLS.cert, agent: false }), 'response')) as [IncomingMessage]
  response.destroy()
  return response.statusCode!
}

/** Both ports have everything. */
async function speaksTls(): Promise<void> {
  const server = await withHttps('port: 0, host: 127.0.0.1')
  const { httpUrl, httpsUrl } = server
  await publishClip(server)
  for (const path of ['/', '/live/show.flv', '/live/show.m3u8', '/metrics']) {
    expect(await status(`${httpUrl}${path}`)).toBe(200)
    expect(await secureStatus(`${httpsUrl}${path}`)).toBe(200)
  }
}

tryKeys('https', {
  async port() {
    const first = await withHttps('port: 0, host: 127.0.0.1')
    const { port } = new URL(first.httpsUrl!)
    await first.close()
    expect((await withHttps(`port: ${port}, host: 127.0.0.1`)).httpsUrl).toBe(`https://127.0.0.1:${port}`)
  },
  async host() {
    const { httpsUrl } = await withHttps('port: 0, host: 127.0.0.2')
    expect(httpsUrl).toMatch(/^https:\/\/127\.0\.0\.2:/)
  },
  'tls.cert': speaksTls,
  'tls.key': speaksTls,
})
