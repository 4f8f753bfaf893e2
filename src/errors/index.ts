/**
 * Errors with stable codes: bytes, order, bounds.
 *
 * @module errors
 * @group Ground
 */
export { ERROR_CODES, type ErrorCode } from './error-codes.ts'
export { DecodeError, LimitError, MediaError, ProtocolError } from './media-error.ts'
