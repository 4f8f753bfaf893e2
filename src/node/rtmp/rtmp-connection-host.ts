/**
 * What an RTMP connection knows of its transport, tells its owner, and needs of its server.
 *
 * @module
 */
import type { Clock, Door, PlayerDefaults } from '../../hub/index.ts'
import type {
  ConnectRequest,
  RtmpCloseCode,
  RtmpCloseEvent,
  RtmpMediaEvent,
  RtmpServerEvent,
  RtmpServerSessionOptions,
} from '../../rtmp/index.ts'
import type { RtmpConnectDecision } from './rtmp-admission.ts'
import type { RtmpConnection } from './rtmp-connection.ts'
import type { SourceFollowers } from './source-followers.ts'

/** What is known of the transport. */
export interface RtmpConnectionInfo {
  /** Address of the peer. */
  readonly remoteAddress: string
  /** Port of the peer. @defaultValue 0 */
  readonly remotePort?: number
  /** Whether the transport is encrypted. @defaultValue false */
  readonly secure?: boolean
}

/** What a connection does now. */
export type RtmpConnectionRole = 'none' | 'publisher' | 'player'

/** Why a connection ended. */
export interface RtmpConnectionEnd {
  /** Stable reason. */
  readonly code: RtmpCloseCode
  /** The same in words. */
  readonly reason: string
}

/** What a connection needs of its server. */
export interface RtmpConnectionHost {
  /** The way into the hub. */
  readonly door: Door
  /** Decides about `connect`; everybody may when it is missing. */
  readonly onConnect: RtmpConnectDecider | undefined
  /** Options of the session. */
  readonly session: Omit<RtmpServerSessionOptions, 'nowMs'>
  /** Player options for every player. */
  readonly player: PlayerDefaults
  /** Who plays what. */
  readonly followers: SourceFollowers
  /** Time of the session and of the sweep. */
  readonly clock: Clock
  /** Time for `onConnect`, ms; 0: any. */
  readonly connectDecisionTimeoutMs: number
  /** Time for a peer to take what waits for it, ms; 0: any. */
  readonly stallTimeoutMs: number
  /** An event that the server does not act on, for its owner. */
  observe(connection: RtmpConnection, event: RtmpConnectionEvent): void
  /** The peer was turned away without a hub being asked. */
  refused(refusal: RtmpRefusal): void
  /** Calls a function of the application, which may throw. @param name - for the server's `listenerError`. */
  attempt(name: string, call: () => void): void
  /** The connection is over. Nothing is observed after. */
  closed(connection: RtmpConnection, end: RtmpConnectionEnd): void
  /** Its stream is closed too. */
  released(connection: RtmpConnection): void
}

/** An event of a connection's session. Media goes to the hub, and the end is announced by the server. */
export type RtmpConnectionEvent = Exclude<RtmpServerEvent, RtmpMediaEvent | RtmpCloseEvent>

/** Decides about `connect`, before any stream is named; `true` and `false` stand for a plain accept and reject. A late answer is ignored. `signal` aborts when nobody waits for it any more. */
export type RtmpConnectDecider = (
  request: ConnectRequest,
  connection: RtmpConnection,
  signal: AbortSignal,
) => RtmpConnectDecision | boolean | Promise<RtmpConnectDecision | boolean>

/** A peer that was turned away without a hub being asked; the hub tells of the others. */
export interface RtmpRefusal {
  /** Address of the peer. */
  readonly remoteAddress: string
  /** Its connection; `undefined` beyond `maxConnections`, where it never came to be. */
  readonly connection: RtmpConnection | undefined
  /** What it said when it connected, as far as it got. */
  readonly connect: ConnectRequest | undefined
  /** What it asked for. */
  readonly action: 'connect' | 'publish' | 'play'
  /** Why, in the words that it was given if it was given any. */
  readonly reason: string
}

/** Counters of an {@link RtmpConnection}. */
export interface RtmpConnectionStats {
  /** What it does. */
  readonly role: RtmpConnectionRole
  /** `/app/name` of its stream, `''` if none. */
  readonly streamPath: string
  /** Bytes received. */
  readonly receivedBytes: number
  /** Bytes sent. */
  readonly sentBytes: number
  /** Bytes in Node's queue. */
  readonly queuedBytes: number
}
