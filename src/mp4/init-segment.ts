/**
 * The initialization segment of a fragmented file: `ftyp`, and a `moov` without samples. ISO/IEC 14496-12
 * §8.8.1 to §8.8.3, §8.16.1.
 *
 * @module
 */
import { BoxWriter } from './box-writer.ts'
import {
  LANGUAGE_UNDETERMINED,
  type TrackHeader,
  writeDataInformation,
  writeEdits,
  writeFileType,
  writeHandler,
  writeMediaHeader,
  writeMediaInformationHeader,
  writeMovieHeader,
  writeTrackHeader,
} from './movie-box.ts'
import type { MuxerTrack } from './muxer-track.ts'

/** Groups of alternatives, of which a player plays one. */
const ALTERNATE_GROUPS = { video: 1, audio: 2 } as const

/**
 * `ftyp` and `moov` for `tracks`, whose ids are set.
 * @param startMs - where on the file's clock the presentation begins, in ms: the first picture of a stream
 * with B-frames comes later than it is decoded.
 */
export function writeInitSegment(tracks: readonly MuxerTrack[], startMs: number): Uint8Array {
  const writer = new BoxWriter()
  const brands = tracks.map(({ format }) => format.brand).filter((brand) => brand !== '')
  // iso6: default-base-is-moof (iso5) and signed composition offsets in trun
  writeFileType(writer, ['iso6', 'mp41', ...new Set(brands)])
  writer.open('moov')
  writeMovieHeader(writer, 0, tracks.length + 1, 0)
  for (const track of tracks) writeTrack(writer, track, trackHeader(track, tracks), startMs)
  writer.open('mvex')
  for (const { trackId } of tracks) {
    writer.openFull('trex', 0, 0)
    writer.u32(trackId)
    writer.u32(1) // default_sample_description_index
    writer.zeros(12) // default duration, size and flags: each fragment has its own
    writer.close()
  }
  writer.close()
  writer.close()
  return writer.copy()
}

/** The first of several tracks of a kind is enabled; the others are its alternatives. */
function trackHeader(track: MuxerTrack, tracks: readonly MuxerTrack[]): TrackHeader {
  const alike = tracks.filter(({ kind }) => kind === track.kind)
  return {
    trackId: track.trackId,
    enabled: track === alike[0],
    alternateGroup: alike.length === 1 ? 0 : ALTERNATE_GROUPS[track.kind],
    volume: track.kind === 'audio' ? 0x0100 : 0,
    width: track.format.displayWidth * 0x1_0000,
    height: track.format.displayHeight * 0x1_0000,
  }
}

function writeTrack(writer: BoxWriter, track: MuxerTrack, header: TrackHeader, startMs: number): void {
  const { kind, format } = track
  const mediaTime = Math.round((startMs * format.timescale) / 1000)
  writer.open('trak')
  writeTrackHeader(writer, header, 0, 0)
  // The same start for all tracks keeps them together.
  writeEdits(writer, mediaTime === 0 ? [] : [{ duration: 0, mediaTime }])
  writer.open('mdia')
  writeMediaHeader(writer, format.timescale, 0, LANGUAGE_UNDETERMINED, 0)
  writeHandler(writer, kind)
  writer.open('minf')
  writeMediaInformationHeader(writer, kind)
  writeDataInformation(writer)
  writer.open('stbl')
  writer.openFull('stsd', 0, 0)
  writer.u32(1) // entry_count
  format.writeSampleEntry(writer)
  writer.close()
  for (const type of ['stts', 'stsc', 'stco']) {
    writer.openFull(type, 0, 0)
    writer.u32(0) // entry_count: all samples are in fragments
    writer.close()
  }
  writer.openFull('stsz', 0, 0)
  writer.u32(0) // sample_size
  writer.u32(0) // sample_count
  writer.close()
  writer.close()
  writer.close()
  writer.close()
  writer.close()
}
