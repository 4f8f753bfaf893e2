import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Clip, CLIPS, clipPath } from '../support/clips.ts'
import { type LiveServer, publishClip, startLiveServer, whenWaiting } from '../support/live-server.ts'
import { run } from '../support/process.ts'
import { countsOf, fromFirst } from '../support/read-packets.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { itWithTool, requireTool } from '../support/tools.ts'
import { readPackets } from './peers/ffmpeg8.ts'

const SPEED = 8
const CLIP = 'avc-aac-bframes.flv'

/** What a player that came before the publisher has when it is over, and what it should have. */
async function played(
  { hub }: LiveServer,
  clip: Clip,
  play: () => Promise<string[][]>,
): Promise<{ received: string[][]; sent: string[][] }> {
  const received = play()
  await whenWaiting(hub)
  await publishClip(hub, clip, SPEED)
  return { received: fromFirst(await received), sent: fromFirst(await readPackets(clipPath(clip))) }
}

/** Runs a program that writes what it plays to `file`, and reads the file. */
async function playInto(file: string, command: string, args: readonly string[]): Promise<string[][]> {
  const { code, stderr } = await run(requireTool(command), args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return await readPackets(file)
}

it.each(CLIPS)('FFmpeg 8.1 plays %s', async (clip) => {
  const server = await startLiveServer()
  const { received, sent } = await played(server, clip, () => readPackets(server.rtmpUrl))
  // It does not ask for more tracks than one of each kind.
  const expected = sent.slice(0, 2)
  expect(countsOf(received)).toEqual(countsOf(expected))
  expect(received).toEqual(expected)
})

itWithTool('ffmpeg', 'ffmpeg 5.1 plays H.264 and AAC', async () => {
  const server = await startLiveServer()
  const file = join(await tempFolder(), 'played.flv')
  const args = ['-v', 'warning', '-i', server.rtmpUrl, '-c', 'copy', '-copyinkf', file]
  const { received, sent } = await played(server, CLIP, () => playInto(file, 'ffmpeg', args))
  expect(countsOf(received)).toEqual(countsOf(sent))
  expect(received).toEqual(sent)
})

itWithTool('rtmpdump', 'rtmpdump plays H.264 and AAC', async () => {
  const server = await startLiveServer()
  const file = join(await tempFolder(), 'played.flv')
  const args = ['-q', '--live', '-r', server.rtmpUrl, '-o', file]
  const { received, sent } = await played(server, CLIP, () => playInto(file, 'rtmpdump', args))
  expect(countsOf(received)).toEqual(countsOf(sent))
  expect(received).toEqual(sent)
})

itWithTool('gst-launch-1.0', 'GStreamer plays H.264 and AAC through rtmp2src', async () => {
  const server = await startLiveServer()
  const file = join(await tempFolder(), 'played.flv')
  const args = ['-q', 'rtmp2src', `location=${server.rtmpUrl}`, '!', 'filesink', `location=${file}`]
  const { received, sent } = await played(server, CLIP, () => playInto(file, 'gst-launch-1.0', args))
  // It stops at the notice of the end, and may drop the last packet before it.
  expect(received.map((stream, i) => sent[i]!.length - stream.length <= 1)).toEqual([true, true])
  expect(received).toEqual(sent.map((stream, i) => stream.slice(0, received[i]!.length)))
})
