import { createServer, type AddressInfo, connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { RtmpClient } from 'millrace/node'
import { expect, onTestFinished, vi } from 'vitest'
import { ROOT } from '../../support/project.ts'
import { TLS } from '../../support/tls.ts'
import { publish } from '../driving.ts'
import { startWith } from '../running.ts'
import { tryKeys } from './try-keys.ts'

const CERT = join(ROOT, 'test/support/tls/certificate.pem')
const KEY = join(ROOT, 'test/support/tls/key.pem')

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function speaksTls(): Promise<void> {
  const server = await startWith(`rtmp: { port: 0, host: 127.0.0.1, tls: { cert: ${CERT}, key: ${KEY} } }`)
  expect(server.rtmpUrl).toMatch(/^rtmps:/)
  await publish(server, '/live/show', { tls: { ca: TLS.cert } })
  expect(server.hub.source('/live/show')).toBeDefined()
}

tryKeys('rtmp', {
  async port() {
    const port = await freePort()
    expect((await startWith(`rtmp: { port: ${port}, host: 127.0.0.1 }`)).rtmpUrl).toBe(
      `rtmp://127.0.0.1:${port}`,
    )
  },
  async host() {
    expect((await startWith('rtmp: { port: 0, host: 127.0.0.2 }')).rtmpUrl).toMatch(/^rtmp:\/\/127\.0\.0\.2:/)
  },
  async proxyProtocol() {
    const server = await startWith('rtmp: { port: 0, host: 127.0.0.1, proxyProtocol: true }')
    const stream = connect(Number(new URL(server.rtmpUrl).port), '127.0.0.1')
    // HAProxy "The PROXY protocol" §2.1
    stream.write('PROXY TCP4 192.0.2.7 198.51.100.1 56324 1935\r\n')
    const client = await RtmpClient.publish(`${server.rtmpUrl}/live/show`, { stream })
    onTestFinished(() => client.close())
    expect(server.lines.join()).toContain('from 192.0.2.7')
  },
  async maxConnections() {
    const server = await startWith('rtmp: { port: 0, host: 127.0.0.1, maxConnections: 1 }')
    await publish(server, '/live/a')
    await expect(publish(server, '/live/b')).rejects.toThrow(/closed|ended|ECONNRESET/)
    await vi.waitFor(() => expect(server.hub.stats().sources).toBe(1))
  },
  'tls.cert': speaksTls,
  'tls.key': speaksTls,
})
