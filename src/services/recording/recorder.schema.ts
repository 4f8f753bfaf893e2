/**
 * What a {@link Recorder} takes.
 *
 * @module
 */
import { z } from 'zod'
import { type Clock, Hub, type Source, systemClock } from '../../hub/index.ts'
import type { OptionsSchema } from '../parse-options.ts'
import type { RecorderOptions, RecordingOptions } from './recorder-options.ts'
import type { RecordingStore } from './recording-store.ts'
import { DEFAULT_VHOST } from '../../rtmp/index.ts'

const anObject = (value: unknown): boolean => typeof value === 'object' && value !== null
const milliseconds = z.number().positive()

/** Options with their defaults. */
export const recorderOptions = z.strictObject({
  hub: z.instanceof(Hub),
  store: z.custom<RecordingStore>(anObject, 'a RecordingStore'),
  path: z.string().default('[app]/[stream].[timestamp].flv'),
  vhost: z.string().min(1).default(DEFAULT_VHOST),
  start: z.enum(['always', 'on-demand']).default('always'),
  apply: z
    .union([
      z.array(z.string().min(1)).readonly(),
      z.custom<(source: Source) => boolean>((value) => typeof value === 'function', 'a function'),
    ])
    .default(() => () => true),
  segmentDurationMs: z.union([milliseconds, z.literal(Infinity)]).default(Infinity),
  segmentBytes: z.union([z.number().positive(), z.literal(Infinity)]).default(Infinity),
  writeIntervalMs: milliseconds.default(500),
  fragmentMs: milliseconds.default(2_000),
  maxLagMs: milliseconds.default(10_000),
  maxWriteBytes: z.int().positive().default(1_048_576),
  maxFilesPerMinute: z.int().positive().default(60),
  storeTimeoutMs: milliseconds.default(15_000),
  maxFinishing: z.int().positive().default(2),
  clock: z.custom<Clock>(anObject).default(() => systemClock),
  now: z.custom<() => number>((value) => typeof value === 'function').default(() => Date.now),
}) satisfies OptionsSchema<RecorderOptions>

/** Options of one stream; also what callers of the HTTP API send. */
export const recordingOptions = z.strictObject({
  path: z.string().min(1).max(1_024).optional(),
  format: z.enum(['flv', 'mp4']).optional(),
}) satisfies OptionsSchema<RecordingOptions, unknown>
