/**
 * Where a server that asks for a reconnect sends its client (Enhanced RTMP v2, "Reconnect Request").
 *
 * @module
 */
import { formatRtmpUrl, parseRtmpUrl } from '../../rtmp/index.ts'

/**
 * The URL to connect to.
 * @param present - the present URL, with its stream name.
 * @param tcUrl - the application by the server's word: absolute, or relative to the present one (`//host/app`, `/app`).
 * @returns `undefined` for the present one: also when the server gives none, or one out of TLS, or something else.
 */
export function reconnectUrl(present: string, tcUrl: string | undefined): string | undefined {
  if (tcUrl === undefined) return undefined
  const { scheme, host, port, streamName } = parseRtmpUrl(present)
  const origin = formatRtmpUrl({ scheme, host, port, app: '' }).slice(0, -1)
  let application = tcUrl
  if (tcUrl.startsWith('//')) application = `${scheme}:${tcUrl}`
  else if (tcUrl.startsWith('/')) application = origin + tcUrl
  const url = `${application.replace(/\/+$/, '')}/${streamName}`
  try {
    const next = parseRtmpUrl(url)
    return next.scheme === 'rtmps' || (next.scheme === 'rtmp' && scheme === 'rtmp') ? url : undefined
  } catch {
    return undefined
  }
}
