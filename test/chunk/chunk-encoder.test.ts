import { ChunkEncoder, chunkedLength, type ChunkMessage, writeChunkedMessage } from 'millrace/chunk'
import { describe, expect, test } from 'vitest'
import { hex, join, toHex } from '../support/bytes.ts'
import { sequence } from '../support/chunks.ts'

const message = (fields: Partial<ChunkMessage>): ChunkMessage => ({
  chunkStreamId: 6,
  timestamp: 0,
  messageTypeId: 9,
  messageStreamId: 1,
  body: hex('aa'),
  ...fields,
})

interface Vector {
  readonly name: string
  readonly message: ChunkMessage
  readonly chunkSize: number
  readonly bytes: Uint8Array
}

const B = sequence(300)

const vectors: Vector[] = [
  {
    name: 'one chunk: fmt 0, message stream id little-endian',
    message: message({ timestamp: 0x010203, messageStreamId: 0x04030201, body: hex('27 01') }),
    chunkSize: 128,
    bytes: hex('06 010203 000002 09 01020304 2701'),
  },
  {
    name: 'RTMP 1.0 §5.3.2.2: 307 bytes as 128, 128, 51',
    message: message({ chunkStreamId: 4, timestamp: 1000, messageStreamId: 12346, body: sequence(307) }),
    chunkSize: 128,
    bytes: join(
      hex('04 0003e8 000133 09 3a300000'),
      sequence(307).subarray(0, 128),
      hex('c4'),
      sequence(307).subarray(128, 256),
      hex('c4'),
      sequence(307).subarray(256),
    ),
  },
  {
    name: 'a body of exactly one chunk has no second chunk',
    message: message({ body: B.subarray(0, 128) }),
    chunkSize: 128,
    bytes: join(hex('06 000000 000080 09 01000000'), B.subarray(0, 128)),
  },
  {
    name: 'a body of exactly two chunks',
    message: message({ body: B.subarray(0, 256) }),
    chunkSize: 128,
    bytes: join(hex('06 000000 000100 09 01000000'), B.subarray(0, 128), hex('c6'), B.subarray(128, 256)),
  },
  {
    name: 'defect: no body is a header of 12 bytes, not 11',
    message: message({ messageTypeId: 8, chunkStreamId: 7, timestamp: 40, body: hex('') }),
    chunkSize: 128,
    bytes: hex('07 000028 000000 08 01000000'),
  },
  {
    name: 'no body with an extended timestamp: 16 bytes',
    message: message({ timestamp: 0xffffff, body: hex('') }),
    chunkSize: 128,
    bytes: hex('06 ffffff 000000 09 01000000 00ffffff'),
  },
  {
    name: 'the last timestamp without an extended field',
    message: message({ timestamp: 0xfffffe }),
    chunkSize: 128,
    bytes: hex('06 fffffe 000001 09 01000000 aa'),
  },
  {
    name: 'an extended timestamp on the first and on every fmt 3 chunk',
    message: message({ timestamp: 0x01020304, body: hex('a1 a2 a3 a4 a5') }),
    chunkSize: 2,
    bytes: hex('06 ffffff 000005 09 01000000 01020304 a1a2 c6 01020304 a3a4 c6 01020304 a5'),
  },
  {
    name: 'defect: a timestamp above 2^31 is written, not thrown at',
    message: message({ timestamp: 0x80000000 }),
    chunkSize: 128,
    bytes: hex('06 ffffff 000001 09 01000000 80000000 aa'),
  },
  {
    name: 'defect: a clock past 2^32 wraps',
    message: message({ timestamp: 0x1_0000_0005 }),
    chunkSize: 128,
    bytes: hex('06 000005 000001 09 01000000 aa'),
  },
  ...[
    { chunkStreamId: 2, first: '02', next: 'c2' },
    { chunkStreamId: 63, first: '3f', next: 'ff' },
    { chunkStreamId: 64, first: '00 00', next: 'c0 00' },
    { chunkStreamId: 319, first: '00 ff', next: 'c0 ff' },
    { chunkStreamId: 320, first: '01 0001', next: 'c1 0001' },
    { chunkStreamId: 65_599, first: '01 ffff', next: 'c1 ffff' },
  ].map(({ chunkStreamId, first, next }) => ({
    name: `csid ${chunkStreamId}`,
    message: message({ chunkStreamId, body: hex('aa bb cc') }),
    chunkSize: 2,
    bytes: hex(`${first} 000000 000003 09 01000000 aabb ${next} cc`),
  })),
]

describe.each(vectors)('$name', ({ message: sent, chunkSize, bytes }) => {
  test('encode', () => {
    expect(toHex(new ChunkEncoder({ chunkSize }).encode(sent))).toBe(toHex(bytes))
  })

  test('written into a batch', () => {
    const { body, timestamp, chunkStreamId } = sent
    const length = chunkedLength(body.length, timestamp, chunkSize, chunkStreamId)
    expect(length).toBe(bytes.length)
    const out = new Uint8Array(length + 10).fill(0xee)
    expect(writeChunkedMessage(out, 5, sent, chunkSize)).toBe(5 + length)
    expect(toHex(out)).toBe(toHex(join(new Uint8Array(5).fill(0xee), bytes, new Uint8Array(5).fill(0xee))))
  })
})

test('the chunk size is 128 until it is changed', () => {
  const encoder = new ChunkEncoder()
  expect(encoder.chunkSize).toBe(128)
  expect(encoder.encode(message({ body: B }))).toHaveLength(12 + 300 + 2)
  encoder.chunkSize = 65_536
  expect(encoder.encode(message({ body: B }))).toHaveLength(12 + 300)
})

test('what fits no field is the caller\u2019s mistake', () => {
  const encoder = new ChunkEncoder()
  for (const chunkSize of [0, -1, 1.5, 0x1000000, Number.NaN]) {
    expect(() => new ChunkEncoder({ chunkSize })).toThrow(RangeError)
    expect(() => (encoder.chunkSize = chunkSize)).toThrow(RangeError)
  }
  for (const chunkStreamId of [0, 1, 65_600, Number.NaN]) {
    expect(() => encoder.encode(message({ chunkStreamId }))).toThrow(RangeError)
  }
  for (const messageTypeId of [-1, 256, Number.NaN]) {
    expect(() => encoder.encode(message({ messageTypeId }))).toThrow(RangeError)
  }
  expect(() => encoder.encode(message({ body: new Uint8Array(0x1000000) }))).toThrow(RangeError)
})
