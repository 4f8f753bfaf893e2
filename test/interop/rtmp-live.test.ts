/** Encoders and players against one server: bytes in are bytes out, whatever comes and goes. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { demuxFlv } from 'millrace/flv'
import { accept, Hub, type HubOptions, reject } from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import { RtmpClient, type RtmpClientOptions, RtmpServer, type RtmpServerOptions } from 'millrace/node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Clip, CLIPS, clipPath, paceClip, readClip } from '../support/clips.ts'
import { loopClip, whenWaiting } from '../support/live-server.ts'
import { run, type RunningProcess, start } from '../support/process.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { TLS } from '../support/tls.ts'
import { describeWithTool, itWithTool, requireTool } from '../support/tools.ts'
import { publishFile, readPackets } from './peers/ffmpeg8.ts'

const SPEED = 8
const CLIP = 'avc-aac-bframes.flv'
const LEGACY = CLIPS.filter((clip) => !clip.endsWith('.ertmp.flv'))
const ENHANCED = CLIPS.filter((clip) => clip.endsWith('.ertmp.flv'))
const TWO_TRACKS = 'hevc-opus-two-audio-tracks.ertmp.flv'

interface Running {
  readonly hub: Hub
  readonly server: RtmpServer
  readonly port: number
  readonly url: string
}

async function running(
  options: HubOptions = {},
  serverOptions: Partial<RtmpServerOptions> = {},
): Promise<Running> {
  const hub = new Hub({ graceMs: 0, publisherWaitMs: 15_000, ...options })
  const server = new RtmpServer({ hub, ...serverOptions })
  onTestFinished(async () => {
    await server.close()
    hub.close()
  })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  return { hub, server, port, url: `rtmp://127.0.0.1:${port}/live/show` }
}

/** Plays to the end of the stream with our own client. */
async function playAll(url: string, options?: RtmpClientOptions): Promise<MediaPacket[]> {
  const packets: MediaPacket[] = []
  for await (const packet of await RtmpClient.play(url, options)) packets.push(packet)
  return packets
}

/** Bodies of one kind as hex, from the first keyframe on where there is video; empty ones and the end of a sequence left out. */
function bodiesOf(packets: readonly MediaPacket[], kind: 'audio' | 'video'): string[] {
  const begin = packets.findIndex(({ keyframe, configuration }) => keyframe && !configuration)
  return packets
    .filter((packet, i) => i >= begin || packet.configuration)
    .filter((packet) => packet.kind === kind && packet.body.length > 0 && !packet.endOfSequence)
    .map(({ body }) => Buffer.from(body).toString('base64'))
}

/** All packets of the next publish of `path`, as they came. */
async function received(hub: Hub, path: string): Promise<MediaPacket[]> {
  await whenLive(hub, path)
  const packets: MediaPacket[] = []
  for await (const packet of hub.source(path)!.consume({ maxLagMs: 60_000 })) packets.push(packet)
  return packets
}

const KINDS = ['video', 'audio'] as const

function expectSameBodies(actual: readonly MediaPacket[], expected: readonly MediaPacket[]): void {
  for (const kind of KINDS) {
    const [is, shouldBe] = [bodiesOf(actual, kind), bodiesOf(expected, kind)]
    expect(is.length, `${kind} packets`).toBe(shouldBe.length)
    expect(is, kind).toEqual(shouldBe)
  }
}

/** ffmpeg sends a clip; `-re` in real time when there is no `speed`. */
function ffmpegPublishes(url: string, clip: Clip, args: readonly string[] = []): RunningProcess {
  const input = ['-hide_banner', '-v', 'warning', '-re', ...args, '-i', clipPath(clip)]
  const output = ['-map', '0', '-c', 'copy', '-flvflags', 'no_duration_filesize', '-f', 'flv', url]
  return start(requireTool('ffmpeg'), [...input, ...output])
}

/** Resolves when `path` has a publisher. */
async function whenLive(hub: Hub, path = '/live/show'): Promise<void> {
  if (hub.source(path)?.publisher !== undefined) return
  await new Promise<void>((resolve) => {
    const look = ({ streamPath }: { streamPath: string }): void => {
      if (streamPath !== path) return
      hub.off('publish', look)
      resolve()
    }
    hub.on('publish', look)
  })
}

/** No kind goes back in time, and none stands still for longer than `maxGapMs`. */
function expectSteady(packets: readonly MediaPacket[], maxGapMs: number): void {
  for (const kind of ['audio', 'video'] as const) {
    const times = packets
      .filter((packet) => packet.kind === kind && !packet.configuration)
      .map(({ dts }) => dts)
    for (let i = 1; i < times.length; i++) {
      const step = times[i]! - times[i - 1]!
      expect(step, `${kind} ${i} of ${times.length} at ${times[i]}`).toBeGreaterThanOrEqual(0)
      expect(step, `${kind} ${i} of ${times.length} at ${times[i]}`).toBeLessThanOrEqual(maxGapMs)
    }
  }
}

itWithTool(
  ['ffmpeg', 'rtmpdump'],
  'ffmpeg publishes every legacy clip in real time; our client and rtmpdump get its bytes',
  async () => {
    const { hub, port } = await running()
    const folder = await tempFolder()
    const clips = LEGACY.map((clip) => ({
      clip,
      url: `rtmp://127.0.0.1:${port}/live/${clip.replace('.flv', '')}`,
    }))
    const playing = clips.map(async ({ clip, url }) => {
      const dumped = join(folder, clip)
      const [ours] = await Promise.all([
        playAll(url),
        run(requireTool('rtmpdump'), ['-q', '--live', '-r', url, '-o', dumped]),
      ])
      return { clip, ours, dumped: demuxFlv(await readFile(dumped)) }
    })
    await whenWaiting(hub, 2 * clips.length)
    const published = clips.map(({ clip, url }) => ffmpegPublishes(url, clip).exited)
    for (const { stderr } of await Promise.all(published)) expect(stderr).toBe('')

    for (const { clip, ours, dumped } of await Promise.all(playing)) {
      const sent = demuxFlv(readClip(clip))
      for (const got of [ours, dumped]) {
        expectSameBodies(got, sent)
        expectSteady(got, 60)
      }
    }
  },
)

describe('FFmpeg 8.1 publishes Enhanced RTMP, our client gets the bytes of', () => {
  it.each(ENHANCED)('%s', async (clip) => {
    const { hub, url } = await running()
    const played = playAll(url)
    const came = received(hub, '/live/show')
    await whenWaiting(hub)
    await publishFile(clipPath(clip), url, SPEED)
    expectSameBodies(await played, await came)
    // It writes a configuration of its own for VP9; the rest is the clip's.
    const media = (packets: readonly MediaPacket[]): MediaPacket[] =>
      packets.filter(({ configuration }) => !configuration)
    expectSameBodies(media(await played), media(demuxFlv(readClip(clip))))
  })

  it('two audio tracks: only the default one for a player that does not know of more', async () => {
    const { hub, url } = await running()
    const plain = playAll(url, { session: { capabilities: 'none' } })
    const knowing = playAll(url)
    await whenWaiting(hub, 2)
    await publishFile(clipPath(TWO_TRACKS), url, SPEED)
    // Enhanced RTMP v2: SoundFormat 9 is an extended header, AudioPacketType 5 is multitrack.
    const multitrack = (packets: readonly MediaPacket[]): MediaPacket[] =>
      packets.filter(({ kind, body }) => kind === 'audio' && body[0] === 0x95)
    expect(multitrack(await knowing).length).toBeGreaterThan(190)
    expect(multitrack(await plain)).toEqual([])
    const sent = demuxFlv(readClip(TWO_TRACKS)).filter(({ multitrack: several }) => !several)
    expect(bodiesOf(await plain, 'audio')).toEqual(bodiesOf(sent, 'audio'))
    expect(bodiesOf(await plain, 'video')).toEqual(bodiesOf(sent, 'video'))
  })
})

it('a player that comes late has a keyframe within 100 ms, behind the configuration', async () => {
  const { hub, url } = await running()
  const stop = new AbortController()
  const looping = loopClip(hub, CLIP, stop.signal)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const delays: number[] = []
  for (let i = 0; i < 5; i++) {
    const startMs = performance.now()
    const seen: string[] = []
    const client = await RtmpClient.play(url)
    for await (const packet of client) {
      seen.push(packet.configuration ? `${packet.kind} configuration` : packet.kind)
      if (packet.kind !== 'video' || packet.configuration) continue
      expect(packet.keyframe).toBe(true)
      break
    }
    delays.push(performance.now() - startMs)
    expect(seen).toEqual(['data configuration', 'audio configuration', 'video configuration', 'video'])
  }
  stop.abort()
  await looping
  expect(Math.min(...delays)).toBeLessThan(100)
})

describeWithTool('ffprobe', 'ffprobe comes late and sees', () => {
  it.each<[Clip, string[]]>([
    ['avc-aac-bframes.flv', ['codec_name=aac', 'codec_name=h264|width=320|height=180|has_b_frames=2']],
    ['avc-mp3.flv', ['codec_name=h264|width=320|height=180|has_b_frames=0', 'codec_name=mp3']],
  ])('the tracks of %s, and no other', async (clip, streams) => {
    const { hub, url } = await running()
    const stop = new AbortController()
    const looping = loopClip(hub, clip, stop.signal)
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    const entries = ['-show_entries', 'stream=codec_name,width,height,has_b_frames', '-of', 'compact=p=0']
    const probed = await run(requireTool('ffprobe'), ['-v', 'warning', ...entries, url])
    stop.abort()
    await looping
    expect(probed.stderr).toBe('')
    expect(probed.stdout.toString().trim().split('\n').toSorted()).toEqual(streams)
  })
})

itWithTool('ffmpeg', 'an encoder that is killed and comes back is one stream to its players', async () => {
  const { hub, server, url } = await running({ graceMs: 10_000 })
  const file = join(await tempFolder(), 'played.flv')
  const player = await (async () => {
    const ours = RtmpClient.play(url)
    const theirs = start(requireTool('ffmpeg'), ['-v', 'warning', '-i', url, '-c', 'copy', '-f', 'flv', file])
    await whenWaiting(hub, 2)
    return { ours, theirs }
  })()
  const first = ffmpegPublishes(url, CLIP)
  const client = await player.ours
  const packets: MediaPacket[] = []
  const reading = (async () => {
    for await (const packet of client) packets.push(packet)
  })()
  await new Promise((resolve) => setTimeout(resolve, 3_300))
  await first.stop('SIGKILL')
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const second = ffmpegPublishes(url, CLIP, ['-t', '4'])
  await second.exited
  expect(server.connections.size).toBe(2)
  hub.source('/live/show')!.close()
  await reading
  await player.theirs.exited
  // The outage, and a GOP that the new encoder may begin in the middle of.
  expectSteady(packets, 2_500)
  const video = packets.filter(({ kind, configuration }) => kind === 'video' && !configuration)
  expect(video.at(-1)!.dts - video[0]!.dts).toBeGreaterThan(7_000)
  expect(video.filter(({ dts }) => dts === 0)).toHaveLength(1)
  const [pictures, sound] = await readPackets(file)
  const times = (list: readonly string[]): number[] => list.map((packet) => Number.parseInt(packet, 10))
  for (const list of [times(pictures!), times(sound!)]) {
    expect(list.toSorted((a, b) => a - b)).toEqual(list)
    expect(list.at(-1)! - list[0]!).toBeGreaterThan(7_000)
  }
})

describeWithTool('ffmpeg', 'what ffmpeg is told', () => {
  it('a wrong key: the reason', async () => {
    const { url } = await running({ authorize: () => reject('unknown stream key') })
    const { code, stderr } = await ffmpegPublishes(url, CLIP).exited
    expect(code).not.toBe(0)
    expect(stderr).toContain('unknown stream key')
  })

  it('a stream that nobody publishes: that it is not there', async () => {
    const { url } = await running({ publisherWaitMs: 100 })
    const { code, stderr } = await run(requireTool('ffmpeg'), ['-v', 'warning', '-i', url, '-f', 'null', '-'])
    expect(code).not.toBe(0)
    expect(stderr).toContain('no such stream')
  })

  it('a name in use: the second, while the first goes on', async () => {
    const { hub, url } = await running()
    const first = ffmpegPublishes(url, CLIP, ['-t', '2'])
    await whenLive(hub)
    const { code, stderr } = await ffmpegPublishes(url, CLIP).exited
    expect(code).not.toBe(0)
    expect(stderr).toContain('the stream name is in use')
    expect((await first.exited).code).toBe(0)
  })

  it('a take-over: the first, and the second goes on', async () => {
    const { hub, url } = await running({ secondPublisher: 'take-over' })
    const first = ffmpegPublishes(url, CLIP)
    await whenLive(hub)
    const second = ffmpegPublishes(url, CLIP, ['-t', '2'])
    const { code, stderr } = await first.exited
    expect(code).not.toBe(0)
    expect(stderr).toContain('another publisher took the stream over')
    expect(await second.exited).toMatchObject({ code: 0, stderr: '' })
  })

  it('the end of the server: publisher and player are gone with it', async () => {
    const { hub, server, url } = await running()
    const publisher = ffmpegPublishes(url, CLIP)
    await whenLive(hub)
    const player = start(requireTool('ffmpeg'), ['-v', 'error', '-i', url, '-f', 'null', '-'])
    while (hub.stats().players === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    await server.close()
    expect((await publisher.exited).code).not.toBe(0)
    await player.exited
    expect(server.connections.size).toBe(0)
  })
})

itWithTool('ffmpeg', 'ffmpeg publishes to a secret key and plays its public name, over TLS', async () => {
  const { hub, port } = await running(
    {
      authorize: ({ action, streamName }) => {
        if (action === 'play') return true
        return streamName === 's3cret' ? accept({ streamPath: '/live/show' }) : reject('unknown stream key')
      },
    },
    { tls: TLS },
  )
  const played = run(
    requireTool('ffmpeg'),
    ['-v', 'warning', '-tls_verify', '0', '-i', `rtmps://localhost:${port}/live/show`, '-f', 'null', '-'],
    { timeoutMs: 40_000 },
  )
  await whenWaiting(hub)
  const publisher = ffmpegPublishes(`rtmps://localhost:${port}/live/s3cret`, CLIP, ['-t', '3'])
  await whenLive(hub)
  expect(await publisher.exited).toMatchObject({ code: 0 })
  expect(await played).toMatchObject({ code: 0, stderr: '' })
})

describeWithTool('gst-launch-1.0', 'GStreamer through librtmp', () => {
  it('publishes with rtmpsink, our client gets the bytes of its muxer', async () => {
    const { hub, url } = await running()
    const received = playAll(url)
    await whenWaiting(hub)
    const pipeline = [
      ...['-q', 'fdsrc', 'fd=0', '!', 'flvdemux', 'name=in'],
      ...['flvmux', 'name=out', 'streamable=true', '!', 'rtmpsink', 'sync=false', `location=${url} live=1`],
      ...['in.video', '!', 'queue', '!', 'h264parse', '!', 'out.'],
      ...['in.audio', '!', 'queue', '!', 'aacparse', '!', 'out.'],
    ]
    const result = await run(requireTool('gst-launch-1.0'), pipeline, { input: paceClip(CLIP, SPEED) })
    expect(result.stderr).toBe('')
    const sent = demuxFlv(readClip(CLIP))
    expect(bodiesOf(await received, 'audio')).toEqual(bodiesOf(sent, 'audio'))
    expect(bodiesOf(await received, 'video')).toHaveLength(bodiesOf(sent, 'video').length)
  })
})

itWithTool(
  'ffmpeg',
  'ffmpeg plays a stream that goes on, without a complaint',
  async () => {
    // MILLRACE_PLAY_SEC=60 for a long run.
    const seconds = Number(process.env['MILLRACE_PLAY_SEC'] ?? 12)
    const { hub, url } = await running()
    const stop = new AbortController()
    const looping = loopClip(hub, CLIP, stop.signal)
    await new Promise((resolve) => setTimeout(resolve, 500))
    const ours = RtmpClient.play(url)
    const args = ['-v', 'warning', '-i', url, '-t', String(seconds), '-f', 'null', '-']
    const packets: MediaPacket[] = []
    const client = await ours
    const reading = (async () => {
      for await (const packet of client) packets.push(packet)
    })()
    const played = await run(requireTool('ffmpeg'), args, { timeoutMs: (seconds + 20) * 1_000 })
    stop.abort()
    await looping
    await client.close()
    await reading
    expect(played).toMatchObject({ code: 0, stderr: '' })
    expectSteady(packets, 200) // the clip's audio ends later than its video
  },
  120_000,
)
