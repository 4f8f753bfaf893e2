/**
 * What turns packets into the bytes of one file.
 *
 * @module
 */
import type { ConfigurationSet, FourCc, MediaPacket } from '../../media/index.ts'
import type { RecordingNote } from './recording-note.ts'
import type { RecordingFile } from './recording-store.ts'

/** What a writer starts with. */
export interface RecordingWriterOptions {
  /** Origin of the recording. */
  readonly note: RecordingNote
  /** Metadata and decoder configuration in force. */
  readonly configuration: ConfigurationSet
  /** FLV: keyframes that the index of the file has room for. */
  readonly indexEntries: number
  /** MP4: media between two fragments, ms. */
  readonly fragmentMs: number
}

/** A finished file. */
export interface WholeFile {
  /** Its location, as its store names it. */
  readonly place: string
  /** Its duration, ms. */
  readonly durationMs: number
  /** Its size in bytes. */
  readonly byteLength: number
  /**
   * An MP4 whose index could not be put in front, for want of space or for its size: it is fragmented still,
   * and plays.
   */
  readonly fragmented: boolean
}

/** Makes the bytes of one file; the owner appends them, in order. */
export interface RecordingWriter {
  /** Media taken so far, ms. */
  readonly durationMs: number
  /** Bytes that wait to be taken, about. */
  readonly pendingBytes: number
  /** Codecs of frames that the format has no place for. */
  readonly unsupportedCodecs: readonly FourCc[]
  /**
   * Takes a packet.
   * @returns `false` when this file cannot hold it: it has taken nothing of it, and the next file can.
   * @throws ProtocolError `ERR_RECORDING_CODEC` when the format has no place for anything of the stream.
   */
  write(packet: MediaPacket): boolean
  /** What to append now: nothing while too little is known to begin. */
  take(): Uint8Array[]
  /**
   * What to append last. Nothing is to be written after.
   * @throws ProtocolError `ERR_RECORDING_CODEC` as {@link RecordingWriter.write}.
   */
  end(): Uint8Array[]
  /**
   * Finishes `file`, to which everything was appended.
   * @returns `undefined` if it contains no media: it is discarded.
   */
  finish(file: RecordingFile): Promise<WholeFile | undefined>
}
