/**
 * What a backend says to a callback. The contract is that of SRS: status 200 or 201 with the body `0`, or a JSON object whose `code` is 0,
 * allows; everything else does not. Here a refusal is told from a backend that does not work: only the former is the application's word.
 *
 * @module
 */
import { DecodeError, ProtocolError } from '../../errors/index.ts'

/** Longest reason that is passed on to a peer, characters. */
const MAX_REASON_LENGTH = 200

/** Statuses that speak of the backend, not of the peer: it is too slow or has too much to do. */
const BUSY_STATUSES: ReadonlySet<number> = new Set([408, 425, 429])

/** A whole answer. */
export interface CallbackResponse {
  /** HTTP status. */
  readonly status: number
  /** Body as text. */
  readonly body: string
}

/** The application's word. */
export type CallbackVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: string }

/**
 * Reads the answer to a callback that decides.
 * @throws {@link ProtocolError} `ERR_CALLBACK_STATUS` for a status that is neither 200 nor 201 nor a refusal (4xx).
 * @throws {@link DecodeError} `ERR_CALLBACK_ANSWER` for a body that the contract does not have.
 */
export function readVerdict({ status, body }: CallbackResponse): CallbackVerdict {
  if (status !== 200 && status !== 201) {
    if (status < 400 || isTransient(status)) throw statusError(status)
    return refusal(`status ${status}`, body)
  }
  const text = body.trim()
  if (text === '0') return { allowed: true }
  const code = objectOf(text)?.['code']
  if (!Number.isInteger(code)) {
    throw new DecodeError(
      'ERR_CALLBACK_ANSWER',
      `neither 0 nor a JSON object with a code: ${printable(text).slice(0, 80)}`,
    )
  }
  return code === 0 ? { allowed: true } : refusal(`code ${String(code)}`, text)
}

/**
 * Reads the answer to on_forward: `{ "code": 0, "data": { "urls": [] } }`. Without `data` there are no targets.
 * @throws {@link ProtocolError} `ERR_CALLBACK_REFUSED` for a refusal, or as {@link readVerdict}; {@link DecodeError} `ERR_CALLBACK_ANSWER`
 * for URLs that are no list of texts.
 */
export function readTargets(response: CallbackResponse): readonly string[] {
  const verdict = readVerdict(response)
  if (!verdict.allowed) throw new ProtocolError('ERR_CALLBACK_REFUSED', verdict.reason)
  const data = objectOf(response.body)?.['data'] ?? {}
  const urls: unknown = (data as { readonly urls?: unknown }).urls ?? []
  if (Array.isArray(urls) && urls.every((url) => typeof url === 'string')) return urls
  throw new DecodeError('ERR_CALLBACK_ANSWER', 'data.urls is not a list of strings')
}

/** Whether a notification has arrived: any 2xx will do, whatever the body says. */
export function isDelivered({ status }: CallbackResponse): boolean {
  return status >= 200 && status <= 299
}

/** Whether a call with this status may succeed when it is repeated. */
export function isTransient(status: number): boolean {
  return status >= 500 || BUSY_STATUSES.has(status)
}

/** The error for a status that says nothing of use. */
export function statusError(status: number): ProtocolError {
  return new ProtocolError('ERR_CALLBACK_STATUS', `status ${status}`)
}

/** The backend may say why, as `msg`, `message` or `reason`. */
function refusal(what: string, body: string): CallbackVerdict {
  const said = objectOf(body)
  const reason = [said?.['msg'], said?.['message'], said?.['reason']].find(
    (each) => typeof each === 'string' && each !== '',
  )
  const text =
    typeof reason === 'string'
      ? printable(reason).slice(0, MAX_REASON_LENGTH)
      : `refused by the application (${what})`
  return { allowed: false, reason: text }
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** Without control characters: the text goes into logs, status lines of RTMP and bodies of HTTP. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
}
