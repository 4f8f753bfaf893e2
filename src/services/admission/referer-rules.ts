/**
 * On which pages players and publishers may be embedded.
 *
 * @module
 */
import { type AccessRequest, reject } from '../../hub/index.ts'
import { parseOptions } from '../parse-options.ts'
import type { AccessRule } from './access-rule.ts'
import { refererRulesOptions } from './referer-rules.schema.ts'

/** Domains whose pages may embed. A domain stands for its subdomains too; an empty list for every page. */
export interface RefererRulesOptions {
  /** For everything. @defaultValue [] */
  readonly all?: readonly string[]
  /** For publishing, beside `all`. @defaultValue [] */
  readonly publish?: readonly string[]
  /** For playing, beside `all`. @defaultValue [] */
  readonly play?: readonly string[]
}

/**
 * Rules by the page that embeds the player: RTMP `pageUrl` or the HTTP `Referer`. Who names no page does not get past a list. It keeps
 * other sites from embedding a stream; it is no protection from a program, which can name any page.
 *
 * SRS compares the end of the host name as text, and lets `evil-example.com` in for `example.com`; here whole labels count.
 *
 * @throws TypeError for options that are none.
 */
export function refererRules(options: RefererRulesOptions): AccessRule {
  const lists = parseOptions(refererRulesOptions, options, 'referer rules')
  return (request) => {
    const host = hostOf(request)
    const passes = (domains: readonly string[]): boolean =>
      domains.length === 0 || domains.some((domain) => host === domain || host.endsWith(`.${domain}`))
    return passes(lists.all) && passes(lists[request.action])
      ? 'abstain'
      : reject(`this page may not ${request.action}`)
  }
}

function hostOf({ pageUrl }: AccessRequest): string {
  return URL.canParse(pageUrl) ? new URL(pageUrl).hostname : ''
}
