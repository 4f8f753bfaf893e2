/**
 * Events of a {@link RtmpClientSession}.
 *
 * @module
 */
import type { Amf0Object } from '../amf0/index.ts'
import type { PeerCapabilities } from './capabilities.ts'
import type { Redirect } from './net-status.ts'
import type { RtmpSessionEvent } from './session-events.ts'

/** The server accepted `connect`. */
export interface ClientConnectedEvent {
  /** Discriminant. */
  readonly type: 'connected'
  /** First object of `_result`: `fmsVer`, `capsEx` … */
  readonly properties: Amf0Object
  /** Second object of `_result`: `level`, `code` … */
  readonly information: Amf0Object
  /** What the server can do beyond RTMP 1.0. */
  readonly capabilities: PeerCapabilities
}

/** The server takes media from here on: `writeMedia`, or shared batches and `countSent`. */
export interface ClientPublishingEvent {
  /** Discriminant. */
  readonly type: 'publishing'
}

/** The server plays: `NetStream.Play.Start`, or the first media from a server that says nothing. */
export interface ClientPlayingEvent {
  /** Discriminant. */
  readonly type: 'playing'
}

/** The stream that is played has ended; the connection stays. `close` it. */
export interface ClientStopEvent {
  /** Discriminant. */
  readonly type: 'stop'
  /** Status code such as `NetStream.Play.UnpublishNotify`, or `StreamEOF`; `''` when the session closes. */
  readonly code: string
}

/** A status of the server, also one that leads to another event. */
export interface ClientStatusEvent {
  /** Discriminant. */
  readonly type: 'status'
  /** `status`, `warning` or `error`; `''` when it is missing. */
  readonly level: string
  /** Such as `NetStream.Play.Reset`; `''` when it is missing. */
  readonly code: string
  /** For people; `''` when it is missing. */
  readonly description: string
  /** The whole info object. */
  readonly information: Amf0Object
}

/** The server refuses. `close` with code `rejected` follows. */
export interface ClientRejectedEvent {
  /** Discriminant. */
  readonly type: 'rejected'
  /** Status code, such as `NetStream.Publish.BadName`; `''` when it is missing. */
  readonly code: string
  /** The server's reason; `''` when it is missing. */
  readonly description: string
  /** The whole info object. */
  readonly information: Amf0Object
}

/** The server sends the client elsewhere. `close` with code `redirected` follows. */
export interface ClientRedirectEvent {
  /** Discriminant. */
  readonly type: 'redirect'
  /** URL to connect to instead. */
  readonly redirect: Redirect
  /** The server's reason; `''` when it is missing. */
  readonly description: string
}

/**
 * The server asks for a new connection and serves this one till the client leaves. Enhanced RTMP v2,
 * "Reconnect Request".
 */
export interface ClientReconnectRequestEvent {
  /** Discriminant. */
  readonly type: 'reconnectRequest'
  /** Absolute or relative reference to connect to; `undefined` for the present `tcUrl`. */
  readonly tcUrl: string | undefined
  /** The server's reason; `''` when it is missing. */
  readonly description: string
}

/** An event that only a {@link RtmpClientSession} has. */
export type RtmpClientOwnEvent =
  | ClientConnectedEvent
  | ClientPublishingEvent
  | ClientPlayingEvent
  | ClientStopEvent
  | ClientStatusEvent
  | ClientRejectedEvent
  | ClientRedirectEvent
  | ClientReconnectRequestEvent

/** Any event of a {@link RtmpClientSession}. */
export type RtmpClientEvent = RtmpClientOwnEvent | RtmpSessionEvent
