/**
 * Proof that a callback comes from this server.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** Name of the header, as it is sent. */
export const CALLBACK_SIGNATURE_HEADER = 'X-Millrace-Signature'

/** How old a call may be by default, ms. */
const TOLERANCE_MS = 300_000

/** What a backend has of a call. */
export interface VerifyCallbackOptions {
  /** The `secret` of {@link HttpCallbacksOptions}. */
  readonly secret: string
  /** The header `X-Millrace-Signature`; `undefined` when there is none. */
  readonly signature: string | undefined
  /** The body as it came, before it is parsed; for a GET (`on_hls_notify`) the request target, path and query. */
  readonly body: string | Uint8Array
  /** How old the call may be, and how far ahead this clock, ms. @defaultValue 300000 */
  readonly toleranceMs?: number
  /** The present time, ms since 1970. @defaultValue `Date.now()` */
  readonly nowMs?: number
}

/** The value of the header: `t=<seconds since 1970>,sha256=<HMAC-SHA256 in hex over "t.body">`. */
export function signCallback(secret: string, body: string | Uint8Array, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1_000)
  return `t=${seconds},sha256=${digest(secret, seconds, body).toString('hex')}`
}

/**
 * For backends: whether a call was signed with the secret, not too long ago.
 *
 * @example In express, with the body kept as it came
 * ```ts
 * import express from 'express'
 * import { verifyCallback } from 'millrace/services/callbacks'
 *
 * const app = express()
 * app.post('/on_publish', express.raw({ type: '*' + '/*' }), (req, res) => {
 *   const signature = req.get('X-Millrace-Signature')
 *   if (!verifyCallback({ secret: 's3cret', signature, body: req.body })) return void res.sendStatus(403)
 *   const { stream } = JSON.parse(String(req.body)) as { stream: string }
 *   res.json({ code: stream === 'show' ? 0 : 1 })
 * })
 * ```
 */
export function verifyCallback(options: VerifyCallbackOptions): boolean {
  const { secret, signature = '', body, toleranceMs = TOLERANCE_MS, nowMs = Date.now() } = options
  const match = /^t=(\d{1,12}),sha256=([0-9a-f]{64})$/.exec(signature)
  if (match === null) return false
  const seconds = Number(match[1])
  if (Math.abs(nowMs - seconds * 1_000) > toleranceMs) return false
  return timingSafeEqual(digest(secret, seconds, body), Buffer.from(match[2]!, 'hex'))
}

function digest(secret: string, seconds: number, body: string | Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`${seconds}.`).update(body).digest()
}
