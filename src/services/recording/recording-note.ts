/**
 * Origin of a recording, written into the file itself, so that a file found after a crash is reported like
 * any other.
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
