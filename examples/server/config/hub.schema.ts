/**
 * Section `hub`: how streams are kept and handed out.
 *
 * @module
 */
import { z } from 'zod'
import { count, ms } from './fields.ts'

/** Streams of a virtual host. */
export const hubSection = z
  .strictObject({
    graceMs: ms
      .default(10_000)
      .describe('How long a stream outlives its publisher, so that a reconnect disconnects nobody'),
    publisherWaitMs: ms.default(3_000).describe('How long a player waits for a stream that does not exist'),
    secondPublisher: z
      .enum(['refuse', 'take-over'])
      .default('refuse')
      .describe('What happens if a second publisher uses the same stream path'),
    start: z
      .enum(['gop', 'keyframe'])
      .default('gop')
      .describe('Where a player begins: with the cached GOP, or at the next keyframe for least delay'),
    gops: count.default(1).describe('GOPs kept for joining players'),
    maxLagMs: ms.default(3_000).describe('A player that lags further skips to the newest keyframe'),
    minFlushIntervalMs: ms
      .default(0)
      .describe('Least time between two writes to a player: 0 least delay, 100 to 350 least CPU'),
    maxCacheMs: ms.default(30_000).describe('Longest time that the log of a stream spans'),
    maxNameBytes: count
      .default(256)
      .describe('Longest application and longest stream name, UTF-8 bytes each; longer ones are refused'),
    atc: z.boolean().default(false).describe("Keep the publisher's own timestamps"),
  })
  .describe('How streams are kept and distributed; see [Tune latency and throughput](../guides/tuning.md)')
  .meta({
    reload:
      'Streams continue. Bounds and flush policy change at once, everything else applies from the next player, publisher or decision',
  })
