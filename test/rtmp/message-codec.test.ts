import fc from 'fast-check'
import { Amf0EcmaArray, amf3DataToAmf0 } from 'millrace/amf0'
import type { ChunkMessage } from 'millrace/chunk'
import { MediaError } from 'millrace/errors'
import {
  dataMessage,
  decodeRtmpMessage,
  encodeRtmpMessage,
  type CommandMessage,
  type RtmpMessage,
} from 'millrace/rtmp'
import { describe, expect, test } from 'vitest'
import { ascii, hex, join, toHex } from '../support/bytes.ts'
import { fuzzRuns } from '../support/fuzz.ts'
import { amf0 } from '../support/rtmp-bytes.ts'

function chunk(messageTypeId: number, body: Uint8Array, header: Partial<ChunkMessage> = {}): ChunkMessage {
  return { chunkStreamId: 3, timestamp: 0, messageTypeId, messageStreamId: 0, body, ...header }
}

const onStream = { timestamp: 0xffff_fff0, messageStreamId: 1 }

/** Message, its type id, and the chunk stream that we send it on. */
const vectors: { name: string; chunk: ChunkMessage; message: RtmpMessage }[] = [
  {
    name: 'Set Chunk Size 65536',
    chunk: chunk(1, hex('00010000'), { chunkStreamId: 2 }),
    message: { type: 'setChunkSize', chunkSize: 65_536 },
  },
  {
    name: 'Abort of csid 6',
    chunk: chunk(2, hex('00000006'), { chunkStreamId: 2 }),
    message: { type: 'abort', chunkStreamId: 6 },
  },
  {
    name: 'Acknowledgement beyond 2^31',
    chunk: chunk(3, hex('fffffffe'), { chunkStreamId: 2 }),
    message: { type: 'acknowledgement', sequenceNumber: 0xffff_fffe },
  },
  {
    name: 'User Control, StreamBegin',
    chunk: chunk(4, hex('0000 00000001'), { chunkStreamId: 2 }),
    message: { type: 'userControl', event: { type: 'streamBegin', messageStreamId: 1 } },
  },
  {
    name: 'Window Acknowledgement Size 2500000',
    chunk: chunk(5, hex('002625a0'), { chunkStreamId: 2 }),
    message: { type: 'windowAcknowledgementSize', windowBytes: 2_500_000 },
  },
  {
    name: 'Set Peer Bandwidth, dynamic',
    chunk: chunk(6, hex('002625a0 02'), { chunkStreamId: 2 }),
    message: { type: 'setPeerBandwidth', windowBytes: 2_500_000, limitType: 2 },
  },
  {
    name: 'audio',
    chunk: chunk(8, hex('af 00 1210'), { chunkStreamId: 7, ...onStream }),
    message: { type: 'audio', ...onStream, body: hex('af 00 1210') },
  },
  {
    name: 'video without a body',
    chunk: chunk(9, hex(''), { chunkStreamId: 6, ...onStream }),
    message: { type: 'video', ...onStream, body: hex('') },
  },
  {
    name: 'data in AMF0',
    chunk: chunk(18, amf0('onTextData', { text: 'hi' }), { chunkStreamId: 5, ...onStream }),
    message: {
      type: 'data',
      ...onStream,
      values: ['onTextData', { text: 'hi' }],
      body: amf0('onTextData', { text: 'hi' }),
    },
  },
  {
    name: 'command on the connection',
    chunk: chunk(20, amf0('createStream', 4, null)),
    message: {
      type: 'command',
      messageStreamId: 0,
      name: 'createStream',
      transactionId: 4,
      commandObject: null,
      args: [],
    },
  },
  {
    name: 'command on a stream',
    chunk: chunk(20, amf0('publish', 5, null, 'key', 'live'), { chunkStreamId: 5, messageStreamId: 1 }),
    message: {
      type: 'command',
      messageStreamId: 1,
      name: 'publish',
      transactionId: 5,
      commandObject: null,
      args: ['key', 'live'],
    },
  },
  {
    name: 'aggregate',
    chunk: chunk(22, hex('08 000000'), { chunkStreamId: 6, ...onStream }),
    message: { type: 'aggregate', ...onStream, body: hex('08 000000') },
  },
  {
    name: 'shared object in AMF0',
    chunk: chunk(19, hex('0001 61'), { ...onStream }),
    message: { type: 'sharedObject', messageTypeId: 19, ...onStream, body: hex('0001 61') },
  },
  {
    name: 'shared object in AMF3',
    chunk: chunk(16, hex('00 0001 61'), { ...onStream }),
    message: { type: 'sharedObject', messageTypeId: 16, ...onStream, body: hex('00 0001 61') },
  },
  {
    name: 'message type 200',
    chunk: chunk(200, hex('0102'), { ...onStream }),
    message: { type: 'unknown', messageTypeId: 200, ...onStream, body: hex('0102') },
  },
]

describe.each(vectors)('$name', ({ chunk: wire, message }) => {
  test('decode', () => expect(decodeRtmpMessage(wire)).toEqual(message))
  test('encode', () => {
    const encoded = encodeRtmpMessage(message)
    expect({ ...encoded, body: toHex(encoded.body) }).toEqual({ ...wire, body: toHex(wire.body) })
  })
})

function decodeCommand(messageTypeId: number, body: Uint8Array): CommandMessage {
  const message = decodeRtmpMessage(chunk(messageTypeId, body))
  if (message.type !== 'command') throw new Error(message.type)
  return message
}

describe('commands in AMF3 (type 17)', () => {
  test('one format byte, then AMF0', () => {
    const body = join(hex('00'), amf0('publish', 5, null, 'key'))
    expect(decodeCommand(17, body)).toEqual({
      type: 'command',
      messageStreamId: 0,
      name: 'publish',
      transactionId: 5,
      commandObject: null,
      args: ['key'],
    })
  })

  test('without the format byte', () => {
    expect(decodeCommand(17, amf0('publish', 5, null, 'key')).args).toEqual(['key'])
  })

  test('values in AMF3 behind marker 11', () => {
    // 11: AVM+, 06: string, 07: U29 length 3 << 1 | 1, "key"
    const body = join(hex('00'), amf0('publish', 5, null), hex('11 06 07'), ascii('key'))
    expect(decodeCommand(17, body).args).toEqual(['key'])
  })
})

describe('data in AMF3 (type 15)', () => {
  const amf3Text = join(hex('11 06 07'), ascii('key')) // AVM+, string, length 3

  test.each([
    ['with the format byte', join(hex('00'), amf0('onTextData', 1))],
    ['without it', amf0('onTextData', 1)],
  ])('%s', (_, body) => {
    expect(toHex(amf3DataToAmf0(body))).toBe(toHex(amf0('onTextData', 1)))
  })

  test('AMF3 values become AMF0 ones, in the body too', () => {
    const body = join(hex('00'), amf0('onTextData'), amf3Text)
    expect(decodeRtmpMessage(chunk(15, body, onStream))).toEqual({
      type: 'data',
      ...onStream,
      values: ['onTextData', 'key'],
      body: amf0('onTextData', 'key'),
    })
  })

  test('a name that AMF0 cannot carry is an error of the peer, and its data no end of a connection', () => {
    // AMF0 object marker, name of 30,000 malformed bytes (3 bytes of U+FFFD each), null, end; then AMF3 null
    const body = join(hex('03 7530'), new Uint8Array(30_000).fill(0xff), hex('05 000009 11 01'))
    expect(() => amf3DataToAmf0(body)).toThrow(
      expect.objectContaining({ name: 'DecodeError', code: 'ERR_AMF_KEY' }),
    )
  })

  test('more objects than references reach are refused, whatever maxCount says', () => {
    const body = join(hex('11 01'), new Uint8Array(65_536).fill(0x05)) // AMF3 null, then AMF0 nulls
    expect(() => amf3DataToAmf0(body, { maxCount: 1_000_000 })).toThrow(
      expect.objectContaining({ name: 'LimitError', code: 'ERR_AMF_COUNT' }),
    )
  })

  test('a plain body is a view of what came, not a copy', () => {
    const body = join(hex('00'), amf0('onTextData', 1))
    expect(amf3DataToAmf0(body).buffer).toBe(body.buffer)
  })
})

describe('commands that are not by the book', () => {
  test('no transaction id: the rest moves up', () => {
    const body = amf0('onFCPublish', null, { code: 'NetStream.Publish.Start' })
    expect(decodeCommand(20, body)).toMatchObject({
      transactionId: 0,
      commandObject: null,
      args: [{ code: 'NetStream.Publish.Start' }],
    })
  })

  test('a name alone', () => {
    expect(decodeCommand(20, amf0('close'))).toMatchObject({
      name: 'close',
      transactionId: 0,
      commandObject: null,
      args: [],
    })
  })

  test('a transaction id of NaN counts as none', () => {
    expect(decodeCommand(20, amf0('createStream', NaN, null)).transactionId).toBe(0)
  })

  test('onMetaData as an ECMA array in a command is data', () => {
    // 08: ECMA array, count 1, "fps" 25
    const values = join(amf0('onMetaData'), hex('08 00000001 0003'), ascii('fps'), amf0(25), hex('000009'))
    const decoded = decodeRtmpMessage(chunk(20, values, onStream))
    expect(decoded.type).toBe('data')
    expect(decoded).toMatchObject({ values: ['onMetaData', new Amf0EcmaArray({ fps: 25 })] })
  })

  test.each([
    ['nothing', ''],
    ['a number first', '00 3ff0000000000000'],
    ['null first', '05'],
    ['an object first', '03 000009'],
  ])('no name: %s', (_, text) => {
    expect(() => decodeRtmpMessage(chunk(20, hex(text)))).toThrow(
      expect.objectContaining({ code: 'ERR_RTMP_COMMAND_NAME' }),
    )
  })
})

test.each([
  [1, '0000'],
  [2, '000000'],
  [3, ''],
  [4, '00'],
  [5, '000000'],
  [6, '00000000'],
])('a control message of type %i that is too short', (messageTypeId, text) => {
  expect(() => decodeRtmpMessage(chunk(messageTypeId, hex(text)))).toThrow(
    expect.objectContaining({ name: 'DecodeError', code: 'ERR_RTMP_MESSAGE_SHORT' }),
  )
})

test('the top bit of Set Chunk Size is not part of the size', () => {
  expect(decodeRtmpMessage(chunk(1, hex('80000080')))).toEqual({ type: 'setChunkSize', chunkSize: 128 })
})

test('dataMessage keeps values and body together', () => {
  const message = dataMessage(1, 40, ['|RtmpSampleAccess', true, true])
  expect(toHex(message.body)).toBe(toHex(amf0('|RtmpSampleAccess', true, true)))
})

/** The message, or `undefined` for what throws a MediaError. */
function decodedIfWell(wire: ChunkMessage): RtmpMessage | undefined {
  try {
    return decodeRtmpMessage(wire)
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}

test('any body decodes or throws a MediaError, and decode(encode(x)) is x', () => {
  const runs = fuzzRuns(300)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 22 }), fc.uint8Array({ maxLength: 64 }), (messageTypeId, body) => {
      const message = decodedIfWell(chunk(messageTypeId, body, onStream))
      const again = message === undefined ? undefined : decodeRtmpMessage(encodeRtmpMessage(message))
      expect(again).toEqual(message)
    }),
    { seed: 1, numRuns: runs },
  )
})
