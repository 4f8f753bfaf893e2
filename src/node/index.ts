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
