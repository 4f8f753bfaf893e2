/**
 * Options of a recorder, and what it tells of its files.
 *
 * @module
 */
import type { AccessRequest, AnnouncerEvents, Clock, Hub, Source } from '../../hub/index.ts'
import type { FourCc } from '../../media/index.ts'
import type { RecordingFormat } from './recording-path.ts'
import type { RecordingStore } from './recording-store.ts'

/** Options of {@link Recorder}. */
export interface RecorderOptions {
  /** Whose streams are recorded. */
  readonly hub: Hub
  /** Store of the files: a `DirectoryRecordingStore`, or your own. */
  readonly store: RecordingStore
  /**
   * Path of each file inside the store, and by its extension (`.flv`, `.mp4`) the format: see {@link RecordingPath} for its variables.
   * @defaultValue '[app]/[stream].[timestamp].flv'
   */
  readonly path?: string
  /** `[vhost]` of paths, and the virtual host that callbacks and the API know. @defaultValue '__defaultVhost__' */
  readonly vhost?: string
  /** Record every stream that `apply` takes, or only those that {@link Recorder.start} names. @defaultValue 'always' */
  readonly start?: 'always' | 'on-demand'
  /** Which streams are recorded without being asked for: names such as `live/show`, or a decision. One that throws is a no, and an `error` event. @defaultValue all */
  readonly apply?: readonly string[] | ((source: Source) => boolean)
  /** A file ends at the first keyframe after this time, ms; without video anywhere. @defaultValue Infinity: one file per publish */
  readonly segmentDurationMs?: number
  /** A file ends at the first keyframe after so many bytes. @defaultValue Infinity: one file per publish */
  readonly segmentBytes?: number
  /** How often files are written to, ms: what a crash costs of an FLV. @defaultValue 500 */
  readonly writeIntervalMs?: number
  /** Media in a fragment of an unfinished MP4, ms, at least; it ends earlier at a keyframe. What a crash costs of an MP4. @defaultValue 2000 */
  readonly fragmentMs?: number
  /** How far the store may fall behind the stream before media is skipped, to the next keyframe, ms: the source's log waits for it. @defaultValue 10000 */
  readonly maxLagMs?: number
  /** Bytes of a stream that are taken off its log for one write; a single packet may be larger. @defaultValue 1048576 */
  readonly maxWriteBytes?: number
  /**
   * Files of one publish that are begun within a minute: segments, and what an MP4 cannot hold. A publisher that makes more, with times that
   * leap or codecs that change all the time, is not recorded any more: `error` with `ERR_RECORDING_FILES`. @defaultValue 60
   */
  readonly maxFilesPerMinute?: number
  /** A store that takes longer for one operation has failed, ms. @defaultValue 15000 */
  readonly storeTimeoutMs?: number
  /** Files that are made whole at the same time: an MP4 is copied for that. @defaultValue 2 */
  readonly maxFinishing?: number
  /** Time and timers. @defaultValue the runtime's own */
  readonly clock?: Clock
  /** The time of day in ms since 1970, for paths. @defaultValue `Date.now` */
  readonly now?: () => number
}

/** How one stream is recorded, where it differs from the recorder's options. */
export interface RecordingOptions {
  /** {@inheritDoc RecorderOptions.path} */
  readonly path?: string
  /** Format of the file, where it is not what the path's extension says: the extension is replaced. */
  readonly format?: RecordingFormat
}

/** Why a file came to its end. */
export type RecordingEnd =
  /** Its publisher has left, or the source or the recorder was closed. */
  | 'ended'
  /** {@link Recorder.stop} */
  | 'stopped'
  /** The next segment began. */
  | 'segment'
  /** The stream changed to what an MP4 cannot hold beside what is in it: the next file goes on without a gap. */
  | 'changed'
  /** The store failed: what was written until then. */
  | 'failed'
  /** A crash, earlier. */
  | 'recovered'

/** A file that is being written. */
export interface Recording {
  /** The stream, as `/app/name`. */
  readonly streamPath: string
  /** Its virtual host. */
  readonly vhost: string
  /** Key in the store: the path inside of it. */
  readonly key: string
  /** FLV or MP4. */
  readonly format: RecordingFormat
  /** When it began, ms since 1970. */
  readonly startedAtMs: number
  /** Media in it, ms. */
  readonly durationMs: number
  /** Bytes written. */
  readonly byteLength: number
  /** How often media was skipped because the store was slower than the stream. */
  readonly skips: number
}

/** A file that is whole. `HttpCallbacks.tellRecording` takes it as it is. */
export interface FinishedRecordingFile {
  /** The stream, as `/app/name`. */
  readonly streamPath: string
  /** Its virtual host. */
  readonly vhost: string
  /** Its location, as the store names it: a path. */
  readonly file: string
  /** FLV or MP4. */
  readonly format: RecordingFormat
  /** When it began, ms since 1970. */
  readonly startedAtMs: number
  /** Its duration, ms. */
  readonly durationMs: number
  /** Its size in bytes. */
  readonly byteLength: number
  /** Why it ended. */
  readonly reason: RecordingEnd
  /** An MP4 whose index could not be put in front, for want of space or for its size: it is fragmented still, and plays. */
  readonly fragmented: boolean
  /** How often media was skipped because the store was slower than the stream. 0 for a recovered file. */
  readonly skips: number
  /** Codecs of the stream that MP4 has no place for, as FourCCs: their frames are not in the file. Empty for a recovered file. */
  readonly unsupportedCodecs: readonly FourCc[]
  /** Who was recorded; `undefined` for a publisher of the application's own, and for a recovered file. */
  readonly request: AccessRequest | undefined
}

/** What went wrong. */
export interface RecordingFailure {
  /** The system's error (`code` is `ENOSPC`, `EACCES` …), or a MediaError. */
  readonly error: Error
  /** The stream, as `/app/name`; `undefined` for an unfinished file that does not say. */
  readonly streamPath: string | undefined
  /** Its virtual host. */
  readonly vhost: string
  /** Key in the store; `undefined` when it had none yet, as when `apply` threw. */
  readonly key: string | undefined
  /** Whether the recording goes on: the store is asked again with the next segment. */
  readonly goesOn: boolean
}

/** A file of no use that was removed. */
export interface RemovedRecordingFile {
  /** Key in the store. */
  readonly key: string
  /** The stream, as `/app/name`; `undefined` for an unfinished file that does not say. */
  readonly streamPath: string | undefined
  /** Its virtual host. */
  readonly vhost: string
  /** Why, in words: it has no media, or is what a crash left of a copy. */
  readonly reason: string
}

/** Facts that a {@link Recorder} announces. A listener that throws costs nothing but itself. */
export interface RecorderEvents extends AnnouncerEvents {
  /** A file was begun. */
  start: (recording: Recording) => void
  /** A file is whole. */
  finish: (recording: FinishedRecordingFile) => void
  /** An unfinished file of no use was removed. */
  remove: (removed: RemovedRecordingFile) => void
  /**
   * A recording has ended because its store failed or MP4 has no place for its stream (`ERR_RECORDING_CODEC`), or a file could not be made
   * whole: it stays unfinished, for {@link Recorder.recover}; or a file or folder cannot be looked at by that.
   * The stream goes on. A recording with `segmentDurationMs` or `segmentBytes` is tried again with its next segment, any other with the
   * next publisher.
   */
  error: (failure: RecordingFailure) => void
}
