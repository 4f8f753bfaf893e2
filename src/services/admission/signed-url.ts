/**
 * URLs that let their bearer in until they expire.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { type AccessRequest, reject } from '../../hub/index.ts'
import { pathBehind, pathPrefix } from '../../node/http-request.ts'
import { parseOptions } from '../parse-options.ts'
import type { AccessRule } from './access-rule.ts'
import { signedUrlsOptions } from './signed-url.schema.ts'

const EXPIRES = 'expires'
const SIGNATURE = 'signature'

/** Seconds since 1970 in decimal, far beyond any date that makes sense. */
const EXPIRY_PATTERN = /^\d{1,12}$/

/** What a signature is for. */
export interface SignUrlOptions {
  /** Shared by those who sign and those who check: 32 random bytes as text, not a word. */
  readonly secret: string
  /** What the bearer may do. */
  readonly action: 'publish' | 'play'
  /** When it ends, ms since 1970; rounded down to seconds. A peer that got in before stays. */
  readonly expiresAtMs: number
  /** The handlers' `prefix`, such as `/media`: what the path of the URL has before `/app/name`. @defaultValue '' */
  readonly prefix?: string
  /** The stream, as `/app/name`. @defaultValue the path of the URL after `prefix`, without `.flv`, `.ts` or `.m3u8` */
  readonly streamPath?: string
  /** The one address that may use it, for a server with `bindAddress`. @defaultValue any address */
  readonly remoteAddress?: string
}

/** Options of {@link signedUrls}. */
export interface SignedUrlsOptions {
  /** The secret of {@link SignUrlOptions}, or several of which any will do, so that one can be replaced. */
  readonly secret: string | readonly string[]
  /** What needs a signature; the rule abstains from the rest. @defaultValue ['publish', 'play'] */
  readonly actions?: readonly ('publish' | 'play')[]
  /** The signature is good for one address alone: the signer must name it. @defaultValue false */
  readonly bindAddress?: boolean
  /** Time in ms since 1970, for tests. @defaultValue `Date.now` */
  readonly now?: () => number
}

/**
 * Adds `expires` and `signature` to the URL of a stream. The signature is HMAC-SHA256 over action, stream path, expiry and address, so
 * it is good for the stream by every protocol, and for nothing else.
 *
 * @example
 * ```ts
 * import { signUrl } from 'millrace/services'
 *
 * const expiresAtMs = Date.now() + 3_600_000
 * signUrl('https://example.com/live/show.m3u8', { secret: 's3cret', action: 'play', expiresAtMs })
 * ```
 * @throws TypeError for an invalid URL, and for one whose path does not begin with `prefix`.
 */
export function signUrl(url: string, options: SignUrlOptions): string {
  const signed = new URL(url)
  const { secret, action, expiresAtMs, remoteAddress = '' } = options
  const streamPath = options.streamPath ?? streamPathOf(signed, pathPrefix(options.prefix))
  const expires = String(Math.floor(expiresAtMs / 1_000))
  signed.searchParams.set(EXPIRES, expires)
  signed.searchParams.set(SIGNATURE, signatureOf(secret, { action, streamPath, expires, remoteAddress }))
  return signed.href
}

/**
 * Lets in who comes with a URL of {@link signUrl} that has not expired. HLS needs it for the first playlist alone: what follows carries
 * the viewer's session.
 *
 * @throws TypeError for options that are none.
 */
export function signedUrls(options: SignedUrlsOptions): AccessRule {
  const { secret, actions, bindAddress, now } = parseOptions(signedUrlsOptions, options, 'signed URLs')
  return (request) => {
    if (!actions.includes(request.action)) return 'abstain'
    const { [EXPIRES]: expires = '', [SIGNATURE]: signature = '' } = request.query
    if (expires === '' || signature === '') return reject('the URL is not signed')
    const claim: Claim = { ...request, expires, remoteAddress: bindAddress ? request.remoteAddress : '' }
    const isGenuine = secret.some((each) => equalTexts(signature, signatureOf(each, claim)))
    if (!isGenuine || !EXPIRY_PATTERN.test(expires)) return reject('the signature of the URL is wrong')
    return Number(expires) * 1_000 > now() ? true : reject('the URL has expired')
  }
}

/** The stream that a URL of ours plays or publishes. */
function streamPathOf({ pathname }: URL, prefix: string): string {
  let path: string
  try {
    path = decodeURIComponent(pathname)
  } catch (error) {
    throw new TypeError(`the path ${pathname} has invalid escapes`, { cause: error })
  }
  const streamPath = pathBehind(prefix, path)
  if (streamPath === undefined) throw new TypeError(`the path ${pathname} does not begin with ${prefix}`)
  return streamPath.replace(/\.(?:flv|ts|m3u8)$/i, '')
}

/** Compares texts that may be secret in a time that tells nothing of them. */
export function equalTexts(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

type Claim = Pick<AccessRequest, 'action' | 'remoteAddress'> & {
  readonly streamPath: string
  readonly expires: string
}

function signatureOf(secret: string, { action, streamPath, expires, remoteAddress }: Claim): string {
  // A stream path may have a line feed in it: the free text comes last, and the address has none.
  const text = `${action}\n${expires}\n${remoteAddress}\n${streamPath}`
  return createHmac('sha256', secret).update(text).digest('base64url')
}
