import { createHevcConfiguration, decodeHevcConfiguration, encodeHevcConfiguration } from 'millrace/codec'
import { describe, expect, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import { HEVC_CONFIGURATION_VECTORS } from './hevc-vectors.ts'

for (const { name, bytes, value } of HEVC_CONFIGURATION_VECTORS) {
  describe(name, () => {
    test('decodes', () => expect(decodeHevcConfiguration(bytes)).toEqual(value))
    test('encodes', () => expect(encodeHevcConfiguration(value)).toEqual(bytes))
    test('cut anywhere it throws', () => {
      for (let end = 0; end < bytes.length; end++) {
        expect(() => decodeHevcConfiguration(bytes.subarray(0, end))).toThrow(
          expect.objectContaining({ code: 'ERR_BYTES_END' }),
        )
      }
    })
  })
}

const [MAIN, COMPLETE] = HEVC_CONFIGURATION_VECTORS

test('bytes after the record are ignored', () => {
  expect(decodeHevcConfiguration(join(MAIN.bytes, hex('2200')))).toEqual(MAIN.value)
})

test('version 0, written before the standard was out, is read', () => {
  const bytes = MAIN.bytes.slice()
  bytes[0] = 0
  expect(decodeHevcConfiguration(bytes)).toEqual(MAIN.value)
})

test('version 2 is not', () => {
  const bytes = MAIN.bytes.slice()
  bytes[0] = 2
  expect(() => decodeHevcConfiguration(bytes)).toThrow(
    expect.objectContaining({ code: 'ERR_HEVC_CONFIGURATION' }),
  )
})

test('lengths of 3 bytes are not allowed', () => {
  const bytes = MAIN.bytes.slice()
  bytes[21] = 0x0e // lengthSizeMinusOne 2
  expect(() => decodeHevcConfiguration(bytes)).toThrow(
    expect.objectContaining({ code: 'ERR_HEVC_CONFIGURATION' }),
  )
  expect(() => encodeHevcConfiguration({ ...MAIN.value, nalLengthSize: 3 })).toThrow(RangeError)
})

test('without arrays it is not complete', () => {
  const bytes = MAIN.bytes.slice(0, 23)
  bytes[22] = 0
  expect(decodeHevcConfiguration(bytes)).toMatchObject({ vps: [], sps: [], pps: [], complete: false })
})

test('NAL units of length 0 are left out, arrays of a type twice are joined', () => {
  const bytes = join(MAIN.bytes.subarray(0, 22), hex('02 21 0002 0000 0002 4201 21 0001 0002 4202'))
  expect(decodeHevcConfiguration(bytes).sps).toEqual([hex('4201'), hex('4202')])
})

test('maxNalUnits at n and n + 1', () => {
  const { bytes, value } = HEVC_CONFIGURATION_VECTORS[2]
  expect(decodeHevcConfiguration(bytes, { maxNalUnits: 5 })).toEqual(value)
  expect(() => decodeHevcConfiguration(bytes, { maxNalUnits: 4 })).toThrow(
    expect.objectContaining({ code: 'ERR_NAL_COUNT', message: 'hvcC exceeds maxNalUnits 4' }),
  )
})

test('what does not fit is refused', () => {
  expect(() => encodeHevcConfiguration({ ...MAIN.value, sps: [new Uint8Array(65_536)] })).toThrow(RangeError)
})

describe('from parameter sets in band', () => {
  test('gives what FFmpeg writes', () => {
    const { vps, sps, pps } = COMPLETE.value
    const configuration = createHevcConfiguration(vps, sps, pps)
    expect(configuration).toEqual(COMPLETE.value)
    expect(encodeHevcConfiguration(configuration)).toEqual(COMPLETE.bytes)
  })
  test('none', () => expect(() => createHevcConfiguration([], [], [])).toThrow(RangeError))
})
