import { RtmpClient } from 'millrace/node'
import { nmsSign, signUrl } from 'millrace/services/admission'
import { expect, onTestFinished, vi } from 'vitest'
import { CLIP, NO_WAIT, play, publish, ROUND_MS, status } from '../driving.ts'
import { startWith, type TestServer } from '../running.ts'
import { tryKeys } from './try-keys.ts'

async function withAccess(section: string): Promise<TestServer> {
  return await startWith(`${NO_WAIT}access: ${section}`)
}

const from = (Referer: string): Record<string, string> => ({ Referer })

const expiresAtMs = Date.now() + 60_000

/** An RTMP publisher whose page is `pageUrl`. */
async function publishFrom(server: TestServer, pageUrl: string): Promise<void> {
  const client = await RtmpClient.publish(`${server.rtmpUrl}/live/show`, {
    session: { connectProperties: { pageUrl } },
  })
  onTestFinished(() => client.close())
}

/** Servers with these limits, whose publishers send half a minute of media at once; the first one's has been ended. */
async function burst(...limits: readonly string[]): Promise<TestServer[]> {
  const servers = await Promise.all(
    limits.map((bitrate) => withAccess(`{ limits: { bitrate: ${bitrate} } }`)),
  )
  for (const server of servers) {
    const client = await publish(server, '/live/show')
    for (let round = 0; round < 4; round++) {
      for (const packet of CLIP) if (packet.coded) client.write(packet.withDts(packet.dts + round * ROUND_MS))
    }
  }
  await vi.waitFor(() => expect(servers[0]!.lines.join('\n')).toMatch(/\/live\/show ended: \d+ kbit\/s/))
  return servers
}

tryKeys('access', {
  async addresses() {
    const server = await withAccess('{ addresses: [deny publish 127.0.0.0/8, allow play 127.0.0.1] }')
    await expect(publish(server, '/live/show')).rejects.toThrow('this address may not publish')
    expect(await status(`${server.httpUrl}/live/show.flv`)).toBe(404)
  },
  async addressOrder() {
    // SRS: an allow rule of any kind turns away whoever no allow rule is for.
    const [srs, inOrder] = [
      await withAccess('{ addressOrder: srs, addresses: [allow publish all] }'),
      await withAccess('{ addresses: [allow publish all] }'),
    ]
    expect(await status(`${srs.httpUrl}/live/show.flv`)).toBe(403)
    expect(await status(`${inOrder.httpUrl}/live/show.flv`)).toBe(404)
  },
  async 'referers.all'() {
    const server = await withAccess('{ referers: { all: [example.com] } }')
    const url = `${server.httpUrl}/live/show.flv`
    expect(await status(url, from('https://evil.test/'))).toBe(403)
    expect(await status(url, from('https://www.example.com/live'))).toBe(404)
  },
  async 'referers.publish'() {
    const server = await withAccess('{ referers: { publish: [example.com] } }')
    await expect(publishFrom(server, 'https://evil.test/')).rejects.toThrow(/page|referer/)
    await publishFrom(server, 'https://example.com/studio')
  },
  async 'referers.play'() {
    const server = await withAccess('{ referers: { play: [example.com] } }')
    expect(await status(`${server.httpUrl}/live/show.m3u8`)).toBe(403)
    await publish(server, '/live/show')
  },
  async 'signedUrls.secret'() {
    const { httpUrl } = await withAccess('{ signedUrls: { secret: [old, new] } }')
    const signed = (secret: string): string =>
      signUrl(`${httpUrl}/live/show.flv`, { secret, action: 'play', expiresAtMs })
    expect(await status(`${httpUrl}/live/show.flv`)).toBe(403)
    expect(await status(signed('guess'))).toBe(403)
    for (const secret of ['old', 'new']) expect(await status(signed(secret))).toBe(404)
  },
  async 'signedUrls.actions'() {
    const server = await withAccess('{ signedUrls: { secret: s, actions: [play] } }')
    await publish(server, '/live/show')
    expect(await status(`${server.httpUrl}/live/show.flv`)).toBe(403)
  },
  async 'signedUrls.scheme'() {
    const { httpUrl } = await withAccess('{ signedUrls: { secret: s, scheme: nms } }')
    const sign = (secret: string): string =>
      `${httpUrl}/live/show.flv?sign=${nmsSign('/live/show', Math.floor(expiresAtMs / 1_000), secret)}`
    expect(await status(sign('guess'))).toBe(403)
    expect(await status(sign('s'))).toBe(404)
  },
  async 'signedUrls.bindAddress'() {
    const { httpUrl } = await withAccess('{ signedUrls: { secret: s, bindAddress: true } }')
    const signedFor = (remoteAddress: string): string =>
      signUrl(`${httpUrl}/live/show.flv`, { secret: 's', action: 'play', expiresAtMs, remoteAddress })
    expect(await status(signedFor('192.0.2.7'))).toBe(403)
    expect(await status(signedFor('127.0.0.1'))).toBe(404)
  },
  async 'limits.maxStreams'() {
    const server = await withAccess('{ limits: { maxStreams: 1 } }')
    await publish(server, '/live/a')
    await expect(publish(server, '/live/b')).rejects.toThrow('too many streams')
  },
  async 'limits.maxPlayers'() {
    const server = await withAccess('{ limits: { maxPlayers: 1 } }')
    for (const path of ['/live/a', '/live/b']) await publish(server, path)
    await play(server, '/live/a')
    await expect(play(server, '/live/b')).rejects.toThrow('too many players')
  },
  async 'limits.maxPlayersPerStream'() {
    const server = await withAccess('{ limits: { maxPlayersPerStream: 1 } }')
    for (const path of ['/live/a', '/live/b']) await publish(server, path)
    await play(server, '/live/a')
    await play(server, '/live/b')
    await expect(play(server, '/live/a')).rejects.toThrow('too many players of this stream')
  },
  async 'limits.maxPlayersPerAddress'() {
    const server = await withAccess('{ limits: { maxPlayersPerAddress: 1 } }')
    await publish(server, '/live/a')
    await play(server, '/live/a')
    await expect(play(server, '/live/a')).rejects.toThrow('too many players from this address')
  },
  async 'limits.maxConnectionsPerAddress'() {
    const server = await withAccess('{ limits: { maxConnectionsPerAddress: 1 } }')
    await publish(server, '/live/a')
    await expect(publish(server, '/live/b')).rejects.toThrow('too many connections from this address')
  },
  async 'limits.maxIdleMs'() {
    const server = await withAccess('{ limits: { maxIdleMs: 50 } }')
    const client = await publish(server, '/live/show')
    await client.closed
    expect(server.lines.join('\n')).toContain('/live/show ended: no viewers for 50 ms')
  },
  async 'limits.bitrate.maxKbps'() {
    const [, high] = await burst('{ maxKbps: 1, windowMs: 100 }', '{ maxKbps: 10000000, windowMs: 100 }')
    expect(high!.lines.join()).not.toContain('ended: ')
  },
  async 'limits.bitrate.windowMs'() {
    const [, long] = await burst('{ maxKbps: 1, windowMs: 100 }', '{ maxKbps: 1, windowMs: 60000 }')
    expect(long!.lines.join()).not.toContain('ended: ')
  },
})
