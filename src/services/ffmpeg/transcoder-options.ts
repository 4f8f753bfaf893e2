/**
 * What a {@link Transcoder} takes.
 *
 * @module
 */
import type { Clock, Hub } from '../../hub/index.ts'
import type { AudioEncoding, Encoding } from './encoding.ts'
import type { RestartOptions } from './restart-options.ts'

/** One stream that an engine makes. */
export interface TranscodeOutput extends Pick<Encoding, 'video'> {
  /** Its name among the outputs, such as `720p`: letters, digits, `_` and `-`. */
  readonly name: string
  /**
   * Name of the stream: `[app]` and `[stream]` are those of the original; without a slash it is in the same
   * app.
   * @defaultValue '[stream]_' and `name`
   */
  readonly stream?: string | undefined
  /**
   * Treatment of audio; `auto` copies AAC, MP3 and what else has always been in FLV, and converts everything
   * else to AAC.
   * @defaultValue 'auto'
   */
  readonly audio?: 'auto' | 'copy' | 'none' | AudioEncoding | undefined
}

/**
 * One ffmpeg for each stream that it applies to. It decodes once for all its outputs, such as the rungs of a
 * ladder.
 */
export interface TranscodeEngine {
  /** Its name: letters, digits, `_` and `-`. */
  readonly name: string
  /** Streams that it applies to: `live/show`, or with `*` for any characters `live/*`. @defaultValue '*' */
  readonly match?: string | readonly string[] | undefined
  /** What it makes, 1 to 16. */
  readonly outputs: readonly TranscodeOutput[]
  /**
   * Time between keyframes, ms, the same in all outputs and at the same frames where these have the same
   * frame rate.
   * @defaultValue 2000
   */
  readonly gopMs?: number | undefined
  /**
   * How much of the stream ffmpeg looks at before it begins, ms: delay at the start, in exchange for what
   * comes late.
   * @defaultValue 500
   */
  readonly analyzeMs?: number | undefined
  /** Decode with the machine's hardware, in the words of ffmpeg's `-hwaccel`. @defaultValue no hardware */
  readonly hwaccel?: string | undefined
}

/** Options of {@link Transcoder}. */
export interface TranscoderOptions extends RestartOptions {
  /** Whose streams; their renditions are published there as well. */
  readonly hub: Hub
  /** What is made of them. */
  readonly engines: readonly TranscodeEngine[]
  /** The program. @defaultValue 'ffmpeg' */
  readonly ffmpeg?: string
  /**
   * Pixels of a picture that is decoded, at 1.5 bytes and several at a time; ffmpeg refuses streams with
   * more.
   * @defaultValue 35389440 (8192 × 4320)
   */
  readonly maxPixels?: number
  /** Engines that run at a time; streams beyond are not transcoded. @defaultValue 16 */
  readonly maxWorkers?: number
  /** How long ffmpeg may write pending output after the end of a stream, ms. @defaultValue 2000 */
  readonly drainTimeoutMs?: number
  /** Time and timers, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock
}
