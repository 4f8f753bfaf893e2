import { expect } from 'vitest'
import { NO_WAIT, publish, statusWith } from '../driving.ts'
import { startWith } from '../running.ts'
import { tryKeys } from './try-keys.ts'

tryKeys('vhosts', {
  async 'NAME.aliases'() {
    const server = await startWith(`${NO_WAIT}
vhosts:
  a.test: { aliases: [b.test, '*.c.test'], access: { addresses: [deny play all] } }
`)
    await publish(server, '/live/show?vhost=b.test')
    expect(server.hubs.get('a.test')!.source('/live/show')).toBeDefined()
    const url = `${server.httpUrl}/live/none.flv`
    expect(await statusWith(url, { Host: 'x.c.test:8080' })).toBe(403)
    expect(await statusWith(url, { Host: 'c.test' })).toBe(404)
  },
})
