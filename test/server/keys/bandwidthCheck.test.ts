import { createConnection } from 'node:net'
import { RtmpClient } from 'millrace/node'
import { expect, onTestFinished, vi } from 'vitest'
import { join } from '../../support/bytes.ts'
import { C0C1C2, command } from '../../support/rtmp-bytes.ts'
import { status } from '../driving.ts'
import { startWith, type TestServer } from '../running.ts'
import { tryKeys } from './try-keys.ts'

async function withCheck(section: string): Promise<TestServer> {
  return await startWith(`bandwidthCheck: ${section}`)
}

async function downloaded({ httpUrl }: TestServer, query: string): Promise<number> {
  const response = await fetch(`${httpUrl}/bandwidth/download?${query}`)
  return (await response.arrayBuffer()).byteLength
}

/** What an RTMP client with this key in its URL hears, who knows nothing of the check. */
async function connect({ rtmpUrl }: TestServer, key: string): Promise<string> {
  try {
    const client = await RtmpClient.play(`${rtmpUrl}/app?key=${key}/show`)
    await client.close()
    return 'plays'
  } catch (error) {
    return (error as Error).message
  }
}

const CLOSED = /this connection is for a bandwidth check|ended|closed/

tryKeys('bandwidthCheck', {
  async authentication() {
    const server = await withCheck('{ authentication: { token: t0ken } }')
    expect(await status(`${server.httpUrl}/bandwidth/ping`)).toBe(401)
    expect(await status(`${server.httpUrl}/bandwidth/ping`, { Authorization: 'Bearer t0ken' })).toBe(204)
    expect(await status(`${(await withCheck('{}')).httpUrl}/bandwidth/ping`)).toBe(204)
    expect(await status(`${(await startWith('')).httpUrl}/bandwidth/ping`)).toBe(404)
  },
  async maxBytes() {
    expect(await downloaded(await withCheck('{ maxBytes: 1000 }'), 'bytes=2000')).toBe(1_000)
  },
  async maxDurationMs() {
    const server = await withCheck('{ maxDurationMs: 50 }')
    const startMs = performance.now()
    await downloaded(server, 'ms=5000')
    expect(performance.now() - startMs).toBeLessThan(2_000)
  },
  async maxTransfers() {
    const server = await withCheck('{ maxTransfers: 1 }')
    const first = await fetch(`${server.httpUrl}/bandwidth/download?ms=5000`)
    expect(await status(`${server.httpUrl}/bandwidth/download?bytes=1`)).toBe(503)
    await first.body?.cancel()
  },
  async 'rtmp.key'() {
    const server = await withCheck('{ rtmp: { key: k3y } }')
    expect(await connect(server, 'wrong')).toMatch(/wrong bandcheck key/)
    expect(await connect(server, 'k3y')).toMatch(CLOSED)
  },
  async 'rtmp.intervalMs'() {
    const server = await withCheck('{ rtmp: { key: k3y } }')
    expect(await connect(server, 'k3y')).toMatch(CLOSED)
    expect(await connect(server, 'k3y')).toMatch(/bandcheck rejected/)
    const always = await withCheck('{ rtmp: { key: k3y, intervalMs: 0 } }')
    expect(await connect(always, 'k3y')).toMatch(CLOSED)
    expect(await connect(always, 'k3y')).toMatch(CLOSED)
  },
  async 'rtmp.limitKbps'() {
    const server = await withCheck('{ rtmp: { key: k3y, limitKbps: 777 } }')
    const port = Number(new URL(server.rtmpUrl).port)
    const socket = createConnection(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    const app = 'app?key=k3y'
    const tcUrl = `${server.rtmpUrl}/${app}`
    socket.write(join(C0C1C2, command('connect', 1, { app, tcUrl })))
    let heard = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => (heard = Buffer.concat([heard, bytes])))
    const name = 'limit_kbps'
    const at = await vi.waitFor(() => {
      const found = heard.indexOf(name)
      expect(found).toBeGreaterThan(0)
      return found + name.length
    })
    expect(heard.readUInt8(at)).toBe(0) // AMF0 number
    expect(heard.readDoubleBE(at + 1)).toBe(777)
  },
})
