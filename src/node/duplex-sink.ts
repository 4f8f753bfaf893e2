/**
 * A hub sink over a Node stream: a TCP or TLS socket, an HTTP response, one end of a {@link duplexPair}.
 *
 * @module
 */
import type { Writable } from 'node:stream'
import type { PlayerEnd, Sink } from '../hub/index.ts'

/** What a {@link DuplexSink} tells its owner. */
export interface DuplexSinkHandlers {
  /** There is room again: pass it on to {@link Player.drained}. */
  drained(): void
  /** The stream of the source is over. */
  ended(reason: PlayerEnd): void
  /** A batch of `bytes` was written. */
  sent?(bytes: number): void
}

/** Writes shared batches to a stream and listens for `drain` only while its player is behind. */
export class DuplexSink implements Sink {
  readonly #stream: Writable
  readonly #handlers: DuplexSinkHandlers
  readonly #onDrain: () => void
  #awaiting: boolean

  /**
   * @param stream - where the bytes go; its owner handles `error` and `close`.
   * @param handlers - what happens.
   */
  constructor(stream: Writable, handlers: DuplexSinkHandlers) {
    this.#stream = stream
    this.#handlers = handlers
    this.#awaiting = false
    this.#onDrain = () => {
      this.#awaiting = false
      handlers.drained()
    }
  }

  /** Bytes in Node's queue. The kernel's buffer is not counted: on loopback it takes megabytes. */
  get queuedBytes(): number {
    return this.#stream.writableLength
  }

  /** {@inheritDoc Sink.write} */
  write(batch: Uint8Array): void {
    if (this.#stream.destroyed || this.#stream.writableEnded) return
    this.#stream.write(asBuffer(batch))
    this.#handlers.sent?.(batch.length)
  }

  /** {@inheritDoc Sink.cork} */
  cork(): void {
    this.#stream.cork()
  }

  /** {@inheritDoc Sink.uncork} */
  uncork(): void {
    this.#stream.uncork()
  }

  /** {@inheritDoc Sink.awaitDrain} */
  awaitDrain(): void {
    if (this.#awaiting || this.#stream.destroyed) return
    this.#awaiting = true
    this.#stream.once('drain', this.#onDrain)
  }

  /** {@inheritDoc Sink.end} */
  end(reason: PlayerEnd): void {
    this.#handlers.ended(reason)
  }
}

// `write` of a plain Uint8Array costs 1 µs more than of a Buffer; all players of a batch get it one after the other.
let lastBatch: Uint8Array | undefined
let lastBuffer: Buffer | undefined

/** `bytes` as a `Buffer` over the same memory; repeated calls with the same array give the same object. */
export function asBuffer(bytes: Uint8Array): Buffer {
  if (bytes === lastBatch) return lastBuffer!
  lastBatch = bytes
  lastBuffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return lastBuffer
}
