/**
 * One HTTP call to a backend, bounded in time by a signal and in size by a limit.
 *
 * @module
 */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { SecureContext } from 'node:tls'
import { LimitError } from '../../errors/index.ts'
import type { CallbackResponse } from './callback-answer.ts'

/** A call. */
export interface CallbackCall {
  /** `http` or `https`. */
  readonly url: string
  /** Header fields. */
  readonly headers: Readonly<Record<string, string>>
  /** Makes it a POST. */
  readonly body?: string
}

/**
 * Calls a backend over a connection of its own (`Connection: close`, as SRS does: a connection that is kept may be closed by the backend
 * at the moment it is used again, and a peer would be refused for that). Redirects are not followed.
 *
 * @throws {@link LimitError} `ERR_CALLBACK_RESPONSE_BYTES` for a longer answer; the signal's reason; the system's error.
 */
export function callBackend(
  call: CallbackCall,
  maxResponseBytes: number,
  signal: AbortSignal,
  secureContext?: SecureContext,
): Promise<CallbackResponse> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason)
      return
    }
    const { url, body } = call
    const fail = (error: Error): void => reject(signal.aborted ? signal.reason : error)
    const bytes = body === undefined ? undefined : Buffer.from(body)
    const send = url.startsWith('https:') ? httpsRequest : httpRequest
    const request = send(url, {
      method: bytes === undefined ? 'GET' : 'POST',
      headers: {
        ...call.headers,
        ...(bytes === undefined ? {} : { 'Content-Length': String(bytes.length) }),
      },
      agent: false,
      ...(secureContext === undefined ? {} : { secureContext }),
      signal,
    })
    request.on('error', fail)
    request.on('response', (response) => {
      const parts: Buffer[] = []
      let length = 0
      response.on('error', fail)
      response.on('data', (part: Buffer) => {
        length += part.length
        if (length <= maxResponseBytes) parts.push(part)
        else {
          fail(
            new LimitError('ERR_CALLBACK_RESPONSE_BYTES', `an answer of more than ${maxResponseBytes} bytes`),
          )
          request.destroy()
        }
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }),
      )
    })
    request.end(bytes)
  })
}
