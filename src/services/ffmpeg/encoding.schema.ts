/**
 * What an `Encoding` may be.
 *
 * @module
 */
import { z } from 'zod'
import type { OptionsSchema } from '../parse-options.ts'
import type { AudioEncoding, VideoEncoding } from './encoding.ts'

/** Options of encoders that change nothing about where bytes come from and go to. */
const VIDEO_OPTIONS: ReadonlySet<string> = new Set([
  'tune', 'level', 'crf', 'cq', 'qp', 'qmin', 'qmax', 'qcomp', 'global_quality', 'quality', 'usage', 'rc', 'rc_mode', 'rc-lookahead',
  'bufsize', 'refs', 'b_strategy', 'b_ref_mode', 'coder', 'trellis', 'me_method', 'me_range', 'subq', 'flags', 'aq', 'aq-mode',
  'spatial-aq', 'temporal-aq', 'spatial_aq', 'temporal_aq', 'psy', 'zerolatency', 'delay', 'gpu', 'look_ahead', 'async_depth',
  'tile-columns', 'row-mt', 'cpu-used', 'deadline', 'speed', 'pix_fmt', 'color_range', 'colorspace', 'color_trc', 'color_primaries',
  'x264-params', 'x265-params', 'svtav1-params', 'tag',
]) // prettier-ignore

const AUDIO_OPTIONS: ReadonlySet<string> = new Set([
  'profile', 'aac_coder', 'cutoff', 'q', 'vbr', 'compression_level', 'application', 'frame_duration', 'packet_loss', 'sample_fmt',
]) // prettier-ignore

const encoder = z.string().regex(/^[a-z][\w-]*$/, 'the name of an encoder')
const word = z.string().regex(/^\w[\w.:-]*$/, 'one word')
const kbps = z.number().positive()
const size = z.int().min(16).max(16_384).multipleOf(2, 'even')

function encoderOptions(known: ReadonlySet<string>) {
  return z
    .record(z.string(), z.union([z.string().min(1), z.number()]))
    .refine((options) => Object.keys(options).every((name) => known.has(name)), {
      error: ({ input }) => {
        const unknown = Object.keys(input as object).filter((name) => !known.has(name))
        return `no option of an encoder that is let through: ${unknown.join(', ')}`
      },
    })
}

const videoEncoding = z.strictObject({
  codec: encoder.default('libx264'),
  bitrateKbps: kbps.optional(),
  peakBitrateKbps: kbps.optional(),
  width: size.optional(),
  height: size.optional(),
  upscale: z.boolean().default(false),
  fps: z.number().positive().max(240).optional(),
  preset: word.optional(),
  profile: word.optional(),
  bFrames: z.int().nonnegative().max(16).default(0),
  threads: z.int().nonnegative().max(256).default(0),
  filters: z.string().min(1).optional(),
  options: encoderOptions(VIDEO_OPTIONS).default({}),
}) satisfies OptionsSchema<VideoEncoding, unknown>

const audioEncoding = z.strictObject({
  codec: encoder.default('aac'),
  bitrateKbps: kbps.optional(),
  sampleRate: z.int().min(8_000).max(192_000).optional(),
  channels: z.int().min(1).max(8).optional(),
  options: encoderOptions(AUDIO_OPTIONS).default({}),
}) satisfies OptionsSchema<AudioEncoding, unknown>

/** For the schemas of those who encode. */
export const encodingShape = {
  video: z.union([z.enum(['copy', 'none']), videoEncoding]).default('copy'),
  audio: z.union([z.enum(['copy', 'none']), audioEncoding]).default('copy'),
}

/** Audio of those who know what they encode before they begin. */
export const audioOfKnown = z.union([z.enum(['auto', 'copy', 'none']), audioEncoding]).default('auto')

/** Says what is wrong with both kinds together. */
export function hasMedia({ video, audio }: { readonly video: unknown; readonly audio: unknown }): boolean {
  return video !== 'none' || audio !== 'none'
}

/** Video that is encoded, defaults filled in. */
export type ResolvedVideoEncoding = z.output<typeof videoEncoding>
/** Audio that is encoded, defaults filled in. */
export type ResolvedAudioEncoding = z.output<typeof audioEncoding>
/** Both kinds, defaults filled in. */
export interface ResolvedEncoding {
  /** Treatment of video. */
  readonly video: 'copy' | 'none' | ResolvedVideoEncoding
  /** Treatment of audio. */
  readonly audio: 'copy' | 'none' | ResolvedAudioEncoding
}
