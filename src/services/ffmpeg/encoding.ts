/**
 * How a stream is encoded: the keys of SRS's engines, in words.
 *
 * @module
 */

/** How video is encoded. */
export interface VideoEncoding {
  /** The encoder, by the name that ffmpeg has for it. @defaultValue 'libx264' */
  readonly codec?: string | undefined
  /** Bitrate, kbit/s. @defaultValue the encoder's own quality */
  readonly bitrateKbps?: number | undefined
  /** Bitrate that is not exceeded over two seconds, kbit/s. @defaultValue `bitrateKbps` */
  readonly peakBitrateKbps?: number | undefined
  /** Width in pixels, even. @defaultValue as `height` and the aspect ratio say, or that of the stream */
  readonly width?: number | undefined
  /** Height in pixels, even. @defaultValue as `width` and the aspect ratio say, or that of the stream */
  readonly height?: number | undefined
  /**
   * Makes a stream that is smaller larger. Without it, one of fewer pixels than asked for keeps its size.
   * @defaultValue false
   */
  readonly upscale?: boolean | undefined
  /** Frames a second. @defaultValue those of the stream */
  readonly fps?: number | undefined
  /** Speed against quality, in the encoder's words. @defaultValue 'veryfast' for libx264 and libx265 */
  readonly preset?: string | undefined
  /** Profile, in the encoder's words. @defaultValue 'main' for libx264 and libx265 */
  readonly profile?: string | undefined
  /** B-frames in a row; each adds a frame of delay. @defaultValue 0 */
  readonly bFrames?: number | undefined
  /** Threads; 0: as many as ffmpeg likes. @defaultValue 0 */
  readonly threads?: number | undefined
  /** Filters after scaling, as for `-vf`: `drawtext=…`, `hqdn3d`. @defaultValue none */
  readonly filters?: string | undefined
  /** More options of the encoder by name, such as `tune`, `crf` or `x264-params`. @defaultValue none */
  readonly options?: Readonly<Record<string, string | number>> | undefined
}

/** How audio is encoded. */
export interface AudioEncoding {
  /** The encoder, by the name that ffmpeg has for it. @defaultValue 'aac' */
  readonly codec?: string | undefined
  /** Bitrate, kbit/s. @defaultValue the encoder's own */
  readonly bitrateKbps?: number | undefined
  /** Samples a second. @defaultValue those of the stream */
  readonly sampleRate?: number | undefined
  /** Channels. @defaultValue those of the stream */
  readonly channels?: number | undefined
  /** More options of the encoder by name. @defaultValue none */
  readonly options?: Readonly<Record<string, string | number>> | undefined
}

/** What becomes of a stream: each kind is copied, left out, or encoded. */
export interface Encoding {
  /** Treatment of video. @defaultValue 'copy' */
  readonly video?: 'copy' | 'none' | VideoEncoding | undefined
  /** Treatment of audio. @defaultValue 'copy' */
  readonly audio?: 'copy' | 'none' | AudioEncoding | undefined
}
