import { accept, type AccessDecision, type AccessRequest, redirect, reject } from 'millrace/hub'
import type { RtmpConnectDecider, RtmpConnectDecision } from 'millrace/node'
import { describe, expect, test } from 'vitest'
import { audioConfig, key, nameOf, videoConfig } from '../../hub/fakes.ts'
import { C0C1C2, command, media, streamCommand } from '../../support/rtmp-bytes.ts'
import { World } from '../memory-world.ts'

const CONNECT = command('connect', 1, { app: 'live', tcUrl: 'rtmp://host/live' })

/** An `authorize` whose answers the test gives, in order of the questions. */
class Desk {
  readonly asked: AccessRequest[] = []
  readonly signals: AbortSignal[] = []
  readonly #waiting: ((decision: AccessDecision | boolean) => void)[] = []

  readonly authorize = (request: AccessRequest, signal: AbortSignal): Promise<AccessDecision | boolean> => {
    this.asked.push(request)
    this.signals.push(signal)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  answer(decision: AccessDecision | boolean): void {
    this.#waiting.shift()!(decision)
  }
}

function deciding(): { world: World; desk: Desk } {
  const desk = new Desk()
  return { world: new World({ hub: { authorize: desk.authorize } }), desk }
}

describe('a publisher', () => {
  test('defect: nothing is announced to anybody before the decision', async () => {
    const { world, desk } = deciding()
    const publisher = await world.publish('s3cret?user=7')
    expect(desk.asked).toMatchObject([
      { action: 'publish', protocol: 'rtmp', app: 'live', streamName: 's3cret', query: { user: '7' } },
    ])
    expect(publisher.news).toEqual([])
    expect(world.log).toEqual([])
    expect(world.hub.stats().sources).toBe(0)
    expect(publisher.connection.role).toBe('none')
    desk.answer(true)
    await world.settle()
    expect(publisher.news).toEqual(['NetStream.Publish.Start'])
    expect(world.log).toEqual(['publish /live/s3cret'])
  })

  test('gets its public name from the secret key, which players never see', async () => {
    const { world, desk } = deciding()
    const publisher = await world.publish('s3cret')
    desk.answer(accept({ streamPath: '/live/show', userData: { user: 7 } }))
    await world.settle()
    expect(publisher.connection.streamPath).toBe('/live/show')
    expect(publisher.connection.publisher?.userData).toEqual({ user: 7 })
    publisher.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3))
    const player = await world.play('show')
    desk.answer(true)
    await world.settle()
    expect(player.packets.map(nameOf)).toEqual(['A!1', 'V!2', 'V3'])
    const leech = await world.play('s3cret')
    desk.answer(true)
    await world.advance(3_250)
    expect(leech.news[0]).toBe('NetStream.Play.StreamNotFound')
  })

  test('keeps its own timestamps if the decision says so', async () => {
    const { world, desk } = deciding()
    const publisher = await world.publish('show')
    desk.answer(accept({ atc: true }))
    await world.settle()
    publisher.write(videoConfig(70_000, 2), key(70_000, 3))
    await world.settle()
    expect(world.hub.source('/live/show')!.lastDts).toBe(70_000)
  })

  test('defect: that is turned away sees the reason, and no start', async () => {
    const { world, desk } = deciding()
    const publisher = await world.publish('wrong')
    desk.answer(reject('unknown stream key'))
    await world.settle()
    expect(publisher.news).toEqual(['NetStream.Publish.Denied', 'rejected: unknown stream key'])
    expect(publisher.ended).toBe(true)
    expect(world.log).toEqual(['close #1 rejected'])
  })

  test('is sent elsewhere', async () => {
    const { world, desk } = deciding()
    const publisher = await world.publish('show?token=1')
    desk.answer(redirect('rtmp://other.example/live'))
    await world.settle()
    expect(publisher.news).toEqual(['NetConnection.Connect.Rejected', 'redirect rtmp://other.example/live'])
    expect(world.log).toEqual(['close #1 redirected'])
  })

  test('without a name is turned away unasked', async () => {
    const { world, desk } = deciding()
    const client = world.raw()
    client.send(C0C1C2, CONNECT, streamCommand('publish', 4))
    await world.settle()
    expect(desk.asked).toEqual([])
    expect(client.said().at(-1)).toBe('onStatus 0 NetStream.Publish.BadName')
  })

  test('waits as long as the hub lets it', async () => {
    const { world } = deciding()
    const publisher = await world.publish()
    await world.advance(9_750)
    expect(publisher.news).toEqual([])
    await world.advance(500)
    expect(publisher.news).toEqual(['NetStream.Publish.Denied', 'rejected: the decision took too long'])
  })

  test('sees no reason of an authorize that throws', async () => {
    const world = new World({
      hub: { authorize: () => Promise.reject(new Error('password of the database')) },
    })
    const errors: unknown[] = []
    world.hub.on('authorizeError', (error) => errors.push(error))
    const publisher = await world.publish()
    expect(publisher.news.at(-1)).toBe('rejected: the decision failed')
    expect(errors).toHaveLength(1)
  })
})

describe('a peer that goes away while a decision is awaited', () => {
  test.each(['publish', 'play'] as const)('%s: the signal aborts, a late accept is a no-op', async (mode) => {
    const { world, desk } = deciding()
    const client = await world[mode]()
    client.vanish()
    await world.settle()
    expect(desk.signals[0]!.aborted).toBe(true)
    expect(world.log).toEqual(['close #1 closed'])
    desk.answer(true)
    await world.settle()
    expect(world.log).toEqual(['close #1 closed'])
    expect(world.hub.stats()).toMatchObject({ sources: 0, players: 0, waiting: 0 })
  })

  test('an end in order counts as well, with commands before it that nobody has read', async () => {
    const { world, desk } = deciding()
    const client = world.raw()
    client.send(C0C1C2, CONNECT, streamCommand('publish', 4, 'show'), command('FCUnpublish', 5, null, 'show'))
    client.stream.end()
    await world.settle()
    expect(desk.signals[0]!.aborted).toBe(true)
    desk.answer(true)
    await world.settle()
    expect(world.log).toEqual(['close #1 closed'])
  })
})

describe('while a decision is awaited', () => {
  test('nothing that follows is acted on; then all of it is', async () => {
    const { world, desk } = deciding()
    const client = world.raw()
    const seen: string[] = []
    world.server.on('sessionEvent', ({ type }) => seen.push(type))
    client.send(C0C1C2, CONNECT, streamCommand('publish', 4, 'show'))
    client.send(media(8, 0, Uint8Array.of(0xaf, 0, 0x12, 0x10)), command('later', 5, null))
    await world.settle()
    expect(seen).toEqual(['connect', 'publish'])
    desk.answer(true)
    await world.settle()
    expect(seen).toEqual(['connect', 'publish', 'command'])
    expect(world.hub.source('/live/show')!.stats().receivedPackets).toBe(1)
  })

  test('a peer with much to say waits: beyond 64 kB its bytes stay with it', async () => {
    const { world, desk } = deciding()
    const client = world.raw({ windowBytes: 10_000 })
    client.send(C0C1C2, CONNECT, streamCommand('publish', 4, 'show'))
    await world.settle()
    const frame = media(8, 0, new Uint8Array(1000).fill(0x2f))
    for (let i = 0; i < 200; i++) client.send(frame)
    await world.settle()
    const { receivedBytes } = client.connection.session
    expect(receivedBytes).toBeGreaterThan(65_536)
    expect(receivedBytes).toBeLessThanOrEqual(65_536 + 10_000 + 4_000)
    expect(client.stream.writableLength).toBeGreaterThan(100_000)
    desk.answer(true)
    await world.settle()
    expect(client.stream.writableLength).toBe(0)
    expect(world.hub.source('/live/show')!.stats().receivedPackets).toBe(200)
  })
})

describe('two publishers of one stream', () => {
  test('defect: the second is told BadName and changes nothing', async () => {
    const world = new World()
    const first = await world.publish()
    const second = await world.publish()
    expect(second.news).toEqual(['NetStream.Publish.BadName', 'rejected: the stream name is in use'])
    first.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3))
    await world.settle()
    expect(world.hub.source('/live/show')!.stats().receivedPackets).toBe(3)
    expect(world.log).toEqual(['publish /live/show', 'close #2 rejected'])
  })

  test('that are decided at once: the first accept wins', async () => {
    const { world, desk } = deciding()
    const first = await world.publish()
    const second = await world.publish()
    desk.answer(true)
    desk.answer(true)
    await world.settle()
    expect([first.phase, second.phase]).toEqual(['publishing', 'closed'])
    expect(world.log).toEqual(['publish /live/show', 'close #2 rejected'])
  })

  test('a take-over ends the first with a status, players stay', async () => {
    const { world, desk } = deciding()
    const first = await world.publish()
    desk.answer(true)
    const player = await world.play()
    desk.answer(true)
    await world.settle()
    first.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3))
    await world.settle()
    const second = await world.publish()
    desk.answer(accept({ takeOver: true }))
    await world.settle()
    expect(first.news).toEqual([
      'NetStream.Publish.Start',
      'NetConnection.Connect.Closed',
      'rejected: another publisher took the stream over',
    ])
    expect(second.phase).toBe('publishing')
    second.write(audioConfig(0, 1), videoConfig(0, 4), key(0, 5))
    await world.settle()
    expect(player.packets.map(nameOf)).toEqual(['A!1', 'V!2', 'V3', 'A!1', 'V!4', 'V5'])
    expect(world.log).toEqual([
      'publish /live/show',
      'unpublish /live/show taken-over',
      'close #1 closed',
      'publish /live/show',
    ])
  })

  test('the hub can take over by itself', async () => {
    const world = new World({ hub: { secondPublisher: 'take-over' } })
    const first = await world.publish()
    const second = await world.publish()
    expect([first.phase, second.phase]).toEqual(['closed', 'publishing'])
  })
})

describe('a player', () => {
  test('defect: hears nothing before the decision, then why not', async () => {
    const { world, desk } = deciding()
    await world.publish()
    desk.answer(true)
    const player = await world.play()
    expect(player.news).toEqual([])
    desk.answer(reject('members only'))
    await world.settle()
    expect(player.news).toEqual(['NetStream.Play.Failed', 'rejected: members only'])
    const other = await world.play()
    desk.answer(reject('not here', { notFound: true }))
    await world.settle()
    expect(other.news).toEqual(['NetStream.Play.StreamNotFound', 'rejected: not here'])
  })

  test('is sent elsewhere, or plays under another name', async () => {
    const { world, desk } = deciding()
    await world.publish('public')
    desk.answer(true)
    const sent = await world.play()
    desk.answer(redirect('rtmp://edge.example/live'))
    const renamed = await world.play('alias')
    desk.answer(accept({ streamPath: '/live/public', userData: 'viewer 7' }))
    await world.settle()
    expect(sent.news.at(-1)).toBe('redirect rtmp://edge.example/live')
    expect(renamed.connection.streamPath).toBe('/live/public')
    expect(renamed.connection.player?.userData).toBe('viewer 7')
  })

  test('defect: of a resolveSource that fails is told that there is no stream', async () => {
    const world = new World({
      hub: { resolveSource: () => Promise.reject(new Error('origin down')), publisherWaitMs: 0 },
    })
    const player = await world.play()
    expect(player.news[0]).toBe('NetStream.Play.StreamNotFound')
  })
})

describe('connect', () => {
  function connecting(onConnect: () => ReturnType<RtmpConnectDecider>): World {
    return new World({ server: { onConnect } })
  }

  test('accept, with properties of its own', async () => {
    const world = connecting(() => ({
      type: 'accept',
      properties: { fmsVer: 'FMS/9' },
      information: { note: 'hello' },
    }))
    const client = world.raw()
    client.send(C0C1C2, CONNECT)
    await world.settle()
    expect(client.said()).toContainEqual(expect.stringMatching(/^_result 1 /))
    const text = Buffer.concat(client.received).toString('latin1')
    expect(text).toContain('FMS/9')
    expect(text).toContain('hello')
  })

  test('reject', async () => {
    const world = connecting(() => Promise.resolve({ type: 'reject', reason: 'full' }))
    const publisher = await world.publish()
    expect(publisher.news).toEqual(['NetConnection.Connect.Rejected', 'rejected: full'])
    expect(world.log).toEqual(['close #1 rejected'])
  })

  test('true and false are a plain accept and reject, as for a publish', async () => {
    expect((await connecting(() => true).publish()).news).toEqual(['NetStream.Publish.Start'])
    const refused = await connecting(() => Promise.resolve(false)).publish()
    expect(refused.news).toEqual(['NetConnection.Connect.Rejected', 'rejected: not allowed'])
  })

  test('redirect', async () => {
    const world = connecting(() => redirect('rtmp://other.example/live'))
    const publisher = await world.publish()
    expect(publisher.news.at(-1)).toBe('redirect rtmp://other.example/live')
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('of the application')
      },
    ],
    ['rejects', () => Promise.reject(new Error('of the application'))],
  ])('a decision that %s is a refusal', async (_how, onConnect) => {
    const publisher = await connecting(onConnect as () => Promise<RtmpConnectDecision>).publish()
    expect(publisher.news.at(-1)).toBe('rejected: the decision failed')
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'accept'],
    ['something else', { type: 'allow' }],
    ['a reason that is no text', { type: 'reject', reason: new Error('of the application') }],
    ['a URL that is no text', { type: 'redirect', url: new URL('rtmp://other.example/live') }],
    ['properties that no AMF0 can say', { type: 'accept', properties: { fmsVer: Symbol('FMS') } }],
  ])('an answer of %s lets nobody in', async (_what, answer) => {
    const publisher = await connecting(() => answer as RtmpConnectDecision).publish()
    expect(publisher.news.at(-1)).toBe('rejected: the decision failed')
  })

  test('a decision that never comes has 10 s; the signal aborts, a late answer is ignored', async () => {
    let signal: AbortSignal | undefined
    let answer: (decision: RtmpConnectDecision) => void = () => {}
    const world = new World({
      server: {
        onConnect: (_request, _connection, given) => {
          signal = given
          return new Promise((resolve) => (answer = resolve))
        },
      },
    })
    const publisher = await world.publish()
    await world.advance(9_500)
    expect([publisher.news, signal!.aborted]).toEqual([[], false])
    await world.advance(750)
    expect(publisher.news.at(-1)).toBe('rejected: the decision took too long')
    expect(signal!.aborted).toBe(true)
    answer({ type: 'accept' })
    await world.settle()
    expect(world.log).toEqual(['close #1 rejected'])
  })
})

describe('onEnd of an accept', () => {
  function counting(): { world: World; desk: Desk; ended: () => number; yes: AccessDecision } {
    const { world, desk } = deciding()
    let count = 0
    return { world, desk, ended: () => count, yes: accept({ onEnd: () => count++ }) }
  }

  test.each(['leave', 'vanish'] as const)(
    'comes once when a publisher or player is over: %s',
    async (how) => {
      const { world, desk, ended, yes } = counting()
      const publisher = await world.publish()
      desk.answer(yes)
      const player = await world.play()
      desk.answer(yes)
      await world.settle()
      expect(ended()).toBe(0)
      player[how]()
      await world.settle()
      expect(ended()).toBe(1)
      publisher[how]()
      await world.settle()
      expect(ended()).toBe(2)
    },
  )

  test('comes for a publisher that is kicked, and for players of a stream that is over', async () => {
    const { world, desk, ended, yes } = counting()
    const publisher = await world.publish()
    desk.answer(yes)
    await world.play()
    desk.answer(yes)
    await world.settle()
    publisher.connection.publisher!.kick()
    expect(ended()).toBe(1)
    await world.advance(10_250)
    expect(ended()).toBe(2)
  })

  test('comes when nothing came of the accept', async () => {
    const { world, desk, ended, yes } = counting()
    await world.publish()
    desk.answer(true)
    await world.publish() // the name is in use
    desk.answer(yes)
    await world.settle()
    expect(ended()).toBe(1)
    await world.play('nobody')
    desk.answer(yes)
    await world.advance(3_500) // no publisher
    expect(ended()).toBe(2)
    const gone = await world.publish('other')
    gone.vanish()
    await world.settle()
    desk.answer(yes) // too late
    await world.settle()
    expect(ended()).toBe(3)
    world.hub.once('publish', () => world.server.connections.forEach((each) => each.close('not you')))
    await world.publish('another')
    desk.answer(yes)
    await world.settle()
    expect(ended()).toBe(4)
  })

  test('one client id names a connection in all that it asks, and in the hub', async () => {
    const { world, desk } = deciding()
    const requests: (AccessRequest | undefined)[] = []
    world.hub.on('publish', (_source, { request }) => requests.push(request))
    const publisher = await world.publish('show?a=1&b=2')
    desk.answer(true)
    await world.publish('other')
    await world.settle()
    const [first, second] = desk.asked
    expect(first).toMatchObject({ param: '?a=1&b=2', clientId: publisher.connection.clientId })
    expect(first!.clientId).toMatch(/^[\w-]{12,}$/)
    expect(second!.clientId).not.toBe(first!.clientId)
    expect(requests).toEqual([first])
  })
})

describe('an extension', () => {
  test('speaks after the answer to connect, and sees what comes', async () => {
    const seen: string[] = []
    const world = new World({
      server: {
        onConnect: (_, connection) => ({
          type: 'accept',
          extensions: [
            {
              accepted: () => {
                connection.session.notifyConnection('onHello', { a: 1 })
                connection.flush()
              },
              event: (event) => seen.push(event.type),
            },
            {},
          ],
        }),
      },
    })
    const client = world.raw()
    client.send(C0C1C2, CONNECT, command('mine', 0, null, 7))
    await world.settle()
    expect(client.said().slice(-3)).toEqual([
      '_result 1 NetConnection.Connect.Success',
      'onBWDone 0',
      'onHello 0 {a}',
    ])
    expect(seen).toEqual(['command'])
  })

  test('defect: that throws costs its own connection alone', async () => {
    const world = new World({
      server: {
        onConnect: ({ app }) => ({
          type: 'accept',
          extensions: [
            {
              accepted: () => {
                if (app === 'early') throw new Error('mine')
              },
              event: () => {
                throw new Error('mine')
              },
            },
          ],
        }),
      },
    })
    const early = world.raw()
    early.send(C0C1C2, command('connect', 1, { app: 'early', tcUrl: 'rtmp://host/early' }))
    const late = world.raw()
    late.send(C0C1C2, CONNECT)
    await world.settle()
    expect([early.ended, late.ended]).toEqual([true, false])
    late.send(command('mine', 0, null))
    await world.settle()
    expect(late.ended).toBe(true)
    expect(world.log).toEqual(['close #1 closed', 'close #2 closed'])
  })
})
