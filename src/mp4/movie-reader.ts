/**
 * Reading `moov` of a fragmented file. ISO/IEC 14496-12 §8.2 to §8.6, §8.8.3.
 *
 * @module
 */
import { DecodeError, LimitError } from '../errors/index.ts'
import { boxError, BoxReader } from './box-reader.ts'
import type { MovieTrack, SampleDefaults } from './mp4-index.ts'
import type { TrackHeader } from './movie-box.ts'

const NO_DEFAULTS: SampleDefaults = { descriptionIndex: 1, duration: 0, size: 0, flags: 0 }

/** Media information headers: video, sound, hint, subtitles, others. */
const INFORMATION_TYPES: ReadonlySet<string> = new Set(['vmhd', 'smhd', 'hmhd', 'sthd', 'nmhd'])

type Parts = { -readonly [Key in keyof MovieTrack]?: MovieTrack[Key] }

/**
 * The tracks of a `moov`.
 * @param content - of the box.
 * @throws {@link DecodeError} `ERR_MP4_BOX` if a box is cut or lacks a part, `ERR_MP4_MOVIE` if nothing says
 * that fragments follow or there are no tracks.
 * @throws {@link LimitError} `ERR_MP4_TRACKS` beyond `maxTracks`.
 */
export function readMovie(content: Uint8Array, maxTracks: number): MovieTrack[] {
  const reader = new BoxReader(content, 0, content.length, 'moov')
  const tracks: Parts[] = []
  const defaults = new Map<number, SampleDefaults>()
  let movieTimescale = 1
  let fragmented = false
  for (let box = reader.next(); box !== undefined; box = reader.next()) {
    if (box.type === 'mvhd') {
      box.skip(box.versionAndFlags() >>> 24 === 0 ? 8 : 16) // creation_time, modification_time
      movieTimescale = box.u32()
    } else if (box.type === 'trak') {
      if (tracks.length >= maxTracks)
        throw new LimitError('ERR_MP4_TRACKS', `${tracks.length + 1} tracks exceed maxTracks ${maxTracks}`)
      tracks.push(readTrack(box, movieTimescale))
    } else if (box.type === 'mvex') {
      fragmented = true
      readExtends(box, defaults)
    }
  }
  if (!fragmented || tracks.length === 0) {
    throw new DecodeError('ERR_MP4_MOVIE', `${tracks.length} tracks, ${fragmented ? 'with' : 'without'} mvex`)
  }
  return tracks.map((parts) => complete(parts, defaults))
}

function readExtends(mvex: BoxReader, defaults: Map<number, SampleDefaults>): void {
  for (let box = mvex.find('trex'); box !== undefined; box = mvex.find('trex')) {
    box.versionAndFlags()
    const trackId = box.u32()
    const descriptionIndex = box.u32() // default_sample_description_index
    const duration = box.u32() // default_sample_duration
    const size = box.u32() // default_sample_size
    defaults.set(trackId, { descriptionIndex, duration, size, flags: box.u32() })
  }
}

function complete(parts: Parts, defaults: ReadonlyMap<number, SampleDefaults>): MovieTrack {
  const { header, timescale, language, handlerType, handler, informationType, information, sampleEntries } =
    parts
  if (
    header === undefined ||
    timescale === undefined ||
    language === undefined ||
    handlerType === undefined ||
    handler === undefined ||
    informationType === undefined ||
    information === undefined ||
    sampleEntries === undefined
  ) {
    throw boxError(`track ${header?.trackId} lacks a box`)
  }
  return {
    header,
    timescale,
    language,
    handlerType,
    handler,
    informationType,
    information,
    sampleEntries,
    editShift: parts.editShift ?? 0,
    defaults: defaults.get(header.trackId) ?? NO_DEFAULTS,
  }
}

function readTrack(trak: BoxReader, movieTimescale: number): Parts {
  const parts: Parts = {}
  let edits: Edits | undefined
  for (let box = trak.next(); box !== undefined; box = trak.next()) {
    if (box.type === 'tkhd') parts.header = readTrackHeader(box)
    else if (box.type === 'edts') edits = readEdits(box.find('elst'))
    else if (box.type === 'mdia') readMedia(box, parts)
  }
  if (edits !== undefined && parts.timescale !== undefined && movieTimescale > 0)
    parts.editShift = edits.mediaTime - (edits.delay * parts.timescale) / movieTimescale
  return parts
}

function readTrackHeader(box: BoxReader): TrackHeader {
  const versionAndFlags = box.versionAndFlags()
  const version = versionAndFlags >>> 24
  box.skip(version === 0 ? 8 : 16) // creation_time, modification_time
  const trackId = box.u32()
  box.skip(4) // reserved
  box.u32or64(version) // duration
  box.skip(10) // reserved, layer
  const alternateGroup = box.u16()
  const volume = box.u16()
  box.skip(2 + 36) // reserved, matrix
  const width = box.u32()
  return {
    trackId,
    enabled: (versionAndFlags & 1) !== 0,
    alternateGroup,
    volume,
    width,
    height: box.u32(),
  }
}

interface Edits {
  /** Empty edits in front, in ticks of the movie. */
  readonly delay: number
  /** Start of the first other edit in the media, in ticks of the track. */
  readonly mediaTime: number
}

/** Start of the presentation. Edits after the first that has media are ignored. */
function readEdits(box: BoxReader | undefined): Edits | undefined {
  if (box === undefined) return undefined
  const version = box.versionAndFlags() >>> 24
  const count = box.u32()
  let delay = 0
  for (let i = 0; i < count; i++) {
    const duration = box.u32or64(version) // segment_duration
    const high = version === 0 ? 0 : box.i32()
    const low = version === 0 ? box.i32() : box.u32() // media_time
    box.skip(4) // media_rate
    const mediaTime = high * 2 ** 32 + low
    if (mediaTime >= 0) return { delay, mediaTime }
    delay += duration
  }
  return { delay, mediaTime: 0 }
}

function readMedia(mdia: BoxReader, parts: Parts): void {
  for (let box = mdia.next(); box !== undefined; box = mdia.next()) {
    if (box.type === 'mdhd') {
      const version = box.versionAndFlags() >>> 24
      box.skip(version === 0 ? 8 : 16) // creation_time, modification_time
      parts.timescale = box.u32()
      if (parts.timescale === 0) throw boxError('timescale 0')
      box.u32or64(version) // duration
      parts.language = box.u16()
    } else if (box.type === 'hdlr') {
      box.versionAndFlags()
      parts.handler = box.rest()
      box.skip(4) // pre_defined
      parts.handlerType = box.fourCc()
    } else if (box.type === 'minf') {
      readMediaInformation(box, parts)
    }
  }
}

function readMediaInformation(minf: BoxReader, parts: Parts): void {
  for (let box = minf.next(); box !== undefined; box = minf.next()) {
    if (box.type === 'stbl') {
      const entries = box.find('stsd')
      entries?.versionAndFlags()
      const rest = entries?.rest()
      if (rest !== undefined && rest.length >= 12) parts.sampleEntries = rest // entry_count, one header
    } else if (INFORMATION_TYPES.has(box.type)) {
      parts.informationType = box.type
      parts.information = box.rest()
    }
  }
}
