/**
 * What the tags of an FLV file add up to, while it is written or when it is read again.
 *
 * @module
 */
import type { MediaPacket } from '../../media/index.ts'
import type { FlvInfo } from './flv-metadata.ts'
import { KeyframeIndex } from './keyframe-index.ts'

/** A last frame is not taken to last longer than this, ms: before it was a gap. */
const MAX_FRAME_MS = 1_000

/** Sums up tags. */
export class FlvSummary implements FlvInfo {
  /** {@inheritDoc FlvInfo.keyframes} */
  readonly keyframes: KeyframeIndex
  /** {@inheritDoc FlvInfo.byteLength} */
  byteLength: number
  readonly #audio: Kind
  readonly #video: Kind
  #lastDts: number

  constructor() {
    this.keyframes = new KeyframeIndex()
    this.byteLength = 0
    this.#audio = new Kind()
    this.#video = new Kind()
    this.#lastDts = 0
  }

  /** {@inheritDoc FlvInfo.durationMs} */
  get durationMs(): number {
    return Math.max(this.#audio.endDts, this.#video.endDts)
  }

  /** {@inheritDoc FlvInfo.lastDts} */
  get lastDts(): number {
    return this.#lastDts
  }

  /** {@inheritDoc FlvInfo.hasAudio} */
  get hasAudio(): boolean {
    return this.#audio.count > 0
  }

  /** {@inheritDoc FlvInfo.hasVideo} */
  get hasVideo(): boolean {
    return this.#video.count > 0
  }

  /** A tag at `position` with the time `dts`. */
  add(packet: MediaPacket, dts: number, position: number): void {
    if (packet.kind === 'data') return
    this.#lastDts = Math.max(this.#lastDts, dts)
    const isVideo = packet.kind === 'video'
    if (isVideo && packet.configuration && dts === 0) this.keyframes.setConfiguration(position)
    if (!packet.coded) return
    if (packet.keyframe) this.keyframes.add(dts, position)
    const kind = isVideo ? this.#video : this.#audio
    kind.add(dts)
  }
}

/** Times of audio or of video. */
class Kind {
  count: number
  #lastDts: number
  #frameMs: number

  constructor() {
    this.count = 0
    this.#lastDts = 0
    this.#frameMs = 0
  }

  /** End of the last frame, which lasts as long as the previous one. */
  get endDts(): number {
    return this.#lastDts + this.#frameMs
  }

  add(dts: number): void {
    const frameMs = dts - this.#lastDts
    // Tracks of one kind have frames of the same time.
    if (this.count > 0 && frameMs > 0) this.#frameMs = Math.min(frameMs, MAX_FRAME_MS)
    this.#lastDts = Math.max(this.#lastDts, dts)
    this.count++
  }
}
