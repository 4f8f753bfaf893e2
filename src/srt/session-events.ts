/**
 * Events of a connection.
 *
 * @module
 */
import type { ErrorCode, MediaError } from '../errors/index.ts'

/** The connection is established: messages may be written. A caller's first event; the listener's sessions begin so. */
export interface SrtConnectEvent {
  /** Discriminant. */
  readonly type: 'connect'
  /** Version of the peer's library, `major << 16 | minor << 8 | patch`. */
  readonly peerVersion: number
  /** Settled delay of what is received, ms. */
  readonly receiveLatencyMs: number
  /** Settled delay of what is sent, ms. */
  readonly sendLatencyMs: number
}

/** A message, at its time. */
export interface SrtDataEvent {
  /** Discriminant. */
  readonly type: 'data'
  /** The message; the reader owns it. */
  readonly payload: Uint8Array
  /** Sequence number of its packet. */
  readonly sequenceNumber: number
  /** When the peer submitted it: ms of the peer's clock since its connection began, which does not wrap. */
  readonly originMs: number
  /** Messages right before it that are lost for good. */
  readonly lostBefore: number
}

/** Why a connection is over: the code of the error, `closed` (by `close`), or `shutdown` (by the peer). */
export type SrtCloseCode = ErrorCode | 'closed' | 'shutdown'

/** The connection is over. The last event, exactly once; write what `takeOutput` still has. */
export interface SrtCloseEvent {
  /** Discriminant. */
  readonly type: 'close'
  /** Stable reason. */
  readonly code: SrtCloseCode
  /** The same for a log line. */
  readonly reason: string
  /** Why the listener refused the connection, as on the wire (see `SRT_REJECTION`); `undefined` if it did not. */
  readonly rejection: number | undefined
  /** The error that the peer caused, if it did. */
  readonly error: MediaError | undefined
}

/** Any event of a session. */
export type SrtSessionEvent = SrtConnectEvent | SrtDataEvent | SrtCloseEvent
