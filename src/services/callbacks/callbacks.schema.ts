/**
 * What {@link HttpCallbacks} takes.
 *
 * @module
 */
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { z } from 'zod'
import { type Clock, systemClock } from '../../hub/index.ts'
import { ServerIdentity } from '../identity/index.ts'
import type { OptionsSchema } from '../parse-options.ts'
import type { CallbackAction, HttpCallbacksOptions } from './callback-options.ts'
import { trusting } from './trusted-authorities.ts'
import { DEFAULT_VHOST } from '../../rtmp/index.ts'

const httpUrl = z.url({ protocol: /^https?$/ })
const urls = z
  .union([httpUrl.transform((url) => [url]), z.array(httpUrl).readonly()])
  .optional()
  .transform((list) => list ?? [])

const callbackUrls = z.strictObject({
  on_connect: urls,
  on_close: urls,
  on_publish: urls,
  on_unpublish: urls,
  on_play: urls,
  on_stop: urls,
  on_dvr: urls,
  on_hls: urls,
  on_hls_notify: urls,
  on_forward: urls,
} satisfies Record<CallbackAction, unknown>)

/** Checked before a call is made: each one would fail, and nobody would get in. */
const headers = z.record(z.string(), z.string()).check((context) => {
  for (const [name, value] of Object.entries(context.value)) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    } catch (error) {
      context.issues.push({ code: 'custom', path: [name], message: (error as Error).message, input: name })
    }
  }
})

const ca = z
  .union([z.string().transform((pem) => [pem]), z.array(z.string()).readonly()])
  .transform((pems, context) => {
    try {
      return trusting(pems)
    } catch (error) {
      context.issues.push({ code: 'custom', message: (error as Error).message, input: undefined })
      return z.NEVER
    }
  })

const count = z.int().positive()
const milliseconds = z.number().positive()

/** Options with their defaults. */
export const httpCallbacksOptions = z.strictObject({
  urls: callbackUrls,
  vhost: z.string().min(1).default(DEFAULT_VHOST),
  identity: z.instanceof(ServerIdentity).default(() => new ServerIdentity()),
  onConnectAt: z.enum(['connect', 'stream']).default('connect'),
  ca: ca.optional(),
  secret: z.string().min(1).optional(),
  headers: headers.default({}),
  decisionTimeoutMs: milliseconds.default(5_000),
  whenUnavailable: z.enum(['reject', 'allow']).default('reject'),
  notificationTimeoutMs: milliseconds.default(10_000),
  maxAttempts: count.default(4),
  retryDelayMs: milliseconds.default(1_000),
  maxResponseBytes: count.default(65_536),
  maxConcurrentDecisions: count.default(64),
  maxWaitingDecisions: count.default(10_000),
  maxConcurrentNotifications: count.default(16),
  maxQueuedNotifications: count.default(10_000),
  maxQueuedPerStream: count.default(256),
  drainTimeoutMs: z.number().nonnegative().default(5_000),
  hlsDirectory: z.string().optional(),
  hlsUrlPrefix: z
    .string()
    .refine((prefix) => !/^https?:/i.test(prefix) || URL.canParse(prefix), 'is the beginning of no URL')
    .default(''),
  clock: z.custom<Clock>((value) => typeof value === 'object' && value !== null).default(() => systemClock),
}) satisfies OptionsSchema<HttpCallbacksOptions, unknown>

/** What is left to know. */
export type ResolvedCallbacksOptions = z.output<typeof httpCallbacksOptions>
