import { expect } from 'vitest'
import { status } from '../driving.ts'
import { startWith } from '../running.ts'
import { tryKeys } from './try-keys.ts'

const bearer = { Authorization: 'Bearer t0ken' }

async function versions(api: string): Promise<string> {
  return `${(await startWith(`api: ${api}`)).httpUrl}/api/v1/versions`
}

tryKeys('api', {
  async enabled() {
    expect(await status(await versions('{ enabled: false }'))).toBe(404)
  },
  async authentication() {
    const url = await versions(
      "{ authentication: [{ token: t0ken }, { username: admin, password: 'pass:word' }] }",
    )
    const basic = `Basic ${Buffer.from('admin:pass:word').toString('base64')}`
    expect(await status(url)).toBe(401)
    expect(await status(url, { Authorization: basic })).toBe(200)
    expect(await status(url, bearer)).toBe(200)
    const elsewhere = { 'X-Forwarded-For': '192.0.2.1' }
    expect(await status(await versions('{ authentication: loopback }'), elsewhere)).toBe(403)
    expect(await status(await versions('{ authentication: none }'), elsewhere)).toBe(200)
  },
  async cors() {
    const response = await fetch(await versions('{ cors: https://console.example.com }'))
    expect(response.headers.get('access-control-allow-origin')).toBe('https://console.example.com')
    expect((await fetch(await versions('{}'))).headers.get('access-control-allow-origin')).toBe(null)
  },
  async jsonp() {
    const url = await versions('{ jsonp: true, authentication: { token: t0ken } }')
    const response = await fetch(`${url}?callback=show`, { headers: bearer })
    expect(await response.text()).toMatch(/^show\(\{"code":0/)
  },
})
