/**
 * RTMP URLs as people write them for a client: `rtmp://host/app/streamKey`.
 *
 * @module
 */

/** The parts of an RTMP URL. */
export interface RtmpUrl {
  /** `rtmp`, `rtmps` or another of the family, in lower case. */
  readonly scheme: string
  /** Host name or address; an IPv6 address without its brackets. */
  readonly host: string
  /** TCP port: the one in the URL, else 1935, or 443 for `rtmps`. */
  readonly port: number
  /** Application: the path up to the last `/`, with its query if that comes before the stream name. */
  readonly app: string
  /**
   * Stream name with its query, for `publish` and `play`; `''` when the URL ends with the application. Often
   * a secret.
   */
  readonly streamName: string
  /** User name, percent-decoded; `''` if there is none. */
  readonly username: string
  /** Password, percent-decoded; `''` if there is none. */
  readonly password: string
  /** What to say as `tcUrl` when connecting: everything up to the application, without user and password. */
  readonly tcUrl: string
}

/** What {@link formatRtmpUrl} needs of an {@link RtmpUrl}. */
export interface RtmpUrlParts {
  /** @defaultValue `rtmp` */
  readonly scheme?: string
  /** Host name or address; an IPv6 address with or without brackets. */
  readonly host: string
  /** Left out of the URL when it is the default of the scheme. @defaultValue that default */
  readonly port?: number
  /** Application, without slashes at its ends. */
  readonly app: string
  /** Stream name with its query. @defaultValue `''`, which results in the `tcUrl` */
  readonly streamName?: string
}

/** scheme :// authority, then the rest. */
export const URL_PATTERN = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is

/** user@, host (or [IPv6]), :port. */
const AUTHORITY_PATTERN = /^(?:([^@]*)@)?(\[[^\]]*\]|[^:]*)(?::(\d{0,5}))?$/s

const RTMP_SCHEMES = new Set(['rtmp', 'rtmps', 'rtmpt', 'rtmpts', 'rtmpe', 'rtmpte'])

/**
 * Splits an RTMP URL. The stream name is what follows the last `/` of the path, or of the query if the path
 * names only the application (`rtmp://host/app?vhost=v/stream`, as Flash Media Live Encoder writes it).
 *
 * @throws TypeError if it is not an RTMP URL, without quoting it: it may hold a stream key.
 */
export function parseRtmpUrl(url: string): RtmpUrl {
  const [, schemeText, authorityText, rest] = URL_PATTERN.exec(url.trim()) ?? []
  const scheme = (schemeText ?? '').toLowerCase()
  if (!RTMP_SCHEMES.has(scheme)) throw new TypeError('not an RTMP URL')
  const authority = parseAuthority(authorityText!, scheme)
  if (authority === undefined || authority.host === '') throw new TypeError('RTMP URL without a valid host')
  const { app, streamName } = splitPath(trimEnds('/', rest!))
  return {
    scheme,
    host: authority.host,
    port: authority.port,
    app,
    streamName,
    username: authority.username,
    password: authority.password,
    tcUrl: formatRtmpUrl({ scheme, host: authority.host, port: authority.port, app }),
  }
}

/** Puts the parts together again. Nothing is escaped: RTMP servers take names as they are. */
export function formatRtmpUrl(parts: RtmpUrlParts): string {
  const { scheme = 'rtmp', host, port, app, streamName = '' } = parts
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  const portText = port === undefined || port === defaultPort(scheme) ? '' : `:${port}`
  return `${scheme}://${bracketed}${portText}/${app}${streamName === '' ? '' : `/${streamName}`}`
}

/** Port of a scheme: 443 over TLS, 80 for plain HTTP tunnels, else 1935. */
export function defaultPort(scheme: string): number {
  switch (scheme) {
    case 'rtmps':
    case 'rtmpts':
    case 'https':
      return 443
    case 'rtmpt':
    case 'rtmpte':
    case 'http':
      return 80
    default:
      return 1935
  }
}

/** The authority of a URL, or `undefined` when it makes no sense. */
export function parseAuthority(
  text: string,
  scheme: string,
): { host: string; port: number; username: string; password: string } | undefined {
  const match = AUTHORITY_PATTERN.exec(text)
  if (match === null) return undefined
  const [, user = '', hostText = '', portText = ''] = match
  const port = portText === '' ? defaultPort(scheme) : Number(portText)
  if (port < 1 || port > 65_535) return undefined
  const colon = user.indexOf(':')
  return {
    host: hostText.replaceAll(/^\[|\]$/g, ''),
    port,
    username: decodePercent(colon < 0 ? user : user.slice(0, colon)),
    password: colon < 0 ? '' : decodePercent(user.slice(colon + 1)),
  }
}

/** `%xx` decoded as UTF-8; text that is not validly encoded is kept unchanged. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * `text` without any of `characters` at its ends. A loop: `/x+$/` takes quadratic time on the text of a
 * hostile peer.
 */
export function trimEnds(characters: string, text: string): string {
  let start = 0
  let end = text.length
  while (start < end && characters.includes(text[start]!)) start++
  while (end > start && characters.includes(text[end - 1]!)) end--
  return text.slice(start, end)
}

function splitPath(path: string): { app: string; streamName: string } {
  const query = path.search(/[?#]/)
  const slash = path.lastIndexOf('/', query < 0 ? path.length : query)
  // The name is what follows the path's last slash; a path with only the application may have it in its
  // query.
  const at = slash < 0 && query >= 0 ? path.lastIndexOf('/') : slash
  if (at < 0) return { app: path, streamName: '' }
  return { app: trimEnds('/', path.slice(0, at)), streamName: path.slice(at + 1) }
}
