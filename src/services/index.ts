/**
 * What an operator wants around a hub, each a class or function that is used without the others.
 *
 * **Admission**: rules that together make a hub's `authorize`: {@link addressRules}, {@link refererRules}, {@link signedUrls} (and
 * {@link nmsSignedUrls} for those who come from Node-Media-Server), {@link AccessLimits}, your own functions, put together by {@link all},
 * {@link firstMatch} and {@link when}. {@link BitrateLimit} ends publishers that send too much and {@link IdleLimit} those that nobody watches, {@link RecentRefusals} keeps who was turned
 * away and why.
 *
 * **Callbacks**: {@link HttpCallbacks} asks a backend over HTTP, and tells it what happens, with the bodies of SRS.
 *
 * **Forward and pull**: {@link Forwarder} sends streams to any number of RTMP servers, {@link StreamPull} brings them in over RTMP and
 * HTTP-FLV; each connection is kept alive.
 *
 * **HTTP API and metrics**: {@link Statistics} knows who publishes and plays what, with bitrates; {@link HttpApi} answers under `/api/v1/`
 * with the paths and fields of SRS, {@link MetricsHandler} answers Prometheus. {@link StreamServices} makes what an application starts and
 * stops on a stream known to the API. {@link ServerIdentity} names the server, the same everywhere.
 *
 * **Heartbeat**: {@link Heartbeat} tells a backend that the server is there.
 *
 * **Recording**: {@link Recorder} writes streams into FLV and MP4 files of a {@link RecordingStore}, such as {@link DirectoryRecordingStore};
 * {@link RecordService} is for the API.
 *
 * **Virtual hosts**: {@link VhostHubs} keeps hubs by name, and applies a changed configuration to them while streams run.
 *
 * @example Publishers come from one network, players with a signed URL, and not too many of them
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { AccessLimits, addressRules, all, signedUrls } from 'millrace/services'
 *
 * const limits = new AccessLimits({ maxPlayersPerStream: 500 })
 * const hub = new Hub({
 *   authorize: all(
 *     addressRules(['allow publish 10.0.0.0/8']),
 *     signedUrls({ secret: 'from your vault', actions: ['play'] }),
 *     limits.rule,
 *   ),
 * })
 * ```
 *
 * @module services
 * @group Services
 */
export { AccessLimits, type AccessLimitsOptions, type AccessLimitsStats } from './admission/access-limits.ts'
export { type AccessRule, all, firstMatch, type RuleAnswer, when } from './admission/access-rule.ts'
export { type AddressRule, addressRules, type AddressRulesOptions } from './admission/address-rules.ts'
export { IdleLimit, type IdleLimitEvents, type IdleLimitOptions } from './admission/idle-limit.ts'
export { Heartbeat, type HeartbeatEvents, type HeartbeatOptions } from './heartbeat/heartbeat.ts'
export { BitrateLimit, type BitrateLimitEvents, type BitrateLimitOptions } from './admission/bitrate-limit.ts'
export { allConnect } from './admission/connect-rule.ts'
export { IpRange, parseIpAddress } from './admission/ip-range.ts'
export { nmsSign, nmsSignedUrls, type NmsSignedUrlsOptions } from './admission/nms-signed-url.ts'
export { RecentRefusals, type RecentRefusalsOptions, type Refusal } from './admission/recent-refusals.ts'
export { refererRules, type RefererRulesOptions } from './admission/referer-rules.ts'
export { signedUrls, type SignedUrlsOptions, signUrl, type SignUrlOptions } from './admission/signed-url.ts'
export {
  BandwidthHandler,
  type BandwidthHandlerOptions,
  type UploadMeasurement,
} from './bandwidth/bandwidth-handler.ts'
export { RtmpBandwidthCheck, type RtmpBandwidthCheckOptions } from './bandwidth/rtmp-bandwidth-check.ts'
export { ServerIdentity, type ServerIdentityOptions } from './identity/server-identity.ts'
export type { FinishedRecording } from './callbacks/callback-body.ts'
export type {
  AskingAction,
  CallbackAction,
  CallbackFailure,
  CallbackUrls,
  DecidingAction,
  HttpCallbacksEvents,
  HttpCallbacksOptions,
  HttpCallbacksStats,
  TellingAction,
} from './callbacks/callback-options.ts'
export { verifyCallback, type VerifyCallbackOptions } from './callbacks/callback-signature.ts'
export { HttpCallbacks } from './callbacks/http-callbacks.ts'
export type { WorkerExit, WorkerState, WorkerStats } from './ffmpeg/child-worker-options.ts'
export type { AudioEncoding, Encoding, VideoEncoding } from './ffmpeg/encoding.ts'
export type { FfmpegProgress } from './ffmpeg/ffmpeg-progress.ts'
export { ExecHooks, type ExecHooksEvents, type ExecHookStats } from './ffmpeg/exec-hooks.ts'
export type { ExecHook, ExecHooksOptions } from './ffmpeg/exec-hooks-options.ts'
export { type Ffmpeg, findFfmpeg } from './ffmpeg/find-ffmpeg.ts'
export { type IngestedStream, Ingester, type IngesterEvents, type IngestStats } from './ffmpeg/ingester.ts'
export type { Ingest, IngesterOptions } from './ffmpeg/ingester-options.ts'
export { renditionVariants } from './ffmpeg/rendition-variants.ts'
export { Rendition } from './ffmpeg/rendition.ts'
export type { RestartOptions } from './ffmpeg/restart-options.ts'
export { SnapshotHandler, type SnapshotHandlerOptions } from './ffmpeg/snapshot-handler.ts'
export { Snapshots, type SnapshotsEvents, type SnapshotStats } from './ffmpeg/snapshots.ts'
export type { Snapshot, SnapshotsOptions } from './ffmpeg/snapshots-options.ts'
export type { TranscodeOutputStats, TranscodeStats } from './ffmpeg/transcode-job.ts'
export { Transcoder, type TranscoderEvents } from './ffmpeg/transcoder.ts'
export type { TranscodeEngine, TranscodeOutput, TranscoderOptions } from './ffmpeg/transcoder-options.ts'
export type { ForwardTarget } from './relay/forward-target.ts'
export { ForwardService } from './relay/forward-service.ts'
export { Forwarder } from './relay/forwarder.ts'
export type {
  FindForwardTargets,
  ForwarderEvents,
  ForwarderOptions,
  ForwardTargets,
} from './relay/forwarder-options.ts'
export {
  type ConnectionFailure,
  KeptConnection,
  type KeptConnectionEvents,
  type KeptConnectionOptions,
  type KeptConnectionState,
  type KeptConnectionStats,
  type RetryOptions,
} from './relay/kept-connection.ts'
export {
  type PullHttpOptions,
  type PullRtmpOptions,
  StreamPull,
  type StreamPullOptions,
  type StreamPullStats,
} from './relay/stream-pull.ts'
export {
  type PushClientOptions,
  type PushOptions,
  StreamPush,
  type StreamPushOptions,
  type StreamPushStats,
} from './relay/stream-push.ts'
export {
  type HttpAuthentication,
  HttpGate,
  type HttpPassword,
  type HttpToken,
} from './authentication/http-gate.ts'
export { type ApiAction, type ApiFeature, HttpApi, type HttpApiOptions } from './http-api/http-api.ts'
export type { ReloadConfiguration } from './http-api/service-routes.ts'
export {
  type ListedService,
  type ServiceFacts,
  type ServiceTarget,
  type StreamService,
  StreamServices,
} from './control/stream-services.ts'
export { Client, type ClientFigures, type ClientRole } from './statistics/client.ts'
export { MetricsHandler, type MetricsHandlerOptions } from './metrics/metrics-handler.ts'
export {
  type ConnectionCounts,
  DEFAULT_VHOST,
  type Kbps,
  Statistics,
  type StatisticsOptions,
  type StreamStatistics,
  type VhostStatistics,
} from './statistics/statistics.ts'
export {
  type DiskFigures,
  type MemoryFigures,
  type NetworkFigures,
  type SocketFigures,
  SystemStatistics,
  type UptimeFigures,
} from './statistics/system-statistics.ts'
export { DirectoryRecordingStore } from './recording/directory-recording-store.ts'
export { RecordService } from './recording/record-service.ts'
export { Recorder } from './recording/recorder.ts'
export type {
  FinishedRecordingFile,
  RecorderEvents,
  RecorderOptions,
  Recording,
  RecordingEnd,
  RecordingFailure,
  RecordingOptions,
  RemovedRecordingFile,
} from './recording/recorder-options.ts'
export { type RecordingFormat, RecordingPath, type RecordingPathFacts } from './recording/recording-path.ts'
export type {
  RecordingFile,
  RecordingReplacement,
  RecordingStore,
  RecoveryWitness,
} from './recording/recording-store.ts'
export {
  type VhostChanges,
  VhostHubs,
  type VhostHubsEvents,
  type VhostHubsOptions,
  type VhostSettings,
} from './vhosts/vhost-hubs.ts'
