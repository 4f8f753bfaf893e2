import { followHub, Hub, type HubFollower, VirtualClock } from 'millrace/hub'
import { expect, it } from 'vitest'
import { key } from './fakes.ts'

function recorded(): { readonly events: string[]; readonly follower: HubFollower } {
  const events: string[] = []
  const follower: HubFollower = {
    publish: ({ streamPath }, { userData }, isNew) =>
      events.push(`publish ${streamPath} by ${String(userData)}${isNew ? '' : ', already there'}`),
    unpublish: ({ streamPath }, reason, { userData }) =>
      events.push(`unpublish ${streamPath} by ${String(userData)}: ${reason}`),
    close: ({ streamPath }) => events.push(`close ${streamPath}`),
  }
  return { events, follower }
}

it('the streams that are there come first, then what happens', () => {
  const clock = new VirtualClock()
  const hub = new Hub({ graceMs: 1000, secondPublisher: 'take-over' }, clock)
  hub.publish('/live/a', { userData: 1 })
  const { events, follower } = recorded()
  followHub(hub, follower)
  expect(events.splice(0)).toEqual(['publish /live/a by 1, already there'])
  hub.publish('/live/a', { userData: 2 })
  expect(events.splice(0)).toEqual(['unpublish /live/a by 1: taken-over', 'publish /live/a by 2'])
  hub.publish('/live/b', { userData: 3 }).unpublish()
  expect(events.splice(0)).toEqual(['publish /live/b by 3', 'unpublish /live/b by 3: unpublished'])
  clock.advance(2000)
  expect(events.splice(0)).toEqual(['close /live/b'])
})

it('a source within its grace time is followed if asked for', () => {
  const hub = new Hub({}, new VirtualClock())
  hub.publish('/live/a', { userData: 1 }).unpublish()
  const without = recorded()
  followHub(hub, without.follower)
  expect(without.events).toEqual([])
  const within = recorded()
  followHub(hub, { ...within.follower, withinGrace: true })
  expect(within.events).toEqual(['publish /live/a by 1, already there'])
})

it('what is published or taken over meanwhile comes once', () => {
  const hub = new Hub({ secondPublisher: 'take-over' }, new VirtualClock())
  hub.publish('/live/a', { userData: 1 })
  hub.publish('/live/b', { userData: 2 })
  hub.publish('/live/c', { userData: 3 })
  const { events, follower } = recorded()
  followHub(hub, {
    publish: (source, publisher, isNew) => {
      follower.publish(source, publisher, isNew)
      if (source.streamPath !== '/live/a') return
      hub.publish('/live/b', { userData: 4 })
      hub.source('/live/c')!.close()
      hub.publish('/live/d', { userData: 5 })
    },
  })
  expect(events).toEqual([
    'publish /live/a by 1, already there',
    'publish /live/b by 4',
    'publish /live/d by 5',
  ])
})

it('ends when asked to, also twice', () => {
  const hub = new Hub({}, new VirtualClock())
  const { events, follower } = recorded()
  const unfollow = followHub(hub, follower)
  unfollow()
  unfollow()
  hub.publish('/live/a').write(key(0))
  hub.close()
  expect([events, hub.listenerCount('publish'), hub.listenerCount('unpublish')]).toEqual([[], 0, 0])
  expect(hub.listenerCount('close')).toBe(0)
})

it('a follower that throws misses nothing else, for streams that are there too', () => {
  const hub = new Hub({}, new VirtualClock())
  hub.publish('/live/a')
  hub.publish('/live/b')
  const errors: unknown[] = []
  hub.on('listenerError', (error, event) => errors.push([event, String(error)]))
  const seen: string[] = []
  followHub(hub, {
    publish: ({ streamPath }) => {
      seen.push(streamPath)
      throw new Error(streamPath)
    },
  })
  hub.publish('/live/c')
  expect(seen).toEqual(['/live/a', '/live/b', '/live/c'])
  expect(errors).toEqual([
    ['publish', 'Error: /live/a'],
    ['publish', 'Error: /live/b'],
    ['publish', 'Error: /live/c'],
  ])
})
