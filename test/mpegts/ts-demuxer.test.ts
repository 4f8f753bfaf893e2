import { readFileSync } from 'node:fs'
import { join as path } from 'node:path'
import fc from 'fast-check'
import { DecodeError, LimitError, MediaError } from 'millrace/errors'
import { TsDemuxer, type TsDemuxerOptions, type TsUnit } from 'millrace/mpegts'
import { describe, expect, it } from 'vitest'
import { everySplit, hex, join, toHex } from '../support/bytes.ts'
import expected from './fixtures/packets.json' with { type: 'json' }
import { fuzzRuns } from '../support/fuzz.ts'
import { annexB, AVC_AUD, idr, nal, slice } from './packets.ts'
import { packet, patPacket, pes, pmtPacket, tsOf } from './stream-parts.ts'

type Fixture = keyof typeof expected

function readFixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(path(import.meta.dirname, 'fixtures', name)))
}

function drain(demuxer: TsDemuxer): TsUnit[] {
  const units: TsUnit[] = []
  for (let unit = demuxer.read(); unit !== undefined; unit = demuxer.read()) units.push(unit)
  return units
}

function demux(parts: readonly Uint8Array[], options?: TsDemuxerOptions): TsUnit[] {
  const demuxer = new TsDemuxer(options)
  for (const part of parts) demuxer.push(part)
  demuxer.flush()
  return drain(demuxer)
}

/** Every unit as text, which compares faster than the units. */
function textOf(units: readonly TsUnit[]): string {
  return units.map((unit) => JSON.stringify({ ...unit, data: toHex(unit.data) })).join('\n')
}

const CODECS: Readonly<Record<string, string>> = {
  h264: 'avc1',
  hevc: 'hvc1',
  aac: 'mp4a',
  mp3: '.mp3',
  ac3: 'ac-3',
  eac3: 'ec-3',
  opus: 'Opus',
}

describe('streams made by FFmpeg', () => {
  for (const [name, streams] of Object.entries(expected)) {
    const options: TsDemuxerOptions = name.includes('m2ts') ? { packetBytes: 192 } : {}

    it(`${name} has the packets that ffprobe finds`, () => {
      const units = demux([readFixture(name)], options)
      for (const [codec, packets] of Object.entries(streams as Record<string, number[][]>)) {
        const found = units
          .filter((unit) => unit.codec === CODECS[codec])
          .map(({ ptsTicks, dtsTicks, data, randomAccess }) => [
            ptsTicks,
            dtsTicks,
            data.length,
            randomAccess ? 1 : 0,
          ])
        expect(found).toEqual(packets)
      }
      expect(units.length).toBe(Object.values(streams).flat().length)
      expect(units.some(({ discontinuity }) => discontinuity)).toBe(false)
    })

    it(`${name} gives the same in any pieces`, () => {
      const bytes = readFixture(name)
      const whole = textOf(demux([bytes], options))
      for (const size of [1, 187, 189, 1000]) {
        const parts: Uint8Array[] = []
        for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size))
        expect(textOf(demux(parts, options))).toBe(whole)
      }
    })
  }

  it('says what is in the program', () => {
    const demuxer = new TsDemuxer()
    demuxer.push(readFixture('avc-bframes-aac.ts.bin'))
    expect(demuxer.streams).toEqual([
      { pid: 0x100, streamType: 0x1b, codec: 'avc1', descriptors: new Uint8Array(0), trackId: 0 },
      { pid: 0x101, streamType: 0x0f, codec: 'mp4a', descriptors: expect.any(Uint8Array), trackId: 0 },
    ])
    expect(demuxer.program).toMatchObject({ programNumber: 1, version: 0, pcrPid: 0x100 })
    expect(demuxer.pcrTicks).toBeGreaterThan(60_000)
    expect(demuxer.errors).toEqual({
      continuity: 0,
      packets: 0,
      scrambled: 0,
      sections: 0,
      pes: 0,
      unsyncedBytes: 0,
    })
  })
})

/** PAT, PMT, a keyframe of two TS packets and one picture of known length, put together by hand. */
const small = tsOf(
  patPacket(),
  pmtPacket(),
  packet({ pid: 0x100, unitStart: true, continuity: 0, randomAccess: true, payload: pes({ pts: 3600, dts: 0, data: annexB(AVC_AUD, idr(250)), unbounded: true }) }),
  packet({ pid: 0x100, unitStart: true, continuity: 2, payload: pes({ pts: 7200, dts: 3600, data: annexB(AVC_AUD, slice(60)) }) }),
) // prettier-ignore

describe('the parts of a stream', () => {
  it('gives out what is in it, at every split', () => {
    const whole = demux([small])
    expect(whole).toEqual([
      {
        pid: 0x100,
        streamType: 0x1b,
        codec: 'avc1',
        trackId: 0,
        pts: 40,
        dts: 0,
        ptsTicks: 3600,
        dtsTicks: 0,
        data: annexB(AVC_AUD, idr(250)),
        randomAccess: true,
        discontinuity: false,
        lost: false,
        configuration: undefined,
      },
      {
        pid: 0x100,
        streamType: 0x1b,
        codec: 'avc1',
        trackId: 0,
        pts: 80,
        dts: 40,
        ptsTicks: 7200,
        dtsTicks: 3600,
        data: annexB(AVC_AUD, slice(60)),
        randomAccess: false,
        discontinuity: false,
        lost: false,
        configuration: undefined,
      },
    ])
    for (const parts of everySplit(small)) expect(textOf(demux(parts))).toBe(textOf(whole))
  })

  it('a picture whose length is known needs no packet after it', () => {
    const demuxer = new TsDemuxer()
    demuxer.push(small)
    expect(drain(demuxer).map(({ dts }) => dts)).toEqual([0, 40])
  })

  it('a unit is its own memory', () => {
    const demuxer = new TsDemuxer()
    const bytes = small.slice()
    demuxer.push(bytes)
    bytes.fill(0)
    const [first] = drain(demuxer)
    demuxer.push(small.subarray(376))
    expect(first!.data).toEqual(annexB(AVC_AUD, idr(250)))
  })

  it('finds random access by its NAL units where no indicator says so', () => {
    const plain = tsOf(
      patPacket(),
      pmtPacket(),
      packet({ pid: 0x100, unitStart: true, continuity: 0, payload: pes({ pts: 0, data: annexB(AVC_AUD, idr(30)) }) }),
    ) // prettier-ignore
    expect(demux([plain])[0]!.randomAccess).toBe(true)
    const hevc = tsOf(
      patPacket(),
      pmtPacket({ streams: [{ type: 0x24, pid: 0x100 }] }),
      packet({ pid: 0x100, unitStart: true, continuity: 0, payload: pes({ pts: 0, data: annexB(nal(0x2a, 30)) }) }), // CRA, type 21
      packet({ pid: 0x100, unitStart: true, continuity: 1, payload: pes({ pts: 9, data: annexB(nal(0x02, 30)) }) }), // TRAIL_R, type 1
    ) // prettier-ignore
    expect(demux([hevc]).map(({ randomAccess }) => randomAccess)).toEqual([true, false])
  })

  it('reads tables that are spread over packets, behind pointer_field', () => {
    const table = pmtPacket({
      streams: [{ type: 0x1b, pid: 0x100, descriptors: new Uint8Array(200).fill(1) }],
    })
    expect(table.length).toBe(2 * 188)
    const stream = tsOf(patPacket(), table, small.subarray(376))
    expect(demux([stream])).toEqual(demux([small]))
  })

  it('times go on past 2^33 ticks, in both directions of a wrap', () => {
    const wrap = 2 ** 33
    const frame = (continuity: number, pts: number, dts: number): Uint8Array =>
      packet({ pid: 0x100, unitStart: true, continuity, payload: pes({ pts, dts, data: annexB(idr(20)) }) })
    const stream = tsOf(
      patPacket(),
      pmtPacket(),
      frame(0, wrap - 900, wrap - 4500),
      frame(1, 2700, wrap - 900), // the presentation time has wrapped, the decode time has not
      frame(2, 6300, 2700),
      frame(3, 2700, wrap - 900), // back across the wrap
    )
    expect(demux([stream]).map(({ ptsTicks, dtsTicks }) => [ptsTicks! - wrap, dtsTicks! - wrap])).toEqual([
      [-900, -4500],
      [2700, -900],
      [6300, 2700],
      [2700, -900],
    ])
  })
})

describe('damage', () => {
  const frame = (continuity: number, dts: number, extra: object = {}): Uint8Array =>
    packet({
      pid: 0x100,
      unitStart: true,
      continuity,
      payload: pes({ pts: dts, data: annexB(slice(30)) }),
      ...extra,
    })

  it('a lost packet costs its picture, and the next says so', () => {
    const big = packet({
      pid: 0x100,
      unitStart: true,
      continuity: 0,
      payload: pes({ pts: 0, data: annexB(idr(500)) }),
    })
    const holed = join(big.subarray(0, 188), big.subarray(376))
    const demuxer = new TsDemuxer()
    demuxer.push(tsOf(patPacket(), pmtPacket(), holed, frame(3, 3600), frame(4, 7200)))
    expect(drain(demuxer).map(({ dtsTicks, discontinuity }) => [dtsTicks, discontinuity])).toEqual([
      [3600, true],
      [7200, false],
    ])
    expect(demuxer.errors).toMatchObject({ continuity: 1, pes: 1 })
  })

  it('a packet that comes twice counts once', () => {
    const demuxer = new TsDemuxer()
    demuxer.push(tsOf(patPacket(), pmtPacket(), frame(0, 0), frame(0, 0), frame(1, 3600)))
    expect(drain(demuxer).map(({ dtsTicks }) => dtsTicks)).toEqual([0, 3600])
    expect(demuxer.errors.continuity).toBe(0)
  })

  it('a jump that discontinuity_indicator announces is no error', () => {
    const demuxer = new TsDemuxer()
    demuxer.push(tsOf(patPacket(), pmtPacket(), frame(0, 0), frame(9, 900_000, { discontinuity: true })))
    expect(drain(demuxer).map(({ discontinuity }) => discontinuity)).toEqual([false, true])
    expect(demuxer.errors.continuity).toBe(0)
  })

  it('packets with transport_error_indicator or scrambling are left out', () => {
    const bad = frame(1, 3600)
    bad[1]! |= 0x80
    const scrambled = frame(2, 7200)
    scrambled[3]! |= 0x80
    const demuxer = new TsDemuxer()
    demuxer.push(tsOf(patPacket(), pmtPacket(), frame(0, 0), bad, scrambled, frame(3, 10_800)))
    expect(drain(demuxer).map(({ dtsTicks }) => dtsTicks)).toEqual([0, 10_800])
    expect(demuxer.errors).toMatchObject({ packets: 1, scrambled: 1, continuity: 1 })
  })

  it('tables with a wrong CRC change nothing', () => {
    const wrong = pmtPacket({ streams: [{ type: 0x24, pid: 0x100 }], version: 1 })
    wrong[20]! ^= 1
    const demuxer = new TsDemuxer()
    demuxer.push(tsOf(patPacket(), pmtPacket(), frame(0, 0), wrong, frame(1, 3600)))
    expect(drain(demuxer).map(({ codec }) => codec)).toEqual(['avc1', 'avc1'])
    expect(demuxer.errors.sections).toBe(1)
  })

  it('a new version of the PMT brings new streams and ends old ones', () => {
    const demuxer = new TsDemuxer()
    const next = pmtPacket({ streams: [{ type: 0x24, pid: 0x100 }], version: 1 })
    const last = packet({
      pid: 0x100,
      unitStart: true,
      continuity: 1,
      payload: pes({ pts: 9, data: annexB(slice(20)), unbounded: true }),
    })
    demuxer.push(tsOf(patPacket(), pmtPacket(), frame(0, 0), last, next, frame(2, 3600)))
    expect(drain(demuxer).map(({ codec, dtsTicks }) => [codec, dtsTicks])).toEqual([
      ['avc1', 0],
      ['avc1', 9],
      ['hvc1', 3600],
    ])
  })

  it('a table for later (current_next_indicator 0) is not in force', () => {
    const later = pmtPacket({ streams: [{ type: 0x24, pid: 0x100 }], version: 1, currentNext: false })
    expect(demux([tsOf(patPacket(), pmtPacket(), later, frame(0, 0))])[0]!.codec).toBe('avc1')
  })

  it('finds the sync byte again, at every split', () => {
    // A lone 0x47 and a piece of a packet in between: 47 00 …
    const noise = join(hex('00 47 11 22'), small.subarray(0, 100))
    const stream = join(small, noise, tsOf(frame(3, 10_800), frame(4, 14_400)))
    const demuxer = new TsDemuxer()
    demuxer.push(stream)
    expect(demuxer.errors.unsyncedBytes).toBe(noise.length)
    const whole = drain(demuxer)
    expect(whole.map(({ dtsTicks }) => dtsTicks)).toEqual([0, 3600, 10_800, 14_400])
    for (const parts of everySplit(stream)) expect(textOf(demux(parts))).toBe(textOf(whole))
  })

  it('starts in the middle of a packet', () => {
    expect(demux([small.subarray(50), small].map((part) => part)).map(({ dtsTicks }) => dtsTicks)).toEqual([
      0, 3600,
    ])
  })
})

describe('bounds', () => {
  const header = tsOf(patPacket(), pmtPacket())
  const picture = (length: number): Uint8Array =>
    packet({
      pid: 0x100,
      unitStart: true,
      continuity: 0,
      payload: pes({ pts: 0, data: annexB(idr(length)), unbounded: true }),
    })

  it('takes a PES packet of maxPesBytes and not one byte more', () => {
    const bytes = 14 + 4 + 1000 // PES header, start code, NAL unit
    expect(demux([header, picture(1000)], { maxPesBytes: bytes })).toHaveLength(1)
    const demuxer = new TsDemuxer({ maxPesBytes: bytes - 1 })
    demuxer.push(header)
    expect(() => demuxer.push(picture(1000))).toThrow(expect.objectContaining({ code: 'ERR_TS_PES_SIZE' }))
    // dead: the same again
    expect(() => demuxer.push(header)).toThrow(LimitError)
  })

  it('takes maxStreams streams and not one more', () => {
    const program = (count: number): Uint8Array =>
      pmtPacket({ streams: Array.from({ length: count }, (_, i) => ({ type: 0x0f, pid: 0x200 + i })) })
    const demuxer = new TsDemuxer()
    demuxer.push(tsOf(patPacket(), program(16)))
    expect(demuxer.streams).toHaveLength(16)
    expect(() => new TsDemuxer().push(tsOf(patPacket(), program(17)))).toThrow(
      expect.objectContaining({ code: 'ERR_TS_STREAM_COUNT' }),
    )
  })

  it('E-AC-3: 8 dependent substreams stay with their frame, as many as there are numbers for', () => {
    // syncword | strmtyp 2, substreamid 3, frmsiz 11 = 7: 16 bytes | 48 kHz, 6 blocks, stereo | bsid 16
    const frame = (type: number): Uint8Array =>
      join(hex('0b 77'), Uint8Array.of(type << 6, 7, 0x34, 0x80), new Uint8Array(10))
    const data = join(frame(0), ...Array.from({ length: 9 }, () => frame(1)))
    const units = demux([
      tsOf(patPacket(), pmtPacket({ streams: [{ type: 0x87, pid: 0x101 }] })),
      packet({ pid: 0x101, unitStart: true, continuity: 0, payload: pes({ pts: 0, data }) }),
    ])
    expect(units.map((unit) => unit.data.length)).toEqual([9 * 16, 16])
  })

  it('gives up after maxUnsyncedBytes without packets', () => {
    const zeros = (count: number): Uint8Array => new Uint8Array(count)
    // One byte of lookahead of a packet's length is not passed over yet.
    expect(() => new TsDemuxer({ maxUnsyncedBytes: 1000 }).push(zeros(1000 + 188))).not.toThrow()
    expect(() => new TsDemuxer({ maxUnsyncedBytes: 1000 }).push(zeros(1001 + 188))).toThrow(DecodeError)
    // What is found in time starts the count again.
    const demuxer = new TsDemuxer({ maxUnsyncedBytes: 1000 })
    for (let i = 0; i < 3; i++) demuxer.push(join(zeros(900), small))
    expect(demuxer.errors.unsyncedBytes).toBe(2700)
  })
})

/** What `run` throws, or `undefined`. */
function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

describe('fuzz', () => {
  const runs = fuzzRuns(300)
  const seeds = (Object.keys(expected) as Fixture[]).map((name) => readFixture(name).subarray(0, 8000))

  it('damage never escapes as anything but a MediaError, and costs no memory beyond the bounds', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(7999), fc.nat(255)), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 4000 }),
        (seed, damage, size) => {
          const bytes = seed.slice()
          for (const [at, value] of damage) bytes[at % bytes.length] = value
          const demuxer = new TsDemuxer({ maxPesBytes: 10_000 })
          let largest = 0
          const error = thrownBy(() => {
            for (let at = 0; at < bytes.length; at += size) {
              demuxer.push(bytes.subarray(at, at + size))
              for (const unit of drain(demuxer)) largest = Math.max(largest, unit.data.length)
            }
            demuxer.flush()
          })
          expect(error === undefined || error instanceof MediaError).toBe(true)
          expect(largest).toBeLessThanOrEqual(10_000 + 65_536)
        },
      ),
      { numRuns: runs, seed: 13_818 },
    )
  })

  it('any bytes in any pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 10 }), (parts) => {
        const error = thrownBy(() => demux(parts))
        expect(error === undefined || error instanceof MediaError).toBe(true)
      }),
      { numRuns: runs, seed: 1 },
    )
  })
})
