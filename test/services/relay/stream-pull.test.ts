import { Hub, type StreamPath, VirtualClock } from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import { duplexPair, HttpFlvClient, RtmpClient, type RtmpClientOptions } from 'millrace/node'
import { StreamPull, type StreamPullOptions } from 'millrace/services/relay'
import { describe, expect, it, onTestFinished } from 'vitest'
import { packetsOf } from '../../node/http/http-harness.ts'
import { settle, World } from '../../node/memory-world.ts'
import { Received } from './stage.ts'

const media = (packets: readonly MediaPacket[]): string[] =>
  packets.filter(({ coded }) => coded).map(({ kind, dts, body }) => `${kind} ${dts} ${body.length}`)

const CLIP = packetsOf('avc-aac-bframes.flv')

/** A server to pull from, and a hub to pull into, on one clock. */
class PullStage {
  readonly remote = new World({ hub: { graceMs: 0 } })
  readonly hub: Hub
  readonly received: Received
  readonly dialled: string[] = []
  isDown = false
  #pulls: StreamPull[] = []

  constructor(hub?: Hub) {
    this.hub = hub ?? new Hub({}, this.remote.clock)
    this.received = new Received(this.hub)
    onTestFinished(() => this.end())
  }

  readonly connect = (url: string, options: RtmpClientOptions): Promise<RtmpClient> => {
    this.dialled.push(url)
    if (this.isDown) return Promise.reject(new Error('connect ECONNREFUSED'))
    const [near, far] = duplexPair({ windowBytes: 1_048_576 })
    this.remote.server.handle(far, { remoteAddress: '192.0.2.1' })
    return RtmpClient.play(url, { ...options, stream: near })
  }

  pull(options: Partial<StreamPullOptions> = {}): StreamPull {
    const pull = new StreamPull({
      url: 'rtmp://remote/live/show',
      hub: this.hub,
      streamPath: '/pulled/show',
      connect: this.connect,
      clock: this.remote.clock,
      random: () => 0,
      ...options,
    })
    this.#pulls.push(pull)
    return pull
  }

  async end(): Promise<void> {
    let closed = 0
    for (const pull of this.#pulls) void pull.close().then(() => closed++)
    await this.remote.advance(2_500)
    expect(closed).toBe(this.#pulls.length)
    expect(this.hub.listenerCount('accept')).toBe(0)
    this.hub.close()
  }
}

describe('a pull', () => {
  it('publishes what a server plays, from its first packet on', async () => {
    const stage = new PullStage()
    const pull = stage.pull({ userData: 7 })
    const published: unknown[] = []
    stage.hub.on('publish', (_source, { userData }) => published.push(userData))
    await stage.remote.advance(1_000)
    expect(pull.state).toBe('connecting')
    expect(stage.hub.stats().sources).toBe(0)
    const publisher = stage.remote.hub.publish('/live/show')
    await stage.remote.advance(100)
    expect(stage.hub.stats().sources).toBe(0)
    for (const packet of CLIP.slice(0, 100)) publisher.write(packet)
    await stage.remote.advance(500)
    expect(pull.state).toBe('connected')
    expect(published).toEqual([7])
    expect(media(stage.received.last).slice(0, 40)).toEqual(media(CLIP).slice(0, 40))
    expect(pull.stats()).toMatchObject({
      url: 'rtmp://remote/live/***',
      state: 'connected',
      streamPath: '/pulled/show',
      receivedPackets: stage.received.last.length,
      connects: 1,
    })
    expect(pull.stats().receivedBytes).toBeGreaterThan(10_000)
  })

  it('comes back when the server does, and players stay', async () => {
    const stage = new PullStage()
    const pull = stage.pull()
    const first = stage.remote.hub.publish('/live/show')
    for (const packet of CLIP.slice(0, 100)) first.write(packet)
    await stage.remote.advance(500)
    const consumer = stage.hub.source('/pulled/show')!.consume()
    first.source.close()
    stage.isDown = true
    await stage.remote.advance(2_000)
    expect(pull.state).toBe('waiting')
    expect(pull.stats().failure?.message).toBe('connect ECONNREFUSED')
    expect(stage.hub.source('/pulled/show')!.publisher).toBeUndefined()
    stage.isDown = false
    const second = stage.remote.hub.publish('/live/show')
    for (const packet of CLIP.slice(0, 100)) second.write(packet)
    await stage.remote.advance(4_000)
    expect(pull.stats()).toMatchObject({ state: 'connected', connects: 2, failure: undefined })
    expect(consumer.ended).toBe(false)
    expect(stage.received.packets).toHaveLength(2)
  })

  it('says how the server ended the stream', async () => {
    const stage = new PullStage()
    const pull = stage.pull()
    const publisher = stage.remote.hub.publish('/live/show')
    for (const packet of CLIP.slice(0, 100)) publisher.write(packet)
    await stage.remote.advance(500)
    publisher.source.close()
    await stage.remote.advance(100)
    expect(pull.stats()).toMatchObject({
      state: 'waiting',
      failure: { code: 'ERR_FORWARD_ENDED', message: 'the server ended the stream' },
    })
  })

  it('leaves the stream to another publisher, and waits for it to go', async () => {
    const stage = new PullStage(new Hub({ secondPublisher: 'take-over', graceMs: 0 }, new VirtualClock()))
    const other = stage.hub.publish('/pulled/show')
    const pull = stage.pull()
    const publisher = stage.remote.hub.publish('/live/show')
    for (const packet of CLIP.slice(0, 100)) publisher.write(packet)
    await stage.remote.advance(500)
    expect(pull.stats().failure).toMatchObject({ code: 'ERR_STREAM_BUSY' })
    expect(other.ended).toBeUndefined()
    other.unpublish()
    await stage.remote.advance(5_000)
    expect(pull.state).toBe('connected')
    // Whoever takes the stream over has it.
    stage.hub.publish('/pulled/show')
    await stage.remote.advance(100)
    expect(pull.stats().failure).toEqual({
      code: 'ERR_FORWARD_ENDED',
      message: 'the stream was taken-over here',
    })
  })

  it('of itself is noticed', async () => {
    const world = new World({ hub: { graceMs: 10_000, publisherWaitMs: 0 } })
    const connect = (url: string, options: RtmpClientOptions): Promise<RtmpClient> => {
      const [near, far] = duplexPair()
      world.server.handle(far, { remoteAddress: '192.0.2.1' })
      return RtmpClient.play(url, { ...options, stream: near })
    }
    const { hub, clock } = world
    const pull = new StreamPull({
      url: 'rtmp://here/live/show',
      hub,
      streamPath: '/live/show',
      connect,
      clock,
    })
    // The stream is there, of a publisher that has just left: its packets would go round.
    const publisher = hub.publish('/live/show')
    for (const packet of CLIP.slice(0, 100)) publisher.write(packet)
    publisher.unpublish()
    await world.advance(3_000)
    expect(pull.stats().failure).toEqual({
      code: 'ERR_FORWARD_LOOP',
      message: 'the stream is pulled from itself',
    })
    expect(hub.source('/live/show')!.stats().publishCount).toBe(1)
    void pull.close()
    await world.advance(2_500)
  })

  it('ends with its hub', async () => {
    const stage = new PullStage()
    const pull = stage.pull()
    const publisher = stage.remote.hub.publish('/live/show')
    for (const packet of CLIP.slice(0, 100)) publisher.write(packet)
    await stage.remote.advance(500)
    stage.hub.close()
    await stage.remote.advance(2_500)
    await pull.closed
    expect(pull.state).toBe('closed')
  })

  it('reads HTTP-FLV with the same keeping', async () => {
    const clock = new VirtualClock()
    const hub = new Hub({}, clock)
    const asked: unknown[] = []
    const pull = new StreamPull({
      url: 'http://127.0.0.1:1/live/show.flv?token=abcd',
      hub,
      streamPath: '/pulled/show',
      clock,
      random: () => 0,
      http: { headers: { 'x-key': '1' }, connectTimeoutMs: 1_000 },
      connect: (url, { headers, connectTimeoutMs }) => {
        asked.push(url, headers, connectTimeoutMs)
        return HttpFlvClient.play('ftp://nowhere')
      },
    })
    await settle()
    expect(asked).toEqual([
      'http://127.0.0.1:1/live/show.flv?token=abcd',
      { via: expect.stringMatching(/^1\.1 millrace-\w{8}$/) as string, 'x-key': '1' },
      1_000,
    ])
    expect(pull.stats()).toMatchObject({ state: 'waiting', url: 'http://127.0.0.1:1/live/***' })
    await pull.close()
    expect(clock.pending).toBe(0)
  })
})

describe('options', () => {
  const hub = new Hub()

  it.each([
    ['ftp://host/live/show', '/live/show', 'rtmp:, rtmps:, http: and https:'],
    ['s3cret', '/live/show', 'rtmp:, rtmps:, http: and https:'],
    ['rtmp://host/live/show', 'show', 'a stream path is /app/name'],
    ['rtmp://host/live/show', '/show', 'a stream path is /app/name'],
    ['rtmp://host/live/show', '/live/', 'a stream path is /app/name'],
    ['rtmp://host/live/show', '/live/a b', 'white space'],
  ])('%s as %s are refused', (url, path, message) => {
    const streamPath = path as StreamPath
    expect(() => new StreamPull({ url, hub, streamPath })).toThrow(TypeError)
    expect(() => new StreamPull({ url, hub, streamPath })).toThrow(message)
    expect(() => new StreamPull({ url, hub, streamPath })).not.toThrow('s3cret')
    expect(hub.listenerCount('accept')).toBe(0)
  })
})
