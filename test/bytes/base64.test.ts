import { decodeBase64, encodeBase64 } from 'millrace/bytes'
import { expect, it } from 'vitest'

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0))

// RFC 4648 §10
const VECTORS = [
  ['', ''],
  ['f', 'Zg=='],
  ['fo', 'Zm8='],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg=='],
  ['fooba', 'Zm9vYmE='],
  ['foobar', 'Zm9vYmFy'],
] as const

it.each(VECTORS)('%s', (text, base64) => {
  expect(encodeBase64(ascii(text))).toBe(base64)
  expect(decodeBase64(base64)).toEqual(ascii(text))
  expect(decodeBase64(base64.replaceAll('=', ''))).toEqual(ascii(text))
})

it('all bytes', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
  expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
  expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes)
})

it.each(['Zm9 v', 'Zm9v*', 'Z=m9', 'Zm-_'])('%s is refused', (text) => {
  expect(decodeBase64(text)).toBeUndefined()
})
