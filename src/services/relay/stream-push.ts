/**
 * One stream of a hub, published to one server for as long as it goes on.
 *
 * @module
 */
import { ProtocolError } from '../../errors/index.ts'
import type { Consumer, ConsumerOptions, Source } from '../../hub/index.ts'
import { RtmpClient, type RtmpClientOptions } from '../../node/index.ts'
import type { PeerCapabilities } from '../../rtmp/index.ts'
import { randomName } from '../identity/internal.ts'
import { parseOptions } from '../parse-options.ts'
import { CodecCheck } from './codec-check.ts'
import { checkTarget } from './forward-target.ts'
import { type ResolvedPushOptions, streamPushOptions } from './forward.schema.ts'
import {
  ReconnectingConnection,
  type ReconnectingConnectionOptions,
  type ReconnectingConnectionStats,
} from './reconnecting-connection.ts'
import { reconnectUrl } from './reconnect-url.ts'
import { formatVia, viaOf } from './via.ts'

/** What may be said about connections to servers. */
export type PushClientOptions = Omit<
  RtmpClientOptions,
  'signal' | 'stream' | 'clock' | 'startAtZero' | 'maxReadBytes'
>

/** How a {@link StreamPush} carries a stream. */
export interface PushOptions extends ReconnectingConnectionOptions {
  /** How connections are made: time limits, TLS, redirects, the session. */
  readonly client?: PushClientOptions
  /** Begin with the cached GOP (`gop`) or wait for the next keyframe (`keyframe`). @defaultValue 'gop' */
  readonly start?: ConsumerOptions['start']
  /** A server that lags further is sent the newest keyframe next, ms. @defaultValue the hub's `maxLagMs` */
  readonly maxLagMs?: number
  /** Connects, for those who go through a proxy. @defaultValue `RtmpClient.publish` */
  readonly connect?: (url: string, options: RtmpClientOptions) => Promise<RtmpClient>
  /** Tells this forward from others, for {@link ForwarderEvents.loop}. @defaultValue a random one */
  readonly mark?: string
}

/** Options of {@link StreamPush}. */
export interface StreamPushOptions extends PushOptions {
  /** The stream. */
  readonly source: Source
  /** Where it goes: `rtmp:` or `rtmps:`, with the stream name or key. */
  readonly url: string
  /** Tells it from others. @defaultValue the URL as {@link maskUrl} shows it */
  readonly name?: string
}

/** Counters and facts of a {@link StreamPush}. */
export interface StreamPushStats extends ReconnectingConnectionStats {
  /** Its name. */
  readonly name: string
  /** `/app/name` of the stream. */
  readonly streamPath: string
  /** Bytes sent, all connections. */
  readonly sentBytes: number
  /** Packets sent, all connections. */
  readonly sentPackets: number
  /** How far the stream has gone on since the packet came that is sent next, ms; 0 without a connection. */
  readonly lagMs: number
  /** Bytes that wait in the present connection. */
  readonly queuedBytes: number
  /** How often a connection fell behind and skipped to a keyframe. */
  readonly skips: number
  /** Packets passed over by that. */
  readonly skippedPackets: number
}

/**
 * Publishes a source to a server, again whenever the connection ends, until the source closes. Each connection begins with the
 * configuration and a keyframe, at time 0. It is a {@link Consumer} like any other: a server that is slow or hangs holds up nobody.
 *
 * While the publisher of the source is away the connection stays; if it ends then, the next attempt waits for the publisher.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { StreamPush } from 'millrace/services/relay'
 *
 * const hub = new Hub()
 * hub.on('publish', (source) => {
 *   const push = new StreamPush({ source, url: 'rtmps://live.example.com/app/key' })
 *   push.on('lost', ({ message }, retryMs) => console.log(`${push.url}: ${message}, retrying in ${retryMs} ms`))
 * })
 * ```
 */
export class StreamPush extends ReconnectingConnection {
  /** The stream. */
  readonly source: Source
  /** Its name. */
  readonly name: string
  readonly #options: ResolvedPushOptions
  readonly #mark: string
  readonly #onSourceClose: () => void
  /** Where the server sent it, for the next attempt. */
  #elsewhere: string | undefined
  /** Keeps the stream wanted while there is no connection. */
  #parked: Consumer
  #client: RtmpClient | undefined
  #consumer: Consumer | undefined
  #sentPackets: number
  /** Of connections that are over. */
  #past: { sentBytes: number; skips: number; skippedPackets: number }

  /**
   * @param options - `source` and `url` are required.
   * @throws TypeError for options that are wrong, or a URL that is none of `rtmp:` or `rtmps:`; RangeError for a source that is closed.
   */
  constructor(options: StreamPushOptions) {
    const resolved = parseOptions(streamPushOptions, options, 'StreamPush')
    super(checkTarget(resolved.url).url, resolved)
    const { source, name = this.url } = resolved
    this.source = source
    this.name = name
    this.#options = resolved
    this.#mark = resolved.mark ?? randomName(8)
    this.#onSourceClose = () => {
      // A connection that stands is told what is left, and ends in order.
      if (this.state !== 'connected') void this.close()
    }
    this.#elsewhere = undefined
    this.#parked = park(source)
    this.#client = undefined
    this.#consumer = undefined
    this.#sentPackets = 0
    this.#past = { sentBytes: 0, skips: 0, skippedPackets: 0 }
    source.on('close', this.#onSourceClose)
    this.begin()
  }

  /** Counters, made when asked. */
  stats(): StreamPushStats {
    const consumer = this.#consumer?.stats()
    return {
      ...this.connectionStats(),
      name: this.name,
      streamPath: this.source.streamPath,
      sentBytes: this.#past.sentBytes + (this.#client?.session.sentBytes ?? 0),
      sentPackets: this.#sentPackets,
      lagMs: consumer?.lagMs ?? 0,
      queuedBytes: this.#client?.queuedBytes ?? 0,
      skips: this.#past.skips + (consumer?.skips ?? 0),
      skippedPackets: this.#past.skippedPackets + (consumer?.skippedPackets ?? 0),
    }
  }

  /** @internal */
  protected override get isOver(): boolean {
    return this.source.closed
  }

  /** @internal A stream without publisher has nothing to send: a server would give up on it. */
  protected override async whenWanted(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted && !this.source.closed) {
      if (this.source.publisher === undefined) {
        await publisherBack(this.source, signal)
        this.#parkAnew()
      } else if (this.#parked.read() !== undefined) return true
      else await whenReady(this.#parked, signal)
    }
    return false
  }

  /** @internal */
  protected override async carry(signal: AbortSignal, connected: () => void): Promise<void> {
    const { connect = (url, options) => RtmpClient.publish(url, options) } = this.#options
    const url = this.#elsewhere ?? this.secretUrl
    this.#elsewhere = undefined
    const client = await connect(url, { ...this.#clientOptions(), signal })
    client.on('reconnectRequest', ({ tcUrl }) => {
      this.#elsewhere = reconnectUrl(url, tcUrl)
      void client.close('the server asks for another connection')
    })
    try {
      if (this.source.closed || signal.aborted) return
      connected()
      await this.#send(client)
    } finally {
      await client.close()
    }
    const end = await client.closed
    if (this.source.closed || signal.aborted) return
    throw end.error ?? new ProtocolError('ERR_FORWARD_ENDED', end.reason)
  }

  /** @internal */
  protected override release(): void {
    this.source.off('close', this.#onSourceClose)
    this.#parked.detach()
  }

  /** What the publisher before has sent says nothing of the one that is there now. */
  #parkAnew(): void {
    if (this.source.closed) return
    const before = this.#parked
    this.#parked = park(this.source)
    before.detach()
  }

  #clientOptions(): RtmpClientOptions {
    const { client = {} } = this.#options
    const marks = [...viaOf(this.source.lastPublisher?.request), this.#mark]
    const connectProperties = { via: formatVia('RTMP/1.0', marks), ...client.session?.connectProperties }
    return { ...client, clock: this.clock, session: { ...client.session, connectProperties } }
  }

  async #send(client: RtmpClient): Promise<void> {
    const { start, maxLagMs } = this.#options
    const { peer } = client.session
    const consumer = this.source.consume({
      // Whoever does not say that it reads several tracks would take them for one.
      tracks: peer.multitrack ? 'all' : 'default',
      start,
      openingData: true,
      ...(maxLagMs !== undefined && { maxLagMs }),
    })
    this.#parked.detach()
    this.#client = client
    this.#consumer = consumer
    void client.closed.then(() => consumer.detach())
    try {
      await this.#pump(client, consumer, peer)
    } finally {
      if (!this.source.closed) this.#parked = park(this.source)
      consumer.detach()
      const { skips, skippedPackets } = consumer.stats()
      const { sentBytes } = client.session
      this.#past = {
        sentBytes: this.#past.sentBytes + sentBytes,
        skips: this.#past.skips + skips,
        skippedPackets: this.#past.skippedPackets + skippedPackets,
      }
      this.#client = undefined
      this.#consumer = undefined
    }
  }

  async #pump(client: RtmpClient, consumer: Consumer, peer: PeerCapabilities): Promise<void> {
    const codecs = new CodecCheck(peer)
    for (;;) {
      const packet = consumer.read()
      if (packet === undefined) {
        if (consumer.ended) return
        await consumer.ready()
        continue
      }
      codecs.check(packet)
      // A server from before Enhanced RTMP reads H.264 and AAC by their old names alone.
      const readable = peer.enhanced ? packet : packet.legacyTrack()
      if (readable === undefined) continue
      this.#sentPackets++
      if (!client.write(readable)) await client.ready()
    }
  }
}

/** A reader that keeps nothing for itself. */
function park(source: Source): Consumer {
  return source.consume({ maxLagMs: 0 })
}

function publisherBack(source: Source, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      source.off('publish', done)
      source.off('close', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    source.on('publish', done)
    source.on('close', done)
    signal.addEventListener('abort', done, { once: true })
  })
}

/** Resolves when `consumer` is ready, or `signal` aborts. */
async function whenReady(consumer: Consumer, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const onAbort = (): void => consumer.detach()
  signal.addEventListener('abort', onAbort, { once: true })
  await consumer.ready()
  signal.removeEventListener('abort', onAbort)
}
