/**
 * The multivariant playlist (master playlist in RFC 8216): the same content in several qualities. RFC 8216 §4.3.4.
 *
 * @module
 */
import { type Attribute, formatAttributes, quoted } from './attribute-list.ts'
import { formatStart, type PlaylistStart, uriLine } from './media-playlist.ts'

/** Picture size in pixels. */
export interface Resolution {
  /** Columns. */
  readonly width: number
  /** Rows. */
  readonly height: number
}

/** One quality (EXT-X-STREAM-INF). */
export interface VariantStream {
  /** Its media playlist. */
  readonly uri: string
  /** Peak bit rate of any segment, in bit/s. */
  readonly bandwidth: number
  /** Average bit rate, in bit/s. */
  readonly averageBandwidth?: number
  /** RFC 6381 names, such as `avc1.64001f` and `mp4a.40.2`. */
  readonly codecs?: readonly string[]
  /** Picture size. */
  readonly resolution?: Resolution
  /** Frames per second. */
  readonly frameRate?: number
  /** HDCP-LEVEL: `TYPE-0` or `NONE`. */
  readonly hdcpLevel?: string
  /** Group of its audio renditions. */
  readonly audio?: string
  /** Group of its video renditions. */
  readonly video?: string
  /** Group of its subtitles. */
  readonly subtitles?: string
  /** Group of its closed captions, or `NONE`. */
  readonly closedCaptions?: string
}

/** Keyframes of one quality (EXT-X-I-FRAME-STREAM-INF). */
export type IFrameStream = Omit<VariantStream, 'frameRate' | 'audio' | 'subtitles' | 'closedCaptions'>

/** An alternative of a part of the content (EXT-X-MEDIA). */
export interface Rendition {
  /** What it is an alternative of. */
  readonly kind: 'AUDIO' | 'VIDEO' | 'SUBTITLES' | 'CLOSED-CAPTIONS'
  /** Its group, which variants name. */
  readonly groupId: string
  /** What a person reads. */
  readonly name: string
  /** Its media playlist; absent when it is inside the variants. */
  readonly uri?: string
  /** RFC 5646 tag. */
  readonly language?: string
  /** RFC 5646 tag of a related language. */
  readonly assocLanguage?: string
  /** Whether to play it unless told otherwise. */
  readonly default?: boolean
  /** Whether a player may choose it by itself. */
  readonly autoselect?: boolean
  /** Whether subtitles are essential. */
  readonly forced?: boolean
  /** Which of the closed captions in the variant: `CC1` … */
  readonly instreamId?: string
  /** Uniform type identifiers, separated by commas. */
  readonly characteristics?: string
  /** Channel count, as `2` or `6`. */
  readonly channels?: string
}

/** A multivariant playlist. */
export interface MultivariantPlaylist {
  /** Tells it from a media playlist. */
  readonly type: 'multivariant'
  /** EXT-X-VERSION. @defaultValue 3 */
  readonly version?: number
  /** EXT-X-INDEPENDENT-SEGMENTS, of all its media playlists. */
  readonly independentSegments?: boolean
  /** EXT-X-START, of all its media playlists. */
  readonly start?: PlaylistStart
  /** Qualities; players begin with the first. */
  readonly variants: readonly VariantStream[]
  /** Keyframe playlists. */
  readonly iFrames?: readonly IFrameStream[]
  /** Alternatives. */
  readonly renditions?: readonly Rendition[]
}

/**
 * The text of a multivariant playlist, with LF and a final line break.
 * @throws RangeError for text with a quote or a line break, or a URI that starts with `#`.
 */
export function formatMultivariantPlaylist(playlist: MultivariantPlaylist): string {
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${playlist.version ?? 3}`]
  if (playlist.independentSegments === true) lines.push('#EXT-X-INDEPENDENT-SEGMENTS')
  if (playlist.start !== undefined) lines.push(formatStart(playlist.start))
  for (const rendition of playlist.renditions ?? []) {
    lines.push(`#EXT-X-MEDIA:${formatAttributes(renditionAttributes(rendition))}`)
  }
  for (const variant of playlist.variants) {
    lines.push(`#EXT-X-STREAM-INF:${formatAttributes(variantAttributes(variant))}`, uriLine(variant.uri))
  }
  for (const stream of playlist.iFrames ?? []) {
    const attributes = [...variantAttributes(stream), ['URI', quoted(stream.uri)] as const]
    lines.push(`#EXT-X-I-FRAME-STREAM-INF:${formatAttributes(attributes)}`)
  }
  return `${lines.join('\n')}\n`
}

function variantAttributes(variant: VariantStream): Attribute[] {
  const attributes: Attribute[] = [['BANDWIDTH', String(Math.ceil(variant.bandwidth))]]
  if (variant.averageBandwidth !== undefined) {
    attributes.push(['AVERAGE-BANDWIDTH', String(Math.ceil(variant.averageBandwidth))])
  }
  if (variant.codecs !== undefined && variant.codecs.length > 0) {
    attributes.push(['CODECS', quoted(variant.codecs.join(','))])
  }
  const { resolution } = variant
  if (resolution !== undefined) attributes.push(['RESOLUTION', `${resolution.width}x${resolution.height}`])
  if (variant.frameRate !== undefined) attributes.push(['FRAME-RATE', variant.frameRate.toFixed(3)])
  if (variant.hdcpLevel !== undefined) attributes.push(['HDCP-LEVEL', variant.hdcpLevel])
  if (variant.audio !== undefined) attributes.push(['AUDIO', quoted(variant.audio)])
  if (variant.video !== undefined) attributes.push(['VIDEO', quoted(variant.video)])
  if (variant.subtitles !== undefined) attributes.push(['SUBTITLES', quoted(variant.subtitles)])
  const captions = variant.closedCaptions
  if (captions !== undefined) {
    attributes.push(['CLOSED-CAPTIONS', captions === 'NONE' ? captions : quoted(captions)])
  }
  return attributes
}

function renditionAttributes(rendition: Rendition): Attribute[] {
  const attributes: Attribute[] = [
    ['TYPE', rendition.kind],
    ['GROUP-ID', quoted(rendition.groupId)],
    ['NAME', quoted(rendition.name)],
  ]
  if (rendition.language !== undefined) attributes.push(['LANGUAGE', quoted(rendition.language)])
  if (rendition.assocLanguage !== undefined)
    attributes.push(['ASSOC-LANGUAGE', quoted(rendition.assocLanguage)])
  if (rendition.default === true) attributes.push(['DEFAULT', 'YES'])
  if (rendition.autoselect === true || rendition.default === true) attributes.push(['AUTOSELECT', 'YES'])
  if (rendition.forced === true) attributes.push(['FORCED', 'YES'])
  if (rendition.instreamId !== undefined) attributes.push(['INSTREAM-ID', quoted(rendition.instreamId)])
  if (rendition.characteristics !== undefined) {
    attributes.push(['CHARACTERISTICS', quoted(rendition.characteristics)])
  }
  if (rendition.channels !== undefined) attributes.push(['CHANNELS', quoted(rendition.channels)])
  if (rendition.uri !== undefined) attributes.push(['URI', quoted(rendition.uri)])
  return attributes
}
