import { ChunkDecoder } from 'millrace/chunk'
import { describe, expect, test } from 'vitest'
import { everySplit, hex, join } from '../support/bytes.ts'
import { readAll, sequence, text } from '../support/chunks.ts'

// What follows the basic header of a fmt 3 chunk in a message whose first chunk had an extended timestamp.
// RTMP 1.0 §5.3.1.3 (2012) repeats the field there, the draft of 2009 does not.
const BODY = sequence(300)

const message = (header: string, again: string): Uint8Array =>
  join(
    hex(header),
    BODY.subarray(0, 128),
    hex(`c6 ${again}`),
    BODY.subarray(128, 256),
    hex(`c6 ${again}`),
    BODY.subarray(256),
    hex('06 ffffff 000000 09 01000000 7fffffff'), // and the next message is where it should be
  )

const fmt0 = '06 ffffff 00012c 09 01000000 01000000' // clock 16,777,216
const fmt1 = '06 000064 000000 09 01000000  46 ffffff 00012c 09 01000000' // clock 100, then a step of 16,777,216
const cases = [
  { peer: 'FFmpeg, FMLE, OBS', what: 'repeat the clock of fmt 0', bytes: message(fmt0, '01000000') },
  { peer: 'old FFmpeg and librtmp', what: 'leave it out after fmt 0', bytes: message(fmt0, '') },
  { peer: 'gortmplib', what: 'writes zeros after fmt 0', bytes: message(fmt0, '00000000') },
  { peer: 'FFmpeg', what: 'repeats the step of fmt 1', bytes: message(fmt1, '01000000') },
  {
    peer: 'a server that knows absolute time only',
    what: 'repeats the clock after a step',
    bytes: message(fmt1, '01000064'),
  },
  { peer: 'old librtmp', what: 'leaves it out after fmt 1', bytes: message(fmt1, '') },
]

test.each(cases)('$peer: $what', ({ bytes }) => {
  const timestamp = bytes[2] === 0xff ? 16_777_216 : 16_777_316
  const expected = text([
    { chunkStreamId: 6, timestamp, messageTypeId: 9, messageStreamId: 1, body: BODY },
    { chunkStreamId: 6, timestamp: 0x7fffffff, messageTypeId: 9, messageStreamId: 1, body: hex('') },
  ]).join('\n')
  for (const parts of everySplit(bytes)) {
    const decoder = new ChunkDecoder()
    for (const part of parts) decoder.push(part)
    expect(text(readAll(decoder).slice(-2)).join('\n')).toBe(expected)
  }
})

describe('chunk data that begins like the field that was left out', () => {
  // c6 | 01 00 and the end of the message: two bytes that could be half of 01000000
  const bytes = join(hex('06 ffffff 000082 09 01000000 01000000'), BODY.subarray(0, 128), hex('c6 0100'))

  test('is told from it by the next bytes, at every split', () => {
    for (const parts of everySplit(join(bytes, hex('06 000000 000000 09 01000000')))) {
      const decoder = new ChunkDecoder()
      for (const part of parts) decoder.push(part)
      expect(readAll(decoder).map(({ body }) => body)).toEqual([
        join(BODY.subarray(0, 128), hex('0100')),
        hex(''),
      ])
    }
  })

  test('no other byte is waited for', () => {
    const decoder = new ChunkDecoder()
    decoder.push(join(bytes.subarray(0, -1), hex('01'))) // 01 01: not the field
    expect(readAll(decoder)).toHaveLength(1)
  })
})
