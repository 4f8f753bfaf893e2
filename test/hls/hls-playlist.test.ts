import fc from 'fast-check'
import { HlsPlaylist, type HlsPlaylistOptions, type HlsPlaylistSegment, parsePlaylist } from 'millrace/hls'
import { describe, expect, it } from 'vitest'

/** 2023-11-14T22:13:20Z */
const EPOCH = 1_700_000_000_000

interface Shape {
  readonly durationSec?: number
  readonly discontinuity?: boolean
  readonly independent?: boolean
}

function segment(sequence: number, shape: Shape = {}): HlsPlaylistSegment {
  const { durationSec = 4, discontinuity = false, independent = true } = shape
  return { sequence, durationSec, discontinuity, independent, programDateTimeMs: EPOCH + sequence * 4000 }
}

function playlistOf(options: HlsPlaylistOptions, ...shapes: readonly Shape[]): HlsPlaylist {
  const playlist = new HlsPlaylist(options)
  for (const [i, shape] of shapes.entries()) playlist.add(segment(i, shape), { uri: `${i}.ts` })
  return playlist
}

const times = (count: number, shape: Shape = {}): Shape[] => Array.from({ length: count }, () => shape)

describe('the window', () => {
  it('shows what a live player needs', () => {
    const playlist = playlistOf({ windowSec: 12, programDateTime: true }, ...times(5))
    expect(playlist.format()).toBe(`#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:4
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA-SEQUENCE:2
#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:28.000Z
#EXTINF:4.000,
2.ts
#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:32.000Z
#EXTINF:4.000,
3.ts
#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:36.000Z
#EXTINF:4.000,
4.ts
`)
  })

  it('is bounded by time: the segment that reaches past it stays', () => {
    // the newest first: 4, 8, 12, 16 > 13
    expect(playlistOf({ windowSec: 13 }, ...times(9)).entries.map(({ sequence }) => sequence)).toEqual([
      5, 6, 7, 8,
    ])
    expect(playlistOf({ windowSec: 12 }, ...times(9)).entries).toHaveLength(3)
  })

  it('is bounded by count', () => {
    expect(playlistOf({ windowCount: 5 }, ...times(9)).mediaSequence).toBe(4)
    expect(playlistOf({ windowCount: 5, windowSec: 16 }, ...times(9)).mediaSequence).toBe(5)
  })

  it('never goes below three target durations', () => {
    expect(playlistOf({ windowCount: 1 }, ...times(9)).entries).toHaveLength(3)
    expect(playlistOf({ windowSec: 1, targetDurationSec: 6 }, ...times(9)).entries).toHaveLength(5)
    // a long segment raises the target duration, and with it what must stay
    expect(playlistOf({ windowSec: 1 }, { durationSec: 10 }, ...times(9)).entries).toHaveLength(8)
  })

  it('an empty playlist has no segments and no end', () => {
    expect(new HlsPlaylist().format()).toBe(
      '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MEDIA-SEQUENCE:0\n',
    )
  })
})

describe('target duration', () => {
  it('is the nearest whole second of the longest segment, and never shrinks', () => {
    const playlist = new HlsPlaylist({ targetDurationSec: 2, windowCount: 3, programDateTime: false })
    const after = (sequence: number, durationSec: number): number => {
      playlist.add(segment(sequence, { durationSec }), { uri: 'x' })
      return playlist.targetDurationSec
    }
    expect(after(0, 2.499)).toBe(2)
    expect(after(1, 2.5)).toBe(3)
    expect(after(2, 7.2)).toBe(7)
    for (let i = 3; i < 20; i++) expect(after(i, 2)).toBe(7)
    expect(new HlsPlaylist({ targetDurationSec: 3.2 }).targetDurationSec).toBe(4)
  })
})

describe('discontinuities', () => {
  it('count when their tag leaves the playlist', () => {
    const shapes = [{}, { discontinuity: true }, {}, {}, { discontinuity: true }, {}, {}, {}]
    const counts: number[] = []
    const playlist = new HlsPlaylist({ windowCount: 3 })
    for (const [i, shape] of shapes.entries()) {
      playlist.add(segment(i, shape), { uri: `${i}.ts` })
      counts.push(playlist.discontinuitySequence)
    }
    // the first to leave is 0, then 1 (with its tag), 2, 3, 4 (with its tag)
    expect(counts).toEqual([0, 0, 0, 0, 1, 1, 1, 2])
    expect(playlist.format()).toContain('#EXT-X-DISCONTINUITY-SEQUENCE:2\n')
  })

  it('stand before their segment, and go on from another playlist', () => {
    const playlist = playlistOf(
      { startDiscontinuitySequence: 7, programDateTime: false },
      {},
      { discontinuity: true },
    )
    expect(playlist.format()).toContain(
      '#EXT-X-DISCONTINUITY-SEQUENCE:7\n#EXTINF:4.000,\n0.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:4.000,\n1.ts\n',
    )
  })
})

describe('what left', () => {
  it('expires its own duration and that of the longest playlist after it left', () => {
    const playlist = new HlsPlaylist({ windowCount: 3 })
    const expiry: number[][] = []
    for (let i = 0; i < 12; i++) {
      playlist.add(segment(i), { uri: `${i}.ts` })
      expiry.push(playlist.takeExpired().map(({ sequence }) => sequence))
    }
    // Segment 0 leaves when 3 comes; 4 s of its own and 12 s of the playlist are four more segments.
    expect(expiry).toEqual([[], [], [], [], [], [], [], [0], [1], [2], [3], [4]])
  })

  it('at once, or after a time of its own, when that is asked for', () => {
    const expiredAfter = (lingerSec: number): number[] => {
      const playlist = playlistOf({ windowCount: 3, lingerSec }, ...times(8))
      return playlist.takeExpired().map(({ sequence }) => sequence)
    }
    expect(expiredAfter(0)).toEqual([0, 1, 2, 3, 4])
    expect(expiredAfter(8)).toEqual([0, 1, 2])
    expect(playlistOf({ windowCount: 3, lingerSec: 0 }, ...times(4)).takeExpired()[0]).toMatchObject({
      uri: '0.ts',
    })
  })

  it('is told once; clear tells all the rest', () => {
    const playlist = playlistOf({ windowCount: 3, lingerSec: 4 }, ...times(8))
    expect(playlist.takeExpired().map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3])
    expect(playlist.takeExpired()).toEqual([])
    playlist.add(segment(8), { uri: '8.ts' })
    expect(playlist.clear().map(({ sequence }) => sequence)).toEqual([4, 5, 6, 7, 8])
    expect(playlist.clear()).toEqual([])
    // numbers go on
    expect(playlist.mediaSequence).toBe(9)
  })
})

describe('the end', () => {
  it('is EXT-X-ENDLIST; a publisher who comes back takes it off', () => {
    const playlist = playlistOf({ programDateTime: false }, ...times(2))
    playlist.end()
    expect(playlist.ended).toBe(true)
    expect(playlist.format().endsWith('1.ts\n#EXT-X-ENDLIST\n')).toBe(true)
    playlist.add(segment(2, { discontinuity: true }), { uri: '2.ts' })
    expect(playlist.format().endsWith('#EXT-X-DISCONTINUITY\n#EXTINF:4.000,\n2.ts\n')).toBe(true)
  })
})

describe('a segment', () => {
  it('must be the next one', () => {
    const playlist = playlistOf({}, ...times(3))
    for (const sequence of [2, 4, 0])
      expect(() => playlist.add(segment(sequence), { uri: 'x' })).toThrow(RangeError)
    // the first may have any number
    const later = new HlsPlaylist()
    later.add(segment(7), { uri: '7.ts' })
    expect(later.mediaSequence).toBe(7)
  })

  it.each(['', '#EXT-X-ENDLIST', 'a\n#EXT-X-ENDLIST', 'a\rb'])('cannot be at %j', (uri) => {
    const playlist = new HlsPlaylist()
    expect(() => playlist.add(segment(0), { uri })).toThrow(RangeError)
    playlist.add(segment(0), { uri: 'fine.ts' })
  })

  it('that is not independent takes EXT-X-INDEPENDENT-SEGMENTS away while it is there', () => {
    const playlist = playlistOf({ windowCount: 3 }, { independent: false }, ...times(2))
    expect(playlist.format()).not.toContain('INDEPENDENT')
    playlist.add(segment(3), { uri: '3.ts' })
    expect(playlist.format()).toContain('#EXT-X-INDEPENDENT-SEGMENTS\n')
  })

  it('may be encrypted: its key is named where it changes', () => {
    const playlist = new HlsPlaylist({ programDateTime: false })
    const key = { method: 'AES-128', uri: 'k1' }
    playlist.add(segment(0), { uri: '0.ts', key })
    playlist.add(segment(1), { uri: '1.ts', key })
    playlist.add(segment(2), { uri: '2.ts' })
    expect(playlist.format().split('\n').slice(5, -1)).toEqual([
      '#EXT-X-KEY:METHOD=AES-128,URI="k1"',
      '#EXTINF:4.000,',
      '0.ts',
      '#EXTINF:4.000,',
      '1.ts',
      '#EXT-X-KEY:METHOD=NONE',
      '#EXTINF:4.000,',
      '2.ts',
    ])
  })

  it('counts for the bit rate', () => {
    const playlist = new HlsPlaylist()
    expect([playlist.peakBandwidth, playlist.averageBandwidth]).toEqual([0, 0])
    playlist.add(segment(0, { durationSec: 4 }), { uri: '0', byteLength: 500_000 })
    playlist.add(segment(1, { durationSec: 2 }), { uri: '1', byteLength: 500_000 })
    expect([playlist.peakBandwidth, playlist.averageBandwidth]).toEqual([2_000_000, 1_333_334])
  })
})

it('whatever comes, the rules of live playlists hold', () => {
  const shape = fc.record({
    durationSec: fc.integer({ min: 1, max: 12_000 }).map((ms) => ms / 1000),
    discontinuity: fc.boolean(),
    independent: fc.boolean(),
  })
  const options = fc.record({ windowSec: fc.nat(40), windowCount: fc.integer({ min: 1, max: 12 }) })
  fc.assert(
    fc.property(options, fc.array(shape, { maxLength: 40 }), (window, shapes) => {
      const playlist = new HlsPlaylist(window)
      const expired: number[] = []
      let before = { mediaSequence: 0, discontinuitySequence: 0, targetDurationSec: 0 }
      for (const [i, facts] of shapes.entries()) {
        playlist.add(segment(i, facts), { uri: `${i}.ts` })
        expired.push(...playlist.takeExpired().map(({ sequence }) => sequence))
        const now = parsePlaylist(playlist.format())
        if (now.type !== 'media') throw new Error('not a media playlist')
        const { mediaSequence, discontinuitySequence = 0, targetDurationSec } = now
        expect(mediaSequence).toBeGreaterThanOrEqual(before.mediaSequence)
        expect(discontinuitySequence).toBeGreaterThanOrEqual(before.discontinuitySequence)
        expect(targetDurationSec).toBeGreaterThanOrEqual(before.targetDurationSec)
        before = { mediaSequence, discontinuitySequence, targetDurationSec }
        expect(now.segments.map(({ uri }) => uri)).toEqual(
          Array.from({ length: i + 1 - mediaSequence }, (_, n) => `${mediaSequence + n}.ts`),
        )
        for (const { durationSec } of now.segments) {
          expect(Math.round(durationSec)).toBeLessThanOrEqual(targetDurationSec)
        }
        // Every discontinuity is in the playlist or counted.
        const tags = now.segments.filter(({ discontinuity }) => discontinuity).length
        const all = shapes.slice(0, i + 1).filter(({ discontinuity }) => discontinuity).length
        expect(discontinuitySequence + tags).toBe(all)
        // Nothing expires that is still shown.
        for (const sequence of expired) expect(sequence).toBeLessThan(mediaSequence)
      }
      expect(expired).toEqual(expired.toSorted((a, b) => a - b))
      const rest = playlist.clear().map(({ sequence }) => sequence)
      expect([...expired, ...rest]).toEqual(shapes.map((_, i) => i))
    }),
    { numRuns: 60, seed: 8216 },
  )
})
