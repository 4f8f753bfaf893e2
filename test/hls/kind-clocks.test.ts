import { KeyframeCut, type Segment, Segmenter, Timeline, TimelineCut } from 'millrace/segment'
import type { MediaPacket } from 'millrace/media'
import { TsDemuxer } from 'millrace/mpegts'
import { describe, expect, it } from 'vitest'
import { KindClocks } from '../../src/segment/kind-clocks.ts'
import { aacConfiguration, aacFrame, avcConfiguration, avcFrame } from '../mpegts/packets.ts'

const EPOCH = 1_700_000_000_000

describe('KindClocks', () => {
  it('leaves times as they are while kinds are near', () => {
    const clocks = new KindClocks(10_000)
    expect(clocks.place('video', 500)).toBe(500)
    expect(clocks.place('audio', 10_500)).toBe(10_500)
    expect(clocks.place('video', 540)).toBe(540)
  })

  it('places a kind that is apart beside what it comes with, and keeps it there', () => {
    const clocks = new KindClocks(10_000)
    clocks.place('audio', 0)
    for (let dts = 0; dts <= 12_000; dts += 40) clocks.place('video', dts)
    expect(clocks.place('audio', 20)).toBe(12_000)
    expect(clocks.place('video', 12_040)).toBe(12_040)
    expect(clocks.place('audio', 60)).toBe(12_040)
  })

  it('a pause of one kind is none of the stream', () => {
    const clocks = new KindClocks(10_000)
    clocks.place('audio', 0)
    for (let dts = 0; dts <= 60_000; dts += 40) clocks.place('video', dts)
    expect(clocks.place('audio', 60_010)).toBe(60_010)
  })

  it('a step from both kinds is a jump', () => {
    const clocks = new KindClocks(10_000)
    clocks.place('video', 0)
    clocks.place('audio', 10)
    expect(clocks.place('video', 10_011)).toBeUndefined()
    expect(clocks.place('audio', 10_020)).toBe(10_020)
    expect(clocks.place('audio', 10)).toBeUndefined()
  })
})

/** 60 s, of which one kind is silent from 20 to 32 s, and goes on with its clock where it stopped; with the time of arrival. */
function apart(frozen: 'audio' | 'video'): { packet: MediaPacket; ms: number }[] {
  const packets: { packet: MediaPacket; ms: number }[] = []
  for (let ms = 0; ms < 60_000; ms += 20) {
    const isSilent = ms >= 20_000 && ms < 32_000
    const late = ms >= 32_000 ? ms - 12_000 : ms
    const picture = frozen === 'video' ? late : ms
    if (ms % 40 === 0 && !(isSilent && frozen === 'video'))
      packets.push({ packet: avcFrame(picture, { keyframe: picture % 2_000 === 0 }), ms })
    if (!(isSilent && frozen === 'audio'))
      packets.push({ packet: aacFrame(frozen === 'audio' ? late : ms), ms })
  }
  return packets
}

/** Coded units and discontinuities that a receiver finds. */
function unitsIn(segments: readonly Segment[]): { audio: number; video: number } {
  const found = { audio: 0, video: 0 }
  const demuxer = new TsDemuxer()
  for (const { bytes } of segments) {
    demuxer.push(bytes)
    for (let unit = demuxer.read(); unit !== undefined; unit = demuxer.read())
      found[unit.codec === 'avc1' ? 'video' : 'audio']++
  }
  return found
}

for (const frozen of ['audio', 'video'] as const) {
  it(`${frozen} that is 12 s behind for good leaves segments whole`, () => {
    const segmenter = new Segmenter({ cut: new KeyframeCut({ targetDurationMs: 4_000 }) })
    const variant = new Segmenter({ cut: new TimelineCut(new Timeline({ targetDurationMs: 4_000 })) })
    for (const one of [segmenter, variant]) {
      one.push(avcConfiguration(), EPOCH)
      one.push(aacConfiguration(), EPOCH)
      const segments: Segment[] = []
      for (const { packet, ms } of apart(frozen)) {
        one.push(packet, EPOCH + ms)
        for (let segment = one.read(); segment !== undefined; segment = one.read()) segments.push(segment)
      }
      expect(segments.some(({ discontinuity }) => discontinuity)).toBe(false)
      expect(one.droppedCount).toBe(0)
      expect(segments.length).toBeGreaterThanOrEqual(12)
      const total = segments.reduce((sum, { durationSec }) => sum + durationSec, 0)
      expect(total).toBeGreaterThan(54)
      expect(total).toBeLessThanOrEqual(60)
      for (const [i, segment] of segments.entries()) {
        expect(segment.durationSec).toBeLessThanOrEqual(8)
        expect(segment.startDts).toBe(segments[i - 1]?.endDts ?? segment.startDts)
        expect(Math.abs(segment.programDateTimeMs - EPOCH - segment.startDts)).toBeLessThanOrEqual(40)
      }
      const { audio, video } = unitsIn(segments)
      expect(video).toBeGreaterThan(frozen === 'video' ? 1_000 : 1_300)
      expect(audio).toBeGreaterThan(frozen === 'audio' ? 300 : 400) // PES packets of 120 ms
    }
  })
}
