/**
 * A hub sink over an SRT session: MPEG-TS in messages of seven packets.
 *
 * @module
 */
import type { PlayerEnd, Sink } from '../../hub/index.ts'
import type { SrtSession } from '../../srt/index.ts'

/** Seven TS packets: what every peer sends and takes. */
export const TS_MESSAGE_BYTES = 7 * 188

/** What a {@link SrtSink} tells its owner. */
export interface SrtSinkHandlers {
  /** There is output to send. */
  written(): void
  /** There is room again: pass it on to {@link Player.drained}. */
  drained(): void
  /** The stream of the source is over. */
  ended(reason: PlayerEnd): void
}

/** Cuts batches into messages. What is behind for longer than the session keeps it is dropped there, packet by packet. */
export class SrtSink implements Sink {
  readonly #session: SrtSession
  readonly #now: () => number
  readonly #handlers: SrtSinkHandlers
  #awaiting: boolean

  constructor(session: SrtSession, now: () => number, handlers: SrtSinkHandlers) {
    this.#session = session
    this.#now = now
    this.#handlers = handlers
    this.#awaiting = false
  }

  /** Bytes that wait or are on their way. */
  get queuedBytes(): number {
    return this.#session.sendPackets * TS_MESSAGE_BYTES
  }

  /** {@inheritDoc Sink.write} */
  write(batch: Uint8Array): void {
    writeTs(this.#session, batch, this.#now())
    this.#handlers.written()
  }

  /** {@inheritDoc Sink.awaitDrain} */
  awaitDrain(): void {
    this.#awaiting = true
  }

  /** {@inheritDoc Sink.end} */
  end(reason: PlayerEnd): void {
    this.#handlers.ended(reason)
  }

  /** To be called after packets were acknowledged. */
  look(): void {
    if (!this.#awaiting) return
    this.#awaiting = false
    this.#handlers.drained()
  }
}

/** Writes whole TS packets as messages. */
export function writeTs(session: SrtSession, bytes: Uint8Array, nowMs: number): void {
  const size = Math.min(TS_MESSAGE_BYTES, session.maxPayloadBytes - (session.maxPayloadBytes % 188))
  if (size <= 0) return
  for (let at = 0; at < bytes.length; at += size) session.write(bytes.subarray(at, at + size), nowMs)
}
