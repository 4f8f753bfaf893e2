import { expect } from 'vitest'
import { status } from '../driving.ts'
import { startWith } from '../running.ts'
import { tryKeys } from './try-keys.ts'

tryKeys('page', {
  async enabled() {
    const { httpUrl } = await startWith('page: { enabled: false }')
    expect(await status(httpUrl)).toBe(404)
    expect(await status(`${httpUrl}/page/status`)).toBe(404)
    expect(await status(`${httpUrl}/api/v1/versions`)).toBe(200)
  },
  async audience() {
    const credentials = 'api: { authentication: { token: t0ken } }'
    const bearer = { Authorization: 'Bearer t0ken' }
    const list = async (yaml: string, headers = {}): Promise<number> =>
      await status(`${(await startWith(yaml)).httpUrl}/page/status`, headers)
    expect(await list(credentials)).toBe(401)
    expect(await list(credentials, bearer)).toBe(200)
    expect(await list(`${credentials}\npage: { audience: everybody }`)).toBe(200)
    // The API lets in this machine by default.
    const elsewhere = { 'X-Forwarded-For': '192.0.2.1' }
    expect(await list('', elsewhere)).toBe(200)
    expect(await list('page: { audience: operators }', elsewhere)).toBe(403)
  },
})
