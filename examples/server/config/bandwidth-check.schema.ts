/**
 * Section `bandwidthCheck`.
 *
 * @module
 */
import { z } from 'zod'
import { authentication, count, ms, positiveMs, text } from './fields.ts'

/** Measuring what the network of a viewer carries. */
export const bandwidthCheckSection = z
  .strictObject({
    authentication: authentication
      .default('none')
      .describe('Who may measure over HTTP, as in `api`: each measurement uses all bandwidth for a while'),
    maxBytes: count.default(104_857_600).describe('Most bytes of one download or upload'),
    maxDurationMs: positiveMs.default(10_000).describe('Longest time of one download or upload'),
    maxTransfers: count.default(8).describe('Downloads and uploads at a time'),
    rtmp: z
      .strictObject({
        key: text.describe('What a client names as `key` in its tcUrl: `rtmp://HOST/app?key=KEY`'),
        intervalMs: ms.default(30_000).describe('Least time between two checks, of all clients together'),
        limitKbps: count.default(1_000).describe('Highest rate in each direction, kbit/s'),
      })
      .optional()
      .describe('The RTMP check of SRS 1 to 4, for clients that have it'),
  })
  .describe(
    'A [bandwidth check](../guides/play.md#what-a-viewers-network-carries): `/bandwidth/download`, `/bandwidth/upload` and `/bandwidth/ping`, with a panel on the page',
  )
  .meta({ reload: 'Running measurements are cut off' })
