/**
 * Checks of options that several classes here have.
 *
 * @module
 */
import { aNumber, oneOf, type OptionCheck, type OptionChecks } from '../../hub/internal.ts'
import { Hub, type PlayerDefaults } from '../../hub/index.ts'

/** The hub of a server. */
export const A_HUB: OptionCheck = {
  expected: 'a Hub or a function that picks one',
  isKind: (value) => value instanceof Hub || typeof value === 'function',
  isRequired: true,
}

/** Options of all players of a server. */
export const PLAYER_CHECKS: OptionChecks<PlayerDefaults> = {
  start: oneOf('gop', 'keyframe'),
  gopsBack: aNumber(),
  maxLagMs: aNumber(),
  sinkBudgetBytes: aNumber(1),
}
