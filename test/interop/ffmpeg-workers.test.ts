import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { decodeAvcConfiguration, decodeAvcSps } from 'millrace/codec'
import { demuxFlv } from 'millrace/flv'
import { Hub, reject } from 'millrace/hub'
import { HlsHandler } from 'millrace/packaging'
import {
  ExecHooks,
  findFfmpeg,
  Ingester,
  renditionVariants,
  Snapshots,
  type TranscodeOutput,
  Transcoder,
} from 'millrace/services/ffmpeg'
import { expect, it, onTestFinished, vi } from 'vitest'
import { type Clip, clipPath, readClip } from '../support/clips.ts'
import { loopClip, publishClip } from '../support/live-server.ts'
import { freePort, run, start } from '../support/process.ts'
import { describeWithTool } from '../support/tools.ts'
import { launchChromium } from './peers/chromium.ts'

const HLS_JS = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js')

const PAGE = `<!doctype html><script src="/hls.js"></script><video id="video" muted></video>
<script>
  const video = document.getElementById('video')
  const hls = new Hls({ startLevel: 0 })
  hls.loadSource('/live/show.m3u8')
  hls.attachMedia(video)
  video.play()
</script>`

/** What a shell, a program with options or a file system would take for something else. */
const HOSTILE = '/live/-i;rm$(id)&..'

function rung(height: number): TranscodeOutput {
  return { name: `${height}p`, video: { height, bitrateKbps: height, preset: 'ultrafast', threads: 1 } }
}

/** The shells that end what a process leaves behind. */
function watchersOf(parent: number): number[] {
  const isWatcher = (pid: number): boolean =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('while read -r line')
  return children('sh', parent).filter(isWatcher)
}

/** Processes with this one, or another, as their parent, by name; those that only wait to be read are gone. */
function children(name: string, parent = process.pid): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(statOf)
    .filter((stat) => stat?.name === name && stat.parent === parent && stat.state !== 'Z')
    .map((stat) => stat!.pid)
}

function statOf(pid: number | string) {
  try {
    const [, name, state, parent, group] = /\((.*)\) (\S) (\d+) (\d+)/s.exec(
      readFileSync(`/proc/${pid}/stat`, 'utf8'),
    )!
    return { pid: Number(pid), name, state, parent: Number(parent), group: Number(group) }
  } catch {
    return undefined
  }
}

/** The members of a process group. */
function groupOf(leader: number): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(statOf)
    .filter((stat) => stat?.group === leader && stat.state !== 'Z')
    .map((stat) => stat!.pid)
}

async function appears(hub: Hub, streamPath: string): Promise<void> {
  await vi.waitFor(() => expect(hub.source(streamPath)).toBeDefined(), 5_000)
}

describeWithTool('ffmpeg', 'ffmpeg', () => {
  it('is found, with its version', async () => {
    expect(await findFfmpeg()).toMatchObject({ path: 'ffmpeg', version: expect.stringMatching(/^[N\d]/) })
  })
})

describeWithTool(['chromium', 'ffmpeg'], 'a ladder', () => {
  it('plays in Chromium while rungs change, nobody but the publisher being let in, and is there again when ffmpeg was killed', async () => {
    const hub = new Hub({
      graceMs: 3_000,
      authorize: (request) => request.action === 'play' || reject('nobody'),
    })
    const transcoder = new Transcoder({
      hub,
      minRestartDelayMs: 100,
      engines: [{ name: 'ladder', match: 'live/*', gopMs: 1_000, outputs: [rung(180), rung(134), rung(90)] }],
    })
    const hls = new HlsHandler({ hub, targetDurationMs: 1_000, variants: renditionVariants(hub) })
    const web = createServer((request, response) => {
      if (hls.handle(request, response)) return
      if (request.url === '/') response.setHeader('content-type', 'text/html').end(PAGE)
      else if (request.url === '/hls.js') response.end(readFileSync(HLS_JS))
      else response.writeHead(404).end()
    })
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    const done = new AbortController()
    const browser = await launchChromium()
    onTestFinished(async () => {
      await browser.close()
      done.abort()
      await hls.close()
      await transcoder.close()
      web.closeAllConnections()
      web.close()
      hub.close()
    })
    void loopClip(hub, 'avc-aac-bframes.flv', done.signal)
    await vi.waitFor(() => expect(hub.stats().sources).toBe(4), 10_000)
    const page = await browser.context.newPage()
    await page.goto(`http://127.0.0.1:${(web.address() as AddressInfo).port}/`)
    const shows = (height: number): Promise<void> =>
      vi.waitFor(async () => expect(await page.evaluate('video.videoHeight')).toBe(height), {
        timeout: 15_000,
        interval: 100,
      })
    await vi.waitFor(async () => expect(await page.evaluate('video.videoHeight')).toBeGreaterThan(0), 15_000)
    expect(await page.evaluate('hls.levels.map(({ height }) => height)')).toEqual([90, 134, 180])
    for (const [level, height] of [90, 134, 180].entries()) {
      await page.evaluate(`hls.nextLevel = ${level}`)
      await shows(height)
    }
    process.kill(transcoder.stats()[0]!.pid!, 'SIGKILL')
    await vi.waitFor(
      () =>
        expect(transcoder.stats()).toMatchObject([
          { starts: 2, state: 'running', lastExit: { reason: 'killed by SIGKILL' } },
        ]),
      5_000,
    )
    const at = (await page.evaluate('video.currentTime')) as number
    await vi.waitFor(
      async () => expect(await page.evaluate('video.currentTime')).toBeGreaterThan(at + 4),
      15_000,
    )
    await page.evaluate('hls.nextLevel = 0')
    await shows(90)
  })
})

describeWithTool('ffmpeg', 'transcoding', () => {
  it('keeps all times of all codecs, and pairs keyframes', async () => {
    const clips: readonly Clip[] = [
      'avc-aac-bframes.flv',
      'hevc-aac.ertmp.flv',
      'av1-opus.ertmp.flv',
      'vp9-opus.ertmp.flv',
      'avc-flac.ertmp.flv',
    ]
    const worlds = clips.map((clip) => {
      const hub = new Hub()
      const outputs = [rung(90), rung(48)]
      const transcoder = new Transcoder({ hub, engines: [{ name: 'ladder', gopMs: 1_000, outputs }] })
      onTestFinished(() => transcoder.close())
      const times = new Map<string, number[]>()
      const read = async (streamPath: string): Promise<void> => {
        const list: number[] = []
        times.set(streamPath, list)
        for await (const packet of hub.source(streamPath)!.consume({ gopsBack: Infinity }))
          if (packet.kind === 'video' && packet.coded) list.push(packet.keyframe ? packet.pts : -packet.pts)
      }
      hub.on('publish', ({ streamPath }) => void read(streamPath))
      const over = new Promise((resolve) => transcoder.once('exit', resolve))
      void publishClip(hub, clip, 2)
      return { clip, times, over }
    })
    for (const { clip, times, over } of worlds) {
      await over
      await new Promise((resolve) => setImmediate(resolve))
      const [original, high, low] = ['/live/show', '/live/show_90p', '/live/show_48p'].map((path) =>
        times.get(path)!,
      )
      const shown = original!.map(Math.abs).toSorted((a, b) => a - b)
      expect(high!.map(Math.abs), clip).toEqual(shown)
      expect(low, clip).toEqual(high)
      const keyframes = high!.filter((pts) => pts >= 0)
      expect(
        keyframes.map((pts) => pts - shown[0]!),
        clip,
      ).toEqual(keyframes.map((_, i) => i * 1_000))
    }
  })

  it('makes no picture larger than its original unless it is told to', async () => {
    const hub = new Hub()
    const preset = 'ultrafast'
    const outputs: TranscodeOutput[] = [
      { name: 'high', video: { height: 360, preset } },
      { name: 'wide', video: { width: 640, preset } },
      { name: 'both', video: { width: 640, height: 480, preset } },
      { name: 'low', video: { width: 160, height: 120, preset } },
      { name: 'large', video: { height: 360, upscale: true, preset } },
    ]
    const transcoder = new Transcoder({ hub, engines: [{ name: 'ladder', outputs }] })
    onTestFinished(() => transcoder.close())
    const sizes = new Map<string, string>()
    const read = async (streamPath: string): Promise<void> => {
      for await (const packet of hub.source(streamPath)!.consume({ gopsBack: Infinity })) {
        if (packet.kind !== 'video' || !packet.configuration) continue
        const { width, height } = decodeAvcSps(decodeAvcConfiguration(packet.payload).sps[0]!)
        sizes.set(streamPath.replace('/live/show_', ''), `${width}x${height}`)
      }
    }
    hub.on('publish', ({ streamPath }) => void read(streamPath))
    const over = new Promise((resolve) => transcoder.once('exit', resolve))
    void publishClip(hub, 'avc-aac-bframes.flv', 2)
    await over
    await new Promise((resolve) => setImmediate(resolve))
    expect(Object.fromEntries(sizes)).toEqual({
      '/live/show': '320x180',
      high: '320x180',
      wide: '320x180',
      both: '320x180',
      low: '160x120',
      large: '640x360',
    })
  })

  it('leaves no process behind, twenty times', async () => {
    const packets = demuxFlv(readClip('avc-aac-bframes.flv')).filter(({ dts }) => dts < 1_000)
    const hub = new Hub({ graceMs: 0 })
    const transcoder = new Transcoder({ hub, engines: [{ name: 'one', outputs: [rung(90)] }] })
    onTestFinished(() => transcoder.close())
    const before = children('ffmpeg')
    for (let i = 0; i < 20; i++) {
      const publisher = hub.publish(HOSTILE)
      for (const packet of packets) publisher.write(packet)
      await new Promise((resolve) => transcoder.once('start', resolve))
      // Every other one is stopped before it has given anything.
      if (i % 2 === 0) await appears(hub, `${HOSTILE}_90p`)
      const over = new Promise((resolve) => transcoder.once('exit', resolve))
      publisher.unpublish()
      await over
    }
    await vi.waitFor(() => expect([hub.stats().sources, children('ffmpeg')]).toEqual([0, before]), 5_000)
  })
})

describeWithTool('ffmpeg', 'a server that is killed', () => {
  it('takes its programs with it: those that read from it, those that are stuck, and their children', async () => {
    const silent = createTcpServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void silent.close())
    const parent = start(process.execPath, [
      join(import.meta.dirname, 'workers-parent.mjs'),
      clipPath('avc-aac-bframes.flv'),
      `tcp://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    ])
    const [line] = await parent.waitForOutput(/^\[.*\]$/m)
    const pids = JSON.parse(line) as number[]
    expect(pids.map((pid) => groupOf(pid).length)).toEqual([1, 1, 3])
    // Who watches over them is watched over as well.
    const [watcher] = watchersOf(parent.pid)
    process.kill(watcher!, 'SIGKILL')
    await vi.waitFor(() => expect(watchersOf(parent.pid)).not.toContain(watcher), 2_000)
    await vi.waitFor(() => expect(watchersOf(parent.pid)).toHaveLength(1), 2_000)
    // The new one is there before it has been told of them all.
    await new Promise((resolve) => setTimeout(resolve, 300))
    parent.kill('SIGKILL')
    await parent.exited
    await vi.waitFor(() => expect(pids.flatMap(groupOf)).toEqual([]), 2_000)
  })
})

describeWithTool('ffmpeg', 'a picture', () => {
  /** The bars of the clips, from left to right. */
  const BARS = [
    [255, 0, 0],
    [0, 255, 0],
    [255, 255, 0],
    [0, 0, 255],
    [255, 0, 255],
    [0, 255, 255],
  ]

  it.each<Clip>([
    'avc-aac-bframes.flv',
    'avc-mp3.flv',
    'video-only-avc.flv',
    'avc-flac.ertmp.flv',
    'hevc-aac.ertmp.flv',
    'av1-opus.ertmp.flv',
    'vp9-opus.ertmp.flv',
  ])('of %s shows its bars', async (clip) => {
    const hub = new Hub()
    const snapshots = new Snapshots({ hub })
    onTestFinished(() => snapshots.close())
    const publisher = hub.publish(HOSTILE)
    for (const packet of demuxFlv(readClip(clip))) publisher.write(packet)
    const picture = (await snapshots.take(publisher.source))!
    expect(Buffer.from(picture.jpeg.subarray(0, 3)).toString('hex')).toBe('ffd8ff')
    const decode = '-v error -f mjpeg -i - -f rawvideo -pix_fmt rgb24 -'.split(' ')
    const { stdout, stderr } = await run('ffmpeg', decode, { input: picture.jpeg })
    expect([stderr, stdout.length]).toEqual(['', 320 * 180 * 3])
    for (const [i, bar] of BARS.entries()) {
      // Lines wander through the picture: a bar has its colour in most places.
      const places = Array.from({ length: 9 }, (_, row) =>
        stdout.subarray(3 * ((20 + row * 19) * 320 + 26 + i * 53)),
      )
      const alike = places.filter((pixel) => bar.every((value, at) => Math.abs(pixel[at]! - value) < 48))
      expect(alike.length, `bar ${i}`).toBeGreaterThanOrEqual(5)
    }
  })
})

describeWithTool('ffmpeg', 'an ingest', () => {
  it('of a file goes on in a loop; of SRT and HLS it is what the other side sends', async () => {
    const origin = new Hub()
    const hls = new HlsHandler({ hub: origin, targetDurationMs: 1_000 })
    const web = createServer(
      (request, response) => void (hls.handle(request, response) || response.destroy()),
    )
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    const done = new AbortController()
    void loopClip(origin, 'avc-aac-bframes.flv', done.signal)
    const srt = `srt://127.0.0.1:${await freePort()}`
    const send = `-v error -re -stream_loop -1 -i ${clipPath('avc-aac-bframes.flv')} -c copy -f mpegts ${srt}?mode=listener`
    start('ffmpeg', send.split(' '))
    const hub = new Hub()
    const ingester = new Ingester({
      hub,
      minRestartDelayMs: 200,
      ingests: [
        { name: 'file', streamPath: '/in/file', file: clipPath('avc-aac-bframes.flv'), realTime: false },
        { name: 'srt', streamPath: '/in/srt', url: srt },
        {
          name: 'hls',
          streamPath: '/in/hls',
          url: `http://127.0.0.1:${(web.address() as AddressInfo).port}/live/show.m3u8`,
        },
      ],
    })
    onTestFinished(async () => {
      done.abort()
      await ingester.close()
      await hls.close()
      web.closeAllConnections()
      web.close()
      origin.close()
    })
    const facts = (name: string) => {
      const source = hub.source(`/in/${name}`)
      return {
        video: source?.videoCodec,
        audio: source?.audioCodec,
        isLong: (source?.lastDts ?? 0) > (name === 'file' ? 20_000 : 1_000),
      }
    }
    const all = { video: 'avc1', audio: 'mp4a', isLong: true }
    await vi.waitFor(() => expect(['file', 'srt', 'hls'].map(facts)).toEqual([all, all, all]), 20_000)
    expect(hub.source('/in/file')!.stats().clockJumps).toBe(0)
  })
})

it('a program that is not ffmpeg runs for a stream, and is gone with it', async () => {
  const hub = new Hub({ graceMs: 0 })
  const hooks = new ExecHooks({ hub, hooks: [{ name: 'one', on: 'publish', command: ['sleep', '1000'] }] })
  onTestFinished(() => hooks.close())
  const publisher = hub.publish(HOSTILE)
  await vi.waitFor(() => expect(children('sleep')).toHaveLength(1))
  publisher.unpublish()
  await vi.waitFor(() => expect(children('sleep')).toEqual([]))
})
