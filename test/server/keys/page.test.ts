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
})
