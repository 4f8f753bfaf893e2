/**
 * What {@link AccessLimits} and {@link BitrateLimit} take.
 *
 * @module
 */
import { z } from 'zod'
import { type Clock, systemClock } from '../../hub/index.ts'
import type { OptionsSchema } from '../parse-options.ts'
import type { AccessLimitsOptions } from './access-limits.ts'
import type { BitrateLimitOptions } from './bitrate-limit.ts'

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

/** Bounds of `BitrateLimit`. */
export const bitrateLimitOptions = z.strictObject({
  maxKbps: z.number().positive(),
  windowMs: z.number().min(100).default(10_000),
  clock: z.custom<Clock>((value) => typeof value === 'object' && value !== null).default(() => systemClock),
}) satisfies OptionsSchema<BitrateLimitOptions>
