import {
  AvccReader,
  avccToAnnexB,
  decodeAvcConfiguration,
  decodeAvcSps,
  describeTrack,
  isAvcc,
  splitAvcc,
} from 'millrace/codec'
import { packetFromTag } from 'millrace/media'
import { expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'

/** DJI Matrice 30: an avcC of High profile that ends behind the PPS, without chroma format and depths. */
const SEQUENCE_HEADER = hex(`17 00 000000
  01640028ffe1 0012 67640028acb403c01134a41418181b4284d4 01 0005 68ee06f2c0`)

/** Later it sends access units of one NAL unit of 0 bytes. */
const EMPTY_ACCESS_UNIT = hex('27 01 000000 00000000')

test('the configuration without extension is read', () => {
  const packet = packetFromTag(9, 0, SEQUENCE_HEADER)
  expect(packet.configuration).toBe(true)
  const configuration = decodeAvcConfiguration(packet.payload)
  expect(configuration.extension).toBeUndefined()
  expect(decodeAvcSps(configuration.sps[0]!)).toMatchObject({ width: 1920, height: 1088 })
  expect(describeTrack('avc1', packet.payload)).toMatchObject({ codecString: 'avc1.640028', width: 1920 })
})

test('the access unit of nothing is an access unit without NAL units', () => {
  const { payload } = packetFromTag(9, 40, EMPTY_ACCESS_UNIT)
  expect(splitAvcc(payload, 4)).toEqual([])
  expect(isAvcc(payload, 4)).toBe(true)
  expect(avccToAnnexB(payload, 4)).toEqual(hex(''))
  const reader = new AvccReader()
  reader.reset(payload, 4)
  expect(reader.next()).toBe(false)
})
