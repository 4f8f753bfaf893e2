import {
  AnnexBReader,
  annexBLength,
  annexBToAvcc,
  AvccReader,
  avccToAnnexB,
  isAvcc,
  joinAnnexB,
  joinAvcc,
  splitAnnexB,
  splitAvcc,
  startsWithStartCode,
  writeAnnexB,
} from 'millrace/codec'
import { LimitError } from 'millrace/errors'
import { describe, expect, test } from 'vitest'
import { hex, toHex } from '../support/bytes.ts'

const toHexes = (units: readonly Uint8Array[]): string[] => units.map(toHex)

/** The offsets that a reader gives, as views. */
function readAll(reader: { next(): boolean; start: number; end: number }, bytes: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = []
  while (reader.next()) units.push(bytes.subarray(reader.start, reader.end))
  return units
}

describe('length-prefixed', () => {
  const cases = [
    { name: 'nothing', size: 4, bytes: '', units: [] },
    { name: '4-byte lengths', size: 4, bytes: '00000002 09f0 00000003 658884', units: ['09 f0', '65 88 84'] },
    { name: '3-byte lengths', size: 3, bytes: '000002 09f0', units: ['09 f0'] },
    { name: '2-byte lengths', size: 2, bytes: '0002 09f0 0001 65', units: ['09 f0', '65'] },
    { name: '1-byte lengths', size: 1, bytes: '02 09f0 01 65', units: ['09 f0', '65'] },
    {
      name: 'empty NAL units between and behind',
      size: 4,
      bytes: '00000000 00000001 65 00000000',
      units: ['65'],
    },
    { name: 'only empty NAL units', size: 4, bytes: '00000000 00000000', units: [] },
    {
      name: 'start codes inside a NAL unit',
      size: 4,
      bytes: '00000006 65000001 0000',
      units: ['65 00 00 01 00 00'],
    },
  ]
  for (const { name, size, bytes, units } of cases) {
    test(name, () => {
      const payload = hex(bytes)
      expect(toHexes(splitAvcc(payload, size))).toEqual(units)
      const reader = new AvccReader()
      reader.reset(payload, size)
      expect(toHexes(readAll(reader, payload))).toEqual(units)
      expect(reader.next()).toBe(false)
      expect(isAvcc(payload, size)).toBe(true)
    })
  }

  test.each([
    ['a length beyond the payload', '00000003 6588', 4, 'NAL unit of 3 bytes at offset 0, 2 left'],
    ['a length of 2^32 - 1', 'ffffffff 6588', 4, 'NAL unit of 4294967295 bytes at offset 0, 2 left'],
    ['the second length beyond', '00000001 65 00000002 09', 4, 'NAL unit of 2 bytes at offset 5, 1 left'],
    ['a cut 4-byte length', '00000001 65 000000', 4, 'NAL unit length of 4 bytes is cut at offset 5'],
    ['a cut 2-byte length', '0001 65 00', 2, 'NAL unit length of 2 bytes is cut at offset 3'],
  ])('%s', (_, bytes, size, message) => {
    const payload = hex(bytes)
    const error = expect.objectContaining({ code: 'ERR_NAL_LENGTH', message })
    expect(() => splitAvcc(payload, size)).toThrow(error)
    const reader = new AvccReader()
    reader.reset(payload, size)
    expect(() => readAll(reader, payload)).toThrow(error)
    expect(() => avccToAnnexB(payload, size)).toThrow(error)
    expect(isAvcc(payload, size)).toBe(false)
  })

  test.each([0, 5, -1, 1.5, Number.NaN])('a length size of %d is a mistake of the caller', (size) => {
    expect(() => splitAvcc(hex(''), size)).toThrow(RangeError)
    expect(() => new AvccReader().reset(hex(''), size)).toThrow(RangeError)
  })

  test('units are views of the payload', () => {
    const payload = hex('00000001 65')
    expect(splitAvcc(payload, 4)[0]!.buffer).toBe(payload.buffer)
  })

  test('joins with 4-byte lengths', () => {
    expect(joinAvcc([hex('09f0'), hex('65')])).toEqual(hex('00000002 09f0 00000001 65'))
  })
})

describe('Annex B', () => {
  const cases = [
    { name: 'nothing', bytes: '', units: [] },
    { name: 'no start code', bytes: '00000209f0', units: [] },
    { name: 'a start code and nothing', bytes: '000001', units: [] },
    { name: '3-byte start codes', bytes: '000001 0d0a0f 000001 0a', units: ['0d 0a 0f', '0a'] },
    { name: '4-byte start codes', bytes: '00000001 09f0 00000001 658884', units: ['09 f0', '65 88 84'] },
    {
      name: 'leading zeros and trailing zeros',
      bytes: '0000000000 01 65 000000 000001 41 0000',
      units: ['65', '41'],
    },
    { name: 'garbage before the first start code', bytes: 'deadbeef 000001 65', units: ['65'] },
    { name: 'a NAL unit of zeros alone is none', bytes: '000001 000000 000001 65', units: ['65'] },
    { name: 'two start codes in a row', bytes: '000001 000001 65', units: ['65'] },
    {
      name: '00 00 02 and 00 00 03 are data',
      bytes: '000001 65 000002 000003 01',
      units: ['65 00 00 02 00 00 03 01'],
    },
    { name: '01 00 01 is data', bytes: '000001 6501 0001 80', units: ['65 01 00 01 80'] },
  ]
  for (const { name, bytes, units } of cases) {
    test(name, () => {
      const stream = hex(bytes)
      expect(toHexes(splitAnnexB(stream))).toEqual(units)
      const reader = new AnnexBReader()
      reader.reset(stream)
      expect(toHexes(readAll(reader, stream))).toEqual(units)
      expect(reader.next()).toBe(false)
    })
  }

  test('a start code at every distance from the one before', () => {
    for (let length = 1; length < 20; length++) {
      for (const start of ['000001', '00000001']) {
        const unit = '65'.padEnd(2 * length, 'a')
        const stream = hex(`${start}${unit}${start}41`)
        expect(toHexes(splitAnnexB(stream))).toEqual([toHex(hex(unit)), '41'])
      }
    }
  })

  test('a multi-PPS stream splits into VPS, SPS and both PPS', () => {
    const sets = ['40010c01', '42010101', '44017418', '44012506']
    const stream = hex(sets.map((set) => `00000001${set}`).join(''))
    expect(splitAnnexB(stream)).toEqual(sets.map(hex))
  })

  test('joins with 4-byte start codes', () => {
    expect(joinAnnexB([hex('09f0'), hex('65')])).toEqual(hex('00000001 09f0 00000001 65'))
  })

  test.each([
    ['000001', true],
    ['00000001', true],
    ['00000000 01', false],
    ['000002', false],
    ['0000', false],
    ['', false],
  ])('%s starts with a start code: %s', (bytes, answer) => {
    expect(startsWithStartCode(hex(bytes))).toBe(answer)
  })
})

describe('conversion', () => {
  test.each([
    [4, '00000002 09f0 00000003 658884'],
    [2, '0002 09f0 0003 658884'],
    [1, '02 09f0 00 03 658884'],
  ])('lengths of %i bytes to Annex B and back', (size, bytes) => {
    const payload = hex(bytes)
    const annexB = hex('00000001 09f0 00000001 658884')
    expect(avccToAnnexB(payload, size)).toEqual(annexB)
    expect(annexBLength(payload, size)).toBe(annexB.length)
    expect(annexBToAvcc(annexB)).toEqual(hex('00000002 09f0 00000003 658884'))
  })

  test('writes at an offset and leaves the rest alone', () => {
    const out = new Uint8Array(12).fill(0xee)
    expect(writeAnnexB(out, 2, hex('00000002 09f0'), 4)).toBe(8)
    expect(out).toEqual(hex('eeee 00000001 09f0 eeeeeeee'))
  })

  test('a NAL unit of 300 bytes looks like a start code, its lengths tell', () => {
    const payload = new Uint8Array(304).fill(0x55)
    payload.set(hex('0000012c 65'))
    expect(startsWithStartCode(payload)).toBe(true)
    expect(isAvcc(payload, 4)).toBe(true)
  })

  test('Annex B in a tag is not length-prefixed', () => {
    // 00 00 00 01 reads as a NAL unit of 1 byte, and the lengths behind it lead nowhere
    expect(isAvcc(hex('00000001 019e827443df 0016025b65a4bd42'), 4)).toBe(false)
  })
})

describe('limits', () => {
  const of = (count: number): Uint8Array => joinAvcc(Array.from({ length: count }, () => hex('41')))
  test('maxNalUnits at n and n + 1', () => {
    expect(splitAvcc(of(3), 4, { maxNalUnits: 3 })).toHaveLength(3)
    expect(() => splitAvcc(of(4), 4, { maxNalUnits: 3 })).toThrow(
      expect.objectContaining({ code: 'ERR_NAL_COUNT', message: 'access unit exceeds maxNalUnits 3' }),
    )
    const annexB = avccToAnnexB(of(4), 4)
    expect(splitAnnexB(annexB, { maxNalUnits: 4 })).toHaveLength(4)
    expect(() => splitAnnexB(annexB, { maxNalUnits: 3 })).toThrow(LimitError)
    expect(annexBToAvcc(annexB, { maxNalUnits: 4 })).toEqual(of(4))
    expect(() => annexBToAvcc(annexB, { maxNalUnits: 3 })).toThrow(LimitError)
  })
  test('16,384 by default', () => {
    expect(splitAvcc(of(16_384), 4)).toHaveLength(16_384)
    expect(() => splitAvcc(of(16_385), 4)).toThrow(LimitError)
  })
})
