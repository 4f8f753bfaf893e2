/**
 * Bodies of requests, bounded in size and time.
 *
 * @module
 */
import { systemClock } from '../../hub/index.ts'
import type { HttpExchange, HttpRequestFacts } from '../../node/http/index.ts'
import { inTime } from '../in-time.ts'
import { ApiProblem } from './api-route.ts'

/** Bounds of a body. */
export interface BodyLimits {
  /** Most bytes. */
  readonly maxBodyBytes: number
  /** Time for it to arrive, ms. */
  readonly bodyTimeoutMs: number
}

/**
 * The value of a body; `undefined` for none. A body that is no JSON is refused: a page from elsewhere may send forms and plain text unasked.
 * @throws {@link ApiProblem} 413, 408, 415 and 400.
 */
export async function readJsonBody(
  { body, parsedBody }: HttpExchange,
  facts: HttpRequestFacts,
  limits: BodyLimits,
): Promise<unknown> {
  if (parsedBody !== undefined) return parsedBody
  const text = await readBody(body, facts.header('content-length'), limits)
  if (text === '') return undefined
  if (!/^application\/json\s*(;|$)/i.test(facts.header('content-type') ?? ''))
    throw new ApiProblem(415, 415, 'the body must be JSON')
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiProblem(400, 400, 'the body is not JSON')
  }
}

async function readBody(
  body: AsyncIterable<Uint8Array>,
  contentLength: string | undefined,
  { maxBodyBytes, bodyTimeoutMs }: BodyLimits,
): Promise<string> {
  const tooLarge = new ApiProblem(413, 413, `the body is longer than ${maxBodyBytes} bytes`)
  if (Number(contentLength ?? 0) > maxBodyBytes) throw tooLarge
  const chunks: Uint8Array[] = []
  let length = 0
  const read = async (): Promise<string> => {
    for await (const chunk of body) {
      length += chunk.length
      if (length > maxBodyBytes) throw tooLarge
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  }
  const late = (): Error => new ApiProblem(408, 408, 'the body took too long')
  return await inTime(read(), systemClock, bodyTimeoutMs, late)
}
