/** HTTP in memory: a server without a socket, clients that speak to it, and streams to play. */
import { createServer, type IncomingMessage, request as httpRequest, type Server } from 'node:http'
import type { RequestListener } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Duplex } from 'node:stream'
import { demuxFlv } from 'millrace/flv'
import { Hub, type HubOptions, type Publisher, type StreamPath, VirtualClock } from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import { duplexPair } from 'millrace/node'
import { type Clip, readClip } from '../../support/clips.ts'

/** A hub on a clock of its own, with what is published to it. */
export class Stage {
  readonly clock: VirtualClock
  readonly hub: Hub

  constructor(options: HubOptions = {}) {
    this.clock = new VirtualClock()
    this.hub = new Hub({ publisherWaitMs: 0, ...options }, this.clock)
  }

  /** Publishes `streamPath` and writes the first `count` packets of a clip. */
  publish(streamPath: StreamPath = '/live/show', count = 100, clip: Clip = 'avc-aac-bframes.flv'): Encoder {
    const encoder = new Encoder(this, this.hub.publish(streamPath), packetsOf(clip))
    encoder.send(count)
    return encoder
  }
}

/** Sends a clip, packet by packet. */
export class Encoder {
  readonly packets: readonly MediaPacket[]
  readonly #stage: Stage
  readonly #publisher: Publisher
  #sent = 0

  constructor(stage: Stage, publisher: Publisher, packets: readonly MediaPacket[]) {
    this.#stage = stage
    this.#publisher = publisher
    this.packets = packets
  }

  /** What was sent. */
  get sent(): readonly MediaPacket[] {
    return this.packets.slice(0, this.#sent)
  }

  /** Sends the next `count` packets; time passes as the clip's does, and every flush happens. */
  send(count = Infinity): void {
    const end = Math.min(this.packets.length, this.#sent + count)
    for (; this.#sent < end; this.#sent++) {
      const packet = this.packets[this.#sent]!
      this.#stage.clock.advance(Math.max(0, packet.dts - (this.packets[this.#sent - 1]?.dts ?? 0)))
      this.#publisher.write(packet)
    }
    this.#stage.clock.advance(60)
  }

  /** Leaves the stream. */
  unpublish(): void {
    this.#publisher.unpublish()
  }
}

/** All packets of a clip. */
export function packetsOf(clip: Clip): MediaPacket[] {
  return demuxFlv(readClip(clip))
}

/** How a request is sent. */
export interface GetOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Bytes that the connection takes while nobody reads. */
  readonly windowBytes?: number
}

/** An answer that was read whole. */
export interface Fetched {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A Node HTTP server whose connections are pairs of streams in memory. */
export class MemoryServer {
  readonly server: Server
  /** The server's ends of all connections so far. */
  readonly sockets: Duplex[] = []

  constructor(listener: RequestListener) {
    this.server = createServer(listener)
  }

  /** A connection that takes so many bytes while nobody reads. @returns the client's end. */
  connect(windowBytes = 1_048_576): Duplex {
    const [client, server] = duplexPair({ windowBytes })
    this.sockets.push(server)
    this.server.emit('connection', server)
    return client
  }

  /** Sends a request on a connection of its own; resolves with the head of the answer. */
  get(path: string, options: GetOptions = {}): Promise<IncomingMessage> {
    const { method = 'GET', headers = {}, windowBytes } = options
    return new Promise((resolve, fail) => {
      const request = httpRequest({
        path,
        method,
        headers: { Host: 'example.com', ...headers },
        createConnection: () => this.connect(windowBytes),
      })
      request.once('response', resolve).once('error', fail).end()
    })
  }

  /** Sends a request and reads the whole answer. */
  async fetch(path: string, options: GetOptions = {}): Promise<Fetched> {
    const head = await this.get(path, options)
    return { status: head.statusCode!, headers: head.headers, body: await text(head) }
  }

  /** Sends bytes as they are, and reads what comes back. */
  send(bytes: string): Collected {
    const client = this.connect()
    client.write(bytes)
    return collect(client)
  }
}

/** What a stream has given so far. */
export interface Collected {
  bytes(): Buffer
  ended(): boolean
}

/** Reads a stream to its end, and shows how far it has come. */
export function collect(stream: NodeJS.ReadableStream): Collected {
  const parts: Buffer[] = []
  let ended = false
  stream
    .on('data', (part: Buffer) => parts.push(part))
    .on('end', () => (ended = true))
    .on('error', () => undefined)
  return { bytes: () => Buffer.concat(parts), ended: () => ended }
}

/** Lets what is under way in memory happen: promises, ticks and immediates, without a clock. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
}
