import fc from 'fast-check'
import { decodeUtf8, encodeUtf8, utf8Length, writeUtf8 } from 'millrace/bytes'
import { describe, expect, test } from 'vitest'
import { hex, toHex } from '../support/bytes.ts'

// RFC 3629 §7 and one code point for each length
const TEXTS: readonly (readonly [string, string])[] = [
  ['', ''],
  ['A', '41'],
  ['é', 'c3 a9'],
  ['A≢Α.', '41 e2 89 a2 ce 91 2e'],
  ['日本語', 'e6 97 a5 e6 9c ac e8 aa 9e'],
  ['😀', 'f0 9f 98 80'],
]

describe.each(TEXTS)('%j', (text, bytes) => {
  test('is written', () => expect(toHex(encodeUtf8(text))).toBe(toHex(hex(bytes))))
  test('is counted in bytes', () => expect(utf8Length(text)).toBe(hex(bytes).length))
  test('is read', () => expect(decodeUtf8(hex(bytes))).toBe(text))
})

test('a part of an array is read', () => {
  expect(decodeUtf8(hex('aa c3 a9 bb'), 1, 3)).toBe('é')
})

test('text beyond the short path is read', () => {
  const text = 'x'.repeat(100) + 'é'
  expect(decodeUtf8(encodeUtf8(text))).toBe(text)
})

test('a lone surrogate becomes U+FFFD, in three bytes', () => {
  expect(toHex(encodeUtf8('\ud800x'))).toBe('ef bf bd 78')
  expect(utf8Length('\udc00')).toBe(3)
})

test('malformed bytes become U+FFFD', () => {
  expect(decodeUtf8(hex('41 ff 42'))).toBe('A\ufffdB')
})

test('it writes what TextEncoder writes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const expected = new TextEncoder().encode(text)
      const out = new Uint8Array(expected.length + 1)
      expect(utf8Length(text)).toBe(expected.length)
      expect(writeUtf8(text, out, 1)).toBe(expected.length + 1)
      expect(toHex(out.subarray(1))).toBe(toHex(expected))
    }),
  )
})
