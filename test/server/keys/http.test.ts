import { get } from 'node:https'
import { get as getHttp, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { ROOT } from '../../support/project.ts'
import { TLS } from '../../support/tls.ts'
import { flood, NO_WAIT, publish, publishClip, status } from '../driving.ts'
import { startWith } from '../running.ts'
import { tryKeys } from './try-keys.ts'

const CERT = join(ROOT, 'test/support/tls/certificate.pem')
const KEY = join(ROOT, 'test/support/tls/key.pem')

async function speaksTls(): Promise<void> {
  const { httpUrl } = await startWith(
    `http: { port: 0, host: 127.0.0.1, tls: { cert: ${CERT}, key: ${KEY} } }`,
  )
  expect(httpUrl).toMatch(/^https:/)
  const [response] = (await once(get(httpUrl, { ca: TLS.cert }), 'response')) as [IncomingMessage]
  response.destroy()
  expect(response.statusCode).toBe(200)
}

tryKeys('http', {
  async enabled() {
    for (const off of ['false', '{ enabled: false }']) {
      const server = await startWith(`http: ${off}\noperator: { port: 0 }`)
      expect(server.httpUrl).toBe('')
      expect(await status(server.operatorUrl)).toBe(200)
      await publish(server, '/live/show')
      expect(server.hub.source('/live/show')).toBeDefined()
    }
  },
  async port() {
    const first = await startWith('')
    const { port } = new URL(first.httpUrl)
    await first.close()
    expect((await startWith(`http: { port: ${port}, host: 127.0.0.1 }`)).httpUrl).toBe(
      `http://127.0.0.1:${port}`,
    )
  },
  async host() {
    const { httpUrl } = await startWith('http: { port: 0, host: 127.0.0.2 }')
    expect(httpUrl).toMatch(/^http:\/\/127\.0\.0\.2:/)
    expect(await status(httpUrl)).toBe(200)
  },
  async trustProxy() {
    const yaml = (trustProxy: boolean): string => `${NO_WAIT}
http: { port: 0, host: 127.0.0.1, trustProxy: ${trustProxy} }
access: { addresses: [deny play 192.0.2.7] }
`
    const forwarded = { 'X-Forwarded-For': '192.0.2.7' }
    const [believes, ignores] = [await startWith(yaml(true)), await startWith(yaml(false))]
    expect(await status(`${believes.httpUrl}/live/show.flv`, forwarded)).toBe(403)
    expect(await status(`${ignores.httpUrl}/live/show.flv`, forwarded)).toBe(404)
  },
  async maxViewers() {
    const server = await startWith('http: { port: 0, host: 127.0.0.1, maxViewers: 1 }')
    await publishClip(server)
    const first = await fetch(`${server.httpUrl}/live/show.flv`)
    onTestFinished(() => first.body?.cancel())
    expect(first.status).toBe(200)
    expect(await status(`${server.httpUrl}/live/show.ts`)).toBe(503)
  },
  async stallTimeoutMs() {
    const server = await startWith('http: { port: 0, host: 127.0.0.1, stallTimeoutMs: 100 }')
    const publisher = await publishClip(server)
    const [response] = (await once(getHttp(`${server.httpUrl}/live/show.flv`), 'response')) as [
      IncomingMessage,
    ]
    onTestFinished(() => void response.destroy())
    const viewers = (): number => server.hub.source('/live/show')!.stats().players
    expect(viewers()).toBe(1)
    response.pause()
    await flood(publisher, () => viewers() === 0)
  },
  async cors() {
    const yaml = (cors: string): string => `${NO_WAIT}http: { port: 0, host: 127.0.0.1, cors: ${cors} }`
    const originOf = async (cors: string): Promise<string | null> => {
      const { httpUrl } = await startWith(yaml(cors))
      const response = await fetch(`${httpUrl}/live/show.m3u8`)
      return response.headers.get('access-control-allow-origin')
    }
    expect(await originOf('https://example.com')).toBe('https://example.com')
    expect(await originOf('false')).toBe(null)
  },
  'tls.cert': speaksTls,
  'tls.key': speaksTls,
})
