/**
 * HLS viewers: they hold no connection, so each has a session that lives from request to request.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import type { AccessRequest, Playback, Source } from '../hub/index.ts'
import { networkOf } from '../node/net/index.ts'
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
  /** The id that it came back with, where that was another. */
  readonly formerId: string | undefined
  /** Takes it from the source's count. */
  readonly leave: () => void
}

/** Whom a playlist is for. Without an id it is the same for everybody. */
export type HlsPlaylistReader = Pick<HlsSessionEntry, 'streamPath' | 'request' | 'packaged'> & {
  readonly id: string | undefined
}

/** The viewers of one handler, bounded in number, forgotten when they stop asking. */
export class HlsSessions {
  readonly #sessions: Map<string, HlsSessionEntry>
  /** Sessions of those who came back, by the network of their address and the id that they still ask with. */
  readonly #returned: Map<string, HlsSessionEntry>
  readonly #kicked: Set<string>
  readonly #maxSessions: number
  readonly #maxPerAddress: number
  /** Sessions and reserved places by the network of their address. */
  readonly #networks: Map<string, number>
  #reserved: number

  /**
   * @param maxSessions - most viewers at a time, and most of those turned away that are remembered.
   * @param maxPerAddress - most of them from one IPv4 address or IPv6 /64 network; those whose address is not known are not counted.
   */
  constructor(maxSessions: number, maxPerAddress: number) {
    this.#sessions = new Map()
    this.#returned = new Map()
    this.#kicked = new Set()
    this.#maxSessions = maxSessions
    this.#maxPerAddress = maxPerAddress
    this.#networks = new Map()
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
  reserve(remoteAddress: string): boolean {
    const network = networkOf(remoteAddress)
    const present = this.#networks.get(network) ?? 0
    const isFull = this.#sessions.size + this.#reserved >= this.#maxSessions
    if (isFull || (network !== '' && present >= this.#maxPerAddress)) return false
    this.#networks.set(network, present + 1)
    this.#reserved++
    return true
  }

  /** Gives back what {@link HlsSessions.reserve} kept. */
  release(remoteAddress: string): void {
    this.#reserved--
    this.#uncount(remoteAddress)
  }

  /**
   * Counts a viewer of `packaged` under the id that is the `clientId` of its request. Ends `playback`.
   * @param streamPath - the stream that it asked for.
   * @param formerId - id of a session that it comes back with, which is not adopted: whoever made it up would share this session. Requests
   * of the same network with that id are its own.
   */
  open(
    packaged: PackagedStream,
    streamPath: string,
    playback: Playback,
    nowMs: number,
    formerId?: string,
  ): HlsSessionEntry {
    const { request, userData } = playback
    const id = request.clientId ?? newSessionId()
    const { remoteAddress } = request
    const former = formerId === undefined ? undefined : returnKey(formerId, remoteAddress)
    const present = former === undefined ? undefined : this.#returned.get(former)
    if (present !== undefined) {
      // Of two requests with one id, both admitted at once.
      playback.end()
      return present
    }
    const network = networkOf(remoteAddress)
    this.#networks.set(network, (this.#networks.get(network) ?? 0) + 1)
    const uncount = packaged.addViewer()
    packaged.lastUseMs = nowMs
    const session: HlsSessionEntry = {
      id,
      streamPath,
      request,
      remoteAddress,
      formerId,
      get source() {
        return packaged.source
      },
      sinceMs: nowMs,
      userData,
      sentBytes: 0,
      lastRequestMs: nowMs,
      packaged,
      leave: () => {
        uncount()
        this.#uncount(remoteAddress)
        if (former !== undefined) this.#returned.delete(former)
        playback.end()
      },
    }
    this.#sessions.set(id, session)
    if (former !== undefined) this.#returned.set(former, session)
    return session
  }

  /** Accounts for bytes that `session` gets. */
  countSent(session: HlsSession, bytes: number): void {
    session.sentBytes += bytes
    session.source.countSent(bytes)
  }

  /** The session of a request, if there is one; it is good for its own stream alone. */
  touch(id: string, streamPath: string, remoteAddress: string, nowMs: number): HlsSessionEntry | undefined {
    const session = this.#sessions.get(id) ?? this.#returned.get(returnKey(id, remoteAddress))
    if (session === undefined || session.streamPath !== streamPath) return undefined
    session.lastRequestMs = nowMs
    session.packaged.lastUseMs = nowMs
    return session
  }

  /** Whether a viewer may come back with an id: it is none of those here, nor one that was turned away. */
  isFree(id: string): boolean {
    return !this.#sessions.has(id) && !this.#kicked.has(id)
  }

  /** Turns a viewer away: its next requests are refused. @returns whether there was one. */
  kick(id: string): boolean {
    const session = this.#sessions.get(id)
    if (session === undefined) return false
    this.#end(id)
    this.#kicked.add(id)
    if (session.formerId !== undefined) this.#kicked.add(session.formerId)
    while (this.#kicked.size > this.#maxSessions) {
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

  #end(id: string): void {
    const session = this.#sessions.get(id)
    if (session === undefined) return
    this.#sessions.delete(id)
    session.leave()
  }

  #uncount(remoteAddress: string): void {
    const network = networkOf(remoteAddress)
    const left = (this.#networks.get(network) ?? 1) - 1
    if (left > 0) this.#networks.set(network, left)
    else this.#networks.delete(network)
  }
}

function returnKey(id: string, remoteAddress: string): string {
  return `${id} ${networkOf(remoteAddress)}`
}

/** 12 random bytes. */
export function newSessionId(): string {
  return randomBytes(12).toString('base64url')
}

/** Whether `id` looks like one of {@link newSessionId}. */
export function isSessionId(id: string | undefined): id is string {
  return id !== undefined && /^[\w-]{16}$/.test(id)
}
