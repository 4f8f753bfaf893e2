/**
 * Servers, clients and handlers over Node's sockets, HTTP and files.
 *
 * {@link RtmpServer} takes publishers and players in, {@link LiveHandler} serves HTTP-FLV, HTTP-TS and WebSocket-FLV, {@link HlsHandler}
 * serves HLS; each is given a {@link Hub} and none knows of the others. {@link HttpServer} serves any number of handlers. {@link RtmpClient} publishes to another server or plays from
 * one. {@link SrtServer} and {@link SrtClient} do the same over SRT. {@link duplexPair} stands for a connection in tests.
 *
 * @example RTMP in, HLS out
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { HttpServer, RtmpServer } from 'millrace/node'
 * import { HlsHandler } from 'millrace/packaging'
 *
 * const hub = new Hub()
 * await new RtmpServer({ hub }).listen({ port: 1935 })
 * await new HttpServer({ handlers: [new HlsHandler({ hub })] }).listen({ port: 8080 })
 * ```
 *
 * @module node
 * @group Node
 */
export {
  duplexPair,
  type DuplexPairOptions,
  inRealTime,
  type ListenOptions,
  maskUrl,
  type ProxyHeader,
  ProxyProtocolDecoder,
  type RealTimeOptions,
  redact,
  type UrlSecrets,
} from './net/index.ts'
export {
  nodeHandshakeCrypto,
  RtmpClient,
  type RtmpClientEnd,
  type RtmpClientEvents,
  type RtmpClientOptions,
  type RtmpConnectAccept,
  type RtmpConnectDecider,
  type RtmpConnectDecision,
  RtmpConnection,
  type RtmpConnectionEnd,
  type RtmpConnectionEvent,
  type RtmpConnectionExtension,
  type RtmpConnectionInfo,
  type RtmpConnectionRole,
  type RtmpConnectionStats,
  type RtmpRefusal,
  RtmpServer,
  type RtmpServerEvents,
  type RtmpServerOptions,
} from './rtmp/index.ts'
export {
  type CorsOptions,
  HttpFlvClient,
  type HttpFlvClientEnd,
  type HttpFlvClientOptions,
  type HttpHandler,
  HttpServer,
  type HttpServerEvents,
  type HttpServerOptions,
  LiveHandler,
  type LiveHandlerOptions,
  type TrustProxyOptions,
} from './http/index.ts'
export {
  nodeSrtCrypto,
  SrtClient,
  type SrtClientEnd,
  type SrtClientOptions,
  SrtConnection,
  type SrtConnectionEnd,
  type SrtListenOptions,
  SrtServer,
  type SrtServerEvents,
  type SrtServerOptions,
} from './srt/index.ts'
