import { concatBytes, copyBytes, EMPTY_BYTES, equalBytes } from 'millrace/bytes'
import { expect, test } from 'vitest'

test('concatBytes joins, with the length given or counted', () => {
  const parts = [Uint8Array.of(1), EMPTY_BYTES, Uint8Array.of(2, 3)]
  expect(concatBytes(parts)).toEqual(Uint8Array.of(1, 2, 3))
  expect(concatBytes(parts, 3)).toEqual(Uint8Array.of(1, 2, 3))
  expect(concatBytes([])).toEqual(EMPTY_BYTES)
})

test('copyBytes owns exactly its bytes', () => {
  const slab = new Uint8Array(1_000).fill(7)
  const copy = copyBytes(slab.subarray(10, 14))
  expect(copy).toEqual(Uint8Array.of(7, 7, 7, 7))
  expect(copy.buffer.byteLength).toBe(4)
})

test('equalBytes compares content', () => {
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true)
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false)
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false)
  expect(equalBytes(EMPTY_BYTES, EMPTY_BYTES)).toBe(true)
})
