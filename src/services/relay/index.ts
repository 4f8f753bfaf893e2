/**
 * Streams from and to other servers: {@link Forwarder} sends streams to any number of RTMP servers, {@link StreamPush} one stream to one,
 * and {@link StreamPull} brings one in over RTMP or HTTP-FLV. Each connection is made again when it fails.
 *
 * @module services/relay
 * @group Services
 */
export { ForwardService } from './forward-service.ts'
export type { ForwardTarget } from './forward-target.ts'
export type {
  FindForwardTargets,
  ForwardTargets,
  ForwarderEvents,
  ForwarderOptions,
} from './forwarder-options.ts'
export { Forwarder } from './forwarder.ts'
export {
  type ConnectionFailure,
  ReconnectingConnection,
  type ReconnectingConnectionEvents,
  type ReconnectingConnectionOptions,
  type ReconnectingConnectionState,
  type ReconnectingConnectionStats,
  type RetryOptions,
} from './reconnecting-connection.ts'
export {
  type PullHttpOptions,
  type PullRtmpOptions,
  StreamPull,
  type StreamPullOptions,
  type StreamPullStats,
} from './stream-pull.ts'
export {
  type PushClientOptions,
  type PushOptions,
  StreamPush,
  type StreamPushOptions,
  type StreamPushStats,
} from './stream-push.ts'
