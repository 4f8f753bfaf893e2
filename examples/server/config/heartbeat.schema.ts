/**
 * Section `heartbeat`: a backend that is told that the server is there.
 *
 * @module
 */
import { z } from 'zod'
import { positiveMs, text, url } from './fields.ts'

/** Where, when and what. */
export const heartbeatSection = z
  .strictObject({
    url: url.describe('Where `device_id`, `ip`, `server`, `service` and `pid` are posted as JSON'),
    intervalMs: positiveMs
      .default(10_000)
      .describe('Time from an answer to the next post; the first comes at once'),
    deviceId: text.optional().describe('`device_id`: how the backend knows this machine'),
    ip: text.optional().describe('`ip`; by default the first address of the machine'),
    summaries: z.boolean().default(false).describe('Also `summaries`, as the API has them'),
    ports: z
      .boolean()
      .default(false)
      .describe('Also the ports as `rtmp`, `http` and `api`, with which the proxy of SRS registers a server'),
  })
  .describe('Reports to a backend at intervals that the server is running, in the format of SRS')
