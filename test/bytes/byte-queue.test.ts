import fc from 'fast-check'
import { ByteQueue } from 'millrace/bytes'
import { expect, test } from 'vitest'
import { toHex } from '../support/bytes.ts'

test('takes out what was pushed, in any portions', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 200 })),
      fc.infiniteStream(fc.nat(50)),
      (parts, portions) => {
        const queue = new ByteQueue()
        const expected: number[] = []
        const taken: number[] = []
        for (const part of parts) {
          queue.push(part)
          expected.push(...part)
          const next = queue.take(portions.next().value as number)
          if (next !== undefined) taken.push(...next)
          expect(queue.length).toBe(expected.length - taken.length)
        }
        taken.push(...queue.peek())
        expect(toHex(Uint8Array.from(taken))).toBe(toHex(Uint8Array.from(expected)))
      },
    ),
  )
})

test('the pushed buffer may be reused at once', () => {
  const queue = new ByteQueue()
  const buffer = Uint8Array.of(1, 2, 3)
  queue.push(buffer)
  buffer.fill(9)
  expect(queue.take(3)).toEqual(Uint8Array.of(1, 2, 3))
})

test('take gives undefined, and skip throws, beyond what waits', () => {
  const queue = new ByteQueue()
  queue.push(Uint8Array.of(1, 2))
  expect(queue.take(3)).toBeUndefined()
  expect(() => queue.skip(3)).toThrow(RangeError)
  expect(queue.length).toBe(2)
})

test('memory follows what waits, not what passed through', () => {
  const queue = new ByteQueue()
  const part = new Uint8Array(1_000)
  for (let i = 0; i < 10_000; i++) {
    queue.push(part)
    queue.skip(1_000)
  }
  expect(queue.peek().buffer.byteLength).toBeLessThan(10_000)
})
