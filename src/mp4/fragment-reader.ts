/**
 * Reading `moof`: the samples of a fragment. ISO/IEC 14496-12 §8.8.4 to §8.8.8, §8.8.12.
 *
 * @module
 */
import { boxError, BoxReader } from './box-reader.ts'
import {
  TFHD_BASE_DATA_OFFSET,
  TFHD_DESCRIPTION_INDEX,
  TFHD_DEFAULT_DURATION,
  TFHD_DEFAULT_SIZE,
  TFHD_DEFAULT_FLAGS,
  TFHD_DEFAULT_BASE_IS_MOOF,
  TRUN_DATA_OFFSET,
  TRUN_FIRST_SAMPLE_FLAGS,
  TRUN_DURATION,
  TRUN_SIZE,
  TRUN_FLAGS,
  TRUN_COMPOSITION_OFFSET,
} from './movie-fragment-flags.ts'
import type { Mp4Index, Mp4IndexTrack, SampleDefaults } from './mp4-index.ts'

const SAMPLE_IS_NON_SYNC = 0x0001_0000

/** Reads movie fragments into an index. */
export class FragmentReader {
  readonly #index: Mp4Index
  #fileBytes: number
  /** Position of the next samples that do not give their own. */
  #dataEnd: number

  /** @param index - has its tracks already. */
  constructor(index: Mp4Index) {
    this.#index = index
    this.#fileBytes = 0
    this.#dataEnd = 0
  }

  /**
   * Adds the samples of a fragment, those of each track up to the first incomplete one.
   * @param content - of the `moof`.
   * @param start - offset of the box in the file.
   * @param fileBytes - where the file ends.
   * @throws {@link DecodeError} `ERR_MP4_BOX` if a box is cut or makes no sense. Samples before that place
   *   have been added.
   */
  read(content: Uint8Array, start: number, fileBytes: number): void {
    this.#fileBytes = fileBytes
    this.#dataEnd = start
    const moof = new BoxReader(content, 0, content.length, 'moof')
    for (let traf = moof.find('traf'); traf !== undefined; traf = moof.find('traf'))
      this.#readTrack(traf, start)
  }

  #readTrack(traf: BoxReader, start: number): void {
    let track: Mp4IndexTrack | undefined
    let defaults: SampleDefaults | undefined
    let base = start
    let dts = 0
    for (let box = traf.next(); box !== undefined; box = traf.next()) {
      if (box.type === 'tfhd') {
        const flags = box.u32() & 0xff_ffff
        const trackId = box.u32()
        track = this.#index.tracks.find((one) => one.trackId === trackId)
        if (track === undefined) throw boxError(`a fragment of track ${trackId}, which is not in moov`)
        if ((flags & TFHD_BASE_DATA_OFFSET) !== 0) base = box.u64()
        else if ((flags & TFHD_DEFAULT_BASE_IS_MOOF) === 0) base = this.#dataEnd
        this.#dataEnd = base
        const { movie } = track
        defaults = {
          descriptionIndex:
            (flags & TFHD_DESCRIPTION_INDEX) === 0 ? movie.defaults.descriptionIndex : box.u32(),
          duration: (flags & TFHD_DEFAULT_DURATION) === 0 ? movie.defaults.duration : box.u32(),
          size: (flags & TFHD_DEFAULT_SIZE) === 0 ? movie.defaults.size : box.u32(),
          flags: (flags & TFHD_DEFAULT_FLAGS) === 0 ? movie.defaults.flags : box.u32(),
        }
        dts = track.endDts
      } else if (box.type === 'tfdt') {
        dts = box.u32or64(box.versionAndFlags() >>> 24)
      } else if (box.type === 'trun') {
        if (track === undefined || defaults === undefined) throw boxError('trun before tfhd')
        const end = this.#readRun(box, track, defaults, base, dts)
        if (end === undefined) return
        dts = end
      }
    }
  }

  /** @returns the end in ticks, or `undefined` when the file ends before the run does. */
  #readRun(
    trun: BoxReader,
    track: Mp4IndexTrack,
    defaults: SampleDefaults,
    base: number,
    startDts: number,
  ): number | undefined {
    const versionAndFlags = trun.versionAndFlags()
    const signed = versionAndFlags >>> 24 !== 0
    const count = trun.u32()
    if ((versionAndFlags & TRUN_DATA_OFFSET) !== 0) this.#dataEnd = base + trun.i32()
    const firstFlags = (versionAndFlags & TRUN_FIRST_SAMPLE_FLAGS) === 0 ? undefined : trun.u32()
    const ownDuration = (versionAndFlags & TRUN_DURATION) !== 0
    const ownSize = (versionAndFlags & TRUN_SIZE) !== 0
    const ownFlags = (versionAndFlags & TRUN_FLAGS) !== 0
    const ownOffset = (versionAndFlags & TRUN_COMPOSITION_OFFSET) !== 0
    if (!ownSize && defaults.size === 0 && count > 0) throw boxError(`${count} samples without a size`)
    let dts = startDts
    for (let i = 0; i < count; i++) {
      const duration = ownDuration ? trun.u32() : defaults.duration
      const size = ownSize ? trun.u32() : defaults.size
      const flags = ownFlags ? trun.u32() : i === 0 ? (firstFlags ?? defaults.flags) : defaults.flags
      const offset = ownOffset ? (signed ? trun.i32() : trun.u32()) : 0
      const place = this.#dataEnd
      if (place < 0 || place + size > this.#fileBytes) return undefined
      const keyframe = (flags & SAMPLE_IS_NON_SYNC) === 0
      this.#index.add(track, place, size, dts, duration, offset, keyframe, defaults.descriptionIndex)
      this.#dataEnd = place + size
      dts += duration
    }
    return dts
  }
}
