import { createServer, type AddressInfo, connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { RtmpClient } from 'millrace/node'
import { expect, onTestFinished, vi } from 'vitest'
import { ROOT } from '../../support/project.ts'
import { TLS } from '../../support/tls.ts'
import { flood, publish, publishClip } from '../driving.ts'
import { startWith, type TestServer } from '../running.ts'
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

/** A server whose RTMP port has `keys`. */
async function withRtmp(keys: string): Promise<TestServer> {
  return await startWith(`rtmp: { port: 0, host: 127.0.0.1, ${keys} }`)
}

/** A socket that says no more than `bytes`. */
function silentPeer({ rtmpUrl }: TestServer, bytes: Uint8Array = new Uint8Array(0)): Socket {
  const socket = connect(Number(new URL(rtmpUrl).port), '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(bytes)
  socket.resume()
  onTestFinished(() => void socket.destroy())
  return socket
}

async function closesWith(server: TestServer, code: string): Promise<void> {
  await vi.waitFor(() => expect(server.lines.join()).toContain(`closed, ${code}`))
}

async function stopsAnswering(): Promise<void> {
  const server = await withRtmp('pingIntervalMs: 50, pingTimeoutMs: 50')
  await publishClip(server)
  const stream = silentPeer(server)
  const client = await RtmpClient.play(`${server.rtmpUrl}/live/show`, { stream })
  onTestFinished(() => client.close())
  let writes = 0
  const write = stream.write.bind(stream) as (bytes: Uint8Array) => boolean
  stream.write = (bytes: unknown) => {
    writes++
    return write(bytes as Uint8Array)
  }
  // It answers, and its connection stays.
  await vi.waitFor(() => expect(writes).toBeGreaterThan(2))
  expect(server.lines.join()).not.toContain('ERR_RTMP_PING_TIMEOUT')
  stream.write = () => true
  await closesWith(server, 'ERR_RTMP_PING_TIMEOUT')
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
  async handshakeTimeoutMs() {
    const server = await withRtmp('handshakeTimeoutMs: 100')
    silentPeer(server)
    await closesWith(server, 'ERR_RTMP_HANDSHAKE_TIMEOUT')
  },
  async commandTimeoutMs() {
    const server = await withRtmp('commandTimeoutMs: 100')
    // C0: version 3; C1 and C2: 1536 bytes each, of the simple handshake
    silentPeer(server, Buffer.concat([Buffer.of(3), Buffer.alloc(2 * 1536)]))
    await closesWith(server, 'ERR_RTMP_COMMAND_TIMEOUT')
  },
  async firstMediaTimeoutMs() {
    const server = await withRtmp('firstMediaTimeoutMs: 100, mediaTimeoutMs: 0')
    await publish(server, '/live/show')
    await closesWith(server, 'ERR_RTMP_MEDIA_TIMEOUT')
  },
  async mediaTimeoutMs() {
    const server = await withRtmp('firstMediaTimeoutMs: 0, mediaTimeoutMs: 100')
    await publish(server, '/live/quiet')
    await publishClip(server)
    await closesWith(server, 'ERR_RTMP_MEDIA_TIMEOUT')
    // The one that has sent nothing yet has another time.
    expect(server.hub.source('/live/quiet')?.publisher).toBeDefined()
  },
  pingIntervalMs: stopsAnswering,
  pingTimeoutMs: stopsAnswering,
  async stallTimeoutMs() {
    const server = await withRtmp('stallTimeoutMs: 1000')
    const publisher = await publishClip(server)
    const stream = connect(Number(new URL(server.rtmpUrl).port), '127.0.0.1')
    const client = await RtmpClient.play(`${server.rtmpUrl}/live/show`, { stream })
    onTestFinished(() => client.close())
    stream.resume = () => stream
    stream.pause()
    await flood(publisher, () => server.lines.join().includes('ERR_RTMP_STALLED'))
    await closesWith(server, 'ERR_RTMP_STALLED')
  },
  'tls.cert': speaksTls,
  'tls.key': speaksTls,
})
