/**
 * Calls with the headers and the signature that all calls of one service have.
 *
 * @module
 */
import type { SecureContext } from 'node:tls'
import type { CallbackResponse } from './callback-answer.ts'
import { type CallbackCall, callBackend } from './callback-request.ts'
import { CALLBACK_SIGNATURE_HEADER, signCallback } from './callback-signature.ts'

/** What all calls have in common. */
export interface CallbackClientOptions {
  /** Header fields. */
  readonly headers: Readonly<Record<string, string>>
  /** Whom calls by HTTPS trust. @defaultValue whom Node trusts */
  readonly ca?: SecureContext | undefined
  /** Signs each call. */
  readonly secret?: string | undefined
  /** Longest answer, bytes. */
  readonly maxResponseBytes: number
}

/** Makes calls and sends them. */
export class CallbackClient {
  readonly #options: CallbackClientOptions

  /** @param options - for all calls. */
  constructor(options: CallbackClientOptions) {
    this.#options = options
  }

  /** A POST of `body` as JSON: what it says is fixed now. */
  post(url: string, body: object): CallbackCall {
    return { ...this.get(url), body: JSON.stringify(body) }
  }

  /** A GET. */
  get(url: string): CallbackCall {
    return { url, headers: { 'User-Agent': 'millrace', ...this.#options.headers } }
  }

  /** Sends a call, signed as of now: a call that is repeated is not an old one. Throws as {@link callBackend} does. */
  send(call: CallbackCall, signal: AbortSignal): Promise<CallbackResponse> {
    const { secret, maxResponseBytes, ca } = this.#options
    const headers = { ...call.headers }
    if (call.body !== undefined) headers['Content-Type'] = 'application/json'
    if (secret !== undefined) {
      headers[CALLBACK_SIGNATURE_HEADER] = signCallback(secret, call.body ?? targetOf(call.url), Date.now())
    }
    return callBackend({ ...call, headers }, maxResponseBytes, signal, ca)
  }
}

/** What an HTTP request line has of a URL. */
function targetOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}
