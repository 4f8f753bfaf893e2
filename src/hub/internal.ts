/**
 * What other rooms of this package use of this one, and its users do not see.
 *
 * @module
 */
export { traceListenerErrors } from './announcer.ts'
export {
  AN_OBJECT,
  A_BOOLEAN,
  A_FUNCTION,
  A_STRING,
  type OptionCheck,
  type OptionChecks,
  aNumber,
  checkOptions,
  oneOf,
} from './check-options.ts'
export { type ResolvedHubOptions, resolveHubOptions } from './hub-options.ts'
export { Scheduler } from './scheduler.ts'
export { sleep } from './sleep.ts'
