import { ERROR_CODES, type ErrorCode, MediaError } from 'millrace/errors'
import {
  decodeWebSocketClose,
  decodeWebSocketFrameHeader,
  encodeWebSocketClose,
  encodeWebSocketFrame,
  WEBSOCKET_OPCODE_BINARY,
  WEBSOCKET_OPCODE_PING,
  WEBSOCKET_OPCODE_TEXT,
  webSocketCloseCode,
} from 'millrace/websocket'
import { describe, expect, test } from 'vitest'
import { ascii, hex, join } from '../support/bytes.ts'

describe('a frame', () => {
  // RFC 6455 §5.7, Examples
  const examples: [name: string, opcode: number, payload: Uint8Array, key: string, bytes: string][] = [
    ['unmasked text "Hello"', WEBSOCKET_OPCODE_TEXT, ascii('Hello'), '', '81 05 48 65 6c 6c 6f'],
    ['masked text "Hello"', WEBSOCKET_OPCODE_TEXT, ascii('Hello'), '37 fa 21 3d', '81 85 37 fa 21 3d 7f 9f 4d 51 58'], // prettier-ignore
    ['unmasked ping "Hello"', WEBSOCKET_OPCODE_PING, ascii('Hello'), '', '89 05 48 65 6c 6c 6f'],
    ['of nothing', WEBSOCKET_OPCODE_BINARY, hex(''), '', '82 00'],
    ['masked, of nothing', WEBSOCKET_OPCODE_BINARY, hex(''), '01 02 03 04', '82 80 01 02 03 04'],
  ]
  for (const [name, opcode, payload, key, bytes] of examples)
    test(name, () => {
      const maskingKey = key === '' ? undefined : hex(key)
      expect(encodeWebSocketFrame(opcode, payload, maskingKey)).toEqual(hex(bytes))
      expect(decodeWebSocketFrameHeader(hex(bytes))).toEqual({
        fin: true,
        reserved: 0,
        opcode,
        payloadBytes: payload.length,
        maskingKey,
        headerBytes: hex(bytes).length - payload.length,
      })
    })

  // Header up to the payload: length 7, 16 and 64 bits. The last two are the RFC's examples.
  const lengths: [payloadBytes: number, header: string][] = [
    [125, '82 7d'],
    [126, '82 7e 00 7e'],
    [65_535, '82 7e ff ff'],
    [65_536, '82 7f 00 00 00 00 00 01 00 00'],
    [256, '82 7e 01 00'],
  ]
  for (const [payloadBytes, header] of lengths)
    test(`of ${payloadBytes} bytes`, () => {
      const frame = encodeWebSocketFrame(WEBSOCKET_OPCODE_BINARY, new Uint8Array(payloadBytes).fill(0xaa))
      expect(frame.length).toBe(hex(header).length + payloadBytes)
      expect(frame.subarray(0, hex(header).length + 1)).toEqual(join(hex(header), hex('aa')))
      expect(decodeWebSocketFrameHeader(frame)).toMatchObject({
        payloadBytes,
        headerBytes: hex(header).length,
      })
    })

  // Payload lengths in more bits than they need: 16 for 125 and 0, 64 for 65,535 and 126.
  test.each([
    '82 7e 00 7d',
    '82 fe 00 00 01 02 03 04',
    '82 7f 00 00 00 00 00 00 ff ff',
    '89 7f 00 00 00 00 00 00 00 7e',
  ])('%s has an over-long length', (bytes) => {
    expect(() => decodeWebSocketFrameHeader(hex(bytes))).toThrow('WebSocket frame with its length')
  })

  test('gives its header when that is whole, and not before', () => {
    const masked = hex('ee 02 ff 00 00 00 01 00 00 00 02 0a 0b 0c 0d ee') // at offset 1
    for (let length = 0; length < 15; length++)
      expect(decodeWebSocketFrameHeader(masked.subarray(0, length), 1)).toBeUndefined()
    expect(decodeWebSocketFrameHeader(masked, 1)).toEqual({
      fin: false,
      reserved: 0,
      opcode: 2,
      payloadBytes: 2 ** 32 + 2,
      maskingKey: hex('0a 0b 0c 0d'),
      headerBytes: 14,
    })
  })

  test('of 2^53 - 1 bytes has a length, of 2^53 none', () => {
    expect(decodeWebSocketFrameHeader(hex('82 7f 00 1f ff ff ff ff ff ff'))?.payloadBytes).toBe(2 ** 53 - 1)
    expect(() => decodeWebSocketFrameHeader(hex('82 7f 00 20 00 00 00 00 00 00'))).toThrow(
      expect.objectContaining({ code: 'ERR_WEBSOCKET_FRAME' }),
    )
  })

  test('of control has room for 125 bytes', () => {
    expect(encodeWebSocketFrame(WEBSOCKET_OPCODE_PING, new Uint8Array(125)).length).toBe(127)
    expect(() => encodeWebSocketFrame(WEBSOCKET_OPCODE_PING, new Uint8Array(126))).toThrow(RangeError)
  })

  test('has a masking key of four bytes', () => {
    expect(() => encodeWebSocketFrame(WEBSOCKET_OPCODE_TEXT, hex('00'), hex('01 02 03'))).toThrow(RangeError)
  })
})

describe('a close', () => {
  test('with code and reason', () => {
    // opcode 8 | length 6 | code 1001 | 'gone'
    expect(encodeWebSocketClose(1001, 'gone')).toEqual(hex('88 06 03 e9 67 6f 6e 65'))
    expect(decodeWebSocketClose(hex('03 e9 67 6f 6e 65'))).toEqual({ code: 1001, reason: 'gone' })
  })

  test('without code', () => {
    expect(encodeWebSocketClose()).toEqual(hex('88 00'))
    expect(decodeWebSocketClose(hex(''))).toEqual({ code: 1005, reason: '' })
  })

  test('cuts a long reason at a character', () => {
    expect(encodeWebSocketClose(1000, 'x'.repeat(200)).length).toBe(127)
    const cut = encodeWebSocketClose(1000, `${'x'.repeat(121)}€`) // 124 bytes
    expect(cut.length).toBe(2 + 2 + 121)
    expect(decodeWebSocketClose(cut.subarray(2)).reason).toBe('x'.repeat(121))
    expect(encodeWebSocketClose(1000, `${'x'.repeat(120)}€`).length).toBe(127)
  })

  const codes: [code: number, allowed: boolean][] = [
    [999, false], [1000, true], [1003, true], [1004, false], [1005, false], [1006, false], [1007, true], [1014, true],
    [1015, false], [2999, false], [3000, true], [4999, true], [5000, false],
  ] // prettier-ignore
  for (const [code, allowed] of codes)
    test(`with code ${code} is ${allowed ? 'allowed' : 'refused'}`, () => {
      const payload = Uint8Array.of(code >> 8, code & 0xff)
      const attempt = () => [encodeWebSocketClose(code), decodeWebSocketClose(payload)]
      const read = () => decodeWebSocketClose(payload)
      expect(outcome(attempt)).toBe(allowed ? 'fine' : 'RangeError')
      expect(outcome(read)).toBe(allowed ? 'fine' : 'ERR_WEBSOCKET_CLOSE')
    })

  test('of one byte is refused', () => {
    expect(outcome(() => decodeWebSocketClose(hex('03')))).toBe('ERR_WEBSOCKET_CLOSE')
  })

  test('with a reason that is not UTF-8 is refused', () => {
    expect(outcome(() => decodeWebSocketClose(hex('03 e8 ff')))).toBe('ERR_WEBSOCKET_TEXT')
  })

  test('has a code for every error', () => {
    const codeOf = (code: ErrorCode) => webSocketCloseCode(new MediaError(code, ERROR_CODES[code]))
    expect(codeOf('ERR_WEBSOCKET_TEXT')).toBe(1007)
    expect(codeOf('ERR_WEBSOCKET_MESSAGE_BYTES')).toBe(1009)
    expect(codeOf('ERR_WEBSOCKET_FRAME')).toBe(1002)
    expect(codeOf('ERR_WEBSOCKET_CLOSE')).toBe(1002)
  })
})

function outcome(attempt: () => unknown): string {
  try {
    attempt()
    return 'fine'
  } catch (error) {
    if (error instanceof MediaError) return error.code
    return error instanceof RangeError ? 'RangeError' : 'another error'
  }
}
