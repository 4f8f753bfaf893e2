/**
 * What the options of {@link Snapshots} may be.
 *
 * @module
 */
import { z } from 'zod'
import { type Clock, Hub, systemClock } from '../../hub/index.ts'
import type { OptionsSchema } from '../parse-options.ts'
import type { SnapshotsOptions } from './snapshots-options.ts'
import { streamPatterns } from './stream-template.schema.ts'

const count = z.int().positive()

/** Options with their defaults. */
export const snapshotsOptions = z.strictObject({
  hub: z.instanceof(Hub),
  match: streamPatterns,
  intervalMs: z.number().min(100).optional(),
  width: z.int().min(16).max(16_384).multipleOf(2, 'even').optional(),
  quality: z.int().min(2).max(31).default(5),
  minAgeMs: z.number().nonnegative().default(1_000),
  snapshotTimeoutMs: z.number().positive().default(10_000),
  maxConcurrent: count.default(2),
  maxWaiting: count.default(64),
  maxSnapshotBytes: count.default(8_388_608),
  maxPixels: count.default(35_389_440),
  niceness: z.int().min(-20).max(19).default(10),
  ffmpeg: z.string().min(1).default('ffmpeg'),
  clock: z.custom<Clock>((value) => typeof value === 'object' && value !== null).default(() => systemClock),
}) satisfies OptionsSchema<SnapshotsOptions, unknown>

/** What a caller of the API may say. */
export const seriesOptions = z.strictObject({ intervalMs: z.number().min(1_000).max(86_400_000).optional() })

/** All options. */
export type ResolvedSnapshotsOptions = z.output<typeof snapshotsOptions>
