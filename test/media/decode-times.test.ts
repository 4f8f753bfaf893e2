import fc from 'fast-check'
import { demuxFlv } from 'millrace/flv'
import { AccessUnitConverter, PacketConverter } from 'millrace/media'
import { describe, expect, it } from 'vitest'
import { DecodeTimes } from '../../src/media/decode-times.ts'
import { readClip } from '../support/clips.ts'
import { fuzzRuns } from '../support/fuzz.ts'

function timesOf(pts: readonly number[], depth: number, frameMs = 40): number[] {
  const times = new DecodeTimes()
  times.restart(depth)
  return pts.map((time) => times.next(time, frameMs))
}

describe('decode times from presentation times', () => {
  it('are the same without reordering', () => {
    expect(timesOf([0, 40, 80, 120], 0)).toEqual([0, 40, 80, 120])
  })

  it('are the presentation times in order, a picture ahead', () => {
    // I P B P B: shown as I B P B P
    expect(timesOf([0, 80, 40, 160, 120], 1)).toEqual([-40, 0, 40, 80, 120])
  })

  it('are two ahead where B pictures are referred to', () => {
    // I P B b b: shown as I b B b P
    expect(timesOf([0, 160, 80, 40, 120], 2)).toEqual([-80, -40, 0, 40, 80])
  })

  it('go on where a stream reorders more than it says, and find the depth', () => {
    // depth 0 is told, 1 is needed: the picture at 40 comes after that at 120
    const pts = [0, 120, 40, 80, 240, 160, 200, 360, 280, 320]
    expect(timesOf(pts, 0)).toEqual([0, 120, 121, 122, 123, 160, 200, 240, 280, 320])
  })

  it('follow a clock that jumps, in either direction', () => {
    expect(timesOf([0, 40, 100_000, 100_040], 0)).toEqual([0, 40, 100_000, 100_040])
    expect(timesOf([100_000, 100_040, 0, 40], 1)).toEqual([99_960, 100_000, -40, 0])
  })

  it('always go up while the clock does not jump, and are never after the presentation once the depth is known', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 60 }),
        fc.integer({ min: 0, max: 4 }),
        (shifts, depth) => {
          const pts = shifts.map((shift, i) => (i + shift) * 40)
          const dts = timesOf(pts, depth)
          for (let i = 1; i < dts.length; i++) expect(dts[i]).toBeGreaterThan(dts[i - 1]!)
        },
      ),
      { seed: 7, numRuns: fuzzRuns(400) },
    )
  })
})

it.each(['avc-aac-bframes.flv', 'hevc-aac.ertmp.flv'] as const)(
  '%s has the decode times of its encoder',
  (clip) => {
    const units = new AccessUnitConverter()
    const packets = new PacketConverter()
    const video = demuxFlv(readClip(clip)).filter(({ kind }) => kind === 'video')
    const out = video
      .flatMap((packet) => units.push(packet))
      .flatMap((unit) => packets.push({ ...unit, dts: undefined }))
      .filter(({ coded }) => coded)
    const source = video.filter(({ coded }) => coded)
    expect(out.map(({ pts }) => pts)).toEqual(source.map(({ pts }) => pts))
    expect(out.every(({ cts }) => cts >= 0)).toBe(true)
    expect(out.every(({ dts }, i) => i === 0 || dts > out[i - 1]!.dts)).toBe(true)
    // but for the first, whose times nobody told
    expect(out.slice(3).map(({ dts }) => dts)).toEqual(source.slice(3).map(({ dts }) => dts))
  },
)
