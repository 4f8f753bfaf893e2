/**
 * What {@link MetricsHandler} takes.
 *
 * @module
 */
import { z } from 'zod'
import { RecentRefusals } from '../admission/index.ts'
import { httpAuthentication } from '../authentication/internal.ts'
import { Statistics } from '../statistics/index.ts'
import type { OptionsSchema } from '../parse-options.ts'
import type { MetricsHandlerOptions } from './metrics-handler.ts'

/** Options of `MetricsHandler`. */
export const metricsHandlerOptions = z.strictObject({
  statistics: z.instanceof(Statistics),
  authentication: httpAuthentication,
  path: z.string().startsWith('/').default('/metrics'),
  maxStreamLabels: z.int().nonnegative().default(200),
  refusals: z.instanceof(RecentRefusals).optional(),
  srsNames: z.boolean().default(false),
}) satisfies OptionsSchema<MetricsHandlerOptions, unknown>
