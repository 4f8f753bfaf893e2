/**
 * Checks of options that all HTTP handlers have.
 *
 * @module
 */
import type { OptionChecks } from '../../hub/internal.ts'
import type { CorsOptions } from './http-reply.ts'
import type { TrustProxyOptions } from './forwarded-client.ts'

/** What all HTTP handlers take. */
export const HTTP_CHECKS: OptionChecks<CorsOptions & TrustProxyOptions> = {
  cors: {
    expected: 'an origin or false',
    isKind: (value) => typeof value === 'string' || value === false,
  },
  trustProxy: {
    expected: 'true, false or a number of proxies',
    isKind: (value) => typeof value === 'boolean' || typeof value === 'number',
  },
}
