/**
 * Events that the sessions of both sides have.
 *
 * @module
 */
import type { Amf0Value } from '../amf0/index.ts'
import type { ErrorCode, MediaError } from '../errors/index.ts'
import type { MediaPacket } from '../media/index.ts'
import type { CommandMessage, RtmpMessage } from './rtmp-message.ts'

/** A packet of the stream that the peer publishes to us, or that we play from it. */
export interface RtmpMediaEvent {
  /** Discriminant. */
  readonly type: 'media'
  /** The packet; immutable. */
  readonly packet: MediaPacket
}

/** A command without its own event type. */
export interface RtmpCommandEvent {
  /** Discriminant. */
  readonly type: 'command'
  /** The command. */
  readonly command: CommandMessage
  /**
   * Whether the session has dealt with it (`createStream`, `releaseStream`, `FCPublish`, `_checkbw`,
   * `onBWDone` …). If not, and if it has a transaction id, the owner may `reply`, `replyError` or
   * `deferReply`; otherwise an empty `_result` goes out when the next event is read.
   */
  readonly handled: boolean
}

/** The peer's answer to a `call`. */
export interface RtmpReplyEvent {
  /** Discriminant. */
  readonly type: 'reply'
  /** The call it answers. */
  readonly transactionId: number
  /** Whether it is an `_error`. */
  readonly isError: boolean
  /** Command object and arguments of the answer. */
  readonly values: readonly Amf0Value[]
}

/**
 * A data message that is not part of a stream: a player's, or one such as `|RtmpSampleAccess`. Data of a
 * stream arrives as `media`.
 */
export interface RtmpDataEvent {
  /** Discriminant. */
  readonly type: 'data'
  /** The values; the first is the handler's name. */
  readonly values: readonly Amf0Value[]
  /** Their AMF0 bytes. */
  readonly body: Uint8Array
}

/** The peer acknowledged bytes. */
export interface RtmpAcknowledgementEvent {
  /** Discriminant. */
  readonly type: 'acknowledgement'
  /** Its count, modulo 2³². */
  readonly sequenceNumber: number
  /** Bytes sent and not acknowledged yet. */
  readonly unacknowledgedBytes: number
}

/**
 * A message that the session has no use for: shared object, other user control event, unknown type,
 * undecodable data.
 */
export interface RtmpUnknownEvent {
  /** Discriminant. */
  readonly type: 'unknown'
  /** The message. */
  readonly message: RtmpMessage
}

/**
 * Why a session has ended: the code of the error that the peer caused, or `closed` (by `close()`, also for a
 * connection that the peer ended), `rejected` or `redirected` (by a decision of the server).
 */
export type RtmpCloseCode = ErrorCode | 'closed' | 'rejected' | 'redirected'

/**
 * The session has ended: write what `takeOutput` still has, then end the connection. The last event, exactly
 * once.
 */
export interface RtmpCloseEvent {
  /** Discriminant. */
  readonly type: 'close'
  /** Stable reason. */
  readonly code: RtmpCloseCode
  /** The same for a log line. */
  readonly reason: string
  /** The error that the peer caused, if it did. */
  readonly error: MediaError | undefined
}

/** Any event that both sides have. */
export type RtmpSessionEvent =
  | RtmpMediaEvent
  | RtmpCommandEvent
  | RtmpReplyEvent
  | RtmpDataEvent
  | RtmpAcknowledgementEvent
  | RtmpUnknownEvent
  | RtmpCloseEvent
