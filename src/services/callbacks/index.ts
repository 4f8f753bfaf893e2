/**
 * HTTP callbacks: {@link HttpCallbacks} asks a backend whether a client may connect, publish or play, and notifies it of what happens,
 * with the request bodies of SRS. {@link verifyCallback} is for the backend.
 *
 * @module services/callbacks
 * @group Services
 */
export type { FinishedRecording } from './callback-body.ts'
export type {
  AskingAction,
  CallbackAction,
  CallbackFailure,
  CallbackUrls,
  DecidingAction,
  HttpCallbacksEvents,
  HttpCallbacksOptions,
  HttpCallbacksStats,
  TellingAction,
} from './callback-options.ts'
export { type VerifyCallbackOptions, verifyCallback } from './callback-signature.ts'
export { HttpCallbacks } from './http-callbacks.ts'
