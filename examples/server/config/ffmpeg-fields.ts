/**
 * Keys of the sections that run ffmpeg and other programs.
 *
 * @module
 */
import { z } from 'zod'
import { text } from './fields.ts'

/** Names of what is listed. */
export const name = z.string().regex(/^[\w-]+$/, 'must be letters, digits, _ and -')

/** Which streams. */
export const match = z
  .array(text)
  .min(1)
  .default(['*'])
  .describe('Streams it is for: `app/name`, with `*` for any characters')

/** The program. */
export const ffmpeg = text.default('ffmpeg').describe('The program: a path, or a name in `PATH`')

/** How programs are run. */
export const running = {
  maxRestarts: z
    .union([z.int().nonnegative(), z.literal('unlimited')])
    .default(10)
    .describe('Failures in a row after which a program is given up'),
  niceness: z
    .int()
    .min(-20)
    .max(19)
    .default(10)
    .describe('Priority of the programs: 0 that of the server, 19 the least'),
}

/** `unlimited` as a number. */
export function restartsOf(given: number | 'unlimited'): number {
  return given === 'unlimited' ? Infinity : given
}

const encoderOptions = z.record(z.string(), z.union([text, z.number()])).optional()

const videoEncoding = z.strictObject({
  codec: text.optional(),
  bitrateKbps: z.number().positive().optional(),
  peakBitrateKbps: z.number().positive().optional(),
  width: z.int().positive().optional(),
  height: z.int().positive().optional(),
  upscale: z.boolean().optional(),
  fps: z.number().positive().optional(),
  preset: text.optional(),
  profile: text.optional(),
  bFrames: z.int().nonnegative().optional(),
  threads: z.int().nonnegative().optional(),
  filters: text.optional(),
  options: encoderOptions,
})

const audioEncoding = z.strictObject({
  codec: text.optional(),
  bitrateKbps: z.number().positive().optional(),
  sampleRate: z.int().positive().optional(),
  channels: z.int().positive().optional(),
  options: encoderOptions,
})

/** Treatment of video. */
export const video = z
  .union([z.enum(['copy', 'none']), videoEncoding])
  .default('copy')
  .describe('Treatment of video: [how it is encoded](../guides/ffmpeg.md#how-streams-are-encoded)')

/** Treatment of audio. */
export const audio = z
  .union([z.enum(['copy', 'none']), audioEncoding])
  .default('copy')
  .describe('Treatment of audio')

/** Treatment of audio whose codec is known. */
export const autoAudio = z
  .union([z.enum(['auto', 'copy', 'none']), audioEncoding])
  .default('auto')
  .describe('Treatment of audio; `auto` copies AAC and MP3, and converts everything else to AAC')
