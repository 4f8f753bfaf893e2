import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { demuxFlv, FlvMuxer } from 'millrace/flv'
import { HlsPlaylist, HlsSegmenter } from 'millrace/hls'
import { TsMuxer } from 'millrace/mpegts'
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
const legacyClips = Object.keys(LEGACY) as Clip[]

function remux(clip: Clip): Uint8Array {
  const muxer = new FlvMuxer()
  return Buffer.concat([muxer.header(), ...demuxFlv(readClip(clip)).map((packet) => muxer.write(packet))])
}

function transportStream(clip: Clip): Uint8Array {
  const muxer = new TsMuxer()
  return Buffer.concat(demuxFlv(readClip(clip)).map((packet) => muxer.write(packet)))
}

it.each(CLIPS)(
  'FFmpeg 8.1 reads the same packets from %s after it was taken apart and written again',
  async (clip) => {
    const path = join(await tempFolder(), 'out.flv')
    await writeFile(path, remux(clip))
    expect(await readPackets(path)).toEqual(await readPackets(clipPath(clip)))
  },
)

describeWithTool(['ffmpeg', 'ffprobe'], 'ffmpeg', () => {
  it.each(legacyClips)('decodes our FLV of %s without a complaint', async (clip) => {
    const bytes = remux(clip)
    expect(await decodeErrors(bytes)).toBe('')
    expect(await probePackets(bytes)).toEqual(LEGACY[clip])
  })

  it.each([...legacyClips, 'hevc-aac.ertmp.flv' as const])(
    'decodes our transport stream of %s without a complaint',
    async (clip) => {
      const bytes = transportStream(clip)
      expect(await decodeErrors(bytes)).toBe('')
      expect(await probePackets(bytes)).toEqual(LEGACY[clip] ?? ['hevc: 200', 'aac: 376'])
    },
  )

  it.each([...legacyClips, 'hevc-aac.ertmp.flv' as const])('plays %s from our playlist', async (clip) => {
    const folder = await tempFolder()
    const segmenter = new HlsSegmenter({ targetDurationMs: 2000 })
    const playlist = new HlsPlaylist()
    for (const packet of demuxFlv(readClip(clip))) segmenter.push(packet, packet.dts)
    segmenter.end()
    for (let segment = segmenter.read(); segment !== undefined; segment = segmenter.read()) {
      const uri = `${segment.sequence}.ts`
      playlist.add(segment, { uri, byteLength: segment.bytes.length })
      await writeFile(join(folder, uri), segment.bytes)
    }
    playlist.end()
    const path = join(folder, 'index.m3u8')
    await writeFile(path, playlist.format())

    expect(playlist.entries.length).toBeGreaterThan(1)
    expect(await decodeErrors(path)).toBe('')
    // The clip's first MP3 frame comes before its first keyframe, and is left out.
    const expected = clip === 'avc-mp3.flv' ? ['h264: 150', 'mp3: 230'] : LEGACY[clip]
    expect(await probePackets(path)).toEqual(expected ?? ['hevc: 200', 'aac: 376'])
  })
})
