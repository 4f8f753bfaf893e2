/**
 * What an {@link Ingester} takes.
 *
 * @module
 */
import type { Clock, Hub, StreamPath } from '../../hub/index.ts'
import type { Encoding } from './encoding.ts'
import type { RestartOptions } from './restart-options.ts'

/** One file or remote stream that becomes a stream of the hub. */
export interface Ingest extends Encoding {
  /** Its name: letters, digits, `_` and `-`. */
  readonly name: string
  /** The stream, as `/live/show`. */
  readonly streamPath: StreamPath
  /** A file; or `url`. */
  readonly file?: string | undefined
  /**
   * A remote stream, by `rtsp`, `rtsps`, `rtmp`, `rtmps`, `http`, `https`, `srt`, `udp`, `rtp` or `tcp`; or
   * `file`.
   */
  readonly url?: string | undefined
  /** Restart a file at its end. Otherwise it ends there. @defaultValue true */
  readonly loop?: boolean | undefined
  /**
   * Read no faster than it plays.
   * @defaultValue true for files, `http` and `https`; other streams come in their own time
   */
  readonly realTime?: boolean | undefined
  /** How RTSP carries media: in its connection, or in datagrams. @defaultValue 'tcp' */
  readonly rtspTransport?: 'tcp' | 'udp' | undefined
  /** Time between keyframes when video is encoded, ms. @defaultValue 2000 */
  readonly gopMs?: number | undefined
  /** Time without data after which an input is reopened, ms. @defaultValue 30000 */
  readonly stallMs?: number | undefined
}

/** Options of {@link Ingester}. */
export interface IngesterOptions extends RestartOptions {
  /** Hub the streams are published to. */
  readonly hub: Hub
  /** What is published. */
  readonly ingests: readonly Ingest[]
  /** Failures in a row after which an input is given up; `Infinity`: never. @defaultValue Infinity */
  readonly maxRestarts?: number
  /** The program. @defaultValue 'ffmpeg' */
  readonly ffmpeg?: string
  /** Time and timers, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock
}
