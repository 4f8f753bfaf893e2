import { decodeVpConfiguration, decodeVvcConfiguration, encodeVpConfiguration } from 'millrace/codec'
import { describe, expect, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import { VP_VECTORS, VVC_VECTORS } from './video-vectors.ts'

describe('vpcC', () => {
  for (const { name, bytes, value } of VP_VECTORS) {
    test(`decodes: ${name}`, () => expect(decodeVpConfiguration(bytes)).toEqual(value))
    test(`decodes without the head of the box: ${name}`, () => {
      expect(decodeVpConfiguration(bytes.subarray(4))).toEqual(value)
    })
    test(`encodes: ${name}`, () => expect(encodeVpConfiguration(value)).toEqual(bytes))
  }
  test('12 bits in full range, 4:4:4', () => {
    const value = {
      profile: 3,
      level: 62,
      bitDepth: 12,
      chromaSubsampling: 3,
      colour: { primaries: 1, transfer: 13, matrix: 0, fullRange: true },
    }
    const bytes = hex('01000000 03 3e c7 01 0d 00 0000')
    expect(decodeVpConfiguration(bytes)).toEqual(value)
    expect(encodeVpConfiguration(value)).toEqual(bytes)
  })
  test.each(['01000000 04 0b 82 020202 0000', '01000000 00 0b 92 020202 0000'])('%s is refused', (bytes) => {
    expect(() => decodeVpConfiguration(hex(bytes))).toThrow(
      expect.objectContaining({ code: 'ERR_VP_CONFIGURATION' }),
    )
  })
  test('needs 8 bytes', () => {
    expect(() => decodeVpConfiguration(hex('000b8202020200'))).toThrow(
      expect.objectContaining({ code: 'ERR_BYTES_END' }),
    )
  })
})

describe('vvcC', () => {
  for (const { name, bytes, value } of VVC_VECTORS) {
    test(name, () => expect(decodeVvcConfiguration(bytes)).toEqual(value))
    test(`${name}, in its full box`, () => {
      expect(decodeVvcConfiguration(join(hex('00000000'), bytes))).toEqual(value)
    })
  }
  test.each([
    ['reserved bits', '7f0011'],
    ['lengths of 3 bytes', 'fd0011'],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeVvcConfiguration(hex(bytes))).toThrow(
      expect.objectContaining({ code: 'ERR_VVC_CONFIGURATION' }),
    )
  })
  test('cut anywhere before the arrays it throws', () => {
    const { bytes } = VVC_VECTORS[1]
    for (let end = 0; end < bytes.length - 3; end++) {
      expect(() => decodeVvcConfiguration(bytes.subarray(0, end))).toThrow(
        expect.objectContaining({ code: 'ERR_BYTES_END' }),
      )
    }
  })
})
