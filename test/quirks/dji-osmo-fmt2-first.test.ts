import { ChunkDecoder } from 'millrace/chunk'
import { expect, test } from 'vitest'
import { everySplit, hex } from '../support/bytes.ts'
import { readAll } from '../support/chunks.ts'

// mac-local-rtmp-server#28: a DJI Osmo Action sends fmt 2 on csid 33, which it has not used before. No capture of it is
// public, only the server's complaint that no chunk came before. nginx-rtmp and FFmpeg start such a chunk stream from an
// empty header: length 0. So do we, and the stream goes on.
const bytes = hex(`
  a1 000000                         // fmt 2, csid 33, delta 0
  06 000000 000002 09 01000000 1700 // fmt 0, csid 6: video
  21 000005 000002 08 01000000 af00 // fmt 0, csid 33: audio
  a1 000017 af01                    // fmt 2, csid 33: audio, + 23 ms
`)

test('DJI Osmo opens a chunk stream with fmt 2', () => {
  for (const parts of everySplit(bytes)) {
    const decoder = new ChunkDecoder()
    for (const part of parts) decoder.push(part)
    expect(
      readAll(decoder).map(({ chunkStreamId, timestamp, messageTypeId, body }) => [
        chunkStreamId,
        timestamp,
        messageTypeId,
        body,
      ]),
    ).toEqual([
      [33, 0, 0, hex('')],
      [6, 0, 9, hex('1700')],
      [33, 5, 8, hex('af00')],
      [33, 28, 8, hex('af01')],
    ])
  }
})
