/**
 * The classes a newcomer composes. Every folder is also an entry point of its own (`millrace/amf0`, `millrace/chunk` …).
 *
 * @module millrace
 * @group Overview
 */
export { DecodeError, type ErrorCode, LimitError, MediaError, ProtocolError } from './errors/index.ts'
