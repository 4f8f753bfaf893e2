/**
 * SRT over UDP: server, connections and client.
 *
 * @module node/srt
 * @group Node
 */
export { SrtClient, type SrtClientEnd, type SrtClientOptions } from './srt-client.ts'
export { SrtConnection, type SrtConnectionEnd } from './srt-connection.ts'
export { nodeSrtCrypto } from './srt-crypto.ts'
export {
  type SrtListenOptions,
  SrtServer,
  type SrtServerEvents,
  type SrtServerOptions,
} from './srt-server.ts'
