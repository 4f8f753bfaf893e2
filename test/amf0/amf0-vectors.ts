/** AMF0 values and their bytes: by hand from AMF0 §2, and bodies that peers sent. */
import {
  AMF0_UNSUPPORTED,
  Amf0EcmaArray,
  Amf0TypedObject,
  type Amf0Value,
  Amf0XmlDocument,
  Amf3ByteArray,
} from 'millrace/amf0'
import { ascii, hex, join } from '../support/bytes.ts'

export interface AmfVector {
  readonly name: string
  readonly bytes: Uint8Array
  readonly values: readonly Amf0Value[]
}

const shared = { id: 1 }

/** What an encoder sends. Decoded and encoded alike. */
export const amf0Vectors: readonly AmfVector[] = [
  { name: 'nothing', bytes: hex(''), values: [] },
  { name: 'number 0', bytes: hex('00 0000000000000000'), values: [0] },
  { name: 'number 1', bytes: hex('00 3ff0000000000000'), values: [1] },
  { name: 'number -1.5', bytes: hex('00 bff8000000000000'), values: [-1.5] },
  { name: 'number -0', bytes: hex('00 8000000000000000'), values: [-0] },
  { name: 'number NaN', bytes: hex('00 7ff8000000000000'), values: [Number.NaN] },
  { name: 'number infinity', bytes: hex('00 7ff0000000000000'), values: [Number.POSITIVE_INFINITY] },
  { name: 'boolean', bytes: hex('01 01  01 00'), values: [true, false] },
  { name: 'string', bytes: join(hex('02 0007'), ascii('connect')), values: ['connect'] },
  { name: 'empty string', bytes: hex('02 0000'), values: [''] },
  {
    name: 'string, its length in bytes: é 2, € 3, 😀 4',
    bytes: hex('02 0009 c3a9 e282ac f09f9880'),
    values: ['é€😀'],
  },
  { name: 'null', bytes: hex('05'), values: [null] },
  { name: 'undefined', bytes: hex('06'), values: [undefined] },
  { name: 'unsupported', bytes: hex('0d'), values: [AMF0_UNSUPPORTED] },
  { name: 'empty object', bytes: hex('03 000009'), values: [{}] },
  {
    name: 'object',
    bytes: hex(`03
      0003 617070  02 0004 6c697665  // app: 'live'
      0004 66706164  01 00           // fpad: false
      000009`),
    values: [{ app: 'live', fpad: false }],
  },
  {
    name: 'object with an empty name',
    bytes: hex(`03
      0000  02 0001 78  // '': 'x': only 00 00 09 ends the object
      0001 61  05       // a: null
      000009`),
    values: [{ '': 'x', a: null }],
  },
  {
    name: 'name beyond ASCII',
    bytes: hex('03 0003 e282ac 01 01 000009'),
    values: [{ '€': true }],
  },
  {
    name: 'ECMA array',
    bytes: hex(`08 00000002       // associative-count
      0001 61  01 01             // a: true
      0001 62  03 000009         // b: {}
      000009`),
    values: [new Amf0EcmaArray({ a: true, b: {} })],
  },
  {
    name: 'strict array',
    bytes: hex('0a 00000003  02 0001 61  05  0a 00000000'),
    values: [['a', null, []]],
  },
  {
    name: 'date: 2020-09-13T12:26:40Z',
    bytes: hex('0b 42774876e8000000 0000'), // 1.6e12 ms, time-zone 0
    values: [new Date(1_600_000_000_000)],
  },
  {
    name: 'date before 1970',
    bytes: hex('0b bff0000000000000 0000'),
    values: [new Date(-1)],
  },
  {
    name: 'long string of 65,536 bytes',
    bytes: join(hex('0c 00010000'), new Uint8Array(65_536).fill(0x78)),
    values: ['x'.repeat(65_536)],
  },
  {
    name: 'string of 65,535 bytes',
    bytes: join(hex('02 ffff'), new Uint8Array(65_535).fill(0x78)),
    values: ['x'.repeat(65_535)],
  },
  {
    name: 'XML document, its length in 32 bits',
    bytes: hex('0f 00000004 3c612f3e'),
    values: [new Amf0XmlDocument('<a/>')],
  },
  {
    name: 'typed object',
    bytes: hex(`10 0005 6170702e50  // class name 'app.P'
      0001 78  00 3ff0000000000000
      000009`),
    values: [new Amf0TypedObject('app.P', { x: 1 })],
  },
  {
    name: 'reference to an object in an object',
    bytes: hex(`03                             // object 0
      0001 61  03                              // a: object 1
        0002 6964  00 3ff0000000000000         //   id: 1
        000009
      0001 62  07 0001                         // b: object 1 again
      000009`),
    values: [{ a: shared, b: shared }],
  },
  {
    name: 'reference to an earlier value of the body',
    bytes: hex('0a 00000000  03 000009  07 0001  07 0000'), // array 0, object 1
    values: (() => {
      const array: Amf0Value[] = []
      const object = {}
      return [array, object, object, array]
    })(),
  },
  {
    name: 'AMF3 byte array behind the AVM+ marker',
    bytes: hex('11 0c 07 010203'), // U29B-value: 3 << 1 | 1
    values: [new Amf3ByteArray(Uint8Array.of(1, 2, 3))],
  },
  {
    name: 'connect of FFmpeg 5.1.9, publishing',
    bytes: join(
      hex('02 0007'), ascii('connect'), hex('00 3ff0000000000000'), hex('03'),
      hex('0003'), ascii('app'), hex('02 0004'), ascii('live'),
      hex('0004'), ascii('type'), hex('02 000a'), ascii('nonprivate'),
      hex('0008'), ascii('flashVer'), hex('02 0024'), ascii('FMLE/3.0 (compatible; Lavf59.27.100)'),
      hex('0005'), ascii('tcUrl'), hex('02 001b'), ascii('rtmp://127.0.0.1:33887/live'),
      hex('000009'),
    ), // prettier-ignore
    values: [
      'connect',
      1,
      {
        app: 'live',
        type: 'nonprivate',
        flashVer: 'FMLE/3.0 (compatible; Lavf59.27.100)',
        tcUrl: 'rtmp://127.0.0.1:33887/live',
      },
    ],
  },
  {
    name: 'connect of librtmp 2.4, playing',
    bytes: hex(`02 0007 636f6e6e656374  00 3ff0000000000000  03
      0003 617070  02 0004 6c697665
      0008 666c617368566572  02 000e 4c4e582031302c302c33322c3138
      0005 746355726c  02 001b 72746d703a2f2f3132372e302e302e313a34333933332f6c697665
      0004 66706164  01 00
      000c 6361706162696c6974696573  00 402e000000000000
      000b 617564696f436f64656373  00 40a8ee0000000000
      000b 766964656f436f64656373  00 406f800000000000
      000d 766964656f46756e6374696f6e  00 3ff0000000000000
      000009`),
    values: [
      'connect',
      1,
      {
        app: 'live',
        flashVer: 'LNX 10,0,32,18',
        tcUrl: 'rtmp://127.0.0.1:43933/live',
        fpad: false,
        capabilities: 15,
        audioCodecs: 3191,
        videoCodecs: 252,
        videoFunction: 1,
      },
    ],
  },
  {
    name: 'onMetaData of FFmpeg 5.1.9 (test/media/avc-mp3.flv)',
    bytes: hex(`02 000a 6f6e4d65746144617461  08 0000000d
      0008 6475726174696f6e  00 401819999999999a
      0005 7769647468  00 4074000000000000
      0006 686569676874  00 4066800000000000
      000d 766964656f6461746172617465  00 40624f8000000000
      0009 6672616d6572617465  00 4039000000000000
      000c 766964656f636f6465636964  00 401c000000000000
      000d 617564696f6461746172617465  00 404f400000000000
      000f 617564696f73616d706c6572617465  00 40e5888000000000
      000f 617564696f73616d706c6573697a65  00 4030000000000000
      0006 73746572656f  01 00
      000c 617564696f636f6465636964  00 4000000000000000
      0007 656e636f646572  02 000d 4c61766635392e32372e313030
      0008 66696c6573697a65  00 4104d6e800000000
      000009`),
    values: [
      'onMetaData',
      new Amf0EcmaArray({
        duration: 6.025,
        width: 320,
        height: 180,
        videodatarate: 146.484375,
        framerate: 25,
        videocodecid: 7,
        audiodatarate: 62.5,
        audiosamplerate: 44_100,
        audiosamplesize: 16,
        stereo: false,
        audiocodecid: 2,
        encoder: 'Lavf59.27.100',
        filesize: 170_717,
      }),
    ],
  },
]

/** What is decoded but sent otherwise, or not at all, by our encoder. */
export const amf0DecodeVectors: readonly AmfVector[] = [
  { name: 'boolean by any byte but 0', bytes: hex('01 ff'), values: [true] },
  { name: 'short text as a long string', bytes: hex('0c 00000001 61'), values: ['a'] },
  {
    name: 'date with a time-zone, which is reserved',
    bytes: hex('0b 0000000000000000 ffc4'),
    values: [new Date(0)],
  },
  {
    name: 'ECMA array with count 0: the end marker decides',
    bytes: hex('08 00000000 0001 61 01 01 000009 05'),
    values: [new Amf0EcmaArray({ a: true }), null],
  },
  {
    name: 'ECMA array with a count too high',
    bytes: hex('08 ffffffff 0001 61 01 01 000009 05'),
    values: [new Amf0EcmaArray({ a: true }), null],
  },
  {
    name: 'a name twice: the last one counts',
    bytes: hex('03 0001 61 01 00 0001 61 01 01 000009'),
    values: [{ a: true }],
  },
  {
    name: 'malformed UTF-8 becomes U+FFFD',
    bytes: hex('02 0003 61 ff 62'),
    values: ['a\uFFFDb'],
  },
  {
    name: 'an AMF3 value as an argument',
    bytes: hex('02 0001 61  11 04 7f  05'), // 'a', AMF3 integer 127, null
    values: ['a', 127, null],
  },
  {
    name: 'AMF3 values as properties, with one set of tables for the body',
    bytes: hex(`03
      0001 61  11 06 07 666f6f  // a: AMF3 string 'foo', string 0
      000009
      11 06 00                  // AMF3 string 0`),
    values: [{ a: 'foo' }, 'foo'],
  },
]
