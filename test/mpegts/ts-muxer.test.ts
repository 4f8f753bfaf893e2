import fc from 'fast-check'
import { packetFromTag } from 'millrace/media'
import { TS_TABLES_BYTES, TsMuxer } from 'millrace/mpegts'
import { describe, expect, it } from 'vitest'
import { ascii, hex, join } from '../support/bytes.ts'
import {
  aacConfiguration,
  aacFrame,
  annexB,
  audio,
  AVC_AUD,
  AVC_PPS,
  AVC_SEI,
  AVC_SPS,
  avcConfiguration,
  avcc,
  avcFrame,
  exAudio,
  HEVC_AUD,
  HEVC_PPS,
  HEVC_SPS,
  HEVC_VPS,
  hevcConfiguration,
  hevcFrame,
  idr,
  mp3Frame,
  nal,
  slice,
} from './packets.ts'
import { PAT_SECTION, PMT_SECTION } from './stream-parts.ts'
import { pesPackets, sections, tsPackets } from './ts-reader.ts'

const VIDEO = 0x100
const AUDIO = 0x101
const PMT = 0x1000

/** A muxer that knows H.264, with its tables out of the way. */
function avcMuxer(options?: ConstructorParameters<typeof TsMuxer>[0]): TsMuxer {
  const muxer = new TsMuxer({ tablesIntervalMs: Infinity, ...options })
  muxer.write(avcConfiguration())
  muxer.tables()
  return muxer
}

describe('tables', () => {
  it('come first, are those of FFmpeg, and take a packet each', () => {
    const muxer = new TsMuxer()
    expect(muxer.write(avcConfiguration())).toHaveLength(0)
    expect(muxer.write(aacConfiguration())).toHaveLength(0)
    const bytes = muxer.write(avcFrame(0, { keyframe: true }))
    expect(tsPackets(bytes).map(({ pid }) => pid)).toEqual([0, PMT, VIDEO])
    expect(sections(bytes, 0)).toEqual([PAT_SECTION])
    expect(sections(bytes, PMT)).toEqual([PMT_SECTION])
    // header: sync, payload_unit_start and PID 0, payload only with counter 0, pointer_field 0; after the section 0xff
    expect(bytes.subarray(0, 5)).toEqual(hex('47 40 00 10 00'))
    expect(bytes.subarray(5 + PAT_SECTION.length, 188).every((byte) => byte === 0xff)).toBe(true)
  })

  it('come again before every keyframe and every second, with a counter of their own', () => {
    const muxer = avcMuxer({ tablesIntervalMs: 1000 })
    muxer.write(aacConfiguration())
    const counters: number[][] = []
    for (const packet of [
      avcFrame(0, { keyframe: true }), // changed by the audio configuration
      avcFrame(40),
      avcFrame(500, { keyframe: true }),
      aacFrame(510),
      aacFrame(1509),
      aacFrame(1510), // a second of audio without a keyframe
      avcFrame(1480), // a little late is no reason
    ]) {
      const tables = tsPackets(muxer.write(packet)).filter(({ pid }) => pid === PMT)
      counters.push(tables.map(({ continuity }) => continuity))
    }
    expect(counters).toEqual([[1], [], [2], [], [], [3], []])
  })

  it('Infinity writes them on changes only', () => {
    const muxer = avcMuxer()
    for (let dts = 0; dts < 10_000; dts += 1000) {
      expect(sections(muxer.write(avcFrame(dts, { keyframe: true })), PMT)).toEqual([])
    }
  })

  it('raise the version when a codec changes, and only then', () => {
    const muxer = new TsMuxer()
    const versionAt = (...packets: Parameters<TsMuxer['write']>[0][]): number | undefined => {
      const bytes = packets.map((packet) => muxer.write(packet)).at(-1)!
      const [section] = sections(bytes, PMT)
      return section === undefined ? undefined : (section[5]! >> 1) & 0x1f
    }
    expect(versionAt(avcConfiguration(), avcFrame(0, { keyframe: true }))).toBe(0)
    expect(versionAt(avcConfiguration(), avcFrame(40, { keyframe: true }))).toBe(0) // sent again
    expect(versionAt(avcConfiguration(2), avcFrame(80, { keyframe: true, nalLengthSize: 2 }))).toBe(0)
    expect(versionAt(aacConfiguration(), aacFrame(90))).toBe(1)
    expect(versionAt(hevcConfiguration(), hevcFrame(120, { keyframe: true }))).toBe(2)
    for (let i = 3; i < 70; i++) {
      const packets = i % 2 === 1 ? [avcConfiguration(), avcFrame(i * 40, { keyframe: true })] : []
      if (packets.length === 0) packets.push(hevcConfiguration(), hevcFrame(i * 40, { keyframe: true }))
      expect(versionAt(...packets)).toBe(i % 32)
    }
  })

  it('a batch announces what is first in its middle', () => {
    const muxer = new TsMuxer()
    const bytes = muxer.writeBatch([
      avcConfiguration(),
      avcFrame(0, { keyframe: true }),
      mp3Frame(3),
      avcFrame(40),
    ])
    expect(tsPackets(bytes).filter(({ pid }) => pid === PMT)).toHaveLength(1)
    // stream_type and PID of both
    expect(sections(bytes, PMT)[0]!.subarray(12, 22)).toEqual(hex('1b e100 f000 03 e101 f000'))
  })

  it('are left to the caller without inlineTables', () => {
    const muxer = new TsMuxer({ inlineTables: false })
    muxer.write(avcConfiguration())
    expect(tsPackets(muxer.write(avcFrame(0, { keyframe: true }))).map(({ pid }) => pid)).toEqual([VIDEO])
    expect(muxer.tables()).toHaveLength(TS_TABLES_BYTES)
    expect(tsPackets(muxer.tables()).map(({ pid, continuity }) => [pid, continuity])).toEqual([
      [0, 1],
      [PMT, 1],
    ])
  })

  it('use the PIDs that are asked for', () => {
    const muxer = new TsMuxer({ pmtPid: 0x20, videoPid: 0x1ffe, audioPid: 0x21 })
    muxer.write(avcConfiguration())
    const bytes = muxer.write(avcFrame(0, { keyframe: true }))
    expect(tsPackets(bytes).map(({ pid }) => pid)).toEqual([0, 0x20, 0x1ffe])
    expect(() => new TsMuxer({ pmtPid: 15 })).toThrow(RangeError)
    expect(() => new TsMuxer({ videoPid: 8191 })).toThrow(RangeError)
    expect(() => new TsMuxer({ videoPid: 0x200, audioPid: 0x200 })).toThrow(RangeError)
  })
})

describe('H.264', () => {
  const unitOf = (nals: readonly Uint8Array[], keyframe: boolean): Uint8Array =>
    pesPackets(avcMuxer().write(avcFrame(0, { keyframe, nals })), VIDEO)[0]!.data

  it('an inter picture gets an access unit delimiter', () => {
    expect(unitOf([slice(30)], false)).toEqual(annexB(AVC_AUD, slice(30)))
  })

  it('a keyframe without parameter sets gets them behind the delimiter; SEI keeps its place', () => {
    expect(unitOf([AVC_SEI, idr(30), idr(20)], true)).toEqual(
      annexB(AVC_AUD, AVC_SPS, AVC_PPS, AVC_SEI, idr(30), idr(20)),
    )
  })

  it('its own delimiter stays first', () => {
    const own = hex('09 10')
    expect(unitOf([own, AVC_SEI, idr(30)], true)).toEqual(annexB(own, AVC_SPS, AVC_PPS, AVC_SEI, idr(30)))
    expect(unitOf([own, slice(30)], false)).toEqual(annexB(own, slice(30)))
  })

  it('its own parameter sets are not doubled', () => {
    expect(unitOf([AVC_SPS, AVC_PPS, AVC_SEI, idr(30)], true)).toEqual(
      annexB(AVC_AUD, AVC_SPS, AVC_PPS, AVC_SEI, idr(30)),
    )
  })

  it('an IDR picture that the tag does not call a keyframe is one all the same', () => {
    const [pes] = pesPackets(avcMuxer().write(avcFrame(0, { keyframe: false, nals: [idr(30)] })), VIDEO)
    expect(pes!.data).toEqual(annexB(AVC_AUD, AVC_SPS, AVC_PPS, idr(30)))
    expect(pes!.flags & 0x40).toBe(0x40) // random_access_indicator
  })

  it.each([1, 2, 4])('NAL unit lengths of %i bytes', (nalLengthSize) => {
    const muxer = new TsMuxer({ tablesIntervalMs: Infinity })
    muxer.write(avcConfiguration(nalLengthSize))
    const nals = [hex('09 10'), AVC_SEI, idr(200), idr(255), slice(1)]
    const bytes = muxer.write(avcFrame(0, { keyframe: true, nals, nalLengthSize }))
    expect(pesPackets(bytes, VIDEO)[0]!.data).toEqual(
      annexB(hex('09 10'), AVC_SPS, AVC_PPS, ...nals.slice(1)),
    )
  })

  it('empty NAL units, which some cameras send as padding, are left out', () => {
    expect(unitOf([new Uint8Array(0), hex('09 10'), new Uint8Array(0), idr(9)], true)).toEqual(
      annexB(hex('09 10'), AVC_SPS, AVC_PPS, idr(9)),
    )
  })

  it('what a length past the end cuts off is left out and counted', () => {
    const muxer = avcMuxer()
    const body = join(hex('27 01 000000'), avcc([slice(30)]), hex('00 00 01 00 41 9a'))
    expect(pesPackets(muxer.write(packetFromTag(9, 0, body)), VIDEO)[0]!.data).toEqual(
      annexB(AVC_AUD, slice(30)),
    )
    expect(muxer.damagedCount).toBe(1)
    // nothing whole at all
    expect(muxer.write(packetFromTag(9, 40, hex('27 01 000000 00 00 01 00 41 9a')))).toHaveLength(0)
    expect(muxer.damagedCount).toBe(2)
  })

  it('Annex B with more NAL units than any picture has is left out and counted, and throws nothing', () => {
    const muxer = avcMuxer()
    const unit = hex('00 00 01 41') // a slice of its header alone
    const body = join(hex('27 01 000000 00 00 00 01 41'), ...Array.from({ length: 16_384 }, () => unit))
    expect(muxer.write(packetFromTag(9, 0, body))).toHaveLength(0)
    expect(muxer.damagedCount).toBe(1)
    const one = body.subarray(0, body.length - unit.length)
    expect(pesPackets(muxer.write(packetFromTag(9, 40, one)), VIDEO)).toHaveLength(1)
    expect(muxer.damagedCount).toBe(1)
  })

  it('parameter sets follow a new configuration', () => {
    const muxer = avcMuxer()
    const other = hex('67 4d 00 1f f8 41 a2')
    muxer.write(avcConfiguration(4, other))
    const [pes] = pesPackets(muxer.write(avcFrame(0, { keyframe: true, nals: [idr(9)] })), VIDEO)
    expect(pes!.data).toEqual(annexB(AVC_AUD, other, AVC_PPS, idr(9)))
  })
})

describe('HEVC', () => {
  const muxer = new TsMuxer({ tablesIntervalMs: Infinity })
  muxer.write(hevcConfiguration())

  it('gets delimiter, VPS, SPS and PPS before an IRAP picture', () => {
    const bytes = muxer.write(hevcFrame(0, { keyframe: true, cts: 80, nals: [nal(0x4e, 9), nal(0x26, 30)] })) // SEI, IDR_W_RADL
    const [pes] = pesPackets(bytes, VIDEO)
    expect(sections(bytes, PMT)[0]![12]).toBe(0x24) // stream_type
    expect(pes!.data).toEqual(annexB(HEVC_AUD, HEVC_VPS, HEVC_SPS, HEVC_PPS, nal(0x4e, 9), nal(0x26, 30)))
    expect(pes!.pts - pes!.dts).toBe(80n * 90n)
  })

  it('inter pictures get the delimiter alone', () => {
    const [pes] = pesPackets(muxer.write(hevcFrame(40, { nals: [nal(0x02, 30)] })), VIDEO)
    expect(pes!.data).toEqual(annexB(HEVC_AUD, nal(0x02, 30)))
  })

  it('a CRA picture is a place to start, its own delimiter and sets stay', () => {
    const nals = [HEVC_AUD, HEVC_VPS, HEVC_SPS, HEVC_PPS, nal(0x2a, 30)] // type 21
    const [pes] = pesPackets(muxer.write(hevcFrame(80, { nals })), VIDEO)
    expect(pes!.data).toEqual(annexB(...nals))
    expect(pes!.flags & 0x40).toBe(0x40)
  })
})

describe('audio', () => {
  const only = (packets: readonly Parameters<TsMuxer['write']>[0][], muxer = new TsMuxer()): Uint8Array =>
    join(...packets.map((packet) => muxer.write(packet)))

  it('AAC gets ADTS headers', () => {
    const bytes = only([aacConfiguration(), aacFrame(0, 20)])
    expect(sections(bytes, PMT)[0]!.subarray(8, 17)).toEqual(hex('e101 f000 0f e101 f000')) // PCR on audio, type 0x0f
    const [pes] = pesPackets(bytes, AUDIO)
    expect(pes!.streamId).toBe(0xc0)
    expect(pes!.data).toEqual(
      join(
        hex('ff f1'), // syncword, MPEG-4, layer 0, no CRC
        hex('4c 80'), // profile LC (1), index 3, private 0 | channels 2, frame_length upper bits
        hex('03 7f fc'), // frame_length 27, buffer fullness 0x7ff, one block
        audio(20),
      ),
    )
  })

  it('HE-AAC is announced by its core coder', () => {
    // type 5 (SBR), 24 kHz (6), stereo, extension 48 kHz (3), then type 2 (LC)
    const bytes = only([aacConfiguration(hex('2b 11 88 00')), aacFrame(0, 20)])
    expect(pesPackets(bytes, AUDIO)[0]!.data.subarray(2, 4)).toEqual(hex('58 80')) // LC, index 6, stereo
  })

  it.each([
    ['xHE-AAC (type 42)', 'f9 46 40'],
    ['a frequency that is not in the table', '17 80 5d c0 10'],
  ])('%s has no place in ADTS', (_, config) => {
    const muxer = new TsMuxer()
    expect(only([aacConfiguration(hex(config)), aacFrame(0)], muxer)).toHaveLength(0)
    expect([...muxer.unsupportedCodecs]).toEqual(['mp4a'])
    expect(muxer.skippedCount).toBe(1)
  })

  it('a frame that is too long for ADTS is left out and counted', () => {
    const muxer = new TsMuxer()
    expect(only([aacConfiguration(), aacFrame(0, 8185)], muxer)).toHaveLength(0)
    expect(muxer.damagedCount).toBe(1)
    expect(pesPackets(only([aacFrame(0, 8184)], muxer), AUDIO)).toHaveLength(1)
  })

  it('MP3 goes as it is, its stream type says MPEG-1 or MPEG-2', () => {
    const bytes = only([mp3Frame(0)])
    expect(sections(bytes, PMT)[0]![12]).toBe(0x03)
    expect(pesPackets(bytes, AUDIO)[0]!.data).toEqual(mp3Frame(0).payload)
    // MPEG-2 layer III, 22.05 kHz
    expect(sections(only([mp3Frame(0, hex('ff f3 80 c4'))]), PMT)[0]![12]).toBe(0x04)
  })

  it('AC-3 and E-AC-3 are private streams with a registration', () => {
    const frame = hex('0b 77 00 00 14 40 2f')
    const ac3 = only([exAudio(0, 1, 'ac-3', frame)])
    expect(sections(ac3, PMT)[0]!.subarray(12, 23)).toEqual(join(hex('81 e101 f006 05 04'), ascii('AC-3')))
    expect(pesPackets(ac3, AUDIO)).toMatchObject([{ streamId: 0xbd, data: frame }])
    const eac3 = only([exAudio(0, 1, 'ec-3', frame)])
    expect(sections(eac3, PMT)[0]!.subarray(12, 23)).toEqual(join(hex('87 e101 f006 05 04'), ascii('EAC3')))
  })

  it('Opus gets a control header', () => {
    // version 1, 2 channels, pre-skip 312, 48 kHz, gain 0, family 0
    const head = join(ascii('OpusHead'), hex('01 02 38 01 80 bb 00 00 00 00 00'))
    const muxer = new TsMuxer()
    const bytes = only([exAudio(0, 0, 'Opus', head), exAudio(0, 1, 'Opus', audio(300))], muxer)
    expect(sections(bytes, PMT)[0]!.subarray(12, 27)).toEqual(
      join(hex('06 e101 f00a 05 04'), ascii('Opus'), hex('7f 02 80 02')),
    )
    // prefix 0x3ff and no flags; 300 = 255 + 45
    expect(pesPackets(bytes, AUDIO)[0]!.data).toEqual(join(hex('7f e0 ff 2d'), audio(300)))
    expect(
      pesPackets(only([exAudio(20, 1, 'Opus', audio(255))], muxer), AUDIO)[0]!.data.subarray(0, 4),
    ).toEqual(hex('7f e0 ff 00'))
  })

  it('frames share a PES packet for audioPesMs', () => {
    const muxer = new TsMuxer({ audioPesMs: 60, tablesIntervalMs: Infinity })
    const bytes: Uint8Array[] = [muxer.write(aacConfiguration())]
    for (const dts of [0, 21, 43, 64, 85, 107, 128, 300]) bytes.push(muxer.write(aacFrame(dts, 30)))
    expect(bytes.map(({ length }) => length > 0)).toEqual([
      false, // configuration
      false,
      false,
      true, // 43: the first three
      false,
      false,
      true, // 107: three more
      false,
      true, // 300: a gap
    ])
    muxer.stageHeld()
    const rest = new Uint8Array(muxer.stagedBytes)
    expect(muxer.writeStaged(rest, 0)).toBe(rest.length)
    const found = pesPackets(join(...bytes, rest), AUDIO)
    expect(found.map(({ pts, data }) => [Number(pts / 90n) - 1000, data.length])).toEqual([
      [0, 3 * 37],
      [64, 3 * 37],
      [128, 37],
      [300, 37],
    ])
  })

  it('audio that waits goes out before a keyframe', () => {
    const muxer = avcMuxer({ audioPesMs: 500 })
    muxer.write(aacConfiguration())
    muxer.tables()
    muxer.write(aacFrame(0))
    const bytes = muxer.write(avcFrame(10, { keyframe: true }))
    expect(tsPackets(bytes).map(({ pid }) => pid)).toEqual([VIDEO, AUDIO, VIDEO]) // PCR, audio, picture
  })
})

describe('audio and video that are apart', () => {
  for (const [name, audioLagMs] of [
    ['audio 12 s behind', 12_000],
    ['audio 12 s ahead', -12_000],
    ['audio 3 s behind', 3_000],
  ] as const) {
    it(`${name}: the clock follows video, without a jump, and tables come once a second`, () => {
      const muxer = avcMuxer({ tablesIntervalMs: 1000 })
      muxer.write(aacConfiguration())
      let tables = 0
      const clocks: number[] = []
      for (let ms = 20_000; ms < 30_000; ms += 20) {
        const written = [avcFrame(ms, { keyframe: ms === 20_000 }), aacFrame(ms - audioLagMs)]
        for (const packet of tsPackets(join(...written.map((one) => muxer.write(one))))) {
          if (packet.pid === PMT) tables++
          if (packet.pcr === undefined) continue
          clocks.push(Number(packet.pcr / 27_000n))
          expect(packet.flags & 0x80).toBe(0) // discontinuity_indicator
        }
      }
      const steps = clocks.slice(1).map((clock, i) => clock - clocks[i]!)
      expect(Math.min(...steps)).toBeGreaterThan(0)
      expect(Math.max(...steps)).toBeLessThanOrEqual(100)
      expect(Math.abs(clocks.at(-1)! - 30_000 - 900)).toBeLessThanOrEqual(40)
      expect(tables).toBeLessThanOrEqual(11)
    })
  }

  it('the clock goes on by audio that is behind while video is silent', () => {
    const muxer = avcMuxer()
    muxer.write(aacConfiguration())
    const clocks: number[] = []
    for (let ms = 20_000; ms < 26_000; ms += 20) {
      const written = [
        ...(ms < 21_000 ? [avcFrame(ms, { keyframe: ms === 20_000 })] : []),
        aacFrame(ms - 12_000),
      ]
      for (const { pcr } of tsPackets(join(...written.map((one) => muxer.write(one)))))
        if (pcr !== undefined) clocks.push(Number(pcr / 27_000n))
    }
    const steps = clocks.slice(1).map((clock, i) => clock - clocks[i]!)
    expect(Math.min(...steps)).toBeGreaterThan(0)
    expect(Math.max(...steps)).toBeLessThanOrEqual(100)
    expect(Math.abs(clocks.at(-1)! - 26_000 - 900)).toBeLessThanOrEqual(120)
  })
})

describe('times', () => {
  const pcrs = (bytes: Uint8Array): number[] =>
    tsPackets(bytes).flatMap(({ pcr }) => (pcr === undefined ? [] : [Number(pcr / 27_000n)]))

  it('are ticks of 90 kHz behind the offset; the PCR is ahead of the DTS', () => {
    const bytes = avcMuxer().write(avcFrame(40, { keyframe: true, cts: 80 }))
    expect(pesPackets(bytes, VIDEO)[0]).toMatchObject({ pts: 1120n * 90n, dts: 1040n * 90n })
    expect(pcrs(bytes)).toEqual([940])
    const plain = avcMuxer({ timestampOffsetMs: 0, pcrLeadMs: 0 }).write(avcFrame(40, { keyframe: true }))
    expect(pesPackets(plain, VIDEO)[0]).toMatchObject({ pts: 3600n, dts: 3600n })
    expect(pcrs(plain)).toEqual([40])
  })

  it('a negative composition time stays negative', () => {
    // ISO/IEC 13818-1 has no room for PTS before DTS, but decoders sort by PTS: nothing else keeps the order.
    const [pes] = pesPackets(avcMuxer().write(avcFrame(100, { cts: -40 })), VIDEO)
    expect(pes).toMatchObject({ pts: 1060n * 90n, dts: 1100n * 90n })
  })

  it('defect: streams go on past 2^32 ms, and past every wrap of the 33-bit clock', () => {
    const muxer = avcMuxer()
    for (const dts of [2 ** 31, 2 ** 32 - 20, 2 ** 32 + 20, 2 ** 33 / 90 - 1000, 2 ** 40]) {
      const ms = Math.round(dts)
      const [pes] = pesPackets(muxer.write(avcFrame(ms, { keyframe: true })), VIDEO)
      expect(pes!.dts).toBe((BigInt(ms + 1000) * 90n) % 2n ** 33n)
    }
  })

  it('a clock that starts below zero wraps', () => {
    const [pes] = pesPackets(avcMuxer({ timestampOffsetMs: 0 }).write(avcFrame(-40)), VIDEO)
    expect(pes!.dts).toBe(2n ** 33n - 3600n)
  })

  it.each([
    ['25 pictures a second', Array.from({ length: 50 }, (_, i) => avcFrame(i * 40, { keyframe: i === 0 }))],
    ['2 pictures a second', Array.from({ length: 10 }, (_, i) => avcFrame(i * 500, { keyframe: i === 0 }))],
    [
      '1 picture a second with audio',
      Array.from({ length: 200 }, (_, i) =>
        i % 47 === 0 ? avcFrame(Math.round(i * 21.3), { keyframe: true }) : aacFrame(Math.round(i * 21.3)),
      ),
    ],
    ['video that is announced and does not come', Array.from({ length: 100 }, (_, i) => aacFrame(i * 21))],
  ])('no two PCRs are more than 100 ms apart: %s', (_, packets) => {
    const muxer = avcMuxer()
    muxer.write(aacConfiguration())
    const found = pcrs(join(...packets.map((packet) => muxer.write(packet))))
    expect(found.length).toBeGreaterThan(2)
    for (let i = 1; i < found.length; i++) {
      expect(found[i]! - found[i - 1]!).toBeGreaterThan(0)
      expect(found[i]! - found[i - 1]!).toBeLessThanOrEqual(100)
    }
  })

  it('no two PCRs are more than 100 ms apart: audio alone', () => {
    const muxer = new TsMuxer({ tablesIntervalMs: Infinity })
    muxer.write(aacConfiguration())
    const bytes = join(...Array.from({ length: 100 }, (_, i) => muxer.write(aacFrame(Math.round(i * 21.3)))))
    const found = pcrs(bytes)
    for (let i = 1; i < found.length; i++) expect(found[i]! - found[i - 1]!).toBeLessThanOrEqual(100)
    expect(found.length).toBeLessThanOrEqual(51) // not one in each frame
  })

  it('marks a jump of the clock', () => {
    const muxer = avcMuxer()
    const flagsAt = (dts: number): number =>
      tsPackets(muxer.write(avcFrame(dts))).find(({ pcr }) => pcr !== undefined)!.flags & 0x80
    expect(flagsAt(0)).toBe(0)
    expect(flagsAt(40)).toBe(0)
    expect(flagsAt(60_000)).toBe(0x80)
    expect(flagsAt(60_040)).toBe(0)
    expect(flagsAt(1000)).toBe(0x80)
    muxer.discontinuity()
    expect(flagsAt(1040)).toBe(0x80)
  })
})

describe('packets', () => {
  it('every size of picture fills whole packets, and comes out as it went in', () => {
    const muxer = avcMuxer()
    const counters: number[] = []
    for (let length = 1; length <= 600; length++) {
      const unit = slice(length)
      const bytes = muxer.write(avcFrame(length * 40, { nals: [unit] }))
      expect(Buffer.compare(pesPackets(bytes, VIDEO)[0]!.data, annexB(AVC_AUD, unit))).toBe(0)
      counters.push(...tsPackets(bytes).map(({ continuity }) => continuity))
    }
    expect(counters.every((counter, i) => i === 0 || counter === ((counters[i - 1]! + 1) & 0x0f))).toBe(true)
  })

  it('a big picture has PES_packet_length 0, one that fits has its length', () => {
    const muxer = avcMuxer()
    const lengthOf = (length: number): number =>
      pesPackets(muxer.write(avcFrame(0, { nals: [slice(length)] })), VIDEO)[0]!.length
    // 8 of PES header after the length, 6 of delimiter, 4 of start code
    expect(lengthOf(65_535 - 18)).toBe(65_535)
    expect(lengthOf(65_535 - 17)).toBe(0)
  })

  it('keyframes have random_access_indicator, others not; audio has it where there is no video', () => {
    const muxer = avcMuxer()
    const flags = (packet: Parameters<TsMuxer['write']>[0], pid: number): number =>
      pesPackets(muxer.write(packet), pid)[0]!.flags & 0x40
    expect(flags(avcFrame(0, { keyframe: true }), VIDEO)).toBe(0x40)
    expect(flags(avcFrame(40), VIDEO)).toBe(0)
    muxer.write(aacConfiguration())
    expect(flags(aacFrame(50), AUDIO)).toBe(0)
    const radio = new TsMuxer()
    radio.write(aacConfiguration())
    expect(pesPackets(radio.write(aacFrame(0)), AUDIO)[0]!.flags & 0x40).toBe(0x40)
  })

  it('a batch has the bytes of its packets one by one', () => {
    const packets = [avcFrame(0, { keyframe: true }), aacFrame(1), avcFrame(40), aacFrame(22), avcFrame(80)]
    const one = avcMuxer()
    const batch = avcMuxer()
    one.write(aacConfiguration())
    batch.write(aacConfiguration())
    const bytes = batch.writeBatch(packets)
    expect(bytes).toEqual(join(...packets.map((packet) => one.write(packet))))
  })

  it('what was given out never changes, small or large', () => {
    const muxer = avcMuxer()
    const given = [10, 3000, 8000, 9000, 40_000, 70, 8000].map((length, i) => {
      const bytes = muxer.write(avcFrame(i * 40, { nals: [slice(length)] }))
      return { bytes, copy: bytes.slice() }
    })
    for (const { bytes, copy } of given) expect(bytes).toEqual(copy)
  })

  it('what is random comes back through a plain reading', () => {
    const frame = fc.record({
      video: fc.boolean(),
      step: fc.nat(60),
      cts: fc.integer({ min: -100, max: 300 }),
      keyframe: fc.boolean(),
      sizes: fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 4 }),
    })
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), (frames) => {
        const muxer = avcMuxer()
        muxer.write(aacConfiguration())
        muxer.tables()
        let dts = 0
        const expected: Record<number, [bigint, bigint, number][]> = { [VIDEO]: [], [AUDIO]: [] }
        const packets = frames.map(({ video, step, cts, keyframe, sizes }) => {
          dts += step
          const ticks = BigInt(dts + 1000) * 90n
          if (!video) {
            expected[AUDIO]!.push([ticks, ticks, sizes[0]! + 7])
            return aacFrame(dts, sizes[0]!)
          }
          const nals = sizes.map((size) => (keyframe ? idr(size) : slice(size)))
          const sets = keyframe ? [AVC_SPS, AVC_PPS] : []
          expected[VIDEO]!.push([ticks + BigInt(cts) * 90n, ticks, annexB(AVC_AUD, ...sets, ...nals).length])
          return avcFrame(dts, { keyframe, cts, nals })
        })
        const bytes = muxer.writeBatch(packets)
        for (const pid of [VIDEO, AUDIO]) {
          const found = pesPackets(bytes, pid).map(({ pts, dts: time, data }) => [pts, time, data.length])
          expect(found).toEqual(expected[pid])
        }
      }),
      { numRuns: 60, seed: 90 },
    )
  })
})

describe('what has no place', () => {
  it('codecs that a transport stream does not carry are named, the rest goes on', () => {
    const muxer = new TsMuxer()
    const av1 = packetFromTag(9, 0, join(hex('90'), ascii('av01'), hex('81 05 0c 00'))) // SequenceStart
    const frame = packetFromTag(9, 0, join(hex('91'), ascii('av01'), hex('12 00 0a'))) // CodedFrames
    expect(muxer.write(av1)).toHaveLength(0)
    expect(muxer.write(frame)).toHaveLength(0)
    muxer.write(aacConfiguration())
    expect(muxer.carries(frame)).toBe(false)
    expect(muxer.carries(aacFrame(0))).toBe(true)
    const bytes = muxer.write(aacFrame(0))
    expect(sections(bytes, PMT)[0]).toHaveLength(21) // one stream
    expect([...muxer.unsupportedCodecs]).toEqual(['av01'])
    expect(muxer.skippedCount).toBe(1)
  })

  it('a stream that changes to such a codec leaves the tables', () => {
    const muxer = avcMuxer()
    muxer.write(aacConfiguration())
    muxer.write(packetFromTag(9, 0, join(hex('90'), ascii('av01'), hex('81 05 0c 00'))))
    expect(muxer.hasVideo).toBe(false)
    expect(sections(muxer.write(aacFrame(0)), PMT)[0]!.subarray(8, 13)).toEqual(hex('e101 f000 0f'))
  })

  it('frames before their configuration are counted', () => {
    const muxer = new TsMuxer()
    expect(muxer.write(avcFrame(0, { keyframe: true }))).toHaveLength(0)
    expect(muxer.write(aacFrame(0))).toHaveLength(0)
    expect(muxer.skippedCount).toBe(2)
    expect(muxer.unsupportedCodecs.size).toBe(0)
  })

  it('damaged configuration keeps what was in force', () => {
    const muxer = avcMuxer()
    muxer.write(packetFromTag(9, 0, hex('17 00 000000 01 42')))
    expect(muxer.damagedCount).toBe(1)
    expect(pesPackets(muxer.write(avcFrame(0)), VIDEO)).toHaveLength(1)
  })

  it.each([
    ['metadata', 18, '02 00 0a 6f6e4d65746144617461 05'],
    ['a video body of nothing', 9, ''],
    ['an end of sequence', 9, '17 02 000000'],
    ['a command frame', 9, '57 00'],
    ['an empty AAC frame', 8, 'af 01'],
  ] as const)('%s makes no bytes', (_, type, text) => {
    const muxer = avcMuxer()
    muxer.write(aacConfiguration())
    expect(muxer.write(packetFromTag(type, 0, hex(text)))).toHaveLength(0)
    expect(muxer.skippedCount + muxer.damagedCount).toBe(0)
  })

  it('of several tracks the default one is carried', () => {
    const muxer = avcMuxer()
    // ManyTracks of coded frames: type 1 | packet type 1, fourCC, then track id, size, SI24 composition time and NAL units
    const first = avcc([slice(30)])
    const second = avcc([slice(50)])
    const body = join(
      hex('a6 11'), // inter frame, Multitrack | ManyTracks, CodedFrames
      ascii('avc1'),
      Uint8Array.of(1, 0, 0, 3 + second.length, 0, 0, 0),
      second,
      Uint8Array.of(0, 0, 0, 3 + first.length, 0, 0, 40),
      first,
    )
    const [pes] = pesPackets(muxer.write(packetFromTag(9, 0, body)), VIDEO)
    expect(pes!.data).toEqual(annexB(AVC_AUD, slice(30)))
    expect(pes!.pts - pes!.dts).toBe(3600n)
  })
})
