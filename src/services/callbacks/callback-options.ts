/**
 * Options of HTTP callbacks, and what they tell of themselves.
 *
 * @module
 */
import type { AnnouncerEvents, Clock } from '../../hub/index.ts'
import type { ServerIdentity } from '../identity/index.ts'

/** Callbacks that decide: the peer waits for the answer. */
export type DecidingAction = 'on_connect' | 'on_publish' | 'on_play'

/** Callbacks that tell: nobody waits for them. */
export type TellingAction = 'on_close' | 'on_unpublish' | 'on_stop' | 'on_dvr' | 'on_hls' | 'on_hls_notify'

/** Callbacks that ask for something: a stream goes on meanwhile. */
export type AskingAction = 'on_forward'

/** All callbacks, by their names in SRS. */
export type CallbackAction = DecidingAction | TellingAction | AskingAction

/** `http` or `https` URLs by callback: one or several. What is left out is not called. */
export type CallbackUrls = { readonly [Action in CallbackAction]?: string | readonly string[] | undefined }

/** Options of {@link HttpCallbacks}. */
export interface HttpCallbacksOptions {
  /**
   * Whom to call. Of several URLs for a decision each is asked in turn until one refuses; notifications go to each of them, and `on_forward` asks
   * each for targets. `on_hls_notify` is a
   * GET of the URL with `[server_id]`, `[service_id]`, `[app]`, `[stream]`, `[ts_url]` and `[param]` filled in.
   */
  readonly urls: CallbackUrls
  /** Name of the virtual host in the bodies. @defaultValue '__defaultVhost__' */
  readonly vhost?: string
  /** Names of the server and its streams in the bodies: give the one that the HTTP API has. @defaultValue a new one */
  readonly identity?: ServerIdentity
  /**
   * When `on_connect` is asked. `connect`: with the command of that name, which the peer sends before it names a stream, so that `stream` and
   * `param` are those of the tcUrl, mostly empty; a refusal ends the connection. `stream`: as in SRS, before each `on_publish` and `on_play` over
   * RTMP, with the stream and all of its parameters; a refusal is that of the publish or play. @defaultValue 'connect'
   */
  readonly onConnectAt?: 'connect' | 'stream'
  /** PEM certificates of authorities to trust in addition to those of Node, for `https` URLs. @defaultValue none */
  readonly ca?: string | readonly string[]
  /** Signs every call: see {@link verifyCallback}. @defaultValue no signature */
  readonly secret?: string
  /** Headers of every call, such as `Authorization`. @defaultValue none */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Time for a decision, ms: all its URLs and the wait for its turn. Less than the hub's `authorizeTimeoutMs` and the server's
   * `connectDecisionTimeoutMs`, which end it anyway. @defaultValue 5000
   */
  readonly decisionTimeoutMs?: number
  /**
   * What becomes of a peer when the backend is down, too slow, overloaded or answers nonsense. Whoever is refused by a backend that works
   * stays out. @defaultValue 'reject'
   */
  readonly whenUnavailable?: 'reject' | 'allow'
  /** Time for one attempt to deliver notifications, ms. @defaultValue 10000 */
  readonly notificationTimeoutMs?: number
  /** Attempts to deliver notifications, the first included. @defaultValue 4 */
  readonly maxAttempts?: number
  /**
   * Wait before the second attempt, ms; it doubles each time, up to 30 s. Up to half of each wait is taken away at random, so that what failed
   * together is not repeated together. @defaultValue 1000
   */
  readonly retryDelayMs?: number
  /** Longest answer that is read, bytes; a longer one is no answer. @defaultValue 65536 */
  readonly maxResponseBytes?: number
  /** Decisions that are asked for at the same time. @defaultValue 64 */
  readonly maxConcurrentDecisions?: number
  /** Decisions that wait for their turn; one more counts as unavailable. @defaultValue 10000 */
  readonly maxWaitingDecisions?: number
  /** Notifications that are being delivered at the same time. @defaultValue 16 */
  readonly maxConcurrentNotifications?: number
  /** Notifications that wait, at about 1 kB each; what exceeds it is dropped. @defaultValue 10000 */
  readonly maxQueuedNotifications?: number
  /** Notifications that wait of one stream or client; what exceeds it is dropped. @defaultValue 256 */
  readonly maxQueuedPerStream?: number
  /** How long {@link HttpCallbacks.close} waits for notifications to be delivered, ms. @defaultValue 5000 */
  readonly drainTimeoutMs?: number
  /**
   * Directory of the HLS handler's `DirectorySegmentStore`, for `file` and `m3u8` of `on_hls`: as it is given, so relative to `cwd` or absolute.
   * @defaultValue the keys of the store alone
   */
  readonly hlsDirectory?: string
  /** What stands before the store's keys in `url` and `m3u8_url` of `on_hls` and in `[ts_url]`, such as `https://cdn.example.com/`. @defaultValue '' */
  readonly hlsUrlPrefix?: string
  /** Time and timers, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock
}

/** A call that came to nothing. */
export interface CallbackFailure {
  /** Which callback. */
  readonly action: CallbackAction
  /** Whom it was for. */
  readonly url: string
  /** What was wrong: the system's error, or one with an `ERR_CALLBACK_…` code. */
  readonly error: Error
  /** Which attempt it was, from 1. */
  readonly attempt: number
  /** There is no other attempt: the peer was treated by `whenUnavailable`, or the notification is lost. */
  readonly final: boolean
}

/** Facts that {@link HttpCallbacks} announces. */
export interface HttpCallbacksEvents extends AnnouncerEvents {
  /** A call came to nothing. */
  failure: (failure: CallbackFailure) => void
  /** A notification was dropped because too many wait already. */
  dropped: (action: TellingAction, url: string) => void
}

/** Counters of {@link HttpCallbacks}. */
export interface HttpCallbacksStats {
  /** Decisions that are asked for now. */
  readonly deciding: number
  /** Decisions that wait for their turn. */
  readonly waiting: number
  /** Notifications that are not delivered yet. */
  readonly queued: number
  /** Notifications that were delivered. */
  readonly delivered: number
  /** Notifications that were given up or dropped. */
  readonly lost: number
}
