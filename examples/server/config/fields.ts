/**
 * Values that several sections of the configuration file have.
 *
 * @module
 */
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
export const streamPath = z.string().regex(/^\/[^/]+(\/[^/]+)+$/, 'must look like /app/name')

/** Value of `Access-Control-Allow-Origin`, `false` for no header. */
export const origin = z.union([text, z.literal(false)])

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
