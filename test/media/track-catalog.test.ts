import { demuxFlv } from 'millrace/flv'
import { packetFromTag, TrackCatalog } from 'millrace/media'
import { expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'
import { readClip } from '../support/clips.ts'

test('a file with two audio tracks', () => {
  const catalog = new TrackCatalog()
  for (const packet of demuxFlv(readClip('hevc-opus-two-audio-tracks.ertmp.flv'))) catalog.push(packet)
  expect(catalog.tracks).toMatchObject([
    { kind: 'video', trackId: 0, packetCount: 100, keyframeCount: 4, firstDts: 0, description: { codec: 'hvc1', width: 320, height: 180 } }, // prettier-ignore
    { kind: 'audio', trackId: 0, packetCount: 201, keyframeCount: 0, description: { codec: 'Opus', sampleRate: 48_000, channelCount: 1 } }, // prettier-ignore
    { kind: 'audio', trackId: 1, packetCount: 201, keyframeCount: 0, description: { codec: 'Opus' } },
  ])
})

test('a codec without configuration is described by its first frame', () => {
  const catalog = new TrackCatalog()
  for (const packet of demuxFlv(readClip('avc-mp3.flv'))) catalog.push(packet)
  expect(catalog.tracks.map(({ description }) => description)).toMatchObject([
    { codec: 'avc1', width: 320, height: 180 },
    { codec: '.mp3', sampleRate: 44_100 },
  ])
})

test('counts coded media alone, and follows a change of codec', () => {
  const catalog = new TrackCatalog()
  catalog.push(packetFromTag(18, 0, hex('02 00 0a 6f 6e 4d 65 74 61 44 61 74 61 05')))
  catalog.push(packetFromTag(9, 0, hex('17 02 00 00 00')))
  expect(catalog.tracks).toEqual([])
  catalog.push(packetFromTag(8, 10, hex('2f ff fb')))
  const [before] = catalog.tracks
  catalog.push(packetFromTag(8, 36, hex('91 4f 70 75 73 f8 01 02')))
  expect(catalog.tracks).toMatchObject([
    { trackId: 0, packetCount: 2, byteCount: 5, firstDts: 10, lastDts: 36, description: { codec: 'Opus' } },
  ])
  expect(before).toMatchObject({ packetCount: 1, byteCount: 2, lastDts: 10 })
})
