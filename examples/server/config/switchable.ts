/**
 * Sections and keys that `false` switches off.
 *
 * @module
 */
import { z } from 'zod'

/** A schema without what it does for a value that is not there. */
export function withoutDefault(schema: z.ZodType): z.ZodType {
  let inner = schema
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
    inner = inner.unwrap() as z.ZodType
  }
  return inner
}

/** What `schema` takes, as it was written, or `false`. Unlike a union it says of a wrong value what `schema` says. */
export function switchable(schema: z.ZodType): z.ZodType {
  return z.unknown().transform((value, context) => {
    if (value === false) return false
    const result = schema.safeParse(value)
    if (result.success) return value
    for (const issue of result.error.issues) context.issues.push({ ...issue, input: undefined } as never)
    return z.NEVER
  })
}

/**
 * A section as a virtual host writes it: each key may be left out, and has no default of its own then; `false` for a list or a section
 * within switches off what the top of the file has.
 */
export function ownForm(section: z.ZodType): z.ZodType {
  const inner = withoutDefault(section)
  if (!(inner instanceof z.ZodObject)) return switchable(inner)
  const shape: Readonly<Record<string, z.ZodType>> = inner.shape
  const own = Object.entries(shape).map(([name, schema]) => {
    const key = withoutDefault(schema)
    return [name, (key.safeParse(false).success ? key : switchable(key)).optional()] as const
  })
  return switchable(z.strictObject(Object.fromEntries(own)))
}
