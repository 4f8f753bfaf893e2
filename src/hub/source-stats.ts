/**
 * What a source tells when asked.
 *
 * @module
 */
import type { FramingStats } from './batch-log.ts'
import type { FanOutStats } from './fan-out.ts'
import type { StreamPath } from './stream-path.ts'

/** Counters and facts of a {@link Source}. */
export interface SourceStats {
  /** `/app/name`. */
  readonly streamPath: StreamPath
  /** Whether somebody publishes now. */
  readonly live: boolean
  /** Publishers so far. */
  readonly publishCount: number
  /** Players attached, whatever their state. */
  readonly players: number
  /** In-process consumers. */
  readonly consumers: number
  /** Viewers counted by segment protocols such as HLS. */
  readonly viewers: number
  /** Body bytes received. */
  readonly receivedBytes: number
  /** Packets received. */
  readonly receivedPackets: number
  /** Body bytes in the log. */
  readonly cachedBytes: number
  /** Time span of the log, ms. */
  readonly cachedMs: number
  /** Bytes of framed batches, all views. */
  readonly batchBytes: number
  /** Views in use. */
  readonly views: number
  /** Batches framed so far and their sizes, views that are gone included. */
  readonly framing: FramingStats
  /** Bytes written to players that their transports have not taken yet. */
  readonly queuedBytes: number
  /** The largest lag of a player or consumer, ms. */
  readonly lagMs: number
  /** dts of the newest packet, ms. */
  readonly lastDts: number
  /** Jumps of publishers' clocks that were closed, and outliers. */
  readonly clockJumps: number
  /** Video packets that came before the first keyframe of their publisher and were dropped: nobody could show them. */
  readonly droppedBeforeKeyframe: number
  /** GOPs that outgrew the cache. */
  readonly oversizedGops: number
  /** Flushes so far and the times of rounds. */
  readonly fanOut: FanOutStats
}
