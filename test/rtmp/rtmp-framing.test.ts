import { ChunkDecoder } from 'millrace/chunk'
import { EMPTY_CONFIGURATION, type MediaPacket, packetFromTag } from 'millrace/media'
import { RTMP_VIEW, RTMP_VIEW_CHUNK_SIZE, RTMP_VIEW_MESSAGE_STREAM_ID, RtmpFraming } from 'millrace/rtmp'
import { describe, expect, test } from 'vitest'
import { hex, join, toHex } from '../support/bytes.ts'
import { readAll, sequence } from '../support/chunks.ts'

// AVC and AAC sequence headers and frames, as FLV tag bodies.
const AVC_HEADER = hex('17 00 000000 01 42c01e ff e1 0004 6742c01e 01 0002 68ce')
const AVC_KEYFRAME = hex('17 01 000000 00000002 6588')
const AAC_HEADER = hex('af 00 1210')
const AAC_FRAME = hex('af 01 2110')
const METADATA = hex('02 000a 6f6e4d65746144617461 08 00000000 000009') // onMetaData, empty ECMA array

const data = packetFromTag(18, 0, METADATA)
const audioHeader = packetFromTag(8, 0, AAC_HEADER)
const videoHeader = packetFromTag(9, 0, AVC_HEADER)

const frame = (...packets: MediaPacket[]): string => toHex(RTMP_VIEW.create().frame(packets))

test('video on csid 6, audio on csid 7, data on csid 4, in one array', () => {
  expect(
    frame(
      packetFromTag(9, 40, AVC_KEYFRAME),
      packetFromTag(8, 0x41, AAC_FRAME),
      packetFromTag(18, 0x42, METADATA),
    ),
  ).toBe(
    toHex(
      join(
        hex('06 000028 00000b 09 01000000'),
        AVC_KEYFRAME,
        hex('07 000041 000004 08 01000000'),
        AAC_FRAME,
        hex('04 000000 000015 12 01000000'),
        METADATA,
      ),
    ),
  )
})

test('a body longer than a chunk goes on in fmt 3 chunks', () => {
  const body = join(hex('27 01 000000'), sequence(65_536 - 5), sequence(3))
  const bytes = RTMP_VIEW.create().frame([packetFromTag(9, 0, body)])
  expect(bytes).toHaveLength(12 + 65_536 + 1 + 3)
  expect(toHex(bytes.subarray(0, 14))).toBe('06 00 00 00 01 00 03 09 01 00 00 00 27 01')
  expect(toHex(bytes.subarray(12 + 65_536))).toBe('c6 01 02 03')
})

test('defect: a message without a body is 12 bytes, and the next one is read', () => {
  const bytes = RTMP_VIEW.create().frame([
    packetFromTag(9, 40, hex('')),
    packetFromTag(8, 40, hex('')),
    packetFromTag(8, 41, AAC_FRAME),
  ])
  expect(toHex(bytes.subarray(0, 24))).toBe(
    toHex(hex('06 000028 000000 09 01000000  07 000028 000000 08 01000000')),
  )
  const decoder = new ChunkDecoder()
  decoder.push(bytes)
  expect(readAll(decoder)).toHaveLength(3)
})

describe('time', () => {
  test('from 0xffffff on in the extended field', () => {
    expect(frame(packetFromTag(8, 0xfffffe, AAC_FRAME))).toBe(
      toHex(hex('07 fffffe 000004 08 01000000 af012110')),
    )
    expect(frame(packetFromTag(8, 0xffffff, AAC_FRAME))).toBe(
      toHex(hex('07 ffffff 000004 08 01000000 00ffffff af012110')),
    )
  })

  test('defect: above 2^31 it is not negative', () => {
    expect(frame(packetFromTag(8, 0x8000_0001, AAC_FRAME))).toBe(
      toHex(hex('07 ffffff 000004 08 01000000 80000001 af012110')),
    )
  })

  test('past 2^32 it wraps, and the length of the batch is right', () => {
    expect(frame(packetFromTag(8, 2 ** 32 + 5, AAC_FRAME), packetFromTag(8, 2 ** 33 - 1, AAC_FRAME))).toBe(
      toHex(hex('07 000005 000004 08 01000000 af012110  07 ffffff 000004 08 01000000 ffffffff af012110')),
    )
  })
})

describe('join', () => {
  test('metadata at 0, audio and video stamped with dts', () => {
    const configuration = { metadata: data, audio: [audioHeader], video: [videoHeader] }
    expect(toHex(RTMP_VIEW.create().join(configuration, 0x123456))).toBe(
      toHex(
        join(
          hex('04 000000 000015 12 01000000'),
          METADATA,
          hex('07 123456 000004 08 01000000'),
          AAC_HEADER,
          hex('06 123456 000016 09 01000000'),
          AVC_HEADER,
        ),
      ),
    )
  })

  test('nothing to configure is nothing to send', () => {
    expect(RTMP_VIEW.create().join(EMPTY_CONFIGURATION, 5)).toHaveLength(0)
  })

  test('every track of a kind', () => {
    const bytes = RTMP_VIEW.create().join(
      { metadata: undefined, audio: [audioHeader, audioHeader], video: [] },
      2 ** 32,
    )
    expect(toHex(bytes)).toBe(
      toHex(hex('07 000000 000004 08 01000000 af001210 07 000000 000004 08 01000000 af001210')),
    )
  })
})

test('batches are exactly as long as they are and never share a byte', () => {
  const framing = new RtmpFraming()
  const batches = Array.from({ length: 200 }, (_, i) => framing.frame([packetFromTag(8, i, AAC_FRAME)]))
  for (const [i, batch] of batches.entries()) {
    expect(batch).toHaveLength(16)
    expect(toHex(batch)).toBe(
      toHex(join(hex('07 0000'), Uint8Array.of(i), hex('000004 08 01000000 af012110'))),
    )
  }
  expect(framing.frame([])).toHaveLength(0)
})

test('what a session announces for this view', () => {
  expect(RTMP_VIEW.name).toBe('rtmp')
  expect(RTMP_VIEW_CHUNK_SIZE).toBe(65_536)
  expect(RTMP_VIEW_MESSAGE_STREAM_ID).toBe(1)
})
