/** Publishers that send what no encoder does, to a recorder that is to hold little and make few files. */
import { type MediaPacket, packetFromTag } from 'millrace/media'
import { expect, it, vi } from 'vitest'
import { audio, inter, key, videoConfig } from '../../hub/fakes.ts'
import { aacConfiguration, aacFrame, avcConfiguration, avcFrame } from '../../mpegts/packets.ts'
import { ascii, hex, join } from '../../support/bytes.ts'
import { settle, Stage } from './stage.ts'

/** AMF0: the text `onTextData`, then one of 1000 bytes. */
function largeText(dts: number): MediaPacket {
  return packetFromTag(
    18,
    dts,
    join(hex('02 000a'), ascii('onTextData'), hex('02 03e8'), new Uint8Array(1_000)),
  )
}

/** Publishes `count` packets, `atATime` of them in each interval of the recorder. */
async function send(
  stage: Stage,
  opening: readonly MediaPacket[],
  make: (i: number) => MediaPacket,
  count: number,
  atATime = 1_000,
): Promise<void> {
  const publisher = stage.hub.publish('/live/show')
  for (const packet of opening) publisher.write(packet)
  for (let i = 1; i <= count; i++) {
    publisher.write(make(i))
    if (i % atATime === 0) await stage.advance(500)
  }
}

it.each([
  ['whose time stands still', (i: number) => inter(0, i, 1_000)],
  ['of one picture and then only data', (i: number) => largeText(i * 10)],
])('an FLV recording of a publisher %s does not wait for more', async (_what, make) => {
  const stage = new Stage({ path: '[stream].flv' })
  await send(stage, [videoConfig(0), key(0)], make, 2_000, 500)
  expect(stage.recorder.recordings()[0]!.byteLength).toBeGreaterThan(1_000_000)
})

it('an MP4 recording of small frames at one time is cut into fragments by their number', async () => {
  const stage = new Stage({ path: '[stream].mp4' })
  const opening = [avcConfiguration(), aacConfiguration(), avcFrame(0, { keyframe: true })]
  await send(stage, opening, () => aacFrame(0, 1), 70_000, 2_000)
  expect(stage.failures).toEqual([])
  expect(stage.recorder.recordings()[0]!.byteLength).toBeGreaterThan(4 * 16_384 * 5) // a byte, and its size in trun, of each
  stage.hub.source('/live/show')!.publisher!.unpublish()
  await settle()
  expect(stage.finished).toMatchObject([{ reason: 'ended', fragmented: false }])
})

it('sound that waits for a keyframe counts by its packets too', async () => {
  const stage = new Stage({ path: '[stream].mp4' })
  const opening = [avcConfiguration(), aacConfiguration(), avcFrame(0, { keyframe: true }), aacFrame(0, 1)]
  // AudioSpecificConfig of 44.1 kHz instead of 48 kHz: the file that is open cannot hold what follows
  const changed = packetFromTag(8, 10, hex('af 00 1210'))
  await send(stage, [...opening, changed], () => aacFrame(10, 1), 6_000, 1_000)
  expect(stage.finished).toMatchObject([{ reason: 'changed' }])
})

it('nothing gathers while a publisher is silent', async () => {
  const stage = new Stage({ path: '[stream].flv' })
  const race = vi.spyOn(Promise, 'race')
  stage.hub.publish('/live/show')
  await stage.advance(60_000)
  // Each waits on a promise that may never settle.
  expect(race.mock.calls.length).toBeLessThan(3)
  race.mockRestore()
})

it('a publisher whose times leap makes no more than maxFilesPerMinute segments; the next one is recorded again', async () => {
  const stage = new Stage({ path: '[stream].flv', segmentDurationMs: 1_000, maxFilesPerMinute: 5 })
  await send(stage, [videoConfig(0)], (i) => key(i * 2_000, i), 50, 4)
  await settle()
  expect(stage.failures).toMatchObject([{ error: { code: 'ERR_RECORDING_FILES' }, streamPath: '/live/show' }])
  expect(stage.keys).toHaveLength(5)
  expect(new Set(stage.finished.map(({ file }) => file)).size).toBe(stage.finished.length)
  expect(stage.store.temporary.size).toBe(0)
  stage.hub.source('/live/show')!.publisher!.unpublish()
  await send(stage, [videoConfig(200_000)], (i) => key(200_000 + i * 200, i), 10, 5)
  expect(stage.recorder.recordings()).toHaveLength(1)
})

it('segments that come in a minute each are as many as there are', async () => {
  const stage = new Stage({ path: '[stream].flv', segmentDurationMs: 20_000, maxFilesPerMinute: 4 })
  const packets = Array.from({ length: 400 }, (_, i) =>
    i % 10 === 0 ? key(i * 1_000, i) : audio(i * 1_000, i),
  )
  const publisher = stage.hub.publish('/live/show')
  await stage.play(publisher, [videoConfig(0), ...packets])
  publisher.unpublish()
  await settle()
  expect(stage.failures).toEqual([])
  expect(stage.keys).toHaveLength(20)
})
