/**
 * An HTTP-FLV client: plays a stream from a server that sends it as one long response.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import createDebug from 'debug'
import { MediaError, ProtocolError } from '../../errors/index.ts'
import { FlvDemuxer } from '../../flv/index.ts'
import { checkOptions } from '../../hub/internal.ts'
import { systemClock } from '../../hub/index.ts'
import type { MediaPacket } from '../../media/index.ts'
import { abortError, type Expiring, maskUrl, PacketQueue, TimeoutSweep } from '../net/index.ts'
import {
  HTTP_FLV_CLIENT_CHECKS,
  type HttpFlvClientEnd,
  type HttpFlvClientOptions,
} from './http-flv-client-options.ts'
import { dialHttp, httpTimeout } from './http-dial.ts'

const debug = createDebug('millrace:http-flv-client')

/**
 * A response that plays one stream.
 *
 * @example Publish here what another server plays
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { HttpFlvClient } from 'millrace/node'
 *
 * const hub = new Hub()
 * const client = await HttpFlvClient.play('https://192.0.2.1/live/show.flv')
 * await hub.publish('/live/show').send(client)
 * ```
 */
export class HttpFlvClient implements AsyncIterable<MediaPacket> {
  /** Settles when the response is over. Never rejects. */
  readonly closed: Promise<HttpFlvClientEnd>
  readonly #response: IncomingMessage
  readonly #url: string
  readonly #demuxer: FlvDemuxer
  readonly #queue: PacketQueue
  readonly #sweep: TimeoutSweep
  readonly #timeout: Expiring
  readonly #now: () => number
  readonly #signal: AbortSignal | undefined
  readonly #onAbort: () => void
  #heardMs: number
  #receivedBytes: number
  #end: HttpFlvClientEnd | undefined
  #resolveClosed!: (end: HttpFlvClientEnd) => void
  #waiting: (() => void)[]

  private constructor(response: IncomingMessage, url: string, options: HttpFlvClientOptions) {
    const { clock = systemClock, mediaTimeoutMs = 30_000, signal } = options
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    this.#response = response
    this.#url = url
    this.#demuxer = new FlvDemuxer(options.flv)
    this.#queue = new PacketQueue(options.maxReadBytes ?? 4 * 1024 * 1024)
    this.#sweep = new TimeoutSweep(clock)
    this.#timeout = this.#makeTimeout(mediaTimeoutMs)
    this.#now = () => clock.now()
    this.#signal = signal
    this.#onAbort = () => this.#finish(abortError(signal?.reason))
    this.#heardMs = clock.now()
    this.#receivedBytes = 0
    this.#end = undefined
    this.#waiting = []
    response.on('data', (bytes: Uint8Array) => this.#take(bytes))
    response.on('end', () => this.#finish(undefined))
    response.on('error', (error) => this.#finish(error))
    response.on('close', () => this.#finish(undefined))
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (mediaTimeoutMs > 0) this.#sweep.add(this.#timeout)
  }

  /**
   * Asks for a stream; resolves when it begins. Read with `for await`.
   * @param url - `http://host/app/name.flv`; `https:` for TLS, with user and password for a server that wants them (Basic).
   * @throws {@link ProtocolError} `ERR_HTTP_STATUS` for any status but 200, too many redirects, or one that leads out of TLS;
   * `ERR_HTTP_ENDED` when the response ends before the stream begins.
   * @throws {@link LimitError} `ERR_HTTP_TIMEOUT` when it does not begin in time, `ERR_FLV_SKIPPED` for a long body that is not FLV;
   * DecodeError `ERR_FLV_NO_TAG` for a short one; the system's error when the server cannot be reached; the signal's reason when
   * aborted; TypeError for a URL of another scheme and for wrong options.
   */
  static async play(url: string, options: HttpFlvClientOptions = {}): Promise<HttpFlvClient> {
    checkOptions('HttpFlvClient', options, HTTP_FLV_CLIENT_CHECKS)
    return await dialHttp(url, options, async (response, at, signal) => {
      const client = new HttpFlvClient(response, at, options)
      const abort = (): void => client.#finish(signal.reason as Error)
      signal.addEventListener('abort', abort, { once: true })
      try {
        await client.#whenStarted()
      } finally {
        signal.removeEventListener('abort', abort)
      }
      return client
    })
  }

  /** Bytes of FLV received. */
  get receivedBytes(): number {
    return this.#receivedBytes
  }

  /** The next packet, if one is there. */
  read(): MediaPacket | undefined {
    const wasFull = this.#queue.isFull
    const packet = this.#queue.take()
    if (wasFull && !this.#queue.isFull && this.#end === undefined) {
      this.#heardMs = this.#now()
      this.#response.resume()
    }
    return packet
  }

  /** Resolves when there is something to read, or when the response is over. At once, if it is so already. */
  ready(): Promise<void> {
    if (this.#end !== undefined || !this.#queue.isEmpty) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  /** Packets until the response ends. Leaving the loop closes it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<MediaPacket, void, undefined> {
    try {
      for (;;) {
        const packet = this.read()
        if (packet !== undefined) yield packet
        else if (this.#end !== undefined) return
        else await this.ready()
      }
    } finally {
      await this.close()
    }
  }

  /** Hangs up. Harmless when repeated. */
  async close(): Promise<void> {
    this.#finish(undefined)
    await this.closed
  }

  /** {@inheritDoc HttpFlvClient.close} */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #makeTimeout(mediaTimeoutMs: number): Expiring {
    // While its reader lets the server wait, the server's silence says nothing.
    const nextTimeoutMs = (): number | undefined =>
      this.#queue.isFull ? undefined : this.#heardMs + mediaTimeoutMs
    return {
      get nextTimeoutMs() {
        return nextTimeoutMs()
      },
      handleTimeout: () => this.#finish(httpTimeout('nothing came', mediaTimeoutMs)),
    }
  }

  /** Waits for the header of the file, or a first tag of a server that sends none. */
  async #whenStarted(): Promise<void> {
    while (this.#demuxer.header === undefined && this.#queue.isEmpty) {
      if (this.#end !== undefined) {
        throw (
          this.#end.error ?? new ProtocolError('ERR_HTTP_ENDED', 'the response ended before a stream began')
        )
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
      })
    }
  }

  #take(bytes: Uint8Array): void {
    if (this.#end !== undefined) return
    this.#heardMs = this.#now()
    this.#receivedBytes += bytes.length
    const failure = this.#demux(() => this.#demuxer.push(bytes))
    if (failure !== undefined) this.#finish(failure)
    else if (this.#queue.isFull) this.#response.pause()
    this.#wake()
  }

  /** @returns what is wrong with the bytes. */
  #demux(feed: () => void): MediaError | undefined {
    try {
      feed()
    } catch (error) {
      if (error instanceof MediaError) return error
      throw error
    }
    for (const packet of this.#demuxer) this.#queue.add(packet)
    return undefined
  }

  #finish(error: Error | undefined): void {
    if (this.#end !== undefined) return
    // The last tag may lack its PreviousTagSize.
    const failure = error ?? this.#demux(() => this.#demuxer.end())
    this.#end = { error: failure }
    debug('%s: %s', maskUrl(this.#url), failure?.message ?? 'ended')
    this.#sweep.delete(this.#timeout)
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#response.destroy()
    this.#resolveClosed(this.#end)
    this.#wake()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}
