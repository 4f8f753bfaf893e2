import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { demuxFlv } from 'millrace/flv'
import { HlsPlaylist } from 'millrace/hls'
import { KeyframeCut, type Segment, Segmenter, TsSegmentWriter } from 'millrace/segment'
import type { MediaPacket } from 'millrace/media'
import { TsMuxer, type TsMuxerOptions } from 'millrace/mpegts'
import { expect, it } from 'vitest'
import { type Clip, CLIPS, clipPath, readClip } from '../support/clips.ts'
import { decodedFrames, decodeErrors, probePackets } from '../support/ffprobe.ts'
import { run } from '../support/process.ts'
import { withAdts, withSetsInBand } from '../support/in-band.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { describeWithTool, requireTool } from '../support/tools.ts'

/** What of each clip a transport stream carries, as ffprobe counts it. */
const CARRIED: Record<Clip, readonly string[]> = {
  'avc-aac-bframes.flv': ['h264: 200', 'aac: 376'],
  'avc-mp3.flv': ['h264: 150', 'mp3: 231'],
  'audio-only-aac.flv': ['aac: 260'],
  'video-only-avc.flv': ['h264: 150'],
  'hevc-aac.ertmp.flv': ['hevc: 200', 'aac: 376'],
  'av1-opus.ertmp.flv': ['opus: 301'],
  'vp9-opus.ertmp.flv': ['opus: 301'],
  'avc-flac.ertmp.flv': ['h264: 150'],
  'hevc-opus-two-audio-tracks.ertmp.flv': ['hevc: 100', 'opus: 201'],
}
/** Those that ffmpeg 5.1 reads as FLV too. */
const LEGACY: readonly Clip[] = [
  'avc-aac-bframes.flv',
  'avc-mp3.flv',
  'audio-only-aac.flv',
  'video-only-avc.flv',
]

function mux(packets: readonly MediaPacket[], options?: TsMuxerOptions): Uint8Array {
  const muxer = new TsMuxer(options)
  const parts = packets.map((packet) => muxer.write(packet))
  muxer.stageHeld()
  const rest = new Uint8Array(muxer.stagedBytes)
  muxer.writeStaged(rest, 0)
  return Buffer.concat([...parts, rest])
}

function segment(packets: readonly MediaPacket[], segmenter: Segmenter): Segment[] {
  for (const packet of packets) segmenter.push(packet, packet.dts)
  segmenter.end()
  const segments: Segment[] = []
  for (let next = segmenter.read(); next !== undefined; next = segmenter.read()) segments.push(next)
  return segments
}

/** A folder with the segments and `index.m3u8`. @returns the path of the playlist. */
async function store(segments: readonly Segment[]): Promise<string> {
  const folder = await tempFolder()
  const playlist = new HlsPlaylist()
  for (const { sequence, bytes, ...facts } of segments) {
    playlist.add({ sequence, ...facts }, { uri: `${sequence}.ts`, byteLength: bytes.length })
    await writeFile(join(folder, `${sequence}.ts`), bytes)
  }
  playlist.end()
  await writeFile(join(folder, 'index.m3u8'), playlist.format())
  return join(folder, 'index.m3u8')
}

interface Timed {
  readonly pts_time: string
  readonly dts_time: string
  readonly flags: string
  readonly codec_type: string
}

/** Times in ms and the key flag of every packet, by kind. */
async function times(input: Uint8Array | string): Promise<{ video: string[]; audio: string[] }> {
  const path = typeof input === 'string'
  const args = ['-v', 'error', '-show_entries', 'packet=codec_type,pts_time,dts_time,flags', '-of', 'json']
  const { stdout } = await run(
    requireTool('ffprobe'),
    [...args, path ? input : 'pipe:0'],
    path ? {} : { input },
  )
  const { packets } = JSON.parse(stdout.toString()) as { packets: readonly Timed[] }
  const of = (kind: string): string[] =>
    packets
      .filter(({ codec_type }) => codec_type === kind)
      .map(({ pts_time, dts_time, flags }) =>
        [Math.round(Number(pts_time) * 1000), Math.round(Number(dts_time) * 1000), flags[0]].join(' '),
      )
  return { video: of('video'), audio: of('audio') }
}

describeWithTool(['ffmpeg', 'ffprobe'], 'MPEG-TS in ffmpeg', () => {
  it.each(CLIPS)('%s: every packet that a transport stream carries, without a complaint', async (clip) => {
    const bytes = mux(demuxFlv(readClip(clip)))
    expect(await probePackets(bytes)).toEqual(CARRIED[clip])
    expect(await decodeErrors(bytes)).toBe('')
  })

  it.each(LEGACY)('%s decodes to the same pictures and sound as the clip', async (clip) => {
    const bytes = mux(demuxFlv(readClip(clip)))
    const pictures = await decodedFrames(clipPath(clip), 'v')
    const sound = await decodedFrames(clipPath(clip), 'a')
    expect(pictures.length + sound.length).toBeGreaterThanOrEqual(150)
    expect(await decodedFrames(bytes, 'v')).toEqual(pictures)
    expect(await decodedFrames(bytes, 'a')).toEqual(sound)
  })

  it.each(['avc-aac-bframes.flv', 'hevc-aac.ertmp.flv'] as const)(
    '%s decodes to the same when ADTS and parameter sets come in band alone',
    async (clip) => {
      const packets = demuxFlv(readClip(clip))
      const bytes = mux(withAdts(withSetsInBand(packets, 'none'), 'none'))
      expect(await decodeErrors(bytes)).toBe('')
      expect(await decodedFrames(bytes, 'v')).toEqual(await decodedFrames(mux(packets), 'v'))
      expect(await decodedFrames(bytes, 'a')).toEqual(await decodedFrames(mux(packets), 'a'))
    },
  )

  it.each(LEGACY)('%s has the times of the clip, a second later', async (clip) => {
    const shift = (packets: readonly string[]): string[] =>
      packets.map((packet) => packet.replaceAll(/-?\d+/g, (ms) => String(Number(ms) + 1000)))
    const expected = await times(clipPath(clip))
    const found = await times(mux(demuxFlv(readClip(clip))))
    expect(found.video).toEqual(shift(expected.video))
    expect(found.audio).toEqual(shift(expected.audio))
  })

  it('audio frames that share PES packets are all there', async () => {
    const bytes = mux(demuxFlv(readClip('audio-only-aac.flv')), { audioPesMs: 300 })
    expect(await probePackets(bytes)).toEqual(['aac: 260'])
    expect(await decodedFrames(bytes, 'a')).toEqual(await decodedFrames(clipPath('audio-only-aac.flv'), 'a'))
    expect(bytes.length).toBeLessThan(mux(demuxFlv(readClip('audio-only-aac.flv'))).length)
  })

  it('the clock wraps in the middle', async () => {
    const wrapMs = 2 ** 33 / 90
    const late = demuxFlv(readClip('avc-aac-bframes.flv')).map((packet) =>
      packet.withDts(packet.dts + Math.round(wrapMs) - 4000),
    )
    const bytes = mux(late)
    expect(await decodeErrors(bytes)).toBe('')
    expect(await decodedFrames(bytes, 'v')).toEqual(await decodedFrames(clipPath('avc-aac-bframes.flv'), 'v'))
  })

  it('a stream that is joined at a keyframe plays from there', async () => {
    // PAT and PMT before keyframes alone: each PAT is a place to start.
    const bytes = mux(demuxFlv(readClip('avc-aac-bframes.flv')), { tablesIntervalMs: 60_000 })
    const starts: number[] = []
    for (let at = 0; at < bytes.length; at += 188) {
      const pid = ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!
      if (pid === 0) starts.push(at)
    }
    expect(starts.length).toBe(4)
    const joined = bytes.subarray(starts.at(-1))
    expect(await decodeErrors(joined)).toBe('')
    expect(await probePackets(joined)).toEqual(['h264: 50', expect.stringMatching(/^aac: \d+$/)])
  })
})

describeWithTool(['ffmpeg', 'ffprobe'], 'HLS in ffmpeg', () => {
  it.each(CLIPS)('%s: every segment decodes by itself', async (clip) => {
    const segments = segment(
      demuxFlv(readClip(clip)),
      new Segmenter({ cut: new KeyframeCut({ targetDurationMs: 2000 }) }),
    )
    expect(segments.length).toBeGreaterThan(1)
    for (const { bytes } of segments) {
      expect(await decodeErrors(bytes)).toBe('')
      expect(await probePackets(bytes)).toHaveLength(CARRIED[clip].length)
    }
  })

  it.each(LEGACY)('%s: the playlist decodes to the pictures and sound of the clip', async (clip) => {
    const path = await store(
      segment(demuxFlv(readClip(clip)), new Segmenter({ cut: new KeyframeCut({ targetDurationMs: 2000 }) })),
    )
    expect(await decodeErrors(path)).toBe('')
    expect(await decodedFrames(path, 'v')).toEqual(await decodedFrames(clipPath(clip), 'v'))
    const sound = await decodedFrames(clipPath(clip), 'a')
    // Of the clip with MP3 the first frame comes before the first keyframe and is left out; its decoder begins one later.
    expect(await decodedFrames(path, 'a')).toHaveLength(
      clip === 'avc-mp3.flv' ? sound.length - 1 : sound.length,
    )
  })

  it('the times go on from segment to segment', async () => {
    const clip = demuxFlv(readClip('avc-aac-bframes.flv'))
    const segments = segment(
      clip,
      new Segmenter({
        cut: new KeyframeCut({ targetDurationMs: 2000 }),
        writer: new TsSegmentWriter({ ts: { audioPesMs: 0 } }),
      }),
    )
    const whole = await times(mux(clip))
    const parts = await Promise.all(segments.map(({ bytes }) => times(bytes)))
    expect(parts.flatMap(({ video }) => video)).toEqual(whole.video)
    expect(parts.flatMap(({ audio }) => audio)).toEqual(whole.audio)
  })

  it('publishers of different codecs after each other make one playlist', async () => {
    const segmenter = new Segmenter({ cut: new KeyframeCut({ targetDurationMs: 2000 }) })
    const segments: Segment[] = []
    for (const clip of ['avc-aac-bframes.flv', 'hevc-aac.ertmp.flv', 'avc-aac-bframes.flv'] as const) {
      segments.push(...segment(demuxFlv(readClip(clip)), segmenter))
    }
    expect(segments.map(({ sequence }) => sequence)).toEqual(segments.map((_, i) => i))
    expect(segments.filter(({ discontinuity }) => discontinuity)).toHaveLength(2)
    const path = await store(segments)
    // ffmpeg 5.1 reads a playlist as one program, whose stream changes its codec: what it decodes of it is its own affair.
    for (const { bytes } of segments) expect(await decodeErrors(bytes)).toBe('')
    expect((await probePackets(path)).length).toBeGreaterThanOrEqual(2)
  })
})
