/**
 * Servers, clients and handlers over Node's sockets, HTTP and files.
 *
 * @module node
 */
export { duplexPair, type DuplexPairOptions } from './duplex-pair.ts'
export { nodeHandshakeCrypto } from './handshake-crypto.ts'
export type { HubResolver } from './hub-resolver.ts'
export { type ProxyHeader, ProxyProtocolDecoder } from './proxy-protocol.ts'
export {
  type RtmpConnectDecider,
  type RtmpConnectDecision,
  RtmpConnection,
  type RtmpConnectionEnd,
  type RtmpConnectionInfo,
  type RtmpConnectionRole,
  type RtmpConnectionStats,
} from './rtmp-connection.ts'
export {
  type ListenOptions,
  RtmpServer,
  type RtmpServerEvents,
  type RtmpServerOptions,
} from './rtmp-server.ts'
export { RtmpClient, type RtmpClientEnd, type RtmpClientOptions } from './rtmp-client.ts'
export { HlsHandler, type HlsHandlerOptions } from './hls-handler.ts'
export { HlsPackager, type HlsPackagerOptions } from './hls-packager.ts'
export type { HlsSession } from './hls-sessions.ts'
export type { CorsOptions } from './http-reply.ts'
export type { TrustProxyOptions } from './http-request.ts'
export { DirectorySegmentStore, MemorySegmentStore, type SegmentStore } from './segment-store.ts'
export { LiveHandler, type LiveHandlerOptions } from './live-handler.ts'
