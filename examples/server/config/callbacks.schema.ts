/**
 * Section `callbacks`: a backend that decides and is told.
 *
 * @module
 */
import { z } from 'zod'
import { count, headers, text, url } from './fields.ts'

const urls = z.union([url, z.array(url)]).optional()

/** HTTP callbacks. */
export const callbacksSection = z
  .strictObject({
    urls: z
      .strictObject({
        on_connect: urls.describe('Asked whether an RTMP client may connect'),
        on_close: urls.describe('Notified of the end of an RTMP connection'),
        on_publish: urls.describe('Asked whether a client may publish'),
        on_unpublish: urls.describe('Notified that a publisher has left'),
        on_play: urls.describe('Asked whether a client may play'),
        on_stop: urls.describe('Notified that a player has left'),
        on_forward: urls.describe(
          'Asked where the stream of a publisher is to be [forwarded](../guides/forward.md)',
        ),
        on_hls: urls.describe('Notified of every HLS segment'),
        on_dvr: urls.describe('Notified of every finished recording'),
        on_hls_notify: urls.describe(
          'A GET for every HLS segment, with `[server_id]`, `[service_id]`, `[app]`, `[stream]`, `[ts_url]` and `[param]` filled in',
        ),
      })
      .describe('One URL or several for each callback'),
    onConnectAt: z
      .enum(['connect', 'stream'])
      .default('connect')
      .describe(
        'When `on_connect` is asked: `connect` as the peer connects, before it names a stream; `stream`, as in SRS, before each `on_publish` and `on_play` over RTMP, with `stream` and `param`',
      ),
    ca: text
      .optional()
      .describe(
        'PEM file with certificates of authorities to trust in addition to those of Node, for `https` URLs',
      ),
    secret: text.optional().describe('Signs each call'),
    headers: headers.optional().describe('Headers of each call'),
    whenUnavailable: z
      .enum(['reject', 'allow'])
      .default('reject')
      .describe('What happens to peers if the backend fails'),
    decisionTimeoutMs: count.default(5_000).describe('Time for a decision'),
    notificationTimeoutMs: count.default(10_000).describe('Time for one attempt to notify'),
    maxAttempts: count.default(4).describe('Attempts to notify'),
    retryDelayMs: count
      .default(1_000)
      .describe(
        'Wait before the second attempt; it doubles each time, and up to half of it is removed at random',
      ),
    hlsUrlPrefix: z
      .string()
      .refine((prefix) => !/^https?:/i.test(prefix) || URL.canParse(prefix), 'must be the beginning of a URL')
      .default('')
      .describe('Prefix of the URLs of segments in `on_hls` and `on_hls_notify`'),
  })
  .describe('[HTTP callbacks](../guides/decide-with-callbacks.md) to a backend')
  .meta({
    reload:
      'Admitted clients stay, and the backend that admitted them is notified of their end; new requests go to the new backend',
  })
