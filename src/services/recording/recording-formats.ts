/**
 * The formats that recordings have.
 *
 * @module
 */
import { FlvRecordingWriter } from './flv-recording-writer.ts'
import { noteOfFlv, recoverFlv } from './flv-recovery.ts'
import { readMp4Opening } from './mp4-boxes.ts'
import { finishMp4, Mp4RecordingWriter } from './mp4-recording-writer.ts'
import type { RecordingNote } from './recording-note.ts'
import type { RecordingFormat } from './recording-path.ts'
import type { RecordingFile } from './recording-store.ts'
import type { RecordingWriter, RecordingWriterOptions, WholeFile } from './recording-writer.ts'

/** A writer of `format`. */
export function openWriter(format: RecordingFormat, options: RecordingWriterOptions): RecordingWriter {
  return format === 'mp4' ? new Mp4RecordingWriter(options) : new FlvRecordingWriter(options)
}

/**
 * Finishes a file that may be cut off anywhere.
 * @returns `undefined` if it contains no media: it is discarded.
 */
export async function recoverFile(
  file: RecordingFile,
  format: RecordingFormat,
  startedAtMs: number,
): Promise<WholeFile | undefined> {
  if (format === 'flv') return recoverFlv(file)
  const { hasMovie } = await readMp4Opening(file)
  if (hasMovie) return finishMp4(file, startedAtMs)
  await file.discard()
  return undefined
}

/** Origin of an unfinished file; `undefined` if it does not say. */
export async function noteOf(
  file: RecordingFile,
  format: RecordingFormat,
): Promise<RecordingNote | undefined> {
  return format === 'mp4' ? (await readMp4Opening(file)).note : noteOfFlv(file)
}
