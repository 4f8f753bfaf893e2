/**
 * One who publishes or plays, whatever the protocol: what is known of it, and how it is sent away.
 *
 * @module
 */
import type { AccessRequest, Player, PlayerStats, Publisher, Source } from '../../hub/index.ts'
import type { RtmpConnection } from '../../node/index.ts'
import type { HlsHandler, HlsSession } from '../../packaging/index.ts'
import { ByteRate } from './byte-rate.ts'

/**
 * What a {@link Client} does: it publishes, plays over a connection, or comes for segments now and then
 * (HLS).
 */
export type ClientRole = 'publisher' | 'player' | 'viewer'

/** Figures of a {@link Client}. */
export interface ClientStats {
  /** Since it publishes or plays, ms. */
  readonly uptimeMs: number
  /** Bytes from it: on the wire for RTMP, bodies for publishers of the application's own. */
  readonly receivedBytes: number
  /** Bytes to it. */
  readonly sentBytes: number
  /** Lag and skips; `undefined` for all but players over a connection. */
  readonly player: PlayerStats | undefined
}

/** A publisher, player or viewer. */
export class Client {
  /** Unguessable id, the one that callbacks and logs have. */
  readonly id: string
  /** What it does. */
  readonly role: ClientRole
  /** Name of its virtual host. */
  readonly vhost: string
  /** Its stream. */
  readonly source: Source
  /** What it asked for; `undefined` for publishers and players of the application's own. */
  readonly request: AccessRequest | undefined
  /** Its RTMP connection, if it has one and the server is known. */
  readonly connection: RtmpConnection | undefined
  readonly #look: () => ClientStats
  readonly #kick: () => void
  readonly #received: ByteRate
  readonly #sent: ByteRate

  /** @internal */
  constructor(facts: ClientInfo, nowMs: number) {
    this.id = facts.id
    this.role = facts.role
    this.vhost = facts.vhost
    this.source = facts.source
    this.request = facts.request
    this.connection = facts.connection
    this.#look = facts.look
    this.#kick = facts.kick
    const sinceMs = nowMs - facts.look().uptimeMs
    this.#received = new ByteRate(sinceMs)
    this.#sent = new ByteRate(sinceMs)
  }

  /** How it is connected: `rtmp`, `http-flv` …, `internal` for the application's own. */
  get protocol(): string {
    return this.request?.protocol ?? 'internal'
  }

  /** Figures of now. */
  figures(): ClientStats {
    return this.#look()
  }

  /** Bitrates over the last half minute. @internal */
  kbps(figures: ClientStats, nowMs: number): { readonly received: number; readonly sent: number } {
    return {
      received: this.#received.kbps(nowMs, figures.receivedBytes),
      sent: this.#sent.kbps(nowMs, figures.sentBytes),
    }
  }

  /**
   * Disconnects it: its connection is closed, or its next request refused. It may return; admission decides
   * again.
   */
  kick(): void {
    this.#kick()
  }

  /** Notes its totals. @internal */
  sample(nowMs: number): void {
    const { receivedBytes, sentBytes } = this.#look()
    this.#received.sample(nowMs, receivedBytes)
    this.#sent.sample(nowMs, sentBytes)
  }
}

/** What a {@link Client} is made from. */
export interface ClientInfo {
  readonly id: string
  readonly role: ClientRole
  readonly vhost: string
  readonly source: Source
  readonly request: AccessRequest | undefined
  readonly connection: RtmpConnection | undefined
  readonly look: () => ClientStats
  readonly kick: () => void
}

/** A publisher. */
export function publisherFacts(
  id: string,
  vhost: string,
  source: Source,
  publisher: Publisher,
  connection: RtmpConnection | undefined,
): ClientInfo {
  // What publishers before it sent is the stream's, not its own.
  const { publishes, receivedBytes: before } = source.totals()
  const ownFrom = publishes > 1 ? before : 0
  return {
    id,
    role: 'publisher',
    vhost,
    source,
    request: publisher.request,
    connection,
    look: () => ({
      uptimeMs: source.uptimeMs,
      receivedBytes: connection?.session.receivedBytes ?? source.stats().receivedBytes - ownFrom,
      sentBytes: connection?.session.sentBytes ?? 0,
      player: undefined,
    }),
    kick: () => publisher.kick(),
  }
}

/** A player over a connection. */
export function playerFacts(
  id: string,
  vhost: string,
  source: Source,
  player: Player,
  connection: RtmpConnection | undefined,
): ClientInfo {
  return {
    id,
    role: 'player',
    vhost,
    source,
    request: player.request,
    connection,
    look: () => {
      const stats = player.stats()
      return {
        uptimeMs: player.uptimeMs,
        receivedBytes: connection?.session.receivedBytes ?? 0,
        sentBytes: stats.sentBytes,
        player: stats,
      }
    },
    kick: () => player.kick(),
  }
}

/** An HLS viewer. */
export function viewerFacts(id: string, vhost: string, handler: HlsHandler, viewer: HlsSession): ClientInfo {
  return {
    id,
    role: 'viewer',
    vhost,
    source: viewer.source,
    request: viewer.request,
    connection: undefined,
    look: () => ({
      uptimeMs: performance.now() - viewer.sinceMs,
      receivedBytes: 0,
      sentBytes: viewer.sentBytes,
      player: undefined,
    }),
    kick: () => void handler.kick(viewer.id),
  }
}
