import { KeyframeCut, type Segment, Segmenter } from 'millrace/segment'
import { type MediaPacket, packetFromTag } from 'millrace/media'
import { TsDemuxer } from 'millrace/mpegts'
import { describe, expect, it } from 'vitest'
import { ascii, hex, join } from '../support/bytes.ts'
import {
  aacConfiguration,
  aacFrame,
  avcConfiguration,
  avcFrame,
  hevcConfiguration,
  hevcFrame,
  idr,
  mp3Frame,
  slice,
} from '../mpegts/packets.ts'
import { sections, tsPackets } from '../mpegts/ts-reader.ts'
import { type FlatOptions, keyframeSegmenter } from './segmenters.ts'

/** 2023-11-14T22:13:20Z */
const EPOCH = 1_700_000_000_000

function segmentsOf(
  packets: readonly (MediaPacket | 'discontinuity' | 'end')[],
  options?: FlatOptions,
  segmenter = keyframeSegmenter(options),
): Segment[] {
  const segments: Segment[] = []
  for (const packet of packets) {
    if (packet === 'discontinuity') segmenter.discontinuity()
    else if (packet === 'end') segmenter.end()
    else segmenter.push(packet, EPOCH + packet.dts)
    for (let segment = segmenter.read(); segment !== undefined; segment = segmenter.read())
      segments.push(segment)
  }
  return segments
}

/** Pictures every 40 ms, a keyframe every `gopMs`, and AAC every 21.3 ms, in order of time. */
function stream(fromMs: number, toMs: number, gopMs: number): MediaPacket[] {
  const packets: MediaPacket[] = []
  for (let dts = fromMs; dts < toMs; dts += 40) {
    packets.push(avcFrame(dts, { keyframe: (dts - fromMs) % gopMs === 0, cts: 80 }))
  }
  return [...packets, ...audio(fromMs, toMs)].toSorted((a, b) => a.dts - b.dts)
}

function video(fromMs: number, toMs: number, gopMs: number): MediaPacket[] {
  return stream(fromMs, toMs, gopMs).filter(({ kind }) => kind === 'video')
}

function audio(fromMs: number, toMs: number): MediaPacket[] {
  const packets: MediaPacket[] = []
  for (let i = 0; fromMs + i * 21.3 < toMs; i++) packets.push(aacFrame(Math.round(fromMs + i * 21.3)))
  return packets
}

const configurations = [avcConfiguration(), aacConfiguration()]

/** What a demuxer finds in a segment: `codec pts` in order. */
function contentOf(segment: Segment): string[] {
  const demuxer = new TsDemuxer()
  demuxer.push(segment.bytes)
  demuxer.flush()
  const found: string[] = []
  for (let unit = demuxer.read(); unit !== undefined; unit = demuxer.read()) {
    expect(unit.discontinuity).toBe(false)
    found.push(`${unit.codec} ${unit.dts! - 1000}${unit.codec === 'avc1' && unit.randomAccess ? ' key' : ''}`)
  }
  expect(Object.values(demuxer.errors)).toEqual([0, 0, 0, 0, 0, 0])
  return found
}

describe('where segments are cut', () => {
  it('at the first keyframe after the target duration', () => {
    const segments = segmentsOf([...configurations, ...stream(0, 12_000, 2000), 'end'], {
      targetDurationMs: 3000,
    })
    expect(segments.map(({ durationSec }) => durationSec)).toEqual([4, 4, 4.013])
    expect(segments.map(({ startDts, endDts }) => [startDts, endDts])).toEqual([
      [0, 4000],
      [4000, 8000],
      [8000, 12_013], // the last frame of audio, at 11992, and its length
    ])
    expect(segments.every(({ independent }) => independent)).toBe(true)
  })

  it('the first ones at each keyframe after half of it, for as long as startupMs says', () => {
    const options = { targetDurationMs: 4000, startupMs: 6000 }
    const durations = (packets: readonly MediaPacket[]): number[] =>
      segmentsOf([...packets, 'end'], options).map(({ durationSec }) => Math.round(durationSec))
    expect(durations([...configurations, ...stream(0, 14_000, 2000)])).toEqual([2, 2, 2, 4, 4])
    expect(durations([...configurations, ...stream(0, 14_000, 1000)])).toEqual([2, 2, 2, 4, 4])
    expect(durations([...configurations, ...stream(0, 14_000, 5000)])).toEqual([5, 5, 4])
    expect(durations([aacConfiguration(), ...audio(0, 14_000)])).toEqual([2, 2, 2, 4, 4])
  })

  it('a keyframe that comes a rounding early is taken', () => {
    const packets = [avcFrame(0, { keyframe: true }), avcFrame(1999), avcFrame(3999, { keyframe: true })]
    const cut = segmentsOf([avcConfiguration(), ...packets, 'end'], { targetDurationMs: 4000 })
    expect(cut[0]!.durationSec).toBe(3.999)
    const early = [avcFrame(0, { keyframe: true }), avcFrame(3800, { keyframe: true }), avcFrame(4000)]
    expect(segmentsOf([avcConfiguration(), ...early, 'end'], { targetDurationMs: 4000 })).toHaveLength(1)
  })

  it('audio alone at the target duration, not at twice as much', () => {
    const segments = segmentsOf([aacConfiguration(), ...audio(0, 9000), 'end'], { targetDurationMs: 3000 })
    expect(segments.map(({ durationSec }) => durationSec)).toEqual([3.003, 3.004, 3.004])
    expect(segments[0]).toMatchObject({ hasAudio: true, hasVideo: false, independent: true })
  })

  it('video alone', () => {
    const segments = segmentsOf([avcConfiguration(), ...video(0, 6000, 1000), 'end'], {
      targetDurationMs: 2000,
    })
    expect(segments.map(({ durationSec }) => durationSec)).toEqual([2, 2, 2])
    expect(segments[0]).toMatchObject({ hasAudio: false, hasVideo: true })
  })

  it('by force where no keyframe comes; what follows is not independent', () => {
    const options = { targetDurationMs: 1000, maxDurationFactor: 2.5 }
    const segments = segmentsOf([...configurations, ...stream(0, 6000, 60_000), 'end'], options)
    expect(segments.map(({ durationSec, independent }) => [durationSec, independent])).toEqual([
      [2.513, true],
      [2.514, false],
      [0.979, false],
    ])
  })

  it('audio cuts while video is silent, and goes on with it', () => {
    const packets = [
      ...stream(0, 2000, 1000),
      ...audio(2000, 8000), // the camera is off
      ...stream(8000, 10_000, 1000),
    ]
    const segments = segmentsOf([...configurations, ...packets, 'end'], { targetDurationMs: 2000 })
    expect(segments.map(({ durationSec, hasVideo }) => [durationSec, hasVideo])).toEqual([
      [4.961, true], // three seconds without a picture until it counts
      [2.002, false],
      [1.037, false], // the keyframe begins a segment of its own
      [2.002, true],
    ])
    expect(segments.some(({ discontinuity }) => discontinuity)).toBe(false)
  })

  it('pictures every few seconds still decide', () => {
    const slides = Array.from({ length: 10 }, (_, i) => avcFrame(i * 1900, { keyframe: i % 2 === 0 }))
    const packets = [...slides, ...audio(0, 19_000)].toSorted((a, b) => a.dts - b.dts)
    const segments = segmentsOf([...configurations, ...packets, 'end'], { targetDurationMs: 2000 })
    expect(segments.map(({ startDts }) => startDts)).toEqual([0, 3800, 7600, 11_400, 15_200])
    expect(segments.every(({ independent }) => independent)).toBe(true)
  })
})

describe('what is in a segment', () => {
  it.each([
    ['audio', video(0, 4000, 2000), '1be100', '0fe101'],
    ['video', audio(0, 9000), '0fe101', '1be100'],
  ] as const)('its tables do not name %s that is announced and never comes', (_, packets, named, absent) => {
    const segments = segmentsOf([...configurations, ...packets, 'end'], { targetDurationMs: 2000 })
    expect(segments.length).toBeGreaterThan(1)
    for (const { bytes } of segments) {
      const [table] = sections(bytes, 0x1000)
      // stream_type, then reserved 111 and elementary_PID
      expect(Buffer.from(table!).toString('hex')).toContain(named)
      expect(Buffer.from(table!).toString('hex')).not.toContain(absent)
      // PCRs are on the PID that the table says.
      const clockPids = tsPackets(bytes).flatMap(({ pcr, pid }) => (pcr === undefined ? [] : [pid]))
      expect(new Set(clockPids)).toEqual(new Set([Number(`0x${named.slice(3)}`)]))
    }
  })

  it('each begins with PAT, PMT and a keyframe, and decodes by itself', () => {
    const segments = segmentsOf([...configurations, ...stream(0, 8000, 2000), 'end'], {
      targetDurationMs: 2000,
    })
    expect(segments).toHaveLength(4)
    for (const segment of segments) {
      expect(
        tsPackets(segment.bytes)
          .slice(0, 3)
          .map(({ pid }) => pid),
      ).toEqual([0, 0x1000, 0x100])
      expect(contentOf(segment)[0]).toBe(`avc1 ${segment.startDts} key`)
      expect(segment.bytes.buffer.byteLength).toBe(segment.bytes.length)
    }
  })

  it('continuity counters and times go on across segments', () => {
    const segments = segmentsOf([...configurations, ...stream(0, 8000, 2000), 'end'], {
      targetDurationMs: 2000,
    })
    const whole = { ...segments[0]!, bytes: join(...segments.map(({ bytes }) => bytes)) }
    expect(contentOf(whole)).toHaveLength(200 + 376)
  })

  it('audio that was sent before the keyframe is in the segment before', () => {
    const packets = [
      avcFrame(0, { keyframe: true }),
      aacFrame(0),
      aacFrame(21),
      aacFrame(43),
      avcFrame(40, { keyframe: true }),
      aacFrame(64),
    ]
    const segments = segmentsOf([...configurations, ...packets, 'end'], {
      targetDurationMs: 40,
      minDurationMs: 0,
    })
    expect(segments.map(contentOf)).toEqual([
      ['avc1 0 key', 'mp4a 0', 'mp4a 21', 'mp4a 43'],
      ['avc1 40 key', 'mp4a 64'],
    ])
  })

  it('a track that is announced late is in the tables of its segment', () => {
    const packets = [avcConfiguration(), avcFrame(0, { keyframe: true }), avcFrame(40), mp3Frame(41)]
    const [segment] = segmentsOf([...packets, ...video(80, 400, 4000), 'end'])
    const demuxer = new TsDemuxer()
    demuxer.push(segment!.bytes.subarray(0, 376))
    expect(demuxer.streams.map(({ codec }) => codec)).toEqual(['avc1', '.mp3'])
  })

  it('multitrack packets come with their default tracks, data not at all', () => {
    const metadata = packetFromTag(18, 0, hex('02 00 0a 6f6e4d65746144617461 05'))
    const oneTrack = packetFromTag(
      9,
      0,
      join(hex('96 01'), ascii('avc1'), hex('00 000050'), hex('00000002 65 88')),
    )
    const [segment] = segmentsOf([avcConfiguration(), metadata, oneTrack, avcFrame(400), 'end'])
    expect(contentOf(segment!)).toEqual(['avc1 0 key', 'avc1 400'])
  })
})

describe('sequence numbers', () => {
  it('never go back, across discontinuities and the end', () => {
    const packets = stream(0, 4000, 1000)
    const segments = segmentsOf(
      [...configurations, ...packets, 'discontinuity', ...packets, 'end', ...packets, 'end', 'end'],
      { targetDurationMs: 2000 },
    )
    expect(segments.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3, 4, 5])
    expect(segments.map(({ discontinuity }) => discontinuity)).toEqual([
      false,
      false,
      true,
      false,
      true,
      false,
    ])
  })

  it('go on from another segmenter, with a discontinuity', () => {
    const first = new KeyframeCut({ targetDurationMs: 1000 })
    segmentsOf([...configurations, ...stream(0, 3000, 1000), 'end'], undefined, new Segmenter({ cut: first }))
    expect(first.nextSequence).toBe(3)
    const second = keyframeSegmenter({ targetDurationMs: 1000, startSequence: first.nextSequence })
    const segments = segmentsOf([...configurations, ...stream(0, 2000, 1000), 'end'], undefined, second)
    expect(segments.map(({ sequence, discontinuity }) => [sequence, discontinuity])).toEqual([
      [3, true],
      [4, false],
    ])
  })
})

describe('discontinuities', () => {
  it('a changed configuration ends the segment where the next packet begins', () => {
    const other = avcConfiguration(4, hex('67 4d 00 1f f8 41 a2'))
    const packets = [...stream(0, 1000, 4000), other, ...stream(1000, 2000, 4000), 'end' as const]
    const segments = segmentsOf([...configurations, ...packets], { targetDurationMs: 4000 })
    expect(segments.map(({ durationSec, discontinuity }) => [durationSec, discontinuity])).toEqual([
      [1, false],
      [1.001, true],
    ])
    // The new parameter sets are in the segment after.
    const text = (segment: Segment): string => String.fromCharCode(...segment.bytes)
    const sps = String.fromCharCode(0x67, 0x4d)
    expect(segments.map((segment) => text(segment).includes(sps))).toEqual([false, true])
  })

  it('a sequence header that is sent again is no change', () => {
    const packets = stream(0, 4000, 1000).flatMap((packet) =>
      packet.keyframe ? [...configurations, packet] : [packet],
    )
    const segments = segmentsOf([...packets, 'end'], { targetDurationMs: 2000 })
    expect(segments.map(({ discontinuity }) => discontinuity)).toEqual([false, false])
  })

  it('both configurations of a new encoder make one discontinuity', () => {
    const packets = [
      ...stream(0, 1000, 4000),
      hevcConfiguration(),
      aacConfiguration(hex('12 10')), // 44.1 kHz
      hevcFrame(1000, { keyframe: true }),
      ...audio(1001, 1500),
    ]
    const segments = segmentsOf([...configurations, ...packets, 'end'], { targetDurationMs: 4000 })
    expect(segments.map(({ discontinuity }) => discontinuity)).toEqual([false, true])
    expect(contentOf(segments[1]!)[0]).toBe('hvc1 1000')
  })

  it('a change from MP3 to AAC and back', () => {
    const mp3 = (from: number, to: number): MediaPacket[] =>
      Array.from({ length: Math.ceil((to - from) / 26) }, (_, i) => mp3Frame(from + i * 26))
    const segments = segmentsOf([
      ...mp3(0, 1000),
      aacConfiguration(),
      ...audio(1014, 2000),
      ...mp3(2000, 3000),
      'end',
    ])
    expect(segments.map((segment) => contentOf(segment)[0])).toEqual(['.mp3 0', 'mp4a 1014', '.mp3 2000'])
    expect(segments.map(({ discontinuity }) => discontinuity)).toEqual([false, true, true])
  })

  it('a track that joins a running stream marks its segment', () => {
    const packets = [
      avcConfiguration(),
      ...video(0, 3000, 1000),
      aacConfiguration(),
      ...stream(3000, 5000, 1000),
      'end' as const,
    ]
    const segments = segmentsOf(packets, { targetDurationMs: 1000 })
    expect(segments.map(({ hasAudio, discontinuity }) => [hasAudio, discontinuity])).toEqual([
      [false, false],
      [false, false],
      [false, true], // its tables announce what comes with the next
      [true, false],
      [true, false],
    ])
  })

  it('video that joins a running audio stream gets a segment of its own', () => {
    const packets = [
      aacConfiguration(),
      ...audio(0, 3000),
      avcConfiguration(),
      ...stream(3001, 5000, 1000),
      'end' as const,
    ]
    const segments = segmentsOf(packets, { targetDurationMs: 2000 })
    expect(segments.map(({ hasVideo, discontinuity }) => [hasVideo, discontinuity])).toEqual([
      [false, false],
      [false, true],
      [true, true],
    ])
    expect(contentOf(segments[2]!)[0]).toBe('avc1 3001 key')
  })

  it('a jump of the clock in either direction', () => {
    const packets = [...stream(20_000, 21_000, 500), ...stream(60_000, 61_000, 500), ...stream(0, 1000, 500)]
    const segments = segmentsOf([...configurations, ...packets, 'end'])
    expect(segments.map(({ startDts, discontinuity }) => [startDts, discontinuity])).toEqual([
      [20_000, false],
      [60_000, true],
      [0, true],
    ])
    expect(segments.every(({ durationSec }) => durationSec < 1.03)).toBe(true)
  })

  it('maxGapMs is still one timeline, a ms more is not', () => {
    const gap = (ms: number): number =>
      segmentsOf(
        [
          avcConfiguration(),
          avcFrame(0, { keyframe: true }),
          avcFrame(200),
          avcFrame(200 + ms, { keyframe: true }),
          avcFrame(600 + ms),
          'end',
        ],
        { maxGapMs: 5000, targetDurationMs: 60_000 },
      ).length
    expect(gap(5000)).toBe(1)
    expect(gap(5001)).toBe(2)
  })

  it('a segment below minDurationMs is thrown away with its number', () => {
    const short = [avcFrame(0, { keyframe: true }), avcFrame(59)]
    const run = (minDurationMs: number): { segments: Segment[]; segmenter: Segmenter } => {
      const segmenter = keyframeSegmenter({ minDurationMs })
      const packets = [
        ...configurations,
        ...short,
        'discontinuity',
        ...stream(10_000, 11_000, 2000),
        'end',
      ] as const
      return { segments: segmentsOf(packets, undefined, segmenter), segmenter }
    }
    // 59 ms and a frame of the same length
    expect(run(118).segments).toHaveLength(2)
    const { segments, segmenter } = run(119)
    expect(segments.map(({ sequence, startDts }) => [sequence, startDts])).toEqual([[0, 10_000]])
    expect(segmenter.droppedCount).toBe(2)
  })
})

describe('the start', () => {
  it('inter frames before the first keyframe are left out, and the audio beside them', () => {
    const segmenter = keyframeSegmenter()
    const packets = stream(0, 4000, 2000).filter(({ dts }) => dts >= 500)
    const segments = segmentsOf([...configurations, ...packets, 'end'], undefined, segmenter)
    expect(segments.map(({ startDts }) => startDts)).toEqual([2000])
    expect(segmenter.droppedCount).toBe(packets.filter(({ dts }) => dts < 2000).length)
  })

  it('where no keyframe comes, audio goes on after 3 s', () => {
    const packets = stream(0, 4000, 60_000).map((packet) => (packet.keyframe ? avcFrame(packet.dts) : packet))
    const segments = segmentsOf([...configurations, ...packets, 'end'], { targetDurationMs: 500 })
    expect(segments[0]!.startDts).toBe(3003)
    expect(segments.every(({ hasVideo }) => !hasVideo)).toBe(true)
  })

  it('where video is announced and none comes, audio goes on after 3 s', () => {
    const segments = segmentsOf([...configurations, ...audio(0, 6000), 'end'], { targetDurationMs: 1000 })
    expect(segments.map(({ startDts }) => startDts)).toEqual([3003, 4004, 5006])
  })

  it('audio may lead by a little', () => {
    const packets = [
      aacConfiguration(),
      aacFrame(0),
      aacFrame(21),
      avcConfiguration(),
      avcFrame(30, { keyframe: true }),
      ...stream(43, 500, 4000).slice(1),
    ]
    const segments = segmentsOf([...packets, 'end'])
    expect(segments).toHaveLength(1)
    expect(segments[0]).toMatchObject({ independent: true, discontinuity: false })
  })

  it('a codec without a place does not hold the others up', () => {
    const av1 = (type: number, payload: string, dts: number): MediaPacket =>
      packetFromTag(9, dts, join(Uint8Array.of(0x90 | type), ascii('av01'), hex(payload)))
    const segmenter = keyframeSegmenter({ targetDurationMs: 1000 })
    const packets = [
      aacConfiguration(),
      av1(0, '81 05 0c 00', 0),
      ...audio(0, 2000).flatMap((p) => [p, av1(1, '12 00', p.dts)]),
    ]
    const segments = segmentsOf([...packets, 'end'], undefined, segmenter)
    expect(segments.map(({ hasVideo, hasAudio }) => [hasVideo, hasAudio])).toEqual([
      [false, true],
      [false, true],
    ])
    expect([...segmenter.unsupportedCodecs]).toEqual(['av01'])
    expect(segmenter.droppedCount).toBe(0)
  })
})

describe('bounds', () => {
  const frames = (length: number): MediaPacket[] =>
    Array.from({ length: 20 }, (_, i) =>
      avcFrame(i * 40, { keyframe: i === 0, nals: [i === 0 ? idr(length) : slice(length)] }),
    )

  it('no segment is larger than maxSegmentBytes', () => {
    const maxSegmentBytes = 12_000
    const segments = segmentsOf([avcConfiguration(), ...frames(2000), 'end'], {
      maxSegmentBytes,
      minDurationMs: 0,
    })
    expect(segments.length).toBeGreaterThan(3)
    for (const { bytes } of segments) expect(bytes.length).toBeLessThanOrEqual(maxSegmentBytes)
    expect(segments.flatMap(contentOf)).toHaveLength(20)
    expect(segments.map(({ independent }) => independent)).toEqual(segments.map((_, i) => i === 0))
  })

  it('a packet that fits exactly is taken, one byte less leaves it out', () => {
    // PAT, PMT, and a keyframe of ten packets
    const exact = 12 * 188
    const packets = [
      avcConfiguration(),
      avcFrame(0, { keyframe: true, nals: [idr(1760)] }),
      avcFrame(400),
      'end',
    ] as const
    expect(segmentsOf(packets, { maxSegmentBytes: exact })[0]!.bytes.length).toBe(exact)
    const segmenter = keyframeSegmenter({ maxSegmentBytes: exact - 1 })
    segmentsOf(packets, undefined, segmenter)
    expect(segmenter.droppedCount).toBeGreaterThan(0)
    expect(segmenter.openBytes).toBe(0)
  })

  it('the options are checked', () => {
    expect(() => keyframeSegmenter({ targetDurationMs: 0 })).toThrow(RangeError)
    expect(() => keyframeSegmenter({ maxDurationFactor: 0.5 })).toThrow(RangeError)
  })
})

it('frames that are damaged open no segment, and one that has nothing ends like any other', () => {
  const segmenter = keyframeSegmenter({ targetDurationMs: 1000 })
  for (const packet of configurations) segmenter.push(packet, 0)
  // A NAL unit length past the end, in what says it is a keyframe; audio longer than a frame of ADTS.
  segmenter.push(packetFromTag(9, 0, hex('17 01 000000 00000100 65')), 0)
  segmenter.push(aacFrame(200, 8_185), 0)
  segmenter.end()
  expect(segmenter.droppedCount).toBeGreaterThan(0)
  expect(segmenter.read()?.hasVideo ?? false).toBe(false)
})

describe('program date and time', () => {
  const dates = (packets: readonly [MediaPacket, number][], options?: FlatOptions): number[] => {
    const segmenter = keyframeSegmenter({ targetDurationMs: 1000, ...options })
    for (const packet of configurations) segmenter.push(packet, 0)
    for (const [packet, nowMs] of packets) segmenter.push(packet, nowMs)
    segmenter.end()
    const found: number[] = []
    for (let segment = segmenter.read(); segment !== undefined; segment = segmenter.read()) {
      found.push(segment.programDateTimeMs)
    }
    return found
  }

  it('advances by exactly the durations, whatever the network does', () => {
    const late = stream(0, 4000, 1000).map((packet, i): [MediaPacket, number] => [
      packet,
      EPOCH + packet.dts + ((i * 37) % 90),
    ])
    const found = dates(late)
    expect(found).toEqual([0, 1000, 2000, 3000].map((ms) => found[0]! + ms))
    expect(found[0]! - EPOCH).toBeLessThan(10)
  })

  it('a burst from a cache is dated by its newest packet', () => {
    const burst = stream(0, 900, 1000).map((packet): [MediaPacket, number] => [packet, EPOCH + 900])
    const live = stream(1000, 2000, 1000).map((packet): [MediaPacket, number] => [packet, EPOCH + packet.dts])
    const found = dates([...burst, ...live])
    expect(Math.abs(found[0]! - EPOCH)).toBeLessThan(42)
  })

  it.each([-3_600_000, 700, 3_600_000])(
    'is the one of the stream while the wall clock is set by %i ms',
    (by) => {
      const before = stream(0, 2000, 1000).map((packet): [MediaPacket, number] => [
        packet,
        EPOCH + packet.dts,
      ])
      const after = stream(2000, 3000, 1000).map((packet): [MediaPacket, number] => [
        packet,
        EPOCH + packet.dts + by,
      ])
      expect(dates([...before, ...after])).toEqual([EPOCH, EPOCH + 1000, EPOCH + 2000])
    },
  )

  it('begins again at a discontinuity, by the wall clock of then', () => {
    let wallMs = EPOCH
    const segmenter = keyframeSegmenter({ targetDurationMs: 1000, wallOffsetMs: () => wallMs })
    for (const packet of configurations) segmenter.push(packet, 0)
    for (const packet of stream(0, 2000, 1000)) segmenter.push(packet, packet.dts)
    segmenter.discontinuity()
    wallMs -= 3_600_000
    for (const packet of stream(2000, 4000, 1000)) segmenter.push(packet, packet.dts)
    segmenter.end()
    const found: number[] = []
    for (let segment = segmenter.read(); segment !== undefined; segment = segmenter.read())
      found.push(segment.programDateTimeMs - EPOCH)
    expect(found).toEqual([0, 1000, 2000 - 3_600_000, 3000 - 3_600_000])
  })
})
