import { packetFromTag } from 'millrace/media'
import { FragmentedMp4Muxer } from 'millrace/mp4'
import { expect, it } from 'vitest'
import {
  aacConfiguration,
  aacFrame,
  audio,
  avcc,
  avcConfiguration,
  avcFrame,
  idr,
  slice,
} from '../mpegts/packets.ts'
import { join } from '../support/bytes.ts'
import { box, fullBox } from './boxes.ts'

const track = (...parts: Parameters<typeof box>[1][]): Uint8Array => box('traf', ...parts)

it('is a moof with what samples have in common in tfhd, and an mdat', () => {
  const muxer = new FragmentedMp4Muxer()
  muxer.write(avcConfiguration())
  muxer.write(aacConfiguration())
  muxer.write(avcFrame(1000, { keyframe: true, nals: [idr(5)] }))
  muxer.write(aacFrame(1010, 3))
  muxer.write(avcFrame(1040, { nals: [slice(6)] }))
  muxer.write(aacFrame(1031, 4)) // 21⅓ ms after the one before
  muxer.write(aacFrame(1053, 2))
  muxer.write(avcFrame(1080, { nals: [slice(7)] }))
  const moof = box(
    'moof',
    fullBox('mfhd', 0, 0, '00000001'), // sequence_number
    track(
      // default-base-is-moof, default duration, default flags: depends on others, is no sync sample
      fullBox('tfhd', 0, 0x02_0028, '00000001', '00000e10', '01010000'), // 40 ms × 90
      fullBox('tfdt', 1, 0, '00000000 00000000'),
      // data_offset, first_sample_flags, size; two samples behind 188 bytes of moof and 8 of mdat
      fullBox('trun', 1, 0x205, '00000002', '000000c4', '02000000', '00000009', '0000000a'),
    ),
    track(
      fullBox('tfhd', 0, 0x02_0028, '00000002', '00000400', '02000000'), // 1024 samples, all sync
      fullBox('tfdt', 1, 0, '00000000 000001e0'), // 10 ms × 48
      fullBox('trun', 1, 0x201, '00000002', '000000d7', '00000003', '00000004'), // 19 bytes behind the video
    ),
  )
  expect(moof).toHaveLength(188)
  expect(muxer.fragment()).toEqual({
    bytes: join(moof, box('mdat', avcc([idr(5)]), avcc([slice(6)]), audio(3), audio(4))),
    startMs: 0,
    durationMs: 80,
    sampleCount: 4,
    independent: true,
  })
})

it('says of each sample what differs', () => {
  const muxer = new FragmentedMp4Muxer()
  muxer.write(avcConfiguration())
  for (const [dts, cts, frameType] of [
    [0, 80, 1],
    [40, -40, 3], // disposable
    [90, 0, 2],
    [120, 0, 1],
    [160, 0, 2],
  ] as const) {
    const head = Uint8Array.of((frameType << 4) | 7, 1, (cts >> 16) & 0xff, (cts >> 8) & 0xff, cts & 0xff)
    muxer.write(packetFromTag(9, dts, join(head, avcc([slice(5)]))))
  }
  const moof = box(
    'moof',
    fullBox('mfhd', 0, 0, '00000001'),
    track(
      fullBox('tfhd', 0, 0x02_0000, '00000001'),
      fullBox('tfdt', 1, 0, '00000000 00000000'),
      fullBox(
        'trun',
        1,
        0xf01, // duration, size, flags, composition offset of each
        '00000004 000000a0',
        '00000e10 00000009 02000000 00001c20', // 40 ms, sync, shown 80 ms later
        '00001194 00000009 01810000 fffff1f0', // 50 ms, nothing depends on it, shown 40 ms earlier
        '00000a8c 00000009 01010000 00000000', // 30 ms
        '00000e10 00000009 02000000 00000000',
      ),
    ),
  )
  const nal = avcc([slice(5)])
  expect(muxer.fragment()?.bytes).toEqual(join(moof, box('mdat', nal, nal, nal, nal)))
})

it('goes on counting fragments and time', () => {
  const muxer = new FragmentedMp4Muxer()
  muxer.write(aacConfiguration())
  for (let n = 0; n < 4; n++) muxer.write(aacFrame(Math.floor((n * 1024) / 48), 2))
  muxer.fragment()
  muxer.write(aacFrame(85, 2))
  const last = muxer.end()
  const moof = box(
    'moof',
    fullBox('mfhd', 0, 0, '00000002'),
    track(
      fullBox('tfhd', 0, 0x02_0028, '00000001', '00000400', '02000000'),
      fullBox('tfdt', 1, 0, '00000000 00000c00'), // 3 × 1024
      fullBox('trun', 1, 0x201, '00000002', '00000070', '00000002', '00000002'),
    ),
  )
  expect(last).toEqual({
    bytes: join(moof, box('mdat', audio(2), audio(2))),
    startMs: 64,
    durationMs: expect.closeTo((2048 * 1000) / 48_000, 9),
    sampleCount: 2,
    independent: true,
  })
})
