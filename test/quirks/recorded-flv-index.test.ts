import { decodeAmf0, propertiesOf } from 'millrace/amf0'
import { demuxFlv } from 'millrace/flv'
import { expect, test } from 'vitest'
import { readClip } from '../support/clips.ts'
import { settle, Stage } from '../services/recording/stage.ts'

/** Properties of the metadata in front of a recorded clip. */
async function recordedMetadata(): Promise<Readonly<Record<string, unknown>>> {
  const stage = new Stage({ path: '[stream].flv' })
  const publisher = stage.hub.publish('/live/show')
  for (const packet of demuxFlv(readClip('avc-aac-bframes.flv'))) publisher.write(packet)
  publisher.unpublish()
  await settle()
  const [metadata] = demuxFlv(stage.bytes('show.flv'))
  return { ...propertiesOf(decodeAmf0(metadata!.body)[1]) }
}

// ffprobe 5.1 of a file whose metadata has a text of 2000 bytes in front:
//   [flv @ 0x558a87fe9240] AMF_DATA_TYPE_STRING parsing failed
// and none of the properties behind it. An array of as many bytes is passed over.
test('room for the index is held by an array of numbers and nulls, and the index is in front of it', async () => {
  const metadata = await recordedMetadata()
  const spacer = metadata['spacer'] as unknown[]
  expect(spacer.length).toBeGreaterThan(1_000)
  expect(spacer.every((value) => value === 0 || value === null)).toBe(true)
  expect(Object.keys(metadata).slice(-2)).toEqual(['keyframes', 'spacer'])
})

// mpegts.js 1.8.2 and flv.js begin at entry 1: "ignore first keyframe which is actually AVC/HEVC Sequence Header".
test('the first entry of the index is the sequence header, the second the first keyframe', async () => {
  const { keyframes } = await recordedMetadata()
  const { times } = keyframes as { times: number[] }
  expect(times).toEqual([0, 0, 2, 4, 6])
})
