import { demuxFlv } from 'millrace/flv'
import { type MediaPacket, packetFromTag } from 'millrace/media'
import { type Mp4Index, Mp4IndexReader } from 'millrace/mp4'
import { describe, expect, it, test } from 'vitest'
import { boxesOf } from '../../mp4/boxes.ts'
import { type Clip, CLIPS, readClip } from '../../support/clips.ts'
import { EPOCH, settle, Stage } from './stage.ts'

/** Coded frames of each kind. */
function countsOf(packets: readonly MediaPacket[]): { video: number; audio: number } {
  const count = (kind: string): number =>
    packets.filter((packet) => packet.kind === kind && packet.coded).length
  return { video: count('video'), audio: count('audio') }
}

/** What is in a fragmented file. */
function indexOf(bytes: Uint8Array): Mp4Index {
  const reader = new Mp4IndexReader({ fileBytes: bytes.length })
  for (let range = reader.wanted(); range !== undefined; range = reader.wanted()) {
    reader.push(bytes.subarray(range.offset, range.offset + range.length))
  }
  return reader.index
}

/** Sample counts of a finished file, by stsz: version and flags 32 | sample_size 32 | sample_count 32. */
function sampleCountsOf(bytes: Uint8Array): number[] {
  const counts: number[] = []
  const visit = (content: Uint8Array): void => {
    for (const { type, content: inside } of boxesOf(content)) {
      if (['moov', 'trak', 'mdia', 'minf', 'stbl'].includes(type)) visit(inside)
      if (type === 'stsz') counts.push(Buffer.from(inside).readUInt32BE(8))
    }
  }
  visit(bytes)
  return counts
}

async function record(
  packets: readonly MediaPacket[],
  stage = new Stage({ path: '[stream].mp4' }),
): Promise<Stage> {
  const publisher = stage.hub.publish('/live/show')
  await stage.play(publisher, packets)
  publisher.unpublish()
  await settle()
  return stage
}

test.each(CLIPS)('%s is an MP4 with its index in front and every frame', async (clip) => {
  const packets = demuxFlv(readClip(clip))
  const stage = await record(packets)
  const bytes = stage.bytes('show.mp4')
  expect(boxesOf(bytes).map(({ type }) => type)).toEqual(['ftyp', 'moov', 'mdat'])
  const { video, audio } = countsOf(packets)
  const tracks =
    clip === 'hevc-opus-two-audio-tracks.ertmp.flv' ? [video, audio / 2, audio / 2] : [video, audio]
  expect(sampleCountsOf(bytes)).toEqual(tracks.filter((count) => count > 0))
  expect(stage.failures).toEqual([])
  expect(stage.finished).toMatchObject([
    { format: 'mp4', file: 'memory:show.mp4', byteLength: bytes.length, fragmented: false, reason: 'ended' },
  ])
  expect(Number.isInteger(stage.finished[0]!.durationMs)).toBe(true)
})

it('an unfinished file has every fragment that was complete, at most fragmentMs behind', async () => {
  const stage = new Stage({ path: '[stream].mp4', fragmentMs: 1_000 })
  const publisher = stage.hub.publish('/live/show')
  await stage.play(publisher, demuxFlv(readClip('avc-aac-bframes.flv')))
  await stage.advance(500)
  const bytes = stage.bytes('show.mp4')
  const types = boxesOf(bytes).map(({ type }) => type)
  expect(types.slice(0, 3)).toEqual(['ftyp', 'moov', 'free'])
  expect(new Set(types.slice(3))).toEqual(new Set(['moof', 'mdat']))
  expect(indexOf(bytes).durationMs).toBeGreaterThan(8_021 - 1_000 - 100)
})

it('segments are cut at keyframes and lose nothing', async () => {
  const packets = demuxFlv(readClip('hevc-aac.ertmp.flv'))
  const stage = await record(packets, new Stage({ path: '[stream].mp4', segmentDurationMs: 3_000 }))
  const counts = stage.keys.map((name) => sampleCountsOf(stage.bytes(name)))
  expect(stage.keys).toEqual(['show.mp4', 'show-1.mp4'])
  const { video, audio } = countsOf(packets)
  expect(counts.reduce((sum, [count]) => sum + count!, 0)).toBe(video)
  expect(counts.reduce((sum, [, count]) => sum + count!, 0)).toBe(audio)
})

describe('a configuration that changes', () => {
  /** The clip, then another one from its end on. */
  function joined(
    first: Clip,
    second: Clip,
    edit: (packet: MediaPacket) => boolean = () => true,
  ): MediaPacket[] {
    const a = demuxFlv(readClip(first)).filter(({ endOfSequence }) => !endOfSequence)
    const end = a.at(-1)!.dts + 40
    const b = demuxFlv(readClip(second)).filter(edit)
    return [...a, ...b.map((packet) => packet.withDts(packet.dts + end))]
  }

  it('of video begins the next file at once', async () => {
    const packets = joined('avc-aac-bframes.flv', 'avc-mp3.flv', ({ kind }) => kind === 'video')
    const stage = await record(packets)
    expect(stage.finished.map(({ reason }) => reason)).toEqual(['changed', 'ended'])
    const [a, b] = stage.keys.map((name) => sampleCountsOf(stage.bytes(name)))
    expect(a).toEqual([200, 376])
    expect(b![0]).toBe(150)
  })

  it('of audio waits for the next keyframe, so that no picture is lost', async () => {
    // AAC-LC, 44.1 kHz, stereo instead of 48 kHz: AudioSpecificConfig 0x1210. In the middle of a GOP of 2 s.
    const clip = demuxFlv(readClip('avc-aac-bframes.flv'))
    const at = clip.findIndex(({ kind, dts }) => kind === 'audio' && dts > 3_000)
    const config = packetFromTag(8, clip[at]!.dts, Uint8Array.of(0xaf, 0x00, 0x12, 0x10))
    const stage = await record([...clip.slice(0, at), config, ...clip.slice(at)])
    expect(stage.finished.map(({ reason }) => reason)).toEqual(['changed', 'ended'])
    const [a, b] = stage.keys.map((name) => sampleCountsOf(stage.bytes(name)))
    expect(a![0]! + b![0]!).toBe(200)
    expect(a![1]! + b![1]!).toBe(376)
    expect(a![0]).toBe(100)
    expect(a![1]).toBeLessThan(200 - 30)
  })

  it('of audio just before the end is a file of its own', async () => {
    const clip = demuxFlv(readClip('audio-only-aac.flv'))
    const config = packetFromTag(8, clip[200]!.dts, Uint8Array.of(0xaf, 0x00, 0x12, 0x10))
    const stage = await record([...clip.slice(0, 200), config, ...clip.slice(200)])
    const counts = stage.keys.map((name) => sampleCountsOf(stage.bytes(name)))
    expect(counts.flat().reduce((sum, count) => sum + count, 0)).toBe(260)
    expect(counts).toHaveLength(2)
  })

  it('that is repeated changes nothing', async () => {
    const clip = demuxFlv(readClip('avc-aac-bframes.flv'))
    const config = clip.find(({ kind, configuration }) => kind === 'video' && configuration)!
    const packets = clip.flatMap((packet) =>
      packet.keyframe ? [config.withDts(packet.dts), packet] : [packet],
    )
    const stage = await record(packets)
    expect(stage.finished).toHaveLength(1)
  })

  it('a track that comes late begins the next file', async () => {
    const clip = demuxFlv(readClip('avc-aac-bframes.flv'))
    const packets = clip.filter(({ kind, dts }) => kind === 'video' || (kind === 'audio' && dts > 5_000))
    const config = clip.find(({ kind, configuration }) => kind === 'audio' && configuration)!
    const at = packets.findIndex(({ kind }) => kind === 'audio')
    const stage = await record([...packets.slice(0, at), config.withDts(5_000), ...packets.slice(at)])
    const [a, b] = stage.keys.map((name) => sampleCountsOf(stage.bytes(name)))
    expect([a!.length, b!.length]).toEqual([1, 2])
    expect(a![0]! + b![0]!).toBe(200)
  })
})

describe('what has no place in MP4', () => {
  // Speex: SoundFormat 11.
  const speex = Array.from({ length: 600 }, (_, i) => packetFromTag(8, i * 20, Uint8Array.of(0xb2, i)))

  it('is left out, and told', async () => {
    const video = demuxFlv(readClip('video-only-avc.flv'))
    const end = video.at(-1)!.dts
    const packets = [...video, ...speex.filter(({ dts }) => dts <= end)].toSorted((a, b) => a.dts - b.dts)
    const stage = await record(packets)
    expect(sampleCountsOf(stage.bytes('show.mp4'))).toEqual([countsOf(video).video])
    expect(stage.finished).toMatchObject([{ unsupportedCodecs: ['spex'] }])
    expect(stage.failures).toEqual([])
  })

  it('alone ends the recording with an error', async () => {
    const stage = new Stage({ path: '[stream].mp4' })
    const publisher = stage.hub.publish('/live/show')
    await stage.play(publisher, speex)
    expect(stage.failures).toMatchObject([
      {
        streamPath: '/live/show',
        error: { code: 'ERR_RECORDING_CODEC', message: expect.stringContaining('spex') as string },
      },
    ])
    expect(stage.recorder.isRecording(publisher.source)).toBe(false)
    publisher.unpublish()
    await settle()
    expect(stage.failures).toHaveLength(1)
    expect([...stage.keys, ...stage.store.temporary.keys()]).toEqual([])
  })

  it('alone is an error at the end of a short stream, and of one whose configuration never came', async () => {
    const audio = demuxFlv(readClip('audio-only-aac.flv')).filter(({ coded }) => coded)
    for (const packets of [speex.slice(0, 100), audio.slice(0, 50)]) {
      const stage = await record(packets)
      expect(stage.failures).toMatchObject([{ error: { code: 'ERR_RECORDING_CODEC' } }])
      expect([...stage.keys, ...stage.store.temporary.keys()]).toEqual([])
    }
  })
})

it('is found again after a crash with its origin, and finished', async () => {
  const stage = new Stage({ path: '[app]/[stream].mp4', vhost: 'a.example' })
  const publisher = stage.hub.publish('/live/show')
  await stage.play(publisher, demuxFlv(readClip('avc-aac-bframes.flv')))
  stage.store.crash()
  const next = stage.record({ vhost: 'a.example', start: 'on-demand' })
  expect(await next.recover()).toMatchObject([
    {
      streamPath: '/live/show',
      vhost: 'a.example',
      startedAtMs: expect.closeTo(EPOCH, -3) as number,
      file: 'memory:live/show.mp4',
      reason: 'recovered',
      fragmented: false,
    },
  ])
  expect(boxesOf(stage.bytes('live/show.mp4')).map(({ type }) => type)).toEqual(['ftyp', 'moov', 'mdat'])
})
