/**
 * Sums that only grow, for statistics.
 *
 * @module
 */
import type { Player } from './player.ts'

/** What went through a source or a hub so far, players that left and streams that are over included: these only grow. */
export interface StreamTotals {
  /** Body bytes received from publishers. */
  readonly receivedBytes: number
  /** Video frames received. */
  readonly receivedFrames: number
  /** Framed bytes handed to players, and those that segment protocols told of. */
  readonly sentBytes: number
  /** Publishers. */
  readonly publishes: number
  /** Players, and viewers of segment protocols. */
  readonly plays: number
  /** How often players fell behind and skipped to a keyframe. */
  readonly skips: number
  /** Packets that players passed over by that. */
  readonly skippedPackets: number
  /** Media time that players passed over by that, ms, one player's added to the other's. */
  readonly skippedMs: number
}

/** The part of {@link StreamTotals} that players make up. */
export interface PlayerTotals {
  sentBytes: number
  skips: number
  skippedPackets: number
  skippedMs: number
}

/** Nothing yet. */
export const NO_TOTALS: StreamTotals = {
  receivedBytes: 0,
  receivedFrames: 0,
  sentBytes: 0,
  publishes: 0,
  plays: 0,
  skips: 0,
  skippedPackets: 0,
  skippedMs: 0,
}

/** Adds what `player` did. */
export function addPlayer(totals: PlayerTotals, player: Player): void {
  const { sentBytes, skips, skippedPackets, skippedMs } = player.stats()
  totals.sentBytes += sentBytes
  totals.skips += skips
  totals.skippedPackets += skippedPackets
  totals.skippedMs += skippedMs
}

/** The sums of both. */
export function sumOf(a: StreamTotals, b: StreamTotals): StreamTotals {
  return {
    receivedBytes: a.receivedBytes + b.receivedBytes,
    receivedFrames: a.receivedFrames + b.receivedFrames,
    sentBytes: a.sentBytes + b.sentBytes,
    publishes: a.publishes + b.publishes,
    plays: a.plays + b.plays,
    skips: a.skips + b.skips,
    skippedPackets: a.skippedPackets + b.skippedPackets,
    skippedMs: a.skippedMs + b.skippedMs,
  }
}
