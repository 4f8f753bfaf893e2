/**
 * Checks of options that several classes here have.
 *
 * @module
 */
import { aNumber, type OptionCheck, type OptionChecks, oneOf } from '../../hub/check-options.ts'
import { Hub } from '../../hub/index.ts'
import type { CorsOptions } from '../http/http-reply.ts'
import type { TrustProxyOptions } from '../http/forwarded-client.ts'
import type { RtmpPlayerOptions } from '../rtmp/rtmp-connection-host.ts'

/** The hub of a server. */
export const A_HUB: OptionCheck = {
  expected: 'a Hub or a function that picks one',
  isKind: (value) => value instanceof Hub || typeof value === 'function',
  isRequired: true,
}

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

/** Options of all players of a server. */
export const PLAYER_CHECKS: OptionChecks<RtmpPlayerOptions> = {
  start: oneOf('gop', 'keyframe'),
  gopsBack: aNumber(),
  maxLagMs: aNumber(),
  sinkBudgetBytes: aNumber(1),
}
