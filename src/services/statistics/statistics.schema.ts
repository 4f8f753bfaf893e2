/**
 * What {@link Statistics} takes.
 *
 * @module
 */
import { z } from 'zod'
import { type Clock, Hub, systemClock } from '../../hub/index.ts'
import { LiveHandler, RtmpServer } from '../../node/index.ts'
import { HlsHandler } from '../../packaging/index.ts'
import { ServerIdentity } from '../identity/index.ts'
import type { OptionsSchema } from '../parse-options.ts'
import type { StatisticsOptions } from './statistics.ts'

const hubList = z.custom<() => Iterable<readonly [string, Hub]>>((value) => typeof value === 'function')

const rtmpServers = z.array(z.instanceof(RtmpServer)).readonly()
const liveHandlers = z.array(z.instanceof(LiveHandler)).readonly()
const hlsHandlers = z
  .array(z.instanceof(HlsHandler))
  .readonly()
  .transform((list) => () => list)
const hlsList = z.custom<() => Iterable<HlsHandler>>((value) => typeof value === 'function')

/** Options of `Statistics`. */
export const statisticsOptions = z.strictObject({
  hub: z.union([z.instanceof(Hub), hubList]),
  rtmp: z.union([rtmpServers, z.instanceof(RtmpServer).transform((one) => [one])]).default([]),
  live: z.union([liveHandlers, z.instanceof(LiveHandler).transform((one) => [one])]).default([]),
  hls: z
    .union([hlsHandlers, hlsList, z.instanceof(HlsHandler).transform((one) => () => [one])])
    .default(() => () => []),
  identity: z.instanceof(ServerIdentity).optional(),
  sampleIntervalMs: z.number().min(1_000).max(30_000).default(10_000),
  clock: z.custom<Clock>((value) => typeof value === 'object' && value !== null).default(() => systemClock),
}) satisfies OptionsSchema<StatisticsOptions, unknown>
