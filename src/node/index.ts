/**
 * Servers, clients and handlers over Node's sockets, HTTP and files.
 *
 * {@link RtmpServer} takes publishers and players in, {@link LiveHandler} serves HTTP-FLV, HTTP-TS and WebSocket-FLV, {@link HlsHandler}
 * serves HLS; each is given a {@link Hub} and none knows of the others. {@link RtmpClient} publishes to another server or plays from
 * one. {@link duplexPair} stands for a connection in tests.
 *
 * @example RTMP in, HLS out
 * ```ts
 * import { createServer } from 'node:http'
 * import { Hub } from 'millrace/hub'
 * import { HlsHandler, RtmpServer } from 'millrace/node'
 *
 * const hub = new Hub()
 * await new RtmpServer({ hub }).listen({ port: 1935 })
 *
 * const hls = new HlsHandler({ hub })
 * createServer((req, res) => {
 *   if (!hls.handle(req, res)) res.writeHead(404).end()
 * }).listen(8080)
 * ```
 *
 * @module node
 * @group Node
 */
import './listener-trace.ts'

export { duplexPair, type DuplexPairOptions } from './duplex-pair.ts'
export { nodeHandshakeCrypto } from './handshake-crypto.ts'
export { maskUrl, redact, type UrlSecrets } from './masked-url.ts'
export type { HubResolver } from './hub-resolver.ts'
export { type ProxyHeader, ProxyProtocolDecoder } from './proxy-protocol.ts'
export type { RtmpConnectAccept, RtmpConnectDecision, RtmpConnectionExtension } from './rtmp-admission.ts'
export { RtmpConnection } from './rtmp-connection.ts'
export type {
  RtmpConnectDecider,
  RtmpConnectionEnd,
  RtmpConnectionEvent,
  RtmpConnectionInfo,
  RtmpConnectionRole,
  RtmpConnectionStats,
  RtmpRefusal,
  RtmpPlayerOptions,
} from './rtmp-connection-host.ts'
export {
  type ListenOptions,
  RtmpServer,
  type RtmpServerEvents,
  type RtmpServerOptions,
} from './rtmp-server.ts'
export { HttpFlvClient } from './http-flv-client.ts'
export type { HttpFlvClientEnd, HttpFlvClientOptions } from './http-flv-client-options.ts'
export { RtmpClient } from './rtmp-client.ts'
export type { RtmpClientEvents } from './rtmp-client-events.ts'
export type { RtmpClientEnd, RtmpClientOptions } from './rtmp-client-options.ts'
export type { HlsVariantRule, HlsVariants } from './hls-variant-names.ts'
export { HlsHandler, type HlsHandlerEvents, type HlsHandlerOptions } from './hls-handler.ts'
export {
  type HlsBandwidth,
  HlsPackager,
  type HlsPackagerEvents,
  type HlsPackagerOptions,
  type HlsVariantPlace,
  type PackagedSegment,
} from './hls-packager.ts'
export type { HlsSession } from './hls-sessions.ts'
export type { CorsOptions } from './http-reply.ts'
export type { TrustProxyOptions } from './forwarded-client.ts'
export { DirectorySegmentStore, MemorySegmentStore, type SegmentStore } from './segment-store.ts'
export { LiveHandler, type LiveHandlerOptions } from './live-handler.ts'
export { inRealTime, type RealTimeOptions } from './real-time.ts'
