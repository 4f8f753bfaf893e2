/** A hub whose streams are forwarded to a server in memory, which comes, goes and hangs; all on one virtual clock. */
import type { Duplex } from 'node:stream'
import {
  type Consumer,
  Hub,
  type HubOptions,
  type Publisher,
  type PublishOptions,
  type Source,
  type StreamPath,
} from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import { duplexPair, RtmpClient, type RtmpClientOptions, type RtmpServerOptions } from 'millrace/node'
import { Forwarder, type ForwarderOptions, StreamPush, type StreamPushOptions } from 'millrace/services/relay'
import { expect, onTestFinished } from 'vitest'
import type { Clip } from '../../support/clips.ts'
import { packetsOf } from '../../node/http/http-harness.ts'
import { World } from '../../node/memory-world.ts'

export class ForwardStage {
  /** The target. */
  readonly target: World
  /** Where streams come from. */
  readonly hub: Hub
  /** What becomes of the next connections: they are served, refused by the system, or nobody speaks to them. */
  network: 'up' | 'down' | 'silent' = 'up'
  /** URLs that were dialled. */
  readonly dialled: string[] = []
  /** The target's ends of the connections. */
  readonly far: Duplex[] = []
  /** What the target takes before it reads, bytes. */
  windowBytes = 1_048_576
  readonly #running: { close(): Promise<void> }[] = []

  constructor(options: { hub?: HubOptions; target?: HubOptions; server?: Partial<RtmpServerOptions> } = {}) {
    this.target = new World({
      hub: { graceMs: 0, ...options.target },
      ...(options.server && { server: options.server }),
    })
    this.hub = new Hub(options.hub, this.target.clock)
    onTestFinished(() => this.end())
  }

  /** For the option `connect`. */
  readonly connect = (url: string, options: RtmpClientOptions): Promise<RtmpClient> => {
    this.dialled.push(url)
    if (this.network === 'down') {
      return Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))
    }
    const [near, far] = duplexPair({ windowBytes: this.windowBytes })
    this.far.push(far)
    if (this.network === 'up') this.target.server.handle(far, { remoteAddress: '192.0.2.1' })
    else far.on('error', () => undefined).resume()
    return RtmpClient.publish(url, { ...options, stream: near })
  }

  push(source: StreamPushOptions['source'], options: Partial<StreamPushOptions> = {}): StreamPush {
    const push = new StreamPush({
      source,
      url: 'rtmp://target/live/key',
      connect: this.connect,
      clock: this.target.clock,
      random: () => 0,
      ...options,
    })
    this.#running.push(push)
    return push
  }

  forwarder(options: Partial<ForwarderOptions> = {}): Forwarder {
    const forwarder = new Forwarder({
      hub: this.hub,
      connect: this.connect,
      clock: this.target.clock,
      random: () => 0,
      ...options,
    })
    this.#running.push(forwarder)
    return forwarder
  }

  /** An encoder with a clip that it plays at the pace of the clock, over and over. */
  encoder(
    streamPath: StreamPath = '/live/show',
    clip: Clip = 'avc-aac-bframes.flv',
    options?: PublishOptions,
  ): Encoder {
    return new Encoder(this, this.hub.publish(streamPath, options), packetsOf(clip))
  }

  async settle(): Promise<void> {
    await this.target.settle()
  }

  async advance(ms: number, stepMs?: number): Promise<void> {
    await this.target.advance(ms, stepMs)
  }

  /** Nothing is left. */
  async end(): Promise<void> {
    const running = this.#running.splice(0)
    let closed = 0
    for (const each of running) void each.close().then(() => closed++)
    this.hub.close()
    await this.advance(2_500)
    expect(closed, 'forwards that closed').toBe(running.length)
    for (const far of this.far) far.destroy()
  }
}

export class Encoder {
  readonly publisher: Publisher
  readonly #stage: ForwardStage
  readonly packets: readonly MediaPacket[]
  readonly #lengthMs: number
  #next = 0
  #sentMs = 0
  #round = 0

  constructor(stage: ForwardStage, publisher: Publisher, packets: readonly MediaPacket[]) {
    this.publisher = publisher
    this.#stage = stage
    this.packets = packets.filter(({ endOfSequence }) => !endOfSequence)
    this.#lengthMs = Math.max(...packets.map(({ dts }) => dts)) + 40
  }

  /** Sends the next `ms` of the clip while that time passes. */
  async send(ms: number, stepMs = 100): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.#sentMs += stepMs
      this.#write()
      await this.#stage.advance(stepMs, stepMs)
    }
  }

  #write(): void {
    for (;;) {
      const packet = this.packets[this.#next]
      if (packet === undefined) {
        this.#next = 0
        this.#round++
        continue
      }
      const dts = packet.dts + this.#round * this.#lengthMs
      if (dts >= this.#sentMs) return
      this.#next++
      // Configuration comes once.
      if (this.#round === 0 || packet.coded) this.publisher.write(packet.withDts(dts))
    }
  }
}

/** A packet in a few words. */
export function words({ kind, configuration, keyframe, dts }: MediaPacket): string {
  if (configuration) return `${kind} configuration`
  return `${keyframe ? 'keyframe' : kind} ${dts}`
}

/** The packets that a hub has of a stream from its start on, for as long as it is asked. */
export class Received {
  readonly packets: MediaPacket[][] = []

  /** Follows everything that is published to `hub`: a list of packets for each publisher. */
  constructor(hub: Hub) {
    const consumers = new Map<Source, Consumer>()
    hub.on('publish', (source) => {
      // The packets of another publisher of the same stream are a list of their own.
      consumers.get(source)?.detach()
      const consumer = source.consume({ maxLagMs: 1e9 })
      consumers.set(source, consumer)
      const packets: MediaPacket[] = []
      this.packets.push(packets)
      const reading = async (): Promise<void> => {
        for await (const packet of consumer) packets.push(packet)
      }
      void reading()
    })
  }

  /** Of the latest publisher. */
  get last(): readonly MediaPacket[] {
    return this.packets.at(-1) ?? []
  }
}
