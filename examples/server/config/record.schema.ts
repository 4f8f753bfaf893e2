/**
 * Section `record`: streams as files.
 *
 * @module
 */
import { RecordingPath } from 'millrace/services/recording'
import { z } from 'zod'
import { count, positiveMs, text } from './fields.ts'

/** A template that {@link RecordingPath} takes. */
const recordingPath = text.superRefine((path, context) => {
  try {
    new RecordingPath(path)
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message })
  }
})

/** Recording of a virtual host. */
export const recordSection = z
  .strictObject({
    directory: text.default('recordings').describe('Folder of the files; created for the first file'),
    path: recordingPath
      .default('[app]/[stream].[timestamp].flv')
      .describe(
        'Path of each file below it; `.flv` or `.mp4` is the format. `[vhost]`, `[app]`, `[stream]`, `[timestamp]` (ms), `[2006]` year, `[01]` month, `[02]` day, `[15]` hour, `[04]` minute, `[05]` second, `[999]` ms',
      ),
    start: z
      .enum(['always', 'on-demand'])
      .default('always')
      .describe('Record from the publish on, or when the API asks for it'),
    apply: z
      .array(text)
      .min(1)
      .optional()
      .describe('Streams that are recorded automatically, as `app/name`; all otherwise'),
    segmentDurationMs: positiveMs
      .optional()
      .describe('A file ends at the first keyframe after this time; one file per publish otherwise'),
    segmentBytes: count
      .optional()
      .describe('A file ends at the first keyframe after so many bytes; one file per publish otherwise'),
  })
  .describe('[Recording](../guides/recording.md) to FLV or MP4')
  .meta({
    reload: 'Open files end, and live streams continue in new ones, from their last keyframe on',
  })
