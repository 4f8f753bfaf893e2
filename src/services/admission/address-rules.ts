/**
 * Who may publish and play, by address.
 *
 * @module
 */
import { type AccessDecision, type AccessRequest, reject } from '../../hub/index.ts'
import { checkOptions, oneOf } from '../../hub/internal.ts'
import type { AccessRule } from './access-rule.ts'
import { IpRange, parseIpAddress } from './ip-range.ts'

/** One rule, such as `allow publish 10.0.0.0/8`, `deny play 2001:db8::/32`, `deny all 192.0.2.7` or `allow play all`. */
export type AddressRule = `${'allow' | 'deny'} ${'publish' | 'play' | 'all'} ${string}`

/** How a list of rules is read. */
export interface AddressRulesOptions {
  /**
   * `in-order`: the first rule that matches decides; where none does, the peer gets in unless the list allows somebody to do the same,
   * which is then all who may. `srs`: as SRS reads its `security` section: deny rules come before allow rules wherever they stand, an empty
   * list lets nobody in, and a list that allows anybody to do anything lets in only who is allowed; `allow publish` alone thus ends all
   * playing. @defaultValue 'in-order'
   */
  readonly order?: 'in-order' | 'srs'
}

/**
 * Rules by address, for IPv4 and IPv6; an IPv4-mapped address counts as IPv4. A peer whose address nobody knows matches `all` alone, and
 * is refused where a deny rule could mean it.
 *
 * @throws TypeError for a rule that cannot be read.
 */
export function addressRules(rules: readonly AddressRule[], options: AddressRulesOptions = {}): AccessRule {
  checkOptions<AddressRulesOptions>('address rules', options, { order: oneOf('in-order', 'srs') })
  const list = parseRules(rules)
  const allows = options.order === 'srs' ? allowsLikeSrs : allowsInOrder
  return (request) => {
    const address = parseIpAddress(request.remoteAddress)
    return allows(list, request.action, address) ? 'abstain' : refusal(request)
  }
}

/** A rule taken apart; no range: every address. */
interface ParsedAddressRule {
  readonly access: 'allow' | 'deny'
  readonly action: Action | 'all'
  readonly range: IpRange | undefined
}

const PATTERN = /^(allow|deny)\s+(publish|play|all)\s+(\S+)$/

/** @throws TypeError that names every rule that cannot be read. */
function parseRules(rules: unknown): ParsedAddressRule[] {
  if (!Array.isArray(rules)) throw new TypeError('address rules: they are an array')
  const problems: string[] = []
  const parsed = rules.flatMap((text: unknown): ParsedAddressRule[] => {
    try {
      return [parseRule(String(text))]
    } catch (error) {
      problems.push((error as Error).message)
      return []
    }
  })
  if (problems.length > 0) throw new TypeError(`address rules: ${problems.join('; ')}`)
  return parsed
}

function parseRule(text: string): ParsedAddressRule {
  const match = PATTERN.exec(text.trim())
  if (match === null) throw new TypeError(`"${text}" is not "allow|deny publish|play|all ADDRESS"`)
  const [, access, action, address] = match as unknown as [string, 'allow' | 'deny', Action | 'all', string]
  return { access, action, range: address === 'all' ? undefined : new IpRange(address) }
}

function refusal({ action }: AccessRequest): AccessDecision {
  return reject(`this address may not ${action}`)
}

type Action = AccessRequest['action']

function allowsInOrder(
  rules: readonly ParsedAddressRule[],
  action: Action,
  address: Uint8Array | undefined,
): boolean {
  let isAllowList = false
  for (const rule of rules) {
    if (!concerns(rule, action)) continue
    if (matches(rule, address)) return rule.access === 'allow'
    isAllowList ||= rule.access === 'allow'
  }
  return !isAllowList
}

function allowsLikeSrs(
  rules: readonly ParsedAddressRule[],
  action: Action,
  address: Uint8Array | undefined,
): boolean {
  if (rules.length === 0) return false
  const denied = rules.some(
    (rule) => rule.access === 'deny' && concerns(rule, action) && matches(rule, address),
  )
  if (denied) return false
  const allowing = rules.filter(({ access }) => access === 'allow')
  return allowing.length === 0 || allowing.some((rule) => concerns(rule, action) && matches(rule, address))
}

function concerns(rule: ParsedAddressRule, action: Action): boolean {
  return rule.action === 'all' || rule.action === action
}

function matches({ access, range }: ParsedAddressRule, address: Uint8Array | undefined): boolean {
  if (range === undefined) return true
  return address === undefined ? access === 'deny' : range.contains(address)
}
