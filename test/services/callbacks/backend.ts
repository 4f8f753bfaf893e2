/** An application's backend, written with express: it keeps every call, and answers as the test says. */
import { once } from 'node:events'
import type { IncomingHttpHeaders, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import express, { type Response } from 'express'
import { onTestFinished } from 'vitest'

/** A call as it came. */
export interface Call {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body as JSON; empty for a GET. */
  readonly body: Record<string, unknown>
}

export class Backend {
  readonly calls: Call[] = []
  /** Answers; what it leaves open stays open until the test answers. */
  answer: (call: Call, response: Response) => void = (_, response) => void response.send('0')
  /** Answers that the test has kept open. */
  readonly held: Response[] = []
  readonly #server: Server
  readonly url: string

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async start(): Promise<Backend> {
    const app = express()
    let backend: Backend | undefined
    app.use(express.text({ type: () => true }))
    app.use((request, response) => {
      const text = typeof request.body === 'string' ? request.body : ''
      const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
      const call = { method: request.method, target: request.url, headers: request.headers, text, body }
      backend!.calls.push(call)
      backend!.answer(call, response)
    })
    const server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    backend = new Backend(server)
    onTestFinished(() => backend.stop())
    return backend
  }

  /** Keeps every answer open from now on. */
  hold(): void {
    this.answer = (_, response) => void this.held.push(response)
  }

  /** What was called, in order. */
  get actions(): unknown[] {
    return this.calls.map(({ body }) => body['action'])
  }

  /** Waits for sockets, not for time, until there were so many calls. */
  async called(times: number): Promise<Call> {
    await until(
      () => this.calls.length >= times,
      () => `${this.calls.length} of ${times} calls`,
    )
    return this.calls[times - 1]!
  }

  /** Closes it with all connections: it is down from now on. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}

/** Lets sockets work until `isTrue`. */
export async function until(isTrue: () => boolean, what: () => string): Promise<void> {
  const deadline = performance.now() + 8_000
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`never: ${what()}`)
    await turn()
  }
}
