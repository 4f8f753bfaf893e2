import fc from 'fast-check'
import { DecodeError, LimitError, MediaError } from 'millrace/errors'
import {
  formatMediaPlaylist,
  formatMultivariantPlaylist,
  type MediaPlaylist,
  type MultivariantPlaylist,
  parsePlaylist,
} from 'millrace/hls'
import { describe, expect, it } from 'vitest'
import { hex } from '../support/bytes.ts'
import { fuzzRuns } from '../support/fuzz.ts'

/** A media playlist of no content, to spread. */
const plain = {
  type: 'media',
  independentSegments: false,
  discontinuitySequence: 0,
  iFramesOnly: false,
} as const

/** RFC 8216 §8, its examples. `canonical`: what formatting gives, where the RFC leaves a choice. */
const EXAMPLES: readonly {
  readonly name: string
  readonly text: string
  readonly value: MediaPlaylist | MultivariantPlaylist
}[] = [
  {
    name: '§8.1 simple media playlist',
    text: `#EXTM3U
#EXT-X-TARGETDURATION:10
#EXT-X-VERSION:3
#EXTINF:9.009,
http://media.example.com/first.ts
#EXTINF:9.009,
http://media.example.com/second.ts
#EXTINF:3.003,
http://media.example.com/third.ts
#EXT-X-ENDLIST
`,
    value: {
      ...plain,
      version: 3,
      targetDurationSec: 10,
      mediaSequence: 0,
      endList: true,
      segments: [
        { uri: 'http://media.example.com/first.ts', durationSec: 9.009, discontinuity: false },
        { uri: 'http://media.example.com/second.ts', durationSec: 9.009, discontinuity: false },
        { uri: 'http://media.example.com/third.ts', durationSec: 3.003, discontinuity: false },
      ],
    },
  },
  {
    name: '§8.2 live media playlist using HTTPS',
    text: `#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:8
#EXT-X-MEDIA-SEQUENCE:2680

#EXTINF:7.975,
https://priv.example.com/fileSequence2680.ts
#EXTINF:7.941,
https://priv.example.com/fileSequence2681.ts
#EXTINF:7.975,
https://priv.example.com/fileSequence2682.ts
`,
    value: {
      ...plain,
      version: 3,
      targetDurationSec: 8,
      mediaSequence: 2680,
      endList: false,
      segments: [
        { uri: 'https://priv.example.com/fileSequence2680.ts', durationSec: 7.975, discontinuity: false },
        { uri: 'https://priv.example.com/fileSequence2681.ts', durationSec: 7.941, discontinuity: false },
        { uri: 'https://priv.example.com/fileSequence2682.ts', durationSec: 7.975, discontinuity: false },
      ],
    },
  },
  {
    name: '§8.3 playlist with encrypted media segments',
    text: `#EXTM3U
#EXT-X-VERSION:3
#EXT-X-MEDIA-SEQUENCE:7794
#EXT-X-TARGETDURATION:15

#EXT-X-KEY:METHOD=AES-128,URI="https://priv.example.com/key.php?r=52"

#EXTINF:2.833,
http://media.example.com/fileSequence52-A.ts
#EXTINF:15.0,
http://media.example.com/fileSequence52-B.ts
#EXTINF:13.333,
http://media.example.com/fileSequence52-C.ts

#EXT-X-KEY:METHOD=AES-128,URI="https://priv.example.com/key.php?r=53"

#EXTINF:15.0,
http://media.example.com/fileSequence53-A.ts
`,
    value: {
      ...plain,
      version: 3,
      targetDurationSec: 15,
      mediaSequence: 7794,
      endList: false,
      segments: [
        ...[
          ['A', 2.833],
          ['B', 15],
          ['C', 13.333],
        ].map(([part, durationSec]) => ({
          uri: `http://media.example.com/fileSequence52-${part}.ts`,
          durationSec: durationSec as number,
          discontinuity: false,
          keys: [{ method: 'AES-128', uri: 'https://priv.example.com/key.php?r=52' }],
        })),
        {
          uri: 'http://media.example.com/fileSequence53-A.ts',
          durationSec: 15,
          discontinuity: false,
          keys: [{ method: 'AES-128', uri: 'https://priv.example.com/key.php?r=53' }],
        },
      ],
    },
  },
  {
    name: '§8.4 master playlist',
    text: `#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=1280000,AVERAGE-BANDWIDTH=1000000
http://example.com/low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=65000,CODECS="mp4a.40.5"
http://example.com/audio-only.m3u8
`,
    value: {
      type: 'multivariant',
      independentSegments: false,
      renditions: [],
      iFrames: [],
      variants: [
        { uri: 'http://example.com/low.m3u8', bandwidth: 1_280_000, averageBandwidth: 1_000_000 },
        { uri: 'http://example.com/audio-only.m3u8', bandwidth: 65_000, codecs: ['mp4a.40.5'] },
      ],
    },
  },
  {
    name: '§8.5 master playlist with I-frames',
    text: `#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=1280000
low/audio-video.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=86000,URI="low/iframe.m3u8"
`,
    value: {
      type: 'multivariant',
      independentSegments: false,
      renditions: [],
      iFrames: [{ uri: 'low/iframe.m3u8', bandwidth: 86_000 }],
      variants: [{ uri: 'low/audio-video.m3u8', bandwidth: 1_280_000 }],
    },
  },
  {
    name: '§8.6 master playlist with alternative audio',
    text: `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="English", DEFAULT=YES,AUTOSELECT=YES,LANGUAGE="en", URI="main/english-audio.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="Commentary", DEFAULT=NO,AUTOSELECT=NO,LANGUAGE="en", URI="commentary/audio-only.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1280000,CODECS="avc1.64001f, mp4a.40.2",AUDIO="aac",RESOLUTION=1280x720,FRAME-RATE=29.970
low/video-only.m3u8
`,
    value: {
      type: 'multivariant',
      independentSegments: false,
      iFrames: [],
      renditions: [
        {
          kind: 'AUDIO',
          groupId: 'aac',
          name: 'English',
          language: 'en',
          uri: 'main/english-audio.m3u8',
          default: true,
          autoselect: true,
          forced: false,
        },
        {
          kind: 'AUDIO',
          groupId: 'aac',
          name: 'Commentary',
          language: 'en',
          uri: 'commentary/audio-only.m3u8',
          default: false,
          autoselect: false,
          forced: false,
        },
      ],
      variants: [
        {
          uri: 'low/video-only.m3u8',
          bandwidth: 1_280_000,
          codecs: ['avc1.64001f', 'mp4a.40.2'],
          audio: 'aac',
          resolution: { width: 1280, height: 720 },
          frameRate: 29.97,
        },
      ],
    },
  },
]

const format = (value: MediaPlaylist | MultivariantPlaylist): string =>
  value.type === 'media' ? formatMediaPlaylist(value) : formatMultivariantPlaylist(value)

describe('the examples of RFC 8216', () => {
  for (const { name, text, value } of EXAMPLES) {
    it(`${name} is read, with line ends of any kind`, () => {
      expect(parsePlaylist(text)).toEqual(value)
      expect(parsePlaylist(text.replaceAll('\n', '\r\n'))).toEqual(value)
      expect(parsePlaylist(`\uFEFF${text.replaceAll('\n', '  \r')}`)).toEqual(value)
    })

    it(`${name} comes back through its own text`, () => {
      const { version: _, ...facts } = parsePlaylist(format(value))
      const { version: __, ...expected } = value
      expect(facts).toEqual(expected)
    })
  }
})

describe('media playlists', () => {
  it('every tag, in its place', () => {
    const value: MediaPlaylist = {
      ...plain,
      version: 6,
      targetDurationSec: 6,
      mediaSequence: 9,
      discontinuitySequence: 3,
      playlistType: 'EVENT',
      independentSegments: true,
      start: { timeOffsetSec: -12.5, precise: true },
      endList: true,
      segments: [
        {
          uri: 'all.mp4',
          durationSec: 6,
          title: 'first, of two',
          discontinuity: true,
          programDateTimeMs: 1_700_000_000_123,
          byteRange: { length: 1000, offset: 720 },
          map: { uri: 'all.mp4', byteRange: { length: 720, offset: 0 } },
          keys: [
            {
              method: 'SAMPLE-AES',
              uri: 'skd://a',
              iv: hex('00112233445566778899aabbccddeeff'),
              keyFormat: 'com.apple',
              keyFormatVersions: '1/2',
            },
            { method: 'SAMPLE-AES', uri: 'https://b', keyFormat: 'urn:b' },
          ],
        },
        {
          uri: 'all.mp4',
          durationSec: 5.5,
          discontinuity: false,
          byteRange: { length: 500, offset: 1720 },
          gap: true,
        },
      ],
    }
    const text = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-START:TIME-OFFSET=-12.5,PRECISE=YES
#EXT-X-MEDIA-SEQUENCE:9
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-DISCONTINUITY
#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://a",IV=0x00112233445566778899aabbccddeeff,KEYFORMAT="com.apple",KEYFORMATVERSIONS="1/2"
#EXT-X-KEY:METHOD=SAMPLE-AES,URI="https://b",KEYFORMAT="urn:b"
#EXT-X-MAP:URI="all.mp4",BYTERANGE="720@0"
#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:20.123Z
#EXTINF:6.000,first, of two
#EXT-X-BYTERANGE:1000@720
all.mp4
#EXT-X-KEY:METHOD=NONE
#EXT-X-GAP
#EXTINF:5.500,
#EXT-X-BYTERANGE:500@1720
all.mp4
#EXT-X-ENDLIST
`
    expect(formatMediaPlaylist(value)).toBe(text)
    // EXT-X-MAP stays in force until the next one.
    const [first, second] = value.segments
    expect(parsePlaylist(text)).toEqual({ ...value, segments: [first, { ...second, map: first!.map }] })
  })

  it.each([
    ['nothing special', {}, 3],
    ['byte ranges', { byteRange: { length: 1, offset: 0 } }, 4],
    ['a key format', { keys: [{ method: 'AES-128', uri: 'k', keyFormat: 'identity' }] }, 5],
    ['initialization', { map: { uri: 'i' } }, 6],
  ])('say the version that %s needs', (_, extra, version) => {
    const segments = [{ uri: 'a', durationSec: 1, ...extra }]
    const text = formatMediaPlaylist({
      ...plain,
      targetDurationSec: 1,
      mediaSequence: 0,
      endList: false,
      segments,
    })
    expect(text).toContain(`#EXT-X-VERSION:${version}\n`)
  })

  it('a byte range without offset begins where the one before ended', () => {
    const parsed = parsePlaylist(`#EXTM3U
#EXTINF:1,
#EXT-X-BYTERANGE:100@50
a
#EXTINF:1,
#EXT-X-BYTERANGE:30
a
`)
    expect((parsed as MediaPlaylist).segments.map(({ byteRange }) => byteRange)).toEqual([
      { length: 100, offset: 50 },
      { length: 30, offset: 150 },
    ])
  })

  it.each([
    ['a URI that is a tag', { uri: '#EXT-X-ENDLIST' }],
    ['a URI of two lines', { uri: 'a\nb' }],
    ['a title of two lines', { uri: 'a', title: 'x\n#EXT-X-ENDLIST' }],
    ['a quote in a key', { uri: 'a', keys: [{ method: 'AES-128', uri: 'a"b' }] }],
    ['a time that is no date', { uri: 'a', programDateTimeMs: Number.NaN }],
  ])('%s cannot be written', (_, extra) => {
    const segments = [{ durationSec: 1, ...extra }]
    const write = (): string =>
      formatMediaPlaylist({ ...plain, targetDurationSec: 1, mediaSequence: 0, endList: false, segments })
    expect(write).toThrow(RangeError)
  })

  it('give the same segments and initializations other URIs, and leave keys', () => {
    const playlist: MediaPlaylist = {
      type: 'media',
      targetDurationSec: 4,
      mediaSequence: 12,
      endList: false,
      segments: [
        {
          uri: '12.m4s',
          durationSec: 4,
          map: { uri: 'init.mp4' },
          keys: [{ method: 'AES-128', uri: 'https://keys.example/1' }],
        },
      ],
    }
    const lines = formatMediaPlaylist(playlist, { uriOf: (uri) => `show/${uri}?session=a` }).split('\n')
    expect(lines.slice(4)).toEqual([
      '#EXT-X-KEY:METHOD=AES-128,URI="https://keys.example/1"',
      '#EXT-X-MAP:URI="show/init.mp4?session=a"',
      '#EXTINF:4.000,',
      'show/12.m4s?session=a',
      '',
    ])
    expect(() => formatMediaPlaylist(playlist, { uriOf: (uri) => `#${uri}` })).toThrow(RangeError)
  })
})

describe('multivariant playlists', () => {
  it('every attribute', () => {
    const value: MultivariantPlaylist = {
      type: 'multivariant',
      version: 6,
      independentSegments: true,
      start: { timeOffsetSec: 3 },
      renditions: [
        {
          kind: 'SUBTITLES',
          groupId: 'subs',
          name: 'Français, sous-titres',
          uri: 'fr.m3u8',
          language: 'fr',
          assocLanguage: 'fr-CA',
          default: true,
          autoselect: true,
          forced: true,
          characteristics: 'public.easy-to-read',
        },
        {
          kind: 'CLOSED-CAPTIONS',
          groupId: 'cc',
          name: 'CC1',
          default: false,
          autoselect: false,
          forced: false,
          instreamId: 'CC1',
        },
        {
          kind: 'AUDIO',
          groupId: 'a',
          name: 'x',
          channels: '6',
          default: false,
          autoselect: true,
          forced: false,
        },
      ],
      variants: [
        {
          uri: 'v.m3u8',
          bandwidth: 2_000_000,
          averageBandwidth: 1_500_000,
          codecs: ['avc1.64001f', 'mp4a.40.2'],
          resolution: { width: 1920, height: 1080 },
          frameRate: 25,
          hdcpLevel: 'TYPE-0',
          audio: 'a',
          video: 'v',
          subtitles: 'subs',
          closedCaptions: 'cc',
        },
        { uri: 'w.m3u8', bandwidth: 1, closedCaptions: 'NONE' },
      ],
      iFrames: [{ uri: 'i.m3u8', bandwidth: 10, codecs: ['avc1.64001f'], video: 'v' }],
    }
    const text = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-START:TIME-OFFSET=3
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",NAME="Français, sous-titres",LANGUAGE="fr",ASSOC-LANGUAGE="fr-CA",DEFAULT=YES,AUTOSELECT=YES,FORCED=YES,CHARACTERISTICS="public.easy-to-read",URI="fr.m3u8"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="CC1",INSTREAM-ID="CC1"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",AUTOSELECT=YES,CHANNELS="6"
#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1500000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1920x1080,FRAME-RATE=25.000,HDCP-LEVEL=TYPE-0,AUDIO="a",VIDEO="v",SUBTITLES="subs",CLOSED-CAPTIONS="cc"
v.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1,CLOSED-CAPTIONS=NONE
w.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=10,CODECS="avc1.64001f",VIDEO="v",URI="i.m3u8"
`
    expect(formatMultivariantPlaylist(value)).toBe(text)
    expect(parsePlaylist(text)).toEqual(value)
  })

  it('bit rates are rounded up, text that would break out is refused', () => {
    const write = (variant: object): string =>
      formatMultivariantPlaylist({
        type: 'multivariant',
        variants: [{ uri: 'a', bandwidth: 1.2, ...variant }],
      })
    expect(write({})).toContain('BANDWIDTH=2\n')
    expect(() => write({ audio: 'a"b' })).toThrow(RangeError)
    expect(() => write({ uri: '#a' })).toThrow(RangeError)
  })
})

describe('odd playlists', () => {
  it('a player’s extras and later tags are passed over', () => {
    const parsed = parsePlaylist(`#EXTM3U
# a comment
#EXT-X-ALLOW-CACHE:NO
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5
#EXT-X-TARGETDURATION:4
#EXT-X-PART:DURATION=0.5,URI="p.mp4"
orphan.ts
#EXTINF:4
with-no-comma.ts
#EXTINF:x,
no-number.ts
`)
    expect((parsed as MediaPlaylist).segments.map(({ uri, durationSec }) => [uri, durationSec])).toEqual([
      ['with-no-comma.ts', 4],
      ['no-number.ts', 0],
    ])
  })

  it('attributes that are missing, doubled or not closed', () => {
    const parsed = parsePlaylist(`#EXTM3U
#EXT-X-STREAM-INF:
none.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1,BANDWIDTH=2,RESOLUTION=big,=x,CODECS="avc1
last.m3u8
#EXT-X-MEDIA:TYPE=OTHER,NAME="x"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=3
`)
    expect(parsed).toMatchObject({
      variants: [
        { uri: 'none.m3u8', bandwidth: 0 },
        { uri: 'last.m3u8', bandwidth: 2, codecs: ['avc1'] },
      ],
      renditions: [],
      iFrames: [],
    })
  })

  it('what SRS writes', () => {
    const parsed = parsePlaylist(`#EXTM3U
#EXT-X-VERSION:3
#EXT-X-MEDIA-SEQUENCE:5
#EXT-X-TARGETDURATION:10
#EXT-X-DISCONTINUITY
#EXTINF:10.240, no desc
livestream-5.ts
`)
    expect(parsed).toMatchObject({
      mediaSequence: 5,
      segments: [{ uri: 'livestream-5.ts', durationSec: 10.24, title: 'no desc', discontinuity: true }],
    })
  })

  it.each([
    ['nothing', ''],
    ['a page', '<!DOCTYPE html>\n#EXTM3U'],
    ['a longer first line', '#EXTM3U8'],
    ['both kinds', '#EXTM3U\n#EXTINF:1,\na\n#EXT-X-STREAM-INF:BANDWIDTH=1\nb'],
  ])('%s is no playlist', (_, text) => {
    expect(() => parsePlaylist(text)).toThrow(DecodeError)
    expect(() => parsePlaylist(text)).toThrow(expect.objectContaining({ code: 'ERR_HLS_PLAYLIST' }))
  })

  it('takes maxPlaylistEntries and not one more', () => {
    const text = `#EXTM3U\n${'#EXTINF:1,\na\n'.repeat(3)}`
    expect(parsePlaylist(text, { maxPlaylistEntries: 3 })).toMatchObject({ segments: [{}, {}, {}] })
    expect(() => parsePlaylist(text, { maxPlaylistEntries: 2 })).toThrow(LimitError)
    const keys = `#EXTM3U\n${'#EXT-X-KEY:METHOD=SAMPLE-AES,URI="a"\n'.repeat(2)}#EXTINF:1,\na\n#EXTINF:1,\nb\n`
    expect(parsePlaylist(keys, { maxPlaylistEntries: 4 })).toMatchObject({
      segments: [{ keys: [{}, {}] }, { keys: [{}, {}] }],
    })
    expect(() => parsePlaylist(keys, { maxPlaylistEntries: 3 })).toThrow(LimitError)
  })

  it('any text gives a playlist or a MediaError', () => {
    const runs = fuzzRuns(300)
    const line = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.constantFrom(...EXAMPLES.flatMap(({ text }) => text.split('\n'))),
      fc
        .tuple(
          fc.constantFrom('#EXTINF:', '#EXT-X-KEY:', '#EXT-X-MAP:', '#EXT-X-MEDIA:', '#EXT-X-BYTERANGE:'),
          fc.string(),
        )
        .map(([tag, value]) => tag + value),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        let error: unknown
        try {
          parsePlaylist(['#EXTM3U', ...lines].join('\n'))
        } catch (caught) {
          error = caught
        }
        expect(error === undefined || error instanceof MediaError).toBe(true)
      }),
      { numRuns: runs, seed: 4 },
    )
  })
})
