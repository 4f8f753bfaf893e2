import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { tempFolder } from '../../support/temp-folder.ts'
import { CLIP, NO_WAIT, publish, publishClip, ROUND_MS, status } from '../driving.ts'
import { startWith, type TestServer } from '../running.ts'
import { tryKeys } from './try-keys.ts'

async function withHls(section: string): Promise<TestServer> {
  return await startWith(`${NO_WAIT}hls: ${section}`)
}

/** Durations in the last media playlist of two rounds of the clip. */
async function durations(section: string): Promise<readonly string[]> {
  const directory = await tempFolder()
  const server = await startWith(`
hub: { graceMs: 0 }
hls: { mode: always, endListMs: 0, directory: ${directory}, ${section} }
`)
  const publisher = await publishClip(server)
  for (const packet of CLIP) if (packet.coded) publisher.write(packet.withDts(packet.dts + ROUND_MS))
  await publisher.close()
  return await vi.waitFor(async () => {
    const text = await readFile(join(directory, 'live/show.m3u8'), 'utf8')
    expect(text).toContain('#EXT-X-ENDLIST')
    return text.match(/(?<=#EXTINF:)[\d.]+/g)!
  }, UNTIL_ENDED)
}

/** Whether a stream is over is looked at every second. */
const UNTIL_ENDED = { timeout: 5_000 }

tryKeys('hls', {
  async mode() {
    const off = await withHls("{ mode: 'off' }")
    await publishClip(off)
    expect(await status(`${off.httpUrl}/live/show.m3u8`)).toBe(404)
    const directory = await tempFolder()
    const always = await withHls(`{ mode: always, targetDurationMs: 1, directory: ${directory} }`)
    await publishClip(always)
    await vi.waitFor(() => expect(existsSync(join(directory, 'live/show.m3u8'))).toBe(true))
  },
  async targetDurationMs() {
    // Keyframes are 2 s apart.
    const short = await durations('targetDurationMs: 2000, windowMs: 60000')
    const long = await durations('targetDurationMs: 4000, windowMs: 60000')
    expect(long.length).toBeLessThan(short.length)
  },
  async windowMs() {
    const all = await durations('targetDurationMs: 2000, windowMs: 60000')
    expect((await durations('targetDurationMs: 2000, windowMs: 2000')).length).toBeLessThan(all.length)
  },
  async sessions() {
    const server = await withHls('{ targetDurationMs: 1, sessions: false }')
    await publishClip(server)
    const playlist = await (await fetch(`${server.httpUrl}/live/show.m3u8`)).text()
    const [segment] = /^show\/\d+\.ts$/m.exec(playlist)!
    expect(await status(`${server.httpUrl}/live/${segment}`)).toBe(200)
  },
  async maxViewersPerAddress() {
    const server = await withHls('{ targetDurationMs: 1, maxViewersPerAddress: 1 }')
    await publishClip(server)
    expect(await status(`${server.httpUrl}/live/show.m3u8`)).toBe(200)
    expect(await status(`${server.httpUrl}/live/show.m3u8`)).toBe(503)
  },
  async endListMs() {
    // By default it would take a minute.
    expect(await durations('targetDurationMs: 2000')).not.toEqual([])
  },
  async firstSegmentWaitMs() {
    const server = await withHls('{ firstSegmentWaitMs: 50 }')
    // Nothing to cut a segment of; by default it would take 15 s to say so.
    await publish(server, '/live/show')
    expect(await status(`${server.httpUrl}/live/show.m3u8`)).toBeGreaterThanOrEqual(404)
  },
  async idleMs() {
    const directory = await tempFolder()
    const section = `targetDurationMs: 1, viewerTimeoutMs: 1, directory: ${directory}`
    const server = await withHls(`{ idleMs: 1, ${section} }`)
    await publishClip(server)
    expect(await status(`${server.httpUrl}/live/show.m3u8`)).toBe(200)
    await vi.waitFor(() => expect(existsSync(join(directory, 'live/show.m3u8'))).toBe(true))
    await vi.waitFor(() => expect(existsSync(join(directory, 'live/show.m3u8'))).toBe(false), UNTIL_ENDED)
  },
  async viewerTimeoutMs() {
    const server = await withHls('{ targetDurationMs: 1, viewerTimeoutMs: 1 }')
    await publishClip(server)
    const viewers = async (): Promise<string | undefined> => {
      const response = await fetch(`${server.httpUrl}/metrics`)
      return /millrace_connections\{protocol="hls"\} (\d+)/.exec(await response.text())?.[1]
    }
    expect(await status(`${server.httpUrl}/live/show.m3u8`)).toBe(200)
    expect(await viewers()).toBe('1')
    await vi.waitFor(async () => expect(await viewers()).toBe('0'), UNTIL_ENDED)
  },
  async variants() {
    const server = await withHls('{ mode: always, targetDurationMs: 1000, variants: [_hi, _lo] }')
    for (const end of ['_hi', '_lo']) {
      const client = await publish(server, `/live/show${end}`, { startAtZero: false })
      for (const packet of CLIP) client.write(packet.withDts(packet.dts + 70_000))
      // They keep their timestamps: their segments are those of one timeline.
      await vi.waitFor(() => expect(server.hub.source(`/live/show${end}`)?.lastDts).toBeGreaterThan(78_000))
    }
    const list = await vi.waitFor(async () => {
      const response = await fetch(`${server.httpUrl}/live/show.m3u8`)
      const text = await response.text()
      expect(text.match(/variant=\w+/g)).toEqual(['variant=hi', 'variant=lo'])
      return text
    })
    const [, high, low] = list.split(/#EXT-X-STREAM-INF.*\n/)
    const media = await Promise.all(
      [high!, low!].map(async (uri) => (await fetch(`${server.httpUrl}/live/${uri.trim()}`)).text()),
    )
    expect(media[1]).toBe(media[0]!.replaceAll('show/hi/', 'show/lo/'))
    expect(media[0]).toContain('#EXTINF:2.000')
  },
  async directory() {
    const directory = await tempFolder()
    const server = await withHls(`{ directory: ${directory}, targetDurationMs: 1 }`)
    await publishClip(server)
    expect(await status(`${server.httpUrl}/live/show.m3u8`)).toBe(200)
    await vi.waitFor(() => expect(existsSync(join(directory, 'live/show.m3u8'))).toBe(true))
    // Where nothing can be written, viewers go on and the log says so.
    const file = join(directory, 'file')
    await writeFile(file, '')
    const barred = await withHls(`{ directory: ${file}, targetDurationMs: 1 }`)
    await publishClip(barred)
    expect(await status(`${barred.httpUrl}/live/show.m3u8`)).toBe(200)
    expect(
      barred.lines.filter((line) => line.includes(`HLS of /live/show cannot be stored in ${file}`)),
    ).toHaveLength(1)
  },
})
