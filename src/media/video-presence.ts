/**
 * Whether there is video to wait for, or audio has to continue without it: one rule for players, recordings
 * and segments.
 *
 * Audio tells how much time has passed, by its own clock: that of video may stand still, or be a different
 * one.
 *
 * @module
 */
import type { MediaPacket } from './media-packet.ts'

/**
 * Time of audio without a picture that a decoder can show, after which readers continue without pictures
 * until a keyframe arrives, in ms.
 */
export const VIDEO_STALLED_AFTER_MS = 3_000

/** Time of audio without any sign of video, after which there is none, in ms. */
const NO_VIDEO_AFTER_MS = 500

/**
 * Follows the packets of one publisher. Give it those that a decoder can use: video from its first keyframe
 * on.
 */
export class VideoPresence {
  #hasPictures: boolean
  #soundDts: number
  /** Times of the first audio after the newest picture, and after the newest keyframe. */
  #sincePictureDts: number | undefined
  #sinceKeyframeDts: number | undefined

  constructor() {
    this.#hasPictures = false
    this.#soundDts = 0
    this.#sincePictureDts = undefined
    this.#sinceKeyframeDts = undefined
  }

  /** Whether a picture came. */
  get hasPictures(): boolean {
    return this.#hasPictures
  }

  /**
   * Whether sound has gone on for {@link VIDEO_STALLED_AFTER_MS} since the newest keyframe, or since the
   * beginning.
   */
  get lacksKeyframe(): boolean {
    return this.#soundSince(this.#sinceKeyframeDts) >= VIDEO_STALLED_AFTER_MS
  }

  /**
   * Whether nobody should wait for video: there is none, or it has stalled.
   * @param isAnnounced - whether its decoder configuration is there.
   */
  isAbsent(isAnnounced: boolean): boolean {
    const patienceMs = isAnnounced || this.#hasPictures ? VIDEO_STALLED_AFTER_MS : NO_VIDEO_AFTER_MS
    return this.#soundSince(this.#sincePictureDts) >= patienceMs
  }

  /** Takes the next packet. Configuration and data say nothing. */
  observe({ kind, coded, keyframe, dts }: MediaPacket): void {
    if (!coded) return
    if (kind === 'video') {
      this.#hasPictures = true
      this.#sincePictureDts = undefined
      if (keyframe) this.#sinceKeyframeDts = undefined
    } else {
      this.#soundDts = dts
      // A clock that goes back begins to count there.
      this.#sincePictureDts = Math.min(this.#sincePictureDts ?? dts, dts)
      this.#sinceKeyframeDts = Math.min(this.#sinceKeyframeDts ?? dts, dts)
    }
  }

  /** Another publisher, or another clock: nothing that came before counts. */
  restart(): void {
    this.#hasPictures = false
    this.#sincePictureDts = undefined
    this.#sinceKeyframeDts = undefined
  }

  #soundSince(dts: number | undefined): number {
    return dts === undefined ? 0 : this.#soundDts - dts
  }
}
