import { createHash } from 'node:crypto'
import { isWebSocketKey, webSocketAccept } from 'millrace/websocket'
import { expect, test } from 'vitest'

const sha1 = (bytes: Uint8Array): Uint8Array => createHash('sha1').update(bytes).digest()

test('the accept value of RFC 6455 §1.3', () => {
  expect(webSocketAccept('dGhlIHNhbXBsZSBub25jZQ==', sha1)).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})

test('base64 of digests of every remainder', () => {
  const accept = (length: number) => webSocketAccept('', () => new Uint8Array(length).fill(0xfb))
  expect([accept(0), accept(1), accept(2), accept(3)]).toEqual(['', '+w==', '+/s=', '+/v7'])
})

test('a key is 16 bytes in base64', () => {
  expect(isWebSocketKey('dGhlIHNhbXBsZSBub25jZQ==')).toBe(true)
  for (const key of [
    '',
    'dGhlIHNhbXBsZSBub25jZQ',
    'dGhlIHNhbXBsZSBub25jZR==',
    'dGhlIHNhbXBsZSBub25j\nQ==',
    'dGhlIHNhbXBsZSBub25jZQAA',
  ])
    // prettier-ignore
    expect(isWebSocketKey(key)).toBe(false)
})
