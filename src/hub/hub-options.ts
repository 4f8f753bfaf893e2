/**
 * Options of a hub, with their defaults.
 *
 * @module
 */
import type { Authorize } from './access.ts'
import {
  A_BOOLEAN,
  A_FUNCTION,
  aNumber,
  checkOptions,
  type Given,
  oneOf,
  type OptionChecks,
} from './check-options.ts'
import type { Source } from './source.ts'
import { MAX_NAME_BYTES, type StreamPath } from './stream-path.ts'

/** Options of {@link Hub}. Everything has a default; a hub without options lets everybody in. */
export interface HubOptions {
  /** Decides who may publish and play. @defaultValue everybody may */
  readonly authorize?: Authorize | undefined
  /** A decision that takes longer is a reject, ms. @defaultValue 10000 */
  readonly authorizeTimeoutMs?: number | undefined
  /**
   * Makes a source appear for players that ask for one (edge, cluster, on demand): by publishing to this hub, or by returning a source
   * of any hub; `undefined` when it cannot. Asked once for all players that wait for a stream. `signal` aborts when none of them waits
   * any more or the time is up, not after success. @defaultValue none
   */
  readonly resolveSource?:
    | ((streamPath: StreamPath, signal: AbortSignal) => Promise<Source | undefined>)
    | undefined
  /** An answer of `resolveSource` that takes longer is none, ms. @defaultValue 10000 */
  readonly resolveTimeoutMs?: number | undefined
  /** How long a player waits for a stream that nobody publishes yet, after `resolveSource` found nothing, ms; costs a waiting connection. @defaultValue 3000 */
  readonly publisherWaitMs?: number | undefined
  /** How long a source outlives its publisher, so that a reconnect disconnects nobody, ms. @defaultValue 10000 */
  readonly graceMs?: number | undefined
  /** What happens if a second publisher uses the same stream path. @defaultValue 'refuse' */
  readonly secondPublisher?: 'refuse' | 'take-over' | undefined
  /** Where a player begins: with the cached GOP, or at the next keyframe for least delay. @defaultValue 'gop' */
  readonly start?: 'gop' | 'keyframe' | undefined
  /** GOPs kept for joining players, at least 1. Costs their bytes, once per view. @defaultValue 1 */
  readonly gops?: number | undefined
  /** Longest time the log spans, ms. @defaultValue 30000 */
  readonly maxCacheMs?: number | undefined
  /** Most body bytes the log of one source holds; framed batches cost as much again per view that is watched. @defaultValue 67108864 */
  readonly maxCacheBytes?: number | undefined
  /** Most packets the log of one source holds. @defaultValue 16384 */
  readonly maxCachePackets?: number | undefined
  /** A player or consumer that lags further skips to the newest keyframe, ms. @defaultValue 3000 */
  readonly maxLagMs?: number | undefined
  /**
   * A player's sink is written to only while it has fewer queued bytes; a stalled player holds as much, and one batch (128 KiB or one
   * packet). Give it two flushes: twice bitrate × flush interval. @defaultValue 262144
   */
  readonly sinkBudgetBytes?: number | undefined
  /** Longest time a packet is held for a video packet to ride along with, ms. @defaultValue 50 */
  readonly maxHoldMs?: number | undefined
  /** Least time between two flushes, ms: 0 least delay, 100 to 350 least CPU. @defaultValue 0 */
  readonly minFlushIntervalMs?: number | undefined
  /** A step ahead of a publisher's clock beyond this is closed, ms. @defaultValue 10000 */
  readonly maxJumpMs?: number | undefined
  /** Keep the publisher's own timestamps. @defaultValue false */
  readonly atc?: boolean | undefined
  /** Most sources at a time; a publish beyond is refused. @defaultValue 10000 */
  readonly maxSources?: number | undefined
  /** Longest application and longest stream name, UTF-8 bytes each; what is longer is refused, whether published or played. @defaultValue 256 */
  readonly maxNameBytes?: number | undefined
}

/** All options, defaults filled in. */
export type ResolvedHubOptions = Given<Omit<HubOptions, 'resolveSource'>> & Pick<HubOptions, 'resolveSource'>

const DEFAULTS: ResolvedHubOptions = {
  authorize: () => true,
  authorizeTimeoutMs: 10_000,
  resolveTimeoutMs: 10_000,
  publisherWaitMs: 3_000,
  graceMs: 10_000,
  secondPublisher: 'refuse',
  start: 'gop',
  gops: 1,
  maxCacheMs: 30_000,
  maxCacheBytes: 64 * 1024 * 1024,
  maxCachePackets: 16_384,
  maxLagMs: 3_000,
  sinkBudgetBytes: 256 * 1024,
  maxHoldMs: 50,
  minFlushIntervalMs: 0,
  maxJumpMs: 10_000,
  atc: false,
  maxSources: 10_000,
  maxNameBytes: MAX_NAME_BYTES,
}

const CHECKS: OptionChecks<HubOptions> = {
  authorize: A_FUNCTION,
  authorizeTimeoutMs: aNumber(),
  resolveSource: A_FUNCTION,
  resolveTimeoutMs: aNumber(),
  publisherWaitMs: aNumber(),
  graceMs: aNumber(),
  secondPublisher: oneOf('refuse', 'take-over'),
  start: oneOf('gop', 'keyframe'),
  gops: aNumber(1),
  maxCacheMs: aNumber(),
  maxCacheBytes: aNumber(1),
  maxCachePackets: aNumber(1),
  maxLagMs: aNumber(),
  sinkBudgetBytes: aNumber(1),
  maxHoldMs: aNumber(),
  minFlushIntervalMs: aNumber(),
  maxJumpMs: aNumber(),
  atc: A_BOOLEAN,
  maxSources: aNumber(1),
  maxNameBytes: aNumber(1),
}

/**
 * Fills in what is not given; `undefined` counts as not given.
 * @param present - where the rest comes from. @defaultValue the defaults
 * @throws TypeError, RangeError as {@link checkOptions}.
 */
export function resolveHubOptions(
  options: HubOptions,
  present: ResolvedHubOptions = DEFAULTS,
): ResolvedHubOptions {
  checkOptions('Hub', options, CHECKS)
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...present, ...Object.fromEntries(given) }
}
