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
import './net/listener-trace.ts'

export { duplexPair, type DuplexPairOptions } from './net/duplex-pair.ts'
export { nodeHandshakeCrypto } from './rtmp/handshake-crypto.ts'
export { maskUrl, redact, type UrlSecrets } from './net/masked-url.ts'
export type { HubResolver } from '../hub/hub-resolver.ts'
export { type ProxyHeader, ProxyProtocolDecoder } from './net/proxy-protocol.ts'
export type { RtmpConnectAccept, RtmpConnectDecision, RtmpConnectionExtension } from './rtmp/rtmp-admission.ts'
export { RtmpConnection } from './rtmp/rtmp-connection.ts'
export type {
  RtmpConnectDecider,
  RtmpConnectionEnd,
  RtmpConnectionEvent,
  RtmpConnectionInfo,
  RtmpConnectionRole,
  RtmpConnectionStats,
  RtmpRefusal,
  RtmpPlayerOptions,
} from './rtmp/rtmp-connection-host.ts'
export {
  type ListenOptions,
  RtmpServer,
  type RtmpServerEvents,
  type RtmpServerOptions,
} from './rtmp/rtmp-server.ts'
export { HttpFlvClient } from './http/http-flv-client.ts'
export type { HttpFlvClientEnd, HttpFlvClientOptions } from './http/http-flv-client-options.ts'
export { RtmpClient } from './rtmp/rtmp-client.ts'
export type { RtmpClientEvents } from './rtmp/rtmp-client-events.ts'
export type { RtmpClientEnd, RtmpClientOptions } from './rtmp/rtmp-client-options.ts'
export type { HlsVariantRule, HlsVariants } from '../packaging/hls-variant-names.ts'
export { HlsHandler, type HlsHandlerEvents, type HlsHandlerOptions } from '../packaging/hls-handler.ts'
export {
  type HlsBandwidth,
  HlsPackager,
  type HlsPackagerEvents,
  type HlsPackagerOptions,
  type HlsVariantPlace,
  type PackagedSegment,
} from '../packaging/hls-packager.ts'
export type { HlsSession } from '../packaging/hls-sessions.ts'
export type { CorsOptions } from './http/http-reply.ts'
export type { TrustProxyOptions } from './http/forwarded-client.ts'
export { DirectorySegmentStore, MemorySegmentStore, type SegmentStore } from '../packaging/segment-store.ts'
export { LiveHandler, type LiveHandlerOptions } from './http/live-handler.ts'
export { inRealTime, type RealTimeOptions } from './net/real-time.ts'
