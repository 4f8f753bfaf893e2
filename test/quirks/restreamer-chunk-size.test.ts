import { ChunkDecoder, MAX_CHUNK_SIZE } from 'millrace/chunk'
import { expect, test } from 'vitest'
import { everySplit, hex, join } from '../support/bytes.ts'
import { readAll, sequence } from '../support/chunks.ts'

// The RTMP library of datarhei Restreamer announces chunks of 134,217,728 bytes, more than a message can have;
// nginx-rtmp and gortmplib close the connection above 10 MB. It means one chunk per message, and so it is read.
const video = sequence(5000)
const bytes = join(
  hex('02 000000 000004 01 00000000 08000000'),
  hex('06 000000 001388 09 01000000'), // 5000 bytes in one chunk
  video,
)

test('Restreamer announces a chunk size of 134217728', () => {
  for (const head of everySplit(bytes.subarray(0, 40))) {
    const decoder = new ChunkDecoder()
    for (const part of [...head, bytes.subarray(40)]) decoder.push(part)
    expect(decoder.chunkSize).toBe(MAX_CHUNK_SIZE)
    expect(readAll(decoder)[1]!.body).toEqual(video)
  }
})
