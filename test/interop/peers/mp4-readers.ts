/** Four readers of MP4 that are none of ours, each asked for the samples of every track: video first, then audio, in the order of tracks. */
import { readFile } from 'node:fs/promises'
import './promise-with-resolvers.ts'
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny'
import { createFile, Log, MP4BoxBuffer, type Movie } from 'mp4box'
import { AVMEDIA_TYPE_VIDEO, Demuxer } from 'node-av'
import { run } from '../../support/process.ts'
import { requireTool } from '../../support/tools.ts'

/** A sample as a reader tells it; times in ms. */
export interface ReadSample {
  /** Decode time; absent where the reader has none. */
  readonly dts: number | undefined
  readonly pts: number
  readonly duration: number
  readonly size: number
  readonly keyframe: boolean
}

export interface ReadTrack {
  readonly kind: 'audio' | 'video'
  /** Codec string or name, as the reader calls it. */
  readonly codec: string
  readonly samples: readonly ReadSample[]
}

/** A reader of the file at a path. */
export type Mp4Reader = (path: string) => Promise<ReadTrack[]>

function videoFirst(tracks: readonly ReadTrack[]): ReadTrack[] {
  return [...tracks.filter(({ kind }) => kind === 'video'), ...tracks.filter(({ kind }) => kind === 'audio')]
}

interface Probe {
  readonly streams: readonly {
    index: number
    codec_type: 'audio' | 'video'
    codec_name: string
    time_base: string
  }[]
  readonly packets: readonly {
    stream_index: number
    dts: number
    pts: number
    duration?: number
    size: string
    flags: string
  }[]
}

/** Debian's ffprobe. */
export async function readWithFfprobe(path: string): Promise<ReadTrack[]> {
  const entries =
    'stream=index,codec_type,codec_name,time_base:packet=stream_index,dts,pts,duration,size,flags'
  const result = await run(requireTool('ffprobe'), [
    '-v',
    'warning',
    '-show_entries',
    entries,
    '-of',
    'json',
    path,
  ])
  if (result.code !== 0 || result.stderr !== '') throw new Error(result.stderr)
  const { streams, packets } = JSON.parse(result.stdout.toString()) as Probe
  return videoFirst(
    streams.map(({ index, codec_type, codec_name, time_base }) => {
      const [numerator, denominator] = time_base.split('/').map(Number) as [number, number]
      const ms = (ticks: number): number => (ticks * numerator * 1000) / denominator
      const samples = packets
        .filter(({ stream_index }) => stream_index === index)
        .map(({ dts, pts, duration = 0, size, flags }) => {
          return {
            dts: ms(dts),
            pts: ms(pts),
            duration: ms(duration),
            size: Number(size),
            keyframe: flags[0] === 'K',
          }
        })
      return { kind: codec_type, codec: codec_name, samples }
    }),
  )
}

/** FFmpeg 8.1 in this process. */
export async function readWithFfmpeg8(path: string): Promise<ReadTrack[]> {
  await using demuxer = await Demuxer.open(path)
  const tracks = demuxer.streams.map(({ codecpar: { codecType, codecId }, timeBase: { num, den } }) => {
    const kind = codecType === AVMEDIA_TYPE_VIDEO ? ('video' as const) : ('audio' as const)
    return { kind, codec: String(codecId), samples: [] as ReadSample[], msPerTick: (num * 1000) / den }
  })
  for await (const packet of demuxer.packets()) {
    if (packet === null) break
    const { samples, msPerTick } = tracks[packet.streamIndex]!
    samples.push({
      dts: Number(packet.dts) * msPerTick,
      pts: Number(packet.pts) * msPerTick,
      duration: Number(packet.duration) * msPerTick,
      size: packet.size,
      keyframe: packet.isKeyframe,
    })
    packet.free()
  }
  return videoFirst(tracks)
}

/** MP4Box.js of GPAC. It does not apply edit lists: times are those of the media. */
export async function readWithMp4box(path: string): Promise<ReadTrack[]> {
  const complaints: string[] = []
  Log.error = (module: string, message = '') => complaints.push(`${module}: ${message}`)
  const file = createFile()
  const movie = new Promise<Movie>((resolve, reject) => {
    file.onReady = resolve
    file.onError = (module: string, message: string) => reject(new Error(`${module}: ${message}`))
  })
  file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(Uint8Array.from(await readFile(path)).buffer, 0), true)
  file.flush()
  const { tracks } = await movie
  // It takes the bit that marks the last block of a FLAC description for one that says more follow.
  const serious = complaints.filter((complaint) => !complaint.includes("'dfLa' read 38 more bytes"))
  if (serious.length > 0) throw new Error(serious.join())
  return videoFirst(
    tracks.map(({ id, codec, video }) => {
      const samples = file.getTrackSamplesInfo(id).map(({ dts, cts, duration, timescale, size, is_sync }) => {
        const ms = (ticks: number): number => (ticks * 1000) / timescale
        return { dts: ms(dts), pts: ms(cts), duration: ms(duration), size, keyframe: is_sync }
      })
      return { kind: video === undefined ? ('audio' as const) : ('video' as const), codec, samples }
    }),
  )
}

/** Mediabunny. It has presentation times alone, and applies the first edit. */
export async function readWithMediabunny(path: string): Promise<ReadTrack[]> {
  using input = new Input({ formats: ALL_FORMATS, source: new BufferSource(await readFile(path)) })
  const tracks: ReadTrack[] = []
  for (const track of await input.getTracks()) {
    const samples: ReadSample[] = []
    for await (const { timestamp, duration, byteLength, type } of new EncodedPacketSink(track).packets()) {
      const times = { pts: timestamp * 1000, duration: duration * 1000 }
      samples.push({ dts: undefined, ...times, size: byteLength, keyframe: type === 'key' })
    }
    const kind = track.isVideoTrack() ? 'video' : 'audio'
    tracks.push({ kind, codec: (await track.getCodecParameterString()) ?? '', samples })
  }
  return videoFirst(tracks)
}
