/**
 * Section `forward`: streams that go to other servers.
 *
 * @module
 */
import { parseRtmpUrl } from 'millrace/rtmp'
import { z } from 'zod'
import { count, ms, positiveMs, text } from './fields.ts'

/** Its text is not quoted in errors: it may hold a stream key. */
const target = text.refine((url) => {
  try {
    return ['rtmp', 'rtmps'].includes(parseRtmpUrl(url).scheme)
  } catch {
    return false
  }
}, 'must be an rtmp or rtmps URL')

/** When a connection to another server is tried again. */
export const retry = {
  retryMinMs: positiveMs
    .default(1_000)
    .describe(
      'Wait before the second attempt; it doubles each time, and a random part of up to half is removed',
    ),
  retryMaxMs: positiveMs.default(30_000).describe('Longest wait between two attempts'),
}

/** Forwarding of a virtual host. */
export const forwardSection = z
  .strictObject({
    targets: z
      .array(
        z.union([
          target,
          z.strictObject({
            url: target,
            name: text.optional(),
          }),
        ]),
      )
      .default([])
      .describe(
        'Where every stream goes: `rtmp` or `rtmps` URLs, or `{ url, name }` with a name for the log and the API, where URLs are without their key. `[vhost]`, `[app]`, `[stream]` and `[param]` stand for those of the stream; without a stream name it is that of the stream. With `callbacks.urls.on_forward` the backend says where instead',
      ),
    required: z
      .boolean()
      .default(false)
      .describe(
        'Disconnect the publisher if the backend of `on_forward` fails; otherwise the backend is asked again',
      ),
    start: z
      .enum(['gop', 'keyframe'])
      .default('gop')
      .describe('A connection begins with the newest cached GOP, or with the next keyframe'),
    maxTargets: count.default(32).describe('Targets of one stream'),
    connectTimeoutMs: ms.default(10_000).describe('Time for a target to take the stream; 0 is any'),
    stallTimeoutMs: ms
      .default(30_000)
      .describe('Time in which a target must take at least something; 0 is any'),
    ...retry,
  })
  .describe(
    '[Forwarding](../guides/forward.md) to other servers; the API can name further targets for a stream',
  )
  .meta({
    reload: 'Targets that stay keep their connections; a change of another key reconnects all of them',
  })
