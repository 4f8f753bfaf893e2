/**
 * Sections `rtmp`, `http`, `https` and `operator`: where the server listens.
 *
 * @module
 */
import { z } from 'zod'
import { count, ms, origin, port, tls } from './fields.ts'

const host = z.string().optional().describe('Address to listen on; all addresses by default')

/** RTMP. */
export const rtmpSection = z
  .strictObject({
    port: port.default(1935).describe('Port, 0 for any free one'),
    host,
    proxyProtocol: z
      .boolean()
      .default(false)
      .describe('Every connection starts with a PROXY protocol header, version 1 or 2, from a load balancer'),
    maxConnections: count.default(20_000).describe('Connections; one more is closed at once'),
    handshakeTimeoutMs: ms.default(10_000).describe('Time for the handshake; as all times here, 0 for any'),
    commandTimeoutMs: ms
      .default(30_000)
      .describe('Time from the handshake to `connect`, and from there to a publish or play'),
    firstMediaTimeoutMs: ms.default(20_000).describe('Time from an accepted publish to its first media'),
    mediaTimeoutMs: ms
      .default(5_000)
      .describe('Time between two messages of media: a publisher that is silent for longer is disconnected'),
    pingIntervalMs: ms.default(20_000).describe('Silence after which a peer is pinged; 0: never'),
    pingTimeoutMs: ms
      .default(20_000)
      .describe('Time for the answer to a ping; applies to peers that have answered one before'),
    stallTimeoutMs: ms
      .default(60_000)
      .describe('Time within which a player must take some of its pending data'),
    tls: tls.optional().describe('The port accepts only RTMPS'),
  })
  .describe('The RTMP port')

/** A port for operators. */
export const operatorSection = z
  .strictObject({
    port: port.describe('Port, 0 for any free one; 1985 is that of SRS'),
    host: z.string().default('127.0.0.1').describe('Address to listen on'),
    tls: tls.optional().describe('The port accepts only HTTPS'),
  })
  .describe(
    'A port of its own for API, metrics and page, with media as well; the `http` port then has only media',
  )

/** A second HTTP port, with TLS. */
export const httpsSection = z
  .strictObject({
    port: port.default(8443).describe('Port, 0 for any free one'),
    host,
    tls: tls.describe('Its certificate'),
  })
  .describe(
    'HTTPS on a port of its own, next to `http` and with the same content; `cors` and the like are those of `http`',
  )

/** HTTP: media, page, API and metrics. */
export const httpSection = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Open the port; `http: false` is the same as `enabled: false`'),
    port: port.default(8080).describe('Port, 0 for any free one'),
    host,
    trustProxy: z
      .union([z.boolean(), count])
      .default(false)
      .describe(
        'Number of proxies in front (`true`: one), to trust `X-Forwarded-For`, else `X-Real-IP`, else `Forwarded`, and `X-Forwarded-Proto`',
      ),
    maxViewers: count
      .default(20_000)
      .describe('Viewers by HTTP-FLV, HTTP-TS and WebSocket together; one more is refused with 503'),
    stallTimeoutMs: ms
      .default(60_000)
      .describe('Time within which a viewer must take some of its pending data, 0 for any'),
    cors: origin.default('*').describe('Value of `Access-Control-Allow-Origin` for media, `false` for none'),
    tls: tls.optional().describe('The port accepts only HTTPS'),
  })
  .describe('The HTTP port: media, the page, the API and the metrics')
