import { MediaError } from 'millrace/errors'
import { type Mp4Index, Mp4IndexReader, type Mp4IndexReaderOptions, type Mp4Sample } from 'millrace/mp4'
import { describe, expect, it } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import { CLIPS } from '../support/clips.ts'
import { clipMp4 } from '../support/mp4.ts'
import { box, boxesOf, fullBox, text, u32, u32s } from './boxes.ts'
import { fragment, moov } from './foreign-file.ts'

type Bounds = Omit<Mp4IndexReaderOptions, 'fileBytes'>

/** Reads a whole file, and counts the bytes that were wanted. */
function read(file: Uint8Array, bounds: Bounds = {}): { index: Mp4Index; wanted: number; reads: number } {
  const reader = new Mp4IndexReader({ fileBytes: file.length, ...bounds })
  let wanted = 0
  let reads = 0
  for (let next = reader.wanted(); next !== undefined; next = reader.wanted()) {
    expect(next.offset + next.length).toBeLessThanOrEqual(file.length)
    wanted += next.length
    reads++
    reader.push(file.subarray(next.offset, next.offset + next.length))
  }
  return { index: reader.index, wanted, reads }
}

const samplesOf = (index: Mp4Index): Mp4Sample[][] => index.tracks.map((track) => [...track.samples()])
const FTYP = box('ftyp', text('iso5'), u32(0))
const AUDIO = { trackId: 1, handler: 'soun', timescale: 1000 } as const

/** trun with data_offset and sizes. */
const trun = (dataOffset: number, ...sizes: readonly number[]): Uint8Array =>
  fullBox('trun', 0, 0x201, u32(sizes.length), u32(dataOffset), ...sizes.map(u32))

describe('forms that other writers choose', () => {
  it('offsets from the start of the moof, defaults of the fragment', () => {
    const head = join(FTYP, moov(AUDIO))
    // default-base-is-moof, default duration, size and flags
    const tfhd = fullBox('tfhd', 0, 0x02_0038, u32(1), u32(20), u32(3), '01010000')
    const tfdt = fullBox('tfdt', 0, 0, u32(100))
    const file = join(
      head,
      fragment([box('traf', tfhd, tfdt, fullBox('trun', 0, 0x001, u32(2), u32(104)))], hex('010203 040506')),
    )
    const start = head.length + 104
    expect(read(file).index.endedBy).toBe('end')
    expect(samplesOf(read(file).index)).toEqual([
      [
        { offset: start, size: 3, dts: 100, pts: 100, duration: 20, keyframe: false },
        { offset: start + 3, size: 3, dts: 120, pts: 120, duration: 20, keyframe: false },
      ],
    ])
    expect(file.subarray(start, start + 6)).toEqual(hex('010203 040506'))
  })

  it('an offset from the start of the file, defaults of the movie, several runs, unsigned offsets', () => {
    const head = join(FTYP, moov({ ...AUDIO, defaults: '00000002 00000028 00000004 00000000' }))
    const media = head.length + 8 // one mdat before the moof
    const file = join(
      head,
      box('mdat', new Uint8Array(20)),
      box(
        'moof',
        fullBox('mfhd', 0, 0, u32(1)),
        box(
          'traf',
          fullBox('tfhd', 0, 0x00_0001, u32(1), u32(0), u32(media)), // base_data_offset
          fullBox('trun', 0, 0x801, u32(2), u32(4), u32(7), '80000000'), // data_offset, composition offsets
          fullBox('trun', 1, 0x800, u32(1), 'ffffffff'), // goes on behind the first; −1
          fullBox('trun', 0, 0x105, u32(1), u32(0), '00010000', u32(5)), // first_sample_flags, a duration
        ),
      ),
    )
    expect(samplesOf(read(file).index)).toEqual([
      [
        { offset: media + 4, size: 4, dts: 0, pts: 7, duration: 40, keyframe: true },
        { offset: media + 8, size: 4, dts: 40, pts: 40 + 2 ** 31, duration: 40, keyframe: true },
        { offset: media + 12, size: 4, dts: 80, pts: 79, duration: 40, keyframe: true },
        { offset: media, size: 4, dts: 120, pts: 120, duration: 5, keyframe: false },
      ],
    ])
  })

  it('offsets that go on from track to track, as without default-base-is-moof', () => {
    const head = join(FTYP, moov(AUDIO, { ...AUDIO, trackId: 2 }))
    const traf = (trackId: number, run: Uint8Array): Uint8Array =>
      box('traf', fullBox('tfhd', 0, 0x00_0008, u32(trackId), u32(10)), run)
    const second = fullBox('trun', 0, 0x200, u32(1), u32(2))
    const file = join(head, fragment([traf(1, trun(136, 1, 2)), traf(2, second)], new Uint8Array(5)))
    const start = head.length + 136
    expect(file.length).toBe(start + 5)
    expect(
      samplesOf(read(file).index).map((samples) => samples.map(({ offset, size }) => [offset, size])),
    ).toEqual([
      [
        [start, 1],
        [start + 1, 2],
      ],
      [[start + 3, 2]],
    ])
  })

  it('boxes with sizes of 64 bits and to the end of the file, and boxes in between', () => {
    const tfhd = fullBox('tfhd', 0, 0x02_0008, u32(1), u32(10))
    const traf = box('traf', tfhd, fullBox('uuid', 0, 0), trun(80, 4))
    const moof = box('moof', traf)
    const large = join(u32(1), text('free'), u32(0), u32(20), u32(7)) // largesize 20
    const last = join(u32(0), text('mdat'), new Uint8Array(12)) // size 0: to the end
    const file = join(FTYP, large, moov(AUDIO), fullBox('sidx', 0, 0), moof, last)
    const { index } = read(file)
    expect([index.endedBy, samplesOf(index).flat().length]).toEqual(['end', 1])
  })

  it('what the tracks are', () => {
    const file = join(
      FTYP,
      moov({ ...AUDIO, trackId: 7, handler: 'vide' }, AUDIO, { ...AUDIO, trackId: 3, handler: 'subt' }),
    )
    const { index } = read(file)
    expect(index.tracks.map(({ trackId, kind, sampleEntry }) => [trackId, kind, sampleEntry])).toEqual([
      [7, 'video', 'xxxx'],
      [1, 'audio', 'xxxx'],
      [3, 'other', 'xxxx'],
    ])
    expect([index.durationMs, index.mediaBytes, [...index.ranges()]]).toEqual([0, 0, []])
  })

  it('times that run back are taken out of decode times', () => {
    const traf = (dts: number, offset: number): Uint8Array =>
      box(
        'traf',
        fullBox('tfhd', 0, 0x02_0008, u32(1), u32(40)),
        fullBox('tfdt', 0, 0, u32(dts)),
        trun(offset, 1),
      )
    const file = join(FTYP, moov(AUDIO), fragment([traf(100, 156), traf(70, 157)], new Uint8Array(2)))
    expect(samplesOf(read(file).index)[0]!.map(({ dts, pts, duration }) => [dts, pts, duration])).toEqual([
      [100, 100, 0],
      [100, 70, 40],
    ])
  })
})

describe('reading', () => {
  it.each(CLIPS)('%s: wants no media, and a read for each fragment', (clip) => {
    const file = clipMp4(clip)
    const boxes = boxesOf(file)
    const { index, wanted, reads } = read(file, { readAheadBytes: 2048 })
    expect(index.endedBy).toBe('end')
    const headers = boxes
      .filter(({ type }) => type !== 'mdat')
      .reduce((sum, { content }) => sum + content.length + 8, 0)
    const moofs = boxes.filter(({ type }) => type === 'moof').length
    expect(wanted).toBeLessThan(headers * 2 + (moofs + 1) * 2048)
    expect(reads).toBeLessThanOrEqual(2 * moofs + 2)
    // Every byte of media belongs to a sample.
    const media = boxes
      .filter(({ type }) => type === 'mdat')
      .reduce((sum, { content }) => sum + content.length, 0)
    expect(index.mediaBytes).toBe(media)
    expect(
      samplesOf(index)
        .flat()
        .reduce((sum, { size }) => sum + size, 0),
    ).toBe(media)
    expect([...index.ranges()]).toEqual(
      boxes
        .filter(({ type }) => type === 'mdat')
        .map(({ start, content }) => ({ offset: start + 8, length: content.length })),
    )
  })

  it('is the same whatever is read at a time', () => {
    const file = clipMp4('avc-aac-bframes.flv')
    const expected = samplesOf(read(file).index)
    for (const readAheadBytes of [1, 16, 17, 100, 1000, 5000, file.length])
      expect(samplesOf(read(file, { readAheadBytes }).index)).toEqual(expected)
  })

  it('wants nothing of an empty file', () => {
    const { index, reads } = read(new Uint8Array(0))
    expect([reads, index.tracks.length, index.endedBy]).toEqual([0, 0, 'end'])
  })

  it('takes what is wanted and nothing else', () => {
    const reader = new Mp4IndexReader({ fileBytes: 20 })
    expect(reader.wanted()).toEqual({ offset: 0, length: 20 })
    expect(() => reader.push(new Uint8Array(21))).toThrow(RangeError)
    reader.push(new Uint8Array(0)) // the file is shorter than was said
    expect(reader.wanted()).toBeUndefined()
    expect(() => reader.push(new Uint8Array(1))).toThrow(TypeError)
  })

  it('ends where the file turns out to end', () => {
    const file = clipMp4('video-only-avc.flv')
    const reader = new Mp4IndexReader({ fileBytes: file.length + 5000 })
    for (let next = reader.wanted(); next !== undefined; next = reader.wanted())
      reader.push(file.subarray(next.offset, next.offset + next.length))
    expect(samplesOf(reader.index)).toEqual(samplesOf(read(file).index))
    expect(reader.index.endedBy).toBe('end')
  })
})

describe('a file that was cut off', () => {
  const whole = clipMp4('avc-aac-bframes.flv')
  const expected = samplesOf(read(whole).index)

  /** The samples that lie before `end` as a whole, up to the first of each track that does not. */
  const before = (end: number): Mp4Sample[][] =>
    expected.map((samples) => {
      const first = samples.findIndex(({ offset, size }) => offset + size > end)
      return first < 0 ? samples : samples.slice(0, first)
    })

  it('at every byte gives every whole sample', () => {
    // all places in the header and around the boundaries of boxes, and every 997th
    const ends = boxesOf(whole).map(({ start }) => start)
    const near = (at: number): boolean => ends.some((end) => Math.abs(end - at) < 12)
    const moovEnd = ends[2]!
    for (let end = 0; end < whole.length; end++) {
      if (end > moovEnd && !near(end) && end % 997 !== 0) continue
      const { index } = read(whole.subarray(0, end))
      expect(index.endedBy).toBe(end === 0 || ends.includes(end) ? 'end' : 'cut')
      const last = ends.findLastIndex((start) => start < end)
      const inMoof = last > 0 && last % 2 === 0 && !ends.includes(end) // ftyp, moov, moof, mdat, moof …
      const there = end < moovEnd ? [] : before(inMoof ? ends[last]! : end)
      const offsets = (samples: readonly Mp4Sample[]): number[] => samples.map(({ offset }) => offset)
      expect(samplesOf(index).map(offsets)).toEqual(there.map(offsets))
    }
  })

  it('has the durations of its samples, the last as its fragment says', () => {
    const { index } = read(whole.subarray(0, whole.length - 10))
    expect(index.tracks[0]!.durationMs).toBe(8000)
    expect(index.tracks[1]!.durationMs).toBeCloseTo(8000, 6)
  })

  it('with zeros behind, as a file system leaves them, ends there', () => {
    const { index } = read(join(whole, new Uint8Array(100)))
    expect(index.endedBy).toBe('damage')
    expect(samplesOf(index)).toEqual(expected)
  })

  it('with a damaged fragment ends there', () => {
    const moofs = boxesOf(whole).filter(({ type }) => type === 'moof')
    const changed = whole.slice()
    changed.set(hex('00000003'), moofs[2]!.start + 8) // mfhd of 3 bytes
    const { index } = read(changed)
    expect(index.endedBy).toBe('damage')
    expect(samplesOf(index).map(({ length }) => length)).toEqual(
      expected.map((samples) => samples.filter(({ offset }) => offset < moofs[2]!.start).length),
    )
  })
})

describe('what is no fragmented file', () => {
  const code = (file: Uint8Array, bounds?: Bounds): string | undefined => {
    try {
      read(file, bounds)
      return undefined
    } catch (error) {
      if (error instanceof MediaError) return error.code
      throw error
    }
  }
  const head = join(FTYP, moov(AUDIO))

  it.each([
    [
      'a moov without mvex',
      box(
        'moov',
        ...boxesOf(moov(AUDIO).subarray(8))
          .filter(({ type }) => type !== 'mvex')
          .map(({ type, content }) => box(type, content)),
      ),
      'ERR_MP4_MOVIE',
    ],
    ['a moov without tracks', moov(), 'ERR_MP4_MOVIE'],
    ['a moov with an empty track', box('moov', box('trak'), box('mvex')), 'ERR_MP4_BOX'],
    ['a box beyond its parent', box('moov', '00000010', text('mvhd')), 'ERR_MP4_BOX'],
    ['a field beyond its box', box('moov', box('mvhd', '00000000')), 'ERR_MP4_BOX'],
    ['a size of 7', join(u32(7), text('ftyp')), 'ERR_MP4_BOX'],
    ['a large size of 15', join(u32(1), text('ftyp'), u32(0), u32(15)), 'ERR_MP4_BOX'],
    ['a timescale of 0', moov({ ...AUDIO, timescale: 0 }), 'ERR_MP4_BOX'],
    ['sample entries cut short', moov({ ...AUDIO, entry: hex('00000000') }), 'ERR_MP4_BOX'],
  ])('%s', (_, file, expected) => expect(code(file)).toBe(expected))

  it.each([
    ['a second moov', moov(AUDIO)],
    ['a fragment of an unknown track', box('moof', box('traf', fullBox('tfhd', 0, 0, u32(9))))],
    ['a run before its header', box('moof', box('traf', trun(0, 1)))],
    [
      'samples without a size',
      box('moof', box('traf', fullBox('tfhd', 0, 0, u32(1)), fullBox('trun', 0, 0, '7fffffff'))),
    ],
    [
      'fewer entries than samples',
      box('moof', box('traf', fullBox('tfhd', 0, 0, u32(1)), fullBox('trun', 0, 0x200, '7fffffff', u32(1)))),
    ],
    [
      'a step of more than 32 bits',
      box(
        'moof',
        box(
          'traf',
          fullBox('tfhd', 0, 0, u32(1)),
          fullBox('tfdt', 1, 0, u32(0), u32(0)),
          trun(0, 1),
          fullBox('tfdt', 1, 0, u32(1), u32(0)),
          trun(0, 1),
        ),
      ),
    ],
  ])('%s ends the index', (_, damage) => {
    expect(read(join(head, damage)).index.endedBy).toBe('damage')
  })

  describe('limits', () => {
    it('maxBoxBytes', () => {
      const { length } = moov(AUDIO)
      expect(code(head, { maxBoxBytes: length })).toBeUndefined()
      expect(code(head, { maxBoxBytes: length - 1 })).toBe('ERR_MP4_BOX_BYTES')
    })

    it('maxTracks', () => {
      const two = moov(AUDIO, { ...AUDIO, trackId: 2 })
      expect(code(two, { maxTracks: 2 })).toBeUndefined()
      expect(code(two, { maxTracks: 1 })).toBe('ERR_MP4_TRACKS')
    })

    it('maxIndexBytes, however many samples a few bytes announce', () => {
      // 5,000 samples of one byte each: 1 byte of size and flags in the log for each but the first
      const tfhd = fullBox('tfhd', 0, 0x02_0018, u32(1), u32(10), u32(1))
      const run = fullBox('trun', 0, 0, u32(5000))
      const file = join(head, fragment([box('traf', tfhd, run)], new Uint8Array(5000)))
      const { index } = read(file)
      expect(index.tracks[0]!.sampleCount).toBe(5000)
      expect(code(file, { maxIndexBytes: index.indexBytes })).toBeUndefined()
      expect(code(file, { maxIndexBytes: index.indexBytes - 1 })).toBe('ERR_MP4_INDEX_BYTES')
    })
  })

  it('takes 6 bytes for a picture of a stream with B-frames', () => {
    const count = 18_000
    const sizesAndOffsets = Array.from({ length: count }, (_, i) => [
      20_000 + ((i * 7919) % 30_000),
      [7200, 10_800, 3600][i % 3]!,
    ])
    const tfhd = fullBox('tfhd', 0, 0x02_0008, u32(1), u32(1800))
    const run = fullBox('trun', 0, 0xa01, u32(count), u32(0), u32s(sizesAndOffsets.flat()))
    const media = join(u32(0), text('mdat'), new Uint8Array(8)) // to the end of a file of a terabyte
    const file = join(FTYP, moov({ ...AUDIO, timescale: 90_000 }), box('moof', box('traf', tfhd, run)), media)
    const reader = new Mp4IndexReader({ fileBytes: 2 ** 40, readAheadBytes: 16 })
    for (let next = reader.wanted(); next !== undefined; next = reader.wanted())
      reader.push(file.subarray(next.offset, next.offset + next.length))
    expect(reader.index.tracks[0]!.sampleCount).toBe(count)
    expect(reader.index.indexBytes / count).toBeLessThan(6.5)
  })
})
