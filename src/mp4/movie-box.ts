/**
 * The boxes of `moov`, the index of a file, that do not depend on its samples. ISO/IEC 14496-12 §4.3, §8.2 to
 * §8.8.
 *
 * @module
 */
import type { BoxWriter } from './box-writer.ts'

/**
 * Ticks in a second of `mvhd`, `tkhd` and edit lists: those of video, so that edits in ms and of pictures are
 * exact.
 */
export const MOVIE_TIMESCALE = 90_000

/** Language code of "undetermined": three letters of 5 bits, each minus 0x60. ISO/IEC 14496-12 §8.4.2.3 */
export const LANGUAGE_UNDETERMINED = 0x55c4

/** Seconds from 1904, where times of MP4 begin, to 1970. */
const SECONDS_1904_TO_1970 = 2_082_844_800

/** One edit: a stretch of media, or of nothing before the media begins. */
export interface Edit {
  /** Length in ticks of the movie; 0 in a fragmented file: as long as it becomes. */
  readonly duration: number
  /** Media time in ticks of the track at which it begins; −1 for an empty edit. */
  readonly mediaTime: number
}

/** What a track header says. */
export interface TrackHeader {
  /** track_ID, from 1. */
  readonly trackId: number
  /** Whether players choose it by themselves. */
  readonly enabled: boolean
  /** Tracks with the same number other than 0 are alternatives of each other. */
  readonly alternateGroup: number
  /** Volume in 8.8 bits: 0x0100 for audio, 0 for others. */
  readonly volume: number
  /** Display width in 16.16 bits. */
  readonly width: number
  /** Display height in 16.16 bits. */
  readonly height: number
}

/** Seconds since 1904 of a Unix time in ms; 0, "unknown", without one. */
export function mp4Seconds(unixMs: number | undefined): number {
  return unixMs === undefined ? 0 : Math.max(0, Math.floor(unixMs / 1000) + SECONDS_1904_TO_1970)
}

/** `ftyp`. */
export function writeFileType(writer: BoxWriter, brands: readonly string[]): void {
  writer.open('ftyp')
  writer.type(brands[0]!) // major_brand
  writer.u32(512) // minor_version, as most writers have it
  for (const brand of brands) writer.type(brand) // compatible_brands
  writer.close()
}

/** `mvhd`. */
export function writeMovieHeader(
  writer: BoxWriter,
  duration: number,
  nextTrackId: number,
  createdSec: number,
): void {
  const version = versionFor(duration, createdSec)
  writer.openFull('mvhd', version, 0)
  writer.u32or64(version, createdSec) // creation_time
  writer.u32or64(version, createdSec) // modification_time
  writer.u32(MOVIE_TIMESCALE)
  writer.u32or64(version, duration)
  writer.u32(0x0001_0000) // rate 1.0
  writer.u16(0x0100) // volume 1.0
  writer.zeros(10) // reserved
  writeUnityMatrix(writer)
  writer.zeros(24) // pre_defined
  writer.u32(nextTrackId)
  writer.close()
}

/** `tkhd`. */
export function writeTrackHeader(
  writer: BoxWriter,
  header: TrackHeader,
  duration: number,
  createdSec: number,
): void {
  const version = versionFor(duration, createdSec)
  writer.openFull('tkhd', version, header.enabled ? 0x3 : 0x2) // track_enabled | track_in_movie
  writer.u32or64(version, createdSec) // creation_time
  writer.u32or64(version, createdSec) // modification_time
  writer.u32(header.trackId)
  writer.u32(0) // reserved
  writer.u32or64(version, duration)
  writer.zeros(8) // reserved
  writer.u16(0) // layer
  writer.u16(header.alternateGroup)
  writer.u16(header.volume)
  writer.u16(0) // reserved
  writeUnityMatrix(writer)
  writer.u32(header.width)
  writer.u32(header.height)
  writer.close()
}

/** `edts` with its `elst`; nothing without edits. */
export function writeEdits(writer: BoxWriter, edits: readonly Edit[]): void {
  if (edits.length === 0) return
  const version = edits.some(({ duration, mediaTime }) => duration > 0xffff_ffff || mediaTime > 0x7fff_ffff)
    ? 1
    : 0
  writer.open('edts')
  writer.openFull('elst', version, 0)
  writer.u32(edits.length)
  for (const { duration, mediaTime } of edits) {
    writer.u32or64(version, duration) // segment_duration
    if (mediaTime < 0) {
      if (version === 1) writer.u32(0xffff_ffff)
      writer.u32(0xffff_ffff) // media_time −1
    } else {
      writer.u32or64(version, mediaTime)
    }
    writer.u32(0x0001_0000) // media_rate 1.0
  }
  writer.close()
  writer.close()
}

/** `mdhd`. */
export function writeMediaHeader(
  writer: BoxWriter,
  timescale: number,
  duration: number,
  language: number,
  createdSec: number,
): void {
  const version = versionFor(duration, createdSec)
  writer.openFull('mdhd', version, 0)
  writer.u32or64(version, createdSec) // creation_time
  writer.u32or64(version, createdSec) // modification_time
  writer.u32(timescale)
  writer.u32or64(version, duration)
  writer.u16(language)
  writer.u16(0) // pre_defined
  writer.close()
}

/** `hdlr` of a track. */
export function writeHandler(writer: BoxWriter, kind: 'audio' | 'video'): void {
  const video = kind === 'video'
  writer.openFull('hdlr', 0, 0)
  writer.u32(0) // pre_defined
  writer.type(video ? 'vide' : 'soun') // handler_type
  writer.zeros(12) // reserved
  writer.text(video ? 'VideoHandler\0' : 'SoundHandler\0') // name
  writer.close()
}

/** `vmhd` or `smhd`. */
export function writeMediaInformationHeader(writer: BoxWriter, kind: 'audio' | 'video'): void {
  if (kind === 'video') {
    writer.openFull('vmhd', 0, 1)
    writer.zeros(8) // graphicsmode copy, opcolor
  } else {
    writer.openFull('smhd', 0, 0)
    writer.zeros(4) // balance, reserved
  }
  writer.close()
}

/** `dinf`: the media is in the same file. */
export function writeDataInformation(writer: BoxWriter): void {
  writer.open('dinf')
  writer.openFull('dref', 0, 0)
  writer.u32(1) // entry_count
  writer.openFull('url ', 0, 1) // self-contained
  writer.close()
  writer.close()
  writer.close()
}

/** 64 bits where 32 do not suffice. */
function versionFor(duration: number, createdSec: number): 0 | 1 {
  return duration > 0xffff_ffff || createdSec > 0xffff_ffff ? 1 : 0
}

function writeUnityMatrix(writer: BoxWriter): void {
  for (const value of [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000]) writer.u32(value)
}
