/**
 * HLS viewers: they hold no connection, so each has a session that lives from request to request.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { type AccessAccept, type AccessRequest, renameRequest, type Source } from '../hub/index.ts'
import type { PackagedStream } from './packaged-stream.ts'

/** One viewer of one stream. */
export interface HlsSession {
  /** Unguessable id, the `session` parameter of its URLs. */
  readonly id: string
  /** The stream that it asked for; admission may have given it another one. */
  readonly streamPath: string
  /** Its first request, under the name that admission gave the stream. */
  readonly request: AccessRequest
  /** Address that it came from at first. */
  readonly remoteAddress: string
  /**
   * The stream that it watches; one of its variants where nobody publishes the stream itself. Another one after a stream was over and is
   * published again.
   */
  readonly source: Source
  /** Time of its first request, ms on a monotonic clock. */
  readonly sinceMs: number
  /** What admission attached to it. */
  readonly userData: unknown
  /** Bytes of segments and playlists it got. */
  sentBytes: number
  /** Time of its last request, ms on a monotonic clock. */
  lastRequestMs: number
}

/** A session with what it watches. */
export interface HlsSessionEntry extends HlsSession {
  /** What it watches. */
  readonly packaged: PackagedStream
  /** Takes it from the source's count. */
  readonly leave: () => void
}

/** The viewers of one handler, bounded in number, forgotten when they stop asking. */
export class HlsSessions {
  readonly #sessions: Map<string, HlsSessionEntry>
  readonly #kicked: Set<string>
  readonly #maxSessions: number
  #reserved: number

  /** @param maxSessions - most viewers at a time, and most of those turned away that are remembered. */
  constructor(maxSessions: number) {
    this.#sessions = new Map()
    this.#kicked = new Set()
    this.#maxSessions = maxSessions
    this.#reserved = 0
  }

  /** Viewers now. */
  get size(): number {
    return this.#sessions.size
  }

  /** Sessions, for statistics. */
  values(): Iterable<HlsSession> {
    return this.#sessions.values()
  }

  /** The session with this id, without a sign of life. */
  get(id: string): HlsSession | undefined {
    return this.#sessions.get(id)
  }

  /** Keeps a place for a viewer that is being admitted. @returns whether there is one. */
  reserve(): boolean {
    if (this.#sessions.size + this.#reserved >= this.#maxSessions) return false
    this.#reserved++
    return true
  }

  /** Gives back what {@link HlsSessions.reserve} kept. */
  release(): void {
    this.#reserved--
  }

  /** Counts a viewer of `packaged`, which asked by `request`, under the id that is its `clientId`. */
  open(
    packaged: PackagedStream,
    request: AccessRequest,
    decision: AccessAccept,
    nowMs: number,
  ): HlsSessionEntry {
    const id = request.clientId ?? newSessionId()
    // Of two requests with one id, both admitted at once, the second takes over from the first.
    this.#end(id)
    const uncount = packaged.addViewer()
    packaged.lastUseMs = nowMs
    const session: HlsSessionEntry = {
      id,
      streamPath: request.streamPath,
      request: renameRequest(request, decision.streamPath ?? request.streamPath),
      remoteAddress: request.remoteAddress,
      get source() {
        return packaged.source
      },
      sinceMs: nowMs,
      userData: decision.userData,
      sentBytes: 0,
      lastRequestMs: nowMs,
      packaged,
      leave: () => {
        uncount()
        decision.onEnd?.()
      },
    }
    this.#sessions.set(id, session)
    return session
  }

  /** Accounts for bytes that `session` gets. */
  countSent(session: HlsSessionEntry, bytes: number): void {
    session.sentBytes += bytes
    session.source.countSent(bytes)
  }

  /** The session of a request, if there is one; it is good for its own stream alone. */
  touch(id: string, streamPath: string, nowMs: number): HlsSessionEntry | undefined {
    const session = this.#sessions.get(id)
    if (session === undefined || session.streamPath !== streamPath) return undefined
    session.lastRequestMs = nowMs
    session.packaged.lastUseMs = nowMs
    return session
  }

  /** Whether a viewer may be admitted under an id that it brings: it is none of those here, nor one that was turned away. */
  isFree(id: string): boolean {
    return !this.#sessions.has(id) && !this.#kicked.has(id)
  }

  /** Turns a viewer away: its next requests are refused. @returns whether there was one. */
  kick(id: string): boolean {
    if (!this.#end(id)) return false
    this.#kicked.add(id)
    if (this.#kicked.size > this.#maxSessions) {
      for (const oldest of this.#kicked) {
        this.#kicked.delete(oldest)
        break
      }
    }
    return true
  }

  /** Forgets viewers that have not asked since `sinceMs`. */
  expire(sinceMs: number): void {
    for (const { id, lastRequestMs } of this.#sessions.values()) if (lastRequestMs < sinceMs) this.#end(id)
  }

  /** Forgets the viewers of `packaged`, or everybody. */
  clear(packaged?: PackagedStream): void {
    for (const session of this.#sessions.values()) {
      if (packaged === undefined || session.packaged === packaged) this.#end(session.id)
    }
  }

  #end(id: string): boolean {
    const session = this.#sessions.get(id)
    if (session === undefined) return false
    this.#sessions.delete(id)
    session.leave()
    return true
  }
}

/** 12 random bytes. */
export function newSessionId(): string {
  return randomBytes(12).toString('base64url')
}

/** Whether `id` looks like one of {@link newSessionId}. */
export function isSessionId(id: string | undefined): id is string {
  return id !== undefined && /^[\w-]{16}$/.test(id)
}
