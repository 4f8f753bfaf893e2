/**
 * What is wrong with a configuration.
 *
 * @module
 */

/** A file that cannot be used, in words for its author. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}
