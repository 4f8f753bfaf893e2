import fc from 'fast-check'
import {
  type Segment,
  Segmenter,
  type SegmenterOptions,
  Timeline,
  TimelineCut,
  TsSegmentWriter,
  type TsSegmentWriterOptions,
} from 'millrace/segment'
import { type MediaPacket, packetFromTag } from 'millrace/media'
import { TsDemuxer } from 'millrace/mpegts'
import { describe, expect, it } from 'vitest'
import { ascii, hex, join } from '../support/bytes.ts'
import {
  aacConfiguration,
  aacFrame,
  avcConfiguration,
  avcFrame,
  idr,
  mp3Frame,
  slice,
} from '../mpegts/packets.ts'
import { tsPackets } from '../mpegts/ts-reader.ts'

/** 2023-11-14T22:13:20Z */
const EPOCH = 1_700_000_000_000

interface Content {
  readonly from: number
  readonly to: number
  readonly gop: number
  /** pts − dts of every frame: what B-frames delay. */
  readonly cts?: number
  /** Where keyframes are counted from. */
  readonly phase?: number
}

/** Pictures every 40 ms by their presentation time, a keyframe every `gop`, AAC every 21.3 ms; ordered as encoders interleave. */
function content({ from, to, gop, cts = 0, phase = 0 }: Content): MediaPacket[] {
  const packets: MediaPacket[] = []
  for (let pts = Math.ceil(from / 40) * 40; pts < to; pts += 40) {
    packets.push(avcFrame(pts - cts, { keyframe: (pts - phase) % gop === 0, cts }))
  }
  for (let i = Math.ceil(from / 21.3); i * 21.3 < to; i++) packets.push(aacFrame(Math.round(i * 21.3)))
  return packets.toSorted((a, b) => a.dts - b.dts)
}

/** One rendition: its segmenter and what came out. */
class Rung {
  readonly cut: TimelineCut
  readonly segmenter: Segmenter
  readonly segments: Segment[] = []
  readonly delayMs: number

  constructor(
    timeline: Timeline,
    delayMs = 0,
    options: SegmenterOptions & TsSegmentWriterOptions & { lastSequence?: number } = {},
  ) {
    const { lastSequence, ...others } = options
    this.cut = new TimelineCut(timeline, lastSequence)
    this.segmenter = new Segmenter({ ...others, cut: this.cut, writer: new TsSegmentWriter(others) })
    this.delayMs = delayMs
    this.push(avcConfiguration())
    this.push(aacConfiguration())
  }

  push(packet: MediaPacket, clockMs = 0): void {
    this.segmenter.push(packet, EPOCH + clockMs + packet.dts + this.delayMs)
    this.#drain()
  }

  leave(): void {
    this.segmenter.discontinuity()
    this.#drain()
  }

  /** `sequence start duration`, with what sets it apart. */
  get list(): string[] {
    return this.segments.map(
      ({ sequence, startDts, durationSec, discontinuity, independent, discontinuitySequence }) =>
        `${sequence} ${startDts} ${durationSec}${discontinuity ? ' break' : ''}${independent ? '' : ' open'}${discontinuitySequence > 0 ? ` #${discontinuitySequence}` : ''}`,
    )
  }

  #drain(): void {
    for (let segment = this.segmenter.read(); segment !== undefined; segment = this.segmenter.read())
      this.segments.push(segment)
  }
}

/** Feeds rungs in order of arrival: packet time and delay of the rung. */
function play(turns: readonly { readonly rung: Rung; readonly packets: readonly MediaPacket[] }[]): void {
  const arrivals = turns.flatMap(({ rung, packets }) =>
    packets.map((packet) => ({ rung, packet, at: packet.dts + rung.delayMs })),
  )
  for (const { rung, packet } of arrivals.toSorted((a, b) => a.at - b.at)) rung.push(packet)
}

/** Presentation times of the video in a segment. */
function picturesIn(segment: Segment): number[] {
  const demuxer = new TsDemuxer()
  demuxer.push(segment.bytes)
  demuxer.flush()
  const times: number[] = []
  for (let unit = demuxer.read(); unit !== undefined; unit = demuxer.read())
    if (unit.codec === 'avc1') times.push(unit.pts! - 1000)
  return times.toSorted((a, b) => a - b)
}

describe('variants', () => {
  it('have the same segments, whichever is first, with and without B-frames', () => {
    const timeline = new Timeline({ targetDurationMs: 4000, startSequence: 10 })
    const fast = new Rung(timeline)
    const slow = new Rung(timeline, 1500)
    play([
      { rung: slow, packets: content({ from: 0, to: 14_100, gop: 2000, cts: 80 }) },
      { rung: fast, packets: content({ from: 0, to: 14_100, gop: 2000 }) },
    ])
    expect(fast.list).toEqual(['10 0 4 break #1', '11 4000 4 #1', '12 8000 4 #1'])
    expect(slow.list).toEqual(fast.list)
    const dates = fast.segments.map(({ programDateTimeMs }) => programDateTimeMs - EPOCH)
    expect(dates).toEqual([0, 4000, 8000])
    expect(slow.segments.map(({ programDateTimeMs }) => programDateTimeMs - EPOCH)).toEqual(dates)
    for (const [i, segment] of slow.segments.entries())
      expect(picturesIn(segment)).toEqual(picturesIn(fast.segments[i]!))
  })

  it('begin with shorter segments for as long as startupMs says', () => {
    const timeline = new Timeline({ targetDurationMs: 4000, startupMs: 6000 })
    const rungs = [new Rung(timeline), new Rung(timeline, 500)]
    play(rungs.map((rung) => ({ rung, packets: content({ from: 0, to: 14_100, gop: 2000 }) })))
    expect(rungs[0]!.list).toEqual(['0 0 2', '1 2000 2', '2 4000 2', '3 6000 4', '4 10000 4'])
    expect(rungs[1]!.list).toEqual(rungs[0]!.list)
  })

  it('that start late begin with the next segment of the others', () => {
    const timeline = new Timeline({ targetDurationMs: 4000 })
    const first = new Rung(timeline)
    const late = new Rung(timeline)
    play([
      { rung: first, packets: content({ from: 0, to: 17_000, gop: 2000 }) },
      { rung: late, packets: content({ from: 5000, to: 17_000, gop: 2000 }) },
    ])
    expect(first.list).toEqual(['0 0 4', '1 4000 4', '2 8000 4', '3 12000 4'])
    expect(late.list).toEqual(['2 8000 4', '3 12000 4'])
    expect(late.segments[0]!.discontinuity).toBe(false)
  })

  it('that have older packets cached than the first begin with it', () => {
    const timeline = new Timeline({ targetDurationMs: 2000 })
    const first = new Rung(timeline)
    for (const packet of content({ from: 6000, to: 10_100, gop: 2000 })) first.push(packet)
    const second = new Rung(timeline)
    for (const packet of content({ from: 2000, to: 10_100, gop: 2000 })) second.push(packet)
    expect(first.list).toEqual(['0 6000 2', '1 8000 2'])
    expect(second.list).toEqual(first.list)
  })

  it('that are away for a while go on with the others, and leave out the numbers between', () => {
    const timeline = new Timeline({ targetDurationMs: 2000 })
    const steady = new Rung(timeline)
    const shaky = new Rung(timeline)
    play([
      { rung: steady, packets: content({ from: 0, to: 5000, gop: 1000 }) },
      { rung: shaky, packets: content({ from: 0, to: 5000, gop: 1000 }) },
    ])
    shaky.leave()
    expect(timeline.runningCount).toBe(1)
    play([
      { rung: steady, packets: content({ from: 5000, to: 13_000, gop: 1000 }) },
      { rung: shaky, packets: content({ from: 7000, to: 13_000, gop: 1000 }) },
    ])
    expect(steady.list).toEqual(['0 0 2', '1 2000 2', '2 4000 2', '3 6000 2', '4 8000 2', '5 10000 2'])
    expect(shaky.list).toEqual(['0 0 2', '1 2000 2', '2 4000 1.005', '4 8000 2', '5 10000 2'])
  })

  it('that have all left begin anew together, with a clock of any kind', () => {
    const timeline = new Timeline({ targetDurationMs: 2000 })
    const rungs = [new Rung(timeline), new Rung(timeline, 700)]
    play(rungs.map((rung) => ({ rung, packets: content({ from: 90_000, to: 93_000, gop: 1000 }) })))
    for (const rung of rungs) rung.leave()
    // The encoder was started again: its clock too, five seconds later.
    for (const packet of content({ from: 0, to: 4500, gop: 1000 }))
      for (const rung of rungs) rung.push(packet, 98_000)
    expect(rungs[0]!.list).toEqual(['0 90000 2', '1 92000 1.017', '2 0 2 break #1', '3 2000 2 #1'])
    expect(rungs[1]!.list).toEqual(rungs[0]!.list)
    const dates = rungs[0]!.segments.map(({ programDateTimeMs }) => programDateTimeMs - EPOCH)
    expect(dates).toEqual([90_000, 92_000, 98_000, 100_000])
  })

  it('on another clock are left out until the others have gone', () => {
    const timeline = new Timeline({ targetDurationMs: 2000, maxSkewMs: 10_000 })
    const one = new Rung(timeline)
    const other = new Rung(timeline)
    const tooNew = new Rung(timeline)
    for (let at = 0; at < 6000; at += 1000) {
      for (const packet of content({ from: 60_000 + at, to: 61_000 + at, gop: 1000 })) one.push(packet)
      for (const packet of content({ from: at, to: at + 1000, gop: 1000 })) other.push(packet, 60_000)
      for (const packet of content({ from: 90_000 + at, to: 91_000 + at, gop: 1000 }))
        tooNew.push(packet, -30_000)
    }
    expect(one.list).toHaveLength(2)
    expect([other.list, tooNew.list]).toEqual([[], []])
    expect(other.segmenter.droppedCount).toBeGreaterThan(300)
    one.leave()
    for (const packet of content({ from: 6000, to: 9000, gop: 1000 })) other.push(packet, 60_000)
    expect(other.list).toEqual(['3 6000 2 break #1'])
  })

  it('with keyframes in other places begin with their own', () => {
    const timeline = new Timeline({ targetDurationMs: 4000 })
    const one = new Rung(timeline)
    const other = new Rung(timeline)
    play([
      { rung: one, packets: content({ from: 0, to: 21_000, gop: 2000 }) },
      { rung: other, packets: content({ from: 0, to: 21_000, gop: 2000, phase: 800 }) },
    ])
    expect(one.list).toEqual(['0 0 4', '1 4000 4', '2 8000 4', '3 12000 4', '4 16000 4'])
    // It waits for two places, in case one of its keyframes is there.
    expect(other.list).toEqual(['2 8800 4', '3 12800 4', '4 16800 4'])
  })

  it('without a keyframe for long are cut all the same, half a target late', () => {
    const timeline = new Timeline({ targetDurationMs: 2000 })
    const one = new Rung(timeline)
    const rare = new Rung(timeline)
    play([
      { rung: one, packets: content({ from: 0, to: 9000, gop: 1000 }) },
      { rung: rare, packets: content({ from: 0, to: 9000, gop: 8000 }) },
    ])
    expect(rare.segments.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3])
    expect(rare.list.slice(0, 2)).toEqual(['0 0 3', '1 3000 2 open'])
    expect(one.list).toHaveLength(4)
  })

  it('that jump over a place begin with the next one', () => {
    const timeline = new Timeline({ targetDurationMs: 1000 })
    const one = new Rung(timeline)
    const jumpy = new Rung(timeline, 6000)
    play([
      { rung: one, packets: content({ from: 0, to: 9100, gop: 1000 }) },
      {
        rung: jumpy,
        packets: [
          ...content({ from: 0, to: 2500, gop: 1000 }),
          ...content({ from: 6200, to: 9100, gop: 1000 }),
        ],
      },
    ])
    expect(one.list).toHaveLength(9)
    expect(jumpy.list).toEqual(['0 0 1', '1 1000 1', '2 2000 0.52', '7 7000 1', '8 8000 1'])
  })

  it('where no keyframe comes are cut at any frame', () => {
    const timeline = new Timeline({ targetDurationMs: 1000, maxDurationFactor: 2 })
    const one = new Rung(timeline)
    for (const packet of content({ from: 0, to: 5000, gop: 60_000 })) one.push(packet)
    expect(one.list).toEqual(['0 0 2', '1 2000 2 open'])
  })

  it('begin with sound where video is announced and does not come', () => {
    const timeline = new Timeline({ targetDurationMs: 1000 })
    const one = new Rung(timeline)
    const other = new Rung(timeline)
    const sound = content({ from: 0, to: 6000, gop: 1000 }).filter(({ kind }) => kind === 'audio')
    play([
      { rung: one, packets: sound },
      { rung: other, packets: sound },
    ])
    expect(one.list).toEqual(['0 3003 0.959', '1 3962 0.958', '2 4920 0.959'])
    expect(other.list).toEqual(one.list)
    const late = new Rung(timeline)
    for (const packet of content({ from: 6000, to: 9500, gop: 60_000, phase: 1 })) late.push(packet)
    expect([late.cut.running, one.cut.running]).toEqual([false, true]) // its keyframe is on its way, and the others go on
  })

  it('begin with sound where no keyframe comes in any of them', () => {
    const timeline = new Timeline({ targetDurationMs: 1000 })
    const one = new Rung(timeline)
    for (const packet of content({ from: 0, to: 6000, gop: 60_000, phase: 1 })) one.push(packet)
    expect(one.list).toEqual(['0 3003 0.959', '1 3962 0.958', '2 4920 0.959'])
    expect(one.segments.every(({ hasVideo }) => !hasVideo)).toBe(true)
  })

  it('of audio alone follow the video of the others', () => {
    const timeline = new Timeline({ targetDurationMs: 2000 })
    const video = new Rung(timeline)
    const audio = new Rung(timeline, 100)
    const sound = content({ from: 0, to: 7000, gop: 1000 }).filter(({ kind }) => kind === 'audio')
    // A rung whose configuration of video never came.
    const segmenter = new Segmenter({ cut: new TimelineCut(timeline) })
    segmenter.push(aacConfiguration(), EPOCH)
    Object.assign(audio, { segmenter })
    play([
      { rung: video, packets: content({ from: 0, to: 7000, gop: 1000 }) },
      { rung: audio, packets: sound },
    ])
    expect(video.list).toEqual(['0 0 2', '1 2000 2', '2 4000 2'])
    expect(audio.segments.map(({ sequence }) => sequence)).toEqual([0, 1, 2])
    for (const { startDts, hasVideo, sequence } of audio.segments) {
      expect(hasVideo).toBe(false)
      expect(Math.abs(startDts - sequence * 2000)).toBeLessThanOrEqual(250)
    }
  })
})

describe('an interruption', () => {
  const sps = hex('67 64 00 0a ac 72 84 44 26 84 00 00 03 00 04 00 00 03 00 ca 3c 48 96 11 80')

  it('by another configuration ends a segment of this variant; one that is repeated does not', () => {
    const timeline = new Timeline({ targetDurationMs: 2000 })
    const rung = new Rung(timeline)
    for (const packet of content({ from: 0, to: 3000, gop: 1000 })) rung.push(packet)
    rung.push(avcConfiguration())
    for (const packet of content({ from: 3000, to: 5000, gop: 1000 })) rung.push(packet)
    rung.push(avcConfiguration(4, sps))
    for (const packet of content({ from: 5000, to: 7500, gop: 1000 })) rung.push(packet)
    expect(rung.list).toEqual(['0 0 2', '1 2000 2', '2 4000 1.005', '3 5000 2 break #1'])
  })

  it('by other audio ends one as well', () => {
    const timeline = new Timeline({ targetDurationMs: 1000 })
    const rung = new Rung(timeline)
    for (const packet of content({ from: 0, to: 1500, gop: 500 })) rung.push(packet)
    for (let at = 1500; at < 4100; at += 24) {
      rung.push(mp3Frame(at))
      rung.push(avcFrame(at, { keyframe: (at - 1500) % 480 === 0 }))
    }
    expect(rung.segments.map(({ startDts }) => startDts)).toEqual([0, 1000, 1500, 2460])
    expect(rung.segments.map(({ discontinuity }) => discontinuity)).toEqual([false, false, true, false])
  })

  it('by a jump in time ends one, and one that is too short leaves nothing', () => {
    const timeline = new Timeline({ targetDurationMs: 1000 })
    const rung = new Rung(timeline, 0, { minDurationMs: 300 })
    for (const packet of content({ from: 0, to: 1200, gop: 1000 })) rung.push(packet)
    for (const packet of content({ from: 50_000, to: 52_500, gop: 1000 })) rung.push(packet)
    expect(rung.list).toEqual(['0 0 1', '2 50000 1 break #1', '3 51000 1 #1'])
    rung.segmenter.end()
    expect(timeline.runningCount).toBe(0)
  })

  it('marks the PCR after it, not the sound that the segment before had held back', () => {
    const rung = new Rung(new Timeline({ targetDurationMs: 1000 }))
    for (const packet of content({ from: 0, to: 1540, gop: 1000 })) rung.push(packet)
    rung.leave()
    for (const packet of content({ from: 2000, to: 3100, gop: 1000 })) rung.push(packet)
    const marks = rung.segments.map(({ bytes }) => {
      // discontinuity_indicator
      return tsPackets(bytes).filter(({ flags }) => (flags & 0x80) !== 0).length
    })
    expect(marks).toEqual([0, 0, 1])
  })

  it('by a segment that is too large comes for all variants, or for one that is behind alone', () => {
    const timeline = new Timeline({ targetDurationMs: 4000 })
    const small = new Rung(timeline, 200)
    const large = new Rung(timeline, 0, { maxSegmentBytes: 200_000 })
    const big = content({ from: 0, to: 9000, gop: 1000 }).map((packet) =>
      packet.kind === 'video'
        ? avcFrame(packet.dts, {
            keyframe: packet.keyframe,
            nals: [packet.keyframe ? idr(4000) : slice(4000)],
          })
        : packet,
    )
    play([
      { rung: small, packets: content({ from: 0, to: 9000, gop: 1000 }) },
      { rung: large, packets: big },
    ])
    expect(large.segments.length).toBeGreaterThan(3)
    for (const { bytes } of large.segments) expect(bytes.length).toBeLessThanOrEqual(200_000)
    expect(small.segments.map(({ sequence }) => sequence)).toEqual(
      large.segments.map(({ sequence }) => sequence).slice(0, small.segments.length),
    )
    const behind = new Rung(timeline, 0, { maxSegmentBytes: 5000 })
    const alone = new Rung(new Timeline({ targetDurationMs: 4000 }), 0, { maxSegmentBytes: 3000 })
    for (const packet of big) alone.push(packet)
    expect(alone.segmenter.droppedCount).toBeGreaterThan(200)
    for (const packet of big) behind.push(packet)
    expect(behind.segments.length).toBeLessThanOrEqual(3)
  })
})

it('a segment without duration tells no frame rate', () => {
  const timeline = new Timeline({ targetDurationMs: 4000 })
  const full = new Rung(timeline, 0, { maxSegmentBytes: 3000 })
  const still = new Rung(timeline)
  full.push(avcFrame(0, { keyframe: true }))
  still.push(avcFrame(200, { keyframe: true }))
  full.push(avcFrame(300, { nals: [slice(2500)] })) // the next segment of both begins here
  still.push(avcFrame(200, { keyframe: true }))
  expect(still.list).toEqual(['0 200 0'])
  expect(still.segmenter.frameRate).toBeUndefined()
})

it('a first frame that is too large leaves no empty segment', () => {
  const rung = new Rung(new Timeline(), 0, { maxSegmentBytes: 3000, minDurationMs: 0 })
  rung.push(avcFrame(0, { keyframe: true, nals: [idr(4000)] }))
  rung.leave()
  expect(rung.segments).toEqual([])
  expect(rung.segmenter.droppedCount).toBe(1)
})

it('a track of a multitrack publish is a variant', () => {
  const timeline = new Timeline({ targetDurationMs: 1000 })
  const rungs = [0, 1].map((videoTrackId) => new Segmenter({ cut: new TimelineCut(timeline), videoTrackId }))
  const configuration = avcConfiguration().payload
  /** ExVideoTagHeader: 1 | frame type | Multitrack 6; ManyTracks 1 | packet type; fourCC; then each track with its id and size. */
  const message = (
    keyframe: boolean,
    type: number,
    dts: number,
    bodies: readonly Uint8Array[],
  ): MediaPacket =>
    packetFromTag(
      9,
      dts,
      join(
        Uint8Array.of(0x86 | (keyframe ? 0x10 : 0x20), 0x10 | type),
        ascii('avc1'),
        ...bodies.map((body, id) => join(Uint8Array.of(id, 0, body.length >> 8, body.length & 0xff), body)),
      ),
    )
  const picture = (length: number, keyframe: boolean): Uint8Array =>
    join(Uint8Array.of(0, 0, length >> 8, length & 0xff), keyframe ? idr(length) : slice(length))
  for (const rung of rungs) rung.push(message(true, 0, 0, [configuration, configuration]), EPOCH)
  for (let dts = 0; dts <= 2000; dts += 40) {
    const keyframe = dts % 1000 === 0
    // CodedFramesX 3: no composition time
    for (const rung of rungs)
      rung.push(message(keyframe, 3, dts, [picture(900, keyframe), picture(90, keyframe)]), EPOCH + dts)
  }
  const [high, low] = rungs.map((rung) => [rung.read()!, rung.read()!])
  expect(high!.map(({ sequence, startDts }) => [sequence, startDts])).toEqual([
    [0, 0],
    [1, 1000],
  ])
  expect(low!.map(({ sequence, startDts }) => [sequence, startDts])).toEqual([
    [0, 0],
    [1, 1000],
  ])
  expect(high![0]!.bytes.length).toBeGreaterThan(3 * low![0]!.bytes.length)
  expect(picturesIn(low![0]!)).toEqual(picturesIn(high![0]!))
  expect(rungs[1]!.frameRate).toBe(25)
})

it('a timeline wants durations that make sense', () => {
  expect(() => new Timeline({ targetDurationMs: 0 })).toThrow(RangeError)
  expect(() => new Timeline({ maxDurationFactor: 0.5 })).toThrow(RangeError)
})

/** Property: whatever the delays, interruptions and starts, one number is one place, one date and one discontinuity number. */
it('a number means the same place in every variant, in any order of arrival', () => {
  const rungOf = fc.record({
    delayMs: fc.integer({ min: 0, max: 3000 }),
    cts: fc.constantFrom(0, 40, 80),
    from: fc.integer({ min: 0, max: 9000 }),
    away: fc.option(fc.tuple(fc.integer({ min: 2000, max: 15_000 }), fc.integer({ min: 100, max: 9000 }))),
    jitter: fc.constantFrom(-1, 0, 1),
  })
  fc.assert(
    fc.property(
      fc.array(rungOf, { minLength: 2, maxLength: 4 }),
      fc.constantFrom(500, 1000, 2000, 2500),
      fc.constantFrom(1000, 2000, 4000),
      (shapes, gop, targetDurationMs) => {
        const timeline = new Timeline({ targetDurationMs, startSequence: 5 })
        const rungs = shapes.map(({ delayMs }) => new Rung(timeline, delayMs))
        const arrivals = shapes.flatMap(({ cts, from, away, jitter, delayMs }, i) =>
          content({ from: Math.ceil(from / gop) * gop, to: 22_000, gop, cts })
            .filter(({ dts }) => away === null || dts < away[0] || dts > away[0] + away[1])
            // Times are rounded by whoever wrote them.
            .map((packet) => ({ i, packet: packet.withDts(Math.max(0, packet.dts + jitter)), delayMs })),
        )
        const left = new Set<number>()
        for (const { i, packet } of arrivals.toSorted(
          (a, b) => a.packet.dts + a.delayMs - b.packet.dts - b.delayMs,
        )) {
          const away = shapes[i]!.away
          if (away !== null && packet.dts > away[0] && !left.has(i)) {
            left.add(i)
            rungs[i]!.leave()
          }
          rungs[i]!.push(packet)
        }
        const places = new Map<number, { start: number; date: number; discontinuity: number }>()
        for (const rung of rungs) {
          const numbers = rung.segments.map(({ sequence }) => sequence)
          expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
          for (const segment of rung.segments) {
            const { sequence, startDts, programDateTimeMs, discontinuitySequence, independent } = segment
            expect(independent).toBe(true)
            const found = {
              start: startDts,
              date: programDateTimeMs - startDts,
              discontinuity: discontinuitySequence,
            }
            const { start, ...same } = places.get(sequence) ?? found
            places.set(sequence, { start, ...same })
            expect(Math.abs(found.start - start)).toBeLessThanOrEqual(2)
            expect(found).toMatchObject(same)
          }
        }
        expect(places.size).toBeGreaterThan(1)
      },
    ),
    { numRuns: 25, seed: 11 },
  )
})
