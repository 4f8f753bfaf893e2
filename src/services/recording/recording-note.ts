/**
 * Where a recording comes from, written into the file itself: what is found after a crash can be told of like any other.
 *
 * @module
 */

/** Origin of a file. */
export interface RecordingNote {
  /** Name of the virtual host. */
  readonly vhost: string
  /** The stream, as `/app/name`. */
  readonly streamPath: string
  /** When it began, ms since 1970. */
  readonly startedAtMs: number
}
