/**
 * HTTP requests that only the owner of a stream can answer: HLS, whose segments are packaged once, and statistics.
 *
 * @module
 */
import { type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'

/** Passes a request on to another worker's HTTP socket. */
export async function proxy(
  socketPath: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, url, headers } = request
  const passed = httpRequest({ socketPath, method, path: url, headers })
  response.once('close', () => passed.destroy())
  try {
    const answer = await new Promise<IncomingMessage>((resolve, fail) => {
      passed.once('response', resolve).once('error', fail).end()
    })
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    await pipeline(answer, response)
  } catch {
    if (!response.headersSent) response.writeHead(502).end('the owner of the stream has gone\n')
    else response.destroy()
  }
}
