import fc from 'fast-check'
import { SourceClock } from 'millrace/hub'
import { describe, expect, it } from 'vitest'
import { fuzzRuns } from '../support/fuzz.ts'
import { audio, audioConfig, endOfSequence, inter, key, metadata, text, videoConfig } from './fakes.ts'

function mapped(clock: SourceClock, packets: readonly Parameters<SourceClock['map']>[0][]): number[] {
  return packets.map((packet) => clock.map(packet))
}

describe('start and deltas', () => {
  it.each([0, 1, 12_345, 2 ** 31, 2 ** 32 - 1, 2 ** 40, -65_536])(
    'a publisher that starts at %i starts at 0',
    (at) => {
      const clock = new SourceClock()
      const packets = [key(at), audio(at + 5), inter(at + 33), audio(at + 28), inter(at + 67)]
      expect(mapped(clock, packets)).toEqual([0, 5, 33, 28, 67])
      expect([clock.last, clock.jumps]).toEqual([67, 0])
    },
  )

  it('what comes second but starts earlier waits at 0', () => {
    const clock = new SourceClock()
    expect(mapped(clock, [key(100), audio(60), audio(83), audio(106), inter(133)])).toEqual([0, 0, 0, 6, 33])
  })

  it('goes on past 2^32 when the timestamps were unwrapped', () => {
    const clock = new SourceClock()
    const packets = [key(2 ** 32 - 40), inter(2 ** 32 - 7), inter(2 ** 32 + 26), audio(2 ** 32 + 30)]
    expect(mapped(clock, packets)).toEqual([0, 33, 66, 70])
  })

  it('a raw wrap of 2^32 is a jump back, and closed', () => {
    const clock = new SourceClock()
    expect(mapped(clock, [key(2 ** 32 - 40), inter(2 ** 32 - 7), inter(26), inter(59)])).toEqual([
      0, 33, 53, 86,
    ])
    expect(clock.jumps).toBe(1)
  })
})

describe('jumps', () => {
  it('ahead: n ms are the publisher’s own, n + 1 are closed', () => {
    const kept = new SourceClock({ maxJumpMs: 1_000 })
    expect(mapped(kept, [key(0), inter(1_000)])).toEqual([0, 1_000])
    expect(kept.jumps).toBe(0)
    const closed = new SourceClock({ maxJumpMs: 1_000 })
    expect(mapped(closed, [key(0), inter(1_001), inter(1_041)])).toEqual([0, 20, 60])
    expect(closed.jumps).toBe(1)
  })

  it('back: within 500 ms the kind waits, beyond it goes on', () => {
    const jitter = new SourceClock()
    expect(mapped(jitter, [key(0), inter(1_000), inter(500), inter(990), inter(1_010)])).toEqual([
      0, 1_000, 1_000, 1_000, 1_010,
    ])
    expect(jitter.jumps).toBe(0)
    const back = new SourceClock()
    expect(mapped(back, [key(0), inter(1_000), inter(499), inter(532)])).toEqual([0, 1_000, 1_020, 1_053])
    expect(back.jumps).toBe(1)
  })

  it('one offset moves audio and video, so that they stay together', () => {
    const clock = new SourceClock()
    const before = [key(50_000), audio(50_010), inter(50_040), audio(50_033)]
    const after = [inter(0), audio(10), inter(40), audio(33), audio(56)]
    expect(mapped(clock, before)).toEqual([0, 10, 40, 33])
    expect(mapped(clock, after)).toEqual([60, 70, 100, 93, 116])
    expect(clock.jumps).toBe(1)
  })

  it('other bounds count at once', () => {
    const clock = new SourceClock({ maxJumpMs: 100 })
    mapped(clock, [key(0)])
    clock.setOptions({ maxJumpMs: 5_000 })
    expect(clock.map(inter(900))).toBe(900)
    clock.setOptions({ maxJumpMs: 100 })
    expect(mapped(clock, [inter(1_001), inter(1_041)])).toEqual([920, 960])
    clock.setOptions({})
    expect(mapped(clock, [inter(10_941), inter(10_981)])).toEqual([980, 10_900])
    expect(clock.jumps).toBe(1)
  })
})

describe('a time in doubt', () => {
  it('ahead by more than a second counts when the next packet of its kind confirms it', () => {
    const clock = new SourceClock()
    expect(mapped(clock, [key(0), inter(1_001), inter(1_041)])).toEqual([0, 20, 1_041])
    expect(mapped(clock, [key(6_041), audio(1_046), inter(6_081)])).toEqual([1_061, 1_046, 6_081])
    expect(clock.jumps).toBe(0)
  })

  it('counts at once when it came as much later', () => {
    const clock = new SourceClock()
    expect(clock.map(key(50), 7_000)).toBe(0)
    expect(clock.map(inter(90), 7_040)).toBe(40)
    expect(clock.map(audio(5_090), 12_000)).toBe(5_040)
    expect(clock.map(inter(10_200), 17_100)).toBe(10_150)
    expect(clock.jumps).toBe(0)
  })

  it('counts when the other kind makes the same step, which then has its time', () => {
    const clock = new SourceClock()
    expect(mapped(clock, [key(0), audio(5), audio(4_028), inter(4_040), audio(4_051)])).toEqual([
      0, 5, 25, 4_040, 4_051,
    ])
    expect(clock.jumps).toBe(0)
  })

  it('a picture every three seconds is doubted once', () => {
    const clock = new SourceClock()
    const times = [0, 3_000, 6_000, 9_000, 12_010, 15_000]
    expect(
      mapped(
        clock,
        times.map((dts) => key(dts)),
      ),
    ).toEqual([0, 20, 6_000, 9_000, 12_010, 15_000])
  })

  it.each([900, 2_000, 5_000, 9_999, 15_000, -900, -5_000, -60_000, 2 ** 33])(
    'single outliers of %i ms take no time, and nothing else moves',
    (size) => {
      for (const odd of ['audio', 'video']) {
        const clock = new SourceClock()
        let outliers = 0
        for (let at = 0; at < 200_000; at += 20) {
          const isOdd = at % 2_000 === 1_000 + (odd === 'audio' ? 20 : 0)
          if (isOdd) outliers++
          const time = 7_000 + at + (isOdd ? size : 0)
          const dts = clock.map(at % 40 === 0 ? inter(time) : audio(time))
          // Those that are doubted stay within a frame; what counts at once has its kind wait until it is over.
          const early = isOdd ? -20 : 0
          const late = size === 900 ? 900 : isOdd ? 20 : 0
          expect(dts - at).toBeGreaterThanOrEqual(early)
          expect(dts - at).toBeLessThanOrEqual(late)
        }
        expect(clock.last).toBe(199_980)
        expect(clock.jumps).toBe(outliers)
      }
    },
  )

  it('two cameras into one stream do not make it run fast', () => {
    const clock = new SourceClock()
    for (let at = 0; at < 20_000; at += 40) {
      clock.map(inter(at))
      clock.map(inter(at + 3_600_000))
    }
    expect(clock.last).toBe(19_980)
  })
})

describe('kinds with clocks of their own', () => {
  const bases = [60_000, 1_700_000_000_000, -60_000, -(2 ** 32)]

  it.each(bases)('sound from 0 and pictures from %i run at their own speed', (base) => {
    const clock = new SourceClock()
    for (let at = 0; at < 20_000; at += 20) {
      const packet = at % 40 === 20 ? inter(base + at) : audio(at)
      const dts = clock.map(packet)
      // The first picture, of which nothing is known yet, follows the newest sound.
      expect(dts).toBe(at)
    }
    expect(clock.jumps).toBe(1)
  })

  it.each(bases)('and stay together when both begin again, pictures at %i', (base) => {
    const clock = new SourceClock()
    for (let at = 0; at < 1_000; at += 20) clock.map(at % 40 === 20 ? inter(base + at) : audio(at))
    const shift = 7_200_000
    for (let at = 1_000; at < 3_000; at += 20) {
      const dts = clock.map(at % 40 === 20 ? inter(base + at + shift) : audio(at + shift))
      expect(dts).toBe(at)
    }
    expect(clock.jumps).toBe(2)
  })

  it('one that jumps alone leaves the other alone', () => {
    const clock = new SourceClock()
    for (let at = 0; at < 10_000; at += 20) {
      const isVideo = at % 40 === 20
      const restarted = isVideo && at > 5_000 ? -5_000 : 0
      expect(clock.map(isVideo ? inter(at + restarted) : audio(at))).toBe(at)
    }
    expect(clock.jumps).toBe(1)
  })

  it('one that comes back to the clock of the other is on it', () => {
    const clock = new SourceClock()
    for (let at = 0; at < 1_000; at += 20) clock.map(at % 40 === 20 ? inter(at + 90_000) : audio(at))
    expect(mapped(clock, [inter(1_010), audio(1_000), inter(1_050)])).toEqual([1_010, 1_000, 1_050])
    expect(clock.jumps).toBe(1)
  })

  it('data belongs to the clock that it is near', () => {
    const clock = new SourceClock()
    mapped(clock, [audio(0), inter(90_000), audio(20), inter(90_040), audio(60)])
    expect(mapped(clock, [text(50), text(90_030)])).toEqual([50, 50])
  })
})

describe('what is not media has no say', () => {
  it.each([
    ['0', 0],
    ['the time of the next frame', 1_033],
    ['leftovers of another session', 7_654_321],
    ['something before the stream', -9],
  ])('configuration at %s leaves the deltas alone', (_, at) => {
    const clock = new SourceClock()
    expect(mapped(clock, [metadata(at), audioConfig(at), videoConfig(at)])).toEqual([0, 0, 0])
    expect(mapped(clock, [key(1_000), audio(1_010)])).toEqual([0, 10])
    for (const packet of [metadata(at), audioConfig(at), videoConfig(at), endOfSequence(at)])
      clock.map(packet)
    expect(mapped(clock, [inter(1_033), audio(1_033)])).toEqual([33, 33])
    expect(clock.jumps).toBe(0)
  })

  it('configuration that fits keeps its time', () => {
    const clock = new SourceClock()
    mapped(clock, [key(0), audio(0), audio(40)])
    expect(clock.map(videoConfig(33))).toBe(33)
    expect(clock.map(inter(33))).toBe(33)
  })

  it('data keeps its time when it is near, and never goes back', () => {
    const clock = new SourceClock()
    mapped(clock, [key(100), inter(1_100)])
    expect(mapped(clock, [text(1_090), text(1_500), text(1_200), text(9_999), text(0)])).toEqual([
      990, 1_400, 1_400, 1_400, 1_400,
    ])
    expect(clock.last).toBe(1_000)
  })

  it('an empty AV1 sequence start or a zero-length body before the first frame is not its time', () => {
    const clock = new SourceClock()
    expect(clock.map(endOfSequence(0))).toBe(0)
    expect(mapped(clock, [key(3_600_000), inter(3_600_040)])).toEqual([0, 40])
  })
})

describe('republish', () => {
  it('goes on after the gap of the wall clock, whatever the new clock says', () => {
    const clock = new SourceClock()
    mapped(clock, [key(0), inter(1_000)])
    clock.republish(2_500)
    expect(clock.last).toBe(3_500)
    expect(
      mapped(clock, [audioConfig(0), videoConfig(9), key(77_000), audio(77_010), inter(77_033)]),
    ).toEqual([3_500, 3_500, 3_500, 3_510, 3_533])
    expect(clock.jumps).toBe(0)
  })

  it('rounds the gap, and takes a clock that went back for none', () => {
    const clock = new SourceClock()
    mapped(clock, [key(0), inter(100)])
    clock.republish(10.6)
    expect(clock.last).toBe(111)
    clock.republish(-5)
    expect(clock.last).toBe(111)
  })

  it('data that was ahead of its media does not go back', () => {
    const clock = new SourceClock()
    mapped(clock, [key(0), text(300)])
    clock.republish(10)
    expect(mapped(clock, [text(0), key(0), text(0)])).toEqual([300, 10, 300])
  })

  it('nothing of the new publisher lies before its beginning', () => {
    const clock = new SourceClock()
    mapped(clock, [key(0), inter(1_000)])
    clock.republish(100)
    expect(mapped(clock, [key(500), audio(300), audio(490), audio(510)])).toEqual([
      1_100, 1_100, 1_100, 1_110,
    ])
  })
})

describe('atc', () => {
  it('keeps the publisher’s clock, through jumps and republish', () => {
    const clock = new SourceClock({ atc: true })
    const times = [90_000, 90_040, 5, 50_000_000, 49_000_000]
    expect(
      mapped(
        clock,
        times.map((dts) => inter(dts)),
      ),
    ).toEqual(times)
    clock.republish(9_999)
    expect(mapped(clock, [key(0), audio(7), inter(40)])).toEqual([0, 7, 40])
    expect([clock.last, clock.jumps]).toEqual([40, 0])
  })

  it('configuration far from the media is moved to it', () => {
    const clock = new SourceClock({ atc: true })
    expect(mapped(clock, [videoConfig(0), key(90_000_000), audioConfig(0), audioConfig(90_000_010)])).toEqual(
      [0, 90_000_000, 90_000_000, 90_000_010],
    )
  })

  it('is changed by the next publisher, not in the middle', () => {
    const clock = new SourceClock()
    mapped(clock, [key(1_000), inter(1_040)])
    clock.setOptions({ atc: true })
    expect(clock.map(inter(1_080))).toBe(80)
    clock.republish(0)
    expect(clock.map(key(500_000))).toBe(500_000)
  })
})

it('property: audio and video of one publisher keep their distance through any number of republishes and restarts', () => {
  const step = fc.record({
    kind: fc.constantFrom('audio', 'video'),
    delta: fc.integer({ min: 0, max: 60 }),
    event: fc.constantFrom('none', 'none', 'none', 'none', 'none', 'republish', 'back', 'ahead', 'config'),
    size: fc.integer({ min: 20_000, max: 2 ** 33 }),
  })
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 34 }),
      fc.array(step, { maxLength: 200, size: 'max' }),
      (origin, steps) => {
        const clock = new SourceClock()
        const last = { audio: -1, video: -1 }
        let raw = origin
        // The first packet after any break decides the offset; from then on it holds.
        let offset: number | undefined
        for (const { kind, delta, event, size } of steps) {
          raw += delta
          if (event === 'republish') {
            clock.republish(delta)
            raw = size
            offset = undefined
          } else if (event === 'ahead' || event === 'back') {
            // Not by as much as ahead: that would be an outlier.
            raw += event === 'ahead' ? size : -size - 1_500
            offset = undefined
          } else if (event === 'config') clock.map(videoConfig(size % 100_000))
          const dts = clock.map(kind === 'audio' ? audio(raw) : inter(raw))
          expect(dts).toBeGreaterThanOrEqual(last[kind as 'audio' | 'video'])
          last[kind as 'audio' | 'video'] = dts
          offset ??= dts - raw
          expect(dts - raw).toBe(offset)
        }
      },
    ),
    { seed: 20_261_122, numRuns: fuzzRuns(100) },
  )
})

it('property: dts never goes back per kind, and never leaps, whatever comes', () => {
  const packet = fc.tuple(
    fc.constantFrom(key, inter, audio, videoConfig, audioConfig, metadata, text),
    fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: -(2 ** 20), max: 2 ** 34 })),
    fc.boolean(),
  )
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 100, size: 'max' }), (packets) => {
      const clock = new SourceClock({ maxJumpMs: 1_000 })
      const last = { audio: 0, video: 0, data: 0 }
      for (const [make, dts, back] of packets) {
        if (back) clock.republish(50)
        const before = clock.last
        const made = make(dts)
        const out = clock.map(made)
        expect(out).toBeGreaterThanOrEqual(last[made.kind])
        expect(out).toBeLessThanOrEqual(before + 1_000)
        last[made.kind] = out
      }
    }),
    { seed: 7, numRuns: fuzzRuns(100) },
  )
})
