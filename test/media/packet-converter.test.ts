import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { demuxFlv } from 'millrace/flv'
import { type AccessUnit, AccessUnitConverter, type MediaPacket, PacketConverter } from 'millrace/media'
import { TsDemuxer, TsMuxer } from 'millrace/mpegts'
import { describe, expect, it } from 'vitest'
import { annexB, AVC_AUD, AVC_PPS, AVC_SEI, AVC_SPS, avcc, idr, nal, slice } from '../mpegts/packets.ts'
import { hex, join, toHex as spacedHex } from '../support/bytes.ts'
import { type Clip, readClip } from '../support/clips.ts'
import { fuzzRuns } from '../support/fuzz.ts'

const toHex = (bytes: Uint8Array): string => spacedHex(bytes).replaceAll(' ', '')

/** Everything of a packet in a line. */
function lineOf({ kind, dts, cts, keyframe, configuration, body }: MediaPacket): string {
  const flags = `${keyframe ? ' key' : ''}${configuration ? ' configuration' : ''}`
  return `${kind} ${dts}+${cts}${flags} ${toHex(body)}`
}

function convert(units: readonly AccessUnit[], converter = new PacketConverter()): MediaPacket[] {
  return units.flatMap((unit) => converter.push(unit))
}

const video = (data: Uint8Array, pts: number | undefined, more: Partial<AccessUnit> = {}): AccessUnit => ({
  codec: 'avc1',
  data,
  pts,
  dts: pts,
  ...more,
})
const SETS = [AVC_SPS, AVC_PPS]

/** avcC of the sets: version 1 | profile 66, compatibility 0, level 10 | lengths of 4 bytes | one SPS | one PPS. */
const AVCC = join(hex('01 42000a ff e1 0007'), AVC_SPS, hex('01 0004'), AVC_PPS)

describe('H.264', () => {
  it('takes the configuration from parameter sets in band, and leaves them and delimiters out of the frames', () => {
    const units = [video(annexB(AVC_AUD, ...SETS, AVC_SEI, idr(20)), 0), video(annexB(AVC_AUD, slice(9)), 40)]
    expect(convert(units).map(lineOf)).toEqual([
      `video 0+0 configuration 1700000000${toHex(AVCC)}`, // key, AVC | sequence header | composition time 0
      `video 0+0 key 1701000000${toHex(avcc([AVC_SEI, idr(20)]))}`,
      `video 40+0 2701000000${toHex(avcc([slice(9)]))}`,
    ])
  })

  it('takes lengths of four bytes as well', () => {
    expect(convert([video(avcc([...SETS, idr(20)]), 0)]).map(lineOf)).toEqual(
      convert([video(annexB(...SETS, idr(20)), 0)]).map(lineOf),
    )
  })

  it('takes parameter sets that come one by one, before any picture', () => {
    const packets = convert([
      video(annexB(AVC_SPS), undefined),
      video(annexB(AVC_PPS), undefined),
      video(annexB(idr(20)), 80),
    ])
    expect(packets.map(({ dts, configuration }) => [dts, configuration])).toEqual([
      [80, true],
      [80, false],
    ])
  })

  it('takes a record that came apart, whatever the size of its lengths is', () => {
    const record = join(hex('01 42000a fd e1 0007'), AVC_SPS, hex('01 0004'), AVC_PPS) // lengths of 2 bytes
    const [first, second] = convert([video(annexB(idr(20)), 0, { configuration: record })])
    expect(toHex(first!.payload)).toBe(toHex(AVCC))
    expect(second!.keyframe).toBe(true)
  })

  it('tells of new parameter sets before the picture that needs them, and not of the same ones again', () => {
    const other = hex('67 42 00 0a f8 41 a3')
    const packets = convert([
      video(annexB(...SETS, idr(20)), 0),
      video(annexB(...SETS, idr(20)), 40),
      video(annexB(other, AVC_PPS, idr(20)), 80),
    ])
    expect(packets.map(({ configuration }) => configuration)).toEqual([true, false, false, true, false])
    expect(toHex(packets[3]!.payload)).toContain(toHex(other))
  })

  it('begins at a random access point, also after a loss', () => {
    const converter = new PacketConverter()
    const packets = convert(
      [
        video(annexB(slice(9)), 0),
        video(annexB(...SETS, idr(20)), 40),
        video(annexB(slice(9)), 80, { lost: true }),
        video(annexB(slice(9)), 120),
        video(annexB(slice(9)), 160, { randomAccess: true }), // a recovery point, as a transport stream marks it
      ],
      converter,
    )
    expect(packets.map(({ dts, keyframe }) => [dts, keyframe])).toEqual([
      [40, false],
      [40, true],
      [160, true],
    ])
    expect(converter.skippedCount).toBe(3)
  })

  it('leaves out what is no picture and what is damaged, and begins again at a keyframe after that', () => {
    const converter = new PacketConverter()
    const all = Array.from({ length: 16_385 }, () => hex('41'))
    const packets = convert(
      [
        video(annexB(...SETS, idr(20)), 0),
        video(annexB(AVC_SEI), 40),
        video(hex('00'), 80),
        video(annexB(...all), 120), // more NAL units than any picture has
        video(annexB(slice(9)), 160),
      ],
      converter,
    )
    expect(packets.map(({ dts }) => dts)).toEqual([0, 0])
    expect([converter.damagedCount, converter.skippedCount]).toEqual([1, 1])
  })

  it('rounds times with a fraction, and gives a unit without a time that of its place', () => {
    const units = [33.4, 66.7, undefined].map((pts, i) => video(annexB(...SETS, idr(20 + i)), pts))
    expect(convert(units).map(({ dts }) => dts)).toEqual([33, 33, 67, 100])
  })
})

describe('sound', () => {
  /** ADTS: syncword, MPEG-4, no CRC | LC, 48 kHz, stereo | length 7 + 3 bytes | one block. */
  const adts = (body: string): Uint8Array => hex(`fff1 4c80 015f fc ${body}`)

  it('takes ADTS apart, each frame at its time, with the configuration that the header stands for', () => {
    const data = join(adts('21aaaa'), adts('21bbbb'))
    const packets = convert([{ codec: 'mp4a', data, pts: 100, dts: 100 }])
    // AudioSpecificConfig: LC 00010, 48 kHz 0011, stereo 0010; a frame of 1024 samples takes 21⅓ ms.
    expect(packets.map(lineOf)).toEqual([
      'audio 100+0 configuration af001190',
      'audio 100+0 af0121aaaa',
      'audio 121+0 af0121bbbb',
    ])
  })

  it('takes raw AAC once its configuration was told', () => {
    const converter = new PacketConverter()
    const frame = { codec: 'mp4a', data: hex('21aaaa'), pts: 0, dts: undefined }
    expect(converter.push(frame)).toEqual([])
    expect(converter.skippedCount).toBe(1)
    const configuration = hex('1190')
    expect(converter.push({ ...frame, configuration }).map(lineOf)).toEqual([
      'audio 0+0 configuration af001190',
      'audio 0+0 af0121aaaa',
    ])
    expect(converter.push({ ...frame, configuration: hex('1190') })).toHaveLength(1)
  })

  it.each([
    // codec, frame, its tag: sound format, rate, size, type or ExHeader with fourCC
    ['.mp3', 'fffb9064', '2ffffb9064'],
    ['alaw', 'd5d5', '72d5d5'],
    ['ulaw', 'ffff', '82ffff'],
    ['ac-3', '0b77aaaa', '9161632d330b77aaaa'],
    ['ec-3', '0b77aaaa', '9165632d330b77aaaa'],
  ])('%s needs no configuration', (codec, data, tag) => {
    const [packet, ...others] = convert([{ codec, data: hex(data), pts: 7, dts: 7 }])
    expect(others).toEqual([])
    expect(lineOf(packet!)).toBe(`audio 7+0 ${tag}`)
  })

  it('gives Opus without a configuration one for two channels', () => {
    const packets = convert([{ codec: 'Opus', data: hex('fcaa'), pts: 0, dts: 0 }])
    expect(packets.map(lineOf)).toEqual([
      // ExHeader, sequence start, Opus | OpusHead, version 1, two channels, pre-skip 0, 48,000 Hz, gain 0, family 0
      'audio 0+0 configuration 904f7075734f707573486561640102000080bb0000000000',
      'audio 0+0 914f707573fcaa',
    ])
  })

  it('keeps tracks apart, and refuses what is no track or codec', () => {
    const converter = new PacketConverter()
    const frame = { data: hex('fffb9064'), pts: 0, dts: 0 }
    expect(lineOf(converter.push({ ...frame, codec: '.mp3', trackId: 1 })[0]!)).toBe(
      'audio 0+0 95012e6d703301fffb9064', // ExHeader, multitrack | OneTrack, coded frames | fourCC | track 1
    )
    expect(converter.push({ ...frame, codec: '.mp3', trackId: 256 })).toEqual([])
    expect(converter.push({ ...frame, codec: 'what' })).toEqual([])
    expect(converter.skippedCount).toBe(2)
  })
})

describe('AV1, VP8 and VP9', () => {
  it('AV1 is without temporal delimiter, and configured by its sequence header', () => {
    const clip = demuxFlv(readClip('av1-opus.ertmp.flv')).filter((packet) => packet.kind === 'video')
    const record = clip.find(({ configuration }) => configuration)!.payload
    const frames = clip.filter(({ coded }) => coded)
    const packets = convert(
      // a temporal delimiter (type 2, with a size of 0) in front of each temporal unit
      frames.map(({ payload, pts }) => ({
        codec: 'av01',
        data: join(hex('1200'), payload),
        pts,
        dts: undefined,
      })),
    )
    expect(toHex(packets[0]!.payload.subarray(0, 3))).toBe(toHex(record.subarray(0, 3))) // version, profile, level, flags
    expect(packets.slice(1).map(lineOf)).toEqual(frames.map(lineOf))
  })

  it('VP9 is configured by its keyframe', () => {
    const clip = demuxFlv(readClip('vp9-opus.ertmp.flv')).filter(
      ({ kind, coded }) => kind === 'video' && coded,
    )
    const packets = convert(
      clip.map(({ payload, pts }) => ({ codec: 'vp09', data: payload, pts, dts: undefined })),
    )
    // vpcC: version 1 | profile 0, level 2.0 (320x180) or 1.1, 8 bits and 4:2:0 colocated
    expect(toHex(packets[0]!.payload.subarray(0, 5))).toBe('0100000000')
    expect(packets[0]!.payload[6]).toBe(0x82)
    expect(packets.slice(1).map(lineOf)).toEqual(clip.map(lineOf))
  })

  it('VP8 is configured by its keyframe', () => {
    const packets = convert([
      { codec: 'vp08', data: hex('3059009d012a4201b600'), pts: 0, dts: undefined },
      { codec: 'vp08', data: hex('11020000'), pts: 33, dts: undefined },
    ])
    expect(packets.map(({ configuration, keyframe }) => [configuration, keyframe])).toEqual([
      [true, false],
      [false, true],
      [false, false],
    ])
  })
})

const CLIPS: readonly Clip[] = [
  'avc-aac-bframes.flv',
  'avc-mp3.flv',
  'hevc-aac.ertmp.flv',
  'hevc-opus-two-audio-tracks.ertmp.flv',
  'av1-opus.ertmp.flv',
  'vp9-opus.ertmp.flv',
  'avc-flac.ertmp.flv',
]

/** The frames of each track: their times and bytes. */
function framesOf(packets: readonly MediaPacket[]): string[] {
  return packets.flatMap((packet) =>
    packet
      .tracks()
      .filter(({ coded }) => coded)
      .map(
        ({ trackId, codec, cts, keyframe, payload }) =>
          `${packet.kind} ${trackId} ${codec} ${packet.dts}+${cts}${keyframe ? ' key' : ''} ${toHex(payload)}`,
      ),
  )
}

describe('there and back', () => {
  it.each(CLIPS)('%s comes back as it was', (clip) => {
    const packets = demuxFlv(readClip(clip))
    const units = packets.flatMap((packet) => unitConverter.push(packet))
    expect(framesOf(convert(units))).toEqual(framesOf(packets.filter(({ kind }) => kind !== 'data')))
  })
  const unitConverter = new AccessUnitConverter()

  it.each(['avc-aac-bframes.flv', 'hevc-aac.ertmp.flv', 'avc-mp3.flv'] as const)(
    '%s keeps its frames through a transport stream',
    (clip) => {
      const packets = demuxFlv(readClip(clip))
      const demuxer = new TsDemuxer()
      demuxer.push(new TsMuxer({ timestampOffsetMs: 0, pcrLeadMs: 0 }).writeBatch(packets))
      demuxer.flush()
      const converter = new PacketConverter()
      const out: MediaPacket[] = []
      for (let unit = demuxer.read(); unit !== undefined; unit = demuxer.read())
        out.push(...converter.push(unit))
      const sorted = (list: readonly MediaPacket[]): string[] => framesOf(list).toSorted()
      expect(sorted(out)).toEqual(sorted(packets.filter(({ kind }) => kind !== 'data')))
      expect(converter.skippedCount + converter.damagedCount).toBe(0)
    },
  )

  it('Opus of a transport stream has the channels that its descriptors say', () => {
    const demuxer = new TsDemuxer()
    const fixture = resolve(import.meta.dirname, '../mpegts/fixtures/opus.ts.bin')
    demuxer.push(new Uint8Array(readFileSync(fixture)))
    demuxer.flush()
    const [first] = convert([demuxer.read()!])
    expect(first).toMatchObject({ configuration: true, codec: 'Opus' })
    expect(first!.payload.subarray(0, 8)).toEqual(new TextEncoder().encode('OpusHead'))
  })
})

it('no unit makes it throw, and times of a track with decode times of our own always go up', () => {
  const unit = fc.record({
    codec: fc.constantFrom(
      'avc1',
      'hvc1',
      'vvc1',
      'av01',
      'vp08',
      'vp09',
      'mp4a',
      'Opus',
      'fLaC',
      '.mp3',
      'alaw',
    ),
    data: fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.constantFrom(
        annexB(...SETS, idr(20)),
        annexB(slice(9)),
        avcc([nal(0x42, 9)]),
        hex('fff14c80015ffc21aaaa'),
      ),
    ),
    pts: fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { nil: undefined }),
    dts: fc.constant(undefined),
    lost: fc.boolean(),
    configuration: fc.option(fc.uint8Array({ maxLength: 24 }), { nil: undefined }),
  })
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 20 }), (units) => {
      for (const packet of convert(units)) expect(Number.isInteger(packet.dts)).toBe(true)
    }),
    { seed: 7, numRuns: fuzzRuns(400) },
  )
})
