/**
 * Stream ids: what a caller wants, as text in its handshake. draft-sharabayko-srt-01 Appendix B; `publish:` and `read:` are spelled as mediamtx reads them.
 *
 * @module
 */

/** What a stream id says. */
export interface SrtStreamId {
  /** `fields` for `#!::key=value,…`, `prefix` for `publish:…` and `read:…`, `plain` for other text. */
  readonly form: 'fields' | 'prefix' | 'plain'
  /** Name of the resource (`r`), or the plain text; empty if it is not said. */
  readonly resource: string
  /** Whether the caller plays (`request`), publishes, or both. `undefined` if it is not said, which means that it plays. */
  readonly mode: 'request' | 'publish' | 'bidirectional' | undefined
  /** User name (`u`). */
  readonly user: string | undefined
  /** Session or password (`s`). */
  readonly session: string | undefined
  /** Host name (`h`). */
  readonly host: string | undefined
  /** Query string after the resource, without `?`: the other keys of the form `fields`, in their order. */
  readonly query: string
}

const FIELDS = '#!::'
const MODES: ReadonlyMap<string, SrtStreamId['mode']> = new Map([
  ['request', 'request'],
  ['publish', 'publish'],
  ['bidirectional', 'bidirectional'],
])

/**
 * Reads a stream id. A form that is spelled wrong is `plain` text, and the last of repeated keys counts.
 *
 * FFmpeg sends `%23!::…` as it stands in a URL; that is decoded. `?` separates keys as `,` does, as SRS has it.
 * @returns what it says; `undefined` for an id of the form `fields` with an unknown mode, or that is not for a stream (`t=file`).
 */
export function parseSrtStreamId(text: string): SrtStreamId | undefined {
  const id = text.startsWith('%23!') ? percentDecoded(text) : text
  if (id.startsWith(FIELDS)) return parseFields(id.slice(FIELDS.length))
  const prefix = /^(publish|read):(.*)$/s.exec(id)
  if (prefix !== null) {
    const [resource = '', user, session, query = ''] = prefix[2]!.split(':')
    return {
      form: 'prefix',
      resource,
      mode: prefix[1] === 'publish' ? 'publish' : 'request',
      user,
      session,
      host: undefined,
      query,
    }
  }
  const [resource = '', ...query] = id.split('?')
  return {
    form: 'plain',
    resource,
    mode: undefined,
    user: undefined,
    session: undefined,
    host: undefined,
    query: query.join('?'),
  }
}

/** Writes a stream id of the form `fields`, with what is given. A comma in a value cannot be written. */
export function formatSrtStreamId(
  id: Partial<Pick<SrtStreamId, 'resource' | 'mode' | 'user' | 'session' | 'host'>>,
): string {
  const keys: readonly (readonly [string, string | undefined])[] = [
    ['h', id.host],
    ['r', id.resource],
    ['u', id.user],
    ['s', id.session],
    ['m', id.mode],
  ]
  const written = keys.filter(([, value]) => value !== undefined).map(([key, value]) => `${key}=${value}`)
  if (written.some((part) => part.includes(','))) throw new RangeError('a value of a stream id has a comma')
  return FIELDS + written.join(',')
}

function parseFields(text: string): SrtStreamId | undefined {
  const fields = new Map<string, string>()
  const query: string[] = []
  for (const part of text.split(/[,?]/)) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const key = equals < 0 ? part : part.slice(0, equals)
    if (RESERVED.has(key)) fields.set(key, equals < 0 ? '' : part.slice(equals + 1))
    else query.push(part)
  }
  const type = fields.get('t') ?? 'stream'
  const modeText = fields.get('m')
  const mode = modeText === undefined ? undefined : MODES.get(modeText)
  if (type !== 'stream' || (modeText !== undefined && mode === undefined)) return undefined
  return {
    form: 'fields',
    resource: fields.get('r') ?? '',
    mode,
    user: fields.get('u'),
    session: fields.get('s'),
    host: fields.get('h'),
    query: query.join('&'),
  }
}
const RESERVED: ReadonlySet<string> = new Set(['r', 'm', 'u', 's', 't', 'h'])

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
