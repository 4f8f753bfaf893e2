/** RTMP servers and clients in memory, on a virtual clock. */
import type { Duplex } from 'node:stream'
import { Hub, type HubOptions, VirtualClock } from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import {
  duplexPair,
  type RtmpConnection,
  type RtmpConnectionInfo,
  RtmpServer,
  type RtmpServerOptions,
} from 'millrace/node'
import { RtmpClientSession, type RtmpClientSessionOptions } from 'millrace/rtmp'
import { expect, onTestFinished } from 'vitest'
import { OutputReader, words } from '../rtmp/session-harness.ts'
import { testCrypto } from '../support/handshake-crypto.ts'

/** Lets streams, promises and immediates do what they have waiting. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** How a client is connected. */
export interface LinkOptions {
  /** What the client takes before it reads, bytes. */
  readonly windowBytes?: number
  readonly info?: Partial<RtmpConnectionInfo>
}

/** A client's end of a connection, driven by hand-made bytes. */
export class RawClient {
  readonly stream: Duplex
  readonly connection: RtmpConnection
  /** Every byte that came. */
  readonly received: Uint8Array[] = []
  /** The server has ended its side. */
  ended = false
  readonly #reader = new OutputReader()
  #read = 0

  constructor(world: World, { windowBytes, info }: LinkOptions = {}) {
    const [near, far] = duplexPair(windowBytes === undefined ? {} : { windowBytes })
    this.stream = near
    near.on('data', (bytes: Buffer) => {
      this.received.push(Uint8Array.from(bytes))
    })
    near.on('end', () => (this.ended = true))
    near.on('error', () => {})
    this.connection = world.server.handle(far, { remoteAddress: '192.0.2.1', ...info })
  }

  send(...parts: readonly Uint8Array[]): void {
    for (const part of parts) this.stream.write(part)
  }

  /** What the server has said since the last look, in words. */
  said(): string[] {
    const messages = this.#reader.read(this.received.slice(this.#read))
    this.#read = this.received.length
    return messages.map(words)
  }
}

/** A client's end of a connection with a session. */
export class Client extends RawClient {
  readonly session: RtmpClientSession
  readonly packets: MediaPacket[] = []
  /** Where in `packets` a play began. */
  readonly starts: number[] = []
  /** Statuses, refusals and the end, in order. */
  readonly news: string[] = []

  constructor(
    world: World,
    mode: 'publish' | 'play',
    streamName: string,
    options: LinkOptions & Partial<RtmpClientSessionOptions> = {},
  ) {
    super(world, options)
    this.session = new RtmpClientSession({
      crypto: testCrypto(this.connection.id),
      nowMs: world.clock.now(),
      mode,
      app: 'live',
      tcUrl: 'rtmp://host/live',
      streamName,
      ...options,
    })
    this.stream.on('data', (bytes: Buffer) => {
      this.session.push(bytes, world.clock.now())
      this.#act()
    })
    this.stream.on('end', () => {
      this.session.close('the server ended the connection')
      this.#act()
      this.stream.end()
    })
    this.#act()
  }

  get phase(): RtmpClientSession['phase'] {
    return this.session.phase
  }

  /** Publishes. */
  write(...packets: readonly MediaPacket[]): void {
    for (const packet of packets) this.session.writeMedia(packet)
    this.flush()
  }

  /** Sends what the session has to say. */
  flush(): void {
    for (const part of this.session.takeOutput()) if (!this.stream.writableEnded) this.stream.write(part)
  }

  /** Ends its stream and the connection in order. */
  leave(): void {
    this.session.endStream()
    this.flush()
    this.stream.end()
  }

  /** Is gone without a word. */
  vanish(): void {
    this.stream.destroy()
  }

  #act(): void {
    for (let event = this.session.readEvent(); event !== undefined; event = this.session.readEvent()) {
      if (event.type === 'media') this.packets.push(event.packet)
      else if (event.type === 'status') {
        this.news.push(event.code)
        if (event.code === 'NetStream.Play.Start') this.starts.push(this.packets.length)
      } else if (event.type === 'redirect') this.news.push(`redirect ${event.redirect.tcUrl}`)
      else if (event.type === 'rejected') this.news.push(`rejected: ${event.description}`)
      else if (event.type === 'stop') this.news.push(`stop ${event.code}`)
      else if (event.type === 'reconnectRequest')
        this.news.push(`reconnect at ${event.tcUrl ?? 'the same place'}`)
    }
    this.flush()
  }
}

/** A server with its hub, both on one virtual clock. Everything must be gone at the end of the test. */
export class World {
  readonly clock = new VirtualClock(1_000)
  readonly hub: Hub
  readonly server: RtmpServer
  /** What the hub and the server announced, in order. */
  readonly log: string[] = []

  constructor(options: { hub?: HubOptions; server?: Partial<RtmpServerOptions> } = {}) {
    this.hub = new Hub(options.hub, this.clock)
    this.hub.on('publish', ({ streamPath }) => this.log.push(`publish ${streamPath}`))
    this.hub.on('unpublish', ({ streamPath }, reason) => this.log.push(`unpublish ${streamPath} ${reason}`))
    this.hub.on('close', ({ streamPath }) => this.log.push(`over ${streamPath}`))
    this.server = new RtmpServer({
      hub: this.hub,
      clock: this.clock,
      crypto: testCrypto(),
      ...options.server,
    })
    this.server.on('close', ({ id }, { code }) => this.log.push(`close #${id} ${code}`))
    onTestFinished(() => this.end())
  }

  raw(options?: LinkOptions): RawClient {
    return new RawClient(this, options)
  }

  /** A publisher, as far as it gets without the clock. */
  async publish(
    streamName = 'show',
    options?: LinkOptions & Partial<RtmpClientSessionOptions>,
  ): Promise<Client> {
    const client = new Client(this, 'publish', streamName, options)
    await this.settle()
    return client
  }

  /** A player, as far as it gets without the clock. */
  async play(
    streamName = 'show',
    options?: LinkOptions & Partial<RtmpClientSessionOptions>,
  ): Promise<Client> {
    const client = new Client(this, 'play', streamName, options)
    await this.settle()
    return client
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (let i = 0; i < 6; i++) {
      await new Promise((resolve) => setImmediate(resolve))
      this.clock.turn()
    }
  }

  /** Moves the clock, with all that happens on the way. */
  async advance(ms: number, stepMs = 250): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.clock.advance(Math.min(stepMs, left))
      await this.settle()
    }
  }

  /** Closes server and hub. */
  async end(): Promise<void> {
    let closed = false
    void this.server.close().then(() => (closed = true))
    this.hub.close()
    await this.settle()
    // Clients that do not read their last words are given up after the linger.
    if (!closed) await this.advance(2_500)
    expect(closed, 'server.close() resolved').toBe(true)
    expect(this.server.connections.size).toBe(0)
    expect(this.hub.stats()).toMatchObject({ sources: 0, players: 0, waiting: 0 })
    expect(this.clock.pending, 'timers that were left').toBe(0)
  }
}
