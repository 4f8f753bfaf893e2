import { expect } from 'vitest'
import { publish, status } from '../driving.ts'
import { startWith } from '../running.ts'
import { tryKeys } from './try-keys.ts'

async function metrics(section: string): Promise<string> {
  return `${(await startWith(`metrics: ${section}`)).httpUrl}/metrics`
}

tryKeys('metrics', {
  async enabled() {
    expect(await status(await metrics('{ enabled: false }'))).toBe(404)
  },
  async authentication() {
    const url = await metrics('{ authentication: { token: scraper } }')
    expect(await status(url)).toBe(401)
    expect(await status(url, { Authorization: 'Bearer scraper' })).toBe(200)
    expect(await status(await metrics('{}'), { 'X-Forwarded-For': '192.0.2.1' })).toBe(403)
  },
  async path() {
    const url = await metrics('{ path: /m }')
    expect(await status(url)).toBe(404)
    expect(await status(url.replace('/metrics', '/m'))).toBe(200)
  },
  async maxStreamLabels() {
    const server = await startWith('metrics: { maxStreamLabels: 1 }')
    await publish(server, '/live/a')
    await publish(server, '/live/b')
    const text = await (await fetch(`${server.httpUrl}/metrics`)).text()
    expect(text).toContain('/live/a')
    expect(text).not.toContain('/live/b')
  },
  async srsNames() {
    expect(await (await fetch(await metrics('{ srsNames: true }'))).text()).toContain('srs_streams')
    expect(await (await fetch(await metrics('{}'))).text()).not.toContain('srs_streams')
  },
})
