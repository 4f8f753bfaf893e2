/**
 * A bandwidth check over HTTP: bytes to download, a place to upload to, and an answer without a body for the round trip.
 *
 * @module
 */
import { randomFillSync } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { addAbortSignal, Readable } from 'node:stream'
import { type Clock, setDeadline } from '../../hub/index.ts'
import {
  corsHeaders,
  type CorsOptions,
  headReply,
  HttpAdapter,
  type HttpAnswer,
  type HttpReply,
  type HttpRequestFacts,
  pathBehind,
  pathPrefix,
  replyToMethod,
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

/** Methods of what is only read. */
const READING = ['GET', 'HEAD']

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
  readonly #http: HttpAdapter
  readonly #prefix: string
  readonly #cors: CorsOptions
  readonly #maxBytes: number
  readonly #maxDurationMs: number
  readonly #maxTransfers: number
  readonly #clock: Clock
  /** What ends each of them. */
  readonly #transfers: Set<AbortController>

  /**
   * @param options - see {@link BandwidthHandlerOptions}.
   * @throws TypeError for options that are wrong.
   */
  constructor(options: BandwidthHandlerOptions) {
    const parsed = parseOptions(bandwidthHandlerOptions, options, 'BandwidthHandler')
    this.#gate = new HttpGate(parsed.authentication)
    this.#prefix = pathPrefix(parsed.prefix)
    this.#cors = { cors: parsed.cors }
    this.#http = new HttpAdapter(this.#cors, { match: (facts) => this.#route(facts) })
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
    return this.#http.handle(request, response)
  }

  /**
   * A fetch-style handler.
   * @param remoteAddress - the client's address, if the framework tells it; `'loopback'` needs it.
   * @returns the answer, or `undefined` when the request is not for this handler.
   */
  async fetch(request: Request, remoteAddress = ''): Promise<Response | undefined> {
    return await this.#http.fetch(request, remoteAddress)
  }

  /** Ends all downloads and uploads. It can be used again. */
  close(): void {
    for (const transfer of this.#transfers) transfer.abort()
  }

  #route(facts: HttpRequestFacts): HttpAnswer | undefined {
    const path = pathBehind(this.#prefix, facts.path)
    if (path === '/ping')
      return () => this.#refuse(facts, READING) ?? { status: 204, headers: this.#headers(), body: undefined }
    if (path === '/download') {
      return ({ gone }) => this.#refuse(facts, READING) ?? this.#download(facts, gone)
    }
    if (path !== '/upload') return undefined
    return ({ gone, body }) => this.#refuse(facts, ['POST']) ?? this.#upload(facts, body, gone)
  }

  /** The answer to whoever may not measure so. Preflights have no credentials. */
  #refuse(facts: HttpRequestFacts, methods: readonly string[]): HttpReply | undefined {
    const refusal = facts.method === 'OPTIONS' ? undefined : this.#gate.reply(facts, this.#cors)
    return refusal ?? replyToMethod(facts.method, this.#cors, methods)
  }

  /** Keeps a place for a transfer. @returns what ends it, or the answer if there is no place */
  #begin(gone: AbortSignal): AbortController | HttpReply {
    if (this.#transfers.size >= this.#maxTransfers) {
      return textReply(503, 'too many measurements', this.#cors, { 'Retry-After': '10', Connection: 'close' })
    }
    const transfer = new AbortController()
    const end = (): void => transfer.abort()
    // A client that stands still is not waited for.
    const timer = setDeadline(this.#clock, end, this.#maxDurationMs + LINGER_MS)
    this.#transfers.add(transfer)
    gone.addEventListener('abort', end, { once: true })
    transfer.signal.addEventListener('abort', () => {
      timer.cancel()
      this.#transfers.delete(transfer)
      gone.removeEventListener('abort', end)
    })
    return transfer
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

  #download(facts: HttpRequestFacts, gone: AbortSignal): HttpReply {
    const download = this.#downloadOf(facts)
    if (download === undefined) return textReply(400, 'bytes or ms', this.#cors)
    const headers = this.#downloadHeaders(download)
    if (facts.method === 'HEAD') return headReply(headers)
    const transfer = this.#begin(gone)
    if ('status' in transfer) return transfer
    const body = Readable.from(this.#blocks(download), { objectMode: false, highWaterMark: 1 })
    return { status: 200, headers, body: addAbortSignal(transfer.signal, body) }
  }

  async *#blocks({ bytes, durationMs }: Download): AsyncGenerator<Uint8Array> {
    const startMs = this.#clock.now()
    for (let left = Math.min(bytes, this.#maxBytes); left > 0; left -= BLOCK.length) {
      if (this.#clock.now() - startMs >= durationMs) {
        // What was promised by its length is cut, so that nobody takes it for whole.
        if (bytes !== Infinity) throw new Error('the time is up')
        return
      }
      yield left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK
    }
  }

  async #upload(
    facts: HttpRequestFacts,
    body: AsyncIterable<Uint8Array>,
    gone: AbortSignal,
  ): Promise<HttpReply> {
    if (Number(facts.header('content-length') ?? 0) > this.#maxBytes) return this.#tooLarge()
    const transfer = this.#begin(gone)
    if ('status' in transfer) return transfer
    const { signal } = transfer
    const ended = new Promise<HttpReply>((resolve) => {
      signal.addEventListener('abort', () => resolve(this.#tooLate()), { once: true })
    })
    try {
      return await Promise.race([this.#measure(body), ended])
    } finally {
      transfer.abort()
    }
  }

  async #measure(body: AsyncIterable<Uint8Array>): Promise<HttpReply> {
    let bytes = 0
    let firstMs: number | undefined
    for await (const chunk of body) {
      const now = this.#clock.now()
      firstMs ??= now
      bytes += chunk.length
      if (bytes > this.#maxBytes) return this.#tooLarge()
      if (now - firstMs > this.#maxDurationMs) return this.#tooLate()
    }
    const durationMs = firstMs === undefined ? 0 : this.#clock.now() - firstMs
    return {
      status: 200,
      headers: { ...this.#headers(), 'Content-Type': 'application/json' },
      body: JSON.stringify({ bytes, durationMs } satisfies UploadMeasurement),
    }
  }

  #tooLarge(): HttpReply {
    return textReply(413, `at most ${this.#maxBytes} bytes`, this.#cors, { Connection: 'close' })
  }

  #tooLate(): HttpReply {
    return textReply(408, `at most ${this.#maxDurationMs} ms`, this.#cors, { Connection: 'close' })
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
