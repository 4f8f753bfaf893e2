/**
 * Which stream a client means. Encoders put virtual host, application, stream key and query into `tcUrl`,
 * `app` and the stream name in every combination; the result is the same for all spellings of one stream, and
 * equals that of SRS.
 *
 * @module
 */
import { decodePercent, parseAuthority, trimEnds, URL_PATTERN } from './rtmp-url.ts'

/** Application of a `tcUrl` that names none. */
export const DEFAULT_APP = '__defaultApp__'

/** As `vhost` in a query: no particular virtual host. */
export const DEFAULT_VHOST = '__defaultVhost__'

/** What a client said in `connect` and in `publish` or `play`. Any of it may be missing, `''` or wrong. */
export interface StreamTargetInput {
  /** `tcUrl` of the connect object. @defaultValue `''` */
  readonly tcUrl?: string
  /** `app` of the connect object; counts where `tcUrl` does not name the application. @defaultValue `''` */
  readonly app?: string
  /** Stream name of `publish`, `play` or `FCPublish`, mostly with a query. @defaultValue `''` */
  readonly streamName?: string
}

/** The stream that is meant. */
export interface StreamTarget {
  /** Scheme of the tcUrl in lower case, `rtmp` if there is none. */
  readonly scheme: string
  /** Host of the tcUrl, `''` if there is none; IPv6 without brackets. */
  readonly host: string
  /** Port of the tcUrl, or the default of its scheme. */
  readonly port: number
  /** Virtual host: query `vhost`, else `domain`, else `host`. */
  readonly vhost: string
  /** Application, without slashes at its ends but maybe inside; {@link DEFAULT_APP} when none is named. */
  readonly app: string
  /** Stream name without its query; `''` when none was given, which a server refuses. */
  readonly streamName: string
  /** `/app/streamName`. */
  readonly streamPath: `/${string}`
  /**
   * Query of tcUrl and stream name as it came, with a leading `?` and maybe `#fragment`; `''` if there is
   * none.
   */
  readonly param: string
  /**
   * Its pairs, percent-decoded; the last of several values, so that the stream name's win over the tcUrl's.
   */
  readonly query: Readonly<Record<string, string>>
}

/**
 * Resolves a client's names to a stream. Never throws: nonsense yields an empty host or stream name.
 *
 * - `app...vhost...example.com` and `app?vhost=example.com` name the virtual host; so does the stream name's
 *   query.
 * - A query in the middle (`app?token=t/stream`) belongs to the end.
 * - The name is the last part of the path, everything before it is the application, no matter where a client
 *   cut it.
 * - `/_definst_` names the default instance and is dropped.
 * - Pairs of a query end at `&`, `&&`, `,` or `;`.
 *
 * @example
 * ```ts
 * import { resolveStreamTarget } from 'millrace/rtmp'
 *
 * resolveStreamTarget({ tcUrl: 'rtmp://192.0.2.1/live', streamName: 'show?vhost=example.com&token=abc' })
 * // { vhost: 'example.com', app: 'live', streamName: 'show', streamPath: '/live/show', query: { token: 'abc', … } … }
 * ```
 */
export function resolveStreamTarget(input: StreamTargetInput): StreamTarget {
  const tcUrl = clean(input.tcUrl)
  const fromApp = split(clean(input.app))
  const fromName = split((input.streamName ?? '').trim())
  const url = URL_PATTERN.exec(tcUrl)
  const scheme = url?.[1]?.toLowerCase() ?? 'rtmp'
  const authority = parseAuthority(url?.[2] ?? '', scheme) ?? parseAuthority('', scheme)!
  // Without a scheme it is not a URL, but it may still be the application.
  const fromUrl = split(url?.[3] ?? (fromApp.path === '' ? tcUrl : ''))

  const base = fromUrl.path === '' ? fromApp.path : fromUrl.path
  let name = fromName.path
  let queryText = [fromUrl.query === '' ? fromApp.query : fromUrl.query, fromName.query]
    .filter((part) => part !== '')
    .join('&')
  if (name === '' && !base.includes('/')) {
    // Nothing as stream name: rtmp://host/app?token=t/stream has it at the end of the query.
    const slash = queryText.lastIndexOf('/')
    if (slash >= 0) {
      name = split(queryText.slice(slash)).path
      queryText = queryText.slice(0, slash)
    }
  }
  const path = base === '' || name === '' ? base + name : `${base}/${name}`
  const cut = path.lastIndexOf('/')
  const hasName = name !== '' || cut >= 0
  const streamName = hasName ? path.slice(cut + 1) : ''
  const app = (hasName ? path.slice(0, Math.max(cut, 0)) : path) || DEFAULT_APP

  if (/^(vhost|domain)=__defaultVhost__$/.test(queryText)) queryText = ''
  const query = parsePairs(queryText)
  const host = bareHost(authority.host)
  const fragment = fromUrl.fragment + fromName.fragment
  return {
    scheme,
    host,
    port: authority.port,
    vhost: namedVhost(query['vhost']) || namedVhost(query['domain']) || host,
    app,
    streamName,
    streamPath: `/${app}/${streamName}`,
    param: queryText === '' ? fragment : `?${queryText}${fragment}`,
    query,
  }
}

/**
 * Without the quotes that some encoders put around it, the default instance, and the oldest way to name a
 * virtual host.
 */
function clean(text: string | undefined): string {
  return trimEnds(`'"`, (text ?? '').trim())
    .replace(/\.\.\.vhost\.\.\./, (_, at: number, whole: string) =>
      whole.lastIndexOf('?', at) < 0 ? '?vhost=' : '&vhost=',
    )
    .replaceAll(/\/_definst_(?=[/?#]|$)/g, '')
}

/**
 * The path without white space, empty parts and slashes at its ends; the query without `?`; the fragment with
 * `#`.
 */
function split(text: string): { path: string; query: string; fragment: string } {
  const [, path = '', query = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(text) ?? []
  return { path: trimEnds('/', path.replaceAll(/\s/g, '').replaceAll(/\/{2,}/g, '/')), query, fragment }
}

function bareHost(text: string): string {
  return text.replaceAll(/[/\s]/g, '')
}

function namedVhost(value: string | undefined): string {
  return value === undefined || value === DEFAULT_VHOST ? '' : bareHost(value)
}

function parsePairs(text: string): Record<string, string> {
  // No prototype: the keys are the peer's.
  const pairs = Object.create(null) as Record<string, string>
  for (const pair of text.split(/[&,;]+/)) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const key = equals < 0 ? pair : pair.slice(0, equals)
    pairs[decodePercent(key)] = equals < 0 ? '' : decodePercent(pair.slice(equals + 1))
  }
  return pairs
}
