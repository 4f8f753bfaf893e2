import { describe, expect, it } from 'vitest'
import { Backoff } from '../../src/services/backoff.ts'

const take = (backoff: Backoff, count: number): number[] =>
  Array.from({ length: count }, () => backoff.nextMs())

describe('Backoff', () => {
  it('doubles from the first wait to the longest, and stays there', () => {
    expect(take(new Backoff({ minMs: 1_000, maxMs: 10_000, jitter: 0 }), 6)).toEqual([
      1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
    ])
  })

  it('grows by the factor given', () => {
    expect(take(new Backoff({ minMs: 100, maxMs: 1_000, factor: 3, jitter: 0 }), 4)).toEqual([
      100, 300, 900, 1_000,
    ])
    expect(take(new Backoff({ minMs: 100, maxMs: 1_000, factor: 1, jitter: 0 }), 3)).toEqual([100, 100, 100])
  })

  it('starts again after a reset', () => {
    const backoff = new Backoff({ minMs: 1_000, maxMs: 10_000, jitter: 0 })
    take(backoff, 3)
    backoff.reset()
    expect(take(backoff, 2)).toEqual([1_000, 2_000])
  })

  it('takes a random share away, up to the jitter, and grows as if it had not', () => {
    const draws = [0, 0.5, 0.999_999]
    const random = (): number => draws.shift() ?? 0
    expect(take(new Backoff({ minMs: 1_000, maxMs: 10_000, jitter: 0.5, random }), 3)).toEqual([
      1_000, 1_500, 2_000,
    ])
  })

  it('stays between half of each wait and the whole by default', () => {
    for (let round = 0; round < 200; round++) {
      const [first = 0, second = 0] = take(new Backoff({ minMs: 1_000, maxMs: 60_000 }), 2)
      expect(first).toBeGreaterThanOrEqual(500)
      expect(first).toBeLessThanOrEqual(1_000)
      expect(second).toBeGreaterThanOrEqual(1_000)
      expect(second).toBeLessThanOrEqual(2_000)
    }
  })

  for (const [name, options] of [
    ['a negative wait', { minMs: -1, maxMs: 1 }],
    ['a longest wait below the first', { minMs: 2, maxMs: 1 }],
    ['a wait without end', { minMs: 1, maxMs: Infinity }],
    ['no number', { minMs: Number.NaN, maxMs: 1 }],
    ['a factor below 1', { minMs: 1, maxMs: 2, factor: 0.5 }],
    ['a jitter above 1', { minMs: 1, maxMs: 2, jitter: 1.1 }],
    ['a jitter below 0', { minMs: 1, maxMs: 2, jitter: -0.1 }],
  ] as const) {
    it(`refuses ${name}`, () => {
      expect(() => new Backoff(options)).toThrow(RangeError)
    })
  }
})
