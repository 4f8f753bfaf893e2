/**
 * Positions of the samples in a fragmented file, as {@link Mp4IndexReader} found them.
 *
 * @module
 */
import { boxError } from './box-reader.ts'
import type { TrackHeader } from './movie-box.ts'
import { SampleCounter, type SampleCounts } from './sample-counter.ts'
import { IndexBudget, NumberTable, type SampleCursor, SampleLog } from './sample-log.ts'

/** A stretch of a file. */
export interface Mp4ByteRange {
  /** Offset of its first byte. */
  readonly offset: number
  /** Bytes. */
  readonly length: number
}

/** One sample of a file. Times are in ticks of its track. */
export interface Mp4Sample {
  /** Its position in the file. */
  readonly offset: number
  /** Bytes. */
  readonly size: number
  /** Decode time. */
  readonly dts: number
  /** Presentation time, edit list not applied. */
  readonly pts: number
  /** Until the next sample of the track is decoded. */
  readonly duration: number
  /** Whether to start here. */
  readonly keyframe: boolean
}

/** What `moov` says of a track. */
export interface MovieTrack {
  /** Header. */
  readonly header: TrackHeader
  /** Ticks in a second. */
  readonly timescale: number
  /** Language, three letters of 5 bits. */
  readonly language: number
  /** `soun`, `vide` or another. */
  readonly handlerType: string
  /** `hdlr` after version and flags. */
  readonly handler: Uint8Array
  /** Type of the media information header: `vmhd`, `smhd` or another. */
  readonly informationType: string
  /** Its content. */
  readonly information: Uint8Array
  /** `stsd` after version and flags: the sample entries. */
  readonly sampleEntries: Uint8Array
  /** What the edit list takes from presentation times, in ticks. */
  readonly editShift: number
  /** What samples have where their fragment does not say. */
  readonly defaults: SampleDefaults
}

/** Values of samples that do not say their own. */
export interface SampleDefaults {
  /** Which sample entry describes them, from 1. */
  readonly descriptionIndex: number
  /** Ticks. */
  readonly duration: number
  /** Bytes. */
  readonly size: number
  /** sample_flags. */
  readonly flags: number
}

const OFFSET = 0
const POSITION = 1
const COUNT = 2
const DESCRIPTION = 3

/** One track of an {@link Mp4Index}. */
export class Mp4IndexTrack {
  /** @internal */
  readonly movie: MovieTrack
  readonly #samples: SampleLog
  readonly #counter: SampleCounter
  /** Consecutive samples with one description: file offset, offset in the media, count, description. */
  readonly #chunks: NumberTable
  #firstDts: number
  #lastDts: number
  #lastDuration: number
  #chunkEnd: number

  /** @internal */
  constructor(movie: MovieTrack, budget: IndexBudget) {
    this.movie = movie
    this.#samples = new SampleLog(budget)
    this.#counter = new SampleCounter()
    this.#chunks = new NumberTable(budget, 4)
    this.#firstDts = 0
    this.#lastDts = 0
    this.#lastDuration = 0
    this.#chunkEnd = -1
  }

  /** track_ID. */
  get trackId(): number {
    return this.movie.header.trackId
  }

  /** Audio, video, or something else such as subtitles. */
  get kind(): 'audio' | 'video' | 'other' {
    const { handlerType } = this.movie
    return handlerType === 'vide' ? 'video' : handlerType === 'soun' ? 'audio' : 'other'
  }

  /** Type of the first sample entry: `avc1`, `mp4a` … */
  get sampleEntry(): string {
    // entry_count 32 | size 32 | type 32
    return String.fromCharCode(...this.movie.sampleEntries.subarray(8, 12))
  }

  /** Ticks in a second. */
  get timescale(): number {
    return this.movie.timescale
  }

  /** Complete samples. */
  get sampleCount(): number {
    return this.#samples.count
  }

  /** Samples to start at; all of them for audio. */
  get keyframeCount(): number {
    return this.#counter.keyframes
  }

  /** Decode time of the first sample in ticks. */
  get firstDts(): number {
    return this.#firstDts
  }

  /** From the first sample to the end of the last one in ms. */
  get durationMs(): number {
    return ((this.endDts - this.#firstDts) * 1000) / this.timescale
  }

  /** The samples in decode order. */
  *samples(): Generator<Mp4Sample> {
    const cursor = this.#samples.cursor()
    let dts = this.#firstDts
    let chunk = 0
    let left = this.#chunks.count === 0 ? 0 : this.#chunks.get(0, COUNT)
    let place = this.#chunks.count === 0 ? 0 : this.#chunks.get(0, OFFSET)
    let more = cursor.next()
    while (more) {
      const { size, offset, keyframe } = cursor
      more = cursor.next()
      const duration = more ? cursor.step : this.#lastDuration
      yield { offset: place, size, dts, pts: dts + offset, duration, keyframe }
      dts += duration
      place += size
      left--
      if (left === 0 && more) {
        chunk++
        left = this.#chunks.get(chunk, COUNT)
        place = this.#chunks.get(chunk, OFFSET)
      }
    }
  }

  /** @internal End of the last sample in ticks. */
  get endDts(): number {
    return this.#lastDts + this.#lastDuration
  }

  /** @internal What the tables will have. */
  counts(): SampleCounts {
    return this.#counter.counts(this.#lastDuration)
  }

  /** @internal Ticks that the last sample lasts. */
  get lastDuration(): number {
    return this.#lastDuration
  }

  /** @internal Chunks. */
  get chunkCount(): number {
    return this.#chunks.count
  }

  /** @internal Where a chunk begins in the media of the index, all ranges concatenated. */
  chunkPosition(chunk: number): number {
    return this.#chunks.get(chunk, POSITION)
  }

  /** @internal Samples of a chunk. */
  chunkSamples(chunk: number): number {
    return this.#chunks.get(chunk, COUNT)
  }

  /** @internal Which sample entry a chunk has. */
  chunkDescription(chunk: number): number {
    return this.#chunks.get(chunk, DESCRIPTION)
  }

  /** @internal A cursor over the samples. */
  cursor(): SampleCursor {
    return this.#samples.cursor()
  }

  /**
   * @internal Adds a sample at `offset` of the file and `position` of the media.
   * @throws DecodeError for times that no file can hold.
   */
  add(
    offset: number,
    position: number,
    size: number,
    dts: number,
    duration: number,
    compositionOffset: number,
    keyframe: boolean,
    description: number,
  ): void {
    const first = this.#samples.count === 0
    // Times do not run back in the tables of a file; the presentation time stays.
    const at = first ? dts : Math.max(dts, this.#lastDts)
    const step = first ? 0 : at - this.#lastDts
    const shown = compositionOffset + dts - at
    if (step > 0xffff_ffff || shown < -0x8000_0000)
      throw boxError(`a sample ${step} ticks after the one before it, shown ${shown} ticks later`)
    this.#samples.add(size, step, shown, keyframe)
    this.#counter.add(at, step, shown, keyframe)
    const last = this.#chunks.count - 1
    const follows =
      offset === this.#chunkEnd &&
      this.#chunks.get(last, DESCRIPTION) === description &&
      position - this.#chunks.get(last, POSITION) === offset - this.#chunks.get(last, OFFSET)
    if (follows) this.#chunks.increase(last, COUNT, 1)
    else this.#chunks.push(offset, position, 1, description)
    if (first) this.#firstDts = at
    this.#chunkEnd = offset + size
    this.#lastDts = at
    this.#lastDuration = duration
  }
}

/**
 * Why reading ended: with the file; in the middle of a box, as after a crash; or at bytes that are not a box.
 */
export type Mp4EndReason = 'end' | 'cut' | 'damage'

/**
 * What a fragmented file holds. Made by {@link Mp4IndexReader}, and complete when that wants no more bytes.
 */
export class Mp4Index {
  readonly #budget: IndexBudget
  /** Consecutive samples in the file, of any track: offset, length. */
  readonly #ranges: NumberTable
  #tracks: readonly Mp4IndexTrack[]
  #mediaBytes: number
  #endedBy: Mp4EndReason | undefined

  /** @internal */
  constructor(maxIndexBytes: number) {
    this.#budget = new IndexBudget(maxIndexBytes)
    this.#ranges = new NumberTable(this.#budget, 2)
    this.#tracks = []
    this.#mediaBytes = 0
    this.#endedBy = undefined
  }

  /** Tracks in the order of the file; none as long as no `moov` was found. */
  get tracks(): readonly Mp4IndexTrack[] {
    return this.#tracks
  }

  /**
   * Why reading ended, `undefined` before. In any case, the index has every complete sample before that
   * position.
   */
  get endedBy(): Mp4EndReason | undefined {
    return this.#endedBy
  }

  /** Length of the longest track in ms. */
  get durationMs(): number {
    return Math.max(0, ...this.#tracks.map(({ durationMs }) => durationMs))
  }

  /** Bytes of all samples. */
  get mediaBytes(): number {
    return this.#mediaBytes
  }

  /** Memory that the index takes, in bytes. */
  get indexBytes(): number {
    return this.#budget.bytes
  }

  /** Positions of the samples, in the order of the file; neighbours are one range. */
  *ranges(): Generator<Mp4ByteRange> {
    for (let i = 0; i < this.#ranges.count; i++)
      yield { offset: this.#ranges.get(i, 0), length: this.#ranges.get(i, 1) }
  }

  /** @internal Takes the tracks of `moov`. */
  open(tracks: readonly MovieTrack[]): void {
    this.#tracks = tracks.map((track) => new Mp4IndexTrack(track, this.#budget))
  }

  /** @internal Adds a sample of a track. */
  add(
    track: Mp4IndexTrack,
    offset: number,
    size: number,
    dts: number,
    duration: number,
    compositionOffset: number,
    keyframe: boolean,
    description: number,
  ): void {
    track.add(offset, this.#mediaBytes, size, dts, duration, compositionOffset, keyframe, description)
    const last = this.#ranges.count - 1
    if (last >= 0 && this.#ranges.get(last, 0) + this.#ranges.get(last, 1) === offset)
      this.#ranges.increase(last, 1, size)
    else this.#ranges.push(offset, size)
    this.#mediaBytes += size
  }

  /** @internal Reading has ended. */
  end(reason: Mp4EndReason): void {
    this.#endedBy = reason
  }
}
