/**
 * Admission: who asks for what, and the answer. Every protocol asks through one function, {@link Hub.authorize}.
 *
 * @module
 */

import { quoted, splitStreamPath, type StreamPath, streamPathFault } from './stream-path.ts'

/** The protocol that a request came by. */
export type AccessProtocol =
  | 'rtmp'
  | 'http-flv'
  | 'websocket-flv'
  | 'http-ts'
  | 'hls'
  | 'internal'
  | (string & {})

/** A publisher or player at the door. Everything the peer said is untrusted text. */
export interface AccessRequest {
  /** What is asked for. */
  readonly action: 'publish' | 'play'
  /** How the peer is connected. */
  readonly protocol: AccessProtocol
  /** Virtual host that was named (query `vhost` or `domain`, tcUrl or Host header), `''` if none. */
  readonly vhost: string
  /** Application, the first part of the stream path; may contain slashes. */
  readonly app: string
  /** Stream name as the peer gave it, without its query: for many encoders this is the secret stream key. See {@link renameRequest}. */
  readonly streamName: string
  /** `/app/streamName`. What is no path of a stream is refused before anybody is asked: see {@link streamPathFault}. */
  readonly streamPath: StreamPath
  /** Query parameters of the stream name and tcUrl, or of the HTTP URL; the last of several values. */
  readonly query: Readonly<Record<string, string>>
  /** The query as it came, with its leading `?`; `''` if none. A door that does not tell leaves it out. */
  readonly param?: string
  /**
   * Names the peer in callbacks, statistics and logs: unguessable, and the same for everything that one connection asks for. A door that
   * does not tell leaves it out.
   */
  readonly clientId?: string
  /** Address of the peer, behind PROXY protocol or a trusted proxy header when the server is set up so. */
  readonly remoteAddress: string
  /** Whether the transport is encrypted. */
  readonly secure: boolean
  /** The RTMP tcUrl or the HTTP URL, for logs and referer checks. */
  readonly url: string
  /** Where the player is embedded: RTMP `pageUrl` or the HTTP `Referer`; `''` if none. */
  readonly pageUrl: string
  /** Everything in the RTMP connect object, or the HTTP headers: for decisions on encoder names and custom fields. */
  readonly details: Readonly<Record<string, unknown>>
}

/** Lets the peer in. */
export interface AccessAccept {
  /** Discriminates {@link AccessDecision}. */
  readonly type: 'accept'
  /** Stream path to use instead of the one asked for: maps a secret key to a public name. */
  readonly streamPath?: StreamPath | undefined
  /** Take the stream from its present publisher instead of being refused. @defaultValue the hub's `secondPublisher` policy */
  readonly takeOver?: boolean | undefined
  /**
   * Keep this publisher's own timestamps: for encoders that push several renditions of one content with one clock.
   * @defaultValue the hub's `atc`
   */
  readonly atc?: boolean | undefined
  /** Anything to carry on the publisher or player, shown again in events and stats. */
  readonly userData?: unknown
  /**
   * Called once when what was let in is over: the publisher or player has left, or never came to be, because the answer came too late, the
   * stream was not there or its name in use. For whoever counts peers or tells others of them. Must not throw: an error becomes the hub's
   * `authorizeError` event.
   */
  readonly onEnd?: (() => void) | undefined
}

/** Turns the peer away. It sees `reason` in its own protocol. */
export interface AccessReject {
  /** Discriminates {@link AccessDecision}. */
  readonly type: 'reject'
  /** Said to the peer and logged; no secrets. */
  readonly reason: string
  /** The stream is not there (404, StreamNotFound) rather than forbidden (403, BadName, Failed). @defaultValue false */
  readonly notFound?: boolean | undefined
}

/** Sends the peer elsewhere: RTMP 302 or HTTP 302. */
export interface AccessRedirect {
  /** Discriminates {@link AccessDecision}. */
  readonly type: 'redirect'
  /** Where to: a tcUrl for RTMP, a URL for HTTP. */
  readonly url: string
}

/** The answer to an {@link AccessRequest}. */
export type AccessDecision = AccessAccept | AccessReject | AccessRedirect

/**
 * Decides about one request. `signal` aborts when the peer has gone or the time is up; a late answer is ignored.
 * Throwing rejects the peer with a neutral reason and is reported as the hub's `authorizeError` event.
 * `true` stands for a plain accept and `false` for a plain reject.
 */
export type Authorize = (
  request: AccessRequest,
  signal: AbortSignal,
) => AccessDecision | boolean | Promise<AccessDecision | boolean>

/**
 * `request` under the name that admission gave the stream: `app`, `streamName`, `streamPath` and `url` are those of `streamPath`, and what the
 * peer said instead, which may be a secret key, is in none of them. `query`, `param` and `details` stay the peer's.
 */
export function renameRequest(request: AccessRequest, streamPath: StreamPath): AccessRequest {
  const { url } = request
  if (request.streamPath === streamPath && `/${request.app}/${request.streamName}` === streamPath)
    return request
  const { app, streamName } = splitStreamPath(streamPath)
  const [, scheme, host] = /^([a-z]+):\/\/(?:[^/@]*@)?([^/?#]+)/i.exec(url) ?? []
  const path = scheme?.startsWith('http') === true ? streamPath : `/${app}`
  return {
    ...request,
    app,
    streamName,
    streamPath,
    url: scheme === undefined ? '' : `${scheme}://${host}${path}`,
  }
}

/** What logs may show of the `app` of a publisher that is not let in: its first part. A stream key or a token may follow. */
export function shownApp(app: string): string {
  return app.replace(/[/?#&].*$/s, '')
}

/**
 * An accepting decision.
 * @throws RangeError for a `streamPath` that is none: see {@link streamPathFault}.
 */
export function accept(options: Omit<AccessAccept, 'type'> = {}): AccessAccept {
  checkAccepted(options, Infinity)
  return { type: 'accept', ...options }
}

/** A rejecting decision. */
export function reject(reason: string, options: Omit<AccessReject, 'type' | 'reason'> = {}): AccessReject {
  return { type: 'reject', reason, ...options }
}

/** @throws RangeError for a stream path that names no stream. */
export function checkAccepted({ streamPath }: Partial<AccessAccept>, maxNameBytes: number): void {
  const fault = streamPath === undefined ? undefined : streamPathFault(streamPath, maxNameBytes)
  if (fault !== undefined) throw new RangeError(`accepted as ${quoted(streamPath!)}: ${fault}`)
}

/** A redirecting decision. */
export function redirect(url: string): AccessRedirect {
  return { type: 'redirect', url }
}
