import { type MediaPacket, packetFromTag } from 'millrace/media'
import { expect, it } from 'vitest'
import { ZeroClock } from '../../../src/node/net/zero-clock.ts'
import { audio, audioConfig, inter, key, metadata, videoConfig } from '../../hub/fakes.ts'

const timesOf = (packets: readonly MediaPacket[]): number[] => {
  const clock = new ZeroClock()
  return packets.map((packet) => clock.timeOf(packet))
}

it('the first media is at 0; what was before it as well', () => {
  const packets = [
    metadata(0),
    videoConfig(5_000),
    key(5_000),
    audio(4_990),
    audioConfig(5_020),
    inter(5_040),
  ]
  expect(timesOf(packets)).toEqual([0, 0, 0, 0, 20, 40])
})

it('a kind whose clock is behind for good begins beside the other, and keeps its pace', () => {
  const packets = [key(20_000), inter(20_040), audio(8_000), inter(20_080), audio(8_021), audioConfig(8_042)]
  expect(timesOf(packets)).toEqual([0, 40, 40, 80, 61, 82])
})

it('a kind that is ahead stays ahead', () => {
  expect(timesOf([key(0), audio(12_000), inter(40), audio(12_021)])).toEqual([0, 12_000, 40, 12_021])
})

it('an end of sequence without media has no time', () => {
  expect(timesOf([packetFromTag(9, 700, Uint8Array.of(0x17, 0x02, 0, 0, 0))])).toEqual([0])
})
