/**
 * What the options of a {@link Transcoder} may be.
 *
 * @module
 */
import { z } from 'zod'
import { type Clock, Hub, systemClock } from '../../hub/index.ts'
import type { OptionsSchema } from '../parse-options.ts'
import { audioOfKnown, encodingShape, hasMedia } from './encoding.schema.ts'
import { restartShape } from './restart-options.ts'
import { streamPatterns } from './stream-template.schema.ts'
import { StreamTemplate } from './stream-template.ts'
import type { TranscodeEngine, TranscodeOutput, TranscoderOptions } from './transcoder-options.ts'

const name = z.string().regex(/^[\w-]+$/, 'letters, digits, _ and -')

const output = z
  .strictObject({ name, stream: z.string().optional(), video: encodingShape.video, audio: audioOfKnown })
  .refine(hasMedia, 'has neither video nor audio')
  .transform((given, context) => {
    const text = given.stream ?? `[stream]_${given.name}`
    try {
      return { ...given, stream: new StreamTemplate(text) }
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message, path: ['stream'] })
      return z.NEVER
    }
  }) satisfies OptionsSchema<TranscodeOutput, unknown>

const engine = z
  .strictObject({
    name,
    match: streamPatterns,
    outputs: z.array(output).min(1).max(16).readonly(),
    gopMs: z.number().min(100).max(60_000).default(2_000),
    analyzeMs: z.number().min(0).max(30_000).default(500),
    hwaccel: z.string().regex(/^\w+$/).optional(),
  })
  .superRefine(({ match, outputs }, context) => {
    // What is wrong with one of them was said.
    if (!outputs.every((one) => one.stream instanceof StreamTemplate)) return
    for (const [i, { name: outputName, stream }] of outputs.entries()) {
      const refuse = (message: string): void =>
        context.addIssue({ code: 'custom', message, path: ['outputs', i, 'stream'] })
      for (const pattern of match) {
        const conflict = stream.conflictWith(pattern)
        if (conflict !== undefined) refuse(conflict)
      }
      const earlier = outputs.slice(0, i)
      if (earlier.some((other) => other.stream.text === stream.text)) refuse('another output has this stream')
      if (earlier.some((other) => other.name === outputName)) refuse(`another output is named ${outputName}`)
    }
  }) satisfies OptionsSchema<TranscodeEngine, unknown>

/** Options with their defaults. */
export const transcoderOptions = z.strictObject({
  hub: z.instanceof(Hub),
  engines: z
    .array(engine)
    .refine(
      (engines) => new Set(engines.map((one) => one.name)).size === engines.length,
      'two have one name',
    ),
  ffmpeg: z.string().min(1).default('ffmpeg'),
  maxPixels: z.int().positive().default(35_389_440),
  maxWorkers: z.int().positive().default(16),
  drainTimeoutMs: z.number().positive().default(2_000),
  clock: z.custom<Clock>((value) => typeof value === 'object' && value !== null).default(() => systemClock),
  ...restartShape,
}) satisfies OptionsSchema<TranscoderOptions, unknown>

/** What a caller of the API may say. */
export const serviceOptions = z.strictObject({ engines: z.array(z.string()).optional() })

/** All options. */
export type ResolvedTranscoderOptions = z.output<typeof transcoderOptions>
/** An output with its defaults. */
export type ResolvedOutput = z.output<typeof output>
/** An engine with its defaults. */
export type ResolvedEngine = ResolvedTranscoderOptions['engines'][number]
