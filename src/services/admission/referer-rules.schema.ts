/**
 * What {@link refererRules} takes.
 *
 * @module
 */
import { z } from 'zod'
import type { OptionsSchema } from '../parse-options.ts'
import type { RefererRulesOptions } from './referer-rules.ts'

/** `example.com`, `.example.com` and `*.example.com` are the same domain; in the form that URLs have it, which is punycode for `müller.example`. */
const domain = z.string().transform((given, context) => {
  const url = `http://${given.replace(/^\*?\./, '')}`
  if (/[/:?#@\s]/.test(given) || !URL.canParse(url)) {
    context.issues.push({ code: 'custom', message: 'is not a domain such as example.com', input: given })
    return z.NEVER
  }
  return new URL(url).hostname
})

const domains = z.array(domain).readonly().default([])

/** The lists, domains in lower case. */
export const refererRulesOptions = z.strictObject({
  all: domains,
  publish: domains,
  play: domains,
}) satisfies OptionsSchema<RefererRulesOptions>
