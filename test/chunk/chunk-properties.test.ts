import fc from 'fast-check'
import { ChunkDecoder, ChunkEncoder, type ChunkMessage } from 'millrace/chunk'
import { MediaError } from 'millrace/errors'
import { expect, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import { type ChunkStyle, ReferenceChunkWriter, type SentMessage } from '../support/chunk-writer.ts'
import { readAll, sequence, text } from '../support/chunks.ts'
import { fuzzRuns } from '../support/fuzz.ts'

const FUZZ_RUNS = fuzzRuns(300)
const settings = { seed: 20_260_101, numRuns: FUZZ_RUNS }

const CSIDS = [3, 4, 63, 64, 319, 320, 65_599]

const style: fc.Arbitrary<ChunkStyle> = fc.record({
  fmt: fc.constantFrom(0, 1, 2, 3),
  basicBytes: fc.constantFrom(1, 2, 3),
  extendedAgain: fc.constantFrom('as sent', 'clock', 'zero', 'omitted'),
})

/** A step of the clock: small ones mostly, backward ones, and those around 2²⁴ and 2³². */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, 20, 23, 40) },
  fc.integer({ min: -5000, max: 5000 }),
  fc.constantFrom(0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0xffffff00),
)

const item = fc.record({
  stream: fc.nat({ max: CSIDS.length - 1 }),
  step,
  typeId: fc.constantFrom(8, 9, 18, 20, 3, 200),
  streamId: fc.constantFrom(1, 1, 1, 0, 0xffffffff),
  length: fc.oneof(fc.constantFrom(0, 1, 127, 128, 129, 256, 300), fc.nat({ max: 1000 })),
  style,
})

/** What a peer does next: a chunk of one of its messages, or a new chunk size. */
const move = fc.oneof(
  { weight: 9, arbitrary: fc.record({ turn: fc.nat({ max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ chunkSize: fc.oneof(fc.constantFrom(1, 128, 4096), fc.integer({ min: 1, max: 600 })) }) },
) // prettier-ignore

const script = fc.record({
  items: fc.array(item, { minLength: 1, maxLength: 12 }),
  moves: fc.array(move, { minLength: 1, maxLength: 60 }),
  cuts: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 10 }),
})

/** Bodies whose bytes are none of those that the clocks here begin with: data cannot look like a timestamp left out. */
function bodyOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 0xd0 | ((i * 7 + seed) & 0x0f))
}

/** Plays a script: messages on the same chunk stream one after another, all chunk streams in turns. */
function play({ items, moves }: typeof script extends fc.Arbitrary<infer T> ? T : never): {
  bytes: Uint8Array
  expected: ChunkMessage[]
} {
  const writer = new ReferenceChunkWriter()
  const clocks = new Map<number, number>()
  const waiting = new Map<number, { message: SentMessage; style: ChunkStyle }[]>()
  for (const [i, { stream, step: ms, typeId, streamId, length, style: how }] of items.entries()) {
    const csid = CSIDS[stream]!
    const timestamp = ((clocks.get(csid) ?? 0) + ms) >>> 0
    clocks.set(csid, timestamp)
    const queue = waiting.get(csid) ?? []
    queue.push({ message: { csid, timestamp, typeId, streamId, body: bodyOf(length, i) }, style: how })
    waiting.set(csid, queue)
  }

  const parts: Uint8Array[] = []
  const expected: ChunkMessage[] = []
  const open = new Map<number, { chunks: Generator<Uint8Array>; left: number; message: SentMessage }>()
  const deliver = ({ csid, timestamp, typeId, streamId, body }: SentMessage): void => {
    expected.push({
      chunkStreamId: csid,
      timestamp,
      messageTypeId: typeId,
      messageStreamId: streamId,
      body,
    })
  }
  const setChunkSize = (chunkSize: number): void => {
    const body = Uint8Array.of(0, 0, chunkSize >> 8, chunkSize & 0xff)
    const message = { csid: 2, timestamp: 0, typeId: 1, streamId: 0, body }
    const how: ChunkStyle = { fmt: 0, basicBytes: 1, extendedAgain: 'as sent' }
    parts.push(...writer.chunks(message, how))
    deliver(message)
    writer.chunkSize = chunkSize
  }
  const takeTurn = (turn: number): void => {
    const busy = [...waiting].filter(([csid, queue]) => queue.length > 0 || open.has(csid))
    if (busy.length === 0) return
    const [csid, queue] = busy[turn % busy.length]!
    let current = open.get(csid)
    if (current === undefined) {
      const { message, style: how } = queue.shift()!
      current = { chunks: writer.chunks(message, how), left: message.body.length, message }
      open.set(csid, current)
    }
    const size = writer.chunkSize
    parts.push(current.chunks.next().value!)
    current.left -= size
    if (current.left <= 0) {
      open.delete(csid)
      deliver(current.message)
    }
  }
  for (const next of moves) {
    if ('turn' in next) takeTurn(next.turn)
    else setChunkSize(next.chunkSize)
  }
  const unfinished = (): boolean => open.size > 0 || [...waiting.values()].some((queue) => queue.length > 0)
  for (let turn = 0; unfinished(); turn++) takeTurn(turn)
  return { bytes: join(...parts), expected }
}

function decodeIn(bytes: Uint8Array, cuts: readonly number[]): ChunkMessage[] {
  const decoder = new ChunkDecoder()
  const messages: ChunkMessage[] = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const to = at + cuts[i % cuts.length]!
    decoder.push(bytes.subarray(at, to))
    messages.push(...readAll(decoder))
    at = to
  }
  expect(decoder.assemblingBytes).toBe(0)
  return messages
}

test('what a peer of any style sends is what arrives, at any split', () => {
  fc.assert(
    fc.property(script, (value) => {
      const { bytes, expected } = play(value)
      const whole = text(decodeIn(bytes, [bytes.length]))
      expect(whole).toEqual(text(expected))
      expect(text(decodeIn(bytes, value.cuts))).toEqual(whole)
    }),
    settings,
  )
})

test('decode(encode(x)) is x', () => {
  const message = fc.record({
    chunkStreamId: fc.integer({ min: 2, max: 65_599 }),
    timestamp: fc.oneof(fc.nat({ max: 0x1000010 }), fc.integer({ min: 0xfffff0, max: 0xffffffff })),
    messageTypeId: fc.integer({ min: 3, max: 255 }),
    messageStreamId: fc.integer({ min: 0, max: 0xffffffff }),
    body: fc.uint8Array({ maxLength: 700 }),
  })
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 8 }),
      fc.integer({ min: 1, max: 300 }),
      (messages, chunkSize) => {
        const decoder = new ChunkDecoder()
        decoder.push(hex(`02 000000 000004 01 00000000 ${chunkSize.toString(16).padStart(8, '0')}`))
        decoder.read()
        const encoder = new ChunkEncoder({ chunkSize })
        for (const each of messages) decoder.push(encoder.encode(each))
        expect(text(readAll(decoder))).toEqual(text(messages))
      },
    ),
    settings,
  )
})

/** The bytes of real peers that the mutations start from. */
const corpus = [
  join(hex('03 000000 0000b4 14 00000000'), sequence(128), hex('c3'), sequence(52)),
  hex('02 000000 000004 01 00000000 00001000  42 000000 000006 04 0006 00000d0f'),
  hex('06 ffffff 000003 09 01000000 01020304 a1a2a3  86 000014 b1b2b3  c6 c1c2c3'),
  hex('02 000000 000004 02 00000000 00000006'),
]

const mutated = fc
  .record({
    parts: fc.array(fc.constantFrom(...corpus), { minLength: 1, maxLength: 4 }),
    flips: fc.array(fc.record({ at: fc.nat({ max: 600 }), to: fc.integer({ min: 0, max: 255 }) }), { maxLength: 6 }),
    end: fc.nat({ max: 600 }),
  })
  .map(({ parts, flips, end }) => {
    const bytes = join(...parts)
    for (const { at, to } of flips) bytes[at % bytes.length] = to
    return bytes.subarray(0, Math.max(1, end % (bytes.length + 1)))
  }) // prettier-ignore

test('no input escapes as anything but MediaError, at any split the same, and memory stays in its bounds', () => {
  const options = {
    maxMessageBytes: 5000,
    maxAssemblingBytes: 8000,
    maxChunkStreams: 8,
    maxQueuedMessages: 400,
  }
  const outcome = (bytes: Uint8Array, cut: number): string[] => {
    const decoder = new ChunkDecoder(options)
    const messages: ChunkMessage[] = []
    try {
      for (let at = 0; at < bytes.length; at += cut) {
        decoder.push(bytes.subarray(at, at + cut))
        expect(decoder.assemblingBytes).toBeLessThanOrEqual(8000)
        messages.push(...readAll(decoder))
      }
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      return [...text([...messages, ...readAll(decoder)]), error.code]
    }
    return text(messages)
  }
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated),
      fc.integer({ min: 1, max: 40 }),
      (bytes, cut) => {
        const whole = outcome(bytes, bytes.length + 1)
        expect(outcome(bytes, cut)).toEqual(whole)
      },
    ),
    settings,
  )
})
