/**
 * Section `hls`.
 *
 * @module
 */
import { z } from 'zod'
import { count, ms, positiveMs, text } from './fields.ts'

/** HLS of a virtual host. */
export const hlsSection = z
  .strictObject({
    mode: z
      .enum(['off', 'on-demand', 'always'])
      .default('on-demand')
      .describe('Package a stream while somebody watches it, from its publish on, or never'),
    targetDurationMs: positiveMs.default(4_000).describe('Least length of a segment'),
    windowMs: positiveMs
      .optional()
      .describe('Time that the playlist spans; by default four times `targetDurationMs`'),
    sessions: z
      .boolean()
      .default(true)
      .describe(
        'Count viewers, by a `session` in their URLs. Without it playlists are [the same for everybody](../guides/play.md#hls-in-detail), for a CDN: each playlist request is admitted separately, and segments are served to everybody',
      ),
    maxViewersPerAddress: count
      .default(1_000)
      .describe(
        'Viewers at a time from one IPv4 address or IPv6 /64 network; beyond, 503. Behind a proxy set `http.trustProxy`, or all viewers have its address',
      ),
    endListMs: ms
      .default(60_000)
      .describe(
        'Time after the end of a stream until its playlist says so (EXT-X-ENDLIST) and players stop. Until then they wait, and continue if it is published again',
      ),
    firstSegmentWaitMs: positiveMs
      .default(15_000)
      .describe('How long the first playlist request of a stream waits for its first segment'),
    idleMs: positiveMs
      .default(60_000)
      .describe('Time without viewers after which on-demand packaging of a stream ends'),
    viewerTimeoutMs: positiveMs
      .default(30_000)
      .describe('Time without requests after which a viewer is no longer counted; it may return'),
    variants: z
      .union([z.literal('renditions'), z.array(z.string()).min(1)])
      .default('renditions')
      .describe(
        'Qualities that `/APP/NAME.m3u8` offers, to [switch between](../guides/play.md#several-qualities). `renditions`: those that a transcoder of this server makes of it; the stream itself if there are none. Or a list of endings of names, such as `[_720p, _480p]`, for an encoder that pushes several streams side by side, where an empty one is the stream itself; the streams keep the timestamps of their encoder',
      ),
    directory: text
      .optional()
      .describe(
        'Keep playlists and segments there, as `APP/NAME.m3u8` and `APP/NAME/N.ts` (qualities in `APP/NAME.variants`), for a web server or a sync job; in memory otherwise. While the disk takes no more files, viewers of this server are served from memory, the playlist there lists only stored segments, and the log says so',
      ),
  })
  .describe('HLS')
  .meta({
    reload:
      'RTMP and HTTP-FLV continue. Packaging restarts, and HLS viewers find the stream again with their next playlist',
  })
