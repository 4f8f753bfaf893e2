/**
 * What {@link Heartbeat} takes.
 *
 * @module
 */
import { z } from 'zod'
import { type Clock, systemClock } from '../../hub/index.ts'
import { Statistics } from '../statistics/index.ts'
import type { OptionsSchema } from '../parse-options.ts'
import type { HeartbeatOptions } from './heartbeat.ts'

const ports = z.array(z.int().min(1).max(65_535)).readonly().default([])
const milliseconds = z.number().positive()

/** Options with their defaults. */
export const heartbeatOptions = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  statistics: z.instanceof(Statistics),
  intervalMs: milliseconds.default(10_000),
  answerTimeoutMs: milliseconds.default(10_000),
  deviceId: z.string().default(''),
  ip: z.string().optional(),
  summaries: z.boolean().default(false),
  ports: z.strictObject({ rtmp: ports, http: ports, api: ports }).optional(),
  clock: z.custom<Clock>((value) => typeof value === 'object' && value !== null).default(() => systemClock),
}) satisfies OptionsSchema<HeartbeatOptions, unknown>
