import { filterPacket, packetFromTag } from 'millrace/media'
import { expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'

const data = packetFromTag(18, 0, hex('02 00 01 61'))
const audio = packetFromTag(8, 0, hex('af 01 21'))
const video = packetFromTag(9, 0, hex('17 01 00 00 00 00'))
const secondAudio = packetFromTag(8, 0, hex('95 01 4f 70 75 73 01 f8'))
const twoTracks = packetFromTag(9, 0, hex('96 11 76 70 30 39 00 00 00 01 aa 01 00 00 01 bb'))

test('all passes everything as it is', () => {
  for (const packet of [data, audio, video, secondAudio, twoTracks])
    expect(filterPacket(packet, 'all')).toBe(packet)
})

test('default passes the default track of each kind', () => {
  for (const packet of [data, audio, video]) expect(filterPacket(packet, 'default')).toBe(packet)
  expect(filterPacket(secondAudio, 'default')).toBeUndefined()
  expect(filterPacket(twoTracks, 'default')?.body).toEqual(hex('91 76 70 30 39 aa'))
  expect(filterPacket(twoTracks, 'default')).toBe(twoTracks.defaultTrack())
})

test('audio and video pass their kind and data', () => {
  expect([data, audio, video].map((packet) => filterPacket(packet, 'audio'))).toEqual([
    data,
    audio,
    undefined,
  ])
  expect([data, audio, video].map((packet) => filterPacket(packet, 'video'))).toEqual([
    data,
    undefined,
    video,
  ])
  expect(filterPacket(secondAudio, 'audio')).toBeUndefined()
  expect(filterPacket(twoTracks, 'video')?.multitrack).toBe(false)
})
