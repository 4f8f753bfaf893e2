/** What init segments say of each codec: sample entries put together field by field around configurations of encoders. */
import type { MediaPacket } from 'millrace/media'
import { packetFromTag } from 'millrace/media'
import { FragmentedMp4Muxer } from 'millrace/mp4'
import { describe, expect, test } from 'vitest'
import { AVC_SPS_VECTORS } from '../codec/avc-vectors.ts'
import { AV1_VECTORS, VP_VECTORS } from '../codec/video-vectors.ts'
import {
  aacConfiguration,
  aacFrame,
  audio,
  AVC_PPS,
  avcConfiguration,
  avcFrame,
  exAudio,
  hevcConfiguration,
  hevcFrame,
  mp3Frame,
} from '../mpegts/packets.ts'
import { ascii, hex, join } from '../support/bytes.ts'
import { box, find, fullBox, type Part, text } from './boxes.ts'

/** The sample entry that follows the packets, and `width height` of the track header. */
function entryOf(...packets: readonly MediaPacket[]): { entry: Uint8Array; size: string; timescale: number } {
  const muxer = new FragmentedMp4Muxer()
  for (const packet of packets) expect(muxer.write(packet)).toBe('written')
  const init = muxer.init()
  const tkhd = find(init, 'moov/trak/tkhd')
  const view = new DataView(tkhd.buffer, tkhd.byteOffset, tkhd.length)
  return {
    entry: find(init, 'moov/trak/mdia/minf/stbl/stsd').subarray(8), // version, flags, entry_count
    size: `${view.getUint32(76) / 65_536}x${view.getUint32(80) / 65_536}`,
    timescale: muxer.tracks[0]!.timescale,
  }
}

function visual(type: string, size: string, ...boxes: readonly Part[]): Uint8Array {
  return box(
    type,
    '000000000000 0001', // reserved, data_reference_index
    '0000 0000 00000000 00000000 00000000', // pre_defined, reserved
    size,
    '00480000 00480000 00000000 0001', // 72 dpi, reserved, frame_count
    new Uint8Array(32), // compressorname
    '0018 ffff', // depth, pre_defined
    ...boxes,
  )
}

function sound(type: string, channels: string, rate: string, ...boxes: readonly Part[]): Uint8Array {
  return box(
    type,
    '000000000000 0001 00000000 00000000', // reserved, data_reference_index, reserved
    channels, // channelcount, samplesize
    '0000 0000', // pre_defined, reserved
    rate, // 16.16
    ...boxes,
  )
}

/** Enhanced RTMP video: ExHeader with frame type key and packet type, fourCC, payload. */
function exVideo(packetType: number, codec: string, payload: Uint8Array): MediaPacket {
  return packetFromTag(9, 0, join(Uint8Array.of(0x90 | packetType), ascii(codec), payload))
}

const COLOUR_PQ = box('colr', text('nclx'), '0009 0010 0009 00') // BT.2020, PQ, BT.2020, studio range

describe('video', () => {
  test('H.264 with a sample aspect ratio of 3:4 in BT.709', () => {
    const { bytes: sps } = AVC_SPS_VECTORS[1]
    const { entry, size, timescale } = entryOf(avcConfiguration(4, sps), avcFrame(0, { keyframe: true }))
    const avcC = box('avcC', '01 640028 ff e1 0021', sps, '01 0004', AVC_PPS)
    const colr = box('colr', text('nclx'), '0001 0001 0001 00')
    const pasp = box('pasp', '00000003 00000004')
    expect(entry).toEqual(visual('avc1', '0780 0438', avcC, colr, pasp))
    expect([size, timescale]).toEqual(['1440x1080', 90_000])
  })

  test('H.264 in the full range without a colour description', () => {
    const { bytes: sps } = AVC_SPS_VECTORS[5]
    const { entry } = entryOf(avcConfiguration(4, sps), avcFrame(0, { keyframe: true }))
    expect(find(entry.subarray(8 + 78), 'colr')).toEqual(join(text('nclx'), hex('0002 0002 0002 80')))
  })

  test('H.264 whose parameter set cannot be read is a track of unknown size', () => {
    const { entry, size } = entryOf(avcConfiguration(4, hex('67 42001e ff')), avcFrame(0, { keyframe: true }))
    expect(size).toBe('0x0')
    expect(entry.subarray(4, 8)).toEqual(ascii('avc1'))
  })

  test('HEVC, of version 1 and with all its parameter sets, whatever the record says', () => {
    const configuration = hevcConfiguration()
    const body = configuration.body.slice()
    body[5] = 0 // configurationVersion, behind ExHeader and fourCC
    for (const at of [28, 41, 54]) body[at]! &= 0x7f // array_completeness of VPS, SPS and PPS
    const { entry } = entryOf(packetFromTag(9, 0, body), hevcFrame(0, { keyframe: true }))
    expect(entry).toEqual(visual('hvc1', '0000 0000', box('hvcC', configuration.payload)))
  })

  test('AV1, its size and colour from the sequence header', () => {
    const { bytes } = AV1_VECTORS[0]
    const { entry, size } = entryOf(exVideo(0, 'av01', bytes), exVideo(1, 'av01', hex('320100')))
    expect(entry).toEqual(visual('av01', '027e 0166', box('av1C', bytes), COLOUR_PQ))
    expect(size).toBe('638x358')
  })

  test('AV1 whose sequence header comes with the first frame alone', () => {
    const { bytes, value } = AV1_VECTORS[0]
    const { size } = entryOf(
      exVideo(0, 'av01', bytes.subarray(0, 4)),
      exVideo(1, 'av01', join(value.configObus, hex('320100'))),
    )
    expect(size).toBe('638x358')
  })

  test('VP9, its size from the first keyframe', () => {
    const { bytes } = VP_VECTORS[1]
    const { entry, size } = entryOf(
      exVideo(0, 'vp09', bytes.subarray(4)), // without the head of the box
      exVideo(1, 'vp09', hex('824983420013f00b360638')),
    )
    expect(entry).toEqual(visual('vp09', '0140 00b4', box('vpcC', bytes), COLOUR_PQ))
    expect(size).toBe('320x180')
  })

  test('VP8', () => {
    // version 1, flags 0 | profile 0, level 0 | 8 bits, 4:2:0, studio range | colour unspecified | no initialization data
    const vpcC = hex('01000000 00 00 82 02 02 02 0000')
    const { entry } = entryOf(exVideo(0, 'vp08', vpcC), exVideo(1, 'vp08', hex('3059009d012a4201b600')))
    expect(entry).toEqual(visual('vp08', '0142 00b6', box('vpcC', vpcC)))
  })
})

describe('audio', () => {
  /** esds around a DecoderConfigDescriptor: `lengths` of it and of the ES_Descriptor. */
  const esds = (length: string, decoderLength: string, objectType: string, specific: string): Uint8Array =>
    fullBox(
      'esds',
      0,
      0,
      `03 808080 ${length} 0000 00`, // ES_Descriptor: ES_ID, flags
      `04 808080 ${decoderLength} ${objectType} 15 000000 00000000 00000000`, // DecoderConfigDescriptor
      specific,
      '06 80808001 02', // SLConfigDescriptor
    )

  test('HE-AAC v2: the output rate, two channels, frames of 2048', () => {
    const { entry, timescale } = entryOf(aacConfiguration(hex('eb098800')), aacFrame(0))
    const specific = '05 80808004 eb098800'
    expect(entry).toEqual(sound('mp4a', '0002 0010', 'bb800000', esds('24', '16', '40', specific)))
    expect(timescale).toBe(48_000)
  })

  test('AAC that leaves its channels to the frames counts as stereo', () => {
    const { entry } = entryOf(aacConfiguration(hex('1180')), aacFrame(0))
    expect(entry.subarray(0, 28)).toEqual(
      sound('mp4a', '0002 0010', 'bb800000', entry.subarray(36)).subarray(0, 28),
    )
  })

  test('AAC of 96 kHz: a rate that 16 bits cannot say', () => {
    const { entry, timescale } = entryOf(aacConfiguration(hex('10120c08')), aacFrame(0))
    expect(entry.subarray(32, 36)).toEqual(hex('00000000'))
    expect(timescale).toBe(96_000)
  })

  test.each([
    ['MPEG-1, 44.1 kHz', 'ff fb 90 64', '6b', 'ac440000', 44_100],
    ['MPEG-2, 22.05 kHz, mono', 'ff f3 42 c4', '69', '56220000', 22_050],
    ['MPEG-2.5, 11.025 kHz, mono', 'ff e3 20 c4', '69', '2b110000', 11_025],
  ])('MP3: %s', (_, header, objectType, rate, hz) => {
    const { entry, timescale } = entryOf(mp3Frame(0, hex(header)))
    const channels = objectType === '6b' ? '0002 0010' : '0001 0010'
    expect(entry).toEqual(sound('mp4a', channels, rate, esds('1b', '0d', objectType, '')))
    expect(timescale).toBe(hz)
  })

  test('Opus in 5.1 with a mapping', () => {
    const head = hex('4f70757348656164 01 06 3801 80bb0000 00fe 01 04 02 000401020305')
    const { entry } = entryOf(exAudio(0, 0, 'Opus', head), exAudio(0, 1, 'Opus', hex('f8 01')))
    // Version 0, 6 channels, PreSkip 312, 48,000 Hz, gain −2 dB, family 1 | 4 streams, 2 coupled, channels
    const dOps = box('dOps', '00 06 0138 0000bb80 fe00 01', '04 02 000401020305')
    expect(entry).toEqual(sound('Opus', '0006 0010', 'bb800000', dOps))
  })

  test('FLAC: STREAMINFO in its block, count and MD5 left open', () => {
    const info = hex('1200 1200 00029b 0004ff 0bb800f0 00046500 550b82b4d24e66f3f42019dc4f978b68')
    const { entry } = entryOf(exAudio(0, 0, 'fLaC', info), exAudio(0, 1, 'fLaC', hex('fff85a0800814e000000')))
    const dfLa = fullBox(
      'dfLa',
      0,
      0,
      '80 000022', // the last block, STREAMINFO, 34 bytes
      '1200 1200 00029b 0004ff 0bb800f0 00000000', // block and frame sizes, 48,000 Hz, mono, 16 bits, 0 samples
      new Uint8Array(16),
    )
    expect(entry).toEqual(sound('fLaC', '0001 0010', 'bb800000', dfLa))
  })

  test('AC-3 in 5.1', () => {
    const { entry, timescale } = entryOf(exAudio(0, 1, 'ac-3', join(hex('0b7763181c40ebf8'), audio(1528))))
    // fscod 00, bsid 01000, bsmod 000, acmod 111, lfeon 1, bit_rate_code 01110, reserved 00000
    expect(entry).toEqual(sound('ac-3', '0006 0010', 'bb800000', box('dac3', '10 3d c0')))
    expect(timescale).toBe(48_000)
  })

  test('E-AC-3 in stereo', () => {
    const frame = join(hex('0b7700ff3487c000'), audio(504))
    const { entry } = entryOf(exAudio(0, 1, 'ec-3', frame))
    // data_rate 128 in 13 bits, num_ind_sub − 1 000 | fscod 00, bsid 10000, 0 | asvc 0, bsmod 000, acmod 010, lfeon 0 | 000, num_dep_sub 0000, 0
    expect(entry).toEqual(sound('ec-3', '0002 0010', 'bb800000', box('dec3', '0400 20 04 00')))
  })

  test('E-AC-3 in 7.1: a dependent substream adds two channels behind', () => {
    const independent = join(hex('0b7702ff3f87c000'), audio(1528)) // strmtyp 0, 1536 bytes, 48 kHz, acmod 7, lfeon
    const dependent = join(hex('0b7740ff3487c000'), audio(504)) // strmtyp 1, 512 bytes
    const { entry } = entryOf(exAudio(0, 1, 'ec-3', join(independent, dependent)))
    // data_rate 512 | fscod 00, bsid 10000, 0 | acmod 111, lfeon 1 | 000, num_dep_sub 0001, chan_loc 000000010 (Lrs, Rrs)
    expect(entry).toEqual(sound('ec-3', '0006 0010', 'bb800000', box('dec3', '1000 20 0f 02 02')))
  })
})
