import { ChunkDecoder } from 'millrace/chunk'
import { expect, test } from 'vitest'
import { everySplit, hex } from '../support/bytes.ts'
import { readAll } from '../support/chunks.ts'

// librtmp (rtmpdump, old OBS and VLC) sends its first ping response as fmt 1 on a chunk stream that it has not used
// before, where RTMP 1.0 §5.3.1.2.1 wants fmt 0. What fmt 1 leaves out, the message stream id, is 0.
const ping = hex(`
  42          // fmt 1, csid 2
  000000      // timestamp delta
  000006 04   // 6 bytes, user control
  0006        // event 6, ping request
  00000d0f    // its timestamp
`)

test('librtmp opens csid 2 with fmt 1', () => {
  for (const parts of everySplit(ping)) {
    const decoder = new ChunkDecoder()
    for (const part of parts) decoder.push(part)
    expect(readAll(decoder)).toEqual([
      {
        chunkStreamId: 2,
        timestamp: 0,
        messageTypeId: 4,
        messageStreamId: 0,
        body: hex('0006 00000d0f'),
      },
    ])
  }
})
