/**
 * A bandwidth check over HTTP: bytes to download, a place to upload to, and an answer without a body for the round trip.
 *
 * @module
 */
import { randomFillSync } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, setDeadline } from '../../hub/index.ts'
import {
  corsHeaders,
  type CorsOptions,
  type HttpRequestFacts,
  inTurn,
  nodeRequestFacts,
  pathPrefix,
  preflightReply,
  sendReply,
  textReply,
} from '../../node/http/index.ts'
import { type HttpAuthentication, HttpGate } from '../authentication/index.ts'
import { parseOptions } from '../parse-options.ts'
import { bandwidthHandlerOptions } from './bandwidth.schema.ts'

/** Options of {@link BandwidthHandler}. */
export interface BandwidthHandlerOptions extends CorsOptions {
  /** Who may measure: each of them can take all of the machine's bandwidth for a while. */
  readonly authentication: HttpAuthentication
  /** Path in front of `/download`, `/upload` and `/ping`. @defaultValue '/bandwidth' */
  readonly prefix?: string
  /** Most bytes of one download or upload. @defaultValue 104857600 (100 MiB) */
  readonly maxBytes?: number
  /** Longest time of one download or upload, ms. @defaultValue 10000 */
  readonly maxDurationMs?: number
  /** Most downloads and uploads at a time; beyond, 503. @defaultValue 8 */
  readonly maxTransfers?: number
  /** Time and timers, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock
}

/** What an upload is answered with, as JSON. */
export interface UploadMeasurement {
  /** Bytes that came. */
  readonly bytes: number
  /** Time from its first byte to its last, ms. */
  readonly durationMs: number
}

/** Random, so that nothing on the way makes it smaller; larger than the window of gzip, so that its repetition does not either. */
const BLOCK = randomFillSync(new Uint8Array(262_144))

/** How long what is in the network's buffers may take after the time of a transfer is up, ms. */
const LINGER_MS = 5_000

/** A download that was asked for. */
interface Download {
  /** Bytes to send; `Infinity` where the time decides. */
  readonly bytes: number
  /** How long, ms. */
  readonly durationMs: number
}

/**
 * Answers
 *
 * - `GET /bandwidth/download?bytes=N` or `?ms=T` with so many random bytes, or as many as go through in that time,
 * - `POST /bandwidth/upload` with {@link UploadMeasurement}, once the body has come and gone,
 * - `GET` and `HEAD /bandwidth/ping` with 204.
 *
 * @example
 * ```ts
 * import { HttpServer } from 'millrace/node'
 * import { BandwidthHandler } from 'millrace/services/bandwidth'
 *
 * const bandwidth = new BandwidthHandler({ authentication: 'none' })
 * await new HttpServer({ handlers: [bandwidth] }).listen({ port: 8080 })
 * ```
 */
export class BandwidthHandler {
  readonly #gate: HttpGate
  readonly #prefix: string
  readonly #cors: CorsOptions
  readonly #maxBytes: number
  readonly #maxDurationMs: number
  readonly #maxTransfers: number
  readonly #clock: Clock
  readonly #transfers: Set<ServerResponse>

  /**
   * @param options - see {@link BandwidthHandlerOptions}.
   * @throws TypeError for options that are wrong.
   */
  constructor(options: BandwidthHandlerOptions) {
    const parsed = parseOptions(bandwidthHandlerOptions, options, 'BandwidthHandler')
    this.#gate = new HttpGate(parsed.authentication)
    this.#prefix = pathPrefix(parsed.prefix)
    this.#cors = { cors: parsed.cors }
    this.#maxBytes = parsed.maxBytes
    this.#maxDurationMs = parsed.maxDurationMs
    this.#maxTransfers = parsed.maxTransfers
    this.#clock = parsed.clock
    this.#transfers = new Set()
  }

  /** Downloads and uploads that go on now. */
  get transferCount(): number {
    return this.#transfers.size
  }

  /**
   * A Node request handler, also for express.
   * @returns whether the request is for this handler and will be answered.
   */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const facts = nodeRequestFacts(request, {})
    if (facts === undefined || !facts.path.startsWith(`${this.#prefix}/`)) return false
    const refuse = (status: number, reason: string, headers: Readonly<Record<string, string>> = {}): void =>
      sendReply(response, textReply(status, reason, this.#cors, headers), facts.method)
    switch (facts.path.slice(this.#prefix.length)) {
      case '/ping':
        this.#serve(facts, response, ['GET', 'HEAD'], refuse, () => {
          response.writeHead(204, this.#headers()).end()
        })
        return true
      case '/download':
        this.#serve(facts, response, ['GET', 'HEAD'], refuse, () => {
          const download = this.#downloadOf(facts)
          if (download === undefined) refuse(400, 'bytes or ms')
          else if (facts.method === 'HEAD') response.writeHead(200, this.#downloadHeaders(download)).end()
          else {
            inTurn(request, response, () => {
              if (this.#begin(response, refuse)) this.#download(response, download)
            })
          }
        })
        return true
      case '/upload':
        this.#serve(facts, response, ['POST'], refuse, () => {
          const announced = Number(facts.header('content-length') ?? 0)
          if (announced > this.#maxBytes)
            refuse(413, `at most ${this.#maxBytes} bytes`, { Connection: 'close' })
          else {
            inTurn(request, response, () => {
              if (this.#begin(response, refuse)) this.#upload(request, response, refuse)
            })
          }
        })
        return true
      default:
        return false
    }
  }

  /** Ends all downloads and uploads. It can be used again. */
  close(): void {
    for (const response of this.#transfers) response.destroy()
  }

  #serve(
    facts: HttpRequestFacts,
    response: ServerResponse,
    methods: readonly string[],
    refuse: (status: number, reason: string, headers?: Readonly<Record<string, string>>) => void,
    answer: () => void,
  ): void {
    const allowed = [...methods, 'OPTIONS'].join(', ')
    if (facts.method === 'OPTIONS') {
      const preflight = preflightReply(this.#cors)
      const headers = { ...preflight.headers, 'Access-Control-Allow-Methods': allowed }
      sendReply(response, { ...preflight, headers }, facts.method)
      return
    }
    const refusal = this.#gate.check(facts)
    if (refusal === 401) refuse(401, 'authentication required', { 'WWW-Authenticate': this.#gate.challenge })
    else if (refusal === 403) refuse(403, 'only available from localhost')
    else if (!methods.includes(facts.method)) refuse(405, methods.join(' or '), { Allow: allowed })
    else answer()
  }

  /** Keeps a place until the response is over. */
  #begin(
    response: ServerResponse,
    refuse: (status: number, reason: string, headers?: Readonly<Record<string, string>>) => void,
  ): boolean {
    if (this.#transfers.size >= this.#maxTransfers) {
      refuse(503, 'too many measurements', { 'Retry-After': '10', Connection: 'close' })
      return false
    }
    this.#transfers.add(response)
    // A client that stands still is not waited for.
    const timer = setDeadline(this.#clock, () => response.destroy(), this.#maxDurationMs + LINGER_MS)
    response.once('close', () => {
      this.#transfers.delete(response)
      timer.cancel()
    })
    return true
  }

  #downloadOf({ query }: HttpRequestFacts): Download | undefined {
    const { bytes, ms } = query
    if (bytes !== undefined && ms === undefined) {
      return /^\d{1,15}$/.test(bytes)
        ? { bytes: Math.min(Number(bytes), this.#maxBytes), durationMs: this.#maxDurationMs }
        : undefined
    }
    if (ms === undefined || bytes !== undefined || !/^\d{1,15}$/.test(ms)) return undefined
    return { bytes: Infinity, durationMs: Math.min(Number(ms), this.#maxDurationMs) }
  }

  #download(response: ServerResponse, download: Download): void {
    const startMs = this.#clock.now()
    response.writeHead(200, this.#downloadHeaders(download))
    let left = Math.min(download.bytes, this.#maxBytes)
    const send = (): void => {
      while (left > 0) {
        if (this.#clock.now() - startMs >= download.durationMs) {
          // What was promised by its length is cut, so that nobody takes it for whole.
          if (download.bytes === Infinity) response.end()
          else response.destroy()
          return
        }
        const part = left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK
        left -= part.length
        if (!response.write(part) && left > 0) return
      }
      response.off('drain', send)
      response.end()
    }
    response.on('drain', send)
    send()
  }

  #upload(
    request: IncomingMessage,
    response: ServerResponse,
    refuse: (status: number, reason: string, headers?: Readonly<Record<string, string>>) => void,
  ): void {
    let bytes = 0
    let firstMs: number | undefined
    const take = (chunk: Uint8Array): void => {
      const now = this.#clock.now()
      firstMs ??= now
      bytes += chunk.length
      if (bytes > this.#maxBytes) stop(413, `at most ${this.#maxBytes} bytes`)
      else if (now - firstMs > this.#maxDurationMs) stop(408, `at most ${this.#maxDurationMs} ms`)
    }
    const stop = (status: number, reason: string): void => {
      request.off('data', take).off('end', finish).resume()
      refuse(status, reason, { Connection: 'close' })
    }
    const finish = (): void => {
      const durationMs = firstMs === undefined ? 0 : this.#clock.now() - firstMs
      const body = JSON.stringify({ bytes, durationMs } satisfies UploadMeasurement)
      const headers = { ...this.#headers(), 'Content-Type': 'application/json' }
      sendReply(response, { status: 200, headers, body }, 'POST')
    }
    request.on('data', take).once('end', finish)
  }

  #downloadHeaders({ bytes }: Download): Record<string, string> {
    return {
      ...this.#headers(),
      'Content-Type': 'application/octet-stream',
      ...(bytes === Infinity ? {} : { 'Content-Length': String(bytes) }),
    }
  }

  #headers(): Record<string, string> {
    return {
      ...corsHeaders(this.#cors),
      'Cache-Control': 'no-store, no-transform',
      // Reverse proxies (nginx) must not keep it back.
      'X-Accel-Buffering': 'no',
    }
  }
}
