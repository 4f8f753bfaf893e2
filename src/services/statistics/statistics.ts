/**
 * Who publishes and plays what, with totals and bitrates: what the HTTP API and the metrics are made from.
 *
 * @module
 */
import type { Clock, Hub, Player, Publisher, Source, StreamTotals, Timer } from '../../hub/index.ts'
import { newClientId } from '../../node/net/index.ts'
import type { LiveHandler, RtmpConnection, RtmpServer } from '../../node/index.ts'
import type { HlsHandler } from '../../packaging/index.ts'
import { ServerIdentity } from '../identity/index.ts'
import { parseOptions } from '../parse-options.ts'
import { ByteRate } from './byte-rate.ts'
import {
  Client,
  type ClientInfo,
  type ClientStats,
  playerFacts,
  publisherFacts,
  viewerFacts,
} from './client.ts'
import { statisticsOptions } from './statistics.schema.ts'
import { SystemStatistics } from './system-statistics.ts'
import { DEFAULT_VHOST } from '../../rtmp/index.ts'

/** Options of {@link Statistics}. */
export interface StatisticsOptions {
  /**
   * The hub, or a function that lists the virtual hosts with their hubs; it is called each time, so that they
   * may come and go.
   */
  readonly hub: Hub | (() => Iterable<readonly [vhost: string, hub: Hub]>)
  /**
   * The RTMP servers: for connections that neither publish nor play, and the bytes of publishers on the wire.
   * @defaultValue none
   */
  readonly rtmp?: RtmpServer | readonly RtmpServer[]
  /** The handlers of endless HTTP streams, for the number of their viewers. @defaultValue none */
  readonly live?: LiveHandler | readonly LiveHandler[]
  /**
   * The HLS handlers: their viewers hold no connection, and only they know them. A function is called each
   * time, so that they may come and go. @defaultValue none
   */
  readonly hls?: HlsHandler | readonly HlsHandler[] | (() => Iterable<HlsHandler>)
  /** Who answers. @defaultValue a new identity */
  readonly identity?: ServerIdentity
  /**
   * Time between two samples for bitrates and processor times, ms; the windows are up to three of them and at
   * most 30 s long.
   * @defaultValue 10000
   */
  readonly sampleIntervalMs?: number
  /** Time and timers, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock
}

/** Bitrates over the last half minute. */
export interface Kbps {
  /** From publishers, kilobits a second. */
  readonly received: number
  /** To players, kilobits a second. */
  readonly sent: number
}

/** A virtual host and what is in it. */
export interface VhostStatistics {
  /** Stable id. */
  readonly id: string
  /** Its name. */
  readonly name: string
  /** Its hub. */
  readonly hub: Hub
  /** Everything that went through it. */
  readonly totals: StreamTotals
  /** Present bitrates. */
  readonly kbps: Kbps
}

/** A stream and where it belongs. */
export interface StreamStatistics {
  /** Stable id: that of the same stream when it is published again. */
  readonly id: string
  /** Name of its virtual host. */
  readonly vhost: string
  /** The stream. */
  readonly source: Source
  /** Everything that went through it since it came. */
  readonly totals: StreamTotals
  /** Present bitrates. */
  readonly kbps: Kbps
}

/** Connections by the door they came through. */
export interface ConnectionCounts {
  /** RTMP, those included that do nothing yet. */
  readonly rtmp: number
  /** HTTP-FLV, HTTP-TS and WebSocket, those included that are being admitted. */
  readonly http: number
  /** HLS viewers, who hold no connection. */
  readonly hls: number
}

/** Rates of one thing that has totals. */
interface Rates {
  readonly received: ByteRate
  readonly sent: ByteRate
}

/**
 * Gathers what is known of hubs, servers and handlers when it is asked, and samples totals on a slow timer
 * for bitrates. Nothing is done per packet.
 */
export class Statistics {
  /** Who answers. */
  readonly identity: ServerIdentity
  /** The process and the machine. */
  readonly system: SystemStatistics
  /** When it was made, by the wall clock of then. */
  readonly startedAt: Date
  readonly #hub: StatisticsOptions['hub']
  readonly #rtmp: readonly RtmpServer[]
  readonly #live: readonly LiveHandler[]
  readonly #hls: () => Iterable<HlsHandler>
  readonly #clock: Clock
  readonly #startedMs: number
  readonly #sampleIntervalMs: number
  readonly #rates: WeakMap<Hub | Source, Rates>
  /** By publisher, player or session. */
  readonly #clients: WeakMap<object, Client>
  readonly #order: WeakMap<Client, number>
  #seen: number
  #timer: Timer | undefined

  /**
   * @param options - see {@link StatisticsOptions}.
   * @throws TypeError if the options are invalid.
   */
  constructor(options: StatisticsOptions) {
    const { hub, rtmp, live, hls, identity, sampleIntervalMs, clock } = parseOptions(
      statisticsOptions,
      options,
      'Statistics',
    )
    this.identity = identity ?? new ServerIdentity()
    this.system = new SystemStatistics()
    this.startedAt = new Date()
    this.#hub = hub
    this.#rtmp = rtmp
    this.#live = live
    this.#hls = hls
    this.#clock = clock
    this.#startedMs = clock.now()
    this.#sampleIntervalMs = sampleIntervalMs
    this.#rates = new WeakMap()
    this.#clients = new WeakMap()
    this.#order = new WeakMap()
    this.#seen = 0
    for (const { hub: each, totals } of this.vhosts()) this.#ratesOf(each, totals)
    this.#arm()
  }

  /** How long ago it was made, in ms, whatever was done to the wall clock since. */
  get uptimeMs(): number {
    return this.#clock.now() - this.#startedMs
  }

  /** The virtual hosts. */
  vhosts(): VhostStatistics[] {
    return Array.from(this.#hubs(), ([name, hub]) => {
      const totals = hub.totals()
      return { id: this.identity.vhostId(name), name, hub, totals, kbps: this.#kbpsOf(hub, totals) }
    })
  }

  /**
   * The streams of all virtual hosts, those within their grace time included, in order of their first
   * publish.
   */
  streams(): StreamStatistics[] {
    const found: StreamStatistics[] = []
    for (const [vhost, source] of this.#sources()) found.push(this.#describe(vhost, source))
    return found
  }

  /** The stream with this id. */
  stream(id: string): StreamStatistics | undefined {
    for (const [vhost, source] of this.#sources()) {
      if (this.identity.streamId(vhost, source.streamPath) === id) return this.#describe(vhost, source)
    }
    return undefined
  }

  /** Publishers, players and HLS viewers, in the order in which they were seen first. */
  clients(): Client[] {
    const nowMs = this.#clock.now()
    const connections = this.#connectionsByHandle()
    const vhosts = new Map<Source, string>()
    const found: Client[] = []
    const add = (handle: object, clientId: string | undefined, factsOf: (id: string) => ClientInfo): void => {
      let client = this.#clients.get(handle)
      if (client === undefined) {
        client = new Client(factsOf(clientId ?? newClientId()), nowMs)
        this.#clients.set(handle, client)
        this.#order.set(client, this.#seen++)
      }
      found.push(client)
    }
    for (const [vhost, source] of this.#sources()) {
      vhosts.set(source, vhost)
      const { publisher } = source
      if (publisher !== undefined) {
        const connection = connections.get(publisher)
        add(publisher, publisher.request?.clientId, (id) =>
          publisherFacts(id, vhost, source, publisher, connection),
        )
      }
      for (const player of source.players) {
        const connection = connections.get(player)
        add(player, player.request?.clientId, (id) => playerFacts(id, vhost, source, player, connection))
      }
    }
    for (const handler of this.#hls()) {
      for (const viewer of handler.viewers) {
        const vhost = vhosts.get(viewer.source)
        if (vhost !== undefined)
          add(viewer, viewer.request.clientId, (id) => viewerFacts(id, vhost, handler, viewer))
      }
    }
    // A hub serves its players by turns: its own order changes all the time.
    return found.sort((a, b) => this.#order.get(a)! - this.#order.get(b)!)
  }

  /** The client with this id. */
  client(id: string): Client | undefined {
    return this.clients().find((client) => client.id === id)
  }

  /** Id of the present publisher of a stream, `undefined` without one. */
  publisherId({ publisher }: Source): string | undefined {
    if (publisher === undefined) return undefined
    const told = publisher.request?.clientId
    if (told !== undefined) return told
    // One of the application's own: it has an id once it was seen.
    if (!this.#clients.has(publisher)) this.clients()
    return this.#clients.get(publisher)?.id
  }

  /** Bitrates of `client` over the last half minute. */
  kbpsOf(client: Client, figures: ClientStats): Kbps {
    return client.kbps(figures, this.#clock.now())
  }

  /** Connections now. */
  connections(): ConnectionCounts {
    let hls = 0
    for (const { viewerCount } of this.#hls()) hls += viewerCount
    return {
      rtmp: this.#rtmp.reduce((sum, server) => sum + server.connections.size, 0),
      http: this.#live.reduce((sum, handler) => sum + handler.viewerCount, 0),
      hls,
    }
  }

  /** Which servers and handlers are known: an API reports what a server can do. @internal */
  get doors(): { readonly rtmp: boolean; readonly http: boolean; readonly hls: boolean } {
    const hls = Array.from(this.#hls()).length > 0
    return { rtmp: this.#rtmp.length > 0, http: this.#live.length > 0, hls }
  }

  /** Stops sampling. What is asked is still answered, with bitrates that grow old. */
  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#arm()
      this.#sample()
    }, this.#sampleIntervalMs)
  }

  #sample(): void {
    const nowMs = this.#clock.now()
    this.system.sample()
    for (const { hub, totals } of this.vhosts()) sampleRates(this.#ratesOf(hub, totals), nowMs, totals)
    for (const { source, totals } of this.streams()) sampleRates(this.#ratesOf(source, totals), nowMs, totals)
    for (const client of this.clients()) client.sample(nowMs)
  }

  *#hubs(): Generator<readonly [vhost: string, hub: Hub]> {
    if (typeof this.#hub === 'function') yield* this.#hub()
    else yield [DEFAULT_VHOST, this.#hub]
  }

  *#sources(): Generator<readonly [vhost: string, source: Source]> {
    for (const [vhost, hub] of this.#hubs()) for (const source of hub.sources) yield [vhost, source]
  }

  #describe(vhost: string, source: Source): StreamStatistics {
    const totals = source.totals()
    const id = this.identity.streamId(vhost, source.streamPath)
    return { id, vhost, source, totals, kbps: this.#kbpsOf(source, totals) }
  }

  #kbpsOf(thing: Hub | Source, totals: StreamTotals): Kbps {
    const { received, sent } = this.#ratesOf(thing, totals)
    const nowMs = this.#clock.now()
    return {
      received: received.kbps(nowMs, totals.receivedBytes),
      sent: sent.kbps(nowMs, totals.sentBytes),
    }
  }

  /**
   * A stream's first window begins with its first publisher, if that is the present one; all else begins when
   * it is seen.
   */
  #ratesOf(thing: Hub | Source, totals: StreamTotals): Rates {
    let rates = this.#rates.get(thing)
    if (rates === undefined) {
      const nowMs = this.#clock.now()
      const isFirst = 'uptimeMs' in thing && totals.publishes === 1 && thing.uptimeMs > 0
      rates = isFirst
        ? { received: new ByteRate(nowMs - thing.uptimeMs), sent: new ByteRate(nowMs - thing.uptimeMs) }
        : { received: new ByteRate(nowMs, totals.receivedBytes), sent: new ByteRate(nowMs, totals.sentBytes) }
      this.#rates.set(thing, rates)
    }
    return rates
  }

  #connectionsByHandle(): Map<Publisher | Player, RtmpConnection> {
    const connections = new Map<Publisher | Player, RtmpConnection>()
    for (const server of this.#rtmp) {
      for (const connection of server.connections) {
        const handle = connection.publisher ?? connection.player
        if (handle !== undefined) connections.set(handle, connection)
      }
    }
    return connections
  }
}

function sampleRates({ received, sent }: Rates, nowMs: number, totals: StreamTotals): void {
  received.sample(nowMs, totals.receivedBytes)
  sent.sample(nowMs, totals.sentBytes)
}
