import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { demuxFlv, FlvMuxer } from 'millrace/flv'
import { HlsPlaylist, HlsSegmenter } from 'millrace/hls'
import { TsMuxer } from 'millrace/mpegts'
import { expect, it } from 'vitest'
import { type Clip, CLIPS, clipPath, readClip } from '../support/clips.ts'
import { decodeErrors, probePackets } from '../support/ffprobe.ts'
import { describeWithTool } from '../support/tools.ts'
import { Demuxer } from './peers/ffmpeg8.ts'

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

/** What FFmpeg 8.1 counts: dts and size of each packet, by stream. */
async function packetsOf(path: string): Promise<string[][]> {
  await using demuxer = await Demuxer.open(path)
  const found: string[][] = demuxer.streams.map(() => [])
  for await (const packet of demuxer.packets()) {
    if (packet === null) break
    found[packet.streamIndex]?.push(`${packet.dts} ${packet.size}`)
    packet.free()
  }
  return found
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(joinPath(tmpdir(), 'millrace-'))
  try {
    await body(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

it.each(CLIPS)(
  'FFmpeg 8.1 reads the same packets from %s after it was taken apart and written again',
  async (clip) => {
    await inFolder(async (folder) => {
      const path = joinPath(folder, 'out.flv')
      await writeFile(path, remux(clip))
      expect(await packetsOf(path)).toEqual(await packetsOf(clipPath(clip)))
    })
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
    await inFolder(async (folder) => {
      const segmenter = new HlsSegmenter({ targetDurationMs: 2000 })
      const playlist = new HlsPlaylist()
      for (const packet of demuxFlv(readClip(clip))) segmenter.push(packet, packet.dts)
      segmenter.end()
      for (let segment = segmenter.read(); segment !== undefined; segment = segmenter.read()) {
        const uri = `${segment.sequence}.ts`
        playlist.add(segment, { uri, byteLength: segment.bytes.length })
        await writeFile(joinPath(folder, uri), segment.bytes)
      }
      playlist.end()
      const path = joinPath(folder, 'index.m3u8')
      await writeFile(path, playlist.format())

      expect(playlist.entries.length).toBeGreaterThan(1)
      expect(await decodeErrors(path)).toBe('')
      // The clip's first MP3 frame comes before its first keyframe, and is left out.
      const expected = clip === 'avc-mp3.flv' ? ['h264: 150', 'mp3: 230'] : LEGACY[clip]
      expect(await probePackets(path)).toEqual(expected ?? ['hevc: 200', 'aac: 376'])
    })
  })
})
