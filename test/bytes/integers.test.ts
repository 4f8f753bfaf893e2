import fc from 'fast-check'
import {
  readF64,
  readI24,
  readU16,
  readU24,
  readU32,
  readU32Le,
  writeF64,
  writeU16,
  writeU24,
  writeU32,
  writeU32Le,
} from 'millrace/bytes'
import { describe, expect, test } from 'vitest'
import { hex, toHex } from '../support/bytes.ts'

describe('read', () => {
  test.each([
    ['u16', readU16, 'ff fe', 0xfffe],
    ['u24', readU24, 'ff fe fd', 0xfffefd],
    ['i24 of -1', readI24, 'ff ff ff', -1],
    ['i24 of the least', readI24, '80 00 00', -8_388_608],
    ['i24 of the greatest', readI24, '7f ff ff', 8_388_607],
    ['u32 with the top bit', readU32, 'ff fe fd fc', 0xfffefdfc],
    ['u32, little-endian', readU32Le, '01 00 00 80', 0x8000_0001],
    // AMF0 §2.2: numbers are 8-byte IEEE-754 in network byte order
    ['double 1', readF64, '3f f0 00 00 00 00 00 00', 1],
    ['double -2', readF64, 'c0 00 00 00 00 00 00 00', -2],
    ['double infinity', readF64, '7f f0 00 00 00 00 00 00', Infinity],
  ] as const)('%s', (_, read, bytes, value) => {
    expect(read(hex(bytes), 0)).toBe(value)
    expect(read(hex(`aa bb ${bytes}`), 2)).toBe(value)
  })
})

describe('write', () => {
  test.each([
    ['u16', writeU16, 0x1234, '12 34'],
    ['u24', writeU24, 0x123456, '12 34 56'],
    ['u24 of -40', writeU24, -40, 'ff ff d8'],
    ['u32', writeU32, 0xfedc_ba98, 'fe dc ba 98'],
    ['u32 beyond 2^32', writeU32, 2 ** 32 + 5, '00 00 00 05'],
    ['u32, little-endian', writeU32Le, 1, '01 00 00 00'],
    ['double', writeF64, 320, '40 74 00 00 00 00 00 00'],
  ] as const)('%s', (_, write, value, bytes) => {
    const expected = hex(bytes)
    const out = new Uint8Array(expected.length + 2)
    write(out, 1, value)
    expect(toHex(out)).toBe(`00 ${toHex(expected)} 00`)
  })
})

test('every double comes back', () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      const out = new Uint8Array(8)
      writeF64(out, 0, value)
      expect(readF64(out, 0)).toBe(value)
    }),
  )
})
