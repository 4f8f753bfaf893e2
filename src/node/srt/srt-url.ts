/**
 * `srt://` URLs, as FFmpeg and OBS write them.
 *
 * @module
 */

/** What a URL says. */
export interface SrtUrl {
  /** Host name or IP address; IPv6 without brackets. */
  readonly host: string
  /** UDP port. */
  readonly port: number
  /** Parameters, percent-decoded. A stream id may hold `#` as it is; `&` ends it. */
  readonly parameters: ReadonlyMap<string, string>
}

/** @throws TypeError for what is no such URL, or has no port. */
export function parseSrtUrl(url: string): SrtUrl {
  const [, bracketed, plain, portText, query = ''] =
    /^srt:\/\/(?:\[([\da-f:.%]+)\]|([^:/?#[\]@]+)):(\d{1,5})\/?(?:\?(.*))?$/is.exec(url) ?? []
  const host = bracketed ?? plain
  const port = Number(portText)
  if (host === undefined || !(port >= 1 && port <= 65_535))
    throw new TypeError('not an srt:// URL with a port')
  const parameters = new Map<string, string>()
  for (const part of query.split('&')) {
    const equals = part.indexOf('=')
    if (equals > 0) parameters.set(part.slice(0, equals), decoded(part.slice(equals + 1)))
  }
  return { host, port, parameters }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
