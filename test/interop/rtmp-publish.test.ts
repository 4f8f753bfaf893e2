import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FlvMuxer } from 'millrace/flv'
import { Hub } from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import { RtmpServer } from 'millrace/node'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Clip, CLIPS, clipPath, paceClip } from '../support/clips.ts'
import { run } from '../support/process.ts'
import { countsOf, fromFirst, sizesOf } from '../support/read-packets.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { describeWithTool, itWithTool, requireTool } from '../support/tools.ts'
import { publishFile, readPackets } from './peers/ffmpeg8.ts'

/** How much faster than they play the clips are sent: a reader that comes late starts at the newest keyframe. */
const SPEED = 8

const LEGACY = CLIPS.filter((clip) => !clip.endsWith('.ertmp.flv'))

let hub: Hub
let server: RtmpServer
let url: string

beforeEach(async () => {
  hub = new Hub({ graceMs: 0 })
  server = new RtmpServer({ hub })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  url = `rtmp://127.0.0.1:${port}/live/show`
})
afterEach(async () => {
  await server.close()
  hub.close()
})

/** All packets of the next publish, once it is over. */
function published(): Promise<MediaPacket[]> {
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

/** What FFmpeg 8.1 reads from packets, as `dts size`; times from the first packet of the first stream on. */
async function readBack(packets: readonly MediaPacket[]): Promise<string[][]> {
  const muxer = new FlvMuxer()
  const path = join(await tempFolder(), 'received.flv')
  await writeFile(path, Buffer.concat([muxer.header(), ...packets.map((packet) => muxer.write(packet))]))
  return fromFirst(await readPackets(path))
}

async function expectSame(clip: Clip, packets: readonly MediaPacket[]): Promise<void> {
  const sent = fromFirst(await readPackets(clipPath(clip)))
  const received = await readBack(packets)
  expect(countsOf(received)).toEqual(countsOf(sent))
  expect(received).toEqual(sent)
}

describeWithTool('ffmpeg', 'ffmpeg 5.1 publishes', () => {
  const publish = async (clip: Clip): Promise<void> => {
    const input = ['-analyzeduration', '100000', '-f', 'flv', '-i', 'pipe:0', '-map', '0', '-c', 'copy']
    const output = ['-flvflags', 'no_duration_filesize', '-f', 'flv', url]
    const pace = { input: paceClip(clip, SPEED) }
    const result = await run(requireTool('ffmpeg'), ['-v', 'warning', ...input, ...output], pace)
    expect(result.stderr).toBe('')
  }

  it.each(LEGACY)('%s', async (clip) => {
    const packets = published()
    await publish(clip)
    await expectSame(clip, await packets)
  })
})

it.each(CLIPS)('FFmpeg 8.1 publishes %s', async (clip) => {
  const packets = published()
  await publishFile(clipPath(clip), url, SPEED)
  await expectSame(clip, await packets)
})

itWithTool('gst-launch-1.0', 'GStreamer publishes H.264 and AAC through rtmp2sink', async () => {
  const packets = published()
  const clip = 'avc-aac-bframes.flv'
  const pipeline = [
    ...['-q', 'fdsrc', 'fd=0', '!', 'flvdemux', 'name=in'],
    ...['flvmux', 'name=out', 'streamable=true', '!', 'rtmp2sink', 'sync=false', `location=${url}`],
    ...['in.video', '!', 'queue', '!', 'h264parse', '!', 'out.'],
    ...['in.audio', '!', 'queue', '!', 'aacparse', '!', 'out.'],
  ]
  const result = await run(requireTool('gst-launch-1.0'), pipeline, { input: paceClip(clip, SPEED) })
  expect(result.stderr).toBe('')
  const sent = fromFirst(await readPackets(clipPath(clip)))
  const received = await readBack(await packets)
  // flvmux writes times of its own.
  expect(received.map(sizesOf)).toEqual(sent.map(sizesOf))
})
