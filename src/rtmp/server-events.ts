/**
 * Events of a {@link RtmpServerSession}.
 *
 * @module
 */
import type { ConnectRequest } from './connect-command.ts'
import type { CommandMessage } from './rtmp-message.ts'
import type { RtmpSessionEvent } from './session-events.ts'

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
  /**
   * Stream name with its query, as the client gave it: in `publish`, or else in `FCPublish` or
   * `releaseStream`; may be `''`.
   */
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
  /**
   * Start position, as it came: −2 live or else recorded, −1 live only, ≥ 0 recorded only. Seconds by RTMP
   * 1.0 §7.2.2.1, but FFmpeg and librtmp send ms (−2000, −1000).
   */
  readonly start: number
  /** How long to play, as it came, in s or ms likewise; −1 to the end. */
  readonly duration: number
  /** Whether earlier playlist entries are dropped. */
  readonly reset: boolean
  /** The whole command, `play` or `play2`. */
  readonly command: CommandMessage
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

/** The player pauses or resumes. It has been answered; the owner stops or resumes its media. */
export interface ServerPauseEvent {
  /** Discriminant. */
  readonly type: 'pause'
  /** Whether it pauses. */
  readonly paused: boolean
  /** Position of the player, ms. */
  readonly positionMs: number
}

/**
 * The player seeks. It has been answered with `NetStream.Seek.Notify`; a live stream may start again at its
 * keyframe.
 */
export interface ServerSeekEvent {
  /** Discriminant. */
  readonly type: 'seek'
  /** Position to seek to, ms. */
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

/** An event that only a {@link RtmpServerSession} has. */
export type RtmpServerOwnEvent =
  | ServerConnectEvent
  | ServerPublishEvent
  | ServerPlayEvent
  | ServerUnpublishEvent
  | ServerStopEvent
  | ServerPauseEvent
  | ServerSeekEvent
  | ServerReceiveEvent
  | ServerBufferLengthEvent

/** Any event of a {@link RtmpServerSession}. */
export type RtmpServerEvent = RtmpServerOwnEvent | RtmpSessionEvent
