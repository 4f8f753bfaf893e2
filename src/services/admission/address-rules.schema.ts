/**
 * What {@link addressRules} takes.
 *
 * @module
 */
import { z } from 'zod'
import type { OptionsSchema } from '../parse-options.ts'
import type { AddressRulesOptions } from './address-rules.ts'
import { IpRange } from './ip-range.ts'

/** A rule taken apart; no range: every address. */
export interface ParsedAddressRule {
  readonly access: 'allow' | 'deny'
  readonly action: 'publish' | 'play' | 'all'
  readonly range: IpRange | undefined
}

const PATTERN = /^(allow|deny)\s+(publish|play|all)\s+(\S+)$/

const addressRule = z.string().transform((text, context): ParsedAddressRule => {
  const match = PATTERN.exec(text.trim())
  if (match === null) {
    context.addIssue(`"${text}" is not "allow|deny publish|play|all ADDRESS"`)
    return z.NEVER
  }
  const [, access, action, address] = match as unknown as [
    string,
    'allow' | 'deny',
    'publish' | 'play' | 'all',
    string,
  ]
  try {
    return { access, action, range: address === 'all' ? undefined : new IpRange(address) }
  } catch (error) {
    context.addIssue((error as Error).message)
    return z.NEVER
  }
})

/** The list of rules. */
export const addressRuleList = z.array(addressRule) satisfies z.ZodType<ParsedAddressRule[]>

/** How they are read. */
export const addressRulesOptions = z.strictObject({
  order: z.enum(['in-order', 'srs']).default('in-order'),
}) satisfies OptionsSchema<AddressRulesOptions>
