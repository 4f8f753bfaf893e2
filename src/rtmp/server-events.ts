/**
 * What a {@link RtmpServerSession} tells its owner.
 *
 * @module
 */
import type { Amf0Value } from '../amf0/index.ts'
import type { ErrorCode, MediaError } from '../errors/index.ts'
import type { MediaPacket } from '../media/index.ts'
import type { ConnectRequest } from './connect-command.ts'
import type { CommandMessage, RtmpMessage } from './rtmp-message.ts'

/** A client connects. Answer with `acceptConnect` or `rejectConnect`; no event follows before. */
export interface ServerConnectEvent {
  /** Discriminant. */
  readonly type: 'connect'
  /** What the client says of itself. */
  readonly request: ConnectRequest
}

/** A client wants to publish. Answer with `acceptPublish` or `rejectPublish`; no event follows before. */
export interface ServerPublishEvent {
  /** Discriminant. */
  readonly type: 'publish'
  /** Stream name with its query, as the client gave it: in `publish`, or else in `FCPublish` or `releaseStream`; may be `''`. */
  readonly streamName: string
  /** `live`, `record` or `append`; anything else the client said counts as `live`. Upper case is folded. */
  readonly publishType: 'live' | 'record' | 'append'
  /** The whole command. */
  readonly command: CommandMessage
}

/** A client wants to play. Answer with `acceptPlay` or `rejectPlay`; no event follows before. */
export interface ServerPlayEvent {
  /** Discriminant. */
  readonly type: 'play'
  /** Stream name with its query, as the client gave it; may be `''`. */
  readonly streamName: string
  /** Where to start, in s: −2 live or else recorded, −1 live only, ≥ 0 recorded only. RTMP 1.0 §7.2.2.1. */
  readonly start: number
  /** How long to play, in s; −1 to the end. */
  readonly duration: number
  /** Whether earlier playlist entries are dropped. */
  readonly reset: boolean
  /** The whole command, `play` or `play2`. */
  readonly command: CommandMessage
}

/** A packet of the stream that is being published. */
export interface ServerMediaEvent {
  /** Discriminant. */
  readonly type: 'media'
  /** The packet; immutable. */
  readonly packet: MediaPacket
}

/** Publishing ended: by the client's command, by another action of its, or because the session closes. */
export interface ServerUnpublishEvent {
  /** Discriminant. */
  readonly type: 'unpublish'
}

/** Playing ended: by the client's command, by another action of its, or because the session closes. */
export interface ServerStopEvent {
  /** Discriminant. */
  readonly type: 'stop'
}

/** The player pauses or goes on. It has been answered; the owner stops or resumes its media. */
export interface ServerPauseEvent {
  /** Discriminant. */
  readonly type: 'pause'
  /** Whether it pauses. */
  readonly paused: boolean
  /** Where the player is, ms. */
  readonly positionMs: number
}

/** The player seeks. It has been answered with `NetStream.Seek.Notify`; a live stream may start again at its keyframe. */
export interface ServerSeekEvent {
  /** Discriminant. */
  readonly type: 'seek'
  /** Where to, ms. */
  readonly positionMs: number
}

/** The player switches a kind of media on or off. */
export interface ServerReceiveEvent {
  /** Which kind. */
  readonly type: 'receiveAudio' | 'receiveVideo'
  /** Whether it wants it. */
  readonly enabled: boolean
}

/** The client's buffer length. */
export interface ServerBufferLengthEvent {
  /** Discriminant. */
  readonly type: 'bufferLength'
  /** ms. */
  readonly bufferLengthMs: number
}

/** A command that has no event of its own. */
export interface ServerCommandEvent {
  /** Discriminant. */
  readonly type: 'command'
  /** The command. */
  readonly command: CommandMessage
  /**
   * Whether the session has answered it (`createStream`, `releaseStream`, `FCPublish`, `_checkbw` …). If not, and if it has a
   * transaction id, the owner may `reply`, `replyError` or `deferReply`; otherwise an empty `_result` goes out when the next
   * event is read.
   */
  readonly handled: boolean
}

/** The client's answer to a `call`. */
export interface ServerReplyEvent {
  /** Discriminant. */
  readonly type: 'reply'
  /** Of which call. */
  readonly transactionId: number
  /** Whether it is an `_error`. */
  readonly isError: boolean
  /** Command object and arguments of the answer. */
  readonly values: readonly Amf0Value[]
}

/** A data message outside a publish, such as a player's. What a publisher sends comes as `media`. */
export interface ServerDataEvent {
  /** Discriminant. */
  readonly type: 'data'
  /** The values; the first is the handler's name. */
  readonly values: readonly Amf0Value[]
  /** Their AMF0 bytes. */
  readonly body: Uint8Array
}

/** The client acknowledged bytes. */
export interface ServerAcknowledgementEvent {
  /** Discriminant. */
  readonly type: 'acknowledgement'
  /** Its count, modulo 2³². */
  readonly sequenceNumber: number
  /** Bytes sent and not acknowledged yet. */
  readonly unacknowledgedBytes: number
}

/** A message that the session has no use for: shared object, undocumented user control event, unknown type, undecodable
 * data. */
export interface ServerUnknownEvent {
  /** Discriminant. */
  readonly type: 'unknown'
  /** The message. */
  readonly message: RtmpMessage
}

/**
 * Why a session is over: the code of the error that the peer caused, or
 * `closed` (by `close()`, also for a connection that the peer ended), `rejected` or `redirected` (by a decision).
 */
export type RtmpCloseCode = ErrorCode | 'closed' | 'rejected' | 'redirected'

/** The session is over: write what `takeOutput` still has, then end the connection. The last event, exactly once. */
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

/** Any event of a {@link RtmpServerSession}. */
export type RtmpServerEvent =
  | ServerConnectEvent
  | ServerPublishEvent
  | ServerPlayEvent
  | ServerMediaEvent
  | ServerUnpublishEvent
  | ServerStopEvent
  | ServerPauseEvent
  | ServerSeekEvent
  | ServerReceiveEvent
  | ServerBufferLengthEvent
  | ServerCommandEvent
  | ServerReplyEvent
  | ServerDataEvent
  | ServerAcknowledgementEvent
  | ServerUnknownEvent
  | RtmpCloseEvent
