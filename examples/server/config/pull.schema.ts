/**
 * Section `pull`: streams that come from other servers.
 *
 * @module
 */
import { z } from 'zod'
import { ms, streamPath } from './fields.ts'
import { retry } from './forward.schema.ts'

/** Pulling into a virtual host. */
export const pullSection = z
  .array(
    z.strictObject({
      url: z
        .string()
        .regex(/^(rtmps?|https?):\/\/./i, 'must be an rtmp, rtmps, http or https URL')
        .describe('Where the stream is: RTMP, or HTTP-FLV'),
      stream: streamPath.describe('Stream path that it is published under here'),
      connectTimeoutMs: ms.default(10_000).describe('Time for the stream to begin; 0 is any'),
      mediaTimeoutMs: ms.default(30_000).describe('Longest silence of a stream; 0 is any'),
      ...retry,
    }),
  )
  .describe(
    'Streams of other servers that are [pulled](../guides/forward.md#pull-a-stream), for as long as they last',
  )
  .meta({ reload: 'Streams that stay continue' })
