import { Hub, VirtualClock } from 'millrace/hub'
import { expect, it } from 'vitest'
import { FakeFormat, FakeSink, inter, key, Stage } from './fakes.ts'

const CYCLES = 10_000

it('10,000 players that come and go leave nothing', () => {
  const stage = new Stage()
  stage.write(key(0, 1))
  let idle = 0
  stage.source.on('idle', () => idle++)
  const formats = [stage.format, new FakeFormat('other')]
  for (let i = 0; i < CYCLES; i++) {
    const sink = stage.attach({ format: formats[i % 2]!, tracks: i % 3 === 0 ? 'audio' : 'default' })
    if (i % 5 === 0) sink.player!.setTracks('all')
    if (i % 7 === 0) sink.player!.pause()
    if (i % 100 === 0) stage.write(inter(i, i))
    sink.player!.detach()
  }
  stage.clock.turn()
  expect(stage.source.stats()).toMatchObject({ players: 0, views: 0, batchBytes: 0 })
  expect([stage.clock.pending, idle]).toEqual([0, CYCLES])
})

it('10,000 consumers that come, wait and go leave nothing, on a quiet source', async () => {
  const stage = new Stage()
  const { signal } = new AbortController()
  let listeners = 0
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args))
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args))
  const waits: Promise<void>[] = []
  for (let i = 0; i < CYCLES; i++) {
    const consumer = stage.source.consume({ signal })
    waits.push(consumer.ready())
    consumer.detach()
  }
  await Promise.all(waits)
  expect([stage.source.stats().consumers, listeners, stage.clock.pending]).toEqual([0, 0, 0])
})

it('10,000 streams that come and go leave nothing', () => {
  const clock = new VirtualClock()
  const hub = new Hub({ graceMs: 100, maxSources: 60 }, clock)
  const format = new FakeFormat()
  let closed = 0
  hub.on('close', () => closed++)
  for (let i = 0; i < CYCLES; i++) {
    const publisher = hub.publish(`/live/${i}`)
    publisher.write(key(0, i))
    const sink = new FakeSink()
    hub.source(`/live/${i}`)!.attach(sink, { format })
    publisher.unpublish()
    clock.advance(2)
  }
  expect(hub.stats().sources).toBeLessThanOrEqual(51)
  clock.advance(100)
  expect([hub.stats().sources, closed, clock.pending]).toEqual([0, CYCLES, 0])
})

it('10,000 reconnects of one stream leave one grace timer, one source and a bounded log', () => {
  const stage = new Stage()
  const sink = stage.attach()
  for (let i = 0; i < CYCLES; i++) {
    stage.write(key(i, i))
    stage.republishAfter(1)
  }
  expect(sink.entries).toHaveLength(CYCLES)
  expect(stage.source.log.head - stage.source.log.first).toBeLessThan(5)
  stage.publisher.unpublish()
  stage.clock.turn()
  expect(stage.clock.pending).toBe(1)
  stage.clock.advance(10_000)
  expect([stage.clock.pending, stage.hub.stats().sources, sink.ended]).toEqual([0, 0, ['unpublished']])
})

it('10,000 players that wait for streams which never come leave nothing', async () => {
  const clock = new VirtualClock()
  const hub = new Hub({ resolveSource: () => Promise.resolve(undefined) }, clock)
  const waits: Promise<unknown>[] = []
  for (let i = 0; i < CYCLES; i++) {
    const controller = new AbortController()
    waits.push(hub.findSource(`/live/${i % 100}`, controller.signal))
    if (i % 2 === 0) controller.abort()
  }
  for (let i = 0; i < 10; i++) await Promise.resolve()
  clock.advance(3_000)
  await Promise.all(waits)
  expect([hub.stats(), clock.pending]).toEqual([{ sources: 0, players: 0, waiting: 0, deciding: 0 }, 0])
})
