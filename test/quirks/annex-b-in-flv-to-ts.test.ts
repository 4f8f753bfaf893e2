import { packetFromTag } from 'millrace/media'
import { TsMuxer } from 'millrace/mpegts'
import { expect, it } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import {
  annexB,
  AVC_AUD,
  AVC_PPS,
  AVC_SEI,
  AVC_SPS,
  avcConfiguration,
  avcFrame,
  idr,
  slice,
} from '../mpegts/packets.ts'
import { pesPackets } from '../mpegts/ts-reader.ts'

// Some encoders, mostly in cameras and phones, put the Annex B stream of their chip into FLV tags, where lengths belong.
const muxer = new TsMuxer({ tablesIntervalMs: Infinity })
muxer.write(avcConfiguration())
const unitOf = (payload: Uint8Array): Uint8Array | undefined =>
  pesPackets(muxer.write(packetFromTag(9, 0, join(hex('17 01 000000'), payload))), 0x100)[0]?.data

it('a transport stream gets the NAL units that the start codes delimit', () => {
  expect(unitOf(annexB(AVC_SPS, AVC_PPS, AVC_SEI, idr(300)))).toEqual(
    annexB(AVC_AUD, AVC_SPS, AVC_PPS, AVC_SEI, idr(300)),
  )
  // start codes of three bytes
  expect(unitOf(join(hex('00 00 01'), AVC_AUD, hex('00 00 01'), slice(40)))).toEqual(
    annexB(AVC_AUD, AVC_SPS, AVC_PPS, slice(40)),
  )
  expect(muxer.damagedCount).toBe(0)
})

it('lengths that look like a start code are lengths', () => {
  // 00 00 01 2c: one NAL unit of 300 bytes
  const [pes] = pesPackets(muxer.write(avcFrame(0, { nals: [slice(300)] })), 0x100)
  expect(pes!.data).toEqual(annexB(AVC_AUD, slice(300)))
})
