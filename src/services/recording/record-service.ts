/**
 * Recording as the HTTP API starts, stops and shows it.
 *
 * @module
 */
import type { ServiceInfo, ServiceTarget, StreamService } from '../control/index.ts'
import type { Recorder } from './recorder.ts'
import type {
  FinishedRecordingFile,
  Recording,
  RecordingFailure,
  RecordingOptions,
} from './recorder-options.ts'

/** Files that are remembered once they have ended. */
const MAX_HISTORY = 100

/**
 * A recorder for `StreamServices`. `PUT /api/v1/streams/{id}/services/record` takes
 * `{ "path": "…", "format": "mp4" }`, both optional; the path stays inside the store.
 * `GET /api/v1/services/record` lists the files that are written and the last 100 that ended.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { StreamServices } from 'millrace/services/control'
 * import { DirectoryRecordingStore, Recorder, RecordService } from 'millrace/services/recording'
 *
 * const store = new DirectoryRecordingStore('recordings')
 * const recorder = new Recorder({ hub: new Hub(), store, start: 'on-demand' })
 * const services = new StreamServices()
 * services.register('record', new RecordService(recorder))
 * ```
 */
export class RecordService implements StreamService {
  readonly description = 'Records the stream into files'
  readonly #recorder: Recorder
  readonly #history: ServiceInfo[]

  /** @param recorder - is listened to as long as it lives. */
  constructor(recorder: Recorder) {
    this.#recorder = recorder
    this.#history = []
    recorder.on('finish', (file) => this.#remember(factsOfFile(file)))
    recorder.on('error', (failure) => this.#remember(factsOfFailure(failure)))
  }

  isRunning({ source }: ServiceTarget): boolean {
    return this.#recorder.isRecording(source)
  }

  start({ source }: ServiceTarget, options: unknown): void {
    // It checks them itself.
    this.#recorder.start(source, (options ?? {}) as RecordingOptions)
  }

  /** Ends it; its file is in the list once it is finished. */
  stop({ source }: ServiceTarget): void {
    void this.#recorder.stop(source)
  }

  status({ source }: ServiceTarget): ServiceInfo | undefined {
    const recording = this.#recorder.recordings().find(({ streamPath }) => streamPath === source.streamPath)
    return recording === undefined ? undefined : infoOf(recording)
  }

  list(): readonly ServiceInfo[] {
    return [...this.#recorder.recordings().map(infoOf), ...this.#history]
  }

  #remember(facts: ServiceInfo): void {
    this.#history.unshift(facts)
    this.#history.splice(MAX_HISTORY)
  }
}

function infoOf({
  key,
  streamPath,
  format,
  startedAtMs,
  durationMs,
  byteLength,
  skips,
}: Recording): ServiceInfo {
  return {
    state: 'recording',
    stream: streamPath,
    file: key,
    format,
    started: new Date(startedAtMs).toISOString(),
    duration: durationMs / 1_000,
    bytes: byteLength,
    skips,
  }
}

function factsOfFile(finished: FinishedRecordingFile): ServiceInfo {
  const { file, streamPath, format, startedAtMs, durationMs, byteLength, skips, unsupportedCodecs, reason } =
    finished
  return {
    state: 'finished',
    stream: streamPath,
    file,
    format,
    started: new Date(startedAtMs).toISOString(),
    duration: durationMs / 1_000,
    bytes: byteLength,
    skips,
    ...(unsupportedCodecs.length > 0 && { unsupported_codecs: unsupportedCodecs }),
    reason,
  }
}

function factsOfFailure({ error, streamPath, key }: RecordingFailure): ServiceInfo {
  const code = 'code' in error ? error.code : error.name
  // Not the message: it names places of this machine.
  return { state: 'failed', stream: streamPath, file: key, error: code, time: new Date().toISOString() }
}
