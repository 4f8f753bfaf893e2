import { ChunkDecoder, type ChunkMessage } from 'millrace/chunk'
import { expect, test } from 'vitest'
import { everySplit, hex, join } from '../support/bytes.ts'
import { readAll, sequence, text } from '../support/chunks.ts'

// RTMP 1.0 §5.3.1.2.4 says that all chunks of a message but the first SHOULD be fmt 3. FFmpeg and SRS take fmt 1 and
// fmt 2 there as well, as long as nothing changes. SRS adds the delta once more; FFmpeg does not, and neither do we.
const video = sequence(300)
const at = (timestamp: number): ChunkMessage => ({
  chunkStreamId: 6,
  timestamp,
  messageTypeId: 9,
  messageStreamId: 1,
  body: video,
})
const bytes = join(
  hex('06 000064 00012c 09 01000000'), // fmt 0: 100 ms, 300 bytes
  video.subarray(0, 128),
  hex('46 000014 00012c 09'), // fmt 1 with the same length and type
  video.subarray(128, 256),
  hex('86 000014'), // fmt 2
  video.subarray(256),
  hex('86 000014'), // the next message: + 20 ms
  video.subarray(0, 128),
  hex('c6'),
  video.subarray(128, 256),
  hex('c6'),
  video.subarray(256),
)

test('fmt 1 and fmt 2 go on with a message', () => {
  for (const parts of everySplit(bytes)) {
    const decoder = new ChunkDecoder()
    for (const part of parts) decoder.push(part)
    expect(text(readAll(decoder)).join('\n')).toBe(text([at(100), at(120)]).join('\n'))
  }
})

test('an extended field there is read, and repeated from then on', () => {
  const extended = join(
    hex('06 000064 00012c 09 01000000'),
    video.subarray(0, 128),
    hex('86 ffffff 01000000'),
    video.subarray(128, 256),
    hex('c6 01000000'),
    video.subarray(256),
  )
  for (const parts of everySplit(extended)) {
    const decoder = new ChunkDecoder()
    for (const part of parts) decoder.push(part)
    expect(text(readAll(decoder)).join('\n')).toBe(text([at(100)]).join('\n'))
  }
})
