/**
 * What other rooms of this package use of this one, and its users do not see.
 *
 * @module
 */
export { httpAuthentication } from './http-gate.schema.ts'
