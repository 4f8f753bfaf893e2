/**
 * The tables of `stbl` in a file with its index in front. ISO/IEC 14496-12 §8.6.1.2, §8.6.1.3, §8.6.2,
 * §8.7.3, §8.7.4, §8.7.5.
 *
 * Layout, each after a full box header and an entry_count 32: stts: (count 32, duration 32)* | ctts: (count
 * 32, offset 32)*
 * | stss: number 32* | stsc: (first chunk 32, samples 32, description 32)* | stsz: size of all 32, count 32, size 32*
 * | stco: offset 32*, co64: offset 64*
 *
 * @module
 */
import { writeU32 } from '../bytes/index.ts'
import type { Mp4IndexTrack } from './mp4-index.ts'
import type { SampleCounts } from './sample-counter.ts'

/** Bytes of a full box with a count. */
const TABLE_HEADER_BYTES = 16
const PIECE_BYTES = 65_536
/** Room that one turn of a loop needs: an entry of three numbers, or the header of a table. */
const ENTRY_BYTES = 32

/** Bytes of all tables. */
export function tableBytes(track: Mp4IndexTrack, counts: SampleCounts, largeOffsets: boolean): number {
  return (
    TABLE_HEADER_BYTES +
    8 * counts.durationRuns +
    (counts.offsetRuns === 0 ? 0 : TABLE_HEADER_BYTES + 8 * counts.offsetRuns) +
    (counts.syncSamples < 0 ? 0 : TABLE_HEADER_BYTES + 4 * counts.syncSamples) +
    (TABLE_HEADER_BYTES + 12 * countChunkRuns(track)) +
    (TABLE_HEADER_BYTES + 4 + 4 * track.sampleCount) +
    (TABLE_HEADER_BYTES + (largeOffsets ? 8 : 4) * track.chunkCount)
  )
}

/**
 * What is added to the composition offsets of a track, ticks: pictures that are shown before the first one is
 * decoded would lie before the start of the media, where no edit reaches.
 */
export function offsetShift(track: Mp4IndexTrack, counts: SampleCounts): number {
  return Math.max(0, track.firstDts - counts.firstPts)
}

/**
 * Writes the tables in pieces.
 * @param mediaStart - offset in the new file of the first byte of media.
 */
export function* writeSampleTables(
  track: Mp4IndexTrack,
  counts: SampleCounts,
  largeOffsets: boolean,
  mediaStart: number,
): Generator<Uint8Array> {
  const out = new PieceWriter()
  yield* writeDurations(out, track, counts)
  if (counts.offsetRuns > 0) yield* writeOffsets(out, track, counts)
  if (counts.syncSamples >= 0) yield* writeSyncSamples(out, track, counts)
  yield* writeChunkRuns(out, track)
  yield* writeSizes(out, track)
  yield* writeChunkOffsets(out, track, largeOffsets, mediaStart)
  yield out.take()
}

function* writeDurations(
  out: PieceWriter,
  track: Mp4IndexTrack,
  counts: SampleCounts,
): Generator<Uint8Array> {
  out.table('stts', 0, 8 * counts.durationRuns)
  out.u32(counts.durationRuns)
  const cursor = track.cursor()
  cursor.next()
  let run = 0
  let last = -1
  for (let more = true; more;) {
    more = cursor.next()
    const duration = more ? cursor.step : track.lastDuration
    if (duration !== last && run > 0) {
      out.u32(run) // sample_count
      out.u32(last) // sample_delta
      run = 0
      if (out.full) yield out.take()
    }
    last = duration
    run++
  }
  out.u32(run)
  out.u32(last)
}

function* writeOffsets(out: PieceWriter, track: Mp4IndexTrack, counts: SampleCounts): Generator<Uint8Array> {
  out.table('ctts', counts.negativeOffsets ? 1 : 0, 8 * counts.offsetRuns)
  out.u32(counts.offsetRuns)
  const cursor = track.cursor()
  const shift = offsetShift(track, counts)
  let run = 0
  let last = 0
  while (cursor.next()) {
    if (cursor.offset !== last && run > 0) {
      out.u32(run) // sample_count
      out.u32(last + shift) // sample_offset
      run = 0
      if (out.full) yield out.take()
    }
    last = cursor.offset
    run++
  }
  out.u32(run)
  out.u32(last + shift)
}

function* writeSyncSamples(
  out: PieceWriter,
  track: Mp4IndexTrack,
  counts: SampleCounts,
): Generator<Uint8Array> {
  out.table('stss', 0, 4 * counts.syncSamples)
  out.u32(counts.syncSamples)
  const cursor = track.cursor()
  for (let number = 1; cursor.next(); number++) {
    if (!cursor.keyframe) continue
    out.u32(number) // sample_number, from 1
    if (out.full) yield out.take()
  }
}

function countChunkRuns(track: Mp4IndexTrack): number {
  let runs = 0
  for (let chunk = 0; chunk < track.chunkCount; chunk++) if (startsRun(track, chunk)) runs++
  return runs
}

function* writeChunkRuns(out: PieceWriter, track: Mp4IndexTrack): Generator<Uint8Array> {
  const runs = countChunkRuns(track)
  out.table('stsc', 0, 12 * runs)
  out.u32(runs)
  for (let chunk = 0; chunk < track.chunkCount; chunk++) {
    if (!startsRun(track, chunk)) continue
    out.u32(chunk + 1) // first_chunk, from 1
    out.u32(track.chunkSamples(chunk)) // samples_per_chunk
    out.u32(track.chunkDescription(chunk)) // sample_description_index
    if (out.full) yield out.take()
  }
}

function startsRun(track: Mp4IndexTrack, chunk: number): boolean {
  return (
    chunk === 0 ||
    track.chunkSamples(chunk) !== track.chunkSamples(chunk - 1) ||
    track.chunkDescription(chunk) !== track.chunkDescription(chunk - 1)
  )
}

function* writeSizes(out: PieceWriter, track: Mp4IndexTrack): Generator<Uint8Array> {
  out.table('stsz', 0, 4 + 4 * track.sampleCount)
  out.u32(0) // sample_size: each has its own
  out.u32(track.sampleCount)
  const cursor = track.cursor()
  while (cursor.next()) {
    out.u32(cursor.size) // entry_size
    if (out.full) yield out.take()
  }
}

function* writeChunkOffsets(
  out: PieceWriter,
  track: Mp4IndexTrack,
  largeOffsets: boolean,
  mediaStart: number,
): Generator<Uint8Array> {
  out.table(largeOffsets ? 'co64' : 'stco', 0, (largeOffsets ? 8 : 4) * track.chunkCount)
  out.u32(track.chunkCount)
  for (let chunk = 0; chunk < track.chunkCount; chunk++) {
    const offset = mediaStart + track.chunkPosition(chunk)
    if (largeOffsets) out.u32(Math.floor(offset / 2 ** 32))
    out.u32(offset) // chunk_offset
    if (out.full) yield out.take()
  }
}

/** Fills one piece after the other. */
class PieceWriter {
  #piece: Uint8Array
  #length: number

  constructor() {
    this.#piece = new Uint8Array(PIECE_BYTES)
    this.#length = 0
  }

  /** Whether the piece should be taken before more is written. */
  get full(): boolean {
    return this.#length + ENTRY_BYTES > PIECE_BYTES
  }

  u32(value: number): void {
    writeU32(this.#piece, this.#length, value)
    this.#length += 4
  }

  /** The header of a table, up to its count. */
  table(type: string, version: number, entriesBytes: number): void {
    this.u32(TABLE_HEADER_BYTES + entriesBytes) // size
    for (let i = 0; i < 4; i++) this.#piece[this.#length + i] = type.charCodeAt(i)
    this.#length += 4
    this.u32(version * 2 ** 24) // version | flags
  }

  /** What was written, as a piece of its own. */
  take(): Uint8Array {
    const piece = this.#piece.subarray(0, this.#length)
    this.#piece = new Uint8Array(PIECE_BYTES)
    this.#length = 0
    return piece
  }
}
