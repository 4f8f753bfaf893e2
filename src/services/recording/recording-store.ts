/**
 * Storage for the bytes of recordings: a directory, or anything of the caller's that can do the same.
 *
 * @module
 */

/** A file that is being written: others should not take it for finished. */
export interface RecordingFile {
  /**
   * What {@link RecordingStore.create} was asked for, with a number in it where that was taken:
   * `live/show.1700000000000.flv`.
   */
  readonly key: string
  /** Bytes in the file. After a failed write there may be more. */
  readonly length: number
  /**
   * Adds `bytes` at the end. They are not changed afterwards.
   * @throws what the disk says; part of `bytes` may be there then.
   */
  append(bytes: Uint8Array): Promise<void>
  /** Writes over bytes that are there. */
  overwrite(offset: number, bytes: Uint8Array): Promise<void>
  /** Up to `length` bytes from `offset` on: fewer at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** Cuts the file off at `length`, also when more was written than is known. */
  truncate(length: number): Promise<void>
  /**
   * Makes the file durable, gives it its name and closes it. A name that somebody else took meanwhile is
   * never written over: the file gets a number.
   * @returns where it is now, in the words of the store: a path, a URL.
   */
  finish(): Promise<string>
  /** An empty file that is to take the place of this one, which stays as it is until then. One at a time. */
  replacement(): Promise<RecordingReplacement>
  /**
   * Closes the file and leaves it unfinished: {@link RecordingStore.unfinished} lists it. Harmless when
   * repeated, or finished.
   */
  close(): Promise<void>
  /** Closes and removes the file. */
  discard(): Promise<void>
}

/** The same recording in another form, while it is written. */
export interface RecordingReplacement {
  /** Adds `bytes` at the end. They are not changed afterwards. */
  append(bytes: Uint8Array): Promise<void>
  /**
   * Takes the place of the file all at once, under the same promises as {@link RecordingFile.finish}; both
   * are closed.
   */
  finish(): Promise<string>
  /** Closes and removes it; the file is as it was. */
  discard(): Promise<void>
}

/** Who hears what {@link RecordingStore.unfinished} did on its way. */
export interface RecoveryWitness {
  /** A file of no use was removed, for `reason`. */
  removed(key: string, reason: string): void
  /** A file or folder was left out. */
  failed(key: string, error: Error): void
}

/** Keeps recordings by key: relative paths with forward slashes. */
export interface RecordingStore {
  /** Starts a file. One of the same key, finished or not, stays: the new one gets a number. */
  create(key: string): Promise<RecordingFile>
  /**
   * Keys of unfinished files that nobody writes to: what a crash left.
   * @param witness - hears what was removed, and what could not be read: that costs no other file.
   * @throws when nothing at all can be listed.
   */
  unfinished(witness?: RecoveryWitness): Promise<readonly string[]>
  /** Opens such a file, to be finished. */
  reopen(key: string): Promise<RecordingFile>
}
