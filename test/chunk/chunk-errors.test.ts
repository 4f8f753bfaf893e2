import { ChunkDecoder, type ChunkDecoderOptions } from 'millrace/chunk'
import { type ErrorCode, MediaError } from 'millrace/errors'
import { describe, expect, test } from 'vitest'
import { everySplit, hex, join } from '../support/bytes.ts'
import { readAll, sequence } from '../support/chunks.ts'

/** The code that `bytes` end with, the same at every split; the messages before the error can still be read. */
function failure(bytes: Uint8Array, options: ChunkDecoderOptions = {}): { code: ErrorCode; before: number } {
  const failures = Array.from(everySplit(bytes), (parts) => {
    const decoder = new ChunkDecoder(options)
    try {
      for (const part of parts) decoder.push(part)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      return { code: error.code, before: readAll(decoder).length }
    }
    throw new Error('no failure')
  })
  for (const each of failures) expect(each).toEqual(failures[0])
  return failures[0]!
}

const begun = (fmt0: string): Uint8Array => join(hex(fmt0), sequence(128))

describe('wrong chunks', () => {
  test('fmt 3 cannot open a chunk stream', () => {
    expect(failure(hex('c6 aabbcc'))).toEqual({ code: 'ERR_CHUNK_NO_PREVIOUS_HEADER', before: 0 })
    expect(failure(hex('06 000000 000001 09 01000000 aa c7'))).toEqual({
      code: 'ERR_CHUNK_NO_PREVIOUS_HEADER',
      before: 1,
    })
    expect(failure(hex('c1 0001')).code).toBe('ERR_CHUNK_NO_PREVIOUS_HEADER') // csid 320
  })

  test('fmt 0 inside a message, even with the same header', () => {
    const message = begun('06 000000 0000c8 09 01000000')
    expect(failure(join(message, hex('06 000000 0000c8 09 01000000'))).code).toBe('ERR_CHUNK_INTERRUPTED')
    expect(failure(join(message, hex('06 000001 000003 09 01000000'))).code).toBe('ERR_CHUNK_INTERRUPTED')
  })

  test('fmt 1 inside a message with another length or type', () => {
    const message = begun('06 000000 0000c8 09 01000000')
    expect(failure(join(message, hex('46 000000 0000c9 09'))).code).toBe('ERR_CHUNK_INTERRUPTED')
    expect(failure(join(message, hex('46 000000 0000c8 08'))).code).toBe('ERR_CHUNK_INTERRUPTED')
  })

  test('after an error the decoder is dead: it throws the same again, and gives what came before', () => {
    const decoder = new ChunkDecoder()
    const thrown: unknown[] = []
    for (const bytes of [hex('06 000000 000001 09 01000000 aa c7'), hex('06'), hex('')]) {
      try {
        decoder.push(bytes)
      } catch (error) {
        thrown.push(error)
      }
    }
    expect(thrown).toHaveLength(3)
    expect(thrown[1]).toBe(thrown[0])
    expect(thrown[2]).toBe(thrown[0])
    expect(readAll(decoder)).toHaveLength(1)
  })
})

describe('bounds, at n and n + 1', () => {
  test('maxMessageBytes counts the announced length, before any of it comes', () => {
    const options = { maxMessageBytes: 10 }
    const decoder = new ChunkDecoder(options)
    decoder.push(join(hex('06 000000 00000a 09 01000000'), sequence(10)))
    expect(readAll(decoder)).toHaveLength(1)
    expect(failure(hex('06 000000 00000b 09 01000000'), options)).toEqual({
      code: 'ERR_MESSAGE_TOO_LARGE',
      before: 0,
    })
    expect(failure(hex('46 000000 00000b 09'), options).code).toBe('ERR_MESSAGE_TOO_LARGE')
  })

  test('maxMessageBytes is 8 MiB by default', () => {
    const decoder = new ChunkDecoder()
    decoder.push(hex('06 000000 800000 09 01000000 aa'))
    expect(failure(hex('06 000000 800001 09 01000000')).code).toBe('ERR_MESSAGE_TOO_LARGE')
  })

  test('maxChunkStreams', () => {
    const options = { maxChunkStreams: 2 }
    const open = (csid: string): Uint8Array => hex(`${csid} 000000 000001 09 01000000 aa`)
    expect(failure(join(open('06'), open('01 ffff'), open('06'), open('07')), options)).toEqual({
      code: 'ERR_CHUNK_STREAM_COUNT',
      before: 3,
    })
  })

  test('maxChunkStreams is 128 by default', () => {
    const decoder = new ChunkDecoder()
    for (let i = 0; i < 128; i++) decoder.push(Uint8Array.of(0, i, ...hex('000000 000001 09 01000000 aa')))
    expect(readAll(decoder)).toHaveLength(128)
    expect(() => decoder.push(Uint8Array.of(0, 128, ...hex('000000 000001 09 01000000 aa')))).toThrow(
      expect.objectContaining({ name: 'LimitError', code: 'ERR_CHUNK_STREAM_COUNT' }),
    )
  })

  test('maxAssemblingBytes counts the unfinished messages of all chunk streams together', () => {
    const message = (csid: string): Uint8Array => begun(`${csid} 000000 000190 09 01000000`) // 400 bytes, 128 came
    const decoder = new ChunkDecoder({ maxAssemblingBytes: 800 })
    decoder.push(join(message('06'), message('07')))
    expect(decoder.assemblingBytes).toBe(800)
    decoder.push(join(hex('c6'), sequence(128), hex('c6'), sequence(128), hex('c6'), sequence(16)))
    expect(decoder.assemblingBytes).toBe(400)
    decoder.push(message('08'))
    expect(() => decoder.push(message('09'))).toThrow(
      expect.objectContaining({ name: 'LimitError', code: 'ERR_CHUNK_ASSEMBLING_BYTES' }),
    )
    expect(failure(join(message('06'), message('07')), { maxAssemblingBytes: 799 })).toEqual({
      code: 'ERR_CHUNK_ASSEMBLING_BYTES',
      before: 0,
    })
  })

  test('maxAssemblingBytes can be changed: what is held already stays', () => {
    const message = (csid: string): Uint8Array => begun(`${csid} 000000 000190 09 01000000`) // 400 bytes, 128 came
    const decoder = new ChunkDecoder({ maxAssemblingBytes: 400 })
    decoder.push(message('06'))
    decoder.setMaxAssemblingBytes(800)
    decoder.push(message('07'))
    decoder.setMaxAssemblingBytes(400)
    expect(decoder.assemblingBytes).toBe(800)
    decoder.push(join(hex('c6'), sequence(128), hex('c6'), sequence(128), hex('c6'), sequence(16)))
    expect(readAll(decoder)).toHaveLength(1)
    expect(() => decoder.push(message('08'))).toThrow(
      expect.objectContaining({ name: 'LimitError', code: 'ERR_CHUNK_ASSEMBLING_BYTES' }),
    )
    for (const value of [0, -1, 1.5, Number.NaN])
      expect(() => decoder.setMaxAssemblingBytes(value)).toThrow(RangeError)
  })

  test('maxQueuedMessages', () => {
    const empty = hex('06 000000 000000 09 01000000')
    const decoder = new ChunkDecoder({ maxQueuedMessages: 3 })
    decoder.push(join(empty, hex('c6 c6')))
    expect(readAll(decoder)).toHaveLength(3)
    decoder.push(hex('c6 c6 c6'))
    expect(() => decoder.push(hex('c6'))).toThrow(
      expect.objectContaining({ name: 'LimitError', code: 'ERR_CHUNK_QUEUE' }),
    )
    expect(readAll(decoder)).toHaveLength(3)
  })

  test('one read of a socket full of the shortest messages does not exceed maxQueuedMessages', () => {
    const decoder = new ChunkDecoder()
    decoder.push(hex('06 000000 000000 09 01000000'))
    readAll(decoder)
    decoder.push(new Uint8Array(65_536).fill(0xc6))
    expect(readAll(decoder)).toHaveLength(65_536)
  })

  test('a bound that is no whole number is the caller\u2019s mistake', () => {
    for (const value of [0, -1, 1.5, Number.NaN]) {
      expect(() => new ChunkDecoder({ maxMessageBytes: value })).toThrow(RangeError)
      expect(() => new ChunkDecoder({ maxChunkStreams: value })).toThrow(RangeError)
      expect(() => new ChunkDecoder({ maxAssemblingBytes: value })).toThrow(RangeError)
      expect(() => new ChunkDecoder({ maxQueuedMessages: value })).toThrow(RangeError)
    }
  })
})

describe('memory', () => {
  test('defect: announced lengths take next to nothing', () => {
    const decoder = new ChunkDecoder({ maxChunkStreams: 1000, maxMessageBytes: 0xffffff })
    for (let i = 0; i < 1000; i++) {
      const csid = i + 64
      // fmt 0, 3-byte basic header, length 16,777,215, and one chunk of 128 bytes of it
      decoder.push(
        join(
          Uint8Array.of(1, (csid - 64) & 0xff, (csid - 64) >> 8),
          hex('000000 ffffff 09 01000000'),
          sequence(128),
        ),
      )
    }
    // 16 GB announced, 128 kB sent
    expect(decoder.assemblingBytes).toBeLessThan(524_288)
  })

  test('grows with what has arrived, to at most twice that', () => {
    const decoder = new ChunkDecoder({ maxMessageBytes: 0xffffff })
    decoder.push(hex('02 000000 000004 01 00000000 00ffffff')) // Set Chunk Size 16,777,215
    decoder.push(hex('06 000000 400000 09 01000000')) // 4 MiB
    for (let sent = 65_536; sent < 0x400000; sent += 65_536) {
      decoder.push(new Uint8Array(65_536))
      expect(decoder.assemblingBytes).toBeLessThanOrEqual(2 * sent)
    }
    decoder.push(new Uint8Array(65_536))
    expect(decoder.assemblingBytes).toBe(0)
  })
})
