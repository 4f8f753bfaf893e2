/**
 * What a connection writes: the answers of its session between the batches of its player.
 *
 * @module
 */
import type { Duplex } from 'node:stream'
import type { LimitError } from '../../errors/index.ts'
import type { RtmpServerSession } from '../../rtmp/index.ts'
import type { DuplexSink, StallWatch } from '../net/index.ts'

/** Bytes in the stream's queue beyond which answers wait in the session, which bounds them. */
const CROWDED_BYTES = 262_144

/** Writes the output of one session to its stream. */
export class RtmpOutput {
  readonly #session: RtmpServerSession
  readonly #stream: Duplex
  readonly #stall: StallWatch
  readonly #onRoom: () => void
  #sink: DuplexSink | undefined
  #countedBytes: number
  #writing: boolean
  #awaitingRoom: boolean
  #ending: boolean

  /**
   * @param onRoom - output that was held back can be flushed.
   */
  constructor(session: RtmpServerSession, stream: Duplex, stall: StallWatch, onRoom: () => void) {
    this.#session = session
    this.#stream = stream
    this.#stall = stall
    this.#onRoom = onRoom
    this.#sink = undefined
    this.#countedBytes = 0
    this.#writing = false
    this.#awaitingRoom = false
    this.#ending = false
  }

  /** Writes what the session has to say, unless the peer has much to take already. */
  flush(): void {
    const stream = this.#stream
    if (stream.writableLength < CROWDED_BYTES || !stream.writableNeedDrain) this.flushAll()
    else if (!this.#awaitingRoom) {
      this.#awaitingRoom = true
      stream.once('drain', () => {
        this.#awaitingRoom = false
        this.#onRoom()
      })
    }
  }

  /** Writes what the session has to say, whatever waits already. */
  flushAll(): void {
    // A stream in memory may answer inside of write(): what comes of that is written behind.
    if (this.#writing) return
    this.#writing = true
    try {
      let parts = this.#session.takeOutput()
      while (parts.length > 0 && this.#isOpen()) {
        for (const part of parts) {
          this.#stream.write(part)
          this.#stall.wrote(part.length)
        }
        parts = this.#session.takeOutput()
      }
    } finally {
      this.#writing = false
    }
    if (this.#ending && this.#isOpen()) this.#stream.end()
  }

  /** The sink of the play that begins: it writes to the same stream. */
  follow(sink: DuplexSink): void {
    this.countBatches()
    this.#sink = sink
    this.#countedBytes = 0
  }

  /** Accounts for the batches that were written since the last call: due before the session looks at acknowledgements. */
  countBatches(): void {
    if (this.#sink === undefined) return
    const bytes = this.#sink.writtenBytes - this.#countedBytes
    this.#countedBytes += bytes
    this.#session.countSent(bytes)
    this.#stall.wrote(bytes)
  }

  /** Writes the last words and ends the stream. */
  end(): void {
    this.#ending = true
    this.flushAll()
  }

  /** When to call {@link RtmpOutput.check}. */
  get nextCheckMs(): number | undefined {
    return this.#stall.nextCheckMs(this.#stream.writableLength)
  }

  /** The error that ends a connection whose peer takes nothing. */
  check(nowMs: number): LimitError | undefined {
    this.countBatches()
    return this.#stall.check(nowMs, this.#stream.writableLength)
  }

  #isOpen(): boolean {
    return !this.#stream.writableEnded && !this.#stream.destroyed
  }
}
