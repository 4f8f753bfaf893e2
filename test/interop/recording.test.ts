import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { demuxFlv } from 'millrace/flv'
import { Hub } from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import { inRealTime, RtmpClient } from 'millrace/node'
import { DirectoryRecordingStore, type FinishedRecordingFile, Recorder } from 'millrace/services/recording'
import { expect, it, onTestFinished } from 'vitest'
import { type Clip, CLIPS, clipPath, readClip } from '../support/clips.ts'
import { decodeErrors, probePackets } from '../support/ffprobe.ts'
import { clipMp4, finishedMp4 } from '../support/mp4.ts'
import { run, type RunningProcess, start } from '../support/process.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { describeWithTool, itWithTool, requireTool } from '../support/tools.ts'
import { readPackets } from './peers/ffmpeg8.ts'
import { readWithFfmpeg8, readWithFfprobe, readWithMediabunny, readWithMp4box } from './peers/mp4-readers.ts'

/** Records a clip that is published all at once. */
async function recordClip(clip: Clip, format: 'flv' | 'mp4'): Promise<FinishedRecordingFile> {
  const hub = new Hub()
  const store = new DirectoryRecordingStore(await tempFolder())
  const recorder = new Recorder({ hub, store, path: `[stream].${format}` })
  const finished: FinishedRecordingFile[] = []
  recorder.on('finish', (file) => finished.push(file))
  const publisher = hub.publish('/live/show')
  for (const packet of demuxFlv(readClip(clip))) publisher.write(packet)
  publisher.unpublish()
  await recorder.close()
  hub.close()
  return finished[0]!
}

/** Duration in seconds, as ffprobe sees it. */
async function durationOf(path: string): Promise<number> {
  const args = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', path]
  return Number((await run(requireTool('ffprobe'), args)).stdout.toString())
}

/** Packets of each stream, times from the earliest on. */
async function packetsOf(path: string): Promise<string[][]> {
  const streams = await readPackets(path)
  const earliest = Math.min(...streams.map(([first]) => Number.parseInt(first!, 10)))
  return streams.map((stream) =>
    stream.map((packet) => packet.replace(/^-?\d+/, (dts) => `${Number(dts) - earliest}`)),
  )
}

describeWithTool(['ffmpeg', 'ffprobe'], 'a finished recording', () => {
  it.each(CLIPS)('as FLV: FFmpeg 8.1 reads the packets of %s, and its duration', async (clip) => {
    const { file, durationMs } = await recordClip(clip, 'flv')
    expect(await packetsOf(file)).toEqual(await packetsOf(clipPath(clip)))
    expect(await durationOf(file)).toBeCloseTo(durationMs / 1000, 2)
  })

  it.each(CLIPS)('as MP4: four readers find in %s what they find in the clip as MP4', async (clip) => {
    const { file, durationMs } = await recordClip(clip, 'mp4')
    const whole = join(await tempFolder(), 'clip.mp4')
    await writeFile(whole, finishedMp4(clipMp4(clip)))
    for (const read of [readWithFfprobe, readWithFfmpeg8, readWithMp4box, readWithMediabunny]) {
      expect(await read(file)).toEqual(await read(whole))
    }
    expect(await decodeErrors(file)).toBe('')
    expect(await durationOf(file)).toBeCloseTo(durationMs / 1000, 2)
  })

  it('as FLV: ffmpeg seeks by its index', async () => {
    const { file } = await recordClip('avc-aac-bframes.flv', 'flv')
    // Keyframes at 0, 2, 4 and 6 s; by the index ffprobe goes to the one of 4 s without reading what is before.
    const args = [
      '-v',
      'error',
      '-read_intervals',
      '5%+#1',
      '-select_streams',
      'v',
      '-show_entries',
      'packet=flags',
    ]
    const { stdout, stderr } = await run(requireTool('ffprobe'), [...args, '-of', 'csv=p=0', file])
    expect(stderr).toBe('')
    expect(stdout.toString()).toMatch(/^K/)
  })
})

/** The recording server in a process of its own. */
interface RecordingProcess {
  readonly process: RunningProcess
  readonly url: string
}

async function startRecording(
  directory: string,
  path: string,
  command: readonly string[] = [],
): Promise<RecordingProcess> {
  const script = join(import.meta.dirname, 'record.mjs')
  const [program, ...args] = [...command, process.execPath, script, directory, path]
  const child = start(program!, args)
  const [, url] = await child.waitForOutput(/listening (\S+)/)
  return { process: child, url: url! }
}

/** Publishes a clip as fast as it plays. */
async function publishClip(url: string, clip: Clip = 'avc-aac-bframes.flv'): Promise<RtmpClient> {
  const client = await RtmpClient.publish(url)
  onTestFinished(() => client.close())
  void client.send(inRealTime(demuxFlv(readClip(clip)))).catch(() => undefined)
  return client
}

async function fileIn(directory: string): Promise<string> {
  const files = await readdir(directory)
  expect(files).toHaveLength(1)
  return join(directory, files[0]!)
}

describeWithTool(['ffmpeg', 'ffprobe'], 'kill -9 in the middle of a recording', () => {
  it.each(['flv', 'mp4'] as const)(
    '%s: a file that plays, and a finished one after the next start',
    async (format) => {
      const directory = await tempFolder()
      const server = await startRecording(directory, `[stream].${format}`)
      await publishClip(server.url)
      const startMs = performance.now()
      await server.process.waitForOutput(/start/)
      await sleep(2_000)
      server.process.kill('SIGKILL')
      await server.process.exited
      const recordedMs = performance.now() - startMs

      const unfinished = await fileIn(directory)
      expect(unfinished).toMatch(/\.tmp$/)
      expect(await decodeErrors(unfinished)).toBe('')
      expect(await probePackets(unfinished)).toHaveLength(2)

      const again = await startRecording(directory, `[stream].${format}`)
      const [, told] = await again.process.waitForOutput(/finish (.*)/)
      const { file, durationMs, reason } = JSON.parse(told!) as FinishedRecordingFile
      expect(reason).toBe('recovered')
      expect(await fileIn(directory)).toBe(file)
      expect(file).toBe(join(directory, `show.${format}`))
      // A write is due every 0.5 s; an MP4 lacks up to a fragment of 0.5 s as well. The rest is a machine that is busy.
      expect(recordedMs - durationMs).toBeLessThan(format === 'mp4' ? 2_000 : 1_500)
      expect(await durationOf(file)).toBeCloseTo(durationMs / 1000, 1)
      expect(await decodeErrors(file)).toBe('')
    },
  )
})

describeWithTool(['prlimit', 'ffmpeg', 'ffprobe'], 'a file that may not grow any more (RLIMIT_FSIZE)', () => {
  it.each(['flv', 'mp4'] as const)(
    '%s: the recording ends, what was written is whole, and the stream goes on',
    async (format) => {
      const directory = await tempFolder()
      // SIGXFSZ does not end Node: the write fails with EFBIG.
      const server = await startRecording(directory, `[stream].${format}`, [
        requireTool('prlimit'),
        '--fsize=90000',
        '--',
      ])
      await publishClip(server.url)
      const player = await RtmpClient.play(server.url)
      const video: MediaPacket[] = []
      const errored = server.process.waitForOutput(/error EFBIG/).then(() => video.at(-1)!.dts + 1_000)
      let untilDts = Infinity
      void errored.then((dts) => (untilDts = dts))
      for await (const packet of player) {
        if (packet.kind === 'video' && packet.coded) video.push(packet)
        if (packet.dts > untilDts) break
      }
      await player.close()
      await errored
      const steps = video.slice(1).map(({ dts }, i) => dts - video[i]!.dts)
      expect(Math.max(...steps)).toBeLessThanOrEqual(41)
      expect(video.at(-1)!.dts).toBeGreaterThan(untilDts - 100)
      const [, told] = await server.process.waitForOutput(/finish (.*)/)
      const { file, reason, durationMs } = JSON.parse(told!) as FinishedRecordingFile
      expect(reason).toBe('failed')
      expect(durationMs).toBeGreaterThan(1_000)
      expect(await decodeErrors(file)).toBe('')
    },
  )
})

itWithTool(['ffmpeg', 'ffprobe'], 'what ffmpeg publishes over RTMP is recorded whole', async () => {
  const directory = await tempFolder()
  const server = await startRecording(directory, '[app]/[stream].mp4')
  const args = [
    '-v',
    'error',
    '-re',
    '-i',
    clipPath('avc-aac-bframes.flv'),
    '-t',
    '3',
    '-c',
    'copy',
    '-f',
    'flv',
    server.url,
  ]
  const published = await run(requireTool('ffmpeg'), args)
  expect(published.stderr).toBe('')
  const [, told] = await server.process.waitForOutput(/finish (.*)/)
  const { file, durationMs } = JSON.parse(told!) as FinishedRecordingFile
  expect(durationMs).toBeGreaterThan(1_900)
  expect(await probePackets(file)).toEqual([
    expect.stringMatching(/^h264: /),
    expect.stringMatching(/^aac: /),
  ])
  expect(await decodeErrors(file)).toBe('')
})
