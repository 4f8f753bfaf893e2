/**
 * What {@link MetricsHandler} takes.
 *
 * @module
 */
import { z } from 'zod'
import { RecentRefusals } from '../admission/recent-refusals.ts'
import { httpAuthentication } from '../authentication/http-gate.schema.ts'
import type { OptionsSchema } from '../parse-options.ts'
import type { MetricsHandlerOptions } from './metrics-handler.ts'
import { Statistics } from '../statistics/statistics.ts'

/** Options of `MetricsHandler`. */
export const metricsHandlerOptions = z.strictObject({
  statistics: z.instanceof(Statistics),
  authentication: httpAuthentication,
  path: z.string().startsWith('/').default('/metrics'),
  maxStreamLabels: z.int().nonnegative().default(200),
  refusals: z.instanceof(RecentRefusals).optional(),
  srsNames: z.boolean().default(false),
}) satisfies OptionsSchema<MetricsHandlerOptions, unknown>
