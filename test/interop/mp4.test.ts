import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeAc3Header } from 'millrace/codec'
import { demuxFlv } from 'millrace/flv'
import {
  AUDIO_PACKET_TYPE_CODED_FRAMES,
  type MediaPacket,
  packetFromPayload,
  VIDEO_FRAME_TYPE_INTER,
  VIDEO_FRAME_TYPE_KEY,
  VIDEO_PACKET_TYPE_CODED_FRAMES,
  VIDEO_PACKET_TYPE_SEQUENCE_START,
} from 'millrace/media'
import { FragmentedMp4Muxer, type Mp4Fragment, Mp4IndexReader, planMp4 } from 'millrace/mp4'
import { expect, it } from 'vitest'
import { type Clip, CLIPS, clipPath, readClip } from '../support/clips.ts'
import { decodedFrames, decodeErrors, probePackets } from '../support/ffprobe.ts'
import { clipMp4, finishedMp4, fragmentedMp4 } from '../support/mp4.ts'
import { run } from '../support/process.ts'
import { withAdts, withSetsInBand } from '../support/in-band.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { describeWithTool, requireTool } from '../support/tools.ts'
import {
  type Mp4Reader,
  type ReadSample,
  readWithFfmpeg8,
  readWithFfprobe,
  readWithMediabunny,
  readWithMp4box,
} from './peers/mp4-readers.ts'

/** Codec strings as MP4Box.js makes them of the sample entries. */
const CODECS: Record<Clip, readonly string[]> = {
  'avc-aac-bframes.flv': ['avc1.4d400d', 'mp4a.40.2'],
  'avc-mp3.flv': ['avc1.64000c', 'mp4a.6b'],
  'audio-only-aac.flv': ['mp4a.40.2'],
  'video-only-avc.flv': ['avc1.64000c'],
  'hevc-aac.ertmp.flv': ['hvc1.1.6.L60.90', 'mp4a.40.2'],
  'av1-opus.ertmp.flv': ['av01.0.00M.08', 'Opus'],
  'vp9-opus.ertmp.flv': ['vp09.00.11.08', 'Opus'],
  'avc-flac.ertmp.flv': ['avc1.64000c', 'fLaC'],
  'hevc-opus-two-audio-tracks.ertmp.flv': ['hvc1.1.6.L60.90', 'Opus', 'Opus'],
}

/** Those that ffmpeg 5.1 reads as FLV too. */
const LEGACY: readonly Clip[] = [
  'avc-aac-bframes.flv',
  'avc-mp3.flv',
  'audio-only-aac.flv',
  'video-only-avc.flv',
]

/** PreSkip of the clips' Opus: 312 samples at 48 kHz. */
const OPUS_PRE_SKIP_MS = 6.5

interface Track {
  readonly kind: 'audio' | 'video'
  readonly codec: string
  readonly samples: (ReadSample & { readonly dts: number })[]
}

/** The coded packets of each track of a clip, as the FLV file has them; durations to the next. */
function tracksOf(clip: Clip): Track[] {
  const tracks = new Map<string, Track>()
  for (const packet of demuxFlv(readClip(clip))) {
    if (packet.kind === 'data') continue
    for (const { trackId, codec, coded, keyframe, cts, payload } of packet.tracks()) {
      if (!coded) continue
      const key = `${packet.kind === 'video' ? 0 : 1} ${trackId}`
      if (!tracks.has(key)) tracks.set(key, { kind: packet.kind, codec, samples: [] })
      const { dts } = packet
      const sync = packet.kind === 'audio' || keyframe
      tracks
        .get(key)!
        .samples.push({ dts, pts: dts + cts, duration: 0, size: payload.length, keyframe: sync })
    }
  }
  return Array.from(tracks)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, track]) => track)
}

async function stored(bytes: Uint8Array): Promise<string> {
  const path = join(await tempFolder(), 'file.mp4')
  await writeFile(path, bytes)
  return path
}

const READERS: readonly [string, Mp4Reader][] = [
  ['ffprobe', readWithFfprobe],
  ['FFmpeg 8.1', readWithFfmpeg8],
  ['MP4Box.js', readWithMp4box],
  ['Mediabunny', readWithMediabunny],
]

const FORMS = ['fragmented', 'finished'] as const

async function fileOf(clip: Clip, form: (typeof FORMS)[number]): Promise<string> {
  const fragmented = clipMp4(clip)
  return stored(form === 'fragmented' ? fragmented : finishedMp4(fragmented))
}

describeWithTool(['ffmpeg', 'ffprobe'], 'MP4', () => {
  it.each(['avc-aac-bframes.flv', 'hevc-aac.ertmp.flv'] as const)(
    '%s decodes to the same when ADTS and parameter sets come in band alone',
    async (clip) => {
      const packets = withAdts(withSetsInBand(demuxFlv(readClip(clip)), 'none'), 'none')
      const file = finishedMp4(fragmentedMp4(packets))
      expect(await decodeErrors(file)).toBe('')
      const expected = finishedMp4(clipMp4(clip))
      expect(await decodedFrames(file, 'v')).toEqual(await decodedFrames(expected, 'v'))
      expect(await decodedFrames(file, 'a')).toEqual(await decodedFrames(expected, 'a'))
    },
  )

  for (const form of FORMS) {
    for (const [name, read] of READERS) {
      it.each(CLIPS)(`${form}, in ${name}: every packet of %s with its times`, async (clip) => {
        const expected = tracksOf(clip)
        const found = await read(await fileOf(clip, form))
        expect(found.map(({ kind }) => kind)).toEqual(expected.map(({ kind }) => kind))
        // The presentation begins with the first picture or sound.
        const unheard = (codec: string): number =>
          form === 'finished' && codec === 'Opus' ? OPUS_PRE_SKIP_MS : 0
        const start = Math.min(
          ...expected.map(
            ({ codec, samples }) => Math.min(...samples.map(({ pts }) => pts)) + unheard(codec),
          ),
        )
        for (const [i, { kind, samples }] of expected.entries()) {
          const track = found[i]!.samples
          expect(track.map(({ size, keyframe }) => [size, keyframe])).toEqual(
            samples.map(({ size, keyframe }) => [size, keyframe]),
          )
          // MP4Box.js gives times of the media, which begin with the first decode time.
          const shift = name === 'MP4Box.js' ? samples[0]!.dts - track[0]!.dts! : start
          // Times of audio are those of its samples, which RTMP rounds to ms.
          const tolerance = kind === 'audio' ? 1.01 : 0.01
          const wrong = track.filter(({ dts, pts }, n) => {
            const { dts: dtsOfClip, pts: ptsOfClip } = samples[n]!
            const dtsError = dts === undefined ? 0 : Math.abs(dts + shift - dtsOfClip)
            return dtsError > tolerance || Math.abs(pts + shift - ptsOfClip) > tolerance
          })
          expect(wrong).toEqual([])
        }
      })
    }

    it.each(CLIPS)(`${form}: MP4Box.js reads the codec strings of %s`, async (clip) => {
      const found = await readWithMp4box(await fileOf(clip, form))
      expect(found.map(({ codec }) => codec)).toEqual(CODECS[clip])
    })

    it.each(CLIPS)(`${form}: %s decodes without a complaint`, async (clip) => {
      const path = await fileOf(clip, form)
      expect(await decodeErrors(path)).toBe('')
      const counts = tracksOf(clip).map(({ samples }) => String(samples.length))
      expect((await probePackets(path)).map((line) => line.split(': ')[1])).toEqual(counts)
    })

    it.each(LEGACY)(`${form}: %s decodes to the same pictures and sound as the clip`, async (clip) => {
      const path = await fileOf(clip, form)
      for (const kind of ['v', 'a'] as const)
        expect(await decodedFrames(path, kind)).toEqual(await decodedFrames(clipPath(clip), kind))
    })
  }

  it('audio has the durations of its frames, and with audioRoundingMs 0 the times of RTMP', async () => {
    const durations = (samples: readonly ReadSample[]): Set<string> =>
      new Set(samples.map(({ duration }) => duration.toFixed(3)))
    const [, exact] = await readWithMp4box(await stored(clipMp4('avc-aac-bframes.flv')))
    expect(durations(exact!.samples)).toEqual(new Set(['21.333'])) // 1024 samples at 48 kHz
    const [, rounded] = await readWithMp4box(
      await stored(clipMp4('avc-aac-bframes.flv', { audioRoundingMs: 0 })),
    )
    const [, clip] = tracksOf('avc-aac-bframes.flv')
    expect(rounded!.samples.map(({ dts }) => dts)).toEqual(clip!.samples.map(({ dts }) => dts))
  })

  it.each(CLIPS)('%s, cut off anywhere as by a crash, finishes to a file that decodes', async (clip) => {
    const whole = clipMp4(clip)
    let before = 0
    for (const share of [0.2, 0.35, 0.5, 0.63, 0.77, 0.9, 0.999]) {
      const finished = finishedMp4(whole.subarray(0, Math.floor(whole.length * share)))
      const path = await stored(finished)
      const count = (await readWithMp4box(path)).reduce((sum, { samples }) => sum + samples.length, 0)
      expect(count).toBeGreaterThan(before)
      before = count
      expect(await decodeErrors(path)).toBe('')
    }
  })

  it('fragments are segments of a live stream, on the clock of the source', async () => {
    const muxer = new FragmentedMp4Muxer({ originDts: 0 })
    const folder = await tempFolder()
    const lines = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-TARGETDURATION:3', '#EXT-X-MAP:URI="init.mp4"']
    const store = async (fragment: Mp4Fragment | undefined): Promise<void> => {
      if (fragment === undefined) return
      const name = `${lines.length}.m4s`
      await writeFile(join(folder, name), fragment.bytes)
      lines.push(`#EXTINF:${(fragment.durationMs / 1000).toFixed(3)},`, name)
    }
    for (const packet of demuxFlv(readClip('avc-aac-bframes.flv'))) {
      muxer.write(packet.withDts(packet.dts + 100_000))
      if (packet.keyframe) await store(muxer.fragment())
    }
    await store(muxer.end())
    await writeFile(join(folder, 'init.mp4'), muxer.init())
    await writeFile(join(folder, 'index.m3u8'), [...lines, '#EXT-X-ENDLIST', ''].join('\n'))
    expect(lines.filter((line) => line.endsWith('.m4s'))).toHaveLength(4)
    const [video, audio] = await readWithFfprobe(join(folder, 'index.m3u8'))
    const [videoOfClip, audioOfClip] = tracksOf('avc-aac-bframes.flv')
    expect(video!.samples.map(({ pts }) => Math.round(pts))).toEqual(
      videoOfClip!.samples.map(({ pts }) => pts + 100_000),
    )
    expect(audio!.samples).toHaveLength(audioOfClip!.samples.length)
    expect(audio!.samples[0]!.pts).toBeCloseTo(100_059, 1)
    expect(await decodeErrors(join(folder, 'index.m3u8'))).toBe('')
  })

  /** What ffmpeg makes of a synthetic source, in a file of its own format. */
  async function encoded(name: string, source: string, ...args: readonly string[]): Promise<string> {
    const path = join(await tempFolder(), name)
    const { code, stderr } = await run(requireTool('ffmpeg'), [
      '-v',
      'error',
      '-f',
      'lavfi',
      '-i',
      source,
      ...args,
      path,
    ])
    expect([code, stderr]).toEqual([0, ''])
    return path
  }

  it.each([
    ['ac-3', 'mono', 'ac3', '64k'],
    ['ac-3', '5.1', 'ac3', '448k'],
    ['ec-3', 'stereo', 'eac3', '128k'],
    ['ec-3', '5.1', 'eac3', '384k'],
  ])('%s in %s plays as ffmpeg encoded it', async (codec, layout, encoder, bitrate) => {
    const source = `sine=d=2:r=48000,aformat=channel_layouts=${layout}`
    const path = await encoded(`sound.${encoder}`, source, '-c:a', encoder, '-b:a', bitrate)
    const bytes = new Uint8Array(await readFile(path))
    const packets: MediaPacket[] = []
    for (let at = 0; at < bytes.length;) {
      const { frameBytes } = decodeAc3Header(bytes.subarray(at))
      const payload = bytes.subarray(at, at + frameBytes)
      const packetType = AUDIO_PACKET_TYPE_CODED_FRAMES
      packets.push(packetFromPayload({ kind: 'audio', dts: packets.length * 32, codec, packetType, payload }))
      at += frameBytes
    }
    for (const form of [(file: Uint8Array) => file, finishedMp4]) {
      const file = await stored(form(fragmentedMp4(packets)))
      expect(await decodedFrames(file, 'a')).toEqual(await decodedFrames(path, 'a'))
      expect((await readWithMediabunny(file)).map(({ codec: name }) => name)).toEqual([codec])
    }
  })

  it('VP8 plays as ffmpeg encoded it', async () => {
    const path = await encoded('picture.ivf', 'testsrc=s=322x182:r=25:d=2', '-c:v', 'libvpx', '-g', '20')
    const bytes = await readFile(path)
    const video = { kind: 'video', codec: 'vp08' } as const
    const vpcC = Uint8Array.of(1, 0, 0, 0, 0, 0, 0x82, 2, 2, 2, 0, 0) // version 1 | profile 0, level 0, 8 bits, 4:2:0, colour unspecified
    const packets = [
      packetFromPayload({
        ...video,
        dts: 0,
        packetType: VIDEO_PACKET_TYPE_SEQUENCE_START,
        frameType: VIDEO_FRAME_TYPE_KEY,
        payload: vpcC,
      }),
    ]
    // IVF: header of 32 bytes | size 32, time 64, frame; little-endian
    for (let at = 32; at < bytes.length;) {
      const size = bytes.readUInt32LE(at)
      const payload = new Uint8Array(bytes.subarray(at + 12, at + 12 + size))
      const frameType = (payload[0]! & 1) === 0 ? VIDEO_FRAME_TYPE_KEY : VIDEO_FRAME_TYPE_INTER
      const dts = Number(bytes.readBigUInt64LE(at + 4)) * 40
      packets.push(
        packetFromPayload({ ...video, dts, packetType: VIDEO_PACKET_TYPE_CODED_FRAMES, frameType, payload }),
      )
      at += 12 + size
    }
    const file = await stored(finishedMp4(fragmentedMp4(packets)))
    expect(await decodedFrames(file, 'v')).toEqual(await decodedFrames(path, 'v'))
    expect(await probePackets(file)).toEqual(['vp8: 50'])
  })

  it('says what made it, and when', async () => {
    const bytes = clipMp4('audio-only-aac.flv')
    const reader = new Mp4IndexReader({ fileBytes: bytes.length, readAheadBytes: bytes.length })
    reader.push(bytes)
    const plan = planMp4(reader.index, { tool: 'millrace', createdMs: Date.UTC(2026, 0, 2, 3, 4, 5) })!
    const media = Array.from(plan.ranges(), ({ offset, length }) => bytes.subarray(offset, offset + length))
    const path = await stored(Buffer.concat([...plan.header(), ...media]))
    const args = ['-v', 'error', '-show_entries', 'format_tags=encoder,creation_time', '-of', 'csv=p=0', path]
    const { stdout } = await run(requireTool('ffprobe'), args)
    expect(stdout.toString().trim()).toBe('2026-01-02T03:04:05.000000Z,millrace')
  })
})
