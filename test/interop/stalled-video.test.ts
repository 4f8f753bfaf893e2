/** Cameras that are off: what players of the reference server get of a stream that announces video and shows none. */
import { join } from 'node:path'
import { demuxFlv } from 'millrace/flv'
import { type MediaPacket, packetFromTag } from 'millrace/media'
import { inRealTime, RtmpClient } from 'millrace/node'
import { expect, onTestFinished } from 'vitest'
import { readClip } from '../support/clips.ts'
import { run } from '../support/process.ts'
import { startReferenceServer } from '../support/reference-server.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { describeWithTool, itWithTool, requireTool } from '../support/tools.ts'

const clip = demuxFlv(readClip('avc-aac-bframes.flv'))
const opening = clip.filter(({ coded, endOfSequence }) => !coded && !endOfSequence)
const media = clip.filter(({ coded }) => coded)
const lengthMs = Math.ceil(media.at(-1)!.dts / 1_000) * 1_000

/** 40 s of the clip, each of its coded packets as `change` leaves it. */
function stream(change: (packet: MediaPacket) => MediaPacket | undefined): MediaPacket[] {
  const rounds = Array.from({ length: Math.ceil(40_000 / lengthMs) }, (_, round) =>
    media.map((packet) => packet.withDts(packet.dts + round * lengthMs)),
  )
  return [...opening, ...rounds.flat().flatMap((packet) => change(packet) ?? [])]
}

const isVideo = ({ kind }: MediaPacket): boolean => kind === 'video'
/** AVC, frame type 2: inter | codec 7. */
const asInter = (packet: MediaPacket): MediaPacket =>
  packetFromTag(9, packet.dts, Uint8Array.of(0x27, ...packet.body.subarray(1)))

const streams = {
  'sound alone behind a video sequence header': stream((packet) => (isVideo(packet) ? undefined : packet)),
  'inter frames without a keyframe': stream((packet) => (isVideo(packet) ? asInter(packet) : packet)),
}

/** Records the sound of `url` for five seconds. @returns how much of it is in the file, in seconds. */
async function recordSound(url: string): Promise<number> {
  const file = join(await tempFolder(), 'played.mkv')
  const input = ['-v', 'error', '-analyzeduration', '1000000', '-i', url]
  const recorded = await run(requireTool('ffmpeg'), [...input, '-t', '5', '-map', '0:a', '-c', 'copy', file])
  expect(recorded).toMatchObject({ code: 0, stderr: '' })
  const probe = ['-v', 'error', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', file]
  const { stdout } = await run(requireTool('ffprobe'), probe)
  const times = String(stdout).trim().split('\n').map(Number)
  return Math.max(...times) - Math.min(...times)
}

describeWithTool('ffmpeg', 'a camera that is off', () => {
  for (const [name, packets] of Object.entries(streams)) {
    itWithTool(
      'ffprobe',
      `${name}: ffmpeg hears it over RTMP, HTTP-FLV and HLS`,
      async () => {
        const { rtmp, http, process } = await startReferenceServer()
        const stop = new AbortController()
        const client = await RtmpClient.publish(`${rtmp}/live/show`)
        const sending = client.send(inRealTime(packets, { signal: stop.signal }))
        onTestFinished(async () => {
          stop.abort()
          await sending
          await client.close()
        })
        const urls = [`${rtmp}/live/show`, `${http}/live/show.flv`, `${http}/live/show.m3u8`]
        for (const sec of await Promise.all(urls.map(recordSound))) expect(sec).toBeGreaterThan(4)
        expect(process.output.match(/no picture in \/live\/show for 3 s/g)).toHaveLength(1)
      },
      60_000,
    )
  }
})
