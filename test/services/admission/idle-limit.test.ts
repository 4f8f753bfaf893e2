import { Hub, VirtualClock } from 'millrace/hub'
import { FLV_VIEW } from 'millrace/flv'
import { IdleLimit } from 'millrace/services/admission'
import { expect, it } from 'vitest'

function world(maxIdleMs: number) {
  const clock = new VirtualClock()
  const hub = new Hub({ graceMs: 0 }, clock)
  const limit = new IdleLimit(hub, { maxIdleMs, clock })
  const ended: string[] = []
  limit.on('exceeded', ({ streamPath }, publisher) => ended.push(`${streamPath} ${publisher.ended}`))
  const pass = (ms: number): void => {
    for (let left = ms; left > 0; left -= 250) clock.advance(Math.min(250, left))
  }
  return { clock, hub, limit, ended, pass }
}

it('ends a publisher that nobody watches, and nobody else', () => {
  const { clock, hub, ended, pass } = world(10_000)
  const alone = hub.publish('/live/alone')
  const watched = hub.publish('/live/watched')
  const leave = watched.source.countViewer()
  watched.source.consume()
  alone.source.consume()
  pass(9_000)
  expect(ended).toEqual([])
  pass(1_000)
  expect([alone.ended, watched.ended, ended]).toEqual(['kicked', undefined, ['/live/alone kicked']])
  pass(20_000)
  leave()
  pass(9_000)
  expect(watched.ended).toBeUndefined()
  pass(2_000)
  expect(watched.ended).toBe('kicked')
  expect(clock.pending).toBe(0)
})

it('players that come and go between two looks count, and the next publisher has its own time', () => {
  const { hub, pass } = world(5_000)
  const publisher = hub.publish('/live/show')
  const sink = { queuedBytes: 0, write: () => true, end: () => {} }
  for (let round = 0; round < 4; round++) {
    pass(4_250)
    publisher.source.attach(sink as never, { format: FLV_VIEW }).detach()
  }
  expect(publisher.ended).toBeUndefined()
  const next = hub.publish('/live/show', { takeOver: true })
  pass(4_750)
  expect(next.ended).toBeUndefined()
  pass(1_250)
  expect(next.ended).toBe('kicked')
})

it('watches publishers that are there already, and no longer once it is closed', () => {
  const { clock, hub, limit } = world(500)
  const publisher = hub.publish('/live/show')
  limit.close()
  clock.advance(60_000)
  expect([publisher.ended, clock.pending]).toEqual([undefined, 0])
  const late = new IdleLimit(hub, { maxIdleMs: 500, clock })
  clock.advance(500)
  clock.turn()
  expect(publisher.ended).toBe('kicked')
  late.close()
})

it.each([0, -1, Number.NaN, Infinity])('maxIdleMs %d is none', (maxIdleMs) => {
  expect(() => new IdleLimit(new Hub(), { maxIdleMs })).toThrow(/IdleLimit: .*maxIdleMs/s)
})
