import { createHash } from 'node:crypto'
import { FlvDemuxer, demuxFlv } from 'millrace/flv'
import type { Hub } from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import { inRealTime, RtmpClient } from 'millrace/node'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Clip, CLIPS, clipPath, paceClip, readClip } from '../support/clips.ts'
import { startLiveServer, whenWaiting } from '../support/live-server.ts'
import { run, type RunningProcess, start } from '../support/process.ts'
import { describeWithTool, requireTool } from '../support/tools.ts'
import { publishFile } from './peers/ffmpeg8.ts'

/** How much faster than they play the clips are sent. */
const SPEED = 4

/** An HTTP-FLV player that keeps what it gets. */
class FlvPlayer {
  readonly packets: MediaPacket[] = []
  /** Settles with the end of the stream. */
  readonly ended: Promise<void>
  readonly #gone = new AbortController()

  constructor(url: string) {
    this.ended = this.#read(url)
    this.ended.catch(() => undefined)
    onTestFinished(() => this.#gone.abort())
  }

  /** Video and audio, without configuration. */
  media(kind: 'audio' | 'video'): MediaPacket[] {
    return this.packets.filter((packet) => packet.kind === kind && packet.coded)
  }

  async #read(url: string): Promise<void> {
    const { status, body } = await fetch(url, { signal: this.#gone.signal })
    expect(status).toBe(200)
    const demuxer = new FlvDemuxer()
    for await (const bytes of body!) {
      demuxer.push(bytes as Uint8Array)
      for (let packet = demuxer.read(); packet !== undefined; packet = demuxer.read())
        this.packets.push(packet)
    }
  }
}

/** Frames of one kind: as many as there are, and what is in them. */
function frames(packets: readonly MediaPacket[], kind: 'audio' | 'video'): string[] {
  return packets.filter((packet) => packet.kind === kind && packet.coded).map(digest)
}

function digest({ body }: MediaPacket): string {
  return `${body.length} ${createHash('md5').update(body).digest('base64')}`
}

/** What must come out of what went in: all of it, but for audio before the first keyframe, where nobody can begin. */
function expectSameBodies(received: readonly MediaPacket[], sent: readonly MediaPacket[]): void {
  expect(frames(received, 'video')).toEqual(frames(sent, 'video'))
  const [got, want] = [frames(received, 'audio'), frames(sent, 'audio')]
  const missing = want.length - got.length
  expect(missing).toBeGreaterThanOrEqual(0)
  expect(missing).toBeLessThanOrEqual(frames(sent, 'video').length === 0 ? 0 : 2)
  expect(got).toEqual(want.slice(missing))
  const configurations = (packets: readonly MediaPacket[]): string[] =>
    packets.filter(({ kind, configuration }) => kind !== 'data' && configuration).map(digest)
  expect(configurations(received).toSorted()).toEqual(configurations(sent).toSorted())
}

/** Everything of the next publish, as it came in. */
function arrived(hub: Hub): Promise<MediaPacket[]> {
  return new Promise((resolve, reject) => {
    hub.once('publish', (source) => {
      const read = async (): Promise<MediaPacket[]> => {
        const packets: MediaPacket[] = []
        for await (const packet of source.consume({ maxLagMs: 60_000 })) packets.push(packet)
        return packets
      }
      read().then(resolve, reject)
    })
  })
}

describe('media comes out over HTTP-FLV as it went in, byte for byte', () => {
  it.each(CLIPS)('%s, published by RtmpClient', async (clip) => {
    const { hub, rtmpUrl, httpUrl } = await startLiveServer()
    const player = new FlvPlayer(`${httpUrl}.flv?tracks=all`)
    await whenWaiting(hub)
    const client = await RtmpClient.publish(rtmpUrl)
    const sent = demuxFlv(readClip(clip))
    const started = performance.now()
    const clock = {
      now: () => (performance.now() - started) * SPEED,
      setTimeout: (callback: () => void, ms: number) => {
        const timer = setTimeout(callback, ms / SPEED)
        return { cancel: () => clearTimeout(timer) }
      },
    }
    await client.send(inRealTime(sent, { clock }))
    await client.close()
    await player.ended
    expectSameBodies(player.packets, sent)
  })

  it.each(CLIPS.filter((clip) => clip.endsWith('.ertmp.flv') && !clip.includes('two-audio')))(
    '%s, published by FFmpeg 8.1',
    async (clip) => {
      const { hub, rtmpUrl, httpUrl } = await startLiveServer()
      const player = new FlvPlayer(`${httpUrl}.flv`)
      await whenWaiting(hub)
      const arriving = arrived(hub)
      await publishFile(clipPath(clip), rtmpUrl, SPEED)
      await player.ended
      const sent = await arriving
      expectSameBodies(player.packets, sent)
      // FFmpeg writes its own configuration and colours, and passes the frames on as they are.
      expect(frames(sent, 'video')).toEqual(frames(demuxFlv(readClip(clip)), 'video'))
    },
  )
})

/** ffmpeg as an encoder: it sends a clip as it is, faster than it plays. */
async function publishByFfmpeg(clip: Clip, url: string): Promise<void> {
  const input = ['-analyzeduration', '100000', '-f', 'flv', '-i', 'pipe:0', '-map', '0', '-c', 'copy']
  const output = ['-flvflags', 'no_duration_filesize', '-f', 'flv', url]
  const result = await run(requireTool('ffmpeg'), ['-v', 'warning', ...input, ...output], {
    input: paceClip(clip, SPEED),
  })
  expect(result.stderr).toBe('')
}

interface Probe {
  readonly streams: readonly {
    codec_type: string
    codec_name: string
    width?: number
    height?: number
    sample_rate?: string
  }[]
  readonly packets: readonly { codec_type: string; pts_time: string; dts_time: string }[]
}

/** Everything that ffprobe reads from `url`, to its end. */
async function probe(url: string): Promise<Probe> {
  const args = ['-v', 'fatal', '-show_packets', '-show_streams', '-of', 'json', url]
  const result = await run(requireTool('ffprobe'), args)
  return JSON.parse(result.stdout.toString()) as Probe
}

describeWithTool(['ffmpeg', 'ffprobe'], 'ffmpeg publishes, ffprobe plays', () => {
  const LEGACY = {
    'avc-aac-bframes.flv': ['audio aac 48000', 'video h264 320x180'],
    'avc-mp3.flv': ['audio mp3 44100', 'video h264 320x180'],
    'video-only-avc.flv': ['video h264 320x180'],
    'audio-only-aac.flv': ['audio aac 44100'],
  } as const
  const cases = (Object.keys(LEGACY) as (keyof typeof LEGACY)[]).flatMap((clip) =>
    ['flv', 'ts', 'm3u8'].map((extension) => ({ clip, extension })),
  )

  it.each(cases)(
    '$clip over .$extension: all tracks, in order, without a gap',
    async ({ clip, extension }) => {
      const { hub, rtmpUrl, httpUrl } = await startLiveServer()
      const playing = probe(`${httpUrl}.${extension}`)
      await whenWaiting(hub)
      await publishByFfmpeg(clip, rtmpUrl)
      const { streams, packets } = await playing
      const described = streams.map(({ codec_type, codec_name, width, height, sample_rate }) =>
        [codec_type, codec_name, sample_rate ?? `${width}x${height}`].join(' '),
      )
      expect(described.toSorted()).toEqual(LEGACY[clip])

      const sent = demuxFlv(readClip(clip)).filter(({ coded }) => coded)
      const ms = (text: string): number => Math.round(Number(text) * 1_000)
      const times = (kind: string): number[] =>
        packets.filter(({ codec_type }) => codec_type === kind).map(({ dts_time }) => ms(dts_time))
      const steps = (kind: string): number[] => {
        const own = times(kind)
        // ffprobe 5.1 gives the second frame of a playlist of audio alone the time of the first.
        const from = clip === 'audio-only-aac.flv' && extension === 'm3u8' ? 2 : 1
        return own.slice(from).map((time, i) => time - own[i + from - 1]!)
      }
      expect([...steps('audio'), ...steps('video')].filter((step) => step <= 0)).toEqual([])
      expect(steps('video').filter((step) => step > 41)).toEqual([])
      expect(steps('audio').filter((step) => step > 50)).toEqual([])
      const sentVideo = sent.filter(({ kind }) => kind === 'video')
      expect(times('video').length).toBe(sentVideo.length)
      const sentAudio = sent.filter(({ kind }) => kind === 'audio')
      // What comes before the first keyframe, or before it is clear that there will be none, is left out: sent fast, that is more.
      const missing = sentAudio.length - times('audio').length
      expect(missing).toBeLessThanOrEqual(sentVideo.length === 0 ? 100 : 2)
      // Composition times come through, so that B-frames are shown in their place.
      const offsets = packets
        .filter(({ codec_type }) => codec_type === 'video')
        .map(({ pts_time, dts_time }) => ms(pts_time) - ms(dts_time))
      expect(offsets.map((offset) => Math.round(offset / 40))).toEqual(
        sentVideo.map(({ cts }) => Math.round(cts / 40)),
      )
    },
  )
})

describeWithTool('ffmpeg', 'an encoder that is killed and comes back within the grace time', () => {
  function encoder(url: string): RunningProcess {
    const input = ['-re', '-stream_loop', '-1', '-i', clipPath('avc-aac-bframes.flv'), '-c', 'copy']
    return start(requireTool('ffmpeg'), ['-v', 'error', ...input, '-f', 'flv', url])
  }

  async function published(hub: Hub): Promise<void> {
    if (hub.source('/live/show')?.publisher !== undefined) return
    await new Promise<void>((resolve) => hub.once('publish', () => resolve()))
  }

  it('loses no HTTP-FLV player: time goes on, the picture begins at a keyframe', async () => {
    const { hub, rtmpUrl, httpUrl } = await startLiveServer(undefined, { graceMs: 10_000 })
    const first = encoder(rtmpUrl)
    await published(hub)
    const player = new FlvPlayer(`${httpUrl}.flv`)
    await vi.waitFor(() => expect(player.media('video').length).toBeGreaterThan(60), {
      timeout: 10_000,
      interval: 50,
    })
    first.kill('SIGKILL')
    await first.exited
    await vi.waitFor(() => expect(hub.source('/live/show')!.publisher).toBe(undefined), {
      timeout: 5_000,
      interval: 10,
    })
    const killedMs = performance.now()
    const before = player.media('video').length
    const second = encoder(rtmpUrl)
    await published(hub)
    await vi.waitFor(() => expect(player.media('video').length).toBeGreaterThan(before + 60), {
      timeout: 15_000,
      interval: 50,
    })
    const gapMs = performance.now() - killedMs
    await second.stop('SIGKILL')

    for (const kind of ['audio', 'video'] as const) {
      const times = player.media(kind).map(({ dts }) => dts)
      const steps = times.slice(1).map((time, i) => time - times[i]!)
      expect(Math.min(...steps)).toBeGreaterThan(0)
      // One pause, as long as it really was; frames in their rhythm before and behind it.
      const pauses = steps.filter((step) => step > 100)
      expect(pauses).toHaveLength(1)
      expect(pauses[0]).toBeLessThan(gapMs)
    }
    const video = player.media('video')
    const resumed = video.findIndex(({ dts }, i) => i > 0 && dts - video[i - 1]!.dts > 100)
    expect(video[resumed]!.keyframe).toBe(true)
    expect(hub.source('/live/show')!.stats().publishCount).toBe(2)
  })

  it('goes on in the same HLS playlist, with a discontinuity', async () => {
    const { hub, rtmpUrl, httpUrl } = await startLiveServer(undefined, { graceMs: 10_000 })
    const first = encoder(rtmpUrl)
    await published(hub)
    const welcome = await (await fetch(`${httpUrl}.m3u8`)).text()
    const url = new URL(welcome.trim().split('\n').at(-1)!, `${httpUrl}.m3u8`).href
    const playlist = async (): Promise<string> => await (await fetch(url)).text()
    const segments = (text: string): string[] => text.split('\n').filter((line) => /\.ts\?/.test(line))
    const before = await playlist()
    first.kill('SIGKILL')
    await first.exited
    const second = encoder(rtmpUrl)
    const after = await vi.waitFor(
      async () => {
        const text = await playlist()
        expect(segments(text).length).toBeGreaterThan(segments(before).length + 2)
        return text
      },
      { timeout: 20_000, interval: 200 },
    )
    await second.stop('SIGKILL')
    expect(after.slice(0, after.indexOf('#EXTINF'))).toContain(/#EXT-X-MEDIA-SEQUENCE:\d+/.exec(before)![0])
    expect(after).not.toContain('#EXT-X-ENDLIST')
    const marks = after.split('\n').filter((line) => line === '#EXT-X-DISCONTINUITY')
    // One of them is in front of the first segment: it follows nothing that this server knows.
    expect(marks).toHaveLength(2)
    // All of it can be played.
    for (const uri of segments(after)) {
      expect((await fetch(new URL(uri, url))).status).toBe(200)
    }
    const probed = await run(requireTool('ffmpeg'), [
      '-v',
      'error',
      '-live_start_index',
      '0',
      '-i',
      url,
      '-t',
      '8',
      '-f',
      'null',
      '-',
    ])
    expect(
      probed.stderr
        .split('\n')
        .filter((line) => line !== '' && !/timestamp discontinuity|non monotonically/i.test(line)),
    ).toEqual([])
  })
})
