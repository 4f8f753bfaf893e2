/**
 * A hub sink over a Node stream: a TCP or TLS socket, an HTTP response, one end of a {@link duplexPair}.
 *
 * @module
 */
import type { Writable } from 'node:stream'
import { EMPTY_BYTES } from '../../bytes/index.ts'
import type { PlayerEnd, Sink } from '../../hub/index.ts'

/** What a {@link DuplexSink} tells its owner. */
export interface DuplexSinkHandlers {
  /** There is room again: pass it on to {@link Player.drained}. */
  drained(): void
  /** The stream of the source is over. */
  ended(reason: PlayerEnd): void
}

/** Writes shared batches to a stream and listens for `drain` only while its player is behind. */
export class DuplexSink implements Sink {
  readonly #stream: Writable
  readonly #handlers: DuplexSinkHandlers
  #awaiting: boolean
  #writtenBytes: number

  /**
   * @param stream - where the bytes go; its owner handles `error` and `close`.
   * @param handlers - what happens.
   */
  constructor(stream: Writable, handlers: DuplexSinkHandlers) {
    this.#stream = stream
    this.#handlers = handlers
    this.#awaiting = false
    this.#writtenBytes = 0
  }

  /** Bytes in Node's queue. The kernel's buffer is not counted: on loopback it takes megabytes. */
  get queuedBytes(): number {
    return this.#stream.writableLength
  }

  /** Bytes of all batches so far: to be asked when they are accounted for, since each object on the way of a write is a cache miss. */
  get writtenBytes(): number {
    return this.#writtenBytes
  }

  /** {@inheritDoc Sink.write} */
  write(batch: Uint8Array): void {
    if (!this.#isOpen()) return
    this.#writtenBytes += batch.length
    this.#stream.write(sharedBuffer(batch))
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
    if (this.#awaiting || !this.#isOpen()) return
    this.#awaiting = true
    // Made when it is needed: nearly no player ever falls behind.
    const onDrain = (): void => {
      this.#awaiting = false
      this.#handlers.drained()
    }
    // A budget below the stream's own high-water mark is reached without a `drain` to come: ask for one.
    if (this.#stream.writableNeedDrain === false) this.#stream.write(EMPTY_BYTES, onDrain)
    else this.#stream.once('drain', onDrain)
  }

  /** {@inheritDoc Sink.end} */
  end(reason: PlayerEnd): void {
    this.#handlers.ended(reason)
  }

  #isOpen(): boolean {
    return !this.#stream.destroyed && !this.#stream.writableEnded
  }
}

// Node wraps a plain Uint8Array at each write, which costs 1 µs. Here a batch is wrapped once for all its players. They are
// served one after the other, so the last batch is nearly always the one; a player that is behind has another.
const buffers = new WeakMap<Uint8Array, Buffer>()
let lastBytes: Uint8Array = EMPTY_BYTES
let lastBuffer: Buffer = Buffer.alloc(0)

function sharedBuffer(bytes: Uint8Array): Buffer {
  if (bytes === lastBytes) return lastBuffer
  let buffer = buffers.get(bytes)
  if (buffer === undefined) {
    buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    buffers.set(bytes, buffer)
  }
  lastBytes = bytes
  lastBuffer = buffer
  return buffer
}
