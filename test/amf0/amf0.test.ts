import {
  AMF0_UNSUPPORTED,
  Amf0EcmaArray,
  type Amf0Object,
  Amf0Reader,
  Amf0TypedObject,
  type Amf0Value,
  Amf0XmlDocument,
  Amf3ByteArray,
  decodeAmf0,
  encodeAmf0,
  propertiesOf,
} from 'millrace/amf0'
import { describe, expect, it } from 'vitest'
import { ascii, hex, join } from '../support/bytes.ts'
import { amf0DecodeVectors, amf0Vectors } from './amf0-vectors.ts'

describe.each(amf0Vectors)('$name', ({ bytes, values }) => {
  it('decodes', () => {
    expect(decodeAmf0(bytes)).toEqual(values)
  })

  it('encodes', () => {
    expect(Buffer.from(encodeAmf0(...values)).toString('hex')).toBe(Buffer.from(bytes).toString('hex'))
  })
})

it.each(amf0DecodeVectors)('decodes $name', ({ bytes, values }) => {
  expect(decodeAmf0(bytes)).toEqual(values)
})

describe('what is no AMF0', () => {
  const END = 'ERR_AMF_END'
  const MARKER = 'ERR_AMF_MARKER'
  it.each([
    { name: 'number of 7 bytes', bytes: hex('00 3ff00000000000'), code: END },
    { name: 'boolean without a byte', bytes: hex('01'), code: END },
    { name: 'string without its length', bytes: hex('02 00'), code: END },
    { name: 'string shorter than its length', bytes: hex('02 0002 61'), code: END },
    { name: 'long string shorter than its length', bytes: hex('0c ffffffff 61'), code: END },
    { name: 'XML shorter than its length', bytes: hex('0f 00000002 61'), code: END },
    { name: 'name without its length', bytes: hex('03 00'), code: END },
    { name: 'name shorter than its length', bytes: hex('03 0002 61'), code: END },
    { name: 'name without a value', bytes: hex('03 0001 61'), code: END },
    { name: 'empty name without a value', bytes: hex('03 0000'), code: END },
    { name: 'ECMA array without its count', bytes: hex('08 000000'), code: END },
    { name: 'strict array with more elements than bytes', bytes: hex('0a ffffffff 05'), code: END },
    { name: 'strict array that ends early', bytes: hex('0a 00000002 02 0000'), code: END },
    { name: 'date without its time-zone', bytes: hex('0b 0000000000000000'), code: END },
    { name: 'reference of one byte', bytes: hex('07 00'), code: END },
    { name: 'AVM+ without a value', bytes: hex('11'), code: END },
    { name: 'movie clip', bytes: hex('04'), code: MARKER },
    { name: 'object end outside an object', bytes: hex('09'), code: MARKER },
    { name: 'object end under a name', bytes: hex('03 0001 61 09'), code: MARKER },
    { name: 'record set', bytes: hex('0e'), code: MARKER },
    { name: 'marker 0x12', bytes: hex('12'), code: MARKER },
    { name: 'marker 0xff', bytes: hex('ff'), code: MARKER },
    { name: 'reference to nothing', bytes: hex('07 0000'), code: 'ERR_AMF_REFERENCE' },
    { name: 'reference to what comes later', bytes: hex('0a 00000001 07 0001'), code: 'ERR_AMF_REFERENCE' },
    { name: 'reference to a string', bytes: hex('02 0000 07 0000'), code: 'ERR_AMF_REFERENCE' },
  ])('$name', ({ bytes, code }) => {
    expect(() => decodeAmf0(bytes)).toThrow(expect.objectContaining({ name: 'DecodeError', code }))
  })
})

describe('references', () => {
  it('are the same object', () => {
    const [array, object, sameObject] = decodeAmf0(hex('0a 00000000 03 000009 07 0001'))
    expect(sameObject).toBe(object)
    expect(sameObject).not.toBe(array)
  })

  it('may point at what holds them', () => {
    const bytes = hex('03 0004 73656c66 07 0000 000009')
    const [object] = decodeAmf0(bytes) as [Amf0Object]
    expect(object['self']).toBe(object)
    expect(encodeAmf0(object)).toEqual(bytes)
  })

  it('count every kind of object and array, and nothing else', () => {
    const bytes = hex(`0a 00000006
      0b 0000000000000000 0000  02 0000   // no table entry: date, string
      03 000009                           // 1
      08 00000000 000009                  // 2
      10 0001 41 000009                   // 3
      07 0003`)
    const [array] = decodeAmf0(bytes) as [Amf0Value[]]
    expect(array[5]).toBe(array[4])
    expect(encodeAmf0(array)).toEqual(bytes)
  })

  it('are written for whatever kind comes again', () => {
    for (const value of [[], {}, new Amf0EcmaArray({}), new Amf0TypedObject('A', {})]) {
      const bytes = encodeAmf0(value, value)
      expect(bytes.subarray(-3)).toEqual(hex('07 0000'))
    }
    const date = new Date(0)
    expect(encodeAmf0(date, date)).toHaveLength(22) // a date is written again
  })

  it('reach object 65,535 and no further', () => {
    const objects: Amf0Value[] = Array.from({ length: 65_537 }, () => [])
    expect(encodeAmf0(...objects, objects[65_535]).subarray(-3)).toEqual(hex('07 ffff'))
    expect(() => encodeAmf0(...objects, objects[65_536])).toThrow(RangeError)
  })
})

describe('peers that name a property after a part of JavaScript', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    '%s is a property as any other',
    (name) => {
      const bytes = join(
      hex('03'), Uint8Array.of(0, name.length), ascii(name), hex('03 0001 61 01 01 000009'), hex('000009'),
    ) // prettier-ignore
      const [object] = decodeAmf0(bytes) as [Amf0Object]
      expect(Object.getPrototypeOf(object)).toBeNull()
      expect(Object.keys(object)).toEqual([name])
      expect(object[name]).toEqual({ a: true })
      expect(object['a']).toBeUndefined()
      expect(({} as Amf0Object)['a']).toBeUndefined()
      expect(encodeAmf0(object)).toEqual(bytes)
    },
  )
})

describe('bounds', () => {
  const nested = (depth: number, last = 'ff'): Uint8Array =>
    hex('03 0001 61'.repeat(depth - 1) + `03 000009 ${last}`)

  it.each([
    { name: 'the default', options: {}, max: 32 },
    { name: 'an option', options: { maxDepth: 3 }, max: 3 },
  ])('maxDepth by $name', ({ options, max }) => {
    // The byte behind the innermost object is no name: reaching it shows that the depth was let pass.
    expect(() => decodeAmf0(nested(max), options)).toThrow(expect.objectContaining({ code: 'ERR_AMF_END' }))
    expect(() => decodeAmf0(nested(max + 1), options)).toThrow(
      expect.objectContaining({ name: 'LimitError', code: 'ERR_AMF_DEPTH' }),
    )
  })

  it.each([
    ['object', '03 0001 61 05 000009'],
    ['ECMA array', '08 00000000 0001 61 05 000009'],
    ['strict array', '0a 00000001 05'],
    ['typed object', '10 0000 0001 61 05 000009'],
    ['AMF3 array', '11 09 03 01 01'],
    ['AMF3 object', '11 0a 13 01 03 61 01'],
    ['AMF3 vector of objects', '11 10 03 00 01 01'],
    ['AMF3 dictionary', '11 11 03 00 06 03 61 01'],
  ])('maxDepth counts an %s', (_, text) => {
    expect(() => decodeAmf0(hex(text), { maxDepth: 0 })).toThrow(
      expect.objectContaining({ code: 'ERR_AMF_DEPTH' }),
    )
    expect(decodeAmf0(join(hex(text), hex(text)), { maxDepth: 1 })).toHaveLength(2)
  })

  it.each([
    { name: 'arguments', bytes: hex('05 05 05'), count: 3 },
    { name: 'properties', bytes: hex('03 0001 61 05 0001 62 05 000009'), count: 3 },
    { name: 'elements', bytes: hex('0a 00000002 05 05'), count: 3 },
    { name: 'AMF3 elements', bytes: hex('11 09 05 01 01 01'), count: 4 },
    { name: 'AMF3 vector elements', bytes: hex('11 0d 05 00 00000000 00000000'), count: 4 },
    { name: 'AMF3 keys and values', bytes: hex('11 11 03 00 06 01 01'), count: 4 },
  ])('maxCount counts $name', ({ bytes, count }) => {
    expect(() => decodeAmf0(bytes, { maxCount: count })).not.toThrow()
    expect(() => decodeAmf0(bytes, { maxCount: count - 1 })).toThrow(
      expect.objectContaining({ name: 'LimitError', code: 'ERR_AMF_COUNT' }),
    )
  })

  it('maxCount by default', () => {
    expect(decodeAmf0(new Uint8Array(65_536).fill(0x05))).toHaveLength(65_536)
    expect(() => decodeAmf0(new Uint8Array(65_537).fill(0x05))).toThrow(
      expect.objectContaining({ code: 'ERR_AMF_COUNT' }),
    )
  })
})

describe('encodeAmf0', () => {
  it.each([
    { length: 21_845, unit: '€' }, // 65,535 bytes
    { length: 65_535, unit: 'x' },
  ])('$length times $unit is a string, one more a long string', ({ length, unit }) => {
    expect(encodeAmf0(unit.repeat(length)).subarray(0, 3)).toEqual(hex('02 ffff'))
    const long = encodeAmf0(unit.repeat(length + 1))
    expect(long[0]).toBe(0x0c)
    expect(decodeAmf0(long)).toEqual([unit.repeat(length + 1)])
  })

  it('takes a name of 65,535 bytes and no longer one', () => {
    const [object] = decodeAmf0(encodeAmf0({ ['n'.repeat(65_535)]: 1 })) as [Amf0Object]
    expect(Object.keys(object)[0]).toHaveLength(65_535)
    expect(() => encodeAmf0({ ['n'.repeat(65_536)]: 1 })).toThrow(RangeError)
    expect(() => encodeAmf0(new Amf0TypedObject('n'.repeat(65_536), {}))).toThrow(RangeError)
  })

  it('writes the holes of an array as undefined', () => {
    const array: Amf0Value[] = []
    array[1] = 1
    expect(encodeAmf0(array)).toEqual(hex('0a 00000002 06 00 3ff0000000000000'))
  })

  it('writes an invalid date as NaN', () => {
    expect(encodeAmf0(new Date(Number.NaN))).toEqual(hex('0b 7ff8000000000000 0000'))
  })

  it.each([0, 63, 64, 8191, 8192, 1_048_575, 1_048_576])('byte array of %i bytes', (length) => {
    const bytes = new Uint8Array(length).fill(7)
    const [back] = decodeAmf0(encodeAmf0(new Amf3ByteArray(bytes))) as [Amf3ByteArray]
    expect(Buffer.compare(back.bytes, bytes)).toBe(0)
  })

  it('replaces a lone surrogate, as UTF-8 has none', () => {
    expect(encodeAmf0('\uD800')).toEqual(hex('02 0003 efbfbd'))
  })

  it.each([
    { name: 'a function', value: () => {} },
    { name: 'a bigint', value: 1n },
    { name: 'a symbol', value: Symbol('x') },
    { name: 'a Map', value: new Map() },
    { name: 'a body that is encoded already', value: encodeAmf0('onMetaData') },
    { name: 'a Buffer', value: Buffer.from('text') },
    { name: 'other typed arrays', value: new Float64Array(1) },
    { name: 'an ArrayBuffer', value: new ArrayBuffer(1) },
    { name: 'an instance of a class', value: new (class Foo {})() },
  ])('refuses $name', ({ value }) => {
    const wrong = value as unknown as Amf0Value
    expect(() => encodeAmf0(wrong)).toThrow(TypeError)
    expect(() => encodeAmf0({ nested: [wrong] })).toThrow(TypeError)
  })
})

describe('propertiesOf', () => {
  it('looks into objects, ECMA arrays and typed objects', () => {
    const properties = { a: 1 }
    expect(propertiesOf(properties)).toBe(properties)
    expect(propertiesOf(new Amf0EcmaArray(properties))).toBe(properties)
    expect(propertiesOf(new Amf0TypedObject('A', properties))).toBe(properties)
  })

  it.each<Amf0Value>([
    null, undefined, 1, true, 'text', [], new Date(0), new Amf3ByteArray(new Uint8Array(1)), new Amf0XmlDocument(''), AMF0_UNSUPPORTED,
  ])('gives undefined for %s', (value) => {
    expect(propertiesOf(value)).toBeUndefined()
  }) // prettier-ignore
})

describe('Amf0Reader', () => {
  it('reads value by value and says where the next begins', () => {
    const bytes = join(hex('02 000d'), ascii('@setDataFrame'), hex('02 000a'), ascii('onMetaData'), hex('08'))
    const reader = new Amf0Reader(bytes)
    expect([reader.offset, reader.read(), reader.offset]).toEqual([0, '@setDataFrame', 16])
    expect([reader.read(), reader.offset, reader.done]).toEqual(['onMetaData', 29, false])
    expect(() => reader.read()).toThrow(expect.objectContaining({ code: 'ERR_AMF_END' }))
  })

  it('has no value behind the last', () => {
    const reader = new Amf0Reader(hex('05'))
    expect([reader.read(), reader.done]).toEqual([null, true])
    expect(() => reader.read()).toThrow(expect.objectContaining({ code: 'ERR_AMF_END' }))
  })
})

it('values do not keep the body', () => {
  const bytes = hex('02 0001 61  11 0c 03 ff')
  const [text, binary] = decodeAmf0(bytes)
  bytes.fill(0)
  expect([text, binary]).toEqual(['a', new Amf3ByteArray(Uint8Array.of(0xff))])
})

describe('Node-Media-Server 4.4.3', () => {
  it('defect: marker 0x11 throws what nobody catches', () => {
    expect(decodeAmf0(hex('11 01'))).toEqual([null])
    expect(() => decodeAmf0(hex('11 ff'))).toThrow(expect.objectContaining({ code: 'ERR_AMF_MARKER' }))
  })

  it('defect: deep nesting overflows the stack', () => {
    const deep = hex('0a 00000001'.repeat(100_000))
    expect(() => decodeAmf0(deep)).toThrow(expect.objectContaining({ code: 'ERR_AMF_DEPTH' }))
  })

  it('defect: string lengths count UTF-16 units instead of bytes', () => {
    const bytes = encodeAmf0('日本', { 名: 'é' }, 1)
    expect(bytes.subarray(0, 3)).toEqual(hex('02 0006'))
    expect(decodeAmf0(bytes)).toEqual(['日本', { 名: 'é' }, 1])
  })

  it('defect: a date is encoded as {}', () => {
    expect(encodeAmf0({ at: new Date(1) })).toEqual(hex('03 0002 6174 0b 3ff0000000000000 0000 000009'))
  })

  it('defect: strings above 65,535 bytes throw', () => {
    expect(encodeAmf0('x'.repeat(65_536)).subarray(0, 5)).toEqual(hex('0c 00010000'))
  })

  it('defect: typed objects throw', () => {
    const value = new Amf0TypedObject('A', {})
    expect(decodeAmf0(encodeAmf0(value))).toEqual([value])
  })

  it('defect: references decode to the text "ref" and a number', () => {
    expect(decodeAmf0(hex('03 000009 07 0000'))).toEqual([{}, {}])
  })

  it('defect: XML has a length of 16 bits', () => {
    expect(decodeAmf0(hex('0f 00000001 61 05'))).toEqual([new Amf0XmlDocument('a'), null])
  })

  it('defect: the key __proto__ sets the prototype of the decoded object', () => {
    const bytes = join(
      hex('03 0009'),
      ascii('__proto__'),
      hex('03 0005'),
      ascii('admin'),
      hex('01 01 000009 000009'),
    )
    const [object] = decodeAmf0(bytes) as [Amf0Object]
    expect(Object.getPrototypeOf(object)).toBeNull()
    expect(object['admin']).toBeUndefined()
  })
})
