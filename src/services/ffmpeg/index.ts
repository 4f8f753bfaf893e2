/**
 * Supervised processes of the system's ffmpeg: {@link Transcoder} makes renditions of live streams,
 * {@link Ingester} brings in files and remote streams, {@link Snapshots} makes pictures, {@link ExecHooks}
 * runs programs for streams. None of them outlives the server.
 *
 * @module services/ffmpeg
 * @group Services
 */
export type { WorkerExit, WorkerState, WorkerStats } from './child-worker-options.ts'
export type { AudioEncoding, Encoding, VideoEncoding } from './encoding.ts'
export type { ExecHook, ExecHooksOptions } from './exec-hooks-options.ts'
export { type ExecHookStats, ExecHooks, type ExecHooksEvents } from './exec-hooks.ts'
export type { FfmpegProgress } from './ffmpeg-progress.ts'
export { type Ffmpeg, findFfmpeg } from './find-ffmpeg.ts'
export type { Ingest, IngesterOptions } from './ingester-options.ts'
export { type IngestStats, type IngestedStream, Ingester, type IngesterEvents } from './ingester.ts'
export { renditionVariants } from './rendition-variants.ts'
export { TranscodedStream } from './transcoded-stream.ts'
export type { RestartOptions } from './restart-options.ts'
export { SnapshotHandler, type SnapshotHandlerOptions } from './snapshot-handler.ts'
export type { Snapshot, SnapshotsOptions } from './snapshots-options.ts'
export { type SnapshotStats, Snapshots, type SnapshotsEvents } from './snapshots.ts'
export type { TranscodeOutputStats, TranscodeStats } from './transcode-job.ts'
export type { TranscodeEngine, TranscodeOutput, TranscoderOptions } from './transcoder-options.ts'
export { Transcoder, type TranscoderEvents } from './transcoder.ts'
