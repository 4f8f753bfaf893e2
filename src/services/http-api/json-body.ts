/**
 * Bodies of requests, bounded in size and time.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { setDeadline, systemClock, type Timer } from '../../hub/index.ts'
import { ApiProblem } from './api-route.ts'

/** Bounds of a body. */
export interface BodyLimits {
  /** Most bytes. */
  readonly maxBodyBytes: number
  /** Time for it to arrive, ms. */
  readonly bodyTimeoutMs: number
}

/**
 * The text of a Node request.
 * @throws {@link ApiProblem} 413 and 408.
 */
export async function readNodeBody(request: IncomingMessage, limits: BodyLimits): Promise<string> {
  return await readBody(request, request.headers['content-length'], limits, () => request.pause())
}

/**
 * The text of a fetch request.
 * @throws {@link ApiProblem} 413 and 408.
 */
export async function readFetchBody(request: Request, limits: BodyLimits): Promise<string> {
  if (request.body === null) return ''
  return await readBody(request.body, request.headers.get('content-length'), limits, () => undefined)
}

/**
 * The value of a body; `undefined` for none.
 * @param contentType - header of the request. A body that is no JSON is refused: a page from elsewhere may send forms and plain text unasked.
 * @throws {@link ApiProblem} 415 and 400.
 */
export function parseJsonBody(text: string, contentType: string): unknown {
  if (text === '') return undefined
  if (!/^application\/json\s*(;|$)/i.test(contentType))
    throw new ApiProblem(415, 415, 'the body must be JSON')
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiProblem(400, 400, 'the body is not JSON')
  }
}

async function readBody(
  body: AsyncIterable<Uint8Array>,
  contentLength: string | null | undefined,
  { maxBodyBytes, bodyTimeoutMs }: BodyLimits,
  stop: () => void,
): Promise<string> {
  const tooLarge = new ApiProblem(413, 413, `the body is longer than ${maxBodyBytes} bytes`)
  if (Number(contentLength ?? 0) > maxBodyBytes) throw tooLarge
  const chunks: Uint8Array[] = []
  let length = 0
  const read = async (): Promise<string> => {
    for await (const chunk of body) {
      length += chunk.length
      if (length > maxBodyBytes) {
        stop()
        throw tooLarge
      }
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  }
  let timer: Timer | undefined
  const tooLate = new Promise<never>((_, fail) => {
    const giveUp = (): void => {
      stop()
      fail(new ApiProblem(408, 408, 'the body took too long'))
    }
    timer = setDeadline(systemClock, giveUp, bodyTimeoutMs)
  })
  try {
    return await Promise.race([read(), tooLate])
  } finally {
    timer?.cancel()
  }
}
