import { type AccessDecision, reject } from 'millrace/hub'
import { AccessLimits, type AccessLimitsOptions } from 'millrace/services/admission'
import { describe, expect, it } from 'vitest'
import { World } from '../../node/memory-world.ts'
import { never, request } from '../requests.ts'

type Asked = Parameters<typeof request>[0]

/** Peers that are let in or not; those who were can leave. */
class Door {
  readonly limits: AccessLimits
  readonly inside: (() => void)[] = []

  constructor(options: AccessLimitsOptions) {
    this.limits = new AccessLimits(options)
  }

  /** `''`, or the reason of the refusal. */
  ask(asked: Asked = {}): string {
    const decision = this.limits.rule(request(asked), never) as AccessDecision
    if (decision.type === 'reject') return decision.reason
    if (decision.type === 'accept') this.inside.push(decision.onEnd!)
    return ''
  }

  askTimes(times: number, asked?: Asked): string[] {
    return Array.from({ length: times }, () => this.ask(asked))
  }

  leave(): void {
    this.inside.shift()?.()
  }
}

describe.each<[option: keyof AccessLimitsOptions, peer: (i: number) => Asked, other: Asked, reason: string]>([
  ['maxStreams', (i) => ({ action: 'publish', streamName: `s${i}` }), { action: 'play' }, 'too many streams'],
  ['maxPlayers', (i) => ({ streamName: `s${i}` }), { action: 'publish' }, 'too many players'],
  [
    'maxPlayersPerStream',
    (i) => ({ remoteAddress: `192.0.2.${i}` }),
    { streamName: 'other' },
    'too many players of this stream',
  ],
  [
    'maxPlayersPerAddress',
    (i) => ({ streamName: `s${i}` }),
    { remoteAddress: '192.0.2.99' },
    'too many players from this address',
  ],
  [
    'maxConnectionsPerAddress',
    (i) => ({ action: i % 2 === 0 ? 'play' : 'publish', streamName: `s${i}` }),
    { remoteAddress: '192.0.2.99' },
    'too many connections from this address',
  ],
])('%s', (option, peer, other, reason) => {
  it('at n and n + 1, and again when one has left', () => {
    const door = new Door({ [option]: 3 })
    expect([1, 2, 3, 4, 5].map((i) => door.ask(peer(i)))).toEqual(['', '', '', reason, reason])
    expect(door.ask(other)).toBe('')
    door.leave()
    expect([6, 7].map((i) => door.ask(peer(i)))).toEqual(['', reason])
  })

  it('0 lets nobody in, and nothing given everybody', () => {
    expect(new Door({ [option]: 0 }).ask(peer(1))).toBe(reason)
    expect(new Door({}).askTimes(100, peer(1)).filter((each) => each !== '')).toEqual([])
  })
})

it('a second publisher of a stream makes no stream', () => {
  const door = new Door({ maxStreams: 1 })
  expect(door.askTimes(2, { action: 'publish' })).toEqual(['', ''])
  door.leave()
  expect(door.ask({ action: 'publish', streamName: 'other' })).toBe('too many streams')
  door.leave()
  expect(door.ask({ action: 'publish', streamName: 'other' })).toBe('')
})

it('IPv6 addresses of one /64 are one, IPv4-mapped ones are IPv4, unknown ones are not limited', () => {
  const door = new Door({ maxConnectionsPerAddress: 1 })
  const from = (remoteAddress: string): string => door.ask({ remoteAddress })
  const full = 'too many connections from this address'
  expect(['2001:db8::1', '2001:db8::ffff', '2001:db8:0:1::1'].map(from)).toEqual(['', full, ''])
  expect(['192.0.2.7', '::ffff:192.0.2.7', '192.0.2.8'].map(from)).toEqual(['', full, ''])
  expect(['', '', 'unix'].map(from)).toEqual(['', '', ''])
})

it('one that leaves twice is counted once, and nothing is left of those who have gone', () => {
  const door = new Door({ maxPlayers: 2 })
  door.askTimes(2)
  door.ask({ action: 'publish' })
  expect(door.limits.stats()).toEqual({ streams: 1, players: 2, addresses: 1 })
  const [first] = door.inside
  first!()
  first!()
  expect(door.limits.stats()).toEqual({ streams: 1, players: 1, addresses: 1 })
  while (door.inside.length > 0) door.leave()
  expect(door.limits.stats()).toEqual({ streams: 0, players: 0, addresses: 0 })
})

it('other bounds count from the next peer on', () => {
  const door = new Door({ maxPlayers: 3 })
  door.askTimes(3)
  door.limits.setOptions({ maxPlayers: 1 })
  expect(door.ask()).toBe('too many players')
  door.leave()
  door.leave()
  expect(door.ask()).toBe('too many players')
  door.leave()
  expect(door.ask()).toBe('')
})

it.each([{ maxPlayers: -1 }, { maxPlayers: 1.5 }, { maxPlayers: Number.NaN }, { maxPlayer: 1 }])(
  '%j is a mistake of the caller',
  (options) => {
    expect(() => new AccessLimits(options)).toThrow(TypeError)
    expect(() => new AccessLimits().setOptions(options)).toThrow(TypeError)
  },
)

describe('over RTMP', () => {
  it('every way out gives the place back', async () => {
    const limits = new AccessLimits({ maxStreams: 1, maxPlayers: 1 })
    const world = new World({ hub: { authorize: limits.rule, publisherWaitMs: 0, graceMs: 0 } })

    const player = await world.play()
    expect(player.news).toEqual(['NetStream.Play.StreamNotFound', 'rejected: no such stream'])
    expect(limits.stats().players).toBe(0)

    const first = await world.publish()
    const second = await world.publish()
    expect(second.news).toEqual(['NetStream.Publish.BadName', 'rejected: the stream name is in use'])
    expect((await world.publish('other')).news.at(-1)).toBe('rejected: too many streams')
    first.vanish()
    await world.settle()
    expect(limits.stats()).toEqual({ streams: 0, players: 0, addresses: 0 })

    const third = await world.publish('other')
    expect(third.phase).toBe('publishing')
    world.hub.source('/live/other')!.publisher!.kick()
    await world.settle()
    expect(limits.stats()).toEqual({ streams: 0, players: 0, addresses: 0 })
  })

  it('connections that do nothing count from their connect on', async () => {
    const limits = new AccessLimits({ maxConnectionsPerAddress: 2 })
    const world = new World({
      hub: { authorize: limits.rule, publisherWaitMs: 60_000 },
      server: { onConnect: limits.onConnect },
    })
    const first = await world.publish('a')
    const second = await world.play('b')
    const third = await world.play('c')
    expect([first, second, third].map(({ news }) => news)).toEqual([
      ['NetStream.Publish.Start'],
      [],
      ['NetConnection.Connect.Rejected', 'rejected: too many connections from this address'],
    ])
    expect((await world.play('a', { info: { remoteAddress: '192.0.2.2' } })).phase).not.toBe('closed')
    second.vanish()
    await world.settle()
    expect((await world.play('a')).news).not.toContain('NetConnection.Connect.Rejected')
  })
})

it('reasons go to the peer as they are', () => {
  expect(new AccessLimits({ maxPlayers: 0 }).rule(request(), never)).toEqual(reject('too many players'))
})
