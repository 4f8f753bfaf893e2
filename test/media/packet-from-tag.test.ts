import { packetFromTag } from 'millrace/media'
import { expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'

test('an AVC keyframe with composition time', () => {
  const packet = packetFromTag(9, 1000, hex('17 01 00 00 50 00 00 00 01 65'))
  expect(packet).toMatchObject({ kind: 'video', dts: 1000, cts: 80, pts: 1080, codec: 'avc1', keyframe: true })
  expect(packet.payload).toEqual(hex('00 00 00 01 65'))
})
