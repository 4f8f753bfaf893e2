import fc from 'fast-check'
import {
  decodeLossList,
  encodeLossList,
  MAX_MESSAGE_NUMBER,
  MAX_SEQUENCE_NUMBER,
  messageNumberAfter,
  sequenceAfter,
  sequenceOffset,
} from 'millrace/srt'
import { describe, expect, it } from 'vitest'
import { hex } from '../support/bytes.ts'
import { fuzzRuns } from '../support/fuzz.ts'

const options = { numRuns: fuzzRuns(2000), seed: 20_260_102 }
const nearEnd = fc.oneof(
  fc.nat(MAX_SEQUENCE_NUMBER),
  fc.integer({ min: MAX_SEQUENCE_NUMBER - 500, max: MAX_SEQUENCE_NUMBER }),
)

describe('sequence numbers', () => {
  it('wrap from 7fffffff to 0', () => {
    expect(sequenceAfter(0x7fffffff)).toBe(0)
    expect(sequenceAfter(0, -1)).toBe(0x7fffffff)
    expect(sequenceAfter(0x7ffffffe, 5)).toBe(3)
    expect(sequenceOffset(0x7fffffff, 2)).toBe(3)
    expect(sequenceOffset(2, 0x7fffffff)).toBe(-3)
    expect(sequenceOffset(0, 0x3fffffff)).toBe(0x3fffffff)
    expect(sequenceOffset(0, 0x40000000)).toBe(-0x40000000)
  })

  it('the offset to the number so many places on is that many', () => {
    fc.assert(
      fc.property(nearEnd, fc.integer({ min: -(2 ** 30), max: 2 ** 30 - 1 }), (from, count) => {
        expect(sequenceOffset(from, sequenceAfter(from, count))).toBe(count)
      }),
      options,
    )
  })

  it('message numbers leave 0 out', () => {
    expect(messageNumberAfter(1)).toBe(2)
    expect(messageNumberAfter(MAX_MESSAGE_NUMBER)).toBe(1)
  })
})

describe('loss lists', () => {
  it.each([
    ['nothing', ''],
    ['part of a word', '000001'],
    ['a range without its end', '80000001'],
    ['an end with bit 31', '80000001 80000002'],
    ['a range that runs backwards', '80000005 00000004'],
  ])('%s is refused', (_, text) => {
    expect(() => decodeLossList(hex(text))).toThrow(expect.objectContaining({ code: 'ERR_SRT_LOSS_LIST' }))
  })

  it('a range may go over the end of the numbers', () => {
    expect(decodeLossList(hex('fffffffe 00000001'))).toEqual([{ first: 0x7ffffffe, last: 1 }])
  })

  it('any list is read as it was written', () => {
    const ranges = fc.array(
      fc.tuple(nearEnd, fc.nat(1000)).map(([first, more]) => ({ first, last: sequenceAfter(first, more) })),
      { minLength: 1, maxLength: 20 },
    )
    fc.assert(
      fc.property(ranges, (list) => {
        expect(decodeLossList(encodeLossList(list))).toEqual(list)
      }),
      options,
    )
  })
})
