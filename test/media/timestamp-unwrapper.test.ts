import fc from 'fast-check'
import { TimestampUnwrapper } from 'millrace/media'
import { expect, test } from 'vitest'
import { fuzzRuns } from '../support/fuzz.ts'

function unwrapAll(timestamps: readonly number[]): number[] {
  const unwrapper = new TimestampUnwrapper()
  return timestamps.map((timestamp) => unwrapper.unwrap(timestamp))
}

const cases: [name: string, wire: number[], ms: number[]][] = [
  ['passes what needs nothing', [0, 40, 23, 80], [0, 40, 23, 80]],
  ['takes the first as it is', [0xffff_fff0, 0xffff_ffff], [4_294_967_280, 4_294_967_295]],
  ['goes on past 2^32', [0xffff_fff0, 0x10, 0x20], [4_294_967_280, 4_294_967_312, 4_294_967_328]],
  ['lets packets cross the wrap out of order', [0xffff_fff0, 0x08, 0xffff_fff8, 0x10], [4_294_967_280, 4_294_967_304, 4_294_967_288, 4_294_967_312]], // prettier-ignore
  ['passes 2^31', [0x7fff_fff0, 0x8000_0010], [2_147_483_632, 2_147_483_664]],
  ['sees a restart of the clock as a step back', [5_000_000, 0, 40], [5_000_000, 0, 40]],
  ['goes below zero a little', [0, 0xffff_fff0, 8], [0, -16, 8]],
  ['takes media at 2^31 and more after headers at 0', [0, 0, 0x8000_0010, 0xc000_0000], [0, 0, 2_147_483_664, 3_221_225_472]], // prettier-ignore
  ['takes media at 2^32 - 2^17 after a header at 0', [0, 0xfffe_0000, 0xfffe_0028], [0, 4_294_836_224, 4_294_836_264]], // prettier-ignore
]
for (const [name, wire, ms] of cases)
  test(name, () => {
    expect(unwrapAll(wire)).toEqual(ms)
  })

test('defect: a clock past 2^32 ms goes on, however often it wraps', () => {
  const step = 2 ** 30
  const ms = Array.from({ length: 20 }, (_, i) => i * step)
  expect(unwrapAll(ms.map((value) => value % 2 ** 32))).toEqual(ms)
})

test('gives any clock of steps below 2^31 back', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 2 ** 32 - 1 }),
      fc.array(fc.integer({ min: -60_000, max: 2 ** 31 - 1 }), { maxLength: 40 }),
      (first, steps) => {
        const ms = [first]
        for (const step of steps) ms.push(Math.max(0, ms.at(-1)! + step))
        expect(unwrapAll(ms.map((value) => value % 2 ** 32))).toEqual(ms)
      },
    ),
    { seed: 32, numRuns: fuzzRuns(300) },
  )
})
