/**
 * What {@link RecentRefusals} takes.
 *
 * @module
 */
import { z } from 'zod'
import type { OptionsSchema } from '../parse-options.ts'
import type { RecentRefusalsOptions } from './recent-refusals.ts'

/** Bounds of `RecentRefusals`. */
export const recentRefusalsOptions = z.strictObject({
  maxRefusals: z.int().positive().default(200),
  now: z.custom<() => number>((value) => typeof value === 'function').default(() => Date.now),
}) satisfies OptionsSchema<RecentRefusalsOptions>
