/**
 * Positions of the keyframes of an FLV file, so that players can seek in it.
 *
 * @module
 */

/**
 * Entries that are kept, at 16 bytes each. Beyond, every second one is left out: the index gets coarser, not
 * shorter.
 */
const MAX_ENTRIES = 4_096

/** Entries as `onMetaData` has them. */
export interface KeyframeEntries {
  /** Seconds. */
  readonly times: number[]
  /** Offsets of tags in the file, bytes. */
  readonly positions: number[]
}

/** Keyframes of one file, in order. */
export class KeyframeIndex {
  /** Position of the video configuration at the start. */
  #configurationPosition: number | undefined
  #entries: { readonly dts: number; readonly position: number }[]
  /** One of so many keyframes is kept. */
  #stride: number
  #count: number
  #lastDts: number

  constructor() {
    this.#configurationPosition = undefined
    this.#entries = []
    this.#stride = 1
    this.#count = 0
    this.#lastDts = 0
  }

  /** Time of the last keyframe, ms. */
  get lastDts(): number {
    return this.#lastDts
  }

  /**
   * The video configuration that the file opens with. The first entry stands for it by convention: flv.js
   * passes it over.
   */
  setConfiguration(position: number): void {
    this.#configurationPosition ??= position
  }

  /** A keyframe. */
  add(dts: number, position: number): void {
    this.#lastDts = dts
    if (this.#count++ % this.#stride !== 0) return
    this.#entries.push({ dts, position })
    if (this.#entries.length < MAX_ENTRIES) return
    this.#entries = everySecond(this.#entries)
    this.#stride *= 2
  }

  /** At most `count` entries. */
  entries(count: number): KeyframeEntries {
    const times: number[] = []
    const positions: number[] = []
    if (this.#configurationPosition !== undefined && count > 0 && this.#entries.length > 0) {
      times.push(0)
      positions.push(this.#configurationPosition)
    }
    let kept = this.#entries
    while (kept.length > 0 && times.length + kept.length > count)
      kept = kept.length === 1 ? [] : everySecond(kept)
    for (const { dts, position } of kept) {
      times.push(dts / 1_000)
      positions.push(position)
    }
    return { times, positions }
  }
}

function everySecond<Entry>(entries: readonly Entry[]): Entry[] {
  return entries.filter((_, i) => i % 2 === 0)
}
