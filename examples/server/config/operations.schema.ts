/**
 * Sections `api` and `metrics`, and the keys about the process.
 *
 * @module
 */
import { z } from 'zod'
import { authentication, ms, origin, text } from './fields.ts'

const WHO =
  '`loopback`: this machine only; `{ token: … }`, `{ username: …, password: … }` or a list of these; `none`: everybody'

/** The HTTP API. */
export const apiSection = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Answer under `/api/v1/`'),
    authentication: authentication.default('loopback').describe(`Who may call, and so kick: ${WHO}`),
    cors: origin
      .optional()
      .describe(
        'Value of `Access-Control-Allow-Origin`, `false` for none; by default `*` if credentials are required, else `false`',
      ),
    jsonp: z
      .boolean()
      .default(false)
      .describe(
        '`?callback=` and `?method=DELETE`, for old consoles of SRS: any page may then act with a password that the browser knows',
      ),
  })
  .refine(({ jsonp, authentication: who }) => !jsonp || typeof who !== 'string', {
    path: ['jsonp'],
    error: 'needs credentials in api.authentication',
  })
  .describe('The [HTTP API](../guides/http-api.md)')

/** Metrics for Prometheus. */
export const metricsSection = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Answer Prometheus'),
    authentication: authentication.default('loopback').describe(`Who may read: ${WHO}`),
    path: z.string().startsWith('/').default('/metrics').describe('Path of the metrics'),
    maxStreamLabels: z
      .number()
      .int()
      .nonnegative()
      .default(200)
      .describe('Streams with samples of their own; the sums count all of them'),
    srsNames: z.boolean().default(false).describe("Also the names of SRS's exporter"),
  })
  .describe('Metrics for Prometheus')

/** The web page. */
export const pageSection = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Show the page at `/`; the functions of the API are available to users whom it admits'),
    audience: z
      .enum(['everybody', 'operators'])
      .optional()
      .describe(
        'Who sees and plays the streams on it: `operators` are users whom the API admits. By default `operators` if `api.authentication` has credentials, else `everybody`',
      ),
  })
  .describe('The web page')

/** Keys of the process, at the top of the file. */
export const processKeys = {
  include: z
    .union([text, z.array(text)])
    .optional()
    .describe(
      'Files whose keys apply if this file does not have them, relative to its folder: mappings are put together key by key, lists are not. Of several files the last wins; each may include others',
    ),
  serverId: text
    .optional()
    .describe(
      'Name of the server in callbacks and the API; ids of streams follow from it. By default a new one each start',
    ),
  watch: z.boolean().default(false).describe('Read the file again whenever it changes'),
  logFormat: z
    .enum(['text', 'json'])
    .default('text')
    .describe(
      'Lines for people, or one JSON object a line with `time`, `event`, and for connections `id`, `client` and `address`',
    ),
  pidFile: text.optional().describe('Where the process id is written; removed at the end'),
  drainMs: ms.default(10_000).describe('How long `SIGQUIT` waits for RTMP clients to leave'),
}
