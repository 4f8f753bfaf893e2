import { ByteArena } from 'millrace/bytes'
import { expect, test } from 'vitest'

test('arrays do not overlap and have the length that was asked', () => {
  const arena = new ByteArena()
  const taken = Array.from({ length: 2_000 }, (_, i) => arena.take(i % 300).fill(i))
  for (const [i, bytes] of taken.entries()) {
    expect(bytes).toHaveLength(i % 300)
    expect(bytes.every((byte) => byte === (i & 0xff))).toBe(true)
  }
})

test('an arena that is hardly used keeps nothing, one in full use goes by 64 kB', () => {
  const arena = new ByteArena()
  expect(arena.take(10).buffer.byteLength).toBe(10)
  expect(arena.take(2_038).buffer.byteLength).toBe(2_038)
  const slabs = new Set<ArrayBufferLike>()
  for (let i = 0; i < 1_000; i++) slabs.add(arena.take(1_000).buffer)
  expect([...slabs].map((slab) => slab.byteLength).slice(0, 8)).toEqual([
    4_096, 8_192, 16_384, 32_768, 65_536, 65_536, 65_536, 65_536,
  ])
})

test('a request above half of a slab gets memory of its own', () => {
  const arena = new ByteArena(4_096)
  expect(arena.take(2_048).buffer.byteLength).toBe(2_048)
  expect(arena.take(2_049).buffer.byteLength).toBe(2_049)
  expect(new ByteArena().take(100_000).buffer.byteLength).toBe(100_000)
})
