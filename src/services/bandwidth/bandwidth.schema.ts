/**
 * What {@link RtmpBandwidthCheck} and {@link BandwidthHandler} take.
 *
 * @module
 */
import { z } from 'zod'
import { type Clock, systemClock } from '../../hub/index.ts'
import { httpAuthentication } from '../authentication/internal.ts'
import type { OptionsSchema } from '../parse-options.ts'
import type { BandwidthHandlerOptions } from './bandwidth-handler.ts'
import type { RtmpBandwidthCheckOptions } from './rtmp-bandwidth-check.ts'

const clock = z
  .custom<Clock>(
    (value) => typeof (value as Clock | undefined)?.setTimeout === 'function',
    'Expected a clock',
  )
  .default(() => systemClock)

/** Options of `RtmpBandwidthCheck`. */
export const rtmpBandwidthCheckOptions = z.strictObject({
  key: z.string().min(1),
  intervalMs: z.number().nonnegative().default(30_000),
  limitKbps: z.number().positive().default(1_000),
  durationMs: z.number().positive().max(10_000).default(3_000),
  answerTimeoutMs: z.number().positive().default(10_000),
  maxChecks: z.int().positive().default(4),
  clock,
}) satisfies OptionsSchema<RtmpBandwidthCheckOptions>

/** Options of `BandwidthHandler`. */
export const bandwidthHandlerOptions = z.strictObject({
  authentication: httpAuthentication,
  prefix: z.string().startsWith('/').default('/bandwidth'),
  maxBytes: z.int().positive().default(104_857_600),
  maxDurationMs: z.number().positive().default(10_000),
  maxTransfers: z.int().positive().default(8),
  cors: z.union([z.string(), z.literal(false)]).default('*'),
  clock,
}) satisfies OptionsSchema<BandwidthHandlerOptions>
