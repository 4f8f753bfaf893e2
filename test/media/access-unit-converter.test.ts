import { AccessUnitConverter, type MediaPacket, packetFromTag } from 'millrace/media'
import { describe, expect, it } from 'vitest'
import {
  annexB,
  AVC_AUD,
  AVC_PPS,
  AVC_SEI,
  AVC_SPS,
  avcc,
  avcConfiguration,
  avcFrame,
  idr,
  slice,
} from '../mpegts/packets.ts'
import { hex, join, toHex } from '../support/bytes.ts'

const dataOf = (packets: readonly MediaPacket[], converter = new AccessUnitConverter()): string[] =>
  packets.flatMap((packet) => converter.push(packet)).map(({ data }) => toHex(data))

describe('H.264', () => {
  it('has its parameter sets before a random access point, and nowhere else', () => {
    const packets = [avcConfiguration(), avcFrame(0, { keyframe: true }), avcFrame(40)]
    expect(dataOf(packets)).toEqual([toHex(avcc([AVC_SPS, AVC_PPS, idr(40)])), toHex(avcc([slice(40)]))])
  })

  it('has them once where they are in band as well, and no delimiter', () => {
    const nals = [AVC_AUD, AVC_SPS, AVC_PPS, AVC_SEI, idr(20)]
    expect(dataOf([avcConfiguration(), avcFrame(0, { keyframe: true, nals })])).toEqual([
      toHex(avcc(nals.slice(1))),
    ])
    expect(
      dataOf([avcConfiguration(), avcFrame(0, { keyframe: true, nals: [AVC_AUD, AVC_SEI, idr(20)] })]),
    ).toEqual([toHex(avcc([AVC_SPS, AVC_PPS, AVC_SEI, idr(20)]))])
  })

  it('has lengths of four bytes whatever the packets have', () => {
    for (const nalLengthSize of [1, 2]) {
      const frame = avcFrame(0, { keyframe: true, nals: [AVC_AUD, idr(20)], nalLengthSize })
      expect(dataOf([avcConfiguration(nalLengthSize), frame, avcFrame(40, { nalLengthSize })])).toEqual([
        toHex(avcc([AVC_SPS, AVC_PPS, idr(20)])),
        toHex(avcc([slice(40)])),
      ])
    }
  })

  it('is read where it is Annex B in FLV, and where its sets are in band alone', () => {
    const body = join(hex('17 01 000000'), annexB(AVC_SPS, AVC_PPS, idr(20))) // key, AVC | NAL units | composition time
    expect(dataOf([packetFromTag(9, 0, body)])).toEqual([toHex(avcc([AVC_SPS, AVC_PPS, idr(20)]))])
  })

  it('says its times, its configuration and where decoding can start', () => {
    const converter = new AccessUnitConverter()
    converter.push(avcConfiguration())
    const [unit] = converter.push(avcFrame(80, { cts: 40, keyframe: true }))
    expect(unit).toMatchObject({ codec: 'avc1', trackId: 0, dts: 80, pts: 120, randomAccess: true })
    expect(unit!.configuration).toEqual(avcConfiguration().payload.slice())
  })

  it('is left out before its configuration, and when it is damaged', () => {
    const converter = new AccessUnitConverter()
    expect(converter.push(avcFrame(0))).toEqual([])
    converter.push(avcConfiguration())
    expect(converter.push(packetFromTag(9, 0, hex('27 01 000000 ffffffff 41')))).toEqual([])
    expect(converter.skippedCount).toBe(2)
  })
})

describe('AAC', () => {
  it('comes raw out of ADTS, each frame at its time', () => {
    const converter = new AccessUnitConverter()
    const adts = 'fff1 4c80 015f fc 21aaaa' // LC, 48 kHz, stereo, 10 bytes
    const units = converter.push(packetFromTag(8, 100, hex(`af 01 ${adts} ${adts}`)))
    expect(units.map(({ pts, data }) => [Math.round(pts! * 3), toHex(data)])).toEqual([
      [300, '21 aa aa'],
      [364, '21 aa aa'], // 1024 samples: 64 thirds of a ms
    ])
    expect(units[0]!.configuration).toEqual(hex('1190'))
  })

  it('has the configuration of its sequence header', () => {
    const converter = new AccessUnitConverter()
    converter.push(packetFromTag(8, 0, hex('af 00 1210')))
    expect(converter.push(packetFromTag(8, 23, hex('af 01 21aaaa')))).toMatchObject([
      { codec: 'mp4a', pts: 23, data: hex('21aaaa'), configuration: hex('1210') },
    ])
  })
})

it('data makes no units', () => {
  expect(new AccessUnitConverter().push(packetFromTag(18, 0, hex('02000a6f6e4d65746144617461 05')))).toEqual(
    [],
  )
})
