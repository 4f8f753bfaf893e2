/**
 * The tags of a multivariant playlist, from their attributes. RFC 8216 §4.3.4.
 *
 * @module
 */
import { decimalOf, integerOf } from './attribute-list.ts'
import type { IFrameStream, Rendition, Resolution, VariantStream } from './multivariant-playlist.ts'

type Attributes = ReadonlyMap<string, string>

/** EXT-X-STREAM-INF and the URI after it. */
export function parseVariant(attributes: Attributes, uri: string): VariantStream {
  const frameRate = decimalOf(attributes.get('FRAME-RATE'))
  return {
    ...parseQuality(attributes, uri),
    ...(frameRate === undefined ? {} : { frameRate }),
    ...text(attributes, 'AUDIO', 'audio'),
    ...text(attributes, 'SUBTITLES', 'subtitles'),
    ...text(attributes, 'CLOSED-CAPTIONS', 'closedCaptions'),
  }
}

/** EXT-X-I-FRAME-STREAM-INF; `undefined` without a URI. */
export function parseIFrameStream(attributes: Attributes): IFrameStream | undefined {
  const uri = attributes.get('URI')
  return uri === undefined ? undefined : parseQuality(attributes, uri)
}

/** EXT-X-MEDIA; `undefined` without a known TYPE. */
export function parseRendition(attributes: Attributes): Rendition | undefined {
  const kind = attributes.get('TYPE')
  if (kind !== 'AUDIO' && kind !== 'VIDEO' && kind !== 'SUBTITLES' && kind !== 'CLOSED-CAPTIONS')
    return undefined
  return {
    kind,
    groupId: attributes.get('GROUP-ID') ?? '',
    name: attributes.get('NAME') ?? '',
    ...text(attributes, 'URI', 'uri'),
    ...text(attributes, 'LANGUAGE', 'language'),
    ...text(attributes, 'ASSOC-LANGUAGE', 'assocLanguage'),
    default: attributes.get('DEFAULT') === 'YES',
    autoselect: attributes.get('AUTOSELECT') === 'YES',
    forced: attributes.get('FORCED') === 'YES',
    ...text(attributes, 'INSTREAM-ID', 'instreamId'),
    ...text(attributes, 'CHARACTERISTICS', 'characteristics'),
    ...text(attributes, 'CHANNELS', 'channels'),
  }
}

function parseQuality(attributes: Attributes, uri: string): IFrameStream {
  const averageBandwidth = integerOf(attributes.get('AVERAGE-BANDWIDTH'))
  const codecs = attributes.get('CODECS')
  const resolution = parseResolution(attributes.get('RESOLUTION'))
  return {
    uri,
    bandwidth: integerOf(attributes.get('BANDWIDTH')) ?? 0,
    ...(averageBandwidth === undefined ? {} : { averageBandwidth }),
    ...(codecs === undefined ? {} : { codecs: codecs.split(',').map((codec) => codec.trim()) }),
    ...(resolution === undefined ? {} : { resolution }),
    ...text(attributes, 'HDCP-LEVEL', 'hdcpLevel'),
    ...text(attributes, 'VIDEO', 'video'),
  }
}

function parseResolution(value: string | undefined): Resolution | undefined {
  const match = /^(\d+)[xX](\d+)$/.exec(value ?? '')
  return match === null ? undefined : { width: Number(match[1]), height: Number(match[2]) }
}

/** The attribute `from` under the name `to`, or nothing. */
function text<K extends string>(attributes: Attributes, from: string, to: K): { readonly [P in K]?: string } {
  const value = attributes.get(from)
  return value === undefined ? {} : ({ [to]: value } as { readonly [P in K]: string })
}
