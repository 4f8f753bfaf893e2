/** What the tests of the chunk stream share. */
import type { ChunkDecoder, ChunkMessage } from 'millrace/chunk'
import { toHex } from './bytes.ts'

/** Everything that waits in the decoder. */
export function readAll(decoder: ChunkDecoder): ChunkMessage[] {
  const messages: ChunkMessage[] = []
  for (let message = decoder.read(); message !== undefined; message = decoder.read()) messages.push(message)
  return messages
}

/** One line per message, for a readable difference. */
export function text(messages: readonly ChunkMessage[]): string[] {
  return messages.map(
    ({ chunkStreamId, timestamp, messageTypeId, messageStreamId, body }) =>
      `csid ${chunkStreamId} at ${timestamp}, type ${messageTypeId}, stream ${messageStreamId}, ${body.length}: ${toHex(body)}`,
  )
}

/** A body without repetition inside a chunk: 01, 02 … fb, 01 … */
export function sequence(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i % 251) + 1)
}
