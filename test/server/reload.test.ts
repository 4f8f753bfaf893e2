/** A changed file, applied while streams run. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { demuxFlv } from 'millrace/flv'
import type { MediaPacket } from 'millrace/media'
import { RtmpClient } from 'millrace/node'
import { expect, it, onTestFinished, vi } from 'vitest'
import { Recording } from '../../examples/server/capabilities/recording.ts'
import { watchConfig } from '../../examples/server/reloader.ts'
import { Backend } from '../services/callbacks/backend.ts'
import { readClip } from '../support/clips.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { startWith, type TestServer } from './running.ts'

const CLIP = demuxFlv(readClip('avc-aac-bframes.flv'))

/** A clip is sent as fast as it goes: nobody shall be too far behind. */
const TOP = 'hub: { maxLagMs: 600000, graceMs: 0, publisherWaitMs: 0 }\nhls: { targetDurationMs: 1 }\n'

const isMedia = ({ configuration, endOfSequence, kind }: MediaPacket): boolean =>
  kind !== 'data' && !configuration && !endOfSequence
const SENT = CLIP.filter(isMedia).map(({ kind, dts }) => `${kind} ${dts}`)

async function publish({ rtmpUrl }: TestServer, path: string): Promise<RtmpClient> {
  const client = await RtmpClient.publish(`${rtmpUrl}${path}`)
  onTestFinished(() => client.close())
  return client
}

/** What a player got, without configuration. */
interface Playing {
  readonly client: RtmpClient
  readonly got: string[]
}

async function play({ rtmpUrl }: TestServer, path: string): Promise<Playing> {
  const client = await RtmpClient.play(`${rtmpUrl}${path}`)
  onTestFinished(() => client.close())
  const got: string[] = []
  void (async () => {
    for await (const packet of client) if (isMedia(packet)) got.push(`${packet.kind} ${packet.dts}`)
  })().catch(() => undefined)
  return { client, got }
}

async function status(url: string): Promise<number> {
  const response = await fetch(url)
  await response.body?.cancel()
  return response.status
}

it('has no gap in the virtual host that it does not touch', async () => {
  const vhosts = (b: string): string => `${TOP}vhosts:\n  a.test: {}\n  b.test: ${b}\n`
  const server = await startWith(`${vhosts('{}')}  gone.test: {}\n`)
  const kept = ['/live/1?vhost=a.test', '/live/2?vhost=a.test', '/live/3?vhost=a.test']
  const changed = ['/live/1?vhost=b.test']
  const [gone] = ['/live/1?vhost=gone.test']
  const publishers = await Promise.all([...kept, ...changed, gone].map((path) => publish(server, path)))
  const players = await Promise.all(
    Array.from({ length: 100 }, (_, i) => play(server, [...kept, ...changed][i % 4]!)),
  )
  const goner = await play(server, gone)
  const reloads: Promise<void>[] = []
  for (const [i, packet] of CLIP.entries()) {
    for (const publisher of publishers) publisher.write(packet)
    await turn()
    if (i === 40) {
      server.edit(
        `${vhosts(`{ access: { addresses: [deny play all] }, hub: { minFlushIntervalMs: 1 } }`)}  new.test: {}\n`,
      )
      reloads.push(server.reload())
    }
    if (i === 80) {
      server.edit('vhosts:\n  a.test: { hub: { gops: none } }\n')
      reloads.push(server.reload())
    }
  }
  const [first, second] = await Promise.allSettled(reloads)
  expect(first!.status).toBe('fulfilled')
  expect(second).toMatchObject({ reason: { message: expect.stringContaining('gops') as string } })
  await vi.waitFor(() => expect(players.filter(({ got }) => got.length < SENT.length)).toEqual([]), 5_000)
  for (const { got } of players) expect(got).toEqual(SENT)
  // In force: who comes to b.test is turned away, who is in stays.
  await expect(play(server, changed[0]!)).rejects.toThrow('this address may not play')
  expect(await status(`${server.httpUrl}/live/1.flv?vhost=b.test`)).toBe(403)
  expect(await status(`${server.httpUrl}/live/9.flv?domain=a.test`)).toBe(404)
  expect(server.hubs.get('b.test')!.source('/live/1')?.playerCount).toBe(25)
  await goner.client.closed
  expect(Array.from(server.hubs, ([name]) => name)).toEqual([
    '__defaultVhost__',
    'a.test',
    'b.test',
    'new.test',
  ])
  expect(server.lines.join('\n')).toContain('reload: added new.test; changed b.test; removed gone.test')
  expect(server.lines.join('\n')).toMatch(/reload failed: server\.yaml:\d+: vhosts\.a\.test\.hub\.gops: /)
})

it('is asked for by the API, which says what is wrong', async () => {
  const server = await startWith(TOP)
  const reload = `${server.httpUrl}/api/v1/raw?rpc=reload`
  server.edit(`${TOP}vhosts: { a.test: {} }\nserverId: other\n`)
  expect(await (await fetch(reload)).json()).toMatchObject({ code: 0 })
  expect(server.hubs.get('a.test')).toBeDefined()
  expect(server.lines.join('\n')).toContain('reload: serverId will change at the next start')
  server.edit(`${TOP}vhosts: { b.test: {} }\nacces: {}\n`)
  const answer = await (await fetch(reload)).json()
  expect(answer).toMatchObject({ code: 1023 })
  expect(JSON.stringify(answer)).toContain('unknown key acces, did you mean access?')
  expect(Array.from(server.hubs, ([name]) => name)).toEqual(['__defaultVhost__', 'a.test'])
})

it('virtual hosts have streams, keys and HLS of their own', async () => {
  const yaml = (mode: string): string => `${TOP}vhosts:
  a.test:
    aliases: ['*.a.test']
    publishKeys: [{ key: k-a, stream: /live/show }]
    hls: { mode: ${mode} }
  b.test: { hls: { mode: 'off' } }
`
  const server = await startWith(yaml('always'))
  await expect(publish(server, '/live/k-b?vhost=cdn.a.test')).rejects.toThrow('unknown stream key')
  const a = await publish(server, '/live/k-a?vhost=cdn.a.test')
  const b = await publish(server, '/live/show?vhost=b.test')
  for (const packet of CLIP) for (const publisher of [a, b]) publisher.write(packet)
  expect(server.hub.source('/live/show')).toBeUndefined()
  const list = (await (await fetch(`${server.httpUrl}/page/status`)).json()) as {
    streams: { path: string; vhost: string }[]
  }
  expect(list.streams.map(({ path, vhost }) => vhost + path)).toEqual([
    'a.test/live/show',
    'b.test/live/show',
  ])
  const playlistUrl = `${server.httpUrl}/live/show.m3u8?vhost=a.test`
  const follow = async (from: string): Promise<string> => {
    const uri = (await (await fetch(from)).text()).split('\n').find((line) => /^[^#]/.test(line))!
    return new URL(uri, from).href
  }
  const segment = await follow(await follow(playlistUrl))
  expect(segment).not.toContain('a.test')
  expect(await status(segment)).toBe(200)
  expect(await status(playlistUrl.replace('a.test', 'b.test'))).toBe(404)
  const clients = (await (await fetch(`${server.httpUrl}/api/v1/clients`)).json()) as {
    clients: { type: string }[]
  }
  expect(clients.clients.map(({ type }) => type)).toContain('hls-play')
  server.edit(yaml('off'))
  await server.reload()
  expect(await status(playlistUrl)).toBe(404)
  expect(server.hubs.get('a.test')!.source('/live/show')?.publisher).toBeDefined()
})

it('a virtual host switches off what the top of the file has, and on again', async () => {
  const backend = await Backend.start()
  const yaml = (own: string): string => `${TOP}
publishKeys: [{ key: k-1, stream: /live/show }]
access: { limits: { maxPlayers: 1 }, addresses: [deny play all] }
callbacks: { urls: { on_publish: '${backend.url}' } }
vhosts: { a.test: ${own} }
`
  const server = await startWith(
    yaml('{ publishKeys: false, callbacks: false, access: { addresses: false } }'),
  )
  await publish(server, '/live/any?vhost=a.test')
  expect(backend.calls).toEqual([])
  await expect(publish(server, '/live/any')).rejects.toThrow('unknown stream key')
  // What is not switched off is there.
  await play(server, '/live/any?vhost=a.test')
  await expect(play(server, '/live/any?vhost=a.test')).rejects.toThrow('too many players')
  expect(await status(`${server.httpUrl}/live/any.flv`)).toBe(403)
  server.edit(yaml('{}'))
  await server.reload()
  await expect(publish(server, '/live/other?vhost=a.test')).rejects.toThrow('unknown stream key')
  await publish(server, '/live/k-1?vhost=a.test')
  expect(backend.actions).toEqual(['on_publish'])
  expect(server.hubs.get('a.test')!.source('/live/any')?.playerCount).toBe(1)
})

it('tells the backend that let a publisher in of its end, also when the file names another one', async () => {
  const backend = await Backend.start()
  const yaml = (path: string): string =>
    `${TOP}callbacks: { urls: { on_publish: ${backend.url}/${path}, on_unpublish: ${backend.url}/${path} } }\n`
  const server = await startWith(yaml('old'))
  const first = await publish(server, '/live/a')
  server.edit(yaml('new'))
  await server.reload()
  await publish(server, '/live/b')
  await first.close()
  await vi.waitFor(() =>
    expect(backend.calls.map(({ target, body }) => `${target} ${String(body['action'])}`)).toEqual([
      '/old on_publish',
      '/new on_publish',
      '/old on_unpublish',
    ]),
  )
})

it('applies the rest when one thing cannot be, and tries that again with the next reload', async () => {
  const top = `${TOP}access: { addresses: [deny play all] }\n`
  const server = await startWith(`${TOP}vhosts: { gone.test: {} }\n`)
  const close = vi.spyOn(Recording.prototype, 'close')
  const apply = vi.spyOn(Recording.prototype, 'apply').mockRejectedValueOnce(new Error('no more disks'))
  onTestFinished(() => {
    apply.mockRestore()
    close.mockRestore()
  })
  server.edit(top)
  await expect(server.reload()).rejects.toThrow('no more disks')
  expect(server.lines.at(-1)).toContain('reload failed: no more disks')
  expect(await status(`${server.httpUrl}/live/any.flv`)).toBe(403)
  expect(close).toHaveBeenCalledTimes(1)
  await server.reload()
  expect(apply).toHaveBeenCalledTimes(2)
  expect(server.lines.at(-1)).toContain('reload: changed __defaultVhost__')
  await server.reload()
  expect(apply).toHaveBeenCalledTimes(2)
  expect(server.lines.at(-1)).toContain('no virtual host has changed')
})

it('waits for a reload that is under way before it closes, and takes no other', async () => {
  const server = await startWith(TOP)
  server.edit(`${TOP}vhosts: { a.test: {} }\n`)
  const reloading = server.reload()
  const closing = server.close()
  await reloading
  expect(server.hubs.get('a.test')).toBeDefined()
  await closing
  await expect(server.reload()).rejects.toThrow('the server is closing')
})

it('a file that changes is noticed', async () => {
  const file = join(await tempFolder(), 'server.yaml')
  await writeFile(file, '')
  const changed = vi.fn<() => void>()
  onTestFinished(watchConfig(file, changed, 10))
  await vi.waitFor(async () => {
    await writeFile(file, 'watch: true')
    expect(changed).toHaveBeenCalled()
  })
})
