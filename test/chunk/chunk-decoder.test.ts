import { ChunkDecoder, type ChunkMessage } from 'millrace/chunk'
import { describe, expect, test } from 'vitest'
import { everySplit, hex, join } from '../support/bytes.ts'
import { readAll, sequence, text } from '../support/chunks.ts'

/** One table: decoded whole and at every split. */
interface Vector {
  readonly name: string
  readonly bytes: Uint8Array
  /** csid, timestamp, type id, message stream id, body */
  readonly messages: readonly (readonly [number, number, number, number, Uint8Array])[]
}

const B32 = sequence(32)
const VIDEO = sequence(307)

const vectors: Vector[] = [
  {
    name: 'four audio messages of RTMP 1.0 §5.3.2.1: fmt 0, fmt 2, fmt 3, fmt 3',
    bytes: join(
      hex('03 0003e8 000020 08 39300000'), // fmt 0 csid 3, timestamp 1000, length 32, audio, stream 12345
      B32,
      hex('83 000014'), // fmt 2, delta 20
      B32,
      hex('c3'), // fmt 3: everything again
      B32,
      hex('c3'),
      B32,
    ),
    messages: [
      [3, 1000, 8, 12345, B32],
      [3, 1020, 8, 12345, B32],
      [3, 1040, 8, 12345, B32],
      [3, 1060, 8, 12345, B32],
    ],
  },
  {
    name: 'a video message of 307 bytes in three chunks, RTMP 1.0 §5.3.2.2',
    bytes: join(
      hex('04 0003e8 000133 09 3a300000'), // fmt 0 csid 4, timestamp 1000, length 307, video, stream 12346
      VIDEO.subarray(0, 128),
      hex('c4'),
      VIDEO.subarray(128, 256),
      hex('c4'),
      VIDEO.subarray(256),
    ),
    messages: [[4, 1000, 9, 12346, VIDEO]],
  },
  {
    name: 'two chunk streams interleaved',
    bytes: join(
      hex('06 000000 000082 09 01000000'), // video of 130 bytes
      VIDEO.subarray(0, 128),
      hex('07 000005 000003 08 01000000 af0121'), // audio of 3 bytes in between
      hex('c6'),
      VIDEO.subarray(128, 130),
    ),
    messages: [
      [7, 5, 8, 1, hex('af0121')],
      [6, 0, 9, 1, VIDEO.subarray(0, 130)],
    ],
  },
  {
    name: 'three messages whose chunks take turns',
    bytes: join(
      hex('06 000000 000101 09 01000000'), // 257 bytes
      VIDEO.subarray(0, 128),
      hex('07 000000 000081 08 01000000'), // 129 bytes
      B32, B32, B32, B32,
      hex('c6'),
      VIDEO.subarray(128, 256),
      hex('04 000000 000002 12 01000000 0200'),
      hex('c7'),
      hex('99'),
      hex('c6'),
      VIDEO.subarray(256, 257),
    ),
    messages: [
      [4, 0, 18, 1, hex('0200')],
      [7, 0, 8, 1, join(B32, B32, B32, B32, hex('99'))],
      [6, 0, 9, 1, VIDEO.subarray(0, 257)],
    ],
  }, // prettier-ignore
  ...[
    { csid: 2, basic: '02', again: 'c2' },
    { csid: 63, basic: '3f', again: 'ff' },
    { csid: 64, basic: '00 00', again: 'c0 00' },
    { csid: 64, basic: '01 0000', again: 'c1 0000' }, // the 3-byte form may say small ids too
    { csid: 319, basic: '00 ff', again: 'c0 ff' },
    { csid: 320, basic: '01 0001', again: 'c1 0001' }, // 320 − 64 = 256: low byte 0, high byte 1
    { csid: 65_599, basic: '01 ffff', again: 'c1 ffff' },
  ].map(({ csid, basic, again }) => ({
    name: `csid ${csid} as ${basic}`,
    bytes: join(
      hex(`${basic} 000001 000084 08 01000000`), // fmt 0, 132 bytes
      VIDEO.subarray(0, 128),
      hex(again), // fmt 3
      VIDEO.subarray(128, 132),
    ),
    messages: [[csid, 1, 8, 1, VIDEO.subarray(0, 132)] as const],
  })),
  {
    name: 'fmt 1 changes length and type and keeps the message stream',
    bytes: hex(`
      05 000064 000002 08 07000000 af00 // fmt 0: 100 ms, 2 bytes, audio, stream 7
      45 000017 000003 09 270200        // fmt 1: +23 ms, 3 bytes, video
      85 00000a 170100                  // fmt 2: +10 ms
    `),
    messages: [
      [5, 100, 8, 7, hex('af00')],
      [5, 123, 9, 7, hex('270200')],
      [5, 133, 9, 7, hex('170100')],
    ],
  },
  {
    name: 'fmt 0 goes back in time and to another message stream',
    bytes: hex(`
      05 000064 000001 08 01000000 aa
      05 000032 000001 08 02000000 bb
      c5 cc                             // +50: the timestamp of a fmt 0 is the delta of the fmt 3 after it
    `),
    messages: [
      [5, 100, 8, 1, hex('aa')],
      [5, 50, 8, 2, hex('bb')],
      [5, 100, 8, 2, hex('cc')],
    ],
  },
  {
    name: 'message stream id is little-endian and 32 bits wide',
    bytes: hex('05 000000 000001 08 040302ff aa'),
    messages: [[5, 0, 8, 0xff020304, hex('aa')]],
  },
  {
    name: 'messages without a body: fmt 0, 1, 2 and 3, then one with',
    bytes: hex(`
      06 00000a 000000 09 01000000
      46 000001 000000 08
      86 000002
      c6
      46 000003 000001 08 ff
    `),
    messages: [
      [6, 10, 9, 1, hex('')],
      [6, 11, 8, 1, hex('')],
      [6, 13, 8, 1, hex('')],
      [6, 15, 8, 1, hex('')],
      [6, 18, 8, 1, hex('ff')],
    ],
  },
  {
    name: 'the last timestamp without an extended field, and the first one with',
    bytes: hex(`
      06 fffffe 000001 09 01000000 aa
      06 ffffff 000001 09 01000000 00ffffff bb
      06 ffffff 000001 09 01000000 01000000 cc
    `),
    messages: [
      [6, 0xfffffe, 9, 1, hex('aa')],
      [6, 0xffffff, 9, 1, hex('bb')],
      [6, 0x1000000, 9, 1, hex('cc')],
    ],
  },
  {
    name: 'a small delta leads past 2^24 without an extended field',
    bytes: hex('06 fffff0 000001 09 01000000 aa 86 000014 bb c6 cc'),
    messages: [
      [6, 0xfffff0, 9, 1, hex('aa')],
      [6, 0x1000004, 9, 1, hex('bb')],
      [6, 0x1000018, 9, 1, hex('cc')],
    ],
  },
  {
    name: 'an extended timestamp is repeated in every fmt 3 chunk of the message (§5.3.1.3)',
    bytes: join(
      hex('06 ffffff 000133 09 01000000 01020304'),
      VIDEO.subarray(0, 128),
      hex('c6 01020304'),
      VIDEO.subarray(128, 256),
      hex('c6 01020304'),
      VIDEO.subarray(256),
    ),
    messages: [[6, 0x01020304, 9, 1, VIDEO]],
  },
  {
    name: 'an extended delta (fmt 1, 2) is added, as FFmpeg and RTMP 1.0 §5.3.1.3 mean it',
    bytes: hex(`
      04 002af8 000001 09 01000000 aa  // 11,000 ms
      44 ffffff 000001 09 00fffc18 bb  // + 16,776,216 although it needs no extended field
      84 ffffff 01000000 cc            // + 16,777,216
      c4 01000001 dd                   // fmt 3 opens a message: the field is there, and counts anew
    `),
    messages: [
      [4, 11_000, 9, 1, hex('aa')],
      [4, 11_000 + 16_776_216, 9, 1, hex('bb')],
      [4, 11_000 + 16_776_216 + 16_777_216, 9, 1, hex('cc')],
      [4, 11_000 + 16_776_216 + 2 * 16_777_216 + 1, 9, 1, hex('dd')],
    ],
  },
  {
    name: 'a delta leads past 2^32: the timestamp wraps to 0',
    bytes: hex(`
      06 ffffff 000001 09 01000000 fffffff6 aa
      86 000014 bb
      c6 cc
    `),
    messages: [
      [6, 0xfffffff6, 9, 1, hex('aa')],
      [6, 10, 9, 1, hex('bb')],
      [6, 30, 9, 1, hex('cc')],
    ],
  },
]

describe.each(vectors)('$name', ({ bytes, messages }) => {
  const expected: ChunkMessage[] = messages.map(
    ([chunkStreamId, timestamp, messageTypeId, messageStreamId, body]) => ({
      chunkStreamId,
      timestamp,
      messageTypeId,
      messageStreamId,
      body,
    }),
  )

  test('at every split', () => {
    for (const parts of everySplit(bytes)) {
      const decoder = new ChunkDecoder()
      const decoded: ChunkMessage[] = []
      for (const part of parts) {
        decoder.push(part)
        decoded.push(...readAll(decoder))
      }
      expect(text(decoded)).toEqual(text(expected))
      expect(decoder.assemblingBytes).toBe(0)
    }
  })

  test('parses at push, and lets the caller reuse its buffer', () => {
    const decoder = new ChunkDecoder()
    const buffer = new Uint8Array(7)
    for (let at = 0; at < bytes.length; at += 7) {
      const part = bytes.subarray(at, at + 7)
      buffer.set(part)
      decoder.push(buffer.subarray(0, part.length))
      buffer.fill(0xee)
    }
    expect(text(readAll(decoder))).toEqual(text(expected))
  })
})

test('an empty push changes nothing', () => {
  const decoder = new ChunkDecoder()
  decoder.push(hex('06 0000'))
  decoder.push(hex(''))
  decoder.push(hex('0a 000001 09 01000000 aa'))
  expect(readAll(decoder)).toHaveLength(1)
})

test('bodies never overlap: a message stays as it was when later ones arrive', () => {
  const decoder = new ChunkDecoder()
  for (let i = 0; i < 100; i++) {
    decoder.push(join(hex('06 000000 000040 09 01000000'), new Uint8Array(64).fill(i)))
  }
  for (const [i, message] of readAll(decoder).entries()) {
    expect(message.body).toEqual(new Uint8Array(64).fill(i))
  }
})

test('a body longer than a slab arrives whole, in small chunks and in large ones', () => {
  const body = sequence(300_000)
  for (const chunkSize of [128, 4096, 65_536, 0x7fffffff]) {
    const parts = [
      hex('02 000000 000004 01 00000000'),
      Uint8Array.of(chunkSize >>> 24, chunkSize >>> 16, chunkSize >>> 8, chunkSize),
      hex('06 000000 0493e0 09 01000000'), // length 300,000
    ]
    for (let at = 0; at < body.length; at += chunkSize) {
      if (at > 0) parts.push(hex('c6'))
      parts.push(body.subarray(at, at + chunkSize))
    }
    const bytes = Uint8Array.from(Buffer.concat(parts))
    for (const read of [bytes.length, 65_536, 1000, 129]) {
      const decoder = new ChunkDecoder()
      for (let at = 0; at < bytes.length; at += read) decoder.push(bytes.subarray(at, at + read))
      const [, message] = readAll(decoder)
      expect(Buffer.compare(message!.body, body)).toBe(0)
    }
  }
})

test('defect: the third byte of the long basic header counts 256, the second 1', () => {
  const decoder = new ChunkDecoder()
  decoder.push(hex('01 0001 000000 000001 08 01000000 aa')) // 64 + 0 + 1 * 256
  decoder.push(hex('01 0100 000000 000001 08 01000000 bb')) // 64 + 1
  expect(readAll(decoder).map(({ chunkStreamId }) => chunkStreamId)).toEqual([320, 65])
})

test('defect: messages go on when the clock passes 2^32 ms', () => {
  const decoder = new ChunkDecoder()
  decoder.push(hex('06 ffffff 000001 09 01000000 fffffff0 aa'))
  decoder.push(hex('86 000014 bb'))
  decoder.push(hex('86 000014 cc'))
  expect(readAll(decoder).map(({ timestamp }) => timestamp)).toEqual([0xfffffff0, 4, 24])
})

test('a reader that lags gets everything in order', () => {
  const decoder = new ChunkDecoder()
  decoder.push(hex('06 000000 000001 09 01000000 00'))
  const read: number[] = []
  for (let i = 1; i < 5000; i++) {
    decoder.push(Uint8Array.of(0x86, 0, 0, 1, i & 0xff)) // fmt 2, one ms later
    if (i % 3 > 0) read.push(decoder.read()!.timestamp)
  }
  read.push(...readAll(decoder).map(({ timestamp }) => timestamp))
  expect(read).toEqual(Array.from({ length: 5000 }, (_, i) => i))
})

describe('ownsInput', () => {
  // fmt 0 csid 4, length 32, video, stream 1; the same again by fmt 3; the chunk size is the 128 of the start
  const TWO = join(hex('04 000000 000020 09 01000000'), B32, hex('c4'), B32)

  test('a message that lies in the input whole is a view of it, of plain kind', () => {
    const decoder = new ChunkDecoder({ ownsInput: true })
    const input = Buffer.from(TWO)
    decoder.push(input)
    const messages = readAll(decoder)
    expect(messages.map(({ body }) => [body.buffer === input.buffer, body.constructor.name])).toEqual([
      [true, 'Uint8Array'],
      [true, 'Uint8Array'],
    ])
    expect(messages.map(({ body }) => body)).toEqual([B32, B32])
  })

  test('without it, bodies are copies', () => {
    const decoder = new ChunkDecoder()
    const input = TWO.slice()
    decoder.push(input)
    input.fill(0xee)
    expect(readAll(decoder).map(({ body }) => body)).toEqual([B32, B32])
  })

  test('messages that are cut are put together, at every split', () => {
    for (const parts of everySplit(TWO)) {
      const decoder = new ChunkDecoder({ ownsInput: true })
      for (const part of parts) decoder.push(part.slice())
      expect(readAll(decoder).map(({ body }) => body)).toEqual([B32, B32])
      expect(decoder.assemblingBytes).toBe(0)
    }
  })

  test('a message in several chunks is a copy', () => {
    const decoder = new ChunkDecoder({ ownsInput: true })
    const input = join(hex('04 000000 000133 09 01000000'), VIDEO.subarray(0, 128), hex('c4'), VIDEO.subarray(128, 256), hex('c4'), VIDEO.subarray(256)) // prettier-ignore
    decoder.push(input)
    const [message] = readAll(decoder)
    expect(message?.body.buffer).not.toBe(input.buffer)
    expect(message?.body).toEqual(VIDEO)
  })
})
