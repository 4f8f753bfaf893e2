/**
 * The version of this library; a test holds it to `package.json`.
 *
 * @module
 */

/** `major.minor.patch`. */
export const VERSION = '0.1.0'
