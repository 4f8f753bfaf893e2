/**
 * URLs that let their bearer in until they expire.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { type AccessRequest, reject } from '../../hub/index.ts'
import { pathBehind, pathPrefix } from '../../node/http/internal.ts'
import { A_BOOLEAN, A_FUNCTION, A_STRING, checkOptions, type OptionChecks } from '../../hub/internal.ts'
import { ACTIONS, SECRETS } from './option-checks.ts'
import type { AccessRule } from './access-rule.ts'

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
  /**
   * Name of the virtual host whose stream it is, as its `signedUrls` has it: in the reference server its name in `vhosts`, whichever alias
   * the URL has. @defaultValue that of everybody
   */
  readonly vhost?: string
}

/** Options of {@link signedUrls}. */
export interface SignedUrlsOptions {
  /** The secret of {@link SignUrlOptions}, or several of which any will do, so that one can be replaced. */
  readonly secret: string | readonly string[]
  /** What needs a signature; the rule abstains from the rest. @defaultValue ['publish', 'play'] */
  readonly actions?: readonly ('publish' | 'play')[]
  /** The signature is good for one address alone: the signer must name it. @defaultValue false */
  readonly bindAddress?: boolean
  /** The virtual host that the rule is for: the signer must name it, so that no URL of another one with the same secret is good here. @defaultValue none */
  readonly vhost?: string
  /** Time in ms since 1970, for tests. @defaultValue `Date.now` */
  readonly now?: () => number
}

const CHECKS: OptionChecks<SignedUrlsOptions> = {
  secret: SECRETS,
  actions: ACTIONS,
  bindAddress: A_BOOLEAN,
  vhost: A_STRING,
  now: A_FUNCTION,
}

/**
 * Adds `expires` and `signature` to the URL of a stream. The signature is HMAC-SHA256 over action, virtual host, stream path, expiry
 * and address, so it is good for the stream by every protocol, and for nothing else.
 *
 * @example
 * ```ts
 * import { signUrl } from 'millrace/services/admission'
 *
 * const expiresAtMs = Date.now() + 3_600_000
 * signUrl('https://example.com/live/show.m3u8', { secret: 's3cret', action: 'play', expiresAtMs })
 * ```
 * @throws TypeError for an invalid URL, and for one whose path does not begin with `prefix`.
 */
export function signUrl(url: string, options: SignUrlOptions): string {
  const signed = new URL(url)
  const { secret, action, expiresAtMs, remoteAddress = '', vhost = '' } = options
  const streamPath = options.streamPath ?? streamPathOf(signed, pathPrefix(options.prefix))
  const expires = String(Math.floor(expiresAtMs / 1_000))
  signed.searchParams.set(EXPIRES, expires)
  signed.searchParams.set(
    SIGNATURE,
    signatureOf(secret, { action, vhost, streamPath, expires, remoteAddress }),
  )
  return signed.href
}

/**
 * Lets in who comes with a URL of {@link signUrl} that has not expired. HLS needs it for the first playlist alone: what follows carries
 * the viewer's session.
 *
 * @throws TypeError for options that are none.
 */
export function signedUrls(options: SignedUrlsOptions): AccessRule {
  checkOptions('signed URLs', options, CHECKS)
  const { actions = ['publish', 'play'], bindAddress = false, vhost = '', now = Date.now } = options
  const secrets = [options.secret].flat()
  return (request) => {
    if (!actions.includes(request.action)) return 'abstain'
    const { [EXPIRES]: expires = '', [SIGNATURE]: signature = '' } = request.query
    if (expires === '' || signature === '') return reject('the URL is not signed')
    const remoteAddress = bindAddress ? request.remoteAddress : ''
    const claim: Claim = { ...request, vhost, expires, remoteAddress }
    const isGenuine = secrets.some((each) => equalTexts(signature, signatureOf(each, claim)))
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

type Claim = Pick<AccessRequest, 'action' | 'vhost' | 'remoteAddress'> & {
  readonly streamPath: string
  readonly expires: string
}

function signatureOf(secret: string, { action, vhost, streamPath, expires, remoteAddress }: Claim): string {
  // No part has a line feed in it, and a stream path begins with a slash: it is not taken for a virtual host.
  const stream = vhost === '' ? streamPath : `${vhost.toLowerCase()}\n${streamPath}`
  const text = `${action}\n${expires}\n${remoteAddress}\n${stream}`
  return createHmac('sha256', secret).update(text).digest('base64url')
}
