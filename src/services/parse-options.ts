/**
 * Options of services, checked once where they come in.
 *
 * @module
 */
import { z } from 'zod'

/** A schema that the interface `Options` documents; an option that is `undefined` counts as not given. */
export type OptionsSchema<Options, Parsed = Required<Options>> = z.ZodType<
  Parsed,
  { [Key in keyof Options]: Options[Key] | undefined }
>

/**
 * Checks `value` and fills in its defaults.
 * @param name - whose options they are, for the message.
 * @throws TypeError that names every wrong or unknown option.
 */
export function parseOptions<Output>(schema: z.ZodType<Output>, value: unknown, name: string): Output {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new TypeError(`${name}: ${z.prettifyError(result.error)}`)
}
