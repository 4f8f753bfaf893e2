import { ChunkDecoder, MAX_CHUNK_SIZE } from 'millrace/chunk'
import { DecodeError } from 'millrace/errors'
import { describe, expect, test } from 'vitest'
import { everySplit, hex, join } from '../support/bytes.ts'
import { readAll, sequence, text } from '../support/chunks.ts'

const setChunkSize = (value: string): Uint8Array => hex(`02 000000 000004 01 00000000 ${value}`)
const abort = (csid: string): Uint8Array => hex(`02 000000 000004 02 00000000 ${csid}`)

/** The messages of `bytes`, the same at every split. */
function decode(bytes: Uint8Array): string[] {
  const results = Array.from(everySplit(bytes), (parts) => {
    const decoder = new ChunkDecoder()
    for (const part of parts) decoder.push(part)
    return text(readAll(decoder))
  })
  for (const result of results) expect(result).toEqual(results[0])
  return results[0]!
}

describe('Set Chunk Size', () => {
  test('holds from the next chunk on and is delivered', () => {
    const body = sequence(300)
    expect(
      decode(
        join(
          setChunkSize('00000100'), // 256
          hex('06 000000 00012c 09 01000000'), // 300 bytes
          body.subarray(0, 256),
          hex('c6'),
          body.subarray(256),
        ),
      ),
    ).toEqual(
      text([
        { chunkStreamId: 2, timestamp: 0, messageTypeId: 1, messageStreamId: 0, body: hex('00000100') },
        { chunkStreamId: 6, timestamp: 0, messageTypeId: 9, messageStreamId: 1, body },
      ]),
    )
  })

  test('in the middle of a message of another chunk stream', () => {
    const body = sequence(300)
    const messages = decode(
      join(
        hex('06 000000 00012c 09 01000000'),
        body.subarray(0, 128),
        setChunkSize('00000040'), // 64
        hex('c6'),
        body.subarray(128, 192),
        hex('c6'),
        body.subarray(192, 256),
        setChunkSize('00001000'),
        hex('c6'),
        body.subarray(256),
      ),
    )
    expect(messages).toHaveLength(3)
    expect(messages[2]).toContain(', 300: 01 02')
  })

  test('of 1 byte is the smallest (§5.4.1 asks for 128, but allows it)', () => {
    expect(
      decode(join(setChunkSize('00000001'), hex('06 000000 000003 09 01000000 aa c6 bb c6 cc'))).at(-1),
    ).toContain(', 3: aa bb cc')
  })

  test('defect: of 0 leaves no way to read on', () => {
    const decoder = new ChunkDecoder()
    expect(() => decoder.push(setChunkSize('00000000'))).toThrow(
      expect.objectContaining({ name: 'DecodeError', code: 'ERR_CHUNK_SIZE' }),
    )
  })

  test('defect: the first bit is not part of the size', () => {
    const decoder = new ChunkDecoder()
    decoder.push(setChunkSize('80000200'))
    expect(decoder.chunkSize).toBe(512)
    expect(() => decoder.push(setChunkSize('80000000'))).toThrow(DecodeError)
  })

  test('beyond the longest message is as good as the longest message', () => {
    const decoder = new ChunkDecoder()
    expect(decoder.chunkSize).toBe(128)
    decoder.push(setChunkSize('00ffffff'))
    expect(decoder.chunkSize).toBe(MAX_CHUNK_SIZE)
    decoder.push(setChunkSize('7fffffff'))
    expect(decoder.chunkSize).toBe(MAX_CHUNK_SIZE)
    decoder.push(setChunkSize('00010000'))
    expect(decoder.chunkSize).toBe(65_536)
  })

  test('without its four bytes changes nothing and is delivered', () => {
    const decoder = new ChunkDecoder()
    decoder.push(hex('02 000000 000003 01 00000000 000100'))
    expect(decoder.chunkSize).toBe(128)
    expect(readAll(decoder)).toHaveLength(1)
  })
})

describe('Abort', () => {
  test('defect: the bytes of the aborted message are gone, the messages after it come whole', () => {
    const body = sequence(200)
    expect(
      decode(
        join(
          hex('06 000000 0000c8 09 01000000'), // 200 bytes …
          body.subarray(0, 128), // … of which 128 come
          abort('00000006'),
          hex('06 000010 000003 09 01000000 270201'), // a shorter one
          hex('46 000008 000002 09 2702'),
        ),
      ),
    ).toEqual([
      'csid 2 at 0, type 2, stream 0, 4: 00 00 00 06',
      'csid 6 at 16, type 9, stream 1, 3: 27 02 01',
      'csid 6 at 24, type 9, stream 1, 2: 27 02',
    ])
  })

  test('gives back the memory of the message', () => {
    const decoder = new ChunkDecoder()
    decoder.push(join(hex('06 000000 0000c8 09 01000000'), sequence(128)))
    expect(decoder.assemblingBytes).toBe(200)
    decoder.push(abort('00000006'))
    expect(decoder.assemblingBytes).toBe(0)
  })

  test('leaves the header: fmt 3 after it opens a message like the aborted one', () => {
    const body = sequence(200)
    const messages = decode(
      join(
        hex('06 000005 0000c8 09 01000000'),
        body.subarray(0, 128),
        abort('00000006'),
        hex('c6'),
        body.subarray(0, 128),
        hex('c6'),
        body.subarray(128),
      ),
    )
    expect(messages).toHaveLength(2)
    expect(messages[1]).toContain('csid 6 at 10, type 9, stream 1, 200: 01 02')
  })

  test('of a chunk stream that is idle, unknown or impossible changes nothing', () => {
    const messages = decode(
      join(
        hex('06 000000 000001 09 01000000 aa'),
        abort('00000006'),
        abort('00000007'),
        abort('000000ff'),
        abort('ffffffff'),
        hex('c6 bb'),
      ),
    )
    expect(messages).toHaveLength(6)
    expect(messages.at(-1)).toBe('csid 6 at 0, type 9, stream 1, 1: bb')
  })

  test('finds a chunk stream beyond 63', () => {
    const decoder = new ChunkDecoder()
    decoder.push(join(hex('01 0001 000000 0000c8 09 01000000'), sequence(128))) // csid 320
    decoder.push(abort('00000140'))
    expect(decoder.assemblingBytes).toBe(0)
  })
})
