/**
 * One file of a recording, from its first packet to its last byte.
 *
 * @module
 */
import type { AccessRequest } from '../../hub/index.ts'
import type { Recording } from './recorder-options.ts'
import type { RecordingFormat } from './recording-path.ts'
import type { RecordingNote } from './recording-note.ts'
import type { RecordingFile, RecordingStore } from './recording-store.ts'
import type { RecordingWriter } from './recording-writer.ts'

/** What a part is made of. */
export interface RecordingPartFields {
  /** Its origin. */
  readonly note: RecordingNote
  /** Who is recorded. */
  readonly request: AccessRequest | undefined
  /** The key to ask the store for. */
  readonly key: string
  /** FLV or MP4. */
  readonly format: RecordingFormat
  /** Makes its bytes. */
  readonly writer: RecordingWriter
}

/** A file, and what goes into it. The file is created with the first bytes. */
export class RecordingPart {
  /** {@inheritDoc RecordingPartFields.note} */
  readonly note: RecordingNote
  /** {@inheritDoc RecordingPartFields.request} */
  readonly request: AccessRequest | undefined
  /** {@inheritDoc RecordingPartFields.format} */
  readonly format: RecordingFormat
  /** {@inheritDoc RecordingPartFields.writer} */
  readonly writer: RecordingWriter
  /** {@inheritDoc Recording.skips} */
  skips: number
  readonly #wantedKey: string
  #file: RecordingFile | undefined

  /** A file that is not there yet. */
  constructor({ note, request, key, format, writer }: RecordingPartFields) {
    this.note = note
    this.request = request
    this.format = format
    this.writer = writer
    this.skips = 0
    this.#wantedKey = key
    this.#file = undefined
  }

  /** The file, once it was created. */
  get file(): RecordingFile | undefined {
    return this.#file
  }

  /** Bytes that the store has, and those that wait. */
  get byteLength(): number {
    return (this.#file?.length ?? 0) + this.writer.pendingBytes
  }

  /** What is reported about it. */
  view(): Recording {
    const { vhost, streamPath, startedAtMs } = this.note
    return {
      streamPath,
      vhost,
      key: this.#file?.key ?? this.#wantedKey,
      format: this.format,
      startedAtMs,
      durationMs: this.writer.durationMs,
      byteLength: this.#file?.length ?? 0,
      skips: this.skips,
    }
  }

  /** Appends what the writer has. @returns whether the file was created by that. */
  async append(store: RecordingStore, chunks: readonly Uint8Array[]): Promise<boolean> {
    const isNew = this.#file === undefined && chunks.length > 0
    if (isNew) this.#file = await store.create(this.#wantedKey)
    for (const chunk of chunks) await this.#file!.append(chunk)
    return isNew
  }
}
