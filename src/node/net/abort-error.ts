/**
 * Why something was given up.
 *
 * @module
 */

/** The reason of an aborted signal as an error; one that is none becomes its cause. */
export function abortError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}
