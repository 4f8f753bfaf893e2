/** Parts of fragmented files in forms that other writers choose, put together by hand. */
import { join } from '../support/bytes.ts'
import { box, fullBox, MATRIX, type Part, text, u32 } from './boxes.ts'

export interface ForeignTrack {
  readonly trackId: number
  readonly handler: 'vide' | 'soun' | 'subt'
  readonly timescale: number
  readonly edits?: Part
  readonly entry?: Uint8Array
  /** default_sample_description_index, duration, size and flags of trex. */
  readonly defaults?: string
}

/** A sample entry with nothing in it but its type. */
export const ENTRY = box('xxxx', '000000000000 0001')

/** moov with boxes of version 1, in an order of its own, and boxes that nobody asked for. */
export function moov(...tracks: readonly ForeignTrack[]): Uint8Array {
  return box(
    'moov',
    fullBox(
      'mvhd',
      1,
      0,
      '0000000000000001 0000000000000002', // creation_time, modification_time
      u32(1000), // timescale
      '0000000000000000', // duration
      '00010000 0100 0000 00000000 00000000', // rate, volume, reserved
      MATRIX,
      new Uint8Array(24),
      u32(tracks.length + 1), // next_track_ID
    ),
    box(
      'mvex',
      fullBox('mehd', 0, 0, u32(5000)),
      ...tracks.map(({ trackId, defaults = '00000001 00000000 00000000 00000000' }) =>
        fullBox('trex', 0, 0, u32(trackId), defaults),
      ),
    ),
    ...tracks.map(trak),
    box('udta', '00000000'),
  )
}

function trak({ trackId, handler, timescale, edits, entry = ENTRY }: ForeignTrack): Uint8Array {
  return box(
    'trak',
    fullBox(
      'tkhd',
      1,
      7, // enabled, in movie, in preview
      '0000000000000001 0000000000000002', // creation_time, modification_time
      u32(trackId),
      '00000000', // reserved
      '0000000000000000', // duration
      '00000000 00000000 0000', // reserved, layer
      '0005', // alternate_group
      handler === 'soun' ? '0100' : '0000', // volume
      '0000', // reserved
      MATRIX,
      handler === 'vide' ? '00400000 00300000' : '00000000 00000000', // 64 x 48
    ),
    ...(edits === undefined ? [] : [box('edts', edits)]),
    box(
      'mdia',
      fullBox('hdlr', 0, 0, '00000000', text(handler), new Uint8Array(12), text('theirs\0')),
      fullBox(
        'mdhd',
        1,
        0,
        '0000000000000001 0000000000000002', // creation_time, modification_time
        u32(timescale),
        '0000000000000000', // duration
        '1587 0000', // eng, pre_defined
      ),
      box(
        'minf',
        box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1))),
        box('stbl', fullBox('stsd', 0, 0, u32(1), entry), fullBox('stts', 0, 0, u32(0))),
        handler === 'vide'
          ? fullBox('vmhd', 0, 1, new Uint8Array(8))
          : fullBox(handler === 'soun' ? 'smhd' : 'sthd', 0, 0, u32(0)),
      ),
    ),
  )
}

/** A fragment: moof of `trafs` and an mdat of `media`. Data offsets of the trafs are theirs to know. */
export function fragment(trafs: readonly Uint8Array[], media: Uint8Array): Uint8Array {
  return join(box('moof', fullBox('mfhd', 0, 0, u32(1)), ...trafs), box('mdat', media))
}
