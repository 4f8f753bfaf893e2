import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { accept, Hub } from 'millrace/hub'
import { type MediaPlaylist, parsePlaylist } from 'millrace/hls'
import { TsDemuxer } from 'millrace/mpegts'
import { RtmpServer } from 'millrace/node'
import { HlsHandler } from 'millrace/packaging'
import { Transcoder } from 'millrace/services/ffmpeg'
import { expect, it, onTestFinished, vi } from 'vitest'
import { clipPath } from '../support/clips.ts'
import { loopClip } from '../support/live-server.ts'
import { run, type RunningProcess, start } from '../support/process.ts'
import { describeWithTool } from '../support/tools.ts'
import { launchChromium } from './peers/chromium.ts'
import { readPackets } from './peers/ffmpeg8.ts'

const HLS_JS = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js')

/** Height, arguments of x264 and rate of sound of each rung; one has B-frames, as an original often does, others have none. */
const RUNGS = [
  ['high', 180, '-bf 2 -preset veryfast'],
  ['mid', 134, '-preset ultrafast -tune zerolatency'],
  ['low', 90, '-preset ultrafast -tune zerolatency'],
] as const

const PAGE = `<!doctype html><script src="/hls.js"></script><video id="video" muted></video>
<script>
  const video = document.getElementById('video')
  const hls = new Hls({ startLevel: 2, liveSyncDurationCount: 4 })
  const seen = { errors: [], gapMs: 0, jumps: 0, stalledMs: 0 }
  hls.on(Hls.Events.ERROR, (_, { details }) => seen.errors.push(details))
  hls.loadSource('/live/show.m3u8')
  hls.attachMedia(video)
  video.play()
  let last = 0, lastMoveMs = 0, wholeMs = 0
  setInterval(() => {
    if (video.currentTime === 0) return
    const now = performance.now()
    // While hls.js takes out what is buffered of another level there may be a gap, for the time of an append.
    if (video.buffered.length === 1 || wholeMs === 0) wholeMs = now
    else seen.gapMs = Math.max(seen.gapMs, now - wholeMs)
    if (video.currentTime > last) {
      if (lastMoveMs > 0 && (video.currentTime - last) * 1000 > now - lastMoveMs + 300) seen.jumps++
      lastMoveMs = now
    }
    if (lastMoveMs > 0) seen.stalledMs = Math.max(seen.stalledMs, now - lastMoveMs)
    last = video.currentTime
  }, 50)
</script>`

/** What the page has noted. */
interface Seen {
  readonly errors: readonly string[]
  /** How long there was more than one buffered range, or nothing new was shown, at most. */
  readonly gapMs: number
  readonly stalledMs: number
  /** Times that playback went further than the clock. */
  readonly jumps: number
}

/** What hls.js gives up for a change by force: a request, or a segment whose place was emptied meanwhile. None of them is fatal. */
const CANCELLED = new Set(['aborted', 'bufferAppendNoProgress'])

interface Place {
  readonly hub: Hub
  readonly hls: HlsHandler
  readonly rtmpUrl: string
  readonly httpUrl: string
}

/** A server whose publishers keep their timestamps, with the three rungs as variants of a stream that nobody publishes. */
async function startServer(): Promise<Place> {
  const hub = new Hub({ graceMs: 0, publisherWaitMs: 15_000, authorize: () => accept({ atc: true }) })
  const rtmp = new RtmpServer({ hub })
  const hls = new HlsHandler({
    hub,
    mode: 'always',
    targetDurationMs: 1000,
    variants: RUNGS.map(([name]) => `_${name}`),
  })
  const web = createServer((request, response) => {
    if (hls.handle(request, response)) return
    if (request.url === '/') response.setHeader('content-type', 'text/html').end(PAGE)
    else if (request.url === '/hls.js') response.end(readFileSync(HLS_JS))
    else response.writeHead(404).end()
  })
  const { port } = await rtmp.listen({ port: 0, host: '127.0.0.1' })
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    await hls.close()
    await rtmp.close()
    web.closeAllConnections()
    web.close()
    hub.close()
  })
  const webPort = (web.address() as AddressInfo).port
  return { hub, hls, rtmpUrl: `rtmp://127.0.0.1:${port}/live/show`, httpUrl: `http://127.0.0.1:${webPort}` }
}

/** One ffmpeg makes the ladder from a clip in a loop, with a keyframe each second in all rungs, and pushes three streams. */
function pushLadder(rtmpUrl: string): RunningProcess {
  const outputs = RUNGS.flatMap(([name, height, x264]) => [
    ...`-map 0 -vf scale=-2:${height} -c:v libx264 ${x264} -g 25 -keyint_min 25 -sc_threshold 0 -c:a aac -f flv`.split(
      ' ',
    ),
    `${rtmpUrl}_${name}`,
  ])
  const input = ['-stream_loop', '-1', '-re', '-i', clipPath('avc-aac-bframes.flv')]
  return start('ffmpeg', ['-hide_banner', '-loglevel', 'error', ...input, ...outputs])
}

describeWithTool(['chromium', 'ffmpeg', 'ffprobe'], 'a ladder that ffmpeg pushes', () => {
  it('plays in hls.js without a break while rungs change, and is read by FFmpeg 5.1 and 8.1', async () => {
    const { rtmpUrl, httpUrl, hls, hub } = await startServer()
    let segments = 0
    hls.on('segment', () => segments++)
    const encoder = pushLadder(rtmpUrl)
    // Players keep four segments away from the live edge: there have to be as many.
    await vi.waitFor(() => expect(segments).toBeGreaterThan(6 * RUNGS.length), 20_000)
    const url = `${httpUrl}/live/show.m3u8`
    const browser = await launchChromium()
    try {
      const page = await browser.context.newPage()
      await page.goto(`${httpUrl}/`)
      const height = (): Promise<number> => page.evaluate('video.videoHeight')
      const shows = (expected: number): Promise<void> =>
        vi.waitFor(async () => expect(await height()).toBe(expected), { timeout: 20_000, interval: 100 })
      await shows(180)
      await vi.waitFor(async () => expect(await page.evaluate('video.currentTime > 1')).toBe(true), 10_000)
      const levels = await page.evaluate(
        'hls.levels.map(({ height, videoCodec, audioCodec, frameRate, bitrate }) => [height, videoCodec.slice(0, 4), audioCodec, frameRate, bitrate > 1000])',
      )
      expect(levels).toEqual(RUNGS.toReversed().map(([, rows]) => [rows, 'avc1', 'mp4a.40.2', 25, true]))
      // Down to the lowest, up to the highest, and between: by force, at once.
      const read8 = readPackets(url)
      // hls.js counts levels from the lowest bit rate.
      for (const level of [0, 2, 1]) {
        await page.evaluate(`hls.nextLevel = ${level}`)
        await shows(RUNGS[2 - level]![1])
      }
      // As its own choice changes them: what is buffered stays.
      for (const level of [2, 0]) {
        await page.evaluate(`hls.loadLevel = ${level}`)
        await shows(RUNGS[2 - level]![1])
      }
      const seen = await page.evaluate<Seen>('seen')
      expect(seen.errors.filter((error) => !CANCELLED.has(error))).toEqual([])
      expect(seen.jumps).toBe(0)
      expect(seen.stalledMs).toBeLessThan(500)
      expect(seen.gapMs).toBeLessThan(1000)
      expect(hls.viewerCount).toBe(2)
      expect(hub.source('/live/show_high')!.stats().viewers).toBe(2)

      const probe = await run('ffprobe', [
        ...'-v error -show_entries packet=stream_index,codec_type,pts_time,flags -of csv=p=0 -read_intervals %+3'.split(
          ' ',
        ),
        url,
      ])
      expect(probe.stderr).toBe('')
      const keyframes = new Map<string, string[]>()
      for (const line of probe.stdout.toString().trim().split('\n')) {
        const [type, stream, pts, flags] = line.split(',')
        if (type === 'video' && flags!.startsWith('K'))
          keyframes.set(stream!, [...(keyframes.get(stream!) ?? []), pts!])
      }
      // The rung with B-frames starts with a dts of 0, the others with a pts of 0 or so: two frames at most lie between them.
      const [first, ...others] = [...keyframes.values()].map((times) => times.map(Number))
      expect(first!.length).toBeGreaterThanOrEqual(2)
      for (const times of others)
        expect(times.map((time, at) => Math.abs(time - first![at]!) <= 0.08)).toEqual(first!.map(() => true))

      await encoder.stop()
      const [pictures, ...same] = (await read8).slice(0, RUNGS.length).map(({ length }) => length)
      expect(pictures).toBeGreaterThan(100)
      expect(same).toEqual([pictures, pictures])
    } finally {
      await browser.close()
    }
    // As long as the stream lasts, on a busy machine.
  }, 120_000)
})

/** Presentation time of the first picture in a segment, ms. */
function firstPicture(bytes: Uint8Array): number {
  const demuxer = new TsDemuxer()
  demuxer.push(bytes)
  demuxer.flush()
  for (let unit = demuxer.read(); unit !== undefined; unit = demuxer.read())
    if (unit.codec === 'avc1') return unit.pts!
  throw new Error('no picture')
}

describeWithTool('ffmpeg', 'a ladder of the Transcoder', () => {
  it('has the pictures of its original at the same times, in segments of the same numbers', async () => {
    const hub = new Hub({ graceMs: 0 })
    const transcoder = new Transcoder({
      hub,
      engines: [
        {
          name: 'ladder',
          gopMs: 1000,
          outputs: [
            { name: 'mid', video: { height: 134, preset: 'ultrafast', bFrames: 2 } },
            { name: 'low', video: { height: 90, preset: 'ultrafast' } },
          ],
        },
      ],
    })
    const hls = new HlsHandler({
      hub,
      targetDurationMs: 1000,
      variants: (path) => transcoder.renditions(path).map(({ streamPath }) => streamPath),
    })
    const done = new AbortController()
    onTestFinished(async () => {
      done.abort()
      await hls.close()
      await transcoder.close()
      hub.close()
    })
    const publishing = loopClip(hub, 'avc-aac-bframes.flv', done.signal)
    await vi.waitFor(
      () => expect([...hub.sources].map(({ lastDts }) => lastDts > 0)).toEqual([true, true, true]),
      20_000,
    )
    const get = async (uri: string): Promise<Uint8Array> => {
      const response = await hls.fetch(new Request(new URL(uri, 'http://localhost/live/')))
      expect(response!.status).toBe(200)
      return new Uint8Array(await response!.arrayBuffer())
    }
    const playlist = async <T extends 'media' | 'multivariant'>(
      uri: string,
      type: T,
    ): Promise<Extract<ReturnType<typeof parsePlaylist>, { type: T }>> => {
      const parsed = parsePlaylist(new TextDecoder().decode(await get(uri)))
      if (parsed.type !== type) throw new Error(parsed.type)
      return parsed as Extract<ReturnType<typeof parsePlaylist>, { type: T }>
    }
    const { variants } = await playlist('show.m3u8', 'multivariant')
    expect(variants.map(({ resolution, codecs }) => [resolution?.height, codecs?.[1]])).toEqual([
      [134, 'mp4a.40.2'],
      [90, 'mp4a.40.2'],
    ])
    const both: MediaPlaylist[] = []
    await vi.waitFor(async () => {
      both.length = 0
      for (const { uri } of variants) both.push(await playlist(uri, 'media'))
      expect(Math.min(...both.map(({ segments }) => segments.length))).toBeGreaterThanOrEqual(4)
    }, 20_000)
    const [mid, low] = both
    expect(low!.mediaSequence).toBe(mid!.mediaSequence)
    for (let i = 0; i < 4; i++) {
      const [a, b] = [mid!.segments[i]!, low!.segments[i]!]
      expect(b).toMatchObject({ durationSec: a.durationSec, programDateTimeMs: a.programDateTimeMs })
      expect(firstPicture(await get(b.uri))).toBe(firstPicture(await get(a.uri)))
    }
    done.abort()
    await publishing
  })
})
