import fc from 'fast-check'
import { MediaError } from 'millrace/errors'
import {
  encodeWebSocketFrame,
  WEBSOCKET_OPCODE_BINARY,
  WebSocketDecoder,
  type WebSocketDecoderOptions,
  type WebSocketMessage,
} from 'millrace/websocket'
import { describe, expect, test } from 'vitest'
import { ascii, everySplit, hex, join } from '../support/bytes.ts'
import { fuzzRuns } from '../support/fuzz.ts'

/** Messages, and the code of the error that ended them. */
function decode(parts: readonly Uint8Array[], options?: WebSocketDecoderOptions) {
  const decoder = new WebSocketDecoder(options)
  const messages: WebSocketMessage[] = []
  let code: string | undefined
  for (const part of parts) {
    try {
      decoder.push(part)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      ;({ code } = error)
    }
    for (let message = decoder.read(); message !== undefined; message = decoder.read()) messages.push(message)
  }
  return { messages, code, closed: decoder.closed }
}

function expectAlways(bytes: Uint8Array, messages: WebSocketMessage[], code?: string): void {
  for (const parts of everySplit(bytes)) expect(decode(parts)).toMatchObject({ messages, code })
}

// RFC 6455 §5.7: a masked text "Hello".
const HELLO = hex('81 85 37 fa 21 3d 7f 9f 4d 51 58')
const TEXT: WebSocketMessage = { type: 'text', text: 'Hello' }

describe('messages', () => {
  test('whole', () => {
    // FIN, binary | MASK, 3 | key | 1 2 3 masked
    const binary = hex('82 83 01 02 03 04 00 00 00')
    expectAlways(join(HELLO, binary), [TEXT, { type: 'binary', data: hex('01 02 03') }])
  })

  test('in fragments, with control frames between them', () => {
    expectAlways(
      join(
        hex('01 83 37 fa 21 3d 7f 9f 4d'), // text, not the last: 'Hel'
        hex('89 80 00 00 00 00'), // ping
        hex('00 80 00 00 00 00'), // continuation of nothing more, not the last
        hex('8a 81 01 00 00 00 6b'), // pong 'j'
        hex('80 82 37 fa 21 3d 5b 95'), // continuation, the last: 'lo'
        HELLO,
      ),
      [{ type: 'ping', data: hex('') }, { type: 'pong', data: ascii('j') }, TEXT, TEXT],
    )
  })

  test('of no bytes', () => {
    expectAlways(hex('81 80 00 00 00 00 82 80 00 00 00 00'), [
      { type: 'text', text: '' },
      { type: 'binary', data: hex('') },
    ])
  })

  test('that are long, in pieces', () => {
    const data = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7) & 0xff)
    const frame = encodeWebSocketFrame(WEBSOCKET_OPCODE_BINARY, data, hex('12 34 56 78'))
    const parts = Array.from({ length: 67 }, (_, i) => frame.subarray(i * 3000, (i + 1) * 3000))
    const { messages } = decode(parts)
    expect(messages).toHaveLength(1)
    const [message] = messages
    expect(message?.type === 'binary' && Buffer.compare(message.data, data)).toBe(0)
  })

  test('from a reused buffer stay what they were', () => {
    const decoder = new WebSocketDecoder()
    const buffer = hex('82 82 00 00 00 00 aa bb')
    decoder.push(buffer)
    buffer.fill(0)
    expect(decoder.read()).toEqual({ type: 'binary', data: hex('aa bb') })
  })

  test('of a server are not masked', () => {
    const options = { peer: 'server' } as const
    expect(decode([hex('81 05 48 65 6c 6c 6f')], options).messages).toEqual([TEXT])
    expect(decode([HELLO], options)).toMatchObject({ messages: [], code: 'ERR_WEBSOCKET_FRAME' })
  })

  test('text with a byte order mark keeps it', () => {
    expect(decode([hex('81 84 00 00 00 00 ef bb bf 61')]).messages).toEqual([{ type: 'text', text: '﻿a' }])
  })
})

describe('a close', () => {
  test('ends the messages; what comes after is ignored', () => {
    const close = hex('88 86 00 00 00 00 03 e9 67 6f 6e 65') // 1001 'gone'
    expectAlways(join(HELLO, close, HELLO, hex('ff ff ff')), [
      TEXT,
      { type: 'close', code: 1001, reason: 'gone' },
    ])
    expect(decode([close]).closed).toBe(true)
    expect(decode([HELLO]).closed).toBe(false)
  })

  test('without code', () => {
    expectAlways(hex('88 80 00 00 00 00'), [{ type: 'close', code: 1005, reason: '' }])
  })

  test('in the middle of a fragmented message', () => {
    expectAlways(hex('01 80 00 00 00 00 88 80 00 00 00 00'), [{ type: 'close', code: 1005, reason: '' }])
  })
})

describe('a frame that breaks the protocol', () => {
  const cases: [name: string, bytes: string, code: string][] = [
    ['without masking key', '81 05 48 65 6c 6c 6f', 'ERR_WEBSOCKET_FRAME'],
    ['with a reserved bit: compression that was not agreed on', 'c1 80 00 00 00 00', 'ERR_WEBSOCKET_FRAME'],
    ['with reserved data opcode 3', '83 80 00 00 00 00', 'ERR_WEBSOCKET_FRAME'],
    ['with reserved data opcode 7', '87 80 00 00 00 00', 'ERR_WEBSOCKET_FRAME'],
    ['with reserved control opcode 11', '8b 80 00 00 00 00', 'ERR_WEBSOCKET_FRAME'],
    ['a fragmented ping', '09 80 00 00 00 00', 'ERR_WEBSOCKET_FRAME'],
    ['a ping of 126 bytes', '89 fe 00 7e 00 00 00 00', 'ERR_WEBSOCKET_FRAME'],
    ['a length of 1 in 16 bits', '82 fe 00 01 00 00 00 00 aa', 'ERR_WEBSOCKET_FRAME'],
    ['a length of 1 in 64 bits', '82 ff 00 00 00 00 00 00 00 01 00 00 00 00 bb', 'ERR_WEBSOCKET_FRAME'],
    ['a continuation of nothing', '80 80 00 00 00 00', 'ERR_WEBSOCKET_FRAME'],
    ['a second start', '01 80 00 00 00 00 81 80 00 00 00 00', 'ERR_WEBSOCKET_FRAME'],
    ['a length of 2^63', '82 ff 80 00 00 00 00 00 00 00 00 00 00 00', 'ERR_WEBSOCKET_FRAME'],
    ['a length of 2^52', '82 ff 00 10 00 00 00 00 00 00 00 00 00 00', 'ERR_WEBSOCKET_MESSAGE_BYTES'],
    ['text that is not UTF-8', '81 82 00 00 00 00 c3 28', 'ERR_WEBSOCKET_TEXT'],
    ['text that ends inside a character', '81 82 00 00 00 00 e2 82', 'ERR_WEBSOCKET_TEXT'],
    ['text with a surrogate', '81 83 00 00 00 00 ed a0 80', 'ERR_WEBSOCKET_TEXT'],
    ['a close of one byte', '88 81 00 00 00 00 03', 'ERR_WEBSOCKET_CLOSE'],
    ['a close with code 1006', '88 82 00 00 00 00 03 ee', 'ERR_WEBSOCKET_CLOSE'],
  ]
  for (const [name, bytes, code] of cases)
    test(name, () => {
      expectAlways(join(HELLO, hex(bytes)), [TEXT], code)
    })

  test('ends the decoder for good', () => {
    const decoder = new WebSocketDecoder()
    expect(() => decoder.push(hex('80 80 00 00 00 00'))).toThrow(MediaError)
    expect(() => decoder.push(HELLO)).toThrow(expect.objectContaining({ code: 'ERR_WEBSOCKET_FRAME' }))
    expect(decoder.read()).toBeUndefined()
  })
})

describe('maxMessageBytes', () => {
  const frame = (first: string, size: number) => join(hex(`${first} ${(0x80 | size).toString(16)} 00 00 00 00`), new Uint8Array(size)) // prettier-ignore

  test('is enough for a message of that size, in one frame or several', () => {
    const options = { maxMessageBytes: 10 }
    expect(decode([frame('82', 10)], options).code).toBeUndefined()
    expect(decode([frame('02', 4), frame('00', 0), frame('80', 6)], options)).toMatchObject({
      messages: [{ type: 'binary', data: new Uint8Array(10) }],
      code: undefined,
    })
  })

  test('refuses one byte more by its header alone', () => {
    const options = { maxMessageBytes: 10 }
    expect(decode([hex('82 8b 00 00 00 00')], options).code).toBe('ERR_WEBSOCKET_MESSAGE_BYTES')
    expect(decode([frame('02', 4), hex('80 87 00 00 00 00')], options).code).toBe(
      'ERR_WEBSOCKET_MESSAGE_BYTES',
    )
  })

  test('does not count control frames', () => {
    expect(decode([frame('89', 125)], { maxMessageBytes: 10 }).messages).toHaveLength(1)
  })

  test('starts again with each message', () => {
    expect(decode([frame('82', 10), frame('82', 10)], { maxMessageBytes: 10 }).messages).toHaveLength(2)
  })
})

describe('any input', () => {
  const runs = { seed: 64, numRuns: fuzzRuns(300) }
  // Bytes that are likely to be frames: small lengths, masked.
  const frames = fc
    .array(
      fc.tuple(
        fc.constantFrom(0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0x83, 0xc1),
        fc.uint8Array({ maxLength: 8 }),
      ),
      { maxLength: 8 },
    )
    .map((list) =>
      join(
        ...list.map(([first, payload]) =>
          join(Uint8Array.of(first, 0x80 | payload.length), hex('00 00 00 00'), payload),
        ),
      ),
    )

  test('gives the same at every split, and fails in no other way than a MediaError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), frames), fc.nat(), fc.nat(), (bytes, a, b) => {
        const [from, to] = [a % (bytes.length + 1), b % (bytes.length + 1)].toSorted((x, y) => x - y)
        const parts = [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)]
        expect(decode(parts)).toEqual(decode([bytes]))
      }),
      runs,
    )
  })
})
