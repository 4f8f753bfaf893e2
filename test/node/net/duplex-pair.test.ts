import type { Duplex } from 'node:stream'
import fc from 'fast-check'
import { duplexPair } from 'millrace/node'
import { describe, expect, test } from 'vitest'
import { settle } from '../memory-world.ts'

/** What an end reads and how it ends, once somebody looks. */
function watch(end: Duplex): { read: number[]; seen: string[] } {
  const read: number[] = []
  const seen: string[] = []
  end.on('data', (bytes: Buffer) => read.push(...bytes))
  for (const event of ['end', 'finish', 'close']) end.on(event, () => seen.push(event))
  end.on('error', (error: Error & { code?: string }) => seen.push(error.code ?? error.message))
  return { read, seen }
}

test('what is written to one end is read from the other, both ways', async () => {
  const [a, b] = duplexPair()
  const [atA, atB] = [watch(a), watch(b)]
  a.write(Uint8Array.of(1, 2))
  b.write(Uint8Array.of(9))
  a.write(Uint8Array.of(3))
  expect(atB.read).toEqual([]) // never inside of the write
  await settle()
  expect([atA.read, atB.read]).toEqual([[9], [1, 2, 3]])
})

describe('the window', () => {
  test('a reader that has stopped is sent the window, the rest stays with the writer', async () => {
    const [a, b] = duplexPair({ windowBytes: 10 })
    a.write(new Uint8Array(10))
    expect(a.writableLength).toBe(0)
    a.write(new Uint8Array(1))
    expect(a.writableLength).toBe(1)
    await settle()
    expect([a.writableLength, b.readableLength]).toEqual([1, 10])
    expect(b.read(4)).toHaveLength(4)
    await settle()
    expect([a.writableLength, b.readableLength]).toEqual([0, 7])
  })

  test('one write may be larger than the window', async () => {
    const [a, b] = duplexPair({ windowBytes: 10 })
    a.write(Uint8Array.from({ length: 95 }, (_, i) => i))
    await settle()
    expect(b.readableLength).toBe(10)
    const { read } = watch(b)
    await settle()
    expect(read).toEqual(Array.from({ length: 95 }, (_, i) => i))
    expect(a.writableLength).toBe(0)
  })

  test('drain comes when the reader goes on', async () => {
    const [a, b] = duplexPair({ windowBytes: 10 })
    let drained = 0
    a.on('drain', () => drained++)
    expect(a.write(new Uint8Array(100_000))).toBe(false)
    await settle()
    expect(drained).toBe(0)
    b.resume()
    await settle()
    expect(drained).toBe(1)
  })

  test.each([0, -1, Number.NaN])('of %d bytes is a mistake', (windowBytes) => {
    expect(() => duplexPair({ windowBytes })).toThrow(RangeError)
  })
})

describe('the end', () => {
  test('comes behind the last byte, and leaves the way back open', async () => {
    const [a, b] = duplexPair({ windowBytes: 3 })
    a.end(Uint8Array.of(1, 2, 3, 4, 5))
    const [atA, atB] = [watch(a), watch(b)]
    await settle()
    expect(atB).toEqual({ read: [1, 2, 3, 4, 5], seen: ['end'] })
    b.end(Uint8Array.of(6))
    await settle()
    expect(atA).toEqual({ read: [6], seen: ['finish', 'end', 'close'] })
    expect(atB.seen).toEqual(['end', 'finish', 'close'])
  })

  test('destroy: the other end reads what it has taken, then its end; writing back fails', async () => {
    const [a, b] = duplexPair({ windowBytes: 3 })
    a.write(Uint8Array.of(1, 2, 3, 4, 5)) // 4 and 5 never leave
    a.destroy()
    await settle()
    const atB = watch(b)
    await settle()
    expect(atB).toEqual({ read: [1, 2, 3], seen: ['end'] })
    b.write(Uint8Array.of(6))
    await settle()
    expect(atB.seen).toEqual(['end', 'EPIPE', 'close'])
  })

  test('destroy: a write that waits for room fails', async () => {
    const [a, b] = duplexPair({ windowBytes: 3 })
    const atA = watch(a)
    a.write(new Uint8Array(5))
    b.destroy()
    await settle()
    expect(atA.seen).toEqual(['EPIPE', 'close'])
  })

  test('destroy with an error is no different for the other end', async () => {
    const [a, b] = duplexPair()
    const [atA, atB] = [watch(a), watch(b)]
    a.write(Uint8Array.of(1))
    a.destroy(new Error('out of memory'))
    await settle()
    expect(atA.seen).toEqual(['out of memory', 'close'])
    expect(atB).toEqual({ read: [1], seen: ['end'] })
  })

  test('both at once', async () => {
    const [a, b] = duplexPair()
    const [atA, atB] = [watch(a), watch(b)]
    a.destroy()
    b.destroy()
    await settle()
    expect([atA.seen, atB.seen]).toEqual([['close'], ['close']])
  })
})

test('bytes arrive in order and complete, whatever the window, the writes and the reads', async () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ write: fc.integer({ min: 0, max: 40 }) }),
      fc.record({ read: fc.integer({ min: 1, max: 40 }) }),
      fc.constant('turn' as const),
    ),
    { maxLength: 40 },
  )
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 20 }), steps, async (windowBytes, todo) => {
      const [a, b] = duplexPair({ windowBytes })
      const read: number[] = []
      let written = 0
      for (const step of todo) {
        if (step === 'turn') await settle()
        else if ('write' in step) a.write(Uint8Array.from({ length: step.write }, () => written++ & 0xff))
        else read.push(...((b.read(Math.min(step.read, b.readableLength)) as Buffer | null) ?? []))
        expect(b.readableLength).toBeLessThanOrEqual(windowBytes)
      }
      a.end()
      b.on('data', (bytes: Buffer) => read.push(...bytes))
      await new Promise((resolve) => b.on('end', resolve))
      expect(read).toEqual(Array.from({ length: written }, (_, i) => i & 0xff))
    }),
    { seed: 7, numRuns: 60 },
  )
})
