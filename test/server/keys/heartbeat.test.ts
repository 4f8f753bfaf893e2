import { expect, vi } from 'vitest'
import { Backend } from '../../services/callbacks/backend.ts'
import { startWith, type TestServer } from '../running.ts'
import { tryKeys } from './try-keys.ts'

/** What a backend is told first, and the server that does. */
async function told(
  more = '',
): Promise<{ body: Record<string, unknown>; server: TestServer; backend: Backend }> {
  const backend = await Backend.start()
  const server = await startWith(`heartbeat: { url: '${backend.url}/servers'${more} }`)
  const { body } = await backend.called(1)
  return { body, server, backend }
}

tryKeys('heartbeat', {
  async url() {
    const { body } = await told()
    expect(body).toMatchObject({ device_id: '', pid: String(process.pid) })
    const server = await startWith("heartbeat: { url: 'http://127.0.0.1:1/', intervalMs: 5 }")
    const failures = (): number => server.lines.filter((line) => line.includes('heartbeat failed: ')).length
    await vi.waitFor(() => expect(failures()).toBe(1))
  },
  async intervalMs() {
    const { backend } = await told(', intervalMs: 5')
    await backend.called(3)
    expect(backend.calls.length).toBeGreaterThan(2)
  },
  async deviceId() {
    expect((await told(', deviceId: origin-1')).body).toMatchObject({ device_id: 'origin-1' })
  },
  async ip() {
    expect((await told(', ip: 192.0.2.9')).body).toMatchObject({ ip: '192.0.2.9' })
  },
  async summaries() {
    expect((await told(', summaries: true')).body['summaries']).toMatchObject({ data: { ok: true } })
  },
  async ports() {
    const { body, server } = await told(', ports: true')
    const portOf = (url: string): string => new URL(url.replace('rtmp', 'http')).port
    const http = portOf(server.httpUrl)
    expect(body).toMatchObject({ rtmp: [portOf(server.rtmpUrl)], http: [http], api: [http] })
  },
})
