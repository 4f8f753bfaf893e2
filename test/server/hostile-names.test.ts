/** Names that anybody may choose, at all doors of the server. */
import { expect, test, vi } from 'vitest'
import { CLIP, NO_WAIT, publish, status } from './driving.ts'
import { startWith } from './running.ts'

/** 64 KiB is all that a command may have. */
const LONG = 65_000

test.each(['my show', ' myshow ', 'my%09show'])('a stream that is published as %j', async (name) => {
  const server = await startWith(`${NO_WAIT}hls: { targetDurationMs: 500, firstSegmentWaitMs: 200 }`)
  const encoder = await publish(server, `/live/${decodeURIComponent(name)}`)
  for (const packet of CLIP) encoder.write(packet)
  await vi.waitFor(() => expect(server.hub.source('/live/myshow')?.lastDts).toBeGreaterThan(3_000))
  const spellings = ['myshow', 'my%20show', 'my%09show', '%20myshow', '/myshow', 'my%E3%80%80show']
  for (const spelling of spellings) {
    expect([spelling, await status(`${server.httpUrl}/live/${spelling}.flv`)]).toEqual([spelling, 200])
  }
  const list = await (await fetch(`${server.httpUrl}/live/my%20show.m3u8`)).text()
  const url = new URL(/^my.*$/m.exec(list)![0], `${server.httpUrl}/live/`)
  const [segment] = /^my.*$/m.exec(await (await fetch(url)).text())!
  expect(await status(new URL(segment, url).href)).toBe(200)
})

test.each([
  ['..', 'a name is . or ..'],
  ['a\u0000b', 'control characters'],
  ['\u001b[2J', 'control characters'],
  ['x'.repeat(257), 'longer than 256 bytes'],
  ['\u0001'.repeat(LONG), 'longer than 256 bytes'],
])('nobody publishes as %j', async (name, reason) => {
  const server = await startWith('')
  await expect(publish(server, `/live/${name}`)).rejects.toThrow(reason)
  expect(server.hub.stats().sources).toBe(0)
  expect(await status(`${server.httpUrl}/live/${encodeURIComponent(name.slice(0, 1_000))}.flv`)).not.toBe(200)
})

test('what peers say makes lines of a bounded length', async () => {
  const server = await startWith('')
  const session = { flashVer: '"'.repeat(LONG / 4), app: 'live' }
  await expect(publish(server, `/${'a'.repeat(LONG / 4)}/x`, { session })).rejects.toThrow('longer than')
  const longest = Math.max(...server.lines.map(({ length }) => length))
  expect(server.lines.length).toBeGreaterThan(2)
  expect(longest).toBeLessThan(2_100)
})

test('the list of the page has an end, and says how many there are', async () => {
  const server = await startWith('')
  for (let i = 0; i < 600; i++) server.hub.publish(`/live/${'"'.repeat(200)}${i}`)
  const { streams, count } = (await (await fetch(`${server.httpUrl}/page/status`)).json()) as {
    readonly streams: readonly { readonly path: string }[]
    readonly count: unknown
  }
  expect([streams.length, count]).toEqual([500, { streams: 600, live: 600 }])
  expect(streams[0]!.path).toBe(`/live/${'"'.repeat(200)}0`)
})
