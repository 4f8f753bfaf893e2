/**
 * Audio and video on one timeline, for where segments begin and end.
 *
 * A publisher whose microphone was muted may go on with the audio clock where it stopped: audio is then behind video for good, and frames
 * that come together are far apart by their times. So a kind is measured against itself, and one that is apart is placed beside what it
 * comes with. The times of the media stay as they are.
 *
 * @module
 */

/** Clocks of one stream. */
export class KindClocks {
  readonly #maxGapMs: number
  /** The latest place on the timeline. */
  #now: number | undefined
  #audioDts: number | undefined
  #videoDts: number | undefined
  #audioOffset: number
  #videoOffset: number

  /** @param maxGapMs - how far apart kinds may be, and how far a step of the stream may go. */
  constructor(maxGapMs: number) {
    this.#maxGapMs = maxGapMs
    this.#now = undefined
    this.#audioDts = undefined
    this.#videoDts = undefined
    this.#audioOffset = 0
    this.#videoOffset = 0
  }

  /** Takes the next packet. @returns its place on the timeline, ms; `undefined` when the stream has jumped and begins anew with it. */
  place(kind: 'audio' | 'video', dts: number): number | undefined {
    const video = kind === 'video'
    const before = video ? this.#videoDts : this.#audioDts
    let time = dts + (video ? this.#videoOffset : this.#audioOffset)
    let jumps = false
    if (this.#now !== undefined && Math.abs(time - this.#now) > this.#maxGapMs) {
      jumps = before === undefined || Math.abs(dts - before) > this.#maxGapMs
      if (jumps) this.restart()
      time = this.#now ?? dts
      if (video) this.#videoOffset = time - dts
      else this.#audioOffset = time - dts
    }
    if (video) this.#videoDts = dts
    else this.#audioDts = dts
    this.#now = Math.max(this.#now ?? time, time)
    return jumps ? undefined : time
  }

  /** The stream is interrupted: it goes on anywhere, both kinds by their own times. */
  restart(): void {
    this.#now = undefined
    this.#audioOffset = 0
    this.#videoOffset = 0
  }
}
