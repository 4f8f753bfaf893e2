/**
 * Section `hls`.
 *
 * @module
 */
import { z } from 'zod'
import { positiveMs, text } from './fields.ts'

/** HLS of a virtual host. */
export const hlsSection = z
  .strictObject({
    mode: z
      .enum(['off', 'on-demand', 'always'])
      .default('on-demand')
      .describe('Package a stream while somebody watches it, from its publish on, or never'),
    targetDurationMs: positiveMs.default(4_000).describe('Least length of a segment'),
    windowMs: positiveMs.default(30_000).describe('Time that the playlist spans'),
    directory: text
      .optional()
      .describe(
        'Keep playlists and segments there, as `APP/NAME.m3u8` and `APP/NAME/N.ts`, for a web server or a sync job; in memory otherwise',
      ),
  })
  .describe('HLS')
  .meta({
    reload:
      'RTMP and HTTP-FLV go on. Packaging starts anew, and HLS viewers find the stream again with their next playlist',
  })
