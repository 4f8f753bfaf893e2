/**
 * Every code that an error of this package carries, with what it says. The codes are stable: applications may
 * switch on them. `docs/reference/errors.md` lists the same table and a test holds the two together.
 *
 * @module
 */

/** Code → meaning. Grouped by the folder that raises it. */
export const ERROR_CODES = {
  // bytes
  ERR_BYTES_END: 'a bit or byte field reaches past the end of its buffer',
} as const

/** The closed union of all error codes. */
export type ErrorCode = keyof typeof ERROR_CODES
