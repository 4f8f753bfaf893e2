/** What single frames tell where their configuration does not: durations of Opus and FLAC, sizes of VP8 and VP9. */
import { flacFrameSamples, opusPacketSamples, vp8KeyframeSize, vp9KeyframeSize } from 'millrace/codec'
import { describe, expect, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import { bits, u } from './bits.ts'

describe('Opus', () => {
  test.each([
    ['FFmpeg: CELT, 20 ms, one frame', 'f8b4afca', 960],
    ['SILK 60 ms (config 3), one frame', '18', 2880],
    ['hybrid 10 ms (config 12), two frames of one size', '61', 960],
    ['CELT 2.5 ms (config 16), two frames', '82', 240],
    ['CELT 5 ms (config 17), code 3, 7 frames with VBR and padding', '8b c7', 1680],
    ['code 3 without frames', '8b 00', 0],
    ['code 3 cut short', '8b', 0],
  ])('%s', (_, bytes, samples) => expect(opusPacketSamples(hex(bytes))).toBe(samples))
  test('an offset, and nothing at all', () => {
    expect(opusPacketSamples(hex('00 f8'), 1)).toBe(960)
    expect(opusPacketSamples(new Uint8Array(0))).toBe(480) // config 0, as zeros read
  })
})

describe('FLAC', () => {
  test.each([
    ['FFmpeg: 4608', 'fff85a0800814e000000eb01', 4608],
    ['FFmpeg, the last frame: 2304', 'fff84a083e994ef50df5', 2304],
    ['FFmpeg: 16 bits of block size, 1000', 'fff87b080003e7214c00', 1000],
    // block size code 6 | coded number of 2 bytes | block size − 1
    ['8 bits of block size, behind a coded number of 2 bytes', 'fff86a08 c280 bf 00', 192],
    ['a coded number of 7 bytes', 'fff97a08 fe80 8080 8080 80 00ff', 256],
    ['code 1', 'fff81a080000', 192],
    ['code 8', 'fff88a080000', 256],
    ['code 15', 'fff8fa080000', 32_768],
    ['reserved code 0', 'fff80a080000', 0],
    ['no sync', 'fff05a080000', 0],
    ['cut before the block size', 'fff87b080003', 0],
    ['cut', 'fff85a0800', 0],
  ])('%s', (_, bytes, samples) => expect(flacFrameSamples(hex(bytes))).toBe(samples))
})

describe('VP8', () => {
  const KEY = '3059009d012a4201b600000708' // libvpx, 322x182
  test('size of a keyframe', () => expect(vp8KeyframeSize(hex(KEY))).toEqual({ width: 322, height: 182 }))
  test('the two bits of scaling are not part of it', () => {
    expect(vp8KeyframeSize(hex('3059009d012a4241b6c000'))).toEqual({ width: 322, height: 182 })
  })
  test.each([
    ['an inter frame', '3159009d012a4201b600'],
    ['another start code', '3059009d012b4201b600'],
    ['a cut one', '3059009d012a4201b6'],
  ])('%s has none', (_, bytes) => expect(vp8KeyframeSize(hex(bytes))).toBeUndefined())
})

describe('VP9', () => {
  test('size of a keyframe of libvpx', () => {
    expect(vp9KeyframeSize(hex('824983420013f00b360638'))).toEqual({ width: 320, height: 180 })
  })
  /** An uncompressed header up to the size 1920x1080. */
  const header = (front: string, colour: string): Uint8Array =>
    bits(
      '10', // frame_marker
      front, // profile bits, show_existing_frame, frame_type, show_frame, error_resilient_mode
      u(24, 0x49_83_42), // frame_sync_code
      colour,
      u(16, 1919), // frame_width_minus_1
      u(16, 1079), // frame_height_minus_1
    )
  test.each([
    ['profile 1: range, subsampling, reserved', '10 0 0 1 0', '010 0 00 0'],
    ['profile 1 in RGB: reserved', '10 0 0 1 0', '111 0'],
    ['profile 0 in RGB', '00 0 0 1 0', '111'],
    ['profile 2: bit depth, range', '01 0 0 1 0', '1 010 0'],
    ['profile 3: reserved bit, bit depth, range, subsampling', '11 0 0 0 1 0', '1 010 0 00 0'],
  ])('%s', (_, front, colour) => {
    expect(vp9KeyframeSize(header(front, colour))).toEqual({ width: 1920, height: 1080 })
  })
  test.each([
    ['an inter frame', hex('86004092f0a1250001307fbc')],
    ['a frame that shows another', header('00 1 0 1 0', '010 0')],
    ['a frame with another marker', join(hex('02'), hex('4983420013f00b360638'))],
    ['a frame with another sync code', hex('824983430013f00b360638')],
    ['a cut one', hex('8249834200')],
  ])('%s has none', (_, bytes) => expect(vp9KeyframeSize(bytes)).toBeUndefined())
})
