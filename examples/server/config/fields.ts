/**
 * Values that several sections of the configuration file have.
 *
 * @module
 */
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { streamPathFault } from 'millrace/hub'
import { z } from 'zod'

/** A TCP or UDP port, 0 for any free one. */
export const port = z.number().int().min(0).max(65_535)

/** A time that may be none. */
export const ms = z.number().int().nonnegative()

/** A time that is some. */
export const positiveMs = z.number().int().positive()

/** A number of things. */
export const count = z.number().int().positive()

/** Text that says something. */
export const text = z.string().min(1)

/** Where a backend is. */
export const url = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' })

/** A stream, as peers name it. */
export const streamPath = z
  .templateLiteral(['/', z.string()], 'must look like /app/name')
  .check((context) => {
    const fault = streamPathFault(context.value)
    if (fault === undefined) return
    context.issues.push({
      code: 'custom',
      message: `must look like /app/name: ${fault}`,
      input: context.value,
    })
  })

const AN_ORIGIN = 'must be *, or an origin such as https://example.com'

/** Value of `Access-Control-Allow-Origin`, `false` for no header. */
export const origin = z.union([z.string().regex(/^[\x21-\x7e]+$/, AN_ORIGIN), z.literal(false)], {
  error: AN_ORIGIN,
})

/** Header fields; Node knows which there can be. */
export const headers = z.record(z.string(), z.string()).check((context) => {
  for (const [name, value] of Object.entries(context.value)) {
    const fault = headerFault(name, value)
    if (fault !== undefined)
      context.issues.push({ code: 'custom', path: [name], message: fault, input: value })
  }
})

function headerFault(name: string, value: string): string | undefined {
  try {
    validateHeaderName(name)
  } catch {
    return 'is not a header name'
  }
  try {
    validateHeaderValue(name, value)
    return undefined
  } catch {
    return 'has characters that no header may have'
  }
}

/** A list in which no two have the same `key`. */
export function distinct<Item extends object>(
  key: keyof Item & string,
  message: string,
): z.core.CheckFn<Item[]> {
  return (context) => {
    const seen = new Set<unknown>()
    for (const [i, item] of context.value.entries()) {
      const value = item[key]
      // What is wrong by itself is told already.
      if (value !== undefined && seen.has(value))
        context.issues.push({ code: 'custom', path: [i, key], message, input: undefined })
      seen.add(value)
    }
  }
}

const credential = z.union(
  [
    z.strictObject({ token: z.string().regex(/^[\x21-\x7e]+$/, 'must be visible ASCII') }),
    z.strictObject({ username: z.string().regex(/^[^:]*$/, 'must have no colon'), password: text }),
  ],
  { error: 'must be { token } or { username, password }' },
)

/** Who is let in where an operator acts or looks. */
export const authentication = z.union(
  [z.enum(['loopback', 'none']), credential, z.array(credential).min(1)],
  { error: 'must be loopback, none, { token }, { username, password } or a list of these two' },
)

/** Files of a certificate. The port then speaks TLS alone. */
export const tls = z.strictObject({
  cert: z.string().describe('PEM file with the certificate chain'),
  key: z.string().describe('PEM file with the private key'),
})
