/** A server that wants its clients to leave. */
import { duplexPair } from 'millrace/node'
import { expect, test } from 'vitest'
import { key, metadata, videoConfig } from '../../hub/fakes.ts'
import { World } from '../memory-world.ts'

test('asks those that follow such requests, and serves them until they leave', async () => {
  const world = new World()
  const publisher = await world.publish()
  const player = await world.play()
  const silent = world.server.handle(duplexPair()[0], { remoteAddress: '192.0.2.9' })
  const drained = world.server.drain(5_000, 'rtmp://other/live')
  await world.settle()
  expect(publisher.news.at(-1)).toBe('reconnect at rtmp://other/live')
  expect(player.news.at(-1)).toBe('reconnect at rtmp://other/live')
  publisher.write(metadata(0, 1), videoConfig(0, 2), key(0, 3))
  await world.settle()
  expect(player.packets).toHaveLength(3)
  publisher.leave()
  player.leave()
  silent.close('test')
  expect(await drained).toBe(true)
})

test('waits no longer than it may', async () => {
  const world = new World()
  const publisher = await world.publish()
  let answer: boolean | undefined
  void world.server.drain(5_000).then((left) => (answer = left))
  await world.settle()
  expect(publisher.news.at(-1)).toBe('reconnect at the same place')
  world.clock.advance(4_999)
  await world.settle()
  expect(answer).toBeUndefined()
  world.clock.advance(1)
  await world.settle()
  expect(answer).toBe(false)
  expect(publisher.phase).toBe('publishing')
})

test('has nothing to wait for without clients', async () => {
  expect(await new World().server.drain(5_000)).toBe(true)
})
