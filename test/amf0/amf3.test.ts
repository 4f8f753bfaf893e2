import {
  type Amf0Object,
  Amf0TypedObject,
  type Amf0Value,
  decodeAmf0,
  decodeAmf3,
  encodeAmf0,
} from 'millrace/amf0'
import { describe, expect, it } from 'vitest'
import { ascii, hex, join } from '../support/bytes.ts'
import { amf3Vectors } from './amf3-vectors.ts'

describe.each(amf3Vectors)('$name', ({ bytes, values }) => {
  it('decodes', () => {
    const decoded = decodeAmf3(bytes)
    expect(decoded).toEqual(values)
    // toEqual does not tell an object from an ECMA array; their AMF0 bytes do.
    expect(Buffer.compare(encodeAmf0(...decoded), encodeAmf0(...values))).toBe(0)
  })

  it('can be sent on as AMF0', () => {
    expect(decodeAmf0(encodeAmf0(...decodeAmf3(bytes)))).toEqual(values)
  })
})

it('references are the same object', () => {
  const [array] = decodeAmf3(hex('09 05 01  0a 0b 01 01  0a 02')) as [Amf0Value[]]
  expect(array[0]).toBe(array[1])
  const [object] = decodeAmf3(hex('0a 0b 01 03 61 0a 00 01')) as [Amf0Object]
  expect(object['a']).toBe(object)
})

it('members have no prototype behind them', () => {
  const [object] = decodeAmf3(join(hex('0a 0b 01 13'), ascii('__proto__'), hex('0a 01 03 61 03 01 01'))) as [
    Amf0Object,
  ]
  expect(Object.getPrototypeOf(object)).toBeNull()
  expect(object['a']).toBeUndefined()
  expect(object['__proto__']).toEqual({ a: true })
})

describe('what is no AMF3', () => {
  const END = 'ERR_AMF_END'
  const REFERENCE = 'ERR_AMF_REFERENCE'
  it.each([
    { name: 'integer without bytes', bytes: hex('04'), code: END },
    { name: 'integer that goes on', bytes: hex('04 808080'), code: END },
    { name: 'double of 7 bytes', bytes: hex('05 00000000000000'), code: END },
    { name: 'string shorter than its length', bytes: hex('06 05 61'), code: END },
    { name: 'array with more elements than bytes', bytes: hex('09 bfffffff 01'), code: END },
    { name: 'array without the end of its names', bytes: hex('09 01'), code: END },
    { name: 'object with more members than bytes', bytes: hex('0a ffffff73 01'), code: END },
    { name: 'object without the end of its names', bytes: hex('0a 0b 01'), code: END },
    { name: 'byte array shorter than its length', bytes: hex('0c 05 00'), code: END },
    { name: 'vector of int with too few bytes', bytes: hex('0d 03 00 000000'), code: END },
    { name: 'vector of double with too few bytes', bytes: hex('0f bfffffff 00'), code: END },
    { name: 'vector of objects with too few bytes', bytes: hex('10 05 00 01 01'), code: END },
    { name: 'dictionary with too few entries', bytes: hex('11 05 00 0601 01'), code: END },
    { name: 'marker 0x12', bytes: hex('12'), code: 'ERR_AMF_MARKER' },
    { name: 'string reference to nothing', bytes: hex('06 00'), code: REFERENCE },
    { name: 'string reference to the empty string', bytes: hex('06 01 06 00'), code: REFERENCE },
    { name: 'object reference to nothing', bytes: hex('0a 00'), code: REFERENCE },
    { name: 'object reference to a string', bytes: hex('06 03 61 0a 00'), code: REFERENCE },
    { name: 'traits reference to nothing', bytes: hex('0a 01'), code: REFERENCE },
    {
      name: 'a name that AMF0 has no room for', // array 09, length 0 (01), name of 65,536 bytes (U29 88 80 01), null, no more
      bytes: join(hex('09 01 88 80 01'), new Uint8Array(65_536).fill(0x61), hex('01 01')),
      code: 'ERR_AMF_KEY',
    },
    { name: 'dictionary key that is an object', bytes: hex('11 03 00 0a 0b 01 01 01'), code: 'ERR_AMF_KEY' },
  ])('$name', ({ bytes, code }) => {
    expect(() => decodeAmf3(bytes)).toThrow(expect.objectContaining({ name: 'DecodeError', code }))
  })
})

it('an externalizable object is refused by the name of its class', () => {
  const name = 'flex.messaging.io.ArrayCollection'
  const bytes = join(hex('11 0a 07'), Uint8Array.of((name.length << 1) | 1), ascii(name), hex('09 01 01'))
  expect(() => decodeAmf0(bytes)).toThrow(
    expect.objectContaining({
      name: 'DecodeError',
      code: 'ERR_AMF_EXTERNALIZABLE',
      message: expect.stringContaining(name),
    }),
  )
})

describe('maxRepeatedBytes', () => {
  it.each([
    { name: 'a string', bytes: hex('06 07 e282ac  06 00'), repeated: 3 },
    { name: 'a string twice', bytes: hex('06 05 6162  06 00  06 00'), repeated: 4 },
    { name: 'a member name', bytes: hex('0a 0b 01 05 6162 01 00 01 01'), repeated: 2 },
    { name: 'class and member names', bytes: hex('0a 13 03 41 05 6162 01  0a 01 01'), repeated: 3 },
    { name: 'XML', bytes: hex('0b 09 3c612f3e  0b 00'), repeated: 4 },
    { name: 'a byte array', bytes: hex('0c 07 010203  0c 00'), repeated: 3 },
  ])('counts $name', ({ bytes, repeated }) => {
    expect(() => decodeAmf3(bytes, { maxRepeatedBytes: repeated })).not.toThrow()
    expect(() => decodeAmf3(bytes, { maxRepeatedBytes: repeated - 1 })).toThrow(
      expect.objectContaining({ name: 'LimitError', code: 'ERR_AMF_REPEATED' }),
    )
  })

  it('is 1 MiB by default', () => {
    // 1024 bytes, then by reference: 1024 times is 1 MiB.
    const first = join(hex('06 9001'), new Uint8Array(1024).fill(0x61))
    const times = (count: number): Uint8Array => join(first, hex('06 00'.repeat(count)))
    expect(decodeAmf3(times(1024))).toHaveLength(1025)
    expect(() => decodeAmf3(times(1025))).toThrow(expect.objectContaining({ code: 'ERR_AMF_REPEATED' }))
  })

  it('does not count objects: AMF0 has references for them', () => {
    const [, again] = decodeAmf3(hex('0a 13 03 41 03 61 01  0a 00'), { maxRepeatedBytes: 0 })
    expect(again).toEqual(new Amf0TypedObject('A', { a: null }))
  })
})
