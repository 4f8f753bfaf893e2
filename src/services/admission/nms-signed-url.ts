/**
 * The `sign` parameter of Node-Media-Server, for those who come from there.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { reject } from '../../hub/index.ts'
import { A_FUNCTION, checkOptions, type OptionChecks } from '../../hub/internal.ts'
import { ACTIONS, SECRETS } from './option-checks.ts'
import type { AccessRule } from './access-rule.ts'
import { equalTexts } from './signed-url.ts'

/** Options of {@link nmsSignedUrls}. */
export interface NmsSignedUrlsOptions {
  /** Node-Media-Server's `auth.secret`, or several of which any will do. */
  readonly secret: string | readonly string[]
  /** What needs a signature (`auth.publish`, `auth.play`); the rule abstains from the rest. @defaultValue ['publish', 'play'] */
  readonly actions?: readonly ('publish' | 'play')[]
  /** Time in ms since 1970, for tests. @defaultValue `Date.now` */
  readonly now?: () => number
}

const CHECKS: OptionChecks<NmsSignedUrlsOptions> = { secret: SECRETS, actions: ACTIONS, now: A_FUNCTION }

/**
 * The value of Node-Media-Server's `sign` parameter: expiry, `-`, and the MD5 digest of `/app/name-expiry-secret` in hex. MD5 with a
 * secret behind the text is weak: sign new URLs with {@link signUrl}.
 *
 * @param expiresAtSec - when it ends, seconds since 1970.
 */
export function nmsSign(streamPath: string, expiresAtSec: number, secret: string): string {
  return nmsSignature(streamPath, String(expiresAtSec), secret)
}

/**
 * Lets in who comes with Node-Media-Server's `sign` parameter: the URLs that an application hands out go on to work after the move.
 * It knows no virtual hosts: give each a secret of its own.
 *
 * @throws TypeError for options that are none.
 */
export function nmsSignedUrls(options: NmsSignedUrlsOptions): AccessRule {
  checkOptions('signed URLs of Node-Media-Server', options, CHECKS)
  const { actions = ['publish', 'play'], now = Date.now } = options
  const secrets = [options.secret].flat()
  return ({ action, query, streamPath }) => {
    if (!actions.includes(action)) return 'abstain'
    const { sign = '' } = query
    if (sign === '') return reject('the URL is not signed')
    const expires = /^(\d{1,12})-/.exec(sign)?.[1]
    const isGenuine =
      expires !== undefined &&
      secrets.some((each) => equalTexts(sign, nmsSignature(streamPath, expires, each)))
    if (!isGenuine) return reject('the signature of the URL is wrong')
    return Number(expires) * 1_000 > now() ? true : reject('the URL has expired')
  }
}

function nmsSignature(streamPath: string, expires: string, secret: string): string {
  const hash = createHash('md5').update(`${streamPath}-${expires}-${secret}`).digest('hex')
  return `${expires}-${hash}`
}
