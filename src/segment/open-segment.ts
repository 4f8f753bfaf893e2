/**
 * Facts of the segment that is being filled.
 *
 * @module
 */

/** What is known of a segment before it is finished. */
export class OpenSegment {
  /** Time of its first packet. */
  readonly startDts: number
  /** Whether it is a discontinuity. A track that joins may still make it one. */
  discontinuity: boolean
  /** Whether its first video frame is a keyframe, or it has none. */
  independent: boolean
  /** Video frames in it. */
  videoCount: number
  /** Audio frames in it. */
  audioCount: number
  /** How much later the first video frame is shown than decoded, in ms, on a clock of presentation times; else 0. */
  leadMs: number
  #firstVideoDts: number | undefined
  #firstAudioDts: number | undefined
  #lastVideoDts: number

  constructor(startDts: number, discontinuity: boolean) {
    this.startDts = startDts
    this.discontinuity = discontinuity
    this.independent = true
    this.videoCount = 0
    this.audioCount = 0
    this.leadMs = 0
    this.#firstVideoDts = undefined
    this.#firstAudioDts = undefined
    this.#lastVideoDts = 0
  }

  /** Video frames per second so far; `undefined` for less than two. */
  get frameRate(): number | undefined {
    const durationMs = this.#lastVideoDts - (this.#firstVideoDts ?? 0)
    return this.videoCount > 1 && durationMs > 0 ? ((this.videoCount - 1) * 1000) / durationMs : undefined
  }

  /** Time of the first frame of a kind in it; `dts` if that would be the first. */
  firstDts(video: boolean, dts: number): number {
    return (video ? this.#firstVideoDts : this.#firstAudioDts) ?? dts
  }

  /** Counts a frame that goes in. @param leadMs - its time minus its decode time. */
  add(video: boolean, keyframe: boolean, dts: number, leadMs: number): void {
    if (video) {
      this.#lastVideoDts = Math.max(this.#firstVideoDts === undefined ? dts : this.#lastVideoDts, dts)
      this.#firstVideoDts ??= dts
    } else this.#firstAudioDts ??= dts
    if (!video) this.audioCount++
    else if (this.videoCount++ === 0) {
      this.independent = keyframe
      this.leadMs = leadMs
    }
  }
}
