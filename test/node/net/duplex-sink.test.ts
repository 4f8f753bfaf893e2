import { Writable } from 'node:stream'
import { duplexPair } from 'millrace/node'
import { expect, test } from 'vitest'
import { DuplexSink } from '../../../src/node/net/duplex-sink.ts'
import { settle } from '../memory-world.ts'

/** A sink and what it told its owner. */
function sinkOver(stream: Writable): { sink: DuplexSink; told: string[] } {
  const told: string[] = []
  const sink = new DuplexSink(stream, {
    drained: () => told.push('drained'),
    ended: (reason) => told.push(`ended ${reason}`),
  })
  return { sink, told }
}

test('writes the same Buffer for all players of a batch, over the memory of the batch', () => {
  const chunks: unknown[] = []
  const collect = (): Writable =>
    new Writable({
      write(chunk, _encoding, done) {
        chunks.push(chunk)
        done()
      },
    })
  const batch = new Uint8Array(8).subarray(2, 6)
  const other = new Uint8Array(4)
  for (const bytes of [batch, other, batch]) {
    sinkOver(collect()).sink.write(bytes)
    sinkOver(collect()).sink.write(bytes)
  }
  const [first, again, , , , last] = chunks
  expect(first).toBeInstanceOf(Buffer)
  expect(again).toBe(first)
  expect(last).toBe(first)
  const buffer = first as Buffer
  expect([buffer.buffer, buffer.byteOffset, buffer.length]).toEqual([batch.buffer, 2, 4])
})

test('queuedBytes is what the stream has not passed on', async () => {
  const [near, far] = duplexPair({ windowBytes: 100 })
  const { sink, told } = sinkOver(near)
  sink.write(new Uint8Array(100))
  expect(sink.queuedBytes).toBe(0)
  sink.write(new Uint8Array(50))
  expect(sink.queuedBytes).toBe(50)
  far.resume()
  await settle()
  expect(sink.queuedBytes).toBe(0)
  expect([sink.writtenBytes, told]).toEqual([150, []])
})

test('listens for drain only while it is asked to, once', async () => {
  const [near, far] = duplexPair({ windowBytes: 100 })
  const { sink, told } = sinkOver(near)
  sink.write(new Uint8Array(100_000))
  expect(near.listenerCount('drain')).toBe(0)
  sink.awaitDrain()
  sink.awaitDrain()
  expect(near.listenerCount('drain')).toBe(1)
  far.resume()
  await settle()
  expect(told).toEqual(['drained'])
  expect(near.listenerCount('drain')).toBe(0)
})

test('a stream below its high-water mark drains too', async () => {
  const [near, far] = duplexPair({ windowBytes: 100 })
  const { sink, told } = sinkOver(near)
  sink.write(new Uint8Array(150))
  expect(near.writableNeedDrain).toBe(false)
  sink.awaitDrain()
  await settle()
  expect(told).toEqual([])
  far.resume()
  await settle()
  expect(told).toEqual(['drained'])
})

test('corked batches are one write to the transport', async () => {
  const sizes: number[] = []
  const stream = new Writable({
    writev(chunks, done) {
      sizes.push(chunks.length)
      done()
    },
  })
  const { sink } = sinkOver(stream)
  sink.cork()
  for (let i = 0; i < 5; i++) sink.write(new Uint8Array(10))
  sink.uncork()
  await settle()
  expect(sizes).toEqual([5])
})

test('a stream that is over takes nothing, and waits for nothing', async () => {
  for (const finish of ['destroy', 'end'] as const) {
    const [near, far] = duplexPair()
    far.resume()
    const { sink, told } = sinkOver(near)
    near[finish]()
    sink.write(new Uint8Array(10))
    sink.awaitDrain()
    await settle()
    expect([sink.writtenBytes, told]).toEqual([0, []])
  }
})

test('the end of the source is told to the owner, who ends the stream', () => {
  const [near] = duplexPair()
  const { sink, told } = sinkOver(near)
  sink.end('unpublished')
  expect(told).toEqual(['ended unpublished'])
  expect(near.writableEnded).toBe(false)
})
