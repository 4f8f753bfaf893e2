/**
 * A stream that is made from another one.
 *
 * @module
 */

import type { StreamPath } from '../../hub/index.ts'

/**
 * What a {@link Transcoder} publishes as {@link Publisher.userData}: one output of an engine. Its times are
 * those of its original, and a transcoder makes nothing from it.
 */
export class TranscodedStream {
  /** Stream path of its original. */
  readonly of: StreamPath
  /** Its own stream path. */
  readonly streamPath: StreamPath
  /** Name of the engine that makes it. */
  readonly engine: string
  /** Its name among the outputs of the engine, such as `720p`. */
  readonly name: string
  /** Width in pixels, where the output says it. */
  readonly width: number | undefined
  /** Height in pixels, where the output says it. */
  readonly height: number | undefined
  /** Frames a second, where the output says it. */
  readonly fps: number | undefined
  /** Bitrate of video, kbit/s, where the output says it. */
  readonly videoBitrateKbps: number | undefined
  /** Bitrate of audio, kbit/s, where the output says it. */
  readonly audioBitrateKbps: number | undefined

  /** @internal */
  constructor(fields: TranscodedStream) {
    this.of = fields.of
    this.streamPath = fields.streamPath
    this.engine = fields.engine
    this.name = fields.name
    this.width = fields.width
    this.height = fields.height
    this.fps = fields.fps
    this.videoBitrateKbps = fields.videoBitrateKbps
    this.audioBitrateKbps = fields.audioBitrateKbps
  }
}
