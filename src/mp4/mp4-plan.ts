/**
 * A file with its index in front, made of a fragmented one. ISO/IEC 14496-12 §6.2.3, §8.1.1, §8.6.6.
 *
 * Layout: ftyp | moov with the tables of all samples | mdat with the media of the fragments in sequence
 *
 * @module
 */
import { BoxWriter } from './box-writer.ts'
import {
  type Edit,
  MOVIE_TIMESCALE,
  mp4Seconds,
  writeDataInformation,
  writeEdits,
  writeFileType,
  writeMediaHeader,
  writeMovieHeader,
  writeTrackHeader,
} from './movie-box.ts'
import type { Mp4ByteRange, Mp4Index, Mp4IndexTrack } from './mp4-index.ts'
import { opusPreSkip } from './opus-pre-skip.ts'
import type { SampleCounts } from './sample-counter.ts'
import { offsetShift, tableBytes, writeSampleTables } from './sample-tables.ts'

/** What {@link planMp4} writes besides media. */
export interface Mp4PlanOptions {
  /** Name of the program that made the file, for its metadata (`©too`). @defaultValue none */
  readonly tool?: string
  /** When the recording began: Unix time in ms, written as creation time. @defaultValue none */
  readonly createdMs?: number
}

/** A track of the new file. */
interface PlannedTrack {
  readonly track: Mp4IndexTrack
  readonly counts: SampleCounts
  readonly edits: readonly Edit[]
  /** Length of the presentation in ticks of the movie. */
  readonly duration: number
}

/**
 * Plans a file with its index in front: players start it, and seek in it, without reading it to the end.
 * Takes no time; the header takes about 0.1 µs for each sample as it is made.
 * @param index - of a fragmented file, read as far as wanted. It must not change as long as the plan is used.
 * @returns `undefined` if there is no sample.
 */
export function planMp4(index: Mp4Index, options: Mp4PlanOptions = {}): Mp4Plan | undefined {
  return index.mediaBytes === 0 ? undefined : new Mp4Plan(index, options)
}

/**
 * A planned file: write {@link Mp4Plan.header}, then copy {@link Mp4Plan.ranges} of the fragmented file after
 * it.
 */
export class Mp4Plan {
  /** Length of the presentation in ms. */
  readonly durationMs: number
  /** Bytes of the header. */
  readonly headerBytes: number
  /** Bytes of the whole file. */
  readonly fileBytes: number
  readonly #index: Mp4Index
  readonly #createdSec: number
  readonly #tracks: readonly PlannedTrack[]
  readonly #largeOffsets: boolean
  readonly #front: Uint8Array
  readonly #userData: Uint8Array

  /** Made by {@link planMp4}. */
  constructor(index: Mp4Index, options: Mp4PlanOptions) {
    this.#index = index
    this.#createdSec = mp4Seconds(options.createdMs)
    this.#tracks = planTracks(index)
    const duration = Math.max(...this.#tracks.map((planned) => planned.duration))
    this.durationMs = (duration * 1000) / MOVIE_TIMESCALE
    this.#front = this.#fileType()
    this.#userData = userData(options.tool)
    this.#largeOffsets = this.#headerBytesWith(false) + index.mediaBytes > 0xffff_ffff
    this.headerBytes = this.#headerBytesWith(this.#largeOffsets)
    this.fileBytes = this.headerBytes + index.mediaBytes
  }

  /**
   * `ftyp`, `moov` and the head of `mdat`, in pieces of up to 64 kB or, for a track's description, as long as
   * that is. Made as they are taken.
   */
  *header(): Generator<Uint8Array> {
    yield this.#front
    yield this.#movieHeader(this.#movieBytes(this.#largeOffsets))
    for (const planned of this.#tracks) {
      yield this.#trackFront(planned, this.#largeOffsets)
      yield* writeSampleTables(planned.track, planned.counts, this.#largeOffsets, this.headerBytes)
    }
    if (this.#userData.length > 0) yield this.#userData
    yield mediaDataHeader(this.#index.mediaBytes)
  }

  /** What of the fragmented file follows the header, in this order. */
  ranges(): Generator<Mp4ByteRange> {
    return this.#index.ranges()
  }

  #headerBytesWith(largeOffsets: boolean): number {
    const { mediaBytes } = this.#index
    return this.#front.length + this.#movieBytes(largeOffsets) + mediaDataHeader(mediaBytes).length
  }

  #movieBytes(largeOffsets: boolean): number {
    let bytes = this.#movieHeader(0).length + this.#userData.length
    for (const planned of this.#tracks) {
      const { track, counts } = planned
      bytes += this.#trackFront(planned, largeOffsets).length + tableBytes(track, counts, largeOffsets)
    }
    return bytes
  }

  #fileType(): Uint8Array {
    const writer = new BoxWriter()
    const entries = new Set(this.#tracks.map(({ track }) => track.sampleEntry))
    // iso4: signed composition offsets in ctts
    const codecs = ['avc1', 'av01'].filter((type) => entries.has(type))
    writeFileType(writer, ['isom', 'iso4', 'mp41', ...codecs])
    return writer.copy()
  }

  /** The start of `moov`: its header and `mvhd`. */
  #movieHeader(movieBytes: number): Uint8Array {
    const writer = new BoxWriter()
    const duration = Math.max(...this.#tracks.map((planned) => planned.duration))
    const lastTrackId = Math.max(...this.#tracks.map(({ track }) => track.trackId))
    writer.open('moov')
    writeMovieHeader(writer, duration, lastTrackId + 1, this.#createdSec)
    writer.close()
    writer.add32(0, movieBytes - writer.length) // what follows is inside too
    return writer.copy()
  }

  /** `trak` up to its tables, whose bytes are part of the sizes. */
  #trackFront({ track, counts, edits, duration }: PlannedTrack, largeOffsets: boolean): Uint8Array {
    const { movie } = track
    const writer = new BoxWriter()
    const around: number[] = []
    const open = (type: string): void => {
      around.push(writer.length)
      writer.open(type)
    }
    open('trak')
    writeTrackHeader(writer, movie.header, duration, this.#createdSec)
    writeEdits(writer, edits)
    open('mdia')
    const mediaDuration = track.endDts - track.firstDts
    writeMediaHeader(writer, movie.timescale, mediaDuration, movie.language, this.#createdSec)
    writer.openFull('hdlr', 0, 0)
    writer.bytes(movie.handler)
    writer.close()
    open('minf')
    writer.box(movie.informationType, movie.information)
    writeDataInformation(writer)
    open('stbl')
    writer.openFull('stsd', 0, 0)
    writer.bytes(movie.sampleEntries)
    writer.close()
    for (let i = 0; i < around.length; i++) writer.close()
    for (const at of around) writer.add32(at, tableBytes(track, counts, largeOffsets))
    return writer.copy()
  }
}

/**
 * Places the tracks on one timeline that begins with the first picture or sound.
 *
 * The media of a track begins at its first decode time, and the edit list shows it from its first
 * presentation time on, after as much emptiness as it starts later than the first track. Opus has samples in
 * front that are decoded but not heard: the edit begins after them. AAC has such samples too, but neither FLV
 * nor RTMP tell how many: they are heard, as in every player of these.
 */
function planTracks(index: Mp4Index): PlannedTrack[] {
  const found = index.tracks
    .filter(({ sampleCount }) => sampleCount > 0)
    .map((track) => {
      const { timescale, editShift, sampleEntries } = track.movie
      const counts = track.counts()
      const unheard = Math.round((opusPreSkip(sampleEntries) * timescale) / 48_000)
      const start = Math.min(counts.firstPts + unheard, counts.endPts)
      return { track, counts, start, startSec: (start - editShift) / timescale }
    })
  const originSec = Math.min(...found.map(({ startSec }) => startSec))
  return found.map(({ track, counts, start, startSec }) => {
    const delay = Math.round((startSec - originSec) * MOVIE_TIMESCALE)
    const mediaTime = start + offsetShift(track, counts) - track.firstDts
    const shown = Math.round(((counts.endPts - start) * MOVIE_TIMESCALE) / track.timescale)
    const edits: Edit[] = []
    if (delay > 0) edits.push({ duration: delay, mediaTime: -1 })
    if (delay > 0 || mediaTime !== 0) edits.push({ duration: shown, mediaTime })
    return { track, counts, edits, duration: delay + shown }
  })
}

/** Header of `mdat`: 8 bytes, or 16 when its size needs 64 bits. */
function mediaDataHeader(mediaBytes: number): Uint8Array {
  const writer = new BoxWriter(16)
  const large = mediaBytes + 8 > 0xffff_ffff
  writer.u32(large ? 1 : mediaBytes + 8) // size; 1: largesize follows
  writer.type('mdat')
  if (large) writer.u64(mediaBytes + 16)
  return writer.copy()
}

/** `udta` with the name of the tool in the metadata form of iTunes, which ffprobe shows as `encoder`. */
function userData(tool: string | undefined): Uint8Array {
  const writer = new BoxWriter(128)
  if (tool === undefined) return writer.copy()
  writer.open('udta')
  writer.openFull('meta', 0, 0)
  writer.openFull('hdlr', 0, 0)
  writer.u32(0) // pre_defined
  writer.type('mdir') // handler_type
  writer.type('appl') // reserved, as iTunes fills it
  writer.zeros(9) // reserved, empty name
  writer.close()
  writer.open('ilst')
  writer.open('\u{a9}too')
  writer.openFull('data', 0, 1) // type 1: UTF-8
  writer.u32(0) // locale
  writer.text(tool)
  for (let i = 0; i < 5; i++) writer.close()
  return writer.copy()
}
