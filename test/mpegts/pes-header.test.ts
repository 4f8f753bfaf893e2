import fc from 'fast-check'
import { decodePesHeader, writePesHeader } from 'millrace/mpegts'
import { describe, expect, it } from 'vitest'
import { hex } from '../support/bytes.ts'

function written(streamId: number, payloadBytes: number, pts: number, dts: number): Uint8Array {
  const out = new Uint8Array(19)
  return out.subarray(0, writePesHeader(out, 0, streamId, payloadBytes, pts, dts))
}

/** Ticks, and the five bytes of the field, with prefix 0010. */
const CLOCKS: readonly [string, number, string][] = [
  ['zero', 0, '21 00 01 00 01'],
  ['one tick', 1, '21 00 01 00 03'],
  ['126000, FFmpeg’s first', 126_000, '21 00 07 d8 61'],
  ['bit 14 and bit 15', 0xc000, '21 00 03 80 01'],
  ['bit 29', 2 ** 29, '21 80 01 00 01'],
  ['bit 30, where a signed shift ends', 2 ** 30, '23 00 01 00 01'],
  ['bit 31', 2 ** 31, '25 00 01 00 01'],
  ['bit 32, past every shift', 2 ** 32, '29 00 01 00 01'],
  ['the greatest', 2 ** 33 - 1, '2f ff ff ff ff'],
]

describe('PES header', () => {
  it.each(CLOCKS)('PTS of %s', (_, ticks, bytes) => {
    expect(written(0xc0, 10, ticks, ticks).subarray(9)).toEqual(hex(bytes))
    expect(decodePesHeader(written(0xc0, 10, ticks, ticks))).toMatchObject({
      ptsTicks: ticks,
      dtsTicks: ticks,
    })
  })

  it('times wrap at 2^33', () => {
    expect(written(0xc0, 10, 2 ** 33 + 1, 2 ** 33 + 1).subarray(9)).toEqual(hex('21 00 01 00 03'))
    expect(written(0xc0, 10, -1, -1).subarray(9)).toEqual(hex('2f ff ff ff ff'))
  })

  it('PTS and DTS, known length', () => {
    const bytes = hex(`
      00 00 01 e0     // packet_start_code_prefix, stream_id
      00 71           // PES_packet_length: 13 + 100
      84              // '10', scrambling 00, priority 0, data_alignment 1, copyright 0, original 0
      c0 0a           // PTS_DTS_flags 11, PES_header_data_length 10
      31 00 07 d8 61  // 0011, PTS 126000
      11 00 07 d8 01  // 0001, DTS 125952
    `)
    expect(written(0xe0, 100, 126_000, 125_952)).toEqual(bytes)
    expect(decodePesHeader(bytes)).toEqual({
      streamId: 0xe0,
      payloadBytes: 100,
      headerBytes: 19,
      ptsTicks: 126_000,
      dtsTicks: 125_952,
    })
  })

  it('length 0 from where 16 bits end', () => {
    const lengthOf = (payloadBytes: number): Uint8Array => written(0xe0, payloadBytes, 0, 0).subarray(4, 6)
    expect(lengthOf(65_535 - 8)).toEqual(hex('ff ff'))
    expect(lengthOf(65_535 - 7)).toEqual(hex('00 00'))
    expect(decodePesHeader(written(0xe0, 70_000, 0, 0))).toMatchObject({ payloadBytes: -1 })
  })

  it('is incomplete at every place before its end', () => {
    const bytes = written(0xe0, 100, 1, 0)
    for (let end = 0; end < bytes.length; end++) expect(decodePesHeader(bytes, end)).toBe('incomplete')
  })

  it('reads headers without times, with stuffing, and streams without header', () => {
    expect(decodePesHeader(hex('000001 e0 0000 80 00 03 ffffff'))).toMatchObject({
      headerBytes: 12,
      ptsTicks: undefined,
    })
    // private_stream_2: bare data after the length
    expect(decodePesHeader(hex('000001 bf 0004 80 c0 0a 31'))).toEqual({
      streamId: 0xbf,
      payloadBytes: 4,
      headerBytes: 6,
      ptsTicks: undefined,
      dtsTicks: undefined,
    })
  })

  it.each([
    ['no start code', '000002 e0 0000 80 00 00'],
    ["not '10'", '000001 e0 0000 40 00 00'],
    ['a length below that of the header', '000001 e0 0003 80 80 05 2100010001'],
  ])('%s is malformed', (_, text) => {
    expect(decodePesHeader(hex(text))).toBe('malformed')
  })

  it('comes back as it was written', () => {
    const ticks = fc.integer({ min: 0, max: 2 ** 33 - 1 })
    fc.assert(
      fc.property(ticks, ticks, fc.nat(70_000), (pts, dts, payloadBytes) => {
        expect(decodePesHeader(written(0xe0, payloadBytes, pts, dts))).toMatchObject({
          ptsTicks: pts,
          dtsTicks: dts,
        })
      }),
    )
  })
})
