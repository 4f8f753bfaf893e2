import { configurationOfAdts, splitAdts } from 'millrace/codec'
import { demuxFlv } from 'millrace/flv'
import { KeyframeCut, Segmenter } from 'millrace/segment'
import { type MediaPacket, packetFromTag } from 'millrace/media'
import { FragmentedMp4Muxer } from 'millrace/mp4'
import { TsDemuxer, TsMuxer } from 'millrace/mpegts'
import { describe, expect, it, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import { readClip } from '../support/clips.ts'
import { adtsHeader, withAdts } from '../support/in-band.ts'
import { fragmentedMp4 } from '../support/mp4.ts'

// Some encoders put the ADTS stream of their chip into FLV tags, where raw AAC belongs, with and without a sequence header.
const RAW = demuxFlv(readClip('avc-aac-bframes.flv'))
const ANNOUNCED = ['whole', 'none'] as const

/** LC, 48 kHz, stereo. */
const CONFIG = hex('11 90')
/** A frame that a decoder knows as silence of one channel. */
const FRAME = hex('01 18 20 07')

function ts(packets: readonly MediaPacket[]): Uint8Array {
  const muxer = new TsMuxer()
  const bytes = muxer.writeBatch(packets)
  expect([muxer.skippedCount, muxer.damagedCount]).toEqual([0, 0])
  return bytes
}

describe('the bytes', () => {
  test('frames in a row, each with its header', () => {
    const frames = splitAdts(join(adtsHeader(CONFIG, 4), FRAME, adtsHeader(CONFIG, 1), hex('0e')))
    expect(frames.map(({ payload }) => payload)).toEqual([FRAME, hex('0e')])
    expect(configurationOfAdts(frames[0]!.header)).toEqual(CONFIG)
  })

  test.each([
    ['raw AAC', FRAME],
    ['a header alone that claims more', adtsHeader(CONFIG, 4)],
    ['something after the last frame', join(adtsHeader(CONFIG, 4), FRAME, hex('21'))],
    ['a cut header', hex('ff f1 4c')],
    ['a length below that of the header', hex('ff f1 4c 80 00 1f fc')],
    ['a reserved frequency', join(hex('ff f1 74 80 01 7f fc'), FRAME)],
    ['nothing', hex('')],
    ['65 frames', join(...Array.from({ length: 65 }, () => join(adtsHeader(CONFIG, 4), FRAME)))],
  ])('%s is not taken for ADTS', (_, bytes) => {
    expect(splitAdts(bytes)).toEqual([])
  })
})

describe.each(ANNOUNCED)('with the sequence header %s', (announced) => {
  const packets = withAdts(RAW, announced)

  it('a transport stream is the one of raw AAC', () => {
    expect(Buffer.compare(ts(packets), ts(RAW))).toBe(0)
  })

  it('so are HLS segments', () => {
    const segments = (input: readonly MediaPacket[]): Uint8Array[] => {
      const segmenter = new Segmenter({ cut: new KeyframeCut({ targetDurationMs: 1_000 }) })
      for (const packet of input) segmenter.push(packet, packet.dts)
      segmenter.end()
      const found: Uint8Array[] = []
      for (let next = segmenter.read(); next !== undefined; next = segmenter.read()) found.push(next.bytes)
      return found
    }
    const [odd, raw] = [segments(packets), segments(RAW)]
    expect(odd.length).toBeGreaterThan(2)
    expect(odd.map((bytes, i) => Buffer.compare(bytes, raw[i]!))).toEqual(raw.map(() => 0))
  })

  it('MP4 is the one of raw AAC', () => {
    // The sequence header of FFmpeg also says that there is no SBR, which ADTS cannot.
    const media = (file: Uint8Array): Buffer => Buffer.from(file.subarray(Buffer.from(file).indexOf('moof')))
    expect(Buffer.compare(media(fragmentedMp4(packets)), media(fragmentedMp4(RAW)))).toBe(0)
  })
})

it('a run of frames in one tag is a sample each', () => {
  const tag = (dts: number, count: number): MediaPacket =>
    packetFromTag(
      8,
      dts,
      join(hex('af 01'), ...Array.from({ length: count }, () => join(adtsHeader(CONFIG, 4), FRAME))),
    )
  const packets = [tag(0, 3), tag(64, 3)]
  const muxer = new FragmentedMp4Muxer()
  for (const packet of packets) expect(muxer.write(packet)).toBe('written')
  expect(muxer.end()).toMatchObject({ sampleCount: 6, durationMs: 128 })
  const demuxer = new TsDemuxer()
  demuxer.push(ts(packets))
  demuxer.flush()
  let frames = 0
  for (let unit = demuxer.read(); unit !== undefined; unit = demuxer.read()) frames++
  expect(frames).toBe(6)
})

it('headers that announce another format begin another file, but not against a sequence header', () => {
  const tag = (dts: number, config: Uint8Array): MediaPacket =>
    packetFromTag(8, dts, join(hex('af 01'), adtsHeader(config, 4), FRAME))
  const mono44 = hex('12 08') // LC, 44.1 kHz, one channel
  const own = new FragmentedMp4Muxer()
  expect(own.write(tag(0, CONFIG))).toBe('written')
  expect(own.write(tag(21, mono44))).toBe('changedConfiguration')
  const told = new FragmentedMp4Muxer()
  expect(told.write(packetFromTag(8, 0, join(hex('af 00'), CONFIG)))).toBe('written')
  expect(told.write(tag(0, mono44))).toBe('written')
  expect(told.write(tag(21, mono44))).toBe('written')
})

it('blocks that only a decoder can tell apart are no samples', () => {
  const frame = join(adtsHeader(CONFIG, 4), FRAME)
  frame[6] = 0xfd // two blocks
  const muxer = new FragmentedMp4Muxer()
  muxer.write(packetFromTag(8, 0, join(hex('af 00'), CONFIG)))
  expect(muxer.write(packetFromTag(8, 0, join(hex('af 01'), frame)))).toBe('ignored')
  expect(muxer.damagedCount).toBe(1)
})
