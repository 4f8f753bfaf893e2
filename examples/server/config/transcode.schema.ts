/**
 * Section `transcode`: other sizes, bitrates and codecs of streams.
 *
 * @module
 */
import { Hub } from 'millrace/hub'
import { Transcoder, type TranscoderOptions } from 'millrace/services/ffmpeg'
import { z } from 'zod'
import { autoAudio, ffmpeg, match, name, running, video } from './ffmpeg-fields.ts'
import { count, positiveMs, text } from './fields.ts'

const output = z.strictObject({
  name: name.describe('Name of the output, such as `720p`'),
  stream: text
    .optional()
    .describe(
      'Name of its stream; `[app]` and `[stream]` are those of the original. By default in the same app, followed by `_` and the name of the output',
    ),
  video,
  audio: autoAudio,
})

const engine = z.strictObject({
  name: name.describe('Name of the engine, in the log and the API'),
  match,
  gopMs: positiveMs
    .default(2_000)
    .describe('Time between keyframes, which are at the same pictures in all outputs'),
  hwaccel: z.string().regex(/^\w+$/).optional().describe("Decode with hardware, as for ffmpeg's `-hwaccel`"),
  outputs: z.array(output).min(1),
})

/** Transcoding of a virtual host. */
export const transcodeSection = z
  .strictObject({
    ffmpeg,
    engines: z.array(engine),
    maxWorkers: count.default(16).describe('Programs that run at a time; further streams are not transcoded'),
    ...running,
  })
  .superRefine(({ engines }, context) => {
    // The library knows what would go round in circles. Nothing runs on a hub without streams.
    try {
      new Transcoder({ hub: new Hub(), engines: engines as TranscoderOptions['engines'] })
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message, path: ['engines'] })
    }
  })
  .describe('[Transcoding](../guides/ffmpeg.md#transcode) with ffmpeg: a program for each engine and stream')
  .meta({ reload: 'Programs end, and start again for live streams; players of renditions stay' })
