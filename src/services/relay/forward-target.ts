/**
 * Where a stream goes: URLs with parts that stand for those of the stream.
 *
 * @module
 */
import { splitStreamPath } from '../../hub/index.ts'
import { parseRtmpUrl } from '../../rtmp/index.ts'

/** A place that streams are forwarded to. */
export interface ForwardTarget {
  /**
   * `rtmp:` or `rtmps:`. `[vhost]`, `[app]`, `[stream]` and `[param]` (the publisher's query with its `?`) stand for those of the
   * stream. A URL without a stream name gets that of the stream, one without an application both. `user:password@` for servers that
   * ask for them.
   */
  readonly url: string
  /** Tells targets apart in statistics and events, where URLs are masked. @defaultValue the URL as {@link maskUrl} shows it */
  readonly name?: string | undefined
}

/** What stands for the parts of a URL. */
export interface StreamNames {
  /** Virtual host. */
  readonly vhost: string
  /** `/app/name`. */
  readonly streamPath: string
  /** Query of the publisher with its `?`, or `''`. */
  readonly param: string
}

/** @throws TypeError for what is no target; it does not quote the URL, which may hold a stream key. */
export function checkTarget(target: string | ForwardTarget): ForwardTarget {
  const checked = typeof target === 'string' ? { url: target } : target
  const { scheme } = parseRtmpUrl(checked.url)
  if (scheme === 'rtmp' || scheme === 'rtmps') return checked
  throw new TypeError(`streams cannot be forwarded to ${scheme}: URLs`)
}

/** The URL of `target` for one stream. */
export function targetUrl(target: ForwardTarget, names: StreamNames): string {
  const { streamPath, vhost, param } = names
  const { app, streamName: stream } = splitStreamPath(streamPath)
  const values: Readonly<Record<string, string>> = { vhost, app, stream, param }
  const url = target.url.trim().replaceAll(/\[(\w+)\]/g, (whole, name: string) => values[name] ?? whole)
  const parts = parseRtmpUrl(url)
  if (parts.streamName !== '') return url
  const rest = parts.app === '' ? [app, stream] : [stream]
  return [url.replace(/\/+$/, ''), ...rest].join('/')
}
