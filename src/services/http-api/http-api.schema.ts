/**
 * What {@link HttpApi} takes.
 *
 * @module
 */
import { z } from 'zod'
import { RecentRefusals } from '../admission/index.ts'
import { httpAuthentication } from '../authentication/internal.ts'
import { Statistics } from '../statistics/index.ts'
import { StreamServices } from '../control/index.ts'
import type { OptionsSchema } from '../parse-options.ts'
import type { ApiAction, HttpApiOptions } from './http-api.ts'
import type { ReloadConfiguration } from './service-routes.ts'

const isFunction = (value: unknown): boolean => typeof value === 'function'

/** Options of `HttpApi`. */
export const httpApiOptions = z.strictObject({
  statistics: z.instanceof(Statistics),
  authentication: httpAuthentication,
  prefix: z
    .string()
    .regex(/^(\/.*[^/])?$/, 'must begin with a slash and not end with one')
    .default(''),
  cors: z.union([z.string().min(1), z.literal(false)]).optional(),
  jsonp: z.boolean().default(false),
  maxBodyBytes: z.int().positive().default(65_536),
  bodyTimeoutMs: z.number().positive().default(10_000),
  maxPageCount: z.int().positive().default(1_000),
  services: z.instanceof(StreamServices).optional(),
  refusals: z.instanceof(RecentRefusals).optional(),
  reload: z.custom<ReloadConfiguration>(isFunction).optional(),
  features: z
    .partialRecord(z.enum(['ssl', 'hds', 'callback', 'dvr', 'transcode', 'ingest', 'caster']), z.boolean())
    .default({}),
  onAction: z.custom<(action: ApiAction) => void>(isFunction).optional(),
}) satisfies OptionsSchema<HttpApiOptions, unknown>
