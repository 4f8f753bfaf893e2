/** A backend that lets everybody in. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Answers every callback with `0`. */
export class CallbackBackend {
  readonly url: string
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async listen(): Promise<CallbackBackend> {
    const server = createServer((request, response) => {
      request.resume()
      response.end('0')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new CallbackBackend(server)
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}
