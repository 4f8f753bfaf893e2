/**
 * RTMP over sockets: server, connections and client.
 *
 * @module node/rtmp
 * @group Node
 */
export { nodeHandshakeCrypto } from './handshake-crypto.ts'
export {
  type RtmpConnectAccept,
  type RtmpConnectDecision,
  type RtmpConnectionExtension,
} from './rtmp-admission.ts'
export type { RtmpClientEvents } from './rtmp-client-events.ts'
export type { RtmpClientEnd, RtmpClientOptions } from './rtmp-client-options.ts'
export { RtmpClient } from './rtmp-client.ts'
export type {
  RtmpConnectDecider,
  RtmpConnectionEnd,
  RtmpConnectionEvent,
  RtmpConnectionInfo,
  RtmpConnectionRole,
  RtmpConnectionStats,
  RtmpRefusal,
} from './rtmp-connection-host.ts'
export { RtmpConnection } from './rtmp-connection.ts'
export { RtmpServer, type RtmpServerEvents, type RtmpServerOptions } from './rtmp-server.ts'
