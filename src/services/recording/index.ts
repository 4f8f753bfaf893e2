/**
 * Recording: {@link Recorder} writes streams into FLV and MP4 files of a {@link RecordingStore}, such as
 * {@link DirectoryRecordingStore}. {@link RecordService} starts and stops recordings for the API.
 *
 * @module services/recording
 * @group Services
 */
export { DirectoryRecordingStore } from './directory-recording-store.ts'
export { RecordService } from './record-service.ts'
export type {
  FinishedRecordingFile,
  RecorderEvents,
  RecorderOptions,
  Recording,
  RecordingEnd,
  RecordingFailure,
  RecordingOptions,
  RemovedRecordingFile,
} from './recorder-options.ts'
export { Recorder } from './recorder.ts'
export { type RecordingFormat, RecordingPath, type RecordingPathInfo } from './recording-path.ts'
export type {
  RecordingFile,
  RecordingReplacement,
  RecordingStore,
  RecoveryWitness,
} from './recording-store.ts'
