/** A file that changes under a server that works: encoders are ffmpeg, the server is a process of its own. */
import { writeFile } from 'node:fs/promises'
import { FlvDemuxer } from 'millrace/flv'
import type { MediaPacket } from 'millrace/media'
import { RtmpClient } from 'millrace/node'
import { expect, onTestFinished, vi } from 'vitest'
import { clipPath } from '../support/clips.ts'
import { start } from '../support/process.ts'
import { configFile, startReferenceServer } from '../support/reference-server.ts'
import { itWithTool, requireTool } from '../support/tools.ts'

/** Two pictures of the clip are 40 ms apart, and hardly more where it begins anew; one that is missing makes 80. */
const GAP_MS = 75

/** The longest a picture may be late behind the one before it. Both clocks are the machine's: it has to do a great deal here. */
const LATE_MS = 1_500

/** What one player has seen. */
interface Seen {
  frames: number
  /** Times that a picture did not follow the one before it. */
  gaps: number
  lastDts: number
  lastMs: number
  longestWaitMs: number
}

function look(seen: Seen, { kind, coded, dts }: MediaPacket): void {
  if (kind !== 'video' || !coded) return
  const nowMs = performance.now()
  if (seen.frames > 0) {
    if (dts <= seen.lastDts || dts - seen.lastDts > GAP_MS) seen.gaps++
    seen.longestWaitMs = Math.max(seen.longestWaitMs, nowMs - seen.lastMs)
  }
  Object.assign(seen, { frames: seen.frames + 1, lastDts: dts, lastMs: nowMs })
}

function newSeen(): Seen {
  return { frames: 0, gaps: 0, lastDts: 0, lastMs: 0, longestWaitMs: 0 }
}

/** Plays HTTP-FLV until the test is over. */
async function playFlv(url: string): Promise<Seen> {
  const leave = new AbortController()
  onTestFinished(() => leave.abort())
  const response = await fetch(url, { signal: leave.signal })
  expect(response.status).toBe(200)
  const seen = newSeen()
  const demuxer = new FlvDemuxer()
  const read = async (): Promise<void> => {
    for await (const bytes of response.body!) {
      demuxer.push(bytes as Uint8Array)
      for (let packet = demuxer.read(); packet !== undefined; packet = demuxer.read()) look(seen, packet)
    }
  }
  void read().catch(() => undefined)
  return seen
}

/** Plays RTMP until the test is over. */
async function playRtmp(url: string): Promise<Seen> {
  const client = await RtmpClient.play(url)
  onTestFinished(() => client.close())
  const seen = newSeen()
  const read = async (): Promise<void> => {
    for await (const packet of client) look(seen, packet)
  }
  void read().catch(() => undefined)
  return seen
}

itWithTool(
  'ffmpeg',
  'SIGHUP under 5 encoders and 100 players: no gap where nothing has changed, in force where it has',
  async () => {
    const yaml = (b: string): string => `vhosts: { a.test: {}, b.test: ${b} }\n`
    const config = await configFile(yaml('{}'))
    const server = await startReferenceServer('--config', config)
    const streams = ['1?vhost=a.test', '2?vhost=a.test', '3?vhost=a.test', '1?vhost=b.test', '2?vhost=b.test']
    for (const stream of streams) {
      const clip = clipPath('avc-aac-bframes.flv')
      const url = `${server.rtmp}/live/${stream}`
      start(requireTool('ffmpeg'), [
        '-v',
        'error',
        '-re',
        '-stream_loop',
        '-1',
        '-i',
        clip,
        '-c',
        'copy',
        '-f',
        'flv',
        url,
      ])
    }
    await vi.waitFor(
      async () => {
        const { streams: live } = (await (await fetch(`${server.http}/page/status`)).json()) as {
          streams: unknown[]
        }
        expect(live).toHaveLength(5)
      },
      { timeout: 10_000, interval: 100 },
    )
    const players = await Promise.all(
      Array.from({ length: 100 }, (_, i) => {
        const [name, vhost] = streams[i % 5]!.split('?')
        return i % 3 === 0
          ? playRtmp(`${server.rtmp}/live/${name}?${vhost}`)
          : playFlv(`${server.http}/live/${name}.flv?${vhost}`)
      }),
    )
    const seenFrames = async (more: number): Promise<void> => {
      const before = players.map(({ frames }) => frames)
      await vi.waitFor(
        () => expect(players.filter(({ frames }, i) => frames < before[i]! + more)).toEqual([]),
        { timeout: 15_000, interval: 100 },
      )
    }
    await seenFrames(50)
    // The first pictures come at once; what counts is from here on.
    for (const seen of players) seen.longestWaitMs = 0
    await writeFile(config, yaml('{ access: { addresses: [deny play all] }, hub: { gops: 2 } }'))
    process.kill(server.process.pid, 'SIGHUP')
    await server.process.waitForOutput(/reload: changed b\.test$/m)
    await seenFrames(50)

    expect(players.filter(({ gaps }) => gaps > 0)).toEqual([])
    expect(Math.max(...players.map(({ longestWaitMs }) => longestWaitMs))).toBeLessThan(LATE_MS)
    const denied = await fetch(`${server.http}/live/1.flv?vhost=b.test`)
    expect([denied.status, await denied.text()]).toEqual([403, 'this address may not play\n'])
    const allowed = await fetch(`${server.http}/live/1.flv?vhost=a.test`)
    expect(allowed.status).toBe(200)
    await allowed.body?.cancel()
  },
)
