import { annexBToAvcc, isAvcc, splitAnnexB, splitAvcc, startsWithStartCode } from 'millrace/codec'
import { packetFromTag } from 'millrace/media'
import { expect, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'

/** Some cameras put Annex B into the tag where lengths belong (SRS: `try_annexb_first`). */
const ANNEX_B = hex(`27 01 000000 00000001
  019e827443df0016025b65a4bd4277fc23615ec2c9e9f850d9afc749dcb63ad4b5800204ace797c1bfeaf01336d2a40b6ac43222e1`)

/** The same access unit with its length, 53 bytes. */
const LENGTHS = join(hex('27 01 000000 00000035'), ANNEX_B.subarray(9))

test('the lengths tell which form it is', () => {
  const annexB = packetFromTag(9, 0, ANNEX_B).payload
  const lengths = packetFromTag(9, 0, LENGTHS).payload
  expect(isAvcc(annexB, 4)).toBe(false)
  expect(isAvcc(lengths, 4)).toBe(true)
  expect(splitAnnexB(annexB)).toEqual(splitAvcc(lengths, 4))
  expect(annexBToAvcc(annexB)).toEqual(lengths)
})

test('a length of 256 to 511 is no start code', () => {
  const payload = join(hex('0000012c'), hex('41'), new Uint8Array(299).fill(0x55))
  expect(startsWithStartCode(payload)).toBe(true)
  expect(isAvcc(payload, 4)).toBe(true)
  expect(splitAvcc(payload, 4).map((unit) => unit.length)).toEqual([300])
})
