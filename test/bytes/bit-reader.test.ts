import fc from 'fast-check'
import { BitReader } from 'millrace/bytes'
import { DecodeError } from 'millrace/errors'
import { describe, expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'

test('bits come most significant first, across bytes', () => {
  const reader = new BitReader(hex('a5 f0 0f'))
  expect(reader.bits(1)).toBe(1)
  expect(reader.bits(3)).toBe(0b010)
  expect(reader.flag()).toBe(false)
  expect(reader.bits(9)).toBe(0b101_111100)
  expect(reader.position).toBe(14)
  reader.skip(2)
  expect(reader.bits(8)).toBe(0x0f)
  expect(reader.bitsLeft).toBe(0)
})

test('32 bits at once are unsigned', () => {
  expect(new BitReader(hex('ff ff ff ff')).bits(32)).toBe(0xffff_ffff)
})

describe('Exp-Golomb', () => {
  // H.264 table 9-2 and 9-3: bit string → codeNum → se(v)
  test.each([
    ['1', 0, 0],
    ['010', 1, 1],
    ['011', 2, -1],
    ['00100', 3, 2],
    ['00101', 4, -2],
    ['00110', 5, 3],
    ['00111', 6, -3],
    ['0001000', 7, 4],
    ['0001001', 8, -4],
    ['0001010', 9, 5],
  ])('%s is %i and %i', (bits, ue, se) => {
    const bytes = Uint8Array.of(Number.parseInt(bits.padEnd(8, '0'), 2))
    expect(new BitReader(bytes).ue()).toBe(ue)
    expect(new BitReader(bytes).se()).toBe(se)
  })

  test('the longest code is read, a longer prefix is refused', () => {
    // 31 zeros, 1, 31 ones: 2^32 - 2
    expect(new BitReader(hex('00 00 00 01 ff ff ff fe')).ue()).toBe(2 ** 32 - 2)
    expect(() => new BitReader(hex('00 00 00 00 80 00 00 00 00')).ue()).toThrow(
      expect.objectContaining({ code: 'ERR_BYTES_END' }),
    )
  })
})

test('bits are those of the number that the bytes are, whatever the portions', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 16 }), { maxLength: 4 }),
      (bytes, counts) => {
        const reader = new BitReader(bytes)
        const text = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
        for (const count of counts) {
          const { position } = reader
          expect(reader.bits(count)).toBe(Number.parseInt(text.slice(position, position + count), 2))
        }
      },
    ),
  )
})

test('a read or skip past the end throws and moves nothing', () => {
  const reader = new BitReader(hex('ff'))
  reader.skip(3)
  expect(() => reader.bits(6)).toThrow(DecodeError)
  expect(() => reader.skip(6)).toThrow(expect.objectContaining({ code: 'ERR_BYTES_END' }))
  expect(reader.position).toBe(3)
  expect(reader.bits(5)).toBe(0b11111)
})
