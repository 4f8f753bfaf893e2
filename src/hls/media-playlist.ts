/**
 * The media playlist: a list of segments. RFC 8216 §4.3.2 (segment tags) and §4.3.3 (playlist tags).
 *
 * @module
 */
import { type Attribute, formatAttributes, quoted } from './attribute-list.ts'

/** A part of a resource (EXT-X-BYTERANGE). */
export interface ByteRange {
  /** Bytes. */
  readonly length: number
  /** Where it starts. */
  readonly offset: number
}

/** How segments are encrypted (EXT-X-KEY). */
export interface EncryptionKey {
  /** `AES-128` for whole segments, `SAMPLE-AES`, or another method. Not `NONE`: a segment in the clear has no key. */
  readonly method: string
  /** Where the key is. */
  readonly uri?: string
  /** Initialization vector, 16 bytes. Without it the media sequence number serves. */
  readonly iv?: Uint8Array
  /** KEYFORMAT, `identity` when absent. */
  readonly keyFormat?: string
  /** KEYFORMATVERSIONS, such as `1/2`. */
  readonly keyFormatVersions?: string
}

/** Where the initialization of fMP4 segments is (EXT-X-MAP). */
export interface MediaInitialization {
  /** The resource. */
  readonly uri: string
  /** The part of it, when not all. */
  readonly byteRange?: ByteRange
}

/** One segment of a {@link MediaPlaylist}. */
export interface MediaPlaylistSegment {
  /** Where it is, relative to the playlist. */
  readonly uri: string
  /** EXTINF in seconds. */
  readonly durationSec: number
  /** Text after the duration. */
  readonly title?: string
  /** EXT-X-DISCONTINUITY before it. */
  readonly discontinuity?: boolean
  /** EXT-X-PROGRAM-DATE-TIME in ms since 1970. */
  readonly programDateTimeMs?: number
  /** The part of the resource that is the segment, when not all. */
  readonly byteRange?: ByteRange
  /** Keys of different formats for the same content; none when it is in the clear. */
  readonly keys?: readonly EncryptionKey[]
  /** Initialization that the segment needs. */
  readonly map?: MediaInitialization
  /** EXT-X-GAP: the segment is missing. */
  readonly gap?: boolean
}

/** A media playlist. */
export interface MediaPlaylist {
  /** Tells it from a multivariant playlist. */
  readonly type: 'media'
  /** EXT-X-VERSION. Formatting raises it to what the content needs. @defaultValue 3 */
  readonly version?: number
  /** EXT-X-TARGETDURATION in whole seconds: no segment rounds to more. */
  readonly targetDurationSec: number
  /** Sequence number of the first segment. */
  readonly mediaSequence: number
  /** Discontinuity sequence number of the first segment. @defaultValue 0 */
  readonly discontinuitySequence?: number
  /** `EVENT` only grows, `VOD` never changes. */
  readonly playlistType?: 'EVENT' | 'VOD'
  /** EXT-X-INDEPENDENT-SEGMENTS. */
  readonly independentSegments?: boolean
  /** EXT-X-I-FRAMES-ONLY. */
  readonly iFramesOnly?: boolean
  /** EXT-X-START: where to begin; negative counts from the end. */
  readonly start?: PlaylistStart
  /** EXT-X-ENDLIST: nothing will be added. */
  readonly endList: boolean
  /** Oldest first. */
  readonly segments: readonly MediaPlaylistSegment[]
}

/** Where to begin to play (EXT-X-START). */
export interface PlaylistStart {
  /** Seconds from the start, or from the end when negative. */
  readonly timeOffsetSec: number
  /** Whether to begin exactly there. */
  readonly precise?: boolean
}

/** How {@link formatMediaPlaylist} writes a playlist. */
export interface FormatMediaPlaylistOptions {
  /**
   * Gives the URI to write for a segment or an initialization, relative to the playlist: one playlist is then formatted for viewers who
   * load it under different names, or with a token. URIs of keys stay. @defaultValue the URI as it is
   */
  readonly uriOf?: (uri: string) => string
}

/**
 * The text of a media playlist, with LF and a final line break.
 * @throws RangeError for a URI or title with a line break, a URI that starts with `#`, or a time that is no date: text that would
 * read as something else.
 */
export function formatMediaPlaylist(
  playlist: MediaPlaylist,
  options: FormatMediaPlaylistOptions = {},
): string {
  const { uriOf = (uri: string) => uri } = options
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${Math.max(playlist.version ?? 3, versionNeeded(playlist))}`]
  lines.push(`#EXT-X-TARGETDURATION:${playlist.targetDurationSec}`)
  if (playlist.independentSegments === true) lines.push('#EXT-X-INDEPENDENT-SEGMENTS')
  if (playlist.start !== undefined) lines.push(formatStart(playlist.start))
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${playlist.mediaSequence}`)
  if ((playlist.discontinuitySequence ?? 0) > 0) {
    lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${playlist.discontinuitySequence}`)
  }
  if (playlist.playlistType !== undefined) lines.push(`#EXT-X-PLAYLIST-TYPE:${playlist.playlistType}`)
  if (playlist.iFramesOnly === true) lines.push('#EXT-X-I-FRAMES-ONLY')
  let keys = ''
  let map = ''
  for (const segment of playlist.segments) {
    if (segment.discontinuity === true) lines.push('#EXT-X-DISCONTINUITY')
    const segmentKeys = formatKeys(segment.keys)
    if (segmentKeys !== keys) lines.push(segmentKeys === '' ? '#EXT-X-KEY:METHOD=NONE' : segmentKeys)
    keys = segmentKeys
    const segmentMap = segment.map === undefined ? '' : formatMap(segment.map, uriOf)
    if (segmentMap !== map && segmentMap !== '') lines.push(segmentMap)
    map = segmentMap
    if (segment.programDateTimeMs !== undefined) {
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.programDateTimeMs).toISOString()}`)
    }
    if (segment.gap === true) lines.push('#EXT-X-GAP')
    lines.push(`#EXTINF:${segment.durationSec.toFixed(3)},${oneLine(segment.title ?? '')}`)
    const range = segment.byteRange
    if (range !== undefined) lines.push(`#EXT-X-BYTERANGE:${range.length}@${range.offset}`)
    lines.push(uriLine(uriOf(segment.uri)))
  }
  if (playlist.endList) lines.push('#EXT-X-ENDLIST')
  return `${lines.join('\n')}\n`
}

/** An EXT-X-START tag. */
export function formatStart(start: PlaylistStart): string {
  const attributes: Attribute[] = [['TIME-OFFSET', String(start.timeOffsetSec)]]
  if (start.precise === true) attributes.push(['PRECISE', 'YES'])
  return `#EXT-X-START:${formatAttributes(attributes)}`
}

/** A URI as a line of its own. @throws RangeError if it would read as a tag, a comment or several lines. */
export function uriLine(uri: string): string {
  if (uri === '' || uri.startsWith('#')) throw new RangeError(`not a URI line: ${JSON.stringify(uri)}`)
  return oneLine(uri)
}

function oneLine(text: string): string {
  if (/[\r\n]/.test(text)) throw new RangeError(`line break in ${JSON.stringify(text)}`)
  return text
}

/** RFC 8216 §7. */
function versionNeeded(playlist: MediaPlaylist): number {
  let version = 3 // fractions in EXTINF
  if (playlist.iFramesOnly === true) version = 4
  for (const { byteRange, keys, map } of playlist.segments) {
    if (byteRange !== undefined) version = Math.max(version, 4)
    if (keys?.some(({ keyFormat, keyFormatVersions }) => (keyFormat ?? keyFormatVersions) !== undefined)) {
      version = Math.max(version, 5)
    }
    if (map !== undefined) version = Math.max(version, playlist.iFramesOnly === true ? 5 : 6)
  }
  return version
}

function formatKeys(keys: readonly EncryptionKey[] = []): string {
  return keys.map((key) => `#EXT-X-KEY:${formatAttributes(keyAttributes(key))}`).join('\n')
}

function keyAttributes(key: EncryptionKey): Attribute[] {
  const attributes: Attribute[] = [['METHOD', key.method]]
  if (key.uri !== undefined) attributes.push(['URI', quoted(key.uri)])
  if (key.iv !== undefined) {
    const digits = Array.from(key.iv, (byte) => byte.toString(16).padStart(2, '0')).join('')
    attributes.push(['IV', `0x${digits}`])
  }
  if (key.keyFormat !== undefined) attributes.push(['KEYFORMAT', quoted(key.keyFormat)])
  if (key.keyFormatVersions !== undefined)
    attributes.push(['KEYFORMATVERSIONS', quoted(key.keyFormatVersions)])
  return attributes
}

function formatMap(map: MediaInitialization, uriOf: (uri: string) => string): string {
  const attributes: Attribute[] = [['URI', quoted(uriOf(map.uri))]]
  const range = map.byteRange
  if (range !== undefined) attributes.push(['BYTERANGE', `"${range.length}@${range.offset}"`])
  return `#EXT-X-MAP:${formatAttributes(attributes)}`
}
