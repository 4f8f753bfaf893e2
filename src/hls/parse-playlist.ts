/**
 * Playlists from text. RFC 8216 §4. Tolerant: line ends of any kind, a byte-order mark, white space at line ends, unknown tags and
 * attributes, numbers that are missing.
 *
 * @module
 */
import { DecodeError, LimitError } from '../errors/index.ts'
import { decimalOf, integerOf, parseAttributes } from './attribute-list.ts'
import type {
  ByteRange,
  EncryptionKey,
  MediaInitialization,
  MediaPlaylist,
  MediaPlaylistSegment,
  PlaylistStart,
} from './media-playlist.ts'
import { parseIFrameStream, parseRendition, parseVariant } from './parse-variant.ts'
import type { IFrameStream, MultivariantPlaylist, Rendition, VariantStream } from './multivariant-playlist.ts'

/** Bound of {@link parsePlaylist}. */
export interface ParsePlaylistOptions {
  /** Segments, keys, variants and renditions together, at most. @defaultValue 65_536 */
  readonly maxPlaylistEntries?: number
}

/**
 * Reads a playlist of either kind.
 * @throws {@link DecodeError} `ERR_HLS_PLAYLIST` if the text does not begin with `#EXTM3U`, or has tags of both kinds.
 * @throws {@link LimitError} `ERR_HLS_PLAYLIST_ENTRIES` beyond `maxPlaylistEntries`.
 */
export function parsePlaylist(
  text: string,
  options: ParsePlaylistOptions = {},
): MediaPlaylist | MultivariantPlaylist {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  if (!/^#EXTM3U\s*$/.test(lines[0]!))
    throw new DecodeError('ERR_HLS_PLAYLIST', 'no #EXTM3U in the first line')
  const parser = new PlaylistParser(options.maxPlaylistEntries ?? 65_536)
  for (let i = 1; i < lines.length; i++) parser.line(lines[i]!.trim())
  return parser.result()
}

/** State between lines. */
class PlaylistParser {
  readonly #maxEntries: number
  #entryCount = 0
  #kind: 'media' | 'multivariant' | undefined
  #version: number | undefined
  #independentSegments = false
  #start: PlaylistStart | undefined
  // media
  #targetDurationSec = 0
  #mediaSequence = 0
  #discontinuitySequence = 0
  #playlistType: 'EVENT' | 'VOD' | undefined
  #iFramesOnly = false
  #endList = false
  readonly #segments: MediaPlaylistSegment[] = []
  // tags of the next segment
  #durationSec: number | undefined
  #title = ''
  #discontinuity = false
  #gap = false
  #programDateTimeMs: number | undefined
  #byteRange: ByteRange | undefined
  // tags that stay in force
  #keys: EncryptionKey[] = []
  #keysChange = false
  #map: MediaInitialization | undefined
  // where a byte range without offset starts
  #rangeEnd = 0
  // multivariant
  #variant: ReadonlyMap<string, string> | undefined
  readonly #variants: VariantStream[] = []
  readonly #iFrames: IFrameStream[] = []
  readonly #renditions: Rendition[] = []

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  line(line: string): void {
    if (line === '') return
    if (!line.startsWith('#')) this.#uri(line)
    else if (line.startsWith('#EXT')) {
      const colon = line.indexOf(':')
      if (colon < 0) this.#tag(line, '')
      else this.#tag(line.slice(0, colon), line.slice(colon + 1).trim())
    }
  }

  result(): MediaPlaylist | MultivariantPlaylist {
    const common = {
      ...(this.#version === undefined ? {} : { version: this.#version }),
      ...(this.#start === undefined ? {} : { start: this.#start }),
      independentSegments: this.#independentSegments,
    }
    if (this.#kind === 'multivariant') {
      return {
        type: 'multivariant',
        ...common,
        variants: this.#variants,
        iFrames: this.#iFrames,
        renditions: this.#renditions,
      }
    }
    return {
      type: 'media',
      ...common,
      targetDurationSec: this.#targetDurationSec,
      mediaSequence: this.#mediaSequence,
      discontinuitySequence: this.#discontinuitySequence,
      ...(this.#playlistType === undefined ? {} : { playlistType: this.#playlistType }),
      iFramesOnly: this.#iFramesOnly,
      endList: this.#endList,
      segments: this.#segments,
    }
  }

  #tag(name: string, value: string): void {
    switch (name) {
      case '#EXT-X-VERSION':
        this.#version = integerOf(value)
        break
      case '#EXT-X-INDEPENDENT-SEGMENTS':
        this.#independentSegments = true
        break
      case '#EXT-X-START':
        this.#start = parseStart(value)
        break
      case '#EXT-X-STREAM-INF':
        this.#is('multivariant')
        this.#variant = parseAttributes(value)
        break
      case '#EXT-X-I-FRAME-STREAM-INF': {
        this.#is('multivariant')
        const stream = parseIFrameStream(parseAttributes(value))
        if (stream !== undefined) this.#push(this.#iFrames, stream)
        break
      }
      case '#EXT-X-MEDIA': {
        this.#is('multivariant')
        const rendition = parseRendition(parseAttributes(value))
        if (rendition !== undefined) this.#push(this.#renditions, rendition)
        break
      }
      default:
        this.#mediaTag(name, value)
    }
  }

  #mediaTag(name: string, value: string): void {
    switch (name) {
      case '#EXTINF': {
        this.#is('media')
        const comma = value.indexOf(',')
        this.#durationSec = Number.parseFloat(comma < 0 ? value : value.slice(0, comma)) || 0
        this.#title = comma < 0 ? '' : value.slice(comma + 1).trim()
        break
      }
      case '#EXT-X-TARGETDURATION':
        this.#is('media')
        this.#targetDurationSec = Math.ceil(decimalOf(value) ?? 0)
        break
      case '#EXT-X-MEDIA-SEQUENCE':
        this.#mediaSequence = integerOf(value) ?? 0
        break
      case '#EXT-X-DISCONTINUITY-SEQUENCE':
        this.#discontinuitySequence = integerOf(value) ?? 0
        break
      case '#EXT-X-PLAYLIST-TYPE':
        if (value === 'EVENT' || value === 'VOD') this.#playlistType = value
        break
      case '#EXT-X-I-FRAMES-ONLY':
        this.#iFramesOnly = true
        break
      case '#EXT-X-ENDLIST':
        this.#endList = true
        break
      default:
        this.#segmentTag(name, value)
    }
  }

  #segmentTag(name: string, value: string): void {
    switch (name) {
      case '#EXT-X-DISCONTINUITY':
        this.#discontinuity = true
        break
      case '#EXT-X-GAP':
        this.#gap = true
        break
      case '#EXT-X-PROGRAM-DATE-TIME': {
        const time = Date.parse(value)
        if (!Number.isNaN(time)) this.#programDateTimeMs = time
        break
      }
      case '#EXT-X-BYTERANGE':
        this.#byteRange = parseByteRange(value, this.#rangeEnd)
        break
      case '#EXT-X-KEY':
        this.#key(parseAttributes(value))
        break
      case '#EXT-X-MAP':
        this.#map = parseMap(parseAttributes(value))
        break
      default: // unknown, or of a later version
    }
  }

  /** Keys of several formats stand together; the first after a segment takes the place of those before. */
  #key(attributes: ReadonlyMap<string, string>): void {
    const key = parseKey(attributes)
    // Segments share the list, so it is added to only while none has it.
    if (key === undefined || !this.#keysChange) this.#keys = []
    if (key !== undefined) this.#push(this.#keys, key)
    this.#keysChange = true
  }

  #uri(uri: string): void {
    if (this.#variant !== undefined) {
      this.#push(this.#variants, parseVariant(this.#variant, uri))
      this.#variant = undefined
      return
    }
    // A URI without EXTINF is what plain M3U has; RFC 8216 asks for the tag.
    if (this.#durationSec === undefined) return
    const range = this.#byteRange
    this.#rangeEnd = range === undefined ? 0 : range.offset + range.length
    this.#push(this.#segments, {
      uri,
      durationSec: this.#durationSec,
      ...(this.#title === '' ? {} : { title: this.#title }),
      discontinuity: this.#discontinuity,
      ...(this.#programDateTimeMs === undefined ? {} : { programDateTimeMs: this.#programDateTimeMs }),
      ...(range === undefined ? {} : { byteRange: range }),
      ...(this.#keys.length === 0 ? {} : { keys: this.#keys }),
      ...(this.#map === undefined ? {} : { map: this.#map }),
      ...(this.#gap ? { gap: true } : {}),
    })
    this.#durationSec = undefined
    this.#discontinuity = false
    this.#gap = false
    this.#programDateTimeMs = undefined
    this.#byteRange = undefined
    this.#keysChange = false
  }

  #is(kind: 'media' | 'multivariant'): void {
    if (this.#kind !== undefined && this.#kind !== kind) {
      throw new DecodeError('ERR_HLS_PLAYLIST', 'tags of media and multivariant playlists in one')
    }
    this.#kind = kind
  }

  #push<T>(list: T[], entry: T): void {
    if (++this.#entryCount > this.#maxEntries) {
      throw new LimitError(
        'ERR_HLS_PLAYLIST_ENTRIES',
        `playlist exceeds maxPlaylistEntries ${this.#maxEntries}`,
      )
    }
    list.push(entry)
  }
}

function parseStart(value: string): PlaylistStart | undefined {
  const attributes = parseAttributes(value)
  const timeOffsetSec = decimalOf(attributes.get('TIME-OFFSET'))
  if (timeOffsetSec === undefined) return undefined
  return { timeOffsetSec, ...(attributes.get('PRECISE') === 'YES' ? { precise: true } : {}) }
}

/** `length[@offset]`; without offset it goes on where the one before ended. */
function parseByteRange(value: string, rangeEnd: number): ByteRange | undefined {
  const [length, offset] = value.split('@')
  const bytes = integerOf(length)
  if (bytes === undefined) return undefined
  return { length: bytes, offset: integerOf(offset) ?? rangeEnd }
}

function parseMap(attributes: ReadonlyMap<string, string>): MediaInitialization | undefined {
  const uri = attributes.get('URI')
  if (uri === undefined) return undefined
  const byteRange = parseByteRange(attributes.get('BYTERANGE') ?? '', 0)
  return { uri, ...(byteRange === undefined ? {} : { byteRange }) }
}

function parseKey(attributes: ReadonlyMap<string, string>): EncryptionKey | undefined {
  const method = attributes.get('METHOD')
  if (method === undefined || method === 'NONE') return undefined
  const uri = attributes.get('URI')
  const iv = parseIv(attributes.get('IV'))
  const keyFormat = attributes.get('KEYFORMAT')
  const keyFormatVersions = attributes.get('KEYFORMATVERSIONS')
  return {
    method,
    ...(uri === undefined ? {} : { uri }),
    ...(iv === undefined ? {} : { iv }),
    ...(keyFormat === undefined ? {} : { keyFormat }),
    ...(keyFormatVersions === undefined ? {} : { keyFormatVersions }),
  }
}

/** hexadecimal-sequence of up to 128 bits, as 16 bytes. */
function parseIv(value: string | undefined): Uint8Array | undefined {
  const digits = /^0x([0-9a-f]{1,32})$/i.exec(value ?? '')?.[1]?.padStart(32, '0')
  if (digits === undefined) return undefined
  return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16))
}
