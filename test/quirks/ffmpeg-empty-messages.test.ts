import { ConfigurationTracker, packetFromTag } from 'millrace/media'
import { expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'

/** FFmpeg sends an AAC sequence header of nothing when the encoder gave none, and an AVC end of sequence with an inter frame type. */
const AAC_HEADER_OF_NOTHING = packetFromTag(8, 0, hex('af 00'))
const AVC_END = packetFromTag(9, 0, hex('27 02 00 00 00'))

test('an empty AAC sequence header is forwarded and replaces no configuration', () => {
  expect(AAC_HEADER_OF_NOTHING).toMatchObject({ codec: 'mp4a', configuration: false, coded: false })
  expect(AAC_HEADER_OF_NOTHING.payload.length).toBe(0)
  const tracker = new ConfigurationTracker()
  tracker.push(packetFromTag(8, 0, hex('af 00 12 10')))
  expect(tracker.push(AAC_HEADER_OF_NOTHING)).toBe(false)
  expect(tracker.set.audio.map(({ body }) => body)).toEqual([hex('af 00 12 10')])
})

test('an AVC end of sequence is neither media nor configuration', () => {
  expect(AVC_END).toMatchObject({ endOfSequence: true, keyframe: false, configuration: false, coded: false })
  expect(new ConfigurationTracker().push(AVC_END)).toBe(false)
})

test('a message without any body is forwarded and claims nothing', () => {
  for (const type of [8, 9] as const)
    expect(packetFromTag(type, 0, hex(''))).toMatchObject({ codec: '', configuration: false, coded: false })
})
