import { readFileSync } from 'node:fs'
import { FLV_VIEW } from 'millrace/flv'
import { Hub, type Sink, VirtualClock } from 'millrace/hub'
import { RtmpServer } from 'millrace/node'
import { ServerIdentity } from 'millrace/services/identity'
import { Statistics, type StatisticsOptions } from 'millrace/services/statistics'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ByteRate } from '../../../src/services/statistics/byte-rate.ts'
import { VERSION } from '../../../src/services/version.ts'
import { key } from '../../hub/fakes.ts'

const SINK: Sink = { queuedBytes: 0, write: () => {}, end: () => {} }

/** 9 bytes of header and number around the filling. */
const BODY = 9

function gather(options: Partial<StatisticsOptions> = {}): {
  clock: VirtualClock
  hub: Hub
  statistics: Statistics
} {
  const clock = new VirtualClock(5_000)
  const hub = new Hub({}, clock)
  const statistics = new Statistics({ hub, clock, ...options })
  onTestFinished(() => {
    statistics.close()
    hub.close()
    expect(clock.pending).toBe(0)
  })
  return { clock, hub, statistics }
}

describe('a bitrate', () => {
  test('counts from the beginning until the window is full, then over the last samples', () => {
    const rate = new ByteRate(0)
    expect(rate.kbps(0, 0)).toBe(0)
    expect(rate.kbps(1_000, 125_000)).toBe(1_000)
    for (const second of [10, 20, 30]) rate.sample(second * 1000, second * 125_000)
    expect(rate.kbps(35_000, 35 * 125_000)).toBe(1_000)
    // Nothing more comes: what is left of the window drains.
    expect(rate.kbps(40_000, 30 * 125_000)).toBe(667)
    rate.sample(40_000, 30 * 125_000)
    rate.sample(50_000, 30 * 125_000)
    expect(rate.kbps(60_000, 30 * 125_000)).toBe(0)
  })

  test('without samples for long it counts from the newest', () => {
    const rate = new ByteRate(0)
    rate.sample(10_000, 0)
    expect(rate.kbps(1_010_000, 125_000_000)).toBe(1_000)
  })

  test('is never below zero, and zero at the very moment', () => {
    const rate = new ByteRate(1_000, 500)
    expect([rate.kbps(1_000, 900), rate.kbps(2_000, 100)]).toEqual([0, 0])
  })
})

describe('statistics', () => {
  test('bitrates of host, stream and clients, and that they drain', () => {
    const { clock, hub, statistics } = gather()
    const publisher = hub.publish('/live/show')
    hub.source('/live/show')!.attach(SINK, { format: FLV_VIEW })
    // 1,250 bytes ten times a second for a minute: 100 kbit/s
    for (let i = 0; i < 600; i++) {
      publisher.write(key(i * 100, i, 1_250 - BODY))
      clock.advance(100)
    }
    const [vhost] = statistics.vhosts()
    const [stream] = statistics.streams()
    const [from, to] = statistics.clients()
    expect([vhost!.kbps.received, stream!.kbps.received]).toEqual([100, 100])
    // An FLV tag is 15 bytes longer.
    expect(stream!.kbps.sent).toBeGreaterThan(100)
    expect(stream!.kbps.sent).toBeLessThan(103)
    expect(statistics.kbpsOf(from!, from!.figures())).toEqual({ received: 100, sent: 0 })
    expect(statistics.kbpsOf(to!, to!.figures())).toEqual({ received: 0, sent: stream!.kbps.sent })
    clock.advance(60_000)
    expect(statistics.streams()).toMatchObject([{ kbps: { received: 0, sent: 0 } }])
  })

  test('what came before it is in the totals and not in the bitrates', () => {
    const clock = new VirtualClock(5_000)
    const hub = new Hub({}, clock)
    const publisher = hub.publish('/live/show')
    publisher.write(key(0, 1, 100_000))
    clock.advance(20_000)
    const statistics = new Statistics({ hub, clock })
    clock.advance(20_000)
    expect(statistics.vhosts()).toMatchObject([
      { totals: { receivedBytes: 100_000 + BODY }, kbps: { received: 0 } },
    ])
    statistics.close()
    hub.close()
  })

  test("a second publisher's bytes are its own", () => {
    const { hub, statistics } = gather()
    const first = hub.publish('/live/show')
    first.write(key(0, 1, 1_000))
    first.unpublish()
    hub.publish('/live/show').write(key(40, 2, 100))
    const [client] = statistics.clients()
    // Seen first with what it had sent already: that much is not known of a publisher of the application's own.
    expect(client!.figures().receivedBytes).toBe(0)
    hub.source('/live/show')!.publisher!.write(key(80, 3, 100))
    expect(client!.figures().receivedBytes).toBe(100 + BODY)
  })

  test('virtual hosts come and go', () => {
    const clock = new VirtualClock()
    const hubs = new Map([
      ['a.example', new Hub({}, clock)],
      ['b.example', new Hub({}, clock)],
    ])
    const { statistics } = gather({ hub: () => hubs })
    hubs.get('a.example')!.publish('/live/show')
    hubs.get('b.example')!.publish('/live/show')
    const [a, b] = statistics.streams()
    expect([a!.vhost, b!.vhost, a!.id === b!.id]).toEqual(['a.example', 'b.example', false])
    expect(statistics.stream(b!.id)!.source).toBe(b!.source)
    const gone = hubs.get('a.example')!
    hubs.delete('a.example')
    expect(statistics.vhosts().map(({ name }) => name)).toEqual(['b.example'])
    expect([statistics.stream(a!.id), statistics.clients().length]).toEqual([undefined, 1])
    for (const hub of [gone, ...hubs.values()]) hub.close()
  })

  test('options are checked, one server stands for a list of one', async () => {
    const hub = new Hub()
    const rtmp = new RtmpServer({ hub })
    const statistics = new Statistics({ hub, rtmp })
    expect([statistics.doors, statistics.connections()]).toEqual([
      { rtmp: true, http: false, hls: false },
      { rtmp: 0, http: 0, hls: 0 },
    ])
    statistics.close()
    expect(() => new Statistics({ hub, sampleIntervalMs: 30_001 })).toThrow(/sampleIntervalMs/)
    expect(() => new Statistics({} as StatisticsOptions)).toThrow(TypeError)
    await rtmp.close()
    hub.close()
  })

  test('nothing is kept of those who left', () => {
    const { hub, clock, statistics } = gather()
    hub.publish('/live/show')
    const source = hub.source('/live/show')!
    for (let i = 0; i < 50; i++) {
      const player = source.attach(SINK, { format: FLV_VIEW })
      expect(statistics.clients()).toHaveLength(2)
      player.detach()
      clock.advance(10_000)
    }
    expect(statistics.clients()).toHaveLength(1)
  })
})

describe('identity', () => {
  test('ids follow from the server, the virtual host and the stream', () => {
    const a = new ServerIdentity({ serverId: 'vid-a' })
    const again = new ServerIdentity({ serverId: 'vid-a' })
    const b = new ServerIdentity()
    expect(a.streamId('h', '/live/show')).toBe(again.streamId('h', '/live/show'))
    const ids = [
      a.streamId('h', '/live/show'),
      a.streamId('h', '/live/other'),
      a.streamId('h/live', '/show'),
      a.vhostId('h'),
      b.vhostId('h'),
    ]
    expect(new Set(ids).size).toBe(5)
    for (const id of ids) expect(id).toMatch(/^vid-[a-z0-9]{10}$/)
    expect(b.serverId).toMatch(/^vid-[a-z0-9]{7}$/)
    expect(a.serviceId).not.toBe(again.serviceId)
    expect(a.pid).toBe(String(process.pid))
  })

  test('the version is that of the package', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(VERSION).toBe(version)
  })
})
