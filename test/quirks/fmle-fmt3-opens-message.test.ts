import { ChunkDecoder } from 'millrace/chunk'
import { expect, test } from 'vitest'
import { everySplit, hex, join } from '../support/bytes.ts'
import { readAll, sequence } from '../support/chunks.ts'

// Flash Media Live Encoder goes from one audio message to the next with the single byte c4 (fmt 3, csid 4), right after
// a fmt 0 chunk: same length, type and stream, and by RTMP 1.0 §5.3.1.2.4 the timestamp of that chunk again as delta.
const audio = sequence(157)
const stream = join(
  hex('04 00001a 00009d 08 01000000'), // fmt 0: 26 ms, 157 bytes, audio, stream 1
  audio.subarray(0, 128),
  hex('c4'), // the rest of it
  audio.subarray(128),
  hex('c4'), // a new message
  audio.subarray(0, 128),
  hex('c4'),
  audio.subarray(128),
)

test('FMLE opens a message with fmt 3', () => {
  for (const parts of everySplit(stream)) {
    const decoder = new ChunkDecoder()
    for (const part of parts) decoder.push(part)
    expect(readAll(decoder).map(({ timestamp, body }) => [timestamp, body])).toEqual([
      [26, audio],
      [52, audio],
    ])
  }
})
