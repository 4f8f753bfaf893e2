/**
 * Section `snapshots`: pictures of streams.
 *
 * @module
 */
import { z } from 'zod'
import { ffmpeg, match } from './ffmpeg-fields.ts'
import { count, positiveMs } from './fields.ts'

/** Pictures of the streams of a virtual host. */
export const snapshotsSection = z
  .strictObject({
    ffmpeg,
    match,
    intervalMs: positiveMs
      .min(100)
      .optional()
      .describe('Interval between pictures of each stream; by default they are taken only on request'),
    width: z
      .int()
      .min(16)
      .max(16_384)
      .multipleOf(2)
      .optional()
      .describe('Width in pixels, even; that of the stream by default'),
    quality: z.int().min(2).max(31).default(5).describe('2 is the best, 31 the smallest'),
    maxConcurrent: count.default(2).describe('Programs at a time'),
  })
  .describe('[Pictures of streams](../guides/ffmpeg.md#snapshots) at `/APP/NAME.jpg`, and on the page')
  .meta({ reload: 'Pictures are taken again' })
