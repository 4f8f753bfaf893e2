/**
 * Which streams an option means.
 *
 * @module
 */
import { z } from 'zod'
import { StreamPattern } from './stream-template.ts'

const pattern = z.string().min(1)

/** A pattern or several; everything by default. */
export const streamPatterns = z
  .union([pattern.transform((one) => [one]), z.array(pattern).min(1).readonly()])
  .default(['*'])
  .transform((texts) => texts.map((text) => new StreamPattern(text.replace(/^\//, ''))))
