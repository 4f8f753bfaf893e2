/** A process that was stopped, or whose machine was: what peers have sent meanwhile waits unread. */
import { describe, expect, test } from 'vitest'
import { key } from '../hub/fakes.ts'
import { HlsServer } from '../packaging/hls-harness.ts'
import { Stage } from './http/http-harness.ts'
import { World } from './memory-world.ts'

const CONNECTED = { mediaTimeoutMs: 5_000, firstMediaTimeoutMs: 5_000, commandTimeoutMs: 5_000 }

describe('an RTMP server that stood still for longer than its timeouts', () => {
  test('keeps a publisher whose media waits to be read, and ends one that has gone', async () => {
    const world = new World({ server: { session: CONNECTED } })
    const [healthy, gone] = [await world.publish('healthy'), await world.publish('gone')]
    for (const publisher of [healthy, gone]) publisher.write(key(0, 1))
    await world.advance(1_000)
    world.clock.standStill(8_000)
    await world.advance(250)
    healthy.write(key(9_000, 1))
    await world.advance(4_000)
    healthy.write(key(13_000, 1))
    await world.advance(2_000)
    expect(world.log).toEqual([
      'publish /live/healthy',
      'publish /live/gone',
      'unpublish /live/gone unpublished',
      'close #2 ERR_RTMP_MEDIA_TIMEOUT',
    ])
  })

  test('keeps a peer in the middle of its handshake', async () => {
    const world = new World({ server: { session: { handshakeTimeoutMs: 5_000 } } })
    const peer = world.raw()
    peer.send(Uint8Array.of(3)) // C0 (RTMP 1.0 §5.2.2); C1 is on its way
    await world.settle()
    world.clock.standStill(8_000)
    await world.advance(4_900)
    expect(world.log).toEqual([])
    await world.advance(1_000)
    expect(world.log).toEqual(['close #1 ERR_RTMP_HANDSHAKE_TIMEOUT'])
  })
})

test('HLS keeps a viewer whose next request waits to be read, and forgets one that has gone', async () => {
  const stage = new Stage()
  const encoder = stage.publish()
  const server = new HlsServer(stage, { viewerTimeoutMs: 10_000 })
  const { answer: gone } = await server.waiting()
  encoder.send()
  await gone
  const healthy = await server.enter()
  expect(server.hls.viewerCount).toBe(2)
  stage.clock.standStill(60_000)
  stage.clock.advance(1_000)
  await server.media(healthy)
  stage.clock.advance(5_000)
  expect(server.hls.viewerCount).toBe(1)
  await server.media(healthy)
  await server.hls.close()
})
