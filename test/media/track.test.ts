import { packetFromTag } from 'millrace/media'
import { expect, it } from 'vitest'
import { ascii, hex, join } from '../support/bytes.ts'

it('one track of a multitrack body stands for itself', () => {
  const packet = packetFromTag(
    9,
    7,
    join(
      hex('96'), // ExHeader, key frame, Multitrack
      hex('11'), // ManyTracks, CodedFrames
      ascii('avc1'),
      hex('00 000004 000001 aa'), // track 0, 4 bytes: composition time 1, payload
      hex('02 000005 000002 bb cc'), // track 2, 5 bytes: composition time 2, payload
    ),
  )
  expect(packet.track(0)).toBe(packet.defaultTrack())
  const second = packet.track(2)!
  expect(second).toMatchObject({
    kind: 'video',
    codec: 'avc1',
    dts: 7,
    cts: 2,
    keyframe: true,
    coded: true,
    multitrack: false,
  })
  expect(second.payload).toEqual(hex('bb cc'))
  expect(packet.track(1)).toBeUndefined()
})

it('a body of one track has no other', () => {
  const packet = packetFromTag(9, 0, hex('17 01 000000 65')) // AVC key frame, NAL units, composition time 0
  expect(packet.track(0)).toBe(packet)
  expect(packet.track(1)).toBeUndefined()
})
