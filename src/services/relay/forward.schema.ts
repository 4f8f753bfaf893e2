/**
 * What {@link Forwarder}, {@link StreamPush} and {@link StreamPull} take.
 *
 * @module
 */
import { z } from 'zod'
import { type Clock, Hub, Source, systemClock } from '../../hub/index.ts'
import type { OptionsSchema } from '../parse-options.ts'
import { streamPath } from '../stream-path.schema.ts'
import { checkTarget, type ForwardTarget } from './forward-target.ts'
import type { FindForwardTargets, ForwarderOptions } from './forwarder-options.ts'
import type { ReconnectingConnectionOptions } from './reconnecting-connection.ts'
import type { StreamPullOptions } from './stream-pull.ts'
import type { StreamPushOptions } from './stream-push.ts'
import { DEFAULT_VHOST } from '../../rtmp/index.ts'

const milliseconds = z.number().nonnegative()

const retry = z.strictObject({
  minMs: milliseconds.default(1_000),
  maxMs: milliseconds.default(30_000),
  jitter: z.number().min(0).max(1).default(0.5),
  heldMs: milliseconds.default(10_000),
})

const kept = {
  retry: retry.prefault({}),
  signal: z.instanceof(AbortSignal).optional(),
  clock: z.custom<Clock>((value) => typeof value === 'object' && value !== null).default(() => systemClock),
  random: z.custom<() => number>((value) => typeof value === 'function').default(() => Math.random),
} satisfies Record<keyof ReconnectingConnectionOptions, unknown>

/** For an interface that is another folder's to check. */
function given<Value>(type: 'object' | 'function'): z.ZodOptional<z.ZodType<Value, Value>> {
  return z.custom<Value>((value) => typeof value === type && value !== null).optional()
}

const push = {
  ...kept,
  client: given<NonNullable<StreamPushOptions['client']>>('object'),
  start: z.enum(['gop', 'keyframe']).default('gop'),
  maxLagMs: milliseconds.optional(),
  connect: given<NonNullable<StreamPushOptions['connect']>>('function'),
}

/** Options of `StreamPush`. */
export const streamPushOptions = z.strictObject({
  ...push,
  source: z.instanceof(Source),
  url: z.string(),
  name: z.string().min(1).optional(),
  mark: z.string().regex(/^\w+$/).optional(),
}) satisfies OptionsSchema<StreamPushOptions, unknown>

/** Options of `StreamPull`. */
export const streamPullOptions = z.strictObject({
  ...kept,
  url: z
    .string()
    .regex(/^(rtmps?|https?):\/\/./i, 'streams are pulled from rtmp:, rtmps:, http: and https: URLs'),
  hub: z.instanceof(Hub),
  streamPath,
  rtmp: given<NonNullable<StreamPullOptions['rtmp']>>('object'),
  http: given<NonNullable<StreamPullOptions['http']>>('object'),
  userData: z.unknown().optional(),
  connect: given<NonNullable<StreamPullOptions['connect']>>('function'),
}) satisfies OptionsSchema<StreamPullOptions, unknown>

const target = z
  .union([z.string(), z.strictObject({ url: z.string(), name: z.string().min(1).optional() })])
  .transform((value, context): ForwardTarget => {
    try {
      return checkTarget(value)
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message })
      return z.NEVER
    }
  })

/** A list of targets. */
export const forwardTargets = z.array(target).readonly()

/** Options of `Forwarder`. */
export const forwarderOptions = z.strictObject({
  ...push,
  hub: z.instanceof(Hub),
  targets: z
    .union([z.custom<FindForwardTargets>((value) => typeof value === 'function'), forwardTargets])
    .default([]),
  vhost: z.string().min(1).default(DEFAULT_VHOST),
  maxTargets: z.int().positive().default(32),
  targetsRequired: z.boolean().default(false),
}) satisfies OptionsSchema<ForwarderOptions, unknown>

/** With defaults. */
export type ResolvedForwarderOptions = z.output<typeof forwarderOptions>

/** With defaults. */
export type ResolvedPushOptions = z.output<typeof streamPushOptions>

/** With defaults. */
export type ResolvedPullOptions = z.output<typeof streamPullOptions>
