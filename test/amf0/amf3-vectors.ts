/** AMF3 values and their bytes: by hand from AMF3 §3; those marked so are amf3-ts 1.1.0's, a foreign encoder. */
import { Amf0EcmaArray, Amf0TypedObject, type Amf0Value, Amf0XmlDocument, Amf3ByteArray } from 'millrace/amf0'
import { hex } from '../support/bytes.ts'
import type { AmfVector } from './amf0-vectors.ts'

const one = { id: 1 }
const date = new Date(1_600_000_000_000)
const vector: Amf0Value[] = [{}, null]
const cycle: Amf0Value[] = []
cycle.push(cycle)

export const amf3Vectors: readonly AmfVector[] = [
  { name: 'undefined, null, false, true', bytes: hex('00 01 02 03'), values: [undefined, null, false, true] },
  {
    name: 'integers of 1 to 4 bytes',
    bytes: hex(`04 00  04 7f
      04 8100      // 0x80
      04 ff7f      // 0x3fff
      04 818000    // 0x4000
      04 ffff7f    // 0x1fffff
      04 80c08000  // 0x200000
      04 bfffffff  // 0x0fffffff, the highest`),
    values: [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455],
  },
  { name: 'negative integers', bytes: hex('04 ffffffff  04 c0808000'), values: [-1, -268_435_456] },
  { name: 'double', bytes: hex('05 3ff8000000000000'), values: [1.5] },
  {
    name: 'strings: new, empty, by reference',
    bytes: hex('06 07 e282ac  06 01  06 03 61  06 00  06 02'),
    values: ['€', '', 'a', '€', 'a'],
  },
  {
    name: 'XML document and XML',
    bytes: hex('07 09 3c612f3e  0b 09 3c622f3e  07 00'),
    values: [new Amf0XmlDocument('<a/>'), new Amf0XmlDocument('<b/>'), new Amf0XmlDocument('<a/>')],
  },
  {
    name: 'dates in an array, the second by reference (amf3-ts)',
    bytes: hex('09 05 01  08 01 42774876e8000000  08 02'),
    values: [[date, date]],
  },
  {
    name: 'dense array (amf3-ts)',
    bytes: hex(`09 17 01  0603 61  0600  0601  04 ffffffff  04 bfffffff  05 41b0000000000000
      04 c0808000  05 3ff8000000000000  03 01 00`),
    values: [['a', 'a', '', -1, 268_435_455, 268_435_456, -268_435_456, 1.5, true, null, undefined]],
  },
  {
    name: 'array with a named entry (amf3-ts)',
    bytes: hex('09 07  07 4b6579  06 0b 56616c7565  01  0401 0402 0403'),
    values: [new Amf0EcmaArray({ Key: 'Value', 0: 1, 1: 2, 2: 3 })],
  },
  { name: 'array that holds itself', bytes: hex('09 03 01  09 00'), values: [cycle] },
  {
    name: 'object twice by reference, its traits by reference (amf3-ts)',
    bytes: hex('0a 0b 01  09 72656631  0a 01  05 6964  0401  01  09 72656632  0a 02  01'),
    values: [{ ref1: one, ref2: one }],
  },
  {
    name: 'sealed members, then dynamic ones',
    bytes: hex(`0a 2b                    // U29O-traits: 2 sealed << 4 | dynamic 8 | no externalizable 2 | 1
      0b 6170702e50                  // class name 'app.P', string 0
      03 61  03 62                   // sealed: a, b
      0401  0402                     // their values
      03 63  0403                    // dynamic: c: 3
      01                             // end of dynamic members
      0a 01                          // the same traits (reference 0 << 2 | 1)
      0404  0405  01`),
    values: [
      new Amf0TypedObject('app.P', { a: 1, b: 2, c: 3 }),
      new Amf0TypedObject('app.P', { a: 4, b: 5 }),
    ],
  },
  {
    name: 'sealed only',
    bytes: hex('0a 13 01 03 61 0401'), // U29O-traits: 1 << 4 | 3
    values: [{ a: 1 }],
  },
  {
    name: 'byte array, and by reference',
    bytes: hex('0c 07 010203  0c 00'),
    values: [new Amf3ByteArray(Uint8Array.of(1, 2, 3)), new Amf3ByteArray(Uint8Array.of(1, 2, 3))],
  },
  { name: 'vector of int', bytes: hex('0d 05 00  ffffffff 7fffffff'), values: [[-1, 2_147_483_647]] },
  { name: 'vector of uint', bytes: hex('0e 05 01  ffffffff 00000001'), values: [[4_294_967_295, 1]] },
  {
    name: 'vector of double',
    bytes: hex('0f 05 00  3ff8000000000000 bff0000000000000'),
    values: [[1.5, -1]],
  },
  {
    name: 'vector of objects, and by reference',
    bytes: hex('10 05 00  0b 6170702e50  0a 0b 01 01  01  10 00'), // type 'app.P'; {}, null
    values: [vector, vector],
  },
  {
    name: 'dictionary',
    bytes: hex(`11 05 00        // 2 entries, keys not weak
      06 03 31  0401           // '1': whole numbers are keys as text
      05 3fe0000000000000  03  // 0.5: true`),
    values: [new Amf0EcmaArray({ '1': 1, '0.5': true })],
  },
  {
    name: '__proto__ as a sealed and a dynamic member',
    bytes:
      hex(`0a 1b 01 13 5f5f70726f746f5f5f 0a 01 01 01 // sealed: __proto__, its value with the same traits
      01`),
    values: [protoChain()],
  },
]

/** { __proto__: { __proto__: null } }, as own properties. */
function protoChain(): Amf0Value {
  const inner = Object.defineProperty({}, '__proto__', { value: null, enumerable: true }) as {
    [name: string]: Amf0Value
  }
  return Object.defineProperty({}, '__proto__', { value: inner, enumerable: true }) as {
    [name: string]: Amf0Value
  }
}
