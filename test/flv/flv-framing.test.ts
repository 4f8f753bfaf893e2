import { FLV_VIEW, FlvFraming } from 'millrace/flv'
import { ConfigurationTracker, EMPTY_CONFIGURATION, packetFromTag } from 'millrace/media'
import { describe, expect, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'

const AVC = packetFromTag(9, 7, hex('17 00 00 00 00 01 64'))
const AAC = packetFromTag(8, 8, hex('af 00 12 10'))

/** onMetaData with one number: AMF0 'onMetaData', object { name: value }. */
function metadata(name: string, value: string) {
  const key = Array.from(name, (char) => char.charCodeAt(0).toString(16)).join(' ')
  const length = name.length.toString(16).padStart(4, '0')
  return packetFromTag(
    18,
    0,
    hex(`02 00 0a 6f 6e 4d 65 74 61 44 61 74 61 03 ${length} ${key} ${value} 00 00 09`),
  )
}

function joinOf(...packets: Parameters<ConfigurationTracker['push']>[0][]): Uint8Array {
  const tracker = new ConfigurationTracker()
  for (const packet of packets) tracker.push(packet)
  return new FlvFraming().join(tracker.set, 0x0102_0304)
}

describe('join', () => {
  test('gives header, metadata at 0, audio and video configuration at the time of the join', () => {
    const onMetaData = metadata('width', '00 40 74 00 00 00 00 00 00') // 320
    expect(joinOf(AVC, AAC, onMetaData)).toEqual(
      join(
        hex('46 4c 56 01 05 00 00 00 09 00 00 00 00'),
        hex('12 00 00 21 00 00 00 00 00 00 00'), // TagType 18, DataSize 33, Timestamp 0
        onMetaData.body,
        hex('00 00 00 2c'), // PreviousTagSize 44
        hex('08 00 00 04 02 03 04 01 00 00 00 af 00 12 10 00 00 00 0f'),
        hex('09 00 00 07 02 03 04 01 00 00 00 17 00 00 00 00 01 64 00 00 00 12'),
      ),
    )
  })

  test('gives a header alone while nothing is known', () => {
    expect(FLV_VIEW.create().join(EMPTY_CONFIGURATION, 0)).toEqual(
      hex('46 4c 56 01 05 00 00 00 09 00 00 00 00'),
    )
  })

  const flags: [name: string, packets: Parameters<typeof joinOf>, flag: number][] = [
    ['video alone', [AVC], 1],
    ['audio alone', [AAC], 4],
    ['MP3 by its id in the metadata', [AVC, metadata('audiocodecid', '00 40 00 00 00 00 00 00 00')], 5],
    ['MP3 by its fourCC', [AVC, metadata('audiocodecid', '02 00 04 2e 6d 70 33')], 5],
    [
      'Sorenson H.263 by its id in the metadata',
      [AAC, metadata('videocodecid', '00 40 00 00 00 00 00 00 00')],
      5,
    ],
    ['AAC that the metadata promises and the view does not carry', [AVC, metadata('audiocodecid', '00 40 24 00 00 00 00 00 00')], 1], // prettier-ignore
    ['AVC that the metadata promises and the view does not carry', [AAC, metadata('videocodecid', '00 40 1c 00 00 00 00 00 00')], 4], // prettier-ignore
    ['metadata alone', [metadata('videocodecid', '00 40 1c 00 00 00 00 00 00')], 5],
    ['metadata that cannot be read', [AVC, packetFromTag(18, 0, hex('02 00 0a 6f 6e 4d 65 74 61 44 61 74 61 03 00'))], 1], // prettier-ignore
  ]
  for (const [name, packets, flag] of flags)
    test(`announces what is there: ${name}`, () => {
      expect(joinOf(...packets)[4]).toBe(flag)
    })
})

describe('frame', () => {
  const packets = [
    packetFromTag(9, 2 ** 32 + 40, hex('27 01 00 00 00 aa')),
    packetFromTag(8, 2 ** 32 + 41, hex('af 01 21')),
  ]

  test('gives the tags of a batch in one array of their size', () => {
    const bytes = new FlvFraming().frame(packets)
    expect(bytes).toEqual(
      join(
        hex('09 00 00 06 00 00 28 00 00 00 00 27 01 00 00 00 aa 00 00 00 11'),
        hex('08 00 00 03 00 00 29 00 00 00 00 af 01 21 00 00 00 0e'),
      ),
    )
    expect(bytes.buffer.byteLength).toBe(bytes.length)
  })

  test('gives the same bytes whenever and by whichever framing', () => {
    const framing = FLV_VIEW.create()
    expect(framing.frame(packets)).toEqual(FLV_VIEW.create().frame(packets))
    expect(framing.frame(packets)).not.toBe(framing.frame(packets))
  })

  test('of nothing is nothing', () => {
    expect(new FlvFraming().frame([])).toEqual(hex(''))
  })
})
