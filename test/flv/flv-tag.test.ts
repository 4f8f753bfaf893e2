import { decodeFlvHeader, encodeFlvHeader, FlvMuxer, flvTagLength, writeFlvTag } from 'millrace/flv'
import { ConfigurationTracker, packetFromTag } from 'millrace/media'
import { describe, expect, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'

describe('the FLV header', () => {
  const cases: [name: string, header: { audio: boolean; video: boolean }, flags: string][] = [
    ['audio and video', { audio: true, video: true }, '05'],
    ['audio', { audio: true, video: false }, '04'],
    ['video', { audio: false, video: true }, '01'],
    ['neither', { audio: false, video: false }, '00'],
  ]
  for (const [name, header, flags] of cases)
    test(`of ${name}`, () => {
      // 'FLV' | version 1 | TypeFlags | DataOffset 9 | PreviousTagSize0
      const bytes = hex(`46 4c 56 01 ${flags} 00 00 00 09 00 00 00 00`)
      expect(encodeFlvHeader(header)).toEqual(bytes)
      expect(decodeFlvHeader(bytes)).toEqual(header)
      expect(new FlvMuxer().header(header)).toEqual(bytes)
    })

  test('announces both when the muxer is not told', () => {
    expect(new FlvMuxer().header()[4]).toBe(5)
  })

  test('is not read from other bytes', () => {
    expect(decodeFlvHeader(hex('46 4c 56 01 05 00 00 00'))).toBeUndefined()
    expect(decodeFlvHeader(hex('46 4c 58 01 05 00 00 00 09'))).toBeUndefined()
  })
})

describe('a tag', () => {
  const muxer = new FlvMuxer()

  test('has the layout of FLV 10.1 §E.4.1', () => {
    const packet = packetFromTag(9, 0x0102_0304, hex('27 01 00 00 00 aa'))
    expect(flvTagLength(packet)).toBe(21)
    expect(muxer.write(packet)).toEqual(
      hex(`09                  // TagType video
           00 00 06            // DataSize
           02 03 04            // Timestamp, lower 24 bits
           01                  // TimestampExtended
           00 00 00            // StreamID
           27 01 00 00 00 aa
           00 00 00 11         // PreviousTagSize 17`),
    )
  })

  test('of audio and data', () => {
    expect(muxer.write(packetFromTag(8, 23, hex('af 01')))).toEqual(
      hex('08 00 00 02 00 00 17 00 00 00 00 af 01 00 00 00 0d'),
    )
    expect(muxer.write(packetFromTag(18, 0, hex('05')))).toEqual(
      hex('12 00 00 01 00 00 00 00 00 00 00 05 00 00 00 0c'),
    )
  })

  test('is written in place, every byte of it', () => {
    const out = new Uint8Array(20).fill(0xee)
    expect(writeFlvTag(out, 2, packetFromTag(8, 9, hex('af')), 0)).toBe(18)
    expect(out).toEqual(hex('ee ee 08 00 00 01 00 00 00 00 00 00 00 af 00 00 00 0c ee ee'))
  })

  test('can be written at another time', () => {
    expect(muxer.write(packetFromTag(8, 1000, hex('af 01')), 1).subarray(4, 8)).toEqual(hex('00 00 01 00'))
  })

  test('of 16,777,215 bytes fits, of one more does not', () => {
    const body = new Uint8Array(0x100_0000)
    const bytes = muxer.write(packetFromTag(9, 0, body.subarray(1)))
    expect(bytes.subarray(1, 4)).toEqual(hex('ff ff ff'))
    expect(bytes.subarray(-4)).toEqual(hex('01 00 00 0a'))
    expect(() => muxer.write(packetFromTag(9, 0, body))).toThrow(RangeError)
  })

  test('defect: a message without a body is a whole tag', () => {
    expect(muxer.write(packetFromTag(8, 0, hex('')))).toEqual(
      hex('08 00 00 00 00 00 00 00 00 00 00 00 00 00 0b'),
    )
  })

  // dts → lower 24 bits, upper 8 bits
  const times: [dts: number, bytes: string][] = [
    [2 ** 24 - 1, 'ff ff ff 00'],
    [2 ** 24, '00 00 00 01'],
    [2 ** 31 - 1, 'ff ff ff 7f'],
    [2 ** 31, '00 00 00 80'],
    [2 ** 31 + 40, '00 00 28 80'],
    [2 ** 32 - 1, 'ff ff ff ff'],
    [2 ** 32, '00 00 00 00'],
    [2 ** 32 + 40, '00 00 28 00'],
    [3 * 2 ** 32 + 0x0102_0304, '02 03 04 01'],
    [-40, 'ff ff d8 ff'],
  ]
  for (const [dts, bytes] of times)
    test(`defect: a time of ${dts} ms is written as u32`, () => {
      expect(muxer.write(packetFromTag(8, dts, hex('af 01'))).subarray(4, 8)).toEqual(hex(bytes))
    })
})

test('the muxer writes configuration as tags at one time', () => {
  const tracker = new ConfigurationTracker()
  tracker.push(packetFromTag(9, 5, hex('17 00 00 00 00 01')))
  tracker.push(packetFromTag(8, 6, hex('af 00 12 10')))
  const muxer = new FlvMuxer()
  expect(muxer.configuration(tracker.set, 256)).toEqual(
    join(
      hex('08 00 00 04 00 01 00 00 00 00 00 af 00 12 10 00 00 00 0f'),
      hex('09 00 00 06 00 01 00 00 00 00 00 17 00 00 00 00 01 00 00 00 11'),
    ),
  )
})
