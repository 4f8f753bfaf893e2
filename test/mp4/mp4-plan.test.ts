import { Mp4IndexReader, type Mp4Plan, type Mp4PlanOptions, planMp4 } from 'millrace/mp4'
import { describe, expect, it } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import { CLIPS } from '../support/clips.ts'
import { clipMp4, finishedMp4 } from '../support/mp4.ts'
import { box, boxesOf, find, findAll, fullBox, MATRIX, text, u32, u32s } from './boxes.ts'
import { ENTRY, type ForeignTrack, moov } from './foreign-file.ts'

const FTYP = box('ftyp', text('iso5'), u32(0))
const VIDEO: ForeignTrack = { trackId: 1, handler: 'vide', timescale: 90_000 }
const AUDIO: ForeignTrack = { trackId: 2, handler: 'soun', timescale: 48_000 }

/** Plans a file whose boxes are all in `head`; media may lie behind it, up to `fileBytes`. */
function planOf(head: Uint8Array, options?: Mp4PlanOptions, fileBytes = head.length): Mp4Plan | undefined {
  const reader = new Mp4IndexReader({ fileBytes, readAheadBytes: 16 })
  for (let next = reader.wanted(); next !== undefined; next = reader.wanted())
    reader.push(head.subarray(next.offset, next.offset + next.length))
  return planMp4(reader.index, options)
}

const headerOf = (plan: Mp4Plan | undefined): Uint8Array => join(...plan!.header())

interface Run {
  readonly track: number
  readonly dts: number
  readonly offset: number
  readonly duration: number
  /** size, flags, composition offset of each */
  readonly samples: readonly (readonly [size: number, flags: number, cts: number])[]
  readonly description?: number
}

const SYNC = 0x0200_0000
const INTER = 0x0101_0000

/** A moof whose data offsets count from the start of the file. */
function moof(...runs: readonly Run[]): Uint8Array {
  return box(
    'moof',
    fullBox('mfhd', 0, 0, u32(1)),
    ...runs.map(({ track, dts, offset, duration, samples, description = 1 }) =>
      box(
        'traf',
        // base_data_offset, sample_description_index, default_sample_duration
        fullBox(
          'tfhd',
          0,
          0x0b,
          u32(track),
          u32(Math.floor(offset / 2 ** 32)),
          u32(offset % 2 ** 32),
          u32(description),
          u32(duration),
        ),
        fullBox('tfdt', 1, 0, u32(Math.floor(dts / 2 ** 32)), u32(dts % 2 ** 32)),
        fullBox('trun', 1, 0xe00, u32(samples.length), u32s(samples.flat())), // size, flags, offset
      ),
    ),
  )
}

/** stbl of the header of a plan, of one track. */
function tables(header: Uint8Array, track = 0): Record<string, Uint8Array> {
  const stbl = findAll(header, 'moov/trak/mdia/minf/stbl')[track]!
  return Object.fromEntries(boxesOf(stbl).map(({ type, content }) => [type, content]))
}

describe('a file with its index in front', () => {
  // Four pictures, of which the first is shown 40 ms after it is decoded, at the time of the first sound. 8 bytes lie between the fragments.
  const head = join(FTYP, moov(VIDEO, AUDIO))
  const first = { track: 1, dts: 90_000, duration: 3600 }
  const second = { track: 2, dts: 49_920, duration: 1024 }
  const fragments = (at: number): Uint8Array =>
    join(
      moof(
        { ...first, offset: at, samples: [[10, SYNC, 3600], [20, INTER, 7200], [5, INTER, 0]] }, // prettier-ignore
        { ...second, offset: at + 35, samples: [[3, SYNC, 0], [4, SYNC, 0]] }, // prettier-ignore
      ),
      moof(
        { ...first, dts: 100_800, offset: at + 50, samples: [[30, SYNC, 3600]] },
        { ...second, dts: 51_968, offset: at + 80, samples: [[5, SYNC, 0]] },
      ),
    )
  const mediaAt = head.length + fragments(0).length + 8
  const file = join(head, fragments(mediaAt), box('mdat', new Uint8Array(90)))
  const plan = planOf(file)!
  const trackHeader = (id: string, duration: string, volume: string, size: string): Uint8Array =>
    fullBox(
      'tkhd',
      0,
      3,
      '00000000 00000000', // creation_time, modification_time
      id,
      '00000000', // reserved
      duration,
      '00000000 00000000 0000', // reserved, layer
      '0005', // alternate_group, as it was
      volume,
      '0000', // reserved
      MATRIX,
      size,
    )
  const dinf = box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1)))
  const handler = (type: string): Uint8Array =>
    fullBox('hdlr', 0, 0, '00000000', text(type), new Uint8Array(12), text('theirs\0'))
  const header = (mediaStart: number): Uint8Array =>
    join(
      box('ftyp', text('isom'), '00000200', text('isom'), text('iso4'), text('mp41')),
      box(
        'moov',
        fullBox(
          'mvhd',
          0,
          0,
          '00000000 00000000',
          '00015f90', // timescale
          '00003840', // duration: 160 ms of video
          '00010000 0100 0000 00000000 00000000',
          MATRIX,
          new Uint8Array(24),
          '00000003', // next_track_ID
        ),
        box(
          'trak',
          trackHeader('00000001', '00003840', '0000', '00400000 00300000'),
          // one edit of 160 ms, from 40 ms after the first decode time
          box('edts', fullBox('elst', 0, 0, '00000001', '00003840 00000e10 00010000')),
          box(
            'mdia',
            fullBox('mdhd', 0, 0, '00000000 00000000', '00015f90', '00003840', '1587 0000'),
            handler('vide'),
            box(
              'minf',
              fullBox('vmhd', 0, 1, new Uint8Array(8)),
              dinf,
              box(
                'stbl',
                fullBox('stsd', 0, 0, u32(1), ENTRY),
                fullBox('stts', 0, 0, u32(1), '00000004 00000e10'),
                fullBox(
                  'ctts',
                  0,
                  0,
                  u32(4),
                  '00000001 00000e10',
                  '00000001 00001c20',
                  '00000001 00000000',
                  '00000001 00000e10',
                ),
                fullBox('stss', 0, 0, u32(2), '00000001 00000004'),
                fullBox('stsc', 0, 0, u32(2), '00000001 00000003 00000001', '00000002 00000001 00000001'),
                fullBox('stsz', 0, 0, '00000000 00000004', '0000000a 00000014 00000005 0000001e'),
                fullBox('stco', 0, 0, u32(2), u32(mediaStart), u32(mediaStart + 42)),
              ),
            ),
          ),
        ),
        box(
          'trak',
          trackHeader('00000002', '00001680', '0100', '00000000 00000000'), // 64 ms
          box(
            'mdia',
            fullBox('mdhd', 0, 0, '00000000 00000000', '0000bb80', '00000c00', '1587 0000'),
            handler('soun'),
            box(
              'minf',
              fullBox('smhd', 0, 0, u32(0)),
              dinf,
              box(
                'stbl',
                fullBox('stsd', 0, 0, u32(1), ENTRY),
                fullBox('stts', 0, 0, u32(1), '00000003 00000400'),
                fullBox('stsc', 0, 0, u32(2), '00000001 00000002 00000001', '00000002 00000001 00000001'),
                fullBox('stsz', 0, 0, '00000000 00000003', '00000003 00000004 00000005'),
                fullBox('stco', 0, 0, u32(2), u32(mediaStart + 35), u32(mediaStart + 72)),
              ),
            ),
          ),
        ),
      ),
      hex('00000055'), // size of mdat: 77 bytes of media
      text('mdat'),
    )

  it('is what it says', () => {
    const { length } = header(0)
    expect(join(...plan.header())).toEqual(header(length))
    expect([plan.headerBytes, plan.fileBytes, plan.durationMs]).toEqual([length, length + 77, 160])
    expect([...plan.ranges()]).toEqual([
      { offset: mediaAt, length: 42 },
      { offset: mediaAt + 50, length: 35 },
    ])
  })

  it('comes out the same twice', () => {
    expect(headerOf(plan)).toEqual(headerOf(plan))
  })

  it('names its tool and its time', () => {
    const told = headerOf(planOf(file, { tool: 'mill', createdMs: -2_082_844_800_000 + 0x0102_0304 * 1000 }))
    expect(find(told, 'moov/mvhd').subarray(0, 12)).toEqual(hex('00000000 01020304 01020304'))
    expect(find(told, 'moov/trak/mdia/mdhd').subarray(0, 12)).toEqual(hex('00000000 01020304 01020304'))
    expect(find(told, 'moov/udta')).toEqual(
      fullBox(
        'meta',
        0,
        0,
        fullBox('hdlr', 0, 0, '00000000', text('mdir'), text('appl'), new Uint8Array(9)),
        box('ilst', box('\u{a9}too', fullBox('data', 0, 1, '00000000', text('mill')))),
      ),
    )
    // Everything behind moov moves.
    const grown = find(told, 'moov/udta').length + 8
    expect(tables(told)['stco']!.subarray(8, 12)).toEqual(u32(header(0).length + grown))
  })
})

describe('where tracks begin', () => {
  const edits = (...parts: readonly (readonly [duration: number, mediaTime: number])[]): Uint8Array =>
    fullBox(
      'elst',
      0,
      0,
      u32(parts.length),
      ...parts.flatMap(([duration, time]) => [u32(duration), u32(time), u32(0x1_0000)]),
    )
  const one = (track: number, dts: number, cts = 0): Uint8Array =>
    moof({ track, dts, offset: 0, duration: 960, samples: [[1, SYNC, cts]] })
  const elst = (head: Uint8Array): Uint8Array[] => findAll(headerOf(planOf(head)), 'moov/trak/edts')

  it('one that starts later waits in an empty edit', () => {
    const head = join(FTYP, moov(VIDEO, AUDIO), one(1, 9000), one(2, 9600)) // 100 ms, 200 ms
    expect(elst(head)).toEqual([edits([9000, -1], [1800, 0])])
  })

  it('the edit list of the fragmented file counts', () => {
    // media time 50 ms of the audio is the start, behind 20 ms of nothing: it begins 70 ms after the video
    const shifted = edits([20, -1], [0, 2400]) // 20 ticks of 1000, 2400 of 48,000
    const head = join(FTYP, moov(VIDEO, { ...AUDIO, edits: shifted }), one(1, 0), one(2, 4800))
    expect(elst(head)).toEqual([edits([6300, -1], [1800, 0])])
  })

  it('an edit list of version 1', () => {
    const shifted = fullBox('elst', 1, 0, u32(1), u32(0), u32(0), u32(0), u32(4800), u32(0x1_0000))
    const head = join(FTYP, moov(VIDEO, { ...AUDIO, edits: shifted }), one(1, 0), one(2, 4800))
    expect(elst(head)).toEqual([])
  })

  it('samples of Opus that are not to be heard are left out in front, and the rest stays in place', () => {
    const dOps = box('dOps', '00 02', '0138', '0000bb80 0000 00') // PreSkip 312
    const entry = box('Opus', '000000000000 0001', new Uint8Array(20), dOps)
    const opus = { ...AUDIO, entry }
    // 312 of 960 samples are skipped: 648 are left, 1215 ticks; the video at 0 begins 6.5 ms before
    expect(elst(join(FTYP, moov(VIDEO, opus), one(1, 0), one(2, 0)))).toEqual([edits([585, -1], [1215, 312])])
    expect(elst(join(FTYP, moov(opus), one(2, 0)))).toEqual([edits([1215, 312])])
  })

  it('a description of Opus that is damaged skips nothing', () => {
    const head = join(FTYP, moov({ ...AUDIO, entry: box('Opus', '000000000000 0001') }), one(2, 0))
    expect(elst(head)).toEqual([])
  })

  it('pictures that are shown before they are decoded keep their place: −1 as media time would be an empty edit', () => {
    // shown at 80 and 60 ms, decoded at 100 and 110.7 ms; the audio begins at 0
    const samples = [[1, SYNC, -1800], [1, INTER, -4560]] as const // prettier-ignore
    const early = moof({ track: 1, dts: 9000, offset: 0, duration: 960, samples })
    const head = join(FTYP, moov(VIDEO, AUDIO), early, one(2, 0))
    expect(elst(head)).toEqual([edits([5400, -1], [2760, 0])])
    // The earliest is at the start of the media: 3600 ticks are added to both.
    const { ctts } = tables(headerOf(planOf(head)))
    expect(ctts).toEqual(hex('01000000 00000002 00000001 00000708 00000001 fffffc40'))
  })

  it('tracks without samples are left out', () => {
    const header = headerOf(planOf(join(FTYP, moov(VIDEO, AUDIO), one(2, 0))))
    expect(findAll(header, 'moov/trak')).toHaveLength(1)
    expect(planOf(join(FTYP, moov(VIDEO, AUDIO)))).toBeUndefined()
  })
})

describe('tables', () => {
  const video = (...samples: readonly (readonly [number, number, number])[]): Record<string, Uint8Array> =>
    tables(
      headerOf(planOf(join(FTYP, moov(VIDEO), moof({ track: 1, dts: 0, offset: 0, duration: 40, samples })))),
    )

  it('offsets below 0 take version 1', () => {
    expect(video([1, SYNC, 0], [1, INTER, -40])['ctts']).toEqual(
      hex('01000000 00000002 00000001 00000000 00000001 ffffffd8'),
    )
  })

  it('pictures of which none is a start have a table that says so', () => {
    expect(video([1, INTER, 0])['stss']).toEqual(hex('00000000 00000000'))
  })

  it('pictures that are all starts, and shown when they are decoded, need no tables for that', () => {
    expect(Object.keys(video([1, SYNC, 0], [1, SYNC, 0]))).toEqual(['stsd', 'stts', 'stsc', 'stsz', 'stco'])
  })

  it('steps that differ, and a chunk with another description', () => {
    const samples = [[1, SYNC, 0]] as const
    const head = join(
      FTYP,
      moov(VIDEO),
      moof({ track: 1, dts: 0, offset: 0, duration: 40, samples }),
      moof({ track: 1, dts: 50, offset: 1, duration: 40, samples, description: 2 }),
      moof({ track: 1, dts: 90, offset: 2, duration: 30, samples, description: 2 }),
    )
    const { stts, stsc } = tables(headerOf(planOf(head)))
    expect(stts).toEqual(hex('00000000 00000003 00000001 00000032 00000001 00000028 00000001 0000001e'))
    expect(stsc).toEqual(hex('00000000 00000002 00000001 00000001 00000001 00000002 00000002 00000002'))
  })

  it('of more than 64 kB come in pieces', () => {
    const samples = Array.from(
      { length: 40_000 },
      (_, i) => [i + 1, i % 50 === 0 ? SYNC : INTER, (i % 3) * 40] as const,
    )
    const plan = planOf(
      join(FTYP, moov(VIDEO), moof({ track: 1, dts: 0, offset: 0, duration: 40, samples })),
      {},
      2 ** 31,
    )!
    const pieces = [...plan.header()]
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(65_536)
    expect(plan.headerBytes).toBe(pieces.reduce((sum, { length }) => sum + length, 0))
    const { stsz, ctts, stss } = tables(join(...pieces))
    const sizes = join(hex('00000000 00000000'), u32(40_000), u32s(samples.map(([size]) => size)))
    expect(Buffer.compare(stsz!, sizes)).toBe(0)
    expect(ctts).toHaveLength(8 + 8 * 40_000)
    expect(stss!.subarray(0, 20)).toEqual(hex('00000000 00000320 00000001 00000033 00000065'))
  })
})

describe('large files', () => {
  /** A sample of `size` at an offset, on a file of a terabyte. */
  const large = (...sizes: readonly number[]): Mp4Plan => {
    let offset = 2 ** 33
    const moofs = sizes.map((size, i) => {
      const bytes = moof({ track: 1, dts: i * 40, offset, duration: 40, samples: [[size, SYNC, 0]] })
      offset += size + 1
      return bytes
    })
    const media = join(u32(0), text('mdat'), new Uint8Array(8))
    return planOf(join(FTYP, moov(VIDEO), ...moofs, media), {}, 2 ** 40)!
  }
  const half = 2 ** 31

  it('have offsets of 64 bits as soon as the last byte needs them', () => {
    const small = large(half, half - 1 - 612 - 24)
    expect(small.fileBytes).toBeLessThan(2 ** 32)
    const most = 2 ** 32 - 1 - small.headerBytes - half
    expect(Object.keys(tables(headerOf(large(half, most))))).toContain('stco')
    const plan = large(half, most + 1)
    const { co64 } = tables(headerOf(plan))
    expect(co64).toEqual(
      join(hex('00000000 00000002 00000000'), u32(plan.headerBytes), u32(0), u32(plan.headerBytes + half)),
    )
  })

  it('have a size of 64 bits where mdat needs it', () => {
    const edge = large(half, half - 9)
    expect(headerOf(edge).slice(-8)).toEqual(join(hex('ffffffff'), text('mdat')))
    const plan = large(half, half - 8)
    expect(headerOf(plan).slice(-16)).toEqual(join(u32(1), text('mdat'), hex('00000001 00000008')))
    expect(plan.fileBytes).toBe(plan.headerBytes + 2 ** 32 - 8)
  })

  it('have times of 64 bits where 13 hours are not enough', () => {
    const samples = [[1, SYNC, 0]] as const
    const at = (dts: number): Uint8Array => moof({ track: 1, dts, offset: 0, duration: 40, samples })
    const hours = (...times: number[]): Uint8Array =>
      headerOf(planOf(join(FTYP, moov(VIDEO), ...times.map(at))))
    const long = hours(0, 2 ** 31, 2 ** 32 - 40)
    expect(find(long, 'moov/mvhd').subarray(0, 32)).toEqual(
      hex('01000000 0000000000000000 0000000000000000 00015f90 0000000100000000'),
    )
    expect(find(long, 'moov/trak/mdia/mdhd')[0]).toBe(1)
    expect(find(long, 'moov/trak/tkhd')[0]).toBe(1)
    const short = hours(0, 2 ** 31, 2 ** 32 - 41)
    expect(find(short, 'moov/mvhd').subarray(0, 20)).toEqual(
      hex('00000000 00000000 00000000 00015f90 ffffffff'),
    )
  })
})

it.each(CLIPS)('%s: the finished file has the media of the fragments', (clip) => {
  const media = (file: Uint8Array): Buffer => Buffer.concat(findAll(file, 'mdat'))
  const fragmented = clipMp4(clip)
  const finished = finishedMp4(fragmented)
  expect(media(finished).equals(media(fragmented))).toBe(true)
  expect(boxesOf(finished).map(({ type }) => type)).toEqual(['ftyp', 'moov', 'mdat'])
})
