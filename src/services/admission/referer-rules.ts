/**
 * On which pages players and publishers may be embedded.
 *
 * @module
 */
import { type AccessRequest, reject } from '../../hub/index.ts'
import { checkOptions, type OptionChecks } from '../../hub/internal.ts'
import { listOf } from './option-checks.ts'
import type { AccessRule } from './access-rule.ts'

/** Domains whose pages may embed. A domain stands for its subdomains too; an empty list for every page. */
export interface RefererRulesOptions {
  /** For everything. @defaultValue [] */
  readonly all?: readonly string[]
  /** For publishing, beside `all`. @defaultValue [] */
  readonly publish?: readonly string[]
  /** For playing, beside `all`. @defaultValue [] */
  readonly play?: readonly string[]
}

const DOMAINS = listOf({
  expected: 'a domain such as example.com',
  isKind: (value) => typeof value === 'string' && hostOfDomain(value) !== undefined,
})

const CHECKS: OptionChecks<RefererRulesOptions> = { all: DOMAINS, publish: DOMAINS, play: DOMAINS }

/**
 * Rules by the page that embeds the player: RTMP `pageUrl` or the HTTP `Referer`. Who names no page does not get past a list. It keeps
 * other sites from embedding a stream; it is no protection from a program, which can name any page.
 *
 * SRS compares the end of the host name as text, and lets `evil-example.com` in for `example.com`; here whole labels count.
 *
 * @throws TypeError for options that are none.
 */
export function refererRules(options: RefererRulesOptions): AccessRule {
  checkOptions('referer rules', options, CHECKS)
  const hosts = (list: readonly string[] = []): (string | undefined)[] => list.map(hostOfDomain)
  const lists = { all: hosts(options.all), publish: hosts(options.publish), play: hosts(options.play) }
  return (request) => {
    const host = hostOf(request)
    const passes = (domains: readonly (string | undefined)[]): boolean =>
      domains.length === 0 || domains.some((domain) => host === domain || host.endsWith(`.${domain}`))
    return passes(lists.all) && passes(lists[request.action])
      ? 'abstain'
      : reject(`this page may not ${request.action}`)
  }
}

/** `example.com`, `.example.com` and `*.example.com` are the same domain; in the form that URLs have it, which is punycode for `müller.example`. */
function hostOfDomain(domain: string): string | undefined {
  const url = `http://${domain.replace(/^\*?\./, '')}`
  return /[/:?#@\s]/.test(domain) || !URL.canParse(url) ? undefined : new URL(url).hostname
}

function hostOf({ pageUrl }: AccessRequest): string {
  return URL.canParse(pageUrl) ? new URL(pageUrl).hostname : ''
}
