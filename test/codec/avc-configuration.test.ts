import { createAvcConfiguration, decodeAvcConfiguration, encodeAvcConfiguration } from 'millrace/codec'
import { describe, expect, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import { AVC_CONFIGURATION_VECTORS } from './avc-vectors.ts'

for (const { name, bytes, value } of AVC_CONFIGURATION_VECTORS) {
  describe(name, () => {
    test('decodes', () => expect(decodeAvcConfiguration(bytes)).toEqual(value))
    test('encodes', () => expect(encodeAvcConfiguration(value)).toEqual(bytes))
    const extensionBytes = 'extension' in value ? 4 + 4 * value.extension.spsExtensions.length : 0
    const whole = bytes.length - extensionBytes
    test('cut before the extension it throws', () => {
      for (let end = 0; end < whole; end++) {
        expect(() => decodeAvcConfiguration(bytes.subarray(0, end))).toThrow(
          expect.objectContaining({ code: 'ERR_BYTES_END' }),
        )
      }
    })
    test('cut within the extension it goes without', () => {
      for (let end = whole; end < bytes.length; end++) {
        expect(decodeAvcConfiguration(bytes.subarray(0, end)).extension).toBeUndefined()
      }
    })
  })
}

test('bytes after the record are ignored', () => {
  const [first] = AVC_CONFIGURATION_VECTORS
  expect(decodeAvcConfiguration(join(first.bytes, hex('0000000168')))).toEqual(first.value)
})

test('parameter sets of length 0 are left out', () => {
  const bytes = hex('01 4d401f ff e2 0000 0002 6742 02 0000 0001 68')
  expect(decodeAvcConfiguration(bytes)).toMatchObject({ sps: [hex('6742')], pps: [hex('68')] })
})

test('parameter sets are views of the input', () => {
  const { bytes } = AVC_CONFIGURATION_VECTORS[0]
  expect(decodeAvcConfiguration(bytes).sps[0]!.buffer).toBe(bytes.buffer)
})

test('lengths of 3 bytes are not allowed', () => {
  const bytes = hex('01 4d401f fe e0 00')
  expect(() => decodeAvcConfiguration(bytes)).toThrow(
    expect.objectContaining({ code: 'ERR_AVC_CONFIGURATION' }),
  )
  const value = { ...AVC_CONFIGURATION_VECTORS[0].value, nalLengthSize: 3 }
  expect(() => encodeAvcConfiguration(value)).toThrow(RangeError)
})

test.each([0, 2, 0x67])('version %i is not read', (version) => {
  const bytes = hex('01 4d401f fc e0 00')
  bytes[0] = version
  expect(() => decodeAvcConfiguration(bytes)).toThrow(
    expect.objectContaining({ code: 'ERR_AVC_CONFIGURATION' }),
  )
})

test('what does not fit is refused', () => {
  const { value } = AVC_CONFIGURATION_VECTORS[0]
  const set = hex('67')
  expect(() => encodeAvcConfiguration({ ...value, sps: Array(31).fill(set) })).not.toThrow()
  expect(() => encodeAvcConfiguration({ ...value, sps: Array(32).fill(set) })).toThrow(RangeError)
  expect(() => encodeAvcConfiguration({ ...value, pps: Array(255).fill(set) })).not.toThrow()
  expect(() => encodeAvcConfiguration({ ...value, pps: Array(256).fill(set) })).toThrow(RangeError)
  expect(() => encodeAvcConfiguration({ ...value, sps: [new Uint8Array(65_536)] })).toThrow(RangeError)
})

describe('from parameter sets in band', () => {
  test.each(AVC_CONFIGURATION_VECTORS.slice(0, 3))('$name', ({ bytes, value }) => {
    const configuration = createAvcConfiguration(value.sps, value.pps)
    expect(configuration).toEqual(value)
    expect(encodeAvcConfiguration(configuration)).toEqual(bytes)
  })
  test('none', () => expect(() => createAvcConfiguration([], [])).toThrow(RangeError))
})
