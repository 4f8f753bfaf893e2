/**
 * Options of a hub, with their defaults.
 *
 * @module
 */
import type { Authorize } from './access.ts'
import type { Source } from './source.ts'
import { MAX_NAME_BYTES, type StreamPath } from './stream-path.ts'

/** Options of {@link Hub}. Everything has a default; a hub without options lets everybody in. */
export interface HubOptions {
  /** Decides who may publish and play. @defaultValue everybody may */
  readonly authorize?: Authorize
  /** A decision that takes longer is a reject, ms. @defaultValue 10000 */
  readonly authorizeTimeoutMs?: number
  /**
   * Makes a source appear for players that ask for one (edge, cluster, on demand): by publishing to this hub, or by returning a source
   * of any hub; `undefined` when it cannot. Asked once for all players that wait for a stream. `signal` aborts when none of them waits
   * any more or the time is up, not after success. @defaultValue none
   */
  readonly resolveSource?: (streamPath: StreamPath, signal: AbortSignal) => Promise<Source | undefined>
  /** An answer of `resolveSource` that takes longer is none, ms. @defaultValue 10000 */
  readonly resolveTimeoutMs?: number
  /** How long a player waits for a stream that nobody publishes yet, after `resolveSource` found nothing, ms; costs a waiting connection. @defaultValue 3000 */
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
  /** Most body bytes the log of one source holds; framed batches cost as much again per view that is watched. @defaultValue 67108864 */
  readonly maxCacheBytes?: number
  /** Most packets the log of one source holds. @defaultValue 16384 */
  readonly maxCachePackets?: number
  /** A player or consumer that lags further skips to the newest keyframe, ms. @defaultValue 3000 */
  readonly maxLagMs?: number
  /**
   * A player's sink is written to only while it has fewer queued bytes; a stalled player holds as much, and one batch (128 KiB or one
   * packet). Give it two flushes: twice bitrate × flush interval. @defaultValue 262144
   */
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
  /** Longest application and longest stream name, UTF-8 bytes each; what is longer is refused, whether published or played. @defaultValue 256 */
  readonly maxNameBytes?: number
}

/** All options, defaults filled in. */
export type ResolvedHubOptions = Required<Omit<HubOptions, 'resolveSource'>> &
  Pick<HubOptions, 'resolveSource'>

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

/** Numbers of which 0 makes no sense. The others may be 0. */
const AT_LEAST_1: ReadonlySet<string> = new Set([
  'gops',
  'maxCacheBytes',
  'maxCachePackets',
  'sinkBudgetBytes',
  'maxSources',
  'maxNameBytes',
])

/**
 * Fills in what is not given; `undefined` counts as not given.
 * @param present - where the rest comes from. @defaultValue the defaults
 * @throws RangeError for a number that is negative, none, or 0 where that makes no sense.
 */
export function resolveHubOptions(
  options: HubOptions,
  present: ResolvedHubOptions = DEFAULTS,
): ResolvedHubOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    const least = AT_LEAST_1.has(name) ? 1 : 0
    if (typeof value === 'number' && !(value >= least)) {
      throw new RangeError(`${name} is ${value}; at least ${least} is needed`)
    }
  }
  return { ...present, ...Object.fromEntries(given) }
}
