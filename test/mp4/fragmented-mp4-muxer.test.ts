import { ConfigurationTracker, type MediaPacket, packetFromTag } from 'millrace/media'
import { FragmentedMp4Muxer, type FragmentedMp4Options, type Mp4WriteResult } from 'millrace/mp4'
import { describe, expect, it } from 'vitest'
import {
  aacConfiguration,
  aacFrame,
  annexB,
  audio,
  AVC_SPS,
  avcc,
  avcConfiguration,
  avcFrame,
  exAudio,
  hevcConfiguration,
  hevcFrame,
  idr,
  mp3Frame,
  slice,
} from '../mpegts/packets.ts'
import { bits, u, ue } from '../codec/bits.ts'
import { ascii, hex, join } from '../support/bytes.ts'
import { find, findAll } from './boxes.ts'

/** What became of each packet. */
function writeAll(muxer: FragmentedMp4Muxer, packets: readonly MediaPacket[]): Mp4WriteResult[] {
  return packets.map((packet) => muxer.write(packet))
}

function written(packets: readonly MediaPacket[], options?: FragmentedMp4Options): FragmentedMp4Muxer {
  const muxer = new FragmentedMp4Muxer(options)
  for (const packet of packets) expect(muxer.write(packet)).toBe('written')
  return muxer
}

interface Times {
  readonly start: number
  readonly durations: number[]
}

/** Start and durations of each track of a fragment, in ticks. */
function timesOf(fragment: { bytes: Uint8Array } | undefined): Times[] {
  return findAll(fragment!.bytes, 'moof/traf').map((traf) => {
    const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const tfhd = view(find(traf, 'tfhd'))
    const trun = view(find(traf, 'trun'))
    const flags = trun.getUint32(0)
    const count = trun.getUint32(4)
    const common = (tfhd.getUint32(0) & 8) === 0 ? undefined : tfhd.getUint32(8)
    const first = 12 + ((flags & 4) === 0 ? 0 : 4)
    const step = [0x100, 0x200, 0x400, 0x800].filter((flag) => (flags & flag) !== 0).length * 4
    return {
      start: Number(view(find(traf, 'tfdt')).getBigUint64(4)),
      durations: Array.from({ length: count }, (_, i) => common ?? trun.getUint32(first + i * step)),
    }
  })
}

/** A message of one track: multitrack, OneTrack and packet type, fourCC, track id, payload. */
function oneTrack(
  dts: number,
  packetType: number,
  codec: string,
  trackId: number,
  payload: Uint8Array,
): MediaPacket {
  return packetFromTag(
    8,
    dts,
    join(Uint8Array.of(0x95, packetType), ascii(codec), Uint8Array.of(trackId), payload),
  )
}

describe('what becomes of a packet', () => {
  it('media and configuration are written, the rest is ignored', () => {
    const muxer = new FragmentedMp4Muxer()
    expect(
      writeAll(muxer, [
        packetFromTag(18, 0, join(hex('02 000a'), ascii('onMetaData'), hex('05'))),
        avcFrame(0, { keyframe: true }), // before its configuration
        avcConfiguration(),
        avcFrame(40), // before the first keyframe
        avcFrame(80, { keyframe: true }),
        avcFrame(120),
        avcConfiguration(), // again
        packetFromTag(9, 120, hex('17 02 000000')), // end of sequence
        packetFromTag(9, 120, hex('12 00')), // Sorenson H.263
      ]),
    ).toEqual([
      'ignored',
      'ignored',
      'written',
      'ignored',
      'written',
      'written',
      'written',
      'ignored',
      'ignored',
    ])
    expect([muxer.skippedCount, muxer.damagedCount]).toEqual([3, 0])
    expect(muxer.end()?.sampleCount).toBe(2)
    expect(() => muxer.write(avcFrame(160))).toThrow(TypeError)
  })

  it('a track may come as late as init()', () => {
    const muxer = written([
      avcConfiguration(),
      avcFrame(0, { keyframe: true }),
      avcFrame(40),
      mp3Frame(50),
      avcFrame(80),
    ])
    muxer.fragment()
    expect(muxer.tracks.map(({ codec, trackId }) => `${trackId} ${codec}`)).toEqual(['1 avc1', '2 .mp3'])
    expect(writeAll(muxer, [oneTrack(90, 0, 'mp4a', 1, hex('1190')), avcFrame(120)])).toEqual([
      'newTrack',
      'written',
    ])
  })

  it.each([
    ['AAC', aacConfiguration()],
    ['MP3, which has no configuration', mp3Frame(50)],
    ['HEVC beside', hevcConfiguration()],
  ])('a late track is told: %s', (name, late) => {
    const muxer = written(
      name.startsWith('HEVC')
        ? [aacConfiguration(), aacFrame(0), aacFrame(21)]
        : [avcConfiguration(), avcFrame(0, { keyframe: true })],
    )
    muxer.init()
    expect(muxer.write(late)).toBe('newTrack')
  })

  it('a late track that has no place is ignored', () => {
    const muxer = written([avcConfiguration(), avcFrame(0, { keyframe: true })])
    muxer.init()
    const damaged = aacConfiguration(hex('00'))
    expect(
      writeAll(muxer, [
        damaged,
        aacFrame(10),
        exAudio(0, 0, 'ac-4', hex('01')),
        mp3Frame(0, hex('ff ff ff ff')),
      ]),
    ).toEqual(['ignored', 'ignored', 'ignored', 'ignored'])
    expect([muxer.damagedCount, muxer.skippedCount]).toEqual([2, 1])
  })

  it('another configuration is told, before init() too', () => {
    const other = avcConfiguration(
      4,
      Uint8Array.from(AVC_SPS, (byte, i) => (i === 3 ? 0x0b : byte)),
    )
    const muxer = written([avcConfiguration(), other, avcConfiguration()]) // without samples it takes the place
    muxer.write(avcFrame(0, { keyframe: true }))
    expect(muxer.write(other)).toBe('changedConfiguration')
    expect(muxer.write(hevcConfiguration())).toBe('changedConfiguration')
    // Nothing of them was taken.
    expect(writeAll(muxer, [avcFrame(40), hevcFrame(80, { keyframe: true })])).toEqual(['written', 'ignored'])
    expect(muxer.tracks.map(({ codec }) => codec)).toEqual(['avc1'])
  })

  it('another MP3 is told: rate, channels; another bitrate is none', () => {
    const muxer = written([mp3Frame(0), mp3Frame(26, hex('ff fb a0 64'))]) // 160 kbit/s
    expect(
      writeAll(muxer, [
        mp3Frame(52, hex('ff fb 94 64')), // 48 kHz
        mp3Frame(52, hex('ff f3 92 64')), // MPEG-2
        mp3Frame(52, hex('ff fb 90 c4')), // mono
        mp3Frame(52, hex('12 34 56 78')), // no frame
        mp3Frame(52, hex('ff fb 90 24')), // joint stereo
      ]),
    ).toEqual(['changedConfiguration', 'changedConfiguration', 'changedConfiguration', 'ignored', 'written'])
    expect(muxer.damagedCount).toBe(1)
  })

  it('another AC-3 is told', () => {
    const surround = exAudio(0, 1, 'ac-3', join(hex('0b7763181c40ebf8'), audio(1528)))
    const mono = exAudio(32, 1, 'ac-3', join(hex('0b775c040440202f'), audio(408)))
    const muxer = written([surround])
    expect(writeAll(muxer, [mono, surround])).toEqual(['changedConfiguration', 'written'])
  })

  it('time that steps back far is told, a little is taken out of decode times', () => {
    const muxer = written([avcConfiguration(), avcFrame(5000, { keyframe: true }), avcFrame(5040)])
    expect(muxer.write(avcFrame(4039))).toBe('brokenTime')
    expect(muxer.write(avcFrame(4040, { cts: 1020 }))).toBe('written')
    const bytes = muxer.end()!.bytes
    const trun = find(bytes, 'moof/traf/trun')
    // decoded at 5040, shown at 5060 as it came: 20 ms × 90 later
    expect(trun.subarray(-4)).toEqual(hex('00000708'))
    expect(timesOf({ bytes })).toEqual([{ start: 0, durations: [3600, 0, 3600] }])
  })

  it('maxStepBackMs moves that bound', () => {
    const muxer = written([aacConfiguration(), aacFrame(100)], { maxStepBackMs: 20 })
    expect(writeAll(muxer, [aacFrame(79), aacFrame(80)])).toEqual(['brokenTime', 'written'])
  })

  it('a pause longer than a sample can last is told', () => {
    const muxer = written([avcConfiguration(), avcFrame(0, { keyframe: true })])
    const longest = Math.floor((0xffff_ffff * 1000) / 90_000) // 13 hours 15 minutes
    expect(writeAll(muxer, [avcFrame(longest + 1), avcFrame(longest)])).toEqual(['brokenTime', 'written'])
    expect(timesOf(muxer.fragment())).toEqual([{ start: 0, durations: [longest * 90] }])
  })

  it('of a multitrack message either all is taken or nothing', () => {
    const muxer = written([aacConfiguration(), aacFrame(0), aacFrame(21)])
    muxer.init()
    // multitrack | ManyTracks, SequenceStart | fourCC | track 0, 2 bytes | track 1, 2 bytes
    const both = join(hex('95 10'), ascii('mp4a'), hex('00 000002 1190'), hex('01 000002 1190'))
    expect(muxer.write(packetFromTag(8, 30, both))).toBe('newTrack')
    expect(muxer.tracks).toHaveLength(1)
  })
})

describe('samples', () => {
  it('Annex B in FLV becomes length-prefixed, damage is left out', () => {
    const muxer = new FragmentedMp4Muxer()
    muxer.write(avcConfiguration())
    const inAnnexB = packetFromTag(9, 0, join(hex('17 01 000000'), annexB(idr(5), slice(6))))
    const cut = packetFromTag(9, 40, hex('27 01 000000 00000009 41 02'))
    expect(writeAll(muxer, [inAnnexB, cut])).toEqual(['written', 'ignored'])
    expect(muxer.damagedCount).toBe(1)
    expect(find(muxer.end()!.bytes, 'mdat')).toEqual(avcc([idr(5), slice(6)]))
  })

  it('temporal delimiters of AV1 are left out', () => {
    const start = packetFromTag(9, 0, join(hex('90'), ascii('av01'), hex('81000c00')))
    const frame = packetFromTag(9, 0, join(hex('91'), ascii('av01'), hex('1200 32020102')))
    expect(find(written([start, frame]).end()!.bytes, 'mdat')).toEqual(hex('32020102'))
  })

  it('the nanoseconds of ModEx count', () => {
    // ExHeader with ModEx: 3 bytes of data | type TimestampOffsetNano, inner packet type | fourCC
    const nano = (
      first: string,
      inner: string,
      codec: string,
      payload: Uint8Array,
      kind: 8 | 9,
      dts: number,
    ): MediaPacket =>
      packetFromTag(kind, dts, join(hex(`${first} 02 07a120 ${inner}`), ascii(codec), payload)) // 500,000 ns
    const muxer = written(
      [
        avcConfiguration(),
        aacConfiguration(),
        nano('97', '01', 'avc1', join(hex('000000'), avcc([idr(5)])), 9, 0),
        nano('97', '01', 'mp4a', audio(3), 8, 10),
      ],
      { originDts: 0 },
    )
    const { bytes } = muxer.end()!
    expect(find(bytes, 'moof/traf/trun').subarray(-4)).toEqual(hex('0000002d')) // half a ms: 45 ticks later
    expect(timesOf({ bytes }).map(({ start }) => start)).toEqual([0, 504]) // 10.5 ms × 48
  })
})

describe('times', () => {
  const aacAt = (times: readonly number[]): MediaPacket[] => [
    aacConfiguration(),
    ...times.map((dts) => aacFrame(dts)),
  ]

  it('rounded to ms, either way, are put back on the grid of samples', () => {
    const grid = Array.from({ length: 1000 }, (_, n) => (n * 1024) / 48)
    for (const round of [Math.round, Math.floor, Math.ceil])
      expect(timesOf(written(aacAt(grid.map((ms) => round(ms + 7)))).fragment())).toEqual([
        { start: 0, durations: Array.from({ length: 999 }, () => 1024) },
      ])
  })

  it('audioRoundingMs 0 keeps them', () => {
    expect(timesOf(written(aacAt([0, 21, 43, 64]), { audioRoundingMs: 0 }).fragment())).toEqual([
      { start: 0, durations: [1008, 1056, 1008] },
    ])
  })

  it('a larger audioRoundingMs smooths an encoder that jitters', () => {
    expect(timesOf(written(aacAt([0, 35, 38, 64]), { audioRoundingMs: 20 }).fragment())).toEqual([
      { start: 0, durations: [1024, 1024, 1024] },
    ])
  })

  it('a gap stays where it was, and the grid goes on behind it', () => {
    expect(timesOf(written(aacAt([0, 21, 43, 500, 521, 543])).fragment())).toEqual([
      { start: 0, durations: [1024, 1024, 21_952, 1024, 1024] },
    ])
  })

  it('follow a clock that drifts, in steps of the rounding', () => {
    // 1,000 ppm: a ms for each second
    const packets = aacAt(Array.from({ length: 2000 }, (_, n) => Math.round((n * 1024 * 1.001) / 48)))
    const [times] = timesOf(written(packets).fragment())
    const total = times!.durations.reduce((sum, duration) => sum + duration, 0)
    expect(Math.abs(total / 48 - packets.at(-1)!.dts)).toBeLessThanOrEqual(1.1)
    expect(times!.durations.filter((duration) => duration !== 1024).length).toBeLessThan(45)
  })

  it('of FLAC, Opus and AC-3 follow what their frames say', () => {
    const flac = hex('1200 1200 00029b 0004ff 0bb800f0 00046500 550b82b4d24e66f3f42019dc4f978b68')
    const head = hex('4f70757348656164 01 02 3801 80bb0000 0000 00')
    const muxer = written([
      exAudio(0, 0, 'fLaC', flac),
      ...[0, 96].map((dts) => exAudio(dts, 1, 'fLaC', hex('fff85a0800814e'))), // 4608
      exAudio(192, 1, 'fLaC', hex('fff84a083e994e')), // 2304
    ])
    expect(timesOf(muxer.end())).toEqual([{ start: 0, durations: [4608, 4608, 2304] }])
    const opus = written([
      exAudio(0, 0, 'Opus', head),
      exAudio(0, 1, 'Opus', hex('f8')),
      exAudio(20, 1, 'Opus', hex('f0')),
    ])
    expect(timesOf(opus.end())).toEqual([{ start: 0, durations: [960, 480] }])
    const ac3 = join(hex('0b7763181c40ebf8'), audio(1528))
    const dolby = written([0, 32, 64].map((dts) => exAudio(dts, 1, 'ac-3', ac3)))
    expect(timesOf(dolby.end())).toEqual([{ start: 0, durations: [1536, 1536, 1536] }])
  })

  it('of video are kept; the last picture lasts as long as the one before, a second at most', () => {
    const frames = (...dts: number[]): MediaPacket[] => [
      avcConfiguration(),
      ...dts.map((ms, i) => avcFrame(ms, { keyframe: i === 0 })),
    ]
    expect(timesOf(written(frames(0, 33, 67, 100)).end())).toEqual([
      { start: 0, durations: [2970, 3060, 2970, 2970] },
    ])
    expect(timesOf(written(frames(0, 5000)).end())).toEqual([{ start: 0, durations: [450_000, 90_000] }])
    expect(timesOf(written(frames(7)).end())).toEqual([{ start: 0, durations: [3600] }]) // 25 a second where nothing tells
  })

  it('a lone picture lasts as the parameter set says', () => {
    const sps = hex('67 42c028 da01e0089f97011000003e90000ea600f1832a') // 60000 / (2 × 1001) frames a second
    expect(
      timesOf(written([avcConfiguration(4, sps), avcFrame(0, { keyframe: true })]).end())[0]!.durations,
    ).toEqual([3003])
  })

  it('begin at 0 with the earliest packet, whatever track it is of', () => {
    const packets = [
      avcConfiguration(),
      aacConfiguration(),
      avcFrame(100_040, { keyframe: true }),
      aacFrame(100_000),
    ]
    expect(timesOf(written(packets).end()).map(({ start }) => start)).toEqual([3600, 0])
  })

  it('originDts keeps the clock of the source, and clips what is before', () => {
    const packets = [
      avcConfiguration(),
      aacConfiguration(),
      avcFrame(1000, { keyframe: true }),
      aacFrame(990),
    ]
    expect(timesOf(written(packets, { originDts: 0 }).end()).map(({ start }) => start)).toEqual([
      90_000, 47_520,
    ])
    expect(timesOf(written(packets, { originDts: 995 }).end()).map(({ start }) => start)).toEqual([450, 0])
  })
})

describe('cutting', () => {
  it('after a keyframe gives what was before it, and nothing twice', () => {
    const muxer = written([avcConfiguration()])
    const counts: (number | undefined)[] = []
    for (let dts = 0; dts < 400; dts += 40) {
      muxer.write(avcFrame(dts, { keyframe: dts % 160 === 0 }))
      if (dts % 160 === 0) counts.push(muxer.fragment()?.sampleCount)
    }
    expect(counts).toEqual([undefined, 4, 4])
    expect(muxer.end()).toMatchObject({ startMs: 320, durationMs: 80, sampleCount: 2, independent: true })
    expect(muxer.end()).toBeUndefined()
  })

  it('between keyframes gives a fragment that is not independent', () => {
    const muxer = written([avcConfiguration(), avcFrame(0, { keyframe: true }), avcFrame(40)])
    expect(muxer.fragment()?.independent).toBe(true)
    muxer.write(avcFrame(80))
    expect(muxer.fragment()?.independent).toBe(false)
  })

  it('counts what waits', () => {
    const muxer = new FragmentedMp4Muxer()
    expect([muxer.pendingMs, muxer.pendingBytes]).toEqual([0, 0])
    writeAll(muxer, [aacConfiguration(), aacFrame(1000, 10), aacFrame(1021, 20), aacFrame(1043, 30)])
    expect([muxer.pendingMs, muxer.pendingBytes]).toEqual([43, 60])
    muxer.fragment()
    expect([muxer.pendingMs, muxer.pendingBytes]).toEqual([0, 30])
  })

  it('by each track for itself: their clocks may be apart', () => {
    const muxer = written([avcConfiguration(), aacConfiguration()])
    writeAll(muxer, [avcFrame(12_000, { keyframe: true }), aacFrame(0), avcFrame(12_040), aacFrame(21)])
    expect(muxer.pendingMs).toBe(40)
  })

  it('a last picture lasts a second at most, whatever the frame rate in its parameter sets', () => {
    const vui =
      '0000' + // aspect ratio, overscan, video signal, chroma location
      '1' + // timing_info_present_flag
      u(32, 0x7fff_ffff) + // num_units_in_tick
      u(32, 1) + // time_scale: a frame in 136 years
      '1' // fixed_frame_rate_flag
    const sps = bits(
      u(8, 0x67), // NAL unit header
      u(8, 66) + u(8, 0) + u(8, 30) + ue(0), // profile_idc, constraint flags, level_idc, id
      ue(0) + ue(2) + ue(1) + '0', // frame_num, order count type, reference frames, gaps
      ue(3) + ue(2) + '1' + '1' + '0', // width and height in macroblocks − 1, frame_mbs_only, direct_8x8, no cropping
      '1' + vui,
      '0000' + '1', // no HRD parameters, pic_struct, bitstream restriction; stop bit
    )
    const muxer = written([avcConfiguration(4, sps), avcFrame(0, { keyframe: true })])
    const last = muxer.end()
    expect(timesOf(last)).toEqual([{ start: 0, durations: [90_000] }])
    expect(last!.durationMs).toBe(1000)
  })

  it('without media there is nothing to cut, and no end', () => {
    const muxer = new FragmentedMp4Muxer()
    expect(muxer.fragment()).toBeUndefined()
    expect(muxer.end()).toBeUndefined()
    const configured = written([aacConfiguration()])
    expect(configured.end()).toBeUndefined()
    expect(configured.init().length).toBeGreaterThan(0)
  })
})

describe('configuration in force', () => {
  it('makes the tracks', () => {
    const tracker = new ConfigurationTracker()
    for (const packet of [
      avcConfiguration(),
      aacConfiguration(),
      oneTrack(0, 0, 'Opus', 1, hex('4f70757348656164 01 02 3801 80bb0000 0000 00')),
    ])
      tracker.push(packet)
    const muxer = new FragmentedMp4Muxer({ configuration: tracker.set })
    expect(muxer.tracks.map(({ codecString, sourceTrackId }) => `${codecString} ${sourceTrackId}`)).toEqual([
      'avc1.42000a 0',
      'mp4a.40.2 0',
      'opus 1',
    ])
  })
})

describe('limits', () => {
  it('maxFragmentBytes', () => {
    // the body of an AAC packet has 2 bytes before the frame
    const muxer = written([aacConfiguration(), aacFrame(0, 40)], { maxFragmentBytes: 100 })
    expect(muxer.write(aacFrame(21, 58))).toBe('written')
    expect(() => muxer.write(aacFrame(43, 1))).toThrow(
      expect.objectContaining({ code: 'ERR_MP4_FRAGMENT_BYTES' }),
    )
    muxer.fragment()
    expect(muxer.write(aacFrame(43, 40))).toBe('written')
  })

  it('maxFragmentSamples', () => {
    const muxer = written([aacConfiguration(), aacFrame(0, 1), aacFrame(0, 1)], { maxFragmentSamples: 3 })
    expect(muxer.write(aacFrame(0, 1))).toBe('written')
    expect(() => muxer.write(aacFrame(0, 1))).toThrow(
      expect.objectContaining({ code: 'ERR_MP4_FRAGMENT_SAMPLES' }),
    )
    expect([muxer.pendingCount, muxer.pendingBytes]).toEqual([3, 3])
    muxer.fragment()
    expect([muxer.pendingCount, muxer.write(aacFrame(0, 1))]).toEqual([1, 'written'])
  })

  it('maxTracks', () => {
    const muxer = new FragmentedMp4Muxer({ maxTracks: 2 })
    expect(
      writeAll(
        muxer,
        [1, 2].map((id) => oneTrack(0, 0, 'mp4a', id, hex('1190'))),
      ),
    ).toEqual(['written', 'written'])
    expect(() => muxer.write(oneTrack(0, 0, 'mp4a', 3, hex('1190')))).toThrow(
      expect.objectContaining({ code: 'ERR_MP4_TRACKS' }),
    )
    expect(muxer.write(oneTrack(0, 0, 'mp4a', 2, hex('1210')))).toBe('written')
  })
})
