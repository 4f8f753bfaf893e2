/**
 * One stream of another server, published to a hub for as long as it goes on there.
 *
 * @module
 */
import { ProtocolError } from '../../errors/index.ts'
import type { AccessRequest, Hub, Publisher, StreamPath } from '../../hub/index.ts'
import {
  HttpFlvClient,
  type HttpFlvClientOptions,
  RtmpClient,
  type RtmpClientOptions,
} from '../../node/index.ts'
import { randomName } from '../identity/internal.ts'
import { parseOptions } from '../parse-options.ts'
import { type ResolvedPullOptions, streamPullOptions } from './forward.schema.ts'
import {
  ReconnectingConnection,
  type ReconnectingConnectionOptions,
  type ReconnectingConnectionStats,
} from './reconnecting-connection.ts'
import { formatVia, viaOf } from './via.ts'

/** What may be said about connections that play RTMP. */
export type PullRtmpOptions = Omit<
  RtmpClientOptions,
  'signal' | 'stream' | 'clock' | 'startAtZero' | 'maxWriteBytes'
>

/** What may be said about connections that play HTTP-FLV. */
export type PullHttpOptions = Omit<HttpFlvClientOptions, 'signal' | 'clock'>

/** Options of {@link StreamPull}. */
export interface StreamPullOptions extends ReconnectingConnectionOptions {
  /** Where the stream is: `rtmp:`, `rtmps:`, or `http:` and `https:` for HTTP-FLV. */
  readonly url: string
  /** Where it is published. */
  readonly hub: Hub
  /** As which stream: `/app/name`. */
  readonly streamPath: StreamPath
  /** How connections are made to `rtmp:` and `rtmps:`. */
  readonly rtmp?: PullRtmpOptions
  /** How connections are made to `http:` and `https:`. */
  readonly http?: PullHttpOptions
  /** Shown to listeners of the hub's `publish` and `unpublish`. */
  readonly userData?: unknown
  /** Connects, for those who go through a proxy. @defaultValue `RtmpClient.play` or `HttpFlvClient.play`, by the URL */
  readonly connect?: (
    url: string,
    options: RtmpClientOptions & HttpFlvClientOptions,
  ) => Promise<RtmpClient | HttpFlvClient>
}

/** Counters and facts of a {@link StreamPull}. */
export interface StreamPullStats extends ReconnectingConnectionStats {
  /** `/app/name` in the hub. */
  readonly streamPath: StreamPath
  /** Bytes received, all connections. */
  readonly receivedBytes: number
  /** Packets received, all connections. */
  readonly receivedPackets: number
}

/**
 * Publishes to a hub what another server plays, again whenever that ends. The stream is published with its first packet, and left when
 * the connection ends: within the hub's grace time players do not notice. It never takes a stream from another publisher.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { StreamPull } from 'millrace/services/relay'
 *
 * const hub = new Hub()
 * const pull = new StreamPull({ url: 'https://192.0.2.1/live/show.flv', hub, streamPath: '/live/show' })
 * ```
 */
export class StreamPull extends ReconnectingConnection {
  /** As which stream it is published. */
  readonly streamPath: StreamPath
  readonly #options: ResolvedPullOptions
  readonly #hub: Hub
  readonly #mark: string
  readonly #onAccept: (request: AccessRequest) => void
  #client: RtmpClient | HttpFlvClient | undefined
  #loop: ProtocolError | undefined
  #receivedPackets: number
  /** Of connections that are over. */
  #pastBytes: number

  /**
   * @param options - `url`, `hub` and `streamPath` are required.
   * @throws TypeError for options that are wrong, such as a URL of another scheme.
   */
  constructor(options: StreamPullOptions) {
    const resolved = parseOptions(streamPullOptions, options, 'StreamPull')
    super(resolved.url, resolved)
    this.streamPath = resolved.streamPath
    this.#options = resolved
    this.#hub = resolved.hub
    this.#mark = randomName(8)
    this.#onAccept = (request) => this.#watchForLoop(request)
    this.#client = undefined
    this.#loop = undefined
    this.#receivedPackets = 0
    this.#pastBytes = 0
    this.#hub.on('accept', this.#onAccept)
    this.begin()
  }

  /** Counters, made when asked. */
  stats(): StreamPullStats {
    return {
      ...this.connectionStats(),
      streamPath: this.streamPath,
      receivedBytes: this.#pastBytes + bytesOf(this.#client),
      receivedPackets: this.#receivedPackets,
    }
  }

  /** @internal */
  protected override get isOver(): boolean {
    return this.#hub.closed
  }

  /** @internal */
  protected override whenWanted(): Promise<boolean> {
    return Promise.resolve(!this.#hub.closed)
  }

  /** @internal */
  protected override async carry(signal: AbortSignal, connected: () => void): Promise<void> {
    this.#loop = undefined
    const client = await this.#connect(signal).catch((error: unknown) => {
      throw this.#loop ?? error
    })
    this.#client = client
    let publisher: Publisher | undefined
    let lost: ProtocolError | undefined
    const onLost = (reason: string): void => {
      lost = new ProtocolError('ERR_FORWARD_ENDED', `the stream was ${reason} here`)
      void client.close()
    }
    try {
      for await (const packet of client) {
        if (this.#loop !== undefined || lost !== undefined) break
        this.#receivedPackets++
        if (publisher === undefined) {
          publisher = this.#hub.publish(this.streamPath, {
            takeOver: false,
            onLost,
            userData: this.#options.userData,
          })
          connected()
        }
        publisher.write(packet)
      }
    } finally {
      publisher?.unpublish()
      await client.close()
      this.#client = undefined
      this.#pastBytes += bytesOf(client)
    }
    const { error } = await client.closed
    throw this.#loop ?? lost ?? error ?? new ProtocolError('ERR_FORWARD_ENDED', 'the server ended the stream')
  }

  /** @internal */
  protected override release(): void {
    this.#hub.off('accept', this.#onAccept)
  }

  #connect(signal: AbortSignal): Promise<RtmpClient | HttpFlvClient> {
    const { connect, rtmp, http } = this.#options
    const { secretUrl: url, clock } = this
    if (/^https?:/i.test(url)) {
      const headers = { via: formatVia('1.1', [this.#mark]), ...http?.headers }
      const options = { ...http, headers, clock, signal }
      return connect === undefined ? HttpFlvClient.play(url, options) : connect(url, options)
    }
    const connectProperties = {
      via: formatVia('RTMP/1.0', [this.#mark]),
      ...rtmp?.session?.connectProperties,
    }
    const options = { ...rtmp, clock, signal, session: { ...rtmp?.session, connectProperties } }
    return connect === undefined ? RtmpClient.play(url, options) : connect(url, options)
  }

  /** Packets that come back to the stream that they are from would go round for ever. */
  #watchForLoop(request: AccessRequest): void {
    if (request.action !== 'play' || request.streamPath !== this.streamPath) return
    if (!viaOf(request).includes(this.#mark)) return
    this.#loop = new ProtocolError('ERR_FORWARD_LOOP', 'the stream is pulled from itself')
    void this.#client?.close()
  }
}

function bytesOf(client: RtmpClient | HttpFlvClient | undefined): number {
  if (client === undefined) return 0
  return client instanceof HttpFlvClient ? client.receivedBytes : client.session.receivedBytes
}
