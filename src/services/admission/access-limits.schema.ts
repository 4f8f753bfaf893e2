/**
 * What {@link AccessLimits}, {@link BitrateLimit} and {@link IdleLimit} take.
 *
 * @module
 */
import { z } from 'zod'
import { type Clock, systemClock } from '../../hub/index.ts'
import type { OptionsSchema } from '../parse-options.ts'
import type { AccessLimitsOptions } from './access-limits.ts'
import type { BitrateLimitOptions } from './bitrate-limit.ts'
import type { IdleLimitOptions } from './idle-limit.ts'

/** A number of things; zod's integers are finite. */
const count = z.union([z.int().nonnegative(), z.literal(Infinity)]).default(Infinity)

/** Bounds of `AccessLimits`. */
export const accessLimitsOptions = z.strictObject({
  maxStreams: count,
  maxPlayers: count,
  maxPlayersPerStream: count,
  maxPlayersPerAddress: count,
  maxConnectionsPerAddress: count,
}) satisfies OptionsSchema<AccessLimitsOptions>

const clock = z
  .custom<Clock>((value) => typeof value === 'object' && value !== null)
  .default(() => systemClock)

/** Bounds of `BitrateLimit`. */
export const bitrateLimitOptions = z.strictObject({
  maxKbps: z.number().positive(),
  windowMs: z.number().min(100).default(10_000),
  clock,
}) satisfies OptionsSchema<BitrateLimitOptions>

/** Bounds of `IdleLimit`. */
export const idleLimitOptions = z.strictObject({
  maxIdleMs: z.number().positive(),
  clock,
}) satisfies OptionsSchema<IdleLimitOptions>
