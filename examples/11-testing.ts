// How code that uses millrace is tested: without ports, without sleeping.
import assert from 'node:assert/strict'
import { duplexPair, Hub, packetFromTag, RtmpClient, RtmpServer, VirtualClock } from 'millrace'
import type { Clock } from 'millrace/hub'

// #region subject
/** The code under test: ends every publisher that has been on for `maxMs`. */
function limitPublishTime(hub: Hub, clock: Clock, maxMs: number): void {
  hub.on('publish', (source, publisher) => {
    const timer = clock.setTimeout(() => publisher.kick(), maxMs)
    source.once('unpublish', () => timer.cancel())
  })
}
// #endregion subject

function testPublishTime(): void {
  // #region virtual-clock
  const clock = new VirtualClock()
  const hub = new Hub({ graceMs: 5_000 }, clock)
  limitPublishTime(hub, clock, 600_000)

  const publisher = hub.publish('/live/show')
  clock.advance(599_999)
  assert.equal(publisher.ended, undefined)
  clock.advance(1)
  assert.equal(publisher.ended, 'kicked')

  clock.advance(5_000) // the grace time
  assert.equal(hub.stats().sources, 0)
  assert.equal(clock.pending, 0) // no timer is left behind
  // #endregion virtual-clock
}

async function testStreamKeys(): Promise<void> {
  // #region duplex-pair
  const hub = new Hub({ authorize: ({ streamName }) => streamName === 's3cret' })
  const server = new RtmpServer({ hub })
  const publish = (key: string): Promise<RtmpClient> => {
    const [ours, theirs] = duplexPair()
    server.handle(theirs, { remoteAddress: '192.0.2.1' })
    return RtmpClient.publish(`rtmp://test/live/${key}`, { stream: ours })
  }

  await assert.rejects(publish('guess'), { code: 'ERR_RTMP_REJECTED' })

  const encoder = await publish('s3cret')
  const consumer = hub.source('/live/s3cret')!.consume()
  // A keyframe: frame type 1, codec id 7 (AVC), packet type 1, composition time 0, one NAL unit of 2 bytes.
  encoder.write(packetFromTag(9, 0, Uint8Array.of(0x17, 0x01, 0, 0, 0, 0, 0, 0, 2, 0x65, 0x88)))
  await consumer.ready()
  assert.equal(consumer.read()?.keyframe, true)
  // #endregion duplex-pair
  await encoder.close()
  await server.close()
  hub.close()
}

testPublishTime()
console.log('the publish time is limited')
await testStreamKeys()
console.log('stream keys are checked')
