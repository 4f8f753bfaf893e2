import { demuxFlv } from 'millrace/flv'
import { type MediaPacket, packetFromTag } from 'millrace/media'
import type { RecorderOptions } from 'millrace/services/recording'
import { expect, it } from 'vitest'
import { audio, audioConfig, inter, key, metadata, mp3, videoConfig } from '../../hub/fakes.ts'
import { readClip } from '../../support/clips.ts'
import { EPOCH, metadataOf, settle, Stage, tagsOf } from './stage.ts'

async function record(packets: readonly MediaPacket[], options: Partial<RecorderOptions>): Promise<Stage> {
  const stage = new Stage(options)
  const publisher = stage.hub.publish('/live/show')
  await stage.play(publisher, packets)
  publisher.unpublish()
  await settle()
  return stage
}

/** 5 pictures a second, a keyframe every `gopMs`. */
function video(toMs: number, gopMs: number): MediaPacket[] {
  const packets = [metadata(0, 9), videoConfig(0, 1), audioConfig(0, 1)]
  for (let dts = 0; dts < toMs; dts += 200) {
    packets.push(dts % gopMs === 0 ? key(dts, dts) : inter(dts, dts), audio(dts + 10, dts))
  }
  return packets
}

it('a segment ends at the first keyframe after its time, and each begins at 0 with its configuration', async () => {
  const stage = await record(video(7_000, 1_000), { segmentDurationMs: 2_500 })
  expect(stage.finished.map(({ reason, durationMs }) => [reason, durationMs])).toEqual([
    ['segment', 3010],
    ['segment', 3010],
    ['ended', 1010],
  ])
  const files = stage.keys.map((name) => tagsOf(stage.bytes(name)))
  expect(files.map((tags) => tags.slice(0, 4))).toEqual([
    ['A!1@0', 'V!1@0', 'V0@0', 'a0@10'],
    ['A!1@0', 'V!1@0', 'V3000@0', 'a3000@10'],
    ['A!1@0', 'V!1@0', 'V6000@0', 'a6000@10'],
  ])
  // No packet is missing and none is there twice.
  const media = files.flatMap((tags) => tags.slice(2).map((tag) => tag.split('@')[0]))
  expect(media).toHaveLength(70)
  expect(new Set(media)).toHaveLength(70)
  // When it began is known to about a frame.
  for (const [i, { startedAtMs, file }] of stage.finished.entries()) {
    expect(Math.abs(startedAtMs - EPOCH - i * 3_000)).toBeLessThanOrEqual(200)
    expect(file).toBe(`memory:live/show.${startedAtMs}.flv`)
  }
})

it('a segment ends at the first keyframe after its size', async () => {
  const packets = Array.from({ length: 20 }, (_, i) =>
    i % 4 === 0 ? key(i * 200, i, 1000) : inter(i * 200, i, 1000),
  )
  const stage = await record([videoConfig(0), ...packets], { segmentBytes: 20_000 + 6_000 })
  const counts = stage.keys.map((name) => tagsOf(stage.bytes(name)).length - 1)
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20)
  expect(counts.length).toBeGreaterThan(1)
  expect(counts.every((count) => count % 4 === 0)).toBe(true)
})

it('HEVC is cut at keyframes too, which SRS does not', async () => {
  const stage = await record(demuxFlv(readClip('hevc-aac.ertmp.flv')), { segmentDurationMs: 2_000 })
  expect(stage.finished.length).toBeGreaterThanOrEqual(3)
  for (const name of stage.keys) {
    const packets = demuxFlv(stage.bytes(name))
    expect(packets.find(({ kind, coded }) => kind === 'video' && coded)?.keyframe).toBe(true)
  }
})

it('a long GOP makes a long segment', async () => {
  const stage = await record(video(9_000, 8_000), { segmentDurationMs: 1_000 })
  expect(stage.finished.map(({ durationMs }) => durationMs)).toEqual([8010, 1010])
})

it('without video a segment ends anywhere', async () => {
  const packets = Array.from({ length: 100 }, (_, i) => mp3(i * 26, i))
  const stage = await record(packets, { segmentDurationMs: 1_000 })
  expect(stage.finished.map(({ durationMs }) => durationMs)).toEqual([39 * 26, 39 * 26, 22 * 26])
})

it('where video has stopped for 3 s, audio is cut anywhere', async () => {
  const sound = Array.from({ length: 60 }, (_, i) => audio(i * 100, i))
  const stage = await record([videoConfig(0), audioConfig(0), key(0), ...sound], { segmentDurationMs: 2_000 })
  expect(stage.finished.map(({ durationMs }) => durationMs)).toEqual([3000, 2000, 1000])
})

it('a short segment has a small index', async () => {
  const short = await record(video(2_000, 1_000), { segmentDurationMs: 10_000 })
  const long = await record(video(2_000, 1_000), {})
  const [a, b] = [short, long].map((stage) => stage.bytes(stage.keys[0]!))
  expect(b!.length - a!.length).toBeGreaterThan(17_000)
  expect(metadataOf(a!)['keyframes']).toMatchObject({ times: [0, 0, 1] })
})

it('two publishers of one track each keep their own cut', async () => {
  // An Enhanced RTMP keyframe of HEVC (IsExHeader, key, CodedFramesX, hvc1) counts as one.
  const hevc = (dts: number, first: number): MediaPacket =>
    packetFromTag(9, dts, Uint8Array.of(first, 0x68, 0x76, 0x63, 0x31, 0, 0, 0, 1, 0x26))
  const packets = [0, 1, 2, 3].flatMap((i) => [hevc(i * 1000, 0x93), hevc(i * 1000 + 500, 0xa3)])
  const stage = await record(packets, { segmentDurationMs: 1_000 })
  expect(stage.finished).toHaveLength(4)
})

it('where audio and video are apart, each kind is measured by itself', async () => {
  // A microphone whose clock stood still for 12 s: audio at 0 beside video at 12,000.
  const packets = Array.from({ length: 300 }, (_, i) => [
    audio(i * 40, i),
    (i % 25 === 0 ? key : inter)(12_000 + i * 40, i),
  ]).flat()
  const stage = await record([videoConfig(0), audioConfig(0), ...packets], { segmentDurationMs: 5_000 })
  expect(stage.finished).toHaveLength(3) // 5 s, 5 s and what is left of 12 s
})
