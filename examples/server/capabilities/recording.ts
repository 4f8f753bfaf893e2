/**
 * Streams as files: `record`.
 *
 * @module
 */
import type { Hub } from 'millrace/hub'
import { type StreamService } from 'millrace/services/control'
import { DirectoryRecordingStore, Recorder, RecordService } from 'millrace/services/recording'
import type { VhostConfig } from '../config/vhost-sections.ts'
import { withoutUndefined } from '../config/without-undefined.ts'
import type { Callbacks } from './callbacks.ts'
import { type Capability, SectionInstance, type VhostContext } from './capability.ts'
import { currentService } from './current-service.ts'

/** The section, where it is. */
type RecordConfig = NonNullable<VhostConfig['record']>

/** Recording of a virtual host. */
export class Recording implements Capability {
  /** @internal */
  readonly services: { readonly record: StreamService }
  readonly #context: VhostContext
  readonly #callbacks: Callbacks
  readonly #instance: SectionInstance<RecordConfig, OpenRecorder>
  /** Recorders that the file has no more, with files to be made whole. */
  readonly #closing: Set<Promise<void>>

  constructor(context: VhostContext, callbacks: Callbacks) {
    this.services = {
      record: currentService(
        'Records the stream into files',
        'recording is off in the configuration',
        () => this.#instance.current?.service,
      ),
    }
    this.#context = context
    this.#callbacks = callbacks
    this.#instance = new SectionInstance()
    this.#closing = new Set()
  }

  /** @internal */
  async apply({ record }: VhostConfig, hub: Hub): Promise<void> {
    await this.#instance.apply(record, (section) => this.#open(section, hub))
  }

  /** Waits for the files. @internal */
  async close(): Promise<void> {
    await this.#instance.close()
    await Promise.all(this.#closing)
  }

  async #open(section: RecordConfig, hub: Hub): Promise<OpenRecorder> {
    const { vhost, log } = this.#context
    const { directory, ...options } = section
    const store = new DirectoryRecordingStore(directory)
    const recorder = new Recorder({ hub, store, vhost, ...withoutUndefined(options) })
    const service = new RecordService(recorder)
    recorder.on('finish', (recording) => {
      const { streamPath: stream, file, durationMs, byteLength: bytes, reason, unsupportedCodecs } = recording
      const facts = { vhost, stream, file, durationMs, bytes, reason }
      const without = unsupportedCodecs.length === 0 ? '' : `, without ${unsupportedCodecs.join(', ')}`
      log.event(
        'recorded',
        facts,
        `recorded ${stream}: ${file}, ${(durationMs / 1_000).toFixed(1)} s, ${reason}${without}`,
      )
      this.#callbacks.current?.tellRecording(recording)
    })
    recorder.on('remove', ({ streamPath: stream = '', key: file, reason }) =>
      log.event('recording-removed', { vhost, stream, file, reason }, `removed ${file}: ${reason}`),
    )
    recorder.on('error', ({ error, streamPath: stream = '', key: file = '', goesOn }) => {
      const next = goesOn ? '; retrying with the next segment' : ''
      log.event(
        'record-failed',
        { vhost, stream, file, error: error.message },
        `recording ${stream || file} failed: ${error.message}${next}`,
      )
    })
    // Files of the last run are finished beside the streams of this one.
    const recovering = recorder
      .recover()
      .catch((error: unknown) => log.line(`cannot recover recordings: ${String(error)}`))
    return {
      service,
      // A reload does not wait for files to be made whole, the end of the server does.
      close: () => {
        const closing = Promise.all([recovering, recorder.close()]).then(
          () => void this.#closing.delete(closing),
        )
        this.#closing.add(closing)
      },
    }
  }
}

interface OpenRecorder {
  readonly service: RecordService
  close(): void
}
