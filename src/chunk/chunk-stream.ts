/**
 * What the decoder remembers of one chunk stream: the header that the shorter formats build on, and the
 * message that is being put together.
 *
 * @module
 */
import { EMPTY_BYTES } from '../bytes/index.ts'

/** State of one chunk stream. A message is unfinished while `received` is above 0. */
export class ChunkStream {
  readonly id: number
  /** Time of the latest message, absolute u32 ms. */
  timestamp: number
  /**
   * What a fmt 3 chunk that opens a message adds: the last delta, or after fmt 0 that timestamp (§5.3.1.2.4).
   */
  delta: number
  /** Whether the last fmt 0, 1 or 2 header had an extended timestamp. */
  extended: boolean
  /** That extended timestamp as it was sent, u32. */
  extendedField: number
  messageLength: number
  messageTypeId: number
  messageStreamId: number
  /** Room for the body: `received` bytes of it are filled. It grows up to `messageLength`. */
  body: Uint8Array
  received: number

  constructor(id: number) {
    this.id = id
    this.timestamp = 0
    this.delta = 0
    this.extended = false
    this.extendedField = 0
    this.messageLength = 0
    this.messageTypeId = 0
    this.messageStreamId = 0
    this.body = EMPTY_BYTES
    this.received = 0
  }
}
