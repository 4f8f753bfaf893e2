import { propertiesOf } from 'millrace/amf0'
import type { VirtualClock } from 'millrace/hub'
import type { RtmpConnectDecider } from 'millrace/node'
import { allConnect } from 'millrace/services/admission'
import { RtmpBandwidthCheck, type RtmpBandwidthCheckOptions } from 'millrace/services/bandwidth'
import { describe, expect, it } from 'vitest'
import { OutputReader, words } from '../../rtmp/session-harness.ts'
import { type Amf0Literal, C0C1C2, command } from '../../support/rtmp-bytes.ts'
import { type LinkOptions, RawClient, World } from '../../node/memory-world.ts'

const KEY = '35c9b402c12a7246868752e2878f7e0e'

/** A world whose server checks bandwidth. The check needs the clock of the world, which comes first. */
function place(
  options: Partial<RtmpBandwidthCheckOptions> = {},
  ...others: readonly RtmpConnectDecider[]
): { world: World; check: RtmpBandwidthCheck } {
  let decide: RtmpConnectDecider | undefined
  const world = new World({ server: { onConnect: (...asked) => decide!(...asked) } })
  const check = new RtmpBandwidthCheck({ key: KEY, clock: world.clock, ...options })
  decide = others.length === 0 ? check.onConnect : allConnect(check.onConnect, ...others)
  return { world, check }
}

/**
 * The client of SRS, as its page spoke through Flash: every message written out by hand. Its calls want no answer (transaction id 0, null
 * for the command object), like those of `NetConnection.call` without a responder.
 */
class FlashClient extends RawClient {
  readonly #out = new OutputReader()
  readonly #clock: VirtualClock
  #seen = 0
  /** Names of the server's calls, without the data. */
  readonly heard: string[] = []
  /** What came with the last call of each name. */
  readonly told = new Map<string, Readonly<Record<string, unknown>>>()
  /** When each of them came last, ms. */
  readonly atMs = new Map<string, number>()
  playing = 0

  constructor(world: World, query = `?key=${KEY}&vhost=bandcheck.srs.com`, link: LinkOptions = {}) {
    super(world, link)
    this.#clock = world.clock
    const app = `app${query}`
    this.send(
      C0C1C2,
      command('connect', 1, { app, tcUrl: `rtmp://127.0.0.1:1935/${app}`, swfUrl: 'http://a/srs_bwc.swf' }),
    )
  }

  call(name: string, data?: Amf0Literal): void {
    this.send(data === undefined ? command(name, 0, null) : command(name, 0, null, data))
  }

  listen(): this {
    const messages = this.#out.read(this.received.slice(this.#seen))
    this.#seen = this.received.length
    for (const message of messages) {
      if (message.type !== 'command') continue
      // Flash hands calls on the connection (message stream 0) to the client object.
      expect(message.messageStreamId).toBe(0)
      const data = propertiesOf(message.args.at(-1))
      if (message.name === 'onSrsBandCheckPlaying') this.playing++
      else this.heard.push(words(message))
      this.atMs.set(message.name, this.#clock.now())
      if (data !== undefined) this.told.set(message.name, data)
    }
    return this
  }

  last(name: string): Readonly<Record<string, unknown>> {
    const data = this.told.get(name)
    if (data === undefined) throw new Error(`no ${name} among ${this.heard.join()}`)
    return data
  }
}

describe('a check', () => {
  it('goes through both phases and tells what came through', async () => {
    const { world, check } = place({ limitKbps: 1_000 })
    const client = new FlashClient(world)
    await world.settle()
    expect(client.listen().heard).toEqual([
      '_result 1 NetConnection.Connect.Success',
      'onBWDone 0',
      'onSrsBandCheckStartPlayBytes 0 {limit_kbps,duration_ms,interval_ms}',
    ])
    expect(client.last('_result')['data']).toMatchObject({ properties: { srs_server_ip: '' } })
    expect(client.last('onSrsBandCheckStartPlayBytes')).toEqual({
      limit_kbps: 1_000,
      duration_ms: 3_000,
      interval_ms: 0,
    })
    expect(client.playing).toBe(0)
    expect(check.runningCount).toBe(1)

    client.call('onSrsBandCheckStartingPlayBytes')
    await world.settle()
    await world.advance(2_900, 10)
    expect(client.listen().playing).toBeGreaterThan(20)
    const sizes = Object.keys(client.last('onSrsBandCheckPlaying'))
    // Two entries more each time: 1000 kbit/s are some 375 kB.
    expect(sizes).toHaveLength(2 * client.playing)
    await world.advance(100, 10)
    expect(client.listen().heard.at(-1)).toBe(
      'onSrsBandCheckStopPlayBytes 0 {limit_kbps,duration_ms,interval_ms,duration_delta,bytes_delta}',
    )
    const play = client.last('onSrsBandCheckStopPlayBytes')
    expect(play).toMatchObject({ duration_ms: 3_000, interval_ms: 0, duration_delta: 3_000 })
    const playBytes = play['bytes_delta'] as number
    expect(playBytes).toBeGreaterThan(370_000)
    expect(playBytes).toBeLessThan(390_000)

    client.call('onSrsBandCheckStoppedPlayBytes')
    await world.settle()
    expect(client.listen().heard.at(-1)).toMatch(/^onSrsBandCheckStartPublishBytes 0/)
    client.call('onSrsBandCheckStartingPublishBytes')
    await world.settle()
    const before = client.connection.session.receivedBytes
    // A hundred entries each, as Flash sends an array; 5300 bytes every 50 ms for three seconds are 848 kbit/s.
    const data = Array.from({ length: 100 }, () =>
      'SrS band check data from client’s publishing......'.slice(0, 50).replaceAll('’', "'"),
    )
    for (let ms = 0; ms < 2_950; ms += 50) {
      client.call('onSrsBandCheckPublishing', data)
      await world.advance(50, 50)
    }
    const sent = client.connection.session.receivedBytes - before
    expect(client.listen().heard.at(-1)).toMatch(/^onSrsBandCheckStartPublishBytes 0/)
    await world.advance(50, 50)
    expect(client.listen().heard.slice(-2)).toEqual([
      'onSrsBandCheckStopPublishBytes 0 {limit_kbps,duration_ms,interval_ms,duration_delta,bytes_delta}',
      'onSrsBandCheckFinished 0 {code,start_time,end_time,play_kbps,publish_kbps,play_bytes,play_time,publish_bytes,publish_time}',
    ])
    const finished = client.last('onSrsBandCheckFinished')
    expect(finished).toMatchObject({
      code: 0,
      play_bytes: playBytes,
      play_time: 3_000,
      play_kbps: Math.floor((playBytes * 8) / 3_000),
      publish_bytes: sent,
      publish_time: 3_000,
      publish_kbps: Math.floor((sent * 8) / 3_000),
    })
    expect((finished['end_time'] as number) - (finished['start_time'] as number)).toBeGreaterThanOrEqual(
      6_000,
    )
    expect(client.last('onSrsBandCheckStopPublishBytes')).toMatchObject({
      duration_delta: 3_000,
      bytes_delta: sent,
    })

    client.call('onSrsBandCheckStoppedPublishBytes')
    client.call('finalClientPacket')
    await world.settle()
    expect(client.ended).toBe(true)
    expect(check.runningCount).toBe(0)
    expect(world.log).toEqual(['close #1 closed'])
  })

  it('does not fill memory for a client that does not read, and counts what its network took', async () => {
    const { world } = place({ limitKbps: 1_000_000 })
    const client = new FlashClient(world, undefined, { windowBytes: 8_192 })
    await world.settle()
    client.call('onSrsBandCheckStartingPlayBytes')
    await world.settle()
    client.stream.pause()
    let most = 0
    for (let ms = 0; ms < 3_000; ms += 100) {
      await world.advance(100, 10)
      most = Math.max(most, client.connection.stats().queuedBytes)
    }
    // 64 KiB and one message.
    expect(most).toBeGreaterThan(60_000)
    expect(most).toBeLessThan(65_536 + 70_000)
    client.stream.resume()
    await world.settle()
    const { bytes_delta: bytes } = client.listen().last('onSrsBandCheckStopPlayBytes')
    expect(bytes).toBeLessThanOrEqual(8_192)
  })

  it('ends the second phase when as much came as the limit allows', async () => {
    const { world } = place({ limitKbps: 80 }) // 30 000 bytes in three seconds
    const client = new FlashClient(world)
    await world.settle()
    client.call('onSrsBandCheckStartingPlayBytes')
    await world.settle()
    await world.advance(3_000, 100)
    client.call('onSrsBandCheckStoppedPlayBytes')
    await world.settle()
    client.call('onSrsBandCheckStartingPublishBytes')
    await world.settle()
    await world.advance(100, 100)
    for (let i = 0; i < 6; i++) client.call('onSrsBandCheckPublishing', 'x'.repeat(5_000))
    await world.settle()
    const finished = client.listen().last('onSrsBandCheckFinished')
    expect(finished['publish_time']).toBe(100)
    expect(finished['publish_bytes']).toBeGreaterThanOrEqual(30_000)
    expect(finished['publish_bytes']).toBeLessThan(36_000)
    // What is still in the client's queue is no trouble.
    client.call('onSrsBandCheckPublishing', 'x'.repeat(5_000))
    client.call('finalClientPacket')
    await world.settle()
    expect(client.ended).toBe(true)
  })

  it.each([
    ['start', []],
    ['stop of play', ['onSrsBandCheckStartingPlayBytes']],
    ['start of publish', ['onSrsBandCheckStartingPlayBytes', 'onSrsBandCheckStoppedPlayBytes']],
    [
      'end',
      [
        'onSrsBandCheckStartingPlayBytes',
        'onSrsBandCheckStoppedPlayBytes',
        'onSrsBandCheckStartingPublishBytes',
      ],
    ],
  ])('waits for the answer to the %s no longer than it may', async (_, answers) => {
    const { world, check } = place({ answerTimeoutMs: 5_000, durationMs: 1_000 })
    const client = new FlashClient(world)
    await world.settle()
    for (const answer of answers) {
      client.call(answer)
      await world.advance(1_000, 100)
    }
    // The first answer is waited for since the start, the others since the phase before ended.
    await world.advance(4_900 - (answers.at(-1) === 'onSrsBandCheckStoppedPlayBytes' ? 1_000 : 0), 100)
    expect(check.runningCount).toBe(1)
    await world.advance(200, 100)
    expect(check.runningCount).toBe(0)
    expect(client.ended).toBe(true)
  })

  it('takes no answer out of turn, and no stream', async () => {
    const { world } = place()
    const client = new FlashClient(world)
    await world.settle()
    for (const name of [
      'onSrsBandCheckStoppedPlayBytes',
      'onSrsBandCheckStartingPublishBytes',
      'onSrsBandCheckPublishing',
      'finalClientPacket',
    ])
      client.call(name)
    await world.settle()
    expect(client.listen().heard.at(-1)).toMatch(/^onSrsBandCheckStartPlayBytes/)
    expect(client.ended).toBe(false)
    client.send(command('createStream', 2, null), command('publish', 0, null, 'show', 'live'))
    await world.settle()
    expect(client.ended).toBe(true)
    expect(world.hub.stats().sources).toBe(0)
  })

  it('is forgotten when its client goes', async () => {
    const { world, check } = place()
    const client = new FlashClient(world)
    await world.settle()
    client.call('onSrsBandCheckStartingPlayBytes')
    await world.advance(100, 10)
    client.stream.destroy()
    await world.settle()
    expect(check.runningCount).toBe(0)
  })
})

describe('who asks', () => {
  it('without a key has an ordinary connection', async () => {
    const { world, check } = place()
    const player = await world.play('show')
    expect(check.runningCount).toBe(0)
    await world.advance(3_250)
    expect(player.news[0]).toBe('NetStream.Play.StreamNotFound')
  })

  it.each(['wrong', '', KEY.slice(1), `${KEY}0`])('with the key %j is turned away', async (key) => {
    const { world } = place()
    const client = new FlashClient(world, `?key=${key}`)
    await world.settle()
    expect(client.listen().heard).toEqual(['_error 1 NetConnection.Connect.Rejected'])
    expect(client.last('_error')['description']).toBe('wrong bandcheck key')
    expect(client.ended).toBe(true)
  })

  it('too soon after another one is turned away', async () => {
    const { world } = place({ intervalMs: 30_000 })
    const first = new FlashClient(world)
    await world.settle()
    first.stream.destroy()
    await world.advance(29_750, 250)
    const second = new FlashClient(world)
    await world.settle()
    expect(second.listen().last('_error')['description']).toBe('bandcheck rejected')
    await world.advance(250)
    const third = new FlashClient(world)
    await world.settle()
    expect(third.listen().told.has('onSrsBandCheckStartPlayBytes')).toBe(true)
  })

  it.each([
    [3, 3],
    [4, 3],
  ])('%d at a time: no more than %d are measured', async (asking, measured) => {
    const { world, check } = place({ intervalMs: 0, maxChecks: 3 })
    const clients = Array.from({ length: asking }, () => new FlashClient(world))
    await world.settle()
    expect(check.runningCount).toBe(measured)
    const started = clients.filter((client) => client.listen().told.has('onSrsBandCheckStartPlayBytes'))
    expect(started).toHaveLength(measured)
  })

  it('is asked by other deciders as well', async () => {
    const ended: string[] = []
    const { world, check } = place({}, () => ({ type: 'accept', onEnd: () => ended.push('other') }))
    const client = new FlashClient(world)
    await world.settle()
    expect(client.listen().told.has('onSrsBandCheckStartPlayBytes')).toBe(true)
    client.stream.destroy()
    await world.settle()
    expect(ended).toEqual(['other'])
    expect(check.runningCount).toBe(0)
  })
})

it('options that make no sense are refused', () => {
  for (const options of [
    { key: '' },
    { key: 'k', durationMs: 10_001 },
    { key: 'k', limitKbps: 0 },
    { key: 'k', maxChecks: 0 },
    { key: 'k', unknown: 1 },
  ])
    expect(() => new RtmpBandwidthCheck(options)).toThrow(TypeError)
})
