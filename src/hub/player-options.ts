/**
 * How a player is attached, and what it tells when asked.
 *
 * @module
 */
import type { TrackFilter, ViewFormat } from '../media/index.ts'
import type { AccessRequest } from './access.ts'

/** How a player is attached. */
export interface PlayerOptions {
  /** Wire format: `RTMP_VIEW`, `FLV_VIEW` … */
  readonly format: ViewFormat
  /** Which tracks. @defaultValue 'default' */
  readonly tracks?: TrackFilter | undefined
  /** Begin with the cached GOP (`gop`, a picture at once) or wait for the next keyframe (`keyframe`, least delay). @defaultValue the hub's `start` */
  readonly start?: 'gop' | 'keyframe' | undefined
  /** GOPs to go back beyond the newest, as far as cached. @defaultValue 0 */
  readonly gopsBack?: number | undefined
  /** Lag beyond which the player skips to the newest keyframe, ms. @defaultValue the hub's `maxLagMs` */
  readonly maxLagMs?: number | undefined
  /** The sink is written to only while it has fewer queued bytes. @defaultValue the hub's `sinkBudgetBytes` */
  readonly sinkBudgetBytes?: number | undefined
  /** What the peer asked for, when it came in by admission; shown to whoever lists the players. */
  readonly request?: AccessRequest | undefined
  /** Anything of the caller's, shown in {@link PlayerStats}. */
  readonly userData?: unknown
}

/** Counters of a {@link Player}. */
export interface PlayerStats {
  /** What it does now. */
  readonly state: PlayerState
  /** Name of its wire format. */
  readonly format: string
  /** The tracks it asked for. */
  readonly tracks: TrackFilter
  /** Bytes handed to the sink. */
  readonly sentBytes: number
  /** Writes to the sink: a batch each, and join bytes. `sentBytes / sentBatches` is their mean size. */
  readonly sentBatches: number
  /** Bytes the transport has not taken yet. */
  readonly queuedBytes: number
  /** How far the stream has gone on, by dts, since the next packet to send came, ms; once the log has dropped that one, since the last that was sent. */
  readonly lagMs: number
  /** How often it fell behind and skipped to a keyframe; a pause does not count. */
  readonly skips: number
  /** Packets of the source passed over by that, whatever their track. */
  readonly skippedPackets: number
  /** Media time passed over by that, ms. */
  readonly skippedMs: number
  /** The caller's own data. */
  readonly userData: unknown
}

/** `waiting` for a keyframe, `playing`, `paused` by its user, `closed`. */
export type PlayerState = 'waiting' | 'playing' | 'paused' | 'closed'

/** Options that all players of a server have in common. */
export type PlayerDefaults = Pick<PlayerOptions, 'start' | 'gopsBack' | 'maxLagMs' | 'sinkBudgetBytes'>
