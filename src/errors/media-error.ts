/**
 * The three errors that input from a peer can raise. A caller's own mistake is a plain `TypeError` or
 * `RangeError`.
 *
 * @module
 */
import type { ErrorCode } from './error-codes.ts'

/** Base of every error that a peer's input can raise: catch this one to close the peer's connection. */
export class MediaError extends Error {
  /** The class, for logs; told apart by `instanceof` or {@link MediaError.code}. */
  override readonly name: string = 'MediaError'
  /** Stable, machine-readable reason. */
  readonly code: ErrorCode

  /**
   * @param code - stable reason.
   * @param message - what was found and what is allowed, for a log line.
   * @param options - `cause` keeps the error underneath.
   */
  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** Bytes that no reading of the specification allows. */
export class DecodeError extends MediaError {
  /** The class, for logs. */
  override readonly name = 'DecodeError'
}

/** Well-formed input that arrives in the wrong order or state. */
export class ProtocolError extends MediaError {
  /** The class, for logs. */
  override readonly name = 'ProtocolError'
}

/** A length, count, depth, queue or time beyond its configured bound. */
export class LimitError extends MediaError {
  /** The class, for logs. */
  override readonly name = 'LimitError'
}
