/** What one virtual host asks for is not got round by another one's name, address or signature. */
import { signUrl } from 'millrace/services/admission'
import { expect, test } from 'vitest'
import { publish, status } from './driving.ts'
import { startWith } from './running.ts'

test('a signed URL is good at the virtual host that its signer named alone', async () => {
  const { httpUrl } = await startWith(`
hub: { publisherWaitMs: 0 }
access: { signedUrls: { secret: s, actions: [play] } }
vhosts: { a.example: { aliases: [www.a.example] }, b.example: {} }
`)
  const asked = async (vhost: string, signedFor?: string): Promise<number> => {
    const options = { secret: 's', action: 'play', expiresAtMs: Date.now() + 60_000 } as const
    const url = `${httpUrl}/live/show.flv?vhost=${vhost}`
    return await status(signUrl(url, signedFor === undefined ? options : { ...options, vhost: signedFor }))
  }
  // 404 is who was let in.
  expect([await asked('a.example', 'a.example'), await asked('www.a.example', 'a.example')]).toEqual([
    404, 404,
  ])
  expect([await asked('b.example', 'a.example'), await asked('elsewhere', 'a.example')]).toEqual([403, 403])
  expect([await asked('elsewhere'), await asked('a.example')]).toEqual([404, 403])
})

test('connection limits of a virtual host count those whom a stream name leads to it', async () => {
  const server = await startWith(`
vhosts: { b.example: { access: { limits: { maxConnectionsPerAddress: 1 } } } }
`)
  await publish(server, '/live/one?vhost=b.example')
  const refused = publish(server, '/live/two?vhost=b.example')
  await expect(refused).rejects.toThrow('too many connections from this address')
  await publish(server, '/live/three')
  expect(server.lines.join('\n')).toMatch(/publish refused, too many connections/)
})
