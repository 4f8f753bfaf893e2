/**
 * FFmpeg 8.1 in this process (the npm package node-av), beside Debian's older program: it reads Enhanced RTMP, HEVC,
 * AV1, VP9 and multitrack.
 */
import { resolve } from 'node:path'
import './promise-with-resolvers.ts'
import { AV_LOG_FATAL, AVMEDIA_TYPE_AUDIO, AVMEDIA_TYPE_VIDEO, Demuxer, Log } from 'node-av'
import { run } from '../../support/process.ts'

// It takes the end of an HTTP stream without a length for an error.
Log.setLevel(AV_LOG_FATAL)

/** The packets of each stream of a file or URL, each as `dts size`: video first, then audio, in the order of tracks. */
export async function readPackets(input: string): Promise<string[][]> {
  await using demuxer = await Demuxer.open(input)
  const video: string[][] = []
  const audio: string[][] = []
  const lists = demuxer.streams.map(({ codecpar: { codecType } }) => {
    const list: string[] = []
    if (codecType === AVMEDIA_TYPE_VIDEO) video.push(list)
    if (codecType === AVMEDIA_TYPE_AUDIO) audio.push(list)
    return list
  })
  for await (const packet of demuxer.packets()) {
    if (packet === null) break
    // An empty packet is how FFmpeg hands on a configuration.
    if (packet.size > 0) lists[packet.streamIndex]?.push(`${packet.dts} ${packet.size}`)
    packet.free()
  }
  return [...video, ...audio]
}

/**
 * Publishes a file to an RTMP URL, `speed` times as fast as it plays. In a process of its own: node-av leaves the
 * connection open until its process ends.
 */
export async function publishFile(path: string, url: string, speed: number): Promise<void> {
  const script = resolve(import.meta.dirname, 'publish-file.mjs')
  const result = await run(process.execPath, [script, path, url, String(speed)])
  if (result.code !== 0) throw new Error(result.stderr)
}
