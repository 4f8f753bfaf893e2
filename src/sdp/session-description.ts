/**
 * Session descriptions, read tolerantly and written. RFC 8866 §5.
 *
 * Layout: lines of a letter, `=` and a value; those before the first `m=` are of the session, those after it of that media.
 *
 * @module
 */
import { DecodeError, LimitError } from '../errors/index.ts'

/** One `a=` line. */
export interface SdpAttribute {
  /** Before the colon, in lower case: RFC 8866 names are case-sensitive, but peers are not. */
  readonly name: string
  /** After the colon, without blanks around it; `''` for a flag. */
  readonly value: string
}

/** One media section. */
export interface SdpMedia {
  /** `audio`, `video`, `application` … in lower case. */
  readonly type: string
  /** Port; 0 in RTSP, and where the media is refused. */
  readonly port: number
  /** `RTP/AVP`, `UDP/TLS/RTP/SAVPF` … as it came. */
  readonly protocol: string
  /** Formats: payload types for RTP. */
  readonly formats: readonly string[]
  /** Value of `c=`, such as `IN IP4 0.0.0.0`. @defaultValue none */
  readonly connection?: string | undefined
  /** Value of `b=`, such as `AS:500`. @defaultValue none */
  readonly bandwidth?: string | undefined
  /** Attributes in order. */
  readonly attributes: readonly SdpAttribute[]
}

/** A session description. */
export interface SessionDescription {
  /** Value of `o=`. @defaultValue none when read, `- 0 0 IN IP4 127.0.0.1` when written */
  readonly origin?: string | undefined
  /** Value of `s=`. @defaultValue none when read, `-` when written */
  readonly name?: string | undefined
  /** Value of `c=`. @defaultValue none */
  readonly connection?: string | undefined
  /** Attributes of the session in order. */
  readonly attributes: readonly SdpAttribute[]
  /** Media sections in order. */
  readonly media: readonly SdpMedia[]
}

/** Bounds of {@link parseSdp}. */
export interface ParseSdpOptions {
  /** Characters of the whole. @defaultValue 65_536 */
  readonly maxSdpLength?: number
  /** Media sections. @defaultValue 64 */
  readonly maxMedia?: number
}

interface OpenMedia {
  type: string
  port: number
  protocol: string
  formats: string[]
  connection: string | undefined
  bandwidth: string | undefined
  attributes: SdpAttribute[]
}

/**
 * Reads a session description. Lines may end in any way and come in any order; those that are unknown or damaged are passed over, as long as
 * there is a `v=0` or a media section.
 * @throws {@link DecodeError} `ERR_SDP` if the text is no session description.
 * @throws {@link LimitError} `ERR_SDP_SIZE` beyond `maxSdpLength` or `maxMedia`.
 */
export function parseSdp(text: string, options: ParseSdpOptions = {}): SessionDescription {
  const { maxSdpLength = 65_536, maxMedia = 64 } = options
  if (text.length > maxSdpLength)
    throw new LimitError(
      'ERR_SDP_SIZE',
      `SDP of ${text.length} characters exceeds maxSdpLength ${maxSdpLength}`,
    )
  const session: { -readonly [K in 'origin' | 'name' | 'connection']: string | undefined } = {
    origin: undefined,
    name: undefined,
    connection: undefined,
  }
  const attributes: SdpAttribute[] = []
  const media: OpenMedia[] = []
  let hasVersion = false
  for (const line of text.split(/[\r\n]+/)) {
    const found = /^\s*([a-z])\s*=\s*(.*?)\s*$/i.exec(line)
    if (found === null) continue
    const letter = found[1]!.toLowerCase()
    const value = found[2]!
    const section = media.at(-1)
    if (letter === 'v') hasVersion ||= value === '0'
    else if (letter === 'o') session.origin = value
    else if (letter === 's') session.name = value
    else if (letter === 'm') {
      const opened = parseMedia(value)
      if (opened === undefined) continue
      if (media.length === maxMedia)
        throw new LimitError('ERR_SDP_SIZE', `more media sections than maxMedia ${maxMedia}`)
      media.push(opened)
    } else if (letter === 'c') (section ?? session).connection = value
    else if (letter === 'b' && section !== undefined) section.bandwidth = value
    else if (letter === 'a') (section?.attributes ?? attributes).push(parseAttribute(value))
  }
  if (!hasVersion && media.length === 0) throw new DecodeError('ERR_SDP', 'neither v=0 nor a media section')
  return { ...session, attributes, media }
}

/** `type port[/count] protocol format…`; some cameras leave out the format. */
function parseMedia(value: string): OpenMedia | undefined {
  const [type, port, protocol, ...formats] = value.split(/\s+/)
  if (type === undefined || port === undefined || protocol === undefined) return undefined
  const portNumber = Number.parseInt(port, 10)
  return {
    type: type.toLowerCase(),
    port: portNumber >= 0 && portNumber <= 65_535 ? portNumber : 0,
    protocol,
    formats,
    connection: undefined,
    bandwidth: undefined,
    attributes: [],
  }
}

function parseAttribute(value: string): SdpAttribute {
  const colon = value.indexOf(':')
  if (colon < 0) return { name: value.toLowerCase(), value: '' }
  return { name: value.slice(0, colon).trim().toLowerCase(), value: value.slice(colon + 1).trim() }
}

/**
 * Writes a session description, in the order of RFC 8866.
 * @throws RangeError if a value has a line break.
 */
export function formatSdp(description: SessionDescription): string {
  const { origin = '- 0 0 IN IP4 127.0.0.1', name = '-', connection } = description
  const lines = ['v=0', `o=${origin}`, `s=${name}`]
  if (connection !== undefined) lines.push(`c=${connection}`)
  lines.push('t=0 0', ...description.attributes.map(formatAttribute))
  for (const media of description.media) {
    lines.push(`m=${media.type} ${media.port} ${media.protocol} ${media.formats.join(' ')}`)
    if (media.connection !== undefined) lines.push(`c=${media.connection}`)
    if (media.bandwidth !== undefined) lines.push(`b=${media.bandwidth}`)
    lines.push(...media.attributes.map(formatAttribute))
  }
  if (lines.some((line) => /[\r\n]/.test(line))) throw new RangeError('a value of SDP has a line break')
  return lines.map((line) => `${line}\r\n`).join('')
}

function formatAttribute({ name, value }: SdpAttribute): string {
  return value === '' ? `a=${name}` : `a=${name}:${value}`
}

/** Value of the first attribute of that name; `undefined` without one. */
export function attributeOf(section: Pick<SdpMedia, 'attributes'>, name: string): string | undefined {
  return section.attributes.find((attribute) => attribute.name === name)?.value
}
