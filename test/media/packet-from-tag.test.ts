import { packetFromTag } from 'millrace/media'
import { describe, expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'
import { TAG_VECTORS } from './tag-vectors.ts'

const NOTHING = {
  cts: 0,
  codec: '',
  keyframe: false,
  configuration: false,
  endOfSequence: false,
  disposable: false,
  multitrack: false,
  coded: false,
  timestampOffsetNs: 0,
  payloadOffset: 0,
}

describe('a tag body', () => {
  for (const { name, type, body, payload, facts } of TAG_VECTORS) {
    test(name, () => {
      const packet = packetFromTag(type, 1000, body)
      const kind = ({ 8: 'audio', 9: 'video', 18: 'data' } as const)[type]
      expect(packet).toEqual({ kind, dts: 1000, ...NOTHING, ...facts, body })
      expect(packet.body).toBe(body)
      expect(packet.payload).toEqual(payload)
      expect(packet.pts).toBe(1000 + packet.cts)
      expect(packet.defaultTrack()).toBe(packet)
      const { cts, codec, keyframe, configuration, endOfSequence, coded } = packet
      expect(packet.tracks()).toEqual([
        expect.objectContaining({
          trackId: 0,
          cts,
          codec,
          keyframe,
          configuration,
          endOfSequence,
          coded,
          payload,
        }),
      ])
      expect(packet.tracks()).toBe(packet.tracks())
    })
  }

  test('cut off anywhere claims no more than the whole', () => {
    for (const { type, body, facts } of TAG_VECTORS) {
      for (let length = 0; length < body.length; length++) {
        const packet = packetFromTag(type, 0, body.subarray(0, length))
        expect(packet.payloadOffset).toBeLessThanOrEqual(length)
        for (const flag of ['keyframe', 'configuration', 'disposable', 'coded'] as const)
          expect([packet[flag], facts[flag] === true]).not.toEqual([true, false])
        expect([packet.payload.length, packet.coded || packet.configuration]).not.toEqual([0, true])
      }
    }
  })

  test('of another tag type is a mistake of the caller', () => {
    expect(() => packetFromTag(15 as 18, 0, hex('00'))).toThrow(RangeError)
  })
})

describe('a packet at another time', () => {
  const packet = packetFromTag(9, 40, hex('17 01 00 00 50 00 00 00 01 65'))

  test('is the same media', () => {
    const moved = packet.withDts(-5)
    expect(moved).toEqual(Object.assign({}, packet, { dts: -5 }))
    expect(moved.body).toBe(packet.body)
    expect(moved.pts).toBe(75)
    expect(packet.dts).toBe(40)
  })

  test('is itself at its own time', () => {
    expect(packet.withDts(40)).toBe(packet)
  })
})

test("defect: the '@setDataFrame' prefix is not forwarded", () => {
  // AMF0 string '@setDataFrame', AMF0 string 'onMetaData', AMF0 object end at once
  const body = hex(`02 00 0d 40 73 65 74 44 61 74 61 46 72 61 6d 65
                    02 00 0a 6f 6e 4d 65 74 61 44 61 74 61 03 00 00 09`)
  const packet = packetFromTag(18, 0, body)
  expect(packet.body).toEqual(hex('02 00 0a 6f 6e 4d 65 74 61 44 61 74 61 03 00 00 09'))
  expect(packet.configuration).toBe(true)
  expect(packetFromTag(18, 0, body.subarray(0, 16)).body.length).toBe(0)
})

test('defect: a negative composition time is read signed', () => {
  const packet = packetFromTag(9, 100, hex('27 01 ff ff d8 00 00 00 01 41'))
  expect([packet.cts, packet.pts]).toEqual([-40, 60])
})

describe('defect: no video form is taken for an audio sequence header', () => {
  for (const { name, type, body, facts } of TAG_VECTORS.filter((vector) => vector.type === 9))
    test(name, () => {
      const packet = packetFromTag(type, 0, body)
      expect(packet.kind).toBe('video')
      expect(packet.configuration).toBe(facts.configuration ?? false)
    })
})
