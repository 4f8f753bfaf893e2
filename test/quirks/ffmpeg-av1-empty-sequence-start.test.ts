import { ConfigurationTracker, packetFromTag } from 'millrace/media'
import { expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'

// The first two video tags of the Veovera sample mptestsrc.flv: FFmpeg writes the header before the AV1 encoder has its
// configuration, and again after.
const EMPTY = hex('90 61 76 30 31')
const FULL = hex('90 61 76 30 31 81 01 0c 00 0a 0b 00 00 00 0c 47 ff fe ff fc c0 20')

test('an empty AV1 sequence start is no configuration, the full one after it is', () => {
  const tracker = new ConfigurationTracker()
  expect(packetFromTag(9, 0, EMPTY)).toMatchObject({ codec: 'av01', configuration: false })
  expect(tracker.push(packetFromTag(9, 0, EMPTY))).toBe(false)
  expect(tracker.push(packetFromTag(9, 7, FULL))).toBe(true)
  expect(tracker.push(packetFromTag(9, 7, EMPTY))).toBe(false)
  expect(tracker.set.video.map(({ payload }) => payload)).toEqual([FULL.subarray(5)])
})
