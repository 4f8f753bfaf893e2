import { Amf0EcmaArray, decodeAmf0 } from 'millrace/amf0'
import { describe, expect, it } from 'vitest'
import { hex } from '../support/bytes.ts'

// lal wrote ECMA arrays without 00 00 09 until 2022, and players meet such onMetaData to this day. The message or tag
// has a length of its own, so its end closes what is open.
const NAME = '02 000a 6f6e4d65746144617461' // 'onMetaData'

describe('metadata without its last end marker', () => {
  it.each([
    {
      name: 'ECMA array',
      bytes: hex(
        `${NAME} 08 00000002  0005 7769647468  00 4074000000000000  0006 686569676874  00 4066800000000000`,
      ),
      values: ['onMetaData', new Amf0EcmaArray({ width: 320, height: 180 })],
    },
    {
      name: 'object',
      bytes: hex(`${NAME} 03  0005 7769647468  00 4074000000000000`),
      values: ['onMetaData', { width: 320 }],
    },
    {
      name: 'empty ECMA array',
      bytes: hex(`${NAME} 08 00000000`),
      values: ['onMetaData', new Amf0EcmaArray({})],
    },
    {
      name: 'object in an object, one end marker for both',
      bytes: hex('03 0001 61 03 0001 62 05 000009'),
      values: [{ a: { b: null } }],
    },
  ])('$name', ({ bytes, values }) => {
    expect(decodeAmf0(bytes)).toEqual(values)
  })

  it.each([
    { name: 'inside a name length', bytes: hex('03 0001 61 05 00') },
    { name: 'inside an end marker', bytes: hex('03 0001 61 05 0000') },
    { name: 'inside a value', bytes: hex('03 0005 7769647468 00 4074') },
  ])('that ends $name is an error', ({ bytes }) => {
    expect(() => decodeAmf0(bytes)).toThrow(expect.objectContaining({ code: 'ERR_AMF_END' }))
  })
})
