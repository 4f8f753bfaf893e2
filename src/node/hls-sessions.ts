/**
 * HLS viewers: they hold no connection, so each has a session that lives from request to request.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import type { AccessAccept, AccessRequest, Source } from '../hub/index.ts'
import type { HlsPackager } from './hls-packager.ts'

/** One viewer of one stream. */
export interface HlsSession {
  /** Unguessable id, the `session` parameter of its URLs. */
  readonly id: string
  /** The stream that it asked for; admission may have given it another one. */
  readonly streamPath: string
  /** Its first request. */
  readonly request: AccessRequest
  /** The stream that it watches. */
  readonly source: Source
  /** Time of its first request, ms on a monotonic clock. */
  readonly sinceMs: number
  /** Address that it came from at first. */
  readonly remoteAddress: string
  /** What admission attached to it. */
  readonly userData: unknown
  /** Bytes of segments and playlists it got. */
  sentBytes: number
  /** Time of its last request, ms on a monotonic clock. */
  lastRequestMs: number
}

/** A packaged source and when it was last asked for. */
export interface PackagedSource {
  /** The source. */
  readonly source: Source
  /** Its segments. */
  readonly packager: HlsPackager
  /** Time of the last request, ms on a monotonic clock. */
  lastRequestMs: number
}

/** A session with what it watches. */
export interface HlsSessionEntry extends HlsSession {
  /** What it watches. */
  readonly packaged: PackagedSource
  /** Takes it from the source's count. */
  readonly leave: () => void
}

/** The viewers of one handler, bounded in number, forgotten when they stop asking. */
export class HlsSessions {
  readonly #sessions: Map<string, HlsSessionEntry>
  readonly #maxSessions: number

  /** @param maxSessions - most viewers at a time. */
  constructor(maxSessions: number) {
    this.#sessions = new Map()
    this.#maxSessions = maxSessions
  }

  /** Viewers now. */
  get size(): number {
    return this.#sessions.size
  }

  /** Whether one more would be too many. */
  get full(): boolean {
    return this.#sessions.size >= this.#maxSessions
  }

  /** Sessions, for statistics. */
  values(): Iterable<HlsSession> {
    return this.#sessions.values()
  }

  /** Counts a viewer of `packaged`, which asked by `request`. */
  open(packaged: PackagedSource, request: AccessRequest, decision: AccessAccept, nowMs: number): HlsSession {
    const uncount = packaged.source.countViewer()
    const session: HlsSessionEntry = {
      id: randomBytes(12).toString('base64url'),
      streamPath: request.streamPath,
      request,
      source: packaged.source,
      sinceMs: nowMs,
      remoteAddress: request.remoteAddress,
      userData: decision.userData,
      sentBytes: 0,
      lastRequestMs: nowMs,
      packaged,
      leave: () => {
        uncount()
        decision.onEnd?.()
      },
    }
    this.#sessions.set(session.id, session)
    return session
  }

  /** Accounts for bytes that `session` gets. */
  countSent(session: HlsSessionEntry, bytes: number): void {
    session.sentBytes += bytes
    session.source.countSent(bytes)
  }

  /** The session of a request for `streamPath`; a session is good for its own stream alone. */
  touch(id: string, streamPath: string, nowMs: number): HlsSessionEntry | undefined {
    const session = this.#sessions.get(id)
    if (session === undefined || session.streamPath !== streamPath) return undefined
    session.lastRequestMs = nowMs
    session.packaged.lastRequestMs = nowMs
    return session
  }

  /** Turns a viewer away: its next request is refused. @returns whether there was one. */
  kick(id: string): boolean {
    const session = this.#sessions.get(id)
    if (session === undefined) return false
    this.#sessions.delete(id)
    session.leave()
    return true
  }

  /** Forgets viewers that have not asked since `sinceMs`. */
  expire(sinceMs: number): void {
    for (const session of this.#sessions.values()) {
      if (session.lastRequestMs < sinceMs) this.kick(session.id)
    }
  }

  /** Forgets everybody. */
  clear(): void {
    for (const { id } of this.#sessions.values()) this.kick(id)
  }
}
