/**
 * Options of a hub, with their defaults.
 *
 * @module
 */
import type { Authorize } from './access.ts'
import type { Source } from './source.ts'

/** Options of {@link Hub}. Everything has a default; a hub without options lets everybody in. */
export interface HubOptions {
  /** Decides who may publish and play. @defaultValue everybody may */
  readonly authorize?: Authorize
  /** A decision that takes longer is a reject, ms. @defaultValue 10000 */
  readonly authorizeTimeoutMs?: number
  /** Makes a source appear for a player (edge, on demand); `undefined` when it cannot. @defaultValue none */
  readonly resolveSource?: (streamPath: string, signal: AbortSignal) => Promise<Source | undefined>
  /** How long a player waits for a stream that nobody publishes yet, ms; costs a waiting connection. @defaultValue 3000 */
  readonly publisherWaitMs?: number
  /** How long a source outlives its publisher, so that a reconnect kicks nobody, ms. @defaultValue 10000 */
  readonly graceMs?: number
  /** What happens when a stream that is being published is published again. @defaultValue 'refuse' */
  readonly secondPublisher?: 'refuse' | 'take-over'
  /** Where a player begins: with the cached GOP, or at the next keyframe for least delay. @defaultValue 'gop' */
  readonly start?: 'gop' | 'keyframe'
  /** GOPs kept for joining players, at least 1. Costs their bytes, once per view. @defaultValue 1 */
  readonly gops?: number
  /** Longest time the log spans, ms. @defaultValue 30000 */
  readonly maxCacheMs?: number
  /** Most body bytes the log of one source holds; framed batches cost as much again per view. @defaultValue 67108864 */
  readonly maxCacheBytes?: number
  /** Most packets the log of one source holds. @defaultValue 16384 */
  readonly maxCachePackets?: number
  /** A player or consumer that lags further skips to the newest keyframe, ms. @defaultValue 3000 */
  readonly maxLagMs?: number
  /** A player's sink is written to only while it has fewer queued bytes; memory of a stalled player. @defaultValue 262144 */
  readonly sinkBudgetBytes?: number
  /** Longest time a packet is held for a video packet to ride along with, ms. @defaultValue 50 */
  readonly maxHoldMs?: number
  /** Least time between two flushes, ms: 0 least delay, 100 to 350 least CPU. @defaultValue 0 */
  readonly minFlushIntervalMs?: number
  /** A step ahead of a publisher's clock beyond this is closed, ms. @defaultValue 10000 */
  readonly maxJumpMs?: number
  /** Keep the publisher's own timestamps. @defaultValue false */
  readonly atc?: boolean
  /** Most sources at a time; a publish beyond is refused. @defaultValue 10000 */
  readonly maxSources?: number
}

/** All options, defaults filled in. @internal */
export function resolveHubOptions(options: HubOptions): Required<HubOptions> {
  return {
    authorize: options.authorize ?? (() => true),
    authorizeTimeoutMs: options.authorizeTimeoutMs ?? 10_000,
    resolveSource: options.resolveSource ?? (() => Promise.resolve(undefined)),
    publisherWaitMs: options.publisherWaitMs ?? 3_000,
    graceMs: options.graceMs ?? 10_000,
    secondPublisher: options.secondPublisher ?? 'refuse',
    start: options.start ?? 'gop',
    gops: options.gops ?? 1,
    maxCacheMs: options.maxCacheMs ?? 30_000,
    maxCacheBytes: options.maxCacheBytes ?? 64 * 1024 * 1024,
    maxCachePackets: options.maxCachePackets ?? 16_384,
    maxLagMs: options.maxLagMs ?? 3_000,
    sinkBudgetBytes: options.sinkBudgetBytes ?? 256 * 1024,
    maxHoldMs: options.maxHoldMs ?? 50,
    minFlushIntervalMs: options.minFlushIntervalMs ?? 0,
    maxJumpMs: options.maxJumpMs ?? 10_000,
    atc: options.atc ?? false,
    maxSources: options.maxSources ?? 10_000,
  }
}
