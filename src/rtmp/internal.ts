/**
 * What other rooms of this package use of this one without the rest of it.
 *
 * @module
 */
export { DEFAULT_VHOST, resolveStreamTarget } from './stream-target.ts'
