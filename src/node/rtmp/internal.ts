/**
 * What other rooms of this package use of this one without the rest of it, and its users do not see.
 *
 * @module
 */
export { checkedConnect } from './checked-connect.ts'
