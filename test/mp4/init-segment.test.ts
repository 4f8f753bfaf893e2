import { packetFromTag } from 'millrace/media'
import { FragmentedMp4Muxer } from 'millrace/mp4'
import { expect, it } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import {
  aacConfiguration,
  aacFrame,
  AVC_PPS,
  AVC_SPS,
  avcConfiguration,
  avcFrame,
} from '../mpegts/packets.ts'
import { box, findAll, fullBox, MATRIX, text } from './boxes.ts'

const DATA_IN_THIS_FILE = box('dinf', fullBox('dref', 0, 0, '00000001', fullBox('url ', 0, 1)))
/** Tables without entries: entry_count 0; stsz has a size of all before its count. */
const EMPTY_TABLES = join(
  fullBox('stts', 0, 0, '00000000'),
  fullBox('stsc', 0, 0, '00000000'),
  fullBox('stco', 0, 0, '00000000'),
  fullBox('stsz', 0, 0, '00000000 00000000'),
)

function trackHeader(
  trackId: string,
  group: string,
  volume: string,
  width: string,
  height: string,
): Uint8Array {
  return fullBox(
    'tkhd',
    0,
    3, // track_enabled, track_in_movie
    '00000000 00000000', // creation_time, modification_time
    trackId,
    '00000000', // reserved
    '00000000', // duration
    '00000000 00000000', // reserved
    '0000', // layer
    group,
    volume,
    '0000', // reserved
    MATRIX,
    width,
    height,
  )
}

/** A 128x96 stream of AVC with AAC at 48 kHz in stereo, the first picture shown 80 ms after it is decoded. */
const INIT = join(
  box('ftyp', text('iso6'), '00000200', text('iso6'), text('mp41'), text('avc1')), // major, minor, compatible
  box(
    'moov',
    fullBox(
      'mvhd',
      0,
      0,
      '00000000 00000000', // creation_time, modification_time
      '00015f90', // timescale 90,000
      '00000000', // duration: unknown, the fragments have it
      '00010000 0100', // rate 1.0, volume 1.0
      '0000 00000000 00000000', // reserved
      MATRIX,
      '00000000 00000000 00000000 00000000 00000000 00000000', // pre_defined
      '00000003', // next_track_ID
    ),
    box(
      'trak',
      trackHeader('00000001', '0000', '0000', '00800000', '00600000'), // 128.0, 96.0
      box(
        'edts',
        // one edit: of any length, from media time 80 ms × 90, at rate 1
        fullBox('elst', 0, 0, '00000001', '00000000', '00001c20', '00010000'),
      ),
      box(
        'mdia',
        // times, timescale 90,000, duration, language und, pre_defined
        fullBox('mdhd', 0, 0, '00000000 00000000', '00015f90', '00000000', '55c4', '0000'),
        fullBox('hdlr', 0, 0, '00000000', text('vide'), '00000000 00000000 00000000', text('VideoHandler\0')),
        box(
          'minf',
          fullBox('vmhd', 0, 1, '0000', '0000 0000 0000'), // graphicsmode, opcolor
          DATA_IN_THIS_FILE,
          box(
            'stbl',
            fullBox(
              'stsd',
              0,
              0,
              '00000001', // entry_count
              box(
                'avc1',
                '000000000000', // reserved
                '0001', // data_reference_index
                '0000 0000 00000000 00000000 00000000', // pre_defined, reserved
                '0080 0060', // width, height
                '00480000 00480000', // 72 dpi
                '00000000', // reserved
                '0001', // frame_count
                new Uint8Array(32), // compressorname
                '0018 ffff', // depth, pre_defined
                box('avcC', '01 42000a ff e1 0007', AVC_SPS, '01 0004', AVC_PPS),
              ),
            ),
            EMPTY_TABLES,
          ),
        ),
      ),
    ),
    box(
      'trak',
      trackHeader('00000002', '0000', '0100', '00000000', '00000000'),
      box('edts', fullBox('elst', 0, 0, '00000001', '00000000', '00000f00', '00010000')), // 80 ms × 48
      box(
        'mdia',
        fullBox('mdhd', 0, 0, '00000000 00000000', '0000bb80', '00000000', '55c4', '0000'), // 48,000
        fullBox('hdlr', 0, 0, '00000000', text('soun'), '00000000 00000000 00000000', text('SoundHandler\0')),
        box(
          'minf',
          fullBox('smhd', 0, 0, '0000', '0000'), // balance, reserved
          DATA_IN_THIS_FILE,
          box(
            'stbl',
            fullBox(
              'stsd',
              0,
              0,
              '00000001', // entry_count
              box(
                'mp4a',
                '000000000000', // reserved
                '0001', // data_reference_index
                '00000000 00000000', // reserved
                '0002 0010', // channelcount, samplesize
                '0000 0000', // pre_defined, reserved
                'bb800000', // samplerate 48,000.0
                fullBox(
                  'esds',
                  0,
                  0,
                  '03 80808022', // ES_Descriptor, 34 bytes
                  '0000 00', // ES_ID, no dependency, URL or clock reference
                  '04 80808014', // DecoderConfigDescriptor, 20 bytes
                  '40 15', // MPEG-4 audio; audio stream, not upstream, reserved 1
                  '000000 00000000 00000000', // bufferSizeDB, maxBitrate, avgBitrate
                  '05 80808002', // DecoderSpecificInfo, 2 bytes
                  '1190', // AudioSpecificConfig
                  '06 80808001 02', // SLConfigDescriptor, predefined for MP4
                ),
              ),
            ),
            EMPTY_TABLES,
          ),
        ),
      ),
    ),
    box(
      'mvex',
      // track_ID, default_sample_description_index, and no default duration, size and flags
      fullBox('trex', 0, 0, '00000001 00000001', '00000000 00000000 00000000'),
      fullBox('trex', 0, 0, '00000002 00000001', '00000000 00000000 00000000'),
    ),
  ),
)

it('is ftyp and a moov without samples', () => {
  const muxer = new FragmentedMp4Muxer()
  muxer.write(avcConfiguration())
  muxer.write(aacConfiguration())
  muxer.write(avcFrame(1000, { keyframe: true, cts: 80 }))
  muxer.write(aacFrame(1085))
  expect(muxer.init()).toEqual(INIT)
  expect(muxer.init()).toBe(muxer.init())
})

it('has no edit list where the clock of the source goes on', () => {
  const muxer = new FragmentedMp4Muxer({ originDts: 0 })
  muxer.write(avcConfiguration())
  muxer.write(avcFrame(1000, { keyframe: true, cts: 80 }))
  expect(findAll(muxer.init(), 'moov/trak/edts')).toEqual([])
})

it('has no edit list where the first picture is shown when it is decoded', () => {
  const muxer = new FragmentedMp4Muxer()
  muxer.write(avcConfiguration())
  muxer.write(avcFrame(1000, { keyframe: true }))
  expect(findAll(muxer.init(), 'moov/trak/edts')).toEqual([])
})

it('makes tracks of one kind alternatives, of which the first is enabled', () => {
  const muxer = new FragmentedMp4Muxer()
  muxer.write(avcConfiguration())
  muxer.write(aacConfiguration())
  for (const id of [3, 1]) {
    // ExHeader, multitrack | OneTrack, SequenceStart | fourCC | trackId | AudioSpecificConfig
    expect(
      muxer.write(packetFromTag(8, 0, join(hex('95 00'), text('mp4a'), Uint8Array.of(id), hex('1190')))),
    ).toBe('written')
  }
  const headers = findAll(muxer.init(), 'moov/trak/tkhd')
  // flags | track_ID | alternate_group
  expect(headers.map((tkhd) => [tkhd[3], tkhd[15], tkhd[35]])).toEqual([
    [3, 1, 0],
    [3, 2, 2],
    [2, 3, 2],
    [2, 4, 2],
  ])
  expect(muxer.tracks.map(({ kind, sourceTrackId }) => `${kind} ${sourceTrackId}`)).toEqual([
    'video 0',
    'audio 0',
    'audio 1',
    'audio 3',
  ])
})

it('asks for a track', () => {
  expect(() => new FragmentedMp4Muxer().init()).toThrow(TypeError)
})
