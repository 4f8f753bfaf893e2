import { decodeAvcConfiguration, decodeHevcConfiguration, inBandConfiguration } from 'millrace/codec'
import { demuxFlv } from 'millrace/flv'
import { ConfigurationTracker, type MediaPacket, packetFromTag } from 'millrace/media'
import { FragmentedMp4Muxer } from 'millrace/mp4'
import { TsMuxer } from 'millrace/mpegts'
import { describe, expect, it, test } from 'vitest'
import { annexB, AVC_PPS, AVC_SPS, avcc, avcConfiguration, avcFrame, idr } from '../mpegts/packets.ts'
import { find } from '../mp4/boxes.ts'
import { hex, join } from '../support/bytes.ts'
import { readClip } from '../support/clips.ts'
import { type Announced, withSetsInBand } from '../support/in-band.ts'
import { fragmentedMp4 } from '../support/mp4.ts'

// Cameras and hardware encoders send parameter sets in keyframes, with a sequence header that has none, or without one.
const ANNOUNCED: readonly Announced[] = ['whole', 'empty', 'none']
const CLIPS = ['avc-aac-bframes.flv', 'hevc-aac.ertmp.flv'] as const

describe.each(CLIPS)('%s', (clip) => {
  const packets = demuxFlv(readClip(clip))
  const codec = packets.find(({ kind }) => kind === 'video')!.codec
  const sampleEntryOf = (file: Uint8Array): { size: Uint8Array; sets: unknown } => {
    // The one track of video is the first.
    const entry = find(file, 'moov/trak/mdia/minf/stbl/stsd').subarray(16)
    const size = entry.subarray(24, 28) // width, height
    const record = entry.subarray(Buffer.from(entry).indexOf(codec === 'avc1' ? 'avcC' : 'hvcC') + 4)
    if (codec === 'avc1') {
      const { sps, pps } = decodeAvcConfiguration(record)
      return { size, sets: [sps, pps] }
    }
    const { vps, sps, pps } = decodeHevcConfiguration(record)
    return { size, sets: [vps, sps, pps] }
  }
  const whole = sampleEntryOf(fragmentedMp4(packets))

  test.each(ANNOUNCED)('MP4 has the sets of the first keyframe, sequence header %s', (announced) => {
    const entry = sampleEntryOf(fragmentedMp4(withSetsInBand(packets, announced)))
    expect(entry).toEqual(whole)
    expect(Array.from(entry.size)).toEqual([0x01, 0x40, 0x00, 0xb4]) // 320 × 180
  })

  it('a transport stream needs no sequence header', () => {
    const mux = (announced: Announced): Uint8Array =>
      new TsMuxer().writeBatch(withSetsInBand(packets, announced))
    expect(Buffer.compare(mux('none'), mux('whole'))).toBe(0)
  })
})

describe('a later change', () => {
  /** The SPS of the packets, level 1.1 for 1. */
  const OTHER_SPS = hex('67 42 00 0b f8 41 a2')
  const OTHER_PPS = hex('68 ce 3c 80')
  const frame = (dts: number, ...nals: Uint8Array[]): MediaPacket =>
    avcFrame(dts, { keyframe: true, nals: [...nals, idr(40)] })

  it('is told, and the next file has the sets of its own first keyframe', () => {
    const tracker = new ConfigurationTracker()
    tracker.push(avcConfiguration())
    const muxer = new FragmentedMp4Muxer({ configuration: tracker.set })
    expect(muxer.write(frame(0, AVC_SPS, AVC_PPS))).toBe('written')
    expect(muxer.write(frame(1_000))).toBe('written')
    expect(muxer.write(frame(2_000, OTHER_SPS, OTHER_PPS))).toBe('changedConfiguration')
    expect(muxer.tracks[0]!.codecString).toBe('avc1.42000a')

    const next = new FragmentedMp4Muxer({ configuration: tracker.set })
    expect(next.write(frame(2_000, OTHER_SPS, OTHER_PPS))).toBe('written')
    expect(next.write(frame(3_000, OTHER_SPS, OTHER_PPS))).toBe('written')
    expect(next.tracks[0]!.codecString).toBe('avc1.42000b')
    expect(next.write(frame(4_000, AVC_SPS, AVC_PPS))).toBe('changedConfiguration')
  })

  it('counts in keyframes that come as Annex B too', () => {
    const muxer = new FragmentedMp4Muxer()
    const tag = (dts: number, ...nals: Uint8Array[]): MediaPacket =>
      packetFromTag(9, dts, join(hex('17 01 000000'), annexB(...nals, idr(40))))
    expect(muxer.write(tag(0, AVC_SPS, AVC_PPS))).toBe('written')
    expect(muxer.write(tag(40, AVC_SPS, AVC_PPS))).toBe('written')
    expect(muxer.write(tag(80, OTHER_SPS, AVC_PPS))).toBe('changedConfiguration')
  })
})

describe('what an access unit brings', () => {
  const record = avcConfiguration().payload

  it('a picture set more is added, a new sequence replaces', () => {
    const more = hex('68 ce 3c 80')
    const added = decodeAvcConfiguration(inBandConfiguration('avc1', avcc([more, idr(9)]), record)!)
    expect([added.sps, added.pps]).toEqual([[AVC_SPS], [AVC_PPS, more]])
    const other = hex('67 42 00 0b f8 41 a2')
    const replaced = decodeAvcConfiguration(inBandConfiguration('avc1', avcc([other, more]), record)!)
    expect([replaced.sps, replaced.pps, replaced.level]).toEqual([[other], [more], 11])
  })

  it.each([
    ['the sets in force', 'avc1', avcc([AVC_SPS, AVC_PPS, idr(9)]), record],
    ['no sets', 'avc1', avcc([idr(9)]), undefined],
    ['a sequence set alone', 'avc1', avcc([AVC_SPS, idr(9)]), undefined],
    ['a sequence set that cannot be read', 'avc1', avcc([hex('67 42'), AVC_PPS]), undefined],
    ['a length past the end', 'avc1', hex('00000009 67'), undefined],
    ['a record that cannot be read', 'avc1', avcc([AVC_SPS, AVC_PPS]), hex('02 42')],
    [
      'more sets than a record holds',
      'avc1',
      avcc([AVC_SPS, ...Array.from({ length: 32 }, (_, i) => hex(`68 ${(i + 16).toString(16)}`))]),
      undefined,
    ],
    [
      'a set longer than a record holds',
      'avc1',
      avcc([AVC_SPS, join(AVC_PPS, new Uint8Array(65_533).fill(1))]),
      undefined,
    ],
    ['another codec', 'vp09', avcc([AVC_SPS, AVC_PPS]), undefined],
  ])('nothing by %s', (_, codec, unit, configuration) => {
    expect(inBandConfiguration(codec, unit, configuration)).toBeUndefined()
  })
})
