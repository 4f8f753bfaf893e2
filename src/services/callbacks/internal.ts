/**
 * What other rooms of this package use of this one, and its users do not see.
 *
 * @module
 */
export { withAnswerLimit } from './answer-limit.ts'
export { isDelivered, statusError } from './callback-answer.ts'
export { CallbackClient } from './callback-client.ts'
