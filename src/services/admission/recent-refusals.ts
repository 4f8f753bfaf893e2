/**
 * Who was refused lately, and why.
 *
 * @module
 */
import { type AccessRequest, type Hub, shownApp } from '../../hub/index.ts'
import type { RtmpRefusal, RtmpServer } from '../../node/index.ts'
import { DEFAULT_VHOST, resolveStreamTarget } from '../../rtmp/internal.ts'
import { A_FUNCTION, checkOptions, type OptionChecks } from '../../hub/internal.ts'
import { finite } from './option-checks.ts'

/** Options of {@link RecentRefusals}. */
export interface RecentRefusalsOptions {
  /** Most refusals that are kept, at up to 2 kB each; the one that was not repeated for longest is forgotten. @defaultValue 200 */
  readonly maxRefusals?: number
  /** Time in ms since 1970, for tests. @defaultValue `Date.now` */
  readonly now?: () => number
}

const CHECKS: OptionChecks<RecentRefusalsOptions> = {
  maxRefusals: finite('a whole number, at least 1', (value) => Number.isInteger(value) && value >= 1),
  now: A_FUNCTION,
}

/** A peer that was refused, once or several times in the same way. What it said is cut to 256 characters. */
export interface Refusal {
  /** When it was last, ms since 1970. */
  readonly lastMs: number
  /** When it was first, ms since 1970. */
  readonly firstMs: number
  /** How often. */
  readonly times: number
  /** What it asked for. */
  readonly action: 'connect' | 'publish' | 'play'
  /** How it is connected: `rtmp`, `http-flv` … */
  readonly protocol: string
  /** Name of the virtual host that it was for. */
  readonly vhost: string
  /** Application; of a player whole, of others its first part, as a secret key may follow. */
  readonly app: string
  /** `/app/name` of what it wanted to play. A publisher's is left out: it may be a secret key. */
  readonly streamPath: string
  /** Its address. */
  readonly remoteAddress: string
  /** Its id in callbacks and logs, the last time; `''` where there is none. */
  readonly clientId: string
  /** `flashVer` or User-Agent. */
  readonly agent: string
  /** Where it was embedded, without query. */
  readonly pageUrl: string
  /** Why, in the words that the peer was given. */
  readonly reason: string
}

/** Peers send names and agents of any length. */
const MAX_TEXT = 256

/**
 * Keeps who was refused: by a decision of a hub, for want of the stream or its name, and by an RTMP server before a hub was asked. One
 * who comes again and again is one entry.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { RtmpServer } from 'millrace/node'
 * import { RecentRefusals } from 'millrace/services/admission'
 * import { HttpApi } from 'millrace/services/http-api'
 * import { Statistics } from 'millrace/services/statistics'
 *
 * const hub = new Hub()
 * const rtmp = new RtmpServer({ hub })
 * const refusals = new RecentRefusals()
 * refusals.watchHub(hub)
 * refusals.watchRtmp(rtmp)
 * const statistics = new Statistics({ hub, rtmp })
 * const api = new HttpApi({ statistics, refusals, authentication: 'loopback' })
 * ```
 */
export class RecentRefusals {
  readonly #maxRefusals: number
  readonly #now: () => number
  /** By who, what and why; the latest last. */
  readonly #refusals: Map<string, Refusal>
  readonly #totals: Record<Refusal['action'], number>

  /**
   * @param options - the bound.
   * @throws TypeError for options that are none.
   */
  constructor(options: RecentRefusalsOptions = {}) {
    checkOptions('RecentRefusals', options, CHECKS)
    this.#maxRefusals = options.maxRefusals ?? 200
    this.#now = options.now ?? Date.now
    this.#refusals = new Map()
    this.#totals = { connect: 0, publish: 0, play: 0 }
  }

  /** Refusals so far, also those that are forgotten. */
  get total(): number {
    const { connect, publish, play } = this.#totals
    return connect + publish + play
  }

  /** Refusals so far, by what was asked for. */
  get totals(): Readonly<Record<Refusal['action'], number>> {
    return this.#totals
  }

  /** What is kept, the latest first. */
  list(): Refusal[] {
    return Array.from(this.#refusals.values()).toReversed()
  }

  /**
   * Keeps the refusals of a hub.
   * @param vhost - name of its virtual host. @defaultValue '__defaultVhost__'
   * @returns ends it; what is kept stays.
   */
  watchHub(hub: Hub, vhost: string = DEFAULT_VHOST): () => void {
    const add = (request: AccessRequest, reason: string): void => this.#add(ofRequest(request, vhost, reason))
    const onRefuse: Parameters<typeof hub.on<'refuse'>>[1] = (request, decision) =>
      add(request, decision.type === 'reject' ? decision.reason : 'redirected')
    hub.on('refuse', onRefuse)
    hub.on('fail', add)
    return () => {
      hub.off('refuse', onRefuse)
      hub.off('fail', add)
    }
  }

  /**
   * Keeps the refusals of an RTMP server before a hub was asked.
   * @param nameOf - the name of the virtual host by what the peer said. @defaultValue what the peer said
   * @returns ends it; what is kept stays.
   */
  watchRtmp(
    server: RtmpServer,
    nameOf: (vhost: string) => string | undefined = (vhost) => vhost,
  ): () => void {
    const onRefuse = (refusal: RtmpRefusal): void => this.#add(ofRtmp(refusal, nameOf))
    server.on('refuse', onRefuse)
    return () => server.off('refuse', onRefuse)
  }

  #add(given: RefusalInfo): void {
    const entries = Object.entries(given).map(([name, text]) => [name, text.slice(0, MAX_TEXT)])
    const facts = Object.fromEntries(entries) as unknown as RefusalInfo
    const { clientId: _, ...same } = facts
    const key = JSON.stringify(Object.values(same))
    const lastMs = this.#now()
    const before = this.#refusals.get(key)
    this.#refusals.delete(key)
    this.#refusals.set(key, {
      ...facts,
      lastMs,
      firstMs: before?.firstMs ?? lastMs,
      times: (before?.times ?? 0) + 1,
    })
    this.#totals[facts.action]++
    if (this.#refusals.size <= this.#maxRefusals) return
    for (const oldest of this.#refusals.keys()) {
      this.#refusals.delete(oldest)
      return
    }
  }
}

/** What a peer said, was and heard. */
type RefusalInfo = Omit<Refusal, 'firstMs' | 'lastMs' | 'times'>

function ofRequest(request: AccessRequest, vhost: string, reason: string): RefusalInfo {
  const { action, protocol, app, streamPath, remoteAddress, clientId = '', pageUrl, details } = request
  return {
    action,
    protocol,
    vhost,
    app: action === 'play' ? app : shownApp(app),
    streamPath: action === 'play' ? streamPath : '',
    remoteAddress,
    clientId,
    agent: textOf(details['flashVer'] ?? details['user-agent']),
    pageUrl: withoutQuery(pageUrl),
    reason,
  }
}

function ofRtmp(
  { action, connect, connection, remoteAddress, reason }: RtmpRefusal,
  nameOf: (vhost: string) => string | undefined,
): RefusalInfo {
  const { vhost, app } = resolveStreamTarget({ tcUrl: connect?.tcUrl ?? '', app: connect?.app ?? '' })
  return {
    action,
    protocol: 'rtmp',
    vhost: nameOf(vhost) ?? vhost,
    app: shownApp(app),
    streamPath: '',
    remoteAddress,
    clientId: connection?.clientId ?? '',
    agent: connect?.flashVer ?? '',
    pageUrl: withoutQuery(connect?.pageUrl ?? ''),
    reason,
  }
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '')
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
