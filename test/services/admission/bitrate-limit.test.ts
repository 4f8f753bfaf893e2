import { Hub, type Publisher, VirtualClock } from 'millrace/hub'
import { packetFromTag } from 'millrace/media'
import { BitrateLimit } from 'millrace/services/admission'
import { expect, it } from 'vitest'

/** AVC NAL units of a keyframe, `bytes` long with the tag header. */
const video = (dts: number, bytes: number) =>
  packetFromTag(
    9,
    dts,
    Uint8Array.from({ length: bytes }, (_, i) => [0x17, 0x01, 0, 0, 0][i] ?? 0),
  )

function world(maxKbps: number, windowMs?: number) {
  const clock = new VirtualClock()
  const hub = new Hub({ graceMs: 0 }, clock)
  const limit = new BitrateLimit(hub, { maxKbps, clock, ...(windowMs === undefined ? {} : { windowMs }) })
  const ended: string[] = []
  limit.on('exceeded', ({ streamPath }, publisher, kbps) =>
    ended.push(`${streamPath} ${publisher.ended} ${kbps}`),
  )
  const send = (publisher: Publisher, kbps: number, ms: number): void => {
    for (let i = 0; i < ms / 100; i++) {
      publisher.write(video(i * 100, (kbps / 8) * 100))
      clock.advance(100)
    }
  }
  return { clock, hub, limit, ended, send }
}

it('ends a publisher above the limit, at n and n + 1', () => {
  const { hub, ended, send } = world(1_000)
  const within = hub.publish('/live/within')
  send(within, 1_000, 30_000)
  expect([within.ended, ended]).toEqual([undefined, []])
  within.unpublish()
  const above = hub.publish('/live/above')
  send(above, 1_008, 10_000)
  expect([above.ended, ended]).toEqual(['kicked', ['/live/above kicked 1008']])
})

it('a burst within the window is no reason', () => {
  const { hub, ended, send, clock } = world(1_000)
  const publisher = hub.publish('/live/show')
  send(publisher, 4_000, 2_000)
  clock.advance(8_000)
  expect([publisher.ended, ended]).toEqual([undefined, []])
})

it('counts a publisher that came within a window for a whole one, and from its own start', () => {
  const { hub, ended, send, clock } = world(1_000)
  const first = hub.publish('/live/show')
  send(first, 900, 9_000)
  const second = hub.publish('/live/show', { takeOver: true })
  send(second, 900, 2_000)
  expect(ended).toEqual([])
  send(second, 4_000, 10_000)
  expect(second.ended).toBe('kicked')
  clock.advance(60_000)
  expect(clock.pending).toBe(0)
})

it('watches publishers that were there before, and none after close', () => {
  const clock = new VirtualClock()
  const hub = new Hub({}, clock)
  const publisher = hub.publish('/live/show')
  const limit = new BitrateLimit(hub, { maxKbps: 1, windowMs: 100, clock })
  publisher.write(video(0, 1_000))
  limit.close()
  clock.advance(1_000)
  expect(publisher.ended).toBeUndefined()
  const again = new BitrateLimit(hub, { maxKbps: 1, windowMs: 100, clock })
  publisher.write(video(0, 1_000))
  clock.advance(100)
  expect(publisher.ended).toBe('kicked')
  again.close()
})

it('holds no timer while nobody publishes', () => {
  const { hub, clock } = world(1_000, 100)
  expect(clock.pending).toBe(0)
  const publisher = hub.publish('/live/show')
  expect(clock.pending).toBe(1)
  publisher.unpublish()
  clock.advance(200)
  expect(clock.pending).toBe(0)
})

it('forgets a publisher that has left within its grace time', () => {
  const clock = new VirtualClock()
  const hub = new Hub({ graceMs: 60_000 }, clock)
  const limit = new BitrateLimit(hub, { maxKbps: 1, windowMs: 100, clock })
  const publisher = hub.publish('/live/show')
  publisher.write(video(0, 1_000))
  publisher.unpublish()
  clock.advance(100)
  expect([publisher.ended, clock.pending]).toEqual(['unpublished', 1]) // the grace time
  limit.close()
})

it('options that are none are a mistake of the caller', () => {
  expect(() => new BitrateLimit(new Hub(), { maxKbps: 0 })).toThrow(TypeError)
  expect(() => new BitrateLimit(new Hub(), { maxKbps: 1, windowMs: 99 })).toThrow(TypeError)
})
