/**
 * URLs without what is secret in them, for logs and statistics.
 *
 * @module
 */
import { formatRtmpUrl, parseRtmpUrl } from '../../rtmp/index.ts'

const MASK = '***'

/** Longest text that {@link redact} gives: a server's words end up in logs. */
const MAX_TEXT_LENGTH = 300

/**
 * A URL as it may be logged: scheme, host, port and the path up to its last `/`. What follows is often a stream key, and user, password
 * and queries are secret too; each becomes `***`.
 *
 * @returns `***` for what is no URL.
 * @example
 * ```ts
 * import { maskUrl } from 'millrace/node'
 *
 * maskUrl('rtmps://user:pass@live.example.com/app/key?token=1') // rtmps://live.example.com/app/***
 * ```
 */
export function maskUrl(url: string): string {
  const parts = partsOf(url)
  if (parts === undefined) return MASK
  const { scheme, host, port, app } = parts
  const shown = app.replace(/[?#].*$/s, `?${MASK}`)
  return formatRtmpUrl({ scheme, host, port, app: shown === '' ? MASK : `${shown}/${MASK}` })
}

/** What may be secret in a URL. */
export interface UrlSecrets {
  /** Application, of which the query is secret. */
  readonly app: string
  /** Stream name or key with its query. */
  readonly streamName: string
  /** User name. */
  readonly username: string
  /** Password. */
  readonly password: string
}

/**
 * What a server said, bounded, with `***` for what is secret in a URL: servers quote stream keys in their reasons.
 * @param url - the URL, or its parts.
 */
export function redact(text: string, url: string | UrlSecrets): string {
  const parts = typeof url === 'string' ? partsOf(url) : url
  if (parts === undefined) return text.slice(0, MAX_TEXT_LENGTH)
  const { app, streamName, username, password } = parts
  const secrets = new Set<string>()
  for (const secret of [streamName, ...namesAndQuery(streamName), ...queryOf(app), username, password]) {
    for (const form of [secret, decodePercent(secret), encodeURIComponent(secret)]) {
      if (form !== '') secrets.add(form)
    }
  }
  let masked = text
  // The longest first: a part of it may be a secret as well.
  for (const secret of Array.from(secrets).toSorted((a, b) => b.length - a.length)) {
    masked = replaceWord(masked, secret)
  }
  // The answer to a challenge: a password can be guessed with it.
  return masked.replaceAll(/\bresponse=[^&\s]+/g, `response=${MASK}`).slice(0, MAX_TEXT_LENGTH)
}

interface Parts extends UrlSecrets {
  readonly scheme: string
  readonly host: string
  readonly port: number
}

/** HTTP URLs have the same parts as those of RTMP. */
function partsOf(url: string): Parts | undefined {
  const scheme = /^(https?):/i.exec(url.trim())?.[1]?.toLowerCase()
  try {
    if (scheme === undefined) return parseRtmpUrl(url)
    const { hostname, port, pathname, search, username, password } = new URL(url.trim())
    const slash = pathname.lastIndexOf('/')
    return {
      scheme,
      host: hostname.replaceAll(/^\[|\]$/g, ''),
      port: port === '' ? (scheme === 'https' ? 443 : 80) : Number(port),
      app: pathname.slice(1, Math.max(1, slash)),
      streamName: pathname.slice(slash + 1) + search,
      username: decodePercent(username),
      password: decodePercent(password),
    }
  } catch {
    return undefined
  }
}

function namesAndQuery(streamName: string): string[] {
  return [streamName.replace(/[?#].*$/s, ''), ...queryOf(streamName)]
}

/** The query of `name`, and the values in it that are long enough for a secret. */
function queryOf(name: string): string[] {
  const start = name.search(/[?#]/)
  if (start < 0) return []
  const query = name.slice(start + 1)
  const values = query.split('&').map((pair) => pair.slice(pair.indexOf('=') + 1))
  return [query, ...values.filter((value) => value.length >= 4)]
}

/** Not within a longer word: a stream named `a` would hide every letter of the reason. */
function replaceWord(text: string, secret: string): string {
  let result = ''
  let from = 0
  for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, from)) {
    const end = at + secret.length
    const isWord = !isLetter(text[at - 1], secret[0]) && !isLetter(text[end], secret.at(-1))
    result += text.slice(from, at) + (isWord ? MASK : secret)
    from = end
  }
  return result + text.slice(from)
}

/** Whether a word goes on from `inside` to `outside`. */
function isLetter(outside: string | undefined, inside: string | undefined): boolean {
  return (
    outside !== undefined &&
    inside !== undefined &&
    /^[\p{L}\p{N}]$/u.test(outside) &&
    /^[\p{L}\p{N}]$/u.test(inside)
  )
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
