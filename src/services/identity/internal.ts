/**
 * What other rooms of this package use of this one, and its users do not see.
 *
 * @module
 */
export { randomName } from './server-identity.ts'
