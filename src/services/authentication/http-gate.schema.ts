/**
 * Credentials, as options have them.
 *
 * @module
 */
import { z } from 'zod'
import type { HttpAuthentication } from './http-gate.ts'

const credential = z.union([
  z.strictObject({ token: z.string().min(1) }),
  z.strictObject({ username: z.string(), password: z.string().min(1) }),
])

/** Who is let in. */
export const httpAuthentication = z.union([
  credential,
  z.array(credential).min(1).readonly(),
  z.literal('loopback'),
  z.literal('none'),
]) satisfies z.ZodType<HttpAuthentication>
