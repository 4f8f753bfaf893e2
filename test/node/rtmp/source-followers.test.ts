import { Hub } from 'millrace/hub'
import { expect, it } from 'vitest'
import { Scheduler } from '../../../src/hub/scheduler.ts'
import { SourceFollowers } from '../../../src/node/rtmp/source-followers.ts'
import { BusyClock } from '../../hub/fakes.ts'

/** 100 followers of a stream, who take 0.2 ms each to be told something. */
function crowd() {
  const clock = new BusyClock()
  const hub = new Hub({}, clock)
  const followers = new SourceFollowers(new Scheduler(clock))
  const publisher = hub.publish('/live/show')
  const { source } = publisher
  const add = () => {
    const heard: string[] = []
    const hear = (what: string) => (): void => {
      heard.push(what)
      clock.workedMs += 0.2
    }
    const follower = { publisherGone: hear('gone'), publisherBack: hear('back') }
    followers.add(source, follower)
    return { heard, leave: () => followers.delete(source, follower) }
  }
  const all = Array.from({ length: 100 }, add)
  const told = (): number => all.filter(({ heard }) => heard.length > 0).length
  return { clock, hub, publisher, add, all, told }
}

it('tells many in turns', () => {
  const { clock, publisher, all, told } = crowd()
  publisher.unpublish()
  expect(told()).toBe(32)
  const between: number[] = []
  clock.defer(() => between.push(told()))
  clock.turn()
  expect(between).toEqual([64])
  expect(all.map(({ heard }) => heard)).toEqual(all.map(() => ['gone']))
})

it('tells everyone of everything in order, whatever comes while it is at it', () => {
  const { clock, hub, publisher, all } = crowd()
  publisher.unpublish()
  const again = hub.publish('/live/show')
  again.unpublish()
  clock.turn()
  expect(all.map(({ heard }) => heard)).toEqual(all.map(() => ['gone', 'back', 'gone']))
  hub.publish('/live/show')
  clock.turn()
  expect(all.map(({ heard }) => heard)).toEqual(all.map(() => ['gone', 'back', 'gone', 'back']))
})

it('tells nobody who has left, and nobody who came later', () => {
  const { clock, publisher, add, all, told } = crowd()
  publisher.unpublish()
  for (const { leave } of all) leave()
  const late = add()
  clock.turn()
  expect([told(), late.heard]).toEqual([32, []])
})
