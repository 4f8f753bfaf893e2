import { Segmenter } from 'millrace/segment'
import { demuxFlv } from 'millrace/flv'
import type { MediaPacket } from 'millrace/media'
import { TsMuxer, TsFraming } from 'millrace/mpegts'
import { describe, expect, it } from 'vitest'
import { type Clip, readClip } from '../support/clips.ts'
import { join } from '../support/bytes.ts'
import { aacConfiguration, aacFrame, avcConfiguration, avcFrame, idr, slice } from './packets.ts'
import { arrivals } from './decoder-model.ts'

/** Pictures every `stepMs`, frames of AAC every `audioMs` that come `lateMs` after the pictures of their time. */
function stream(stepMs: number, audioMs: number, lateMs = 0): MediaPacket[] {
  const timed: { atMs: number; packet: MediaPacket }[] = []
  for (let dts = 0; dts < 12_000; dts += stepMs) {
    const keyframe = dts % 2000 === 0
    const packet = avcFrame(dts, { keyframe, nals: [keyframe ? idr(20_000) : slice(2_000)] })
    timed.push({ atMs: dts, packet })
  }
  for (let i = 0; i * audioMs < 12_000; i++) {
    const dts = Math.round(i * audioMs)
    timed.push({ atMs: dts + lateMs, packet: aacFrame(dts, 300) })
  }
  timed.sort((a, b) => a.atMs - b.atMs)
  return [avcConfiguration(), aacConfiguration(), ...timed.map(({ packet }) => packet)]
}

const streams: readonly (readonly [string, () => readonly MediaPacket[]])[] = [
  ['25 pictures a second', () => stream(40, 21.33)],
  ['60 pictures a second, audio frames of 64 ms', () => stream(16, 64)],
  ['5 pictures a second', () => stream(200, 23.2)],
  ['a picture a second', () => stream(1000, 21.33)],
  ['audio that comes 60 ms late', () => stream(40, 21.33, 60)],
  ...(['avc-aac-bframes.flv', 'avc-mp3.flv', 'audio-only-aac.flv', 'hevc-aac.ertmp.flv'] as const).map(
    (clip: Clip) => [clip, () => demuxFlv(readClip(clip))] as const,
  ),
]

/** The bytes of both doors. */
const doors = {
  HLS(packets: readonly MediaPacket[]): Uint8Array {
    const segmenter = new Segmenter()
    const parts: Uint8Array[] = []
    for (const packet of packets) segmenter.push(packet, packet.dts)
    segmenter.end()
    for (let segment = segmenter.read(); segment !== undefined; segment = segmenter.read())
      parts.push(segment.bytes)
    return join(...parts)
  },
  'HTTP-TS'(packets: readonly MediaPacket[]): Uint8Array {
    const framing = new TsFraming()
    // A flush takes what came until the next picture.
    const batches: MediaPacket[][] = [[]]
    for (const packet of packets) {
      batches.at(-1)!.push(packet)
      if (packet.kind === 'video') batches.push([])
    }
    return join(...batches.map((batch) => framing.frame(batch)))
  },
  'a muxer that gathers half a second'(packets: readonly MediaPacket[]): Uint8Array {
    const muxer = new TsMuxer({ audioPesMs: 500 })
    return muxer.writeBatch(packets)
  },
}

describe.each(Object.entries(doors))('every PES packet of %s is whole before it is decoded', (_, bytesOf) => {
  it.each(streams)('%s', (_name, packets) => {
    const found = arrivals(bytesOf(packets()))
    expect(found.length).toBeGreaterThan(5)
    expect(found.filter(({ earlyMs }) => earlyMs < 0)).toEqual([])
  })
})
