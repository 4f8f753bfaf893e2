/**
 * Whole answers, by the names that they have in the OpenAPI document.
 *
 * @module
 */
import { z } from 'zod'
import {
  authorsData,
  featuresData,
  meminfosData,
  requestsData,
  rusagesData,
  selfProcStatsData,
  summariesData,
  systemProcStatsData,
  versionsData,
} from './machine.schema.ts'
import {
  audio,
  client,
  consumer,
  kbps,
  listedService,
  refusal,
  service,
  stream,
  streamService,
  vhost,
  video,
} from './media.schema.ts'

/** What every answer has. */
const envelope = z.object({
  code: z.literal(0).describe('0: it went well'),
  server: z.string().describe('Id of the server'),
  service: z.string().describe('Id of this start of the server'),
  pid: z.string(),
})

const urls = z.record(z.string(), z.string()).describe('Paths and what they are for')

/** Answers of the API. */
export const responses = {
  Done: envelope,
  Urls: envelope.extend({ urls }),
  Versions: envelope.extend({ data: versionsData }),
  Summaries: envelope.extend({ data: summariesData }),
  Rusages: envelope.extend({ data: rusagesData }),
  SelfProcStats: envelope.extend({ data: selfProcStatsData }),
  SystemProcStats: envelope.extend({ data: systemProcStatsData }),
  Meminfos: envelope.extend({ data: meminfosData }),
  Authors: envelope.extend({ data: authorsData }),
  Features: envelope.extend({ data: featuresData }),
  Requests: envelope.extend({ data: requestsData }),
  Vhosts: envelope.extend({ vhosts: z.array(vhost) }),
  OneVhost: envelope.extend({ vhost }),
  Streams: envelope.extend({ streams: z.array(stream), total: z.int() }),
  OneStream: envelope.extend({ stream }),
  Clients: envelope.extend({ clients: z.array(client), total: z.int() }),
  OneClient: envelope.extend({ client }),
  Refusals: envelope.extend({
    refusals: z.array(refusal),
    total: z.int().describe('Since the start, also those that are forgotten'),
  }),
  Services: envelope.extend({ services: z.array(service) }),
  OneService: envelope.extend({ data: listedService }),
  StreamServices: envelope.extend({ services: z.array(streamService) }),
  Reload: envelope.extend({
    data: z.record(z.string(), z.unknown()).optional(),
    http_api: z.record(z.string(), z.unknown()).optional().describe('With `rpc=raw`, as in `data`'),
  }),
  OpenApi: z.looseObject({ openapi: z.string(), info: z.looseObject({}), paths: z.looseObject({}) }),
} as const

/** What is answered when it did not go well. */
export const problem = z.object({
  code: z.int().describe('The code of SRS where it has one, else the HTTP status'),
  message: z.string(),
})

/** Parts of answers that have a name of their own in the OpenAPI document. */
export const parts = {
  Problem: problem,
  Kbps: kbps,
  Vhost: vhost,
  Stream: stream,
  Video: video,
  Audio: audio,
  Consumer: consumer,
  Client: client,
  Refusal: refusal,
  Service: service,
  ListedService: listedService,
  StreamService: streamService,
} as const

/** One page of a list. */
export const page = z.object({
  start: z.coerce.number().int().nonnegative().default(0).describe('How many to leave out'),
  count: z.coerce.number().int().positive().default(10).describe('How many at most'),
})

/** One page of the clients. */
export const clientPage = page.extend({
  stream: z.string().optional().describe('Only those of the stream with this id'),
})

/** What to do with the configuration. */
export const raw = z.object({ rpc: z.enum(['raw', 'reload', 'reload-fetch']) })
