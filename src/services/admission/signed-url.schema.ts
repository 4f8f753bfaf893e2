/**
 * What {@link signedUrls} and {@link nmsSignedUrls} take.
 *
 * @module
 */
import { z } from 'zod'
import type { OptionsSchema } from '../parse-options.ts'
import type { NmsSignedUrlsOptions } from './nms-signed-url.ts'
import type { SignedUrlsOptions } from './signed-url.ts'

/** One secret, or several. */
const secrets = z.union([
  z
    .string()
    .min(1)
    .transform((secret) => [secret]),
  z.array(z.string().min(1)).min(1).readonly(),
])

/** What is asked for that must be signed. */
const signedActions = z
  .array(z.enum(['publish', 'play']))
  .readonly()
  .default(['publish', 'play'])

/** Time in ms since 1970. */
const wallClock = z.custom<() => number>((value) => typeof value === 'function').default(() => Date.now)

/** Options of `signedUrls`. */
export const signedUrlsOptions = z.strictObject({
  secret: secrets,
  actions: signedActions,
  bindAddress: z.boolean().default(false),
  vhost: z.string().default(''),
  now: wallClock,
}) satisfies OptionsSchema<SignedUrlsOptions>

/** Options of `nmsSignedUrls`. */
export const nmsSignedUrlsOptions = z.strictObject({
  secret: secrets,
  actions: signedActions,
  now: wallClock,
}) satisfies OptionsSchema<NmsSignedUrlsOptions>
