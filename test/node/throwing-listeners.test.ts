/** Defects of an application that listens: the streams go on. */
import { expect, onTestFinished, test } from 'vitest'
import { audioConfig, key, videoConfig } from '../hub/fakes.ts'
import { World } from './memory-world.ts'

function throwing(): never {
  throw new Error('a bug of the application')
}

test('every event of a hub and an RTMP server may have one that throws', async () => {
  const world = new World({
    hub: { graceMs: 0, authorize: () => true },
    server: { onConnect: () => ({ type: 'accept', onEnd: throwing }) },
  })
  const errors = new Set<string>()
  for (const facts of ['publish', 'unpublish', 'close', 'accept', 'leave', 'fail', 'refuse'] as const)
    world.hub.on(facts, throwing)
  for (const facts of ['connection', 'sessionEvent', 'refuse', 'close'] as const)
    world.server.on(facts, throwing)
  world.hub.on('listenerError', (_, event) => errors.add(`hub ${event}`))
  world.server.on('listenerError', (_, event) => errors.add(`server ${event}`))
  const publisher = await world.publish()
  const player = await world.play('show', { windowBytes: 1_000_000 })
  publisher.write(videoConfig(0, 1), audioConfig(0, 2), key(0, 3))
  await world.advance(100)
  expect(player.packets).toHaveLength(3)
  publisher.leave()
  player.leave()
  await world.advance(500)
  expect([...errors].toSorted()).toEqual([
    'hub accept',
    'hub close',
    'hub leave',
    'hub publish',
    'hub unpublish',
    'server close',
    'server connection',
    'server onEnd',
    'server sessionEvent',
  ])
})

test('a rejected promise of a listener is not unhandled', async () => {
  const world = new World()
  const unhandled: unknown[] = []
  const count = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', count)
  onTestFinished(() => void process.off('unhandledRejection', count))
  // TypeScript takes an async function for a listener.
  const rejecting = (() => Promise.reject(new Error('a bug of the application'))) as () => void
  world.hub.on('publish', rejecting)
  await world.publish()
  expect(unhandled).toEqual([])
})
