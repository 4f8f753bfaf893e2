/**
 * What {@link refererRules} takes.
 *
 * @module
 */
import { z } from 'zod'
import type { OptionsSchema } from '../parse-options.ts'
import type { RefererRulesOptions } from './referer-rules.ts'

const domains = z
  .array(z.string().min(1))
  .readonly()
  .default([])
  // `example.com`, `.example.com` and `*.example.com` are the same domain.
  .transform((list) => list.map((domain) => domain.toLowerCase().replace(/^\*?\./, '')))

/** The lists, domains in lower case. */
export const refererRulesOptions = z.strictObject({
  all: domains,
  publish: domains,
  play: domains,
}) satisfies OptionsSchema<RefererRulesOptions>
