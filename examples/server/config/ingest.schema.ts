/**
 * Section `ingest`: files and remote streams.
 *
 * @module
 */
import { z } from 'zod'
import { audio, ffmpeg, name, running, video } from './ffmpeg-fields.ts'
import { distinct, positiveMs, streamPath, text } from './fields.ts'

const input = z
  .strictObject({
    name: name.describe('Its name, in the log and the API'),
    stream: streamPath.describe('Stream path that it is published under'),
    file: text.optional().describe('A file; or `url`'),
    url: z
      .string()
      .regex(
        /^(rtsps?|rtmps?|https?|srt|udp|rtp|tcp):\/\/./,
        'must be an rtsp, rtmp, http, https, srt, udp, rtp or tcp URL',
      )
      .optional()
      .describe('A remote stream, by `rtsp`, `rtmp`, `http` (HLS), `srt`, `udp`, `rtp` or `tcp`; or `file`'),
    loop: z.boolean().default(true).describe('Restart a file at its end'),
    realTime: z
      .boolean()
      .optional()
      .describe('Read no faster than it plays; by default files, `http` and `https`'),
    rtspTransport: z.enum(['tcp', 'udp']).default('tcp').describe('How RTSP carries media'),
    stallMs: positiveMs.default(30_000).describe('Time without data after which an input is reopened'),
    video,
    audio,
  })
  .refine(
    ({ file, url }) => (file === undefined) !== (url === undefined),
    'needs a file or a url, and not both',
  )
  .refine(
    ({ video: picture, audio: sound }) => picture !== 'none' || sound !== 'none',
    'has neither video nor audio',
  )

const SAME = 'another input has the same'

/** Ingest of a virtual host. */
export const ingestSection = z
  .strictObject({
    ffmpeg,
    inputs: z.array(input).check(distinct('name', SAME), distinct('stream', SAME)),
    ...running,
    maxRestarts: running.maxRestarts.default('unlimited'),
  })
  .describe('[Files and remote streams](../guides/ffmpeg.md#ingest) that are published here, read by ffmpeg')
  .meta({ reload: 'Inputs are reopened' })
