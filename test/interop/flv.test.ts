import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { demuxFlv, FlvMuxer } from 'millrace/flv'
import { expect, it } from 'vitest'
import { type Clip, CLIPS, clipPath, readClip } from '../support/clips.ts'
import { decodeErrors, probePackets } from '../support/ffprobe.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { describeWithTool } from '../support/tools.ts'
import { readPackets } from './peers/ffmpeg8.ts'

/** What ffprobe 5.1 counts in the clips that it can read. */
const LEGACY: Partial<Record<Clip, readonly string[]>> = {
  'avc-aac-bframes.flv': ['h264: 200', 'aac: 376'],
  'avc-mp3.flv': ['h264: 150', 'mp3: 231'],
  'audio-only-aac.flv': ['aac: 260'],
  'video-only-avc.flv': ['h264: 150'],
}

function remux(clip: Clip): Uint8Array {
  const muxer = new FlvMuxer()
  return Buffer.concat([muxer.header(), ...demuxFlv(readClip(clip)).map((packet) => muxer.write(packet))])
}

it.each(CLIPS)(
  'FFmpeg 8.1 reads the same packets from %s after it was taken apart and written again',
  async (clip) => {
    const path = join(await tempFolder(), 'out.flv')
    await writeFile(path, remux(clip))
    expect(await readPackets(path)).toEqual(await readPackets(clipPath(clip)))
  },
)

describeWithTool(['ffmpeg', 'ffprobe'], 'ffmpeg 5.1', () => {
  it.each(Object.keys(LEGACY) as Clip[])('decodes our FLV of %s without a complaint', async (clip) => {
    const bytes = remux(clip)
    expect(await decodeErrors(bytes)).toBe('')
    expect(await probePackets(bytes)).toEqual(LEGACY[clip])
  })
})
