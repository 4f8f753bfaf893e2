import fc from 'fast-check'
import type { Segment, Segmenter } from 'millrace/segment'
import type { MediaPacket } from 'millrace/media'
import { TsDemuxer } from 'millrace/mpegts'
import { expect, it } from 'vitest'
import { aacConfiguration, aacFrame, avcConfiguration, avcFrame, idr, slice } from '../mpegts/packets.ts'
import { keyframeSegmenter } from './segmenters.ts'

/** Codec and decode time of every unit, in order of its kind; a time comes once in a kind, so that it names the packet. */
function unitsOf(segments: readonly Segment[]): { video: number[]; audio: number[] } {
  const found = { video: [] as number[], audio: [] as number[] }
  for (const { bytes } of segments) {
    // One demuxer a segment: each must stand for itself.
    const demuxer = new TsDemuxer()
    demuxer.push(bytes)
    demuxer.flush()
    expect(Object.values(demuxer.errors)).toEqual([0, 0, 0, 0, 0, 0])
    for (let unit = demuxer.read(); unit !== undefined; unit = demuxer.read()) {
      if (unit.codec === 'avc1') found.video.push(unit.dts! - 1000)
      else found.audio.push(unit.dts! - 1000)
    }
  }
  return found
}

function drain(segmenter: Segmenter): Segment[] {
  const segments: Segment[] = []
  for (let segment = segmenter.read(); segment !== undefined; segment = segmenter.read())
    segments.push(segment)
  return segments
}

const event = fc.record({
  kind: fc.constantFrom('video', 'video', 'audio', 'audio', 'audio'),
  step: fc.integer({ min: 1, max: 120 }),
  keyframe: fc.boolean(),
  size: fc.integer({ min: 5, max: 1500 }),
  late: fc.nat(30),
})

const options = fc.record({
  targetDurationMs: fc.integer({ min: 100, max: 2000 }),
  maxDurationFactor: fc.integer({ min: 1, max: 4 }),
  maxSegmentBytes: fc.constantFrom(8000, 30_000, 1_000_000),
  minDurationMs: fc.constant(0),
  // Times are compared one by one below: a PES packet has one time for all its frames, rounded otherwise.
  ts: fc.constant({ audioPesMs: 0 }),
})

/** Packets with rising times in each kind; audio may be late against video, as interleaving makes it. */
function packetsOf(
  events: readonly (typeof event extends fc.Arbitrary<infer T> ? T : never)[],
): MediaPacket[] {
  const packets: MediaPacket[] = [avcFrame(0, { keyframe: true })]
  const last = { video: 0, audio: -1 }
  let clock = 0
  for (const { kind, step, keyframe, size, late } of events) {
    clock += step
    if (kind === 'video') {
      last.video = Math.max(clock, last.video + 1)
      packets.push(avcFrame(last.video, { keyframe, nals: [keyframe ? idr(size) : slice(size)] }))
    } else {
      last.audio = Math.max(clock - late, last.audio + 1)
      packets.push(aacFrame(last.audio, size))
    }
  }
  return packets
}

const timesOf = (packets: readonly MediaPacket[], kind: string): number[] =>
  packets.filter((packet) => packet.kind === kind).map(({ dts }) => dts)

it('segments hold every packet exactly once, durations add up, numbers have no gap', () => {
  fc.assert(
    fc.property(options, fc.array(event, { maxLength: 80 }), fc.nat(1000), (how, events, startSequence) => {
      const segmenter = keyframeSegmenter({ ...how, startSequence })
      const packets = packetsOf(events)
      for (const packet of [avcConfiguration(), aacConfiguration(), ...packets])
        segmenter.push(packet, packet.dts)
      segmenter.end()
      const segments = drain(segmenter)
      const units = unitsOf(segments)
      expect(units.video).toEqual(timesOf(packets, 'video'))
      expect(units.audio).toEqual(timesOf(packets, 'audio'))
      expect(segmenter.droppedCount).toBe(0)
      expect(segments.map(({ sequence }) => sequence)).toEqual(segments.map((_, i) => startSequence + i))
      let sum = 0
      for (const [i, { startDts, endDts, durationSec, bytes, discontinuity }] of segments.entries()) {
        expect(durationSec).toBe(Math.max(endDts - startDts, 0) / 1000)
        expect(startDts).toBe(i === 0 ? 0 : segments[i - 1]!.endDts)
        expect(bytes.length).toBeLessThanOrEqual(how.maxSegmentBytes)
        expect(discontinuity).toBe(i === 0 && startSequence > 0)
        sum += endDts - startDts
      }
      expect(sum).toBe(segments.at(-1)!.endDts)
    }),
    { numRuns: 80, seed: 6 },
  )
})

it('with interruptions and new configurations: in order, none twice, and what is missing is counted', () => {
  const turn = fc.oneof(
    { weight: 12, arbitrary: event },
    { weight: 1, arbitrary: fc.constantFrom('discontinuity', 'avc', 'aac', 'end') },
  )
  const configurations = {
    avc: [avcConfiguration(4), avcConfiguration(2)],
    aac: [aacConfiguration(), aacConfiguration(Uint8Array.of(0x12, 0x10))],
  }
  fc.assert(
    fc.property(options, fc.array(turn, { maxLength: 80 }), (how, turns) => {
      const segmenter = keyframeSegmenter({ ...how, maxSegmentBytes: 1_000_000, minDurationMs: 50 })
      const packets = packetsOf(turns.filter((one) => typeof one !== 'string'))
      let at = 0
      let nalLengthSize = 4
      const put = (packet: MediaPacket | undefined): void => {
        if (packet === undefined) return
        const fitting =
          packet.kind === 'video' && nalLengthSize === 2
            ? avcFrame(packet.dts, { keyframe: packet.keyframe, nalLengthSize })
            : packet
        segmenter.push(fitting, packet.dts)
      }
      for (const packet of [avcConfiguration(), aacConfiguration(), packets[at++]]) put(packet)
      let flip = 0
      for (const one of turns) {
        if (one === 'discontinuity') segmenter.discontinuity()
        else if (one === 'end') segmenter.end()
        else if (one === 'avc') {
          nalLengthSize = nalLengthSize === 4 ? 2 : 4
          segmenter.push(configurations.avc[nalLengthSize === 4 ? 0 : 1]!, 0)
        } else if (one === 'aac') segmenter.push(configurations.aac[++flip % 2]!, 0)
        else put(packets[at++])
      }
      segmenter.end()
      const segments = drain(segmenter)
      const units = unitsOf(segments)
      for (const kind of ['video', 'audio'] as const) {
        const times = timesOf(packets, kind)
        expect(units[kind]).toEqual(times.filter((dts) => units[kind].includes(dts)))
      }
      expect(units.video.length + units.audio.length + segmenter.droppedCount).toBe(packets.length)
      expect(segments.map(({ sequence }) => sequence)).toEqual(segments.map((_, i) => i))
      for (const [i, segment] of segments.entries()) {
        // Either a segment goes on where the one before ended, or it says that it does not.
        const goesOn = i === 0 || segment.startDts === segments[i - 1]!.endDts
        expect(goesOn || segment.discontinuity).toBe(true)
      }
    }),
    { numRuns: 80, seed: 7 },
  )
})
