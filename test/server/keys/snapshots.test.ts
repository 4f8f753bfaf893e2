import { readFile } from 'node:fs/promises'
import { expect, vi } from 'vitest'
import { argumentsOf, fakeFfmpeg } from '../../services/ffmpeg/fake-ffmpeg.ts'
import { NO_WAIT, publishClip, status } from '../driving.ts'
import { startWith, type TestServer } from '../running.ts'
import { tryKeys } from './try-keys.ts'

async function withSnapshots(
  section: string,
  script = 'exec cat',
): Promise<TestServer & { readonly ffmpeg: string }> {
  const ffmpeg = await fakeFfmpeg(script)
  return { ...(await startWith(`${NO_WAIT}snapshots: { ffmpeg: ${ffmpeg}, ${section} }`)), ffmpeg }
}

/** The arguments of one picture. */
async function argumentsFor(section: string): Promise<string> {
  const server = await withSnapshots(section)
  await publishClip(server)
  expect(await status(`${server.httpUrl}/live/show.jpg`)).toBe(200)
  return (await argumentsOf(server.ffmpeg)).join(' ')
}

tryKeys('snapshots', {
  async ffmpeg() {
    const off = await startWith(`${NO_WAIT}snapshots: { ffmpeg: no-such-ffmpeg }`)
    expect(off.lines.join('\n')).toContain('snapshots is off: no-such-ffmpeg is not a usable ffmpeg')
    await publishClip(off)
    expect(await status(`${off.httpUrl}/live/show.jpg`)).toBe(404)
    expect(await argumentsFor('')).toContain('-f flv -i pipe:0')
  },
  async match() {
    const server = await withSnapshots('match: [other/*]')
    await publishClip(server)
    expect(await status(`${server.httpUrl}/live/show.jpg`)).toBe(404)
  },
  async intervalMs() {
    const server = await withSnapshots('intervalMs: 100')
    await publishClip(server)
    // Nobody asked.
    await vi.waitFor(() => argumentsOf(server.ffmpeg), 5_000)
  },
  async width() {
    expect(await argumentsFor('width: 64')).toContain('scale=64:-2')
  },
  async quality() {
    expect(await argumentsFor('')).toContain('-q:v 5')
    expect(await argumentsFor('quality: 2')).toContain('-q:v 2')
  },
  async maxConcurrent() {
    const server = await withSnapshots('maxConcurrent: 1', 'echo x >> "$0.runs"; exec sleep 1000')
    await publishClip(server)
    await publishClip(server, '/live/other').catch(() => undefined)
    const asking = new AbortController()
    for (const name of ['show', 'other'])
      void fetch(`${server.httpUrl}/live/${name}.jpg`, { signal: asking.signal }).catch(() => undefined)
    const runs = (): Promise<string> => readFile(`${server.ffmpeg}.runs`, 'utf8')
    expect(await vi.waitFor(runs, 5_000)).toBe('x\n')
    asking.abort()
  },
})
