import { ChunkDecoder } from 'millrace/chunk'
import { Hub } from 'millrace/hub'
import { duplexPair, type RtmpConnectionEvent, RtmpServer } from 'millrace/node'
import { describe, expect, test } from 'vitest'
import { audio, audioConfig, inter, key, metadata, nameOf, text, videoConfig } from '../../hub/fakes.ts'
import { HANDSHAKE_BYTES } from '../../rtmp/session-harness.ts'
import { join } from '../../support/bytes.ts'
import { readAll } from '../../support/chunks.ts'
import { C0C1C2, command, media, streamCommand } from '../../support/rtmp-bytes.ts'
import { type Client, settle, World } from '../memory-world.ts'

const HEADERS = [metadata(0, 1), audioConfig(0, 2), videoConfig(0, 3)]
const CONNECT = command('connect', 1, { app: 'live', tcUrl: 'rtmp://host/live' })

const names = (client: Client): string => client.packets.map(nameOf).join(' ')

describe('publish and play', () => {
  test('a player gets what is published, byte for byte and at its time', async () => {
    const world = new World()
    const publisher = await world.publish()
    expect(publisher.news).toEqual(['NetStream.Publish.Start'])
    const player = await world.play()
    expect(player.news).toEqual(['NetStream.Play.Reset', 'NetStream.Play.Start'])
    const first = [...HEADERS, key(0, 4), audio(10, 5), inter(40, 6, 70_000), audio(50, 7)]
    const second = [key(80, 8), text(85, 9), inter(120, 10)]
    publisher.write(...first)
    await world.settle()
    publisher.write(...second)
    await world.settle()
    const sent = [...first, ...second]
    expect(names(player)).toBe(sent.map(nameOf).join(' '))
    expect(player.packets.map(({ body }) => body)).toEqual(sent.map(({ body }) => body))
    expect(player.packets.map(({ dts }) => dts)).toEqual(sent.map(({ dts }) => dts))
  })

  test('a late player gets the configuration at its keyframe, then the keyframe, at once', async () => {
    const world = new World()
    const publisher = await world.publish()
    publisher.write(...HEADERS, key(0, 4), inter(40, 5))
    await world.settle()
    publisher.write(key(1000, 6), inter(1040, 7))
    await world.settle()
    const player = await world.play()
    expect(names(player)).toBe('M!1 A!2 V!3 V6 v7')
    expect(player.packets.map(({ dts }) => dts)).toEqual([0, 1000, 1000, 1000, 1040])
  })

  test('all players of a stream are sent the very same bytes', async () => {
    const world = new World()
    const publisher = await world.publish()
    const players = [await world.play(), await world.play(), await world.play()]
    publisher.write(...HEADERS, key(0, 4), inter(40, 5, 200_000))
    await world.settle()
    const [one, ...others] = players.map(({ received }) => join(...received).subarray(HANDSHAKE_BYTES))
    for (const other of others) expect(Buffer.compare(one!, other)).toBe(0)
    // Read by the chunk decoder alone: configuration and media on their chunk streams, behind the status.
    const decoder = new ChunkDecoder()
    decoder.push(one!)
    const types = readAll(decoder).map(
      ({ chunkStreamId, messageTypeId }) => `${chunkStreamId}/${messageTypeId}`,
    )
    expect(types.slice(-5)).toEqual(['4/18', '7/8', '6/9', '6/9', '6/9'])
    expect(publisher.connection.stats()).toMatchObject({ role: 'publisher', streamPath: '/live/show' })
    expect(players[0]!.connection.stats()).toMatchObject({ role: 'player', streamPath: '/live/show' })
  })

  test('players get StreamEOF and UnpublishNotify when the grace time is over, and may play again', async () => {
    const world = new World({ hub: { graceMs: 5_000 } })
    const publisher = await world.publish()
    const player = await world.play()
    publisher.write(...HEADERS, key(0, 4))
    publisher.leave()
    await world.settle()
    expect(world.log).toEqual(['publish /live/show', 'unpublish /live/show unpublished', 'close #1 closed'])
    await world.advance(5_000)
    expect(player.news.at(-1)).toBe('stop NetStream.Play.UnpublishNotify')
    expect(player.connection.stats()).toMatchObject({ role: 'none', streamPath: '' })
    const again = await world.publish()
    again.write(...HEADERS, key(0, 9))
    player.send(streamCommand('play', 5, 'show'))
    await world.settle()
    expect(player.connection.streamPath).toBe('/live/show')
    expect(player.connection.player?.state).toBe('playing')
  })

  test('an encoder that comes back within the grace time kicks nobody', async () => {
    const world = new World()
    const player = await world.play('show', { windowBytes: 1_000_000 })
    expect(player.news).toEqual([])
    const before = await world.publish()
    before.write(...HEADERS, key(0, 4), inter(40, 5))
    await world.settle()
    before.vanish()
    await world.advance(3_000)
    const after = await world.publish()
    after.write(...HEADERS, key(0, 14), inter(40, 15))
    await world.settle()
    expect(names(player)).toBe('M!1 A!2 V!3 V4 v5 M!1 A!2 V!3 V14 v15')
    const times = player.packets.filter(({ kind }) => kind === 'video').map(({ dts }) => dts)
    expect(times).toEqual([0, 0, 40, 3040, 3040, 3080])
    expect(world.log).toEqual([
      'publish /live/show',
      'unpublish /live/show unpublished',
      'close #2 closed',
      'publish /live/show',
    ])
  })
})

describe('what players hear of their publisher', () => {
  const status = (said: string[]): string[] => said.filter((word) => !/^(audio|video|data)/.test(word))

  test('defect: that it has gone, that it is back, and that it is over', async () => {
    const world = new World({ hub: { graceMs: 5_000 } })
    const publisher = await world.publish()
    publisher.write(...HEADERS, key(0, 4))
    const player = await world.play()
    const paused = await world.play()
    paused.session.pause(true)
    paused.flush()
    await world.settle()
    player.said()
    paused.said()
    publisher.vanish()
    await world.settle()
    expect(status(player.said())).toEqual(['streamDry 1'])
    const again = await world.publish()
    expect(status(player.said())).toEqual(['streamBegin 1', 'onStatus 0 NetStream.Play.PublishNotify'])
    again.write(...HEADERS, key(0, 5))
    again.leave()
    await world.advance(5_250)
    expect(status(player.said())).toEqual([
      'streamDry 1',
      'onStatus 0 NetStream.Play.UnpublishNotify',
      'streamEof 1',
    ])
    expect(status(paused.said())).toHaveLength(6)
  })

  test('nothing once they have stopped, and nobody listens for nobody', async () => {
    const world = new World()
    const publisher = await world.publish()
    const source = world.hub.source('/live/show')!
    const before = source.listenerCount('unpublish')
    const player = await world.play()
    expect(source.listenerCount('unpublish')).toBe(before + 1)
    const another = await world.play()
    expect(source.listenerCount('unpublish')).toBe(before + 1)
    player.send(streamCommand('closeStream', 0))
    another.vanish()
    await world.settle()
    expect(source.listenerCount('unpublish')).toBe(before)
    player.said()
    publisher.vanish()
    await world.settle()
    expect(player.said()).toEqual([])
  })
})

describe('defect: a connection that never publishes or plays is nobody', () => {
  test('a port scan', async () => {
    const world = new World()
    const scan = world.raw()
    scan.stream.destroy()
    await world.settle()
    expect(world.log).toEqual(['close #1 closed'])
  })

  test('a handshake and a connect', async () => {
    const world = new World()
    const client = world.raw()
    client.send(C0C1C2, CONNECT)
    await world.settle()
    client.stream.end()
    await world.settle()
    expect(world.log).toEqual(['close #1 closed'])
    expect(client.ended).toBe(true)
  })
})

describe('a play waits for its publisher', () => {
  test('and starts when one comes', async () => {
    const world = new World()
    const player = await world.play()
    expect(player.news).toEqual([])
    await world.advance(2_000)
    const publisher = await world.publish()
    publisher.write(...HEADERS, key(0, 4))
    await world.settle()
    expect(player.news).toEqual(['NetStream.Play.Reset', 'NetStream.Play.Start'])
    expect(names(player)).toBe('M!1 A!2 V!3 V4')
  })

  test('or is told that there is none', async () => {
    const world = new World({ hub: { publisherWaitMs: 2_000 } })
    const player = await world.play()
    await world.advance(1_750)
    expect(player.news).toEqual([])
    await world.advance(250)
    expect(player.news[0]).toBe('NetStream.Play.StreamNotFound')
    expect(world.log).toEqual(['close #1 rejected'])
    expect(world.hub.stats()).toMatchObject({ sources: 0, players: 0, waiting: 0 })
  })

  test('or leaves, and nobody waits any more', async () => {
    const world = new World()
    const player = await world.play()
    expect(world.hub.stats().waiting).toBe(1)
    player.vanish()
    await world.settle()
    expect(world.hub.stats().waiting).toBe(0)
    expect(world.log).toEqual(['close #1 closed'])
  })
})

describe('what a player asks for while it plays', () => {
  async function playing(): Promise<{ world: World; publisher: Client; player: Client }> {
    const world = new World()
    const publisher = await world.publish()
    publisher.write(...HEADERS, key(0, 4), audio(1, 5))
    const player = await world.play()
    player.packets.length = 0
    return { world, publisher, player }
  }

  test('defect: receiveVideo false leaves the audio, true brings video back at a keyframe', async () => {
    const { world, publisher, player } = await playing()
    player.send(streamCommand('receiveVideo', 0, false))
    await world.settle()
    publisher.write(inter(40, 6), audio(41, 7))
    await world.advance(250)
    expect(names(player)).toBe('a7')
    player.send(streamCommand('receiveVideo', 0, true))
    await world.settle()
    publisher.write(inter(80, 8), audio(81, 9))
    await world.settle()
    publisher.write(key(120, 10), inter(160, 11))
    await world.settle()
    expect(names(player)).toBe('a7 a9 V!3 V10 v11')
  })

  test('defect: receiveAudio false leaves the video', async () => {
    const { world, publisher, player } = await playing()
    player.send(streamCommand('receiveAudio', 0, false))
    await world.settle()
    player.packets.length = 0
    publisher.write(audio(41, 7), key(80, 8), audio(81, 9), inter(120, 10))
    await world.settle()
    expect(player.packets.filter(({ kind }) => kind === 'audio')).toEqual([])
    expect(names(player)).toMatch(/V8 v10$/)
  })

  test('both off is silence, until one is on again', async () => {
    const { world, publisher, player } = await playing()
    player.send(streamCommand('receiveAudio', 0, false), streamCommand('receiveVideo', 0, false))
    await world.settle()
    player.packets.length = 0
    publisher.write(key(80, 8), inter(120, 9))
    await world.settle()
    expect(names(player)).toBe('')
    player.send(streamCommand('receiveVideo', 0, true))
    await world.settle()
    publisher.write(key(160, 10))
    await world.settle()
    expect(names(player)).toMatch(/V10$/)
  })

  test('receiveAudio before play counts from the start', async () => {
    const world = new World()
    const publisher = await world.publish()
    publisher.write(...HEADERS, key(0, 4), audio(1, 5), inter(40, 6))
    await world.settle()
    const player = world.raw()
    player.send(C0C1C2, CONNECT, command('createStream', 2, null))
    player.send(streamCommand('receiveAudio', 0, false), streamCommand('play', 0, 'show'))
    await world.settle()
    expect(player.said().filter((said) => said === 'audio')).toEqual([])
    expect(player.connection.player?.tracks).toBe('video')
  })

  test('defect: pause stops the media, going on is at the newest keyframe', async () => {
    const { world, publisher, player } = await playing()
    player.session.pause(true, 1000)
    player.flush()
    await world.settle()
    expect(player.news.at(-1)).toBe('NetStream.Pause.Notify')
    publisher.write(inter(40, 6), key(80, 7), inter(120, 8), key(160, 9), inter(200, 10))
    await world.settle()
    expect(names(player)).toBe('')
    player.session.pause(false, 1000)
    player.flush()
    await world.settle()
    expect(player.news.at(-1)).toBe('NetStream.Unpause.Notify')
    expect(names(player)).toBe('V9 v10')
  })

  test.each(['closeStream', 'deleteStream'])(
    'defect: %s ends the play, the connection stays',
    async (name) => {
      const { world, publisher, player } = await playing()
      player.send(name === 'closeStream' ? streamCommand(name, 0) : command(name, 0, null, 1))
      await world.settle()
      expect(player.connection.role).toBe('none')
      expect(world.hub.stats().players).toBe(0)
      publisher.write(key(80, 8))
      await world.settle()
      expect(names(player)).toBe('')
      expect(world.log).toEqual(['publish /live/show'])
    },
  )
})

describe('an end from the inside', () => {
  test('a publisher that is kicked sees a status, and its connection ends once', async () => {
    const world = new World()
    const publisher = await world.publish()
    publisher.connection.publisher!.kick()
    await world.settle()
    expect(publisher.news).toContain('NetConnection.Connect.Closed')
    expect(publisher.ended).toBe(true)
    expect(world.log).toEqual(['publish /live/show', 'unpublish /live/show kicked', 'close #1 closed'])
  })

  test('hub.close ends publishers and players', async () => {
    const world = new World()
    const publisher = await world.publish()
    const player = await world.play()
    const waiting = await world.play('other')
    world.hub.close()
    await world.settle()
    expect(publisher.ended).toBe(true)
    expect(player.news.at(-1)).toBe('stop NetStream.Play.UnpublishNotify')
    expect(waiting.news[0]).toBe('NetStream.Play.StreamNotFound')
    const late = await world.publish()
    expect(late.news.at(-1)).toMatch(/^rejected: .*clos/)
  })

  test('server.close tells everybody, resolves when all streams are closed, and takes nobody after', async () => {
    const world = new World()
    const publisher = await world.publish()
    const player = await world.play()
    const deciding = await world.play('other')
    let closed = false
    void world.server.close().then(() => (closed = true))
    await world.settle()
    expect(closed).toBe(true)
    for (const client of [publisher, player, deciding]) {
      expect(client.news).toContain('NetConnection.Connect.AppShutdown')
      expect(client.ended).toBe(true)
    }
    expect(world.log.filter((line) => line.startsWith('close'))).toHaveLength(3)
    const late = world.raw()
    await world.settle()
    expect(late.ended).toBe(true)
    await expect(world.server.listen({ port: 0, host: '127.0.0.1' })).rejects.toThrow('closed')
  })

  test('close waits for streams that are still flushing, but not for ever', async () => {
    const world = new World()
    const player = await world.play('show', { windowBytes: 10 })
    player.stream.pause()
    let closed = false
    void world.server.close().then(() => (closed = true))
    await world.advance(1_750)
    expect(closed).toBe(false)
    await world.advance(500)
    expect(closed).toBe(true)
  })

  test('await using closes', async () => {
    const [client, far] = duplexPair()
    client.resume()
    {
      await using server = new RtmpServer({ hub: new Hub() })
      server.handle(far, { remoteAddress: '' })
      client.on('end', () => client.end())
    }
    expect(far.closed).toBe(true)
  })
})

describe('user code inside of events', () => {
  test.each(['connect', 'command', 'publish', 'data', 'unpublish'] as const)(
    'a kick inside of %s closes once and lets the stream go',
    async (kind) => {
      const world = new World()
      const seen: string[] = []
      world.server.on('sessionEvent', ({ type }, connection) => {
        seen.push(type)
        if (type === kind) connection.close('kicked')
      })
      const client = world.raw()
      const data = media(18, 0, Uint8Array.of(0x02, 0x00, 0x01, 0x61)) // 'a'
      client.send(C0C1C2, CONNECT, command('custom', 3, null), streamCommand('publish', 4, 'show'))
      await world.settle()
      client.send(streamCommand('closeStream', 0), data)
      await world.settle()
      expect(seen.at(-1)).toBe(kind)
      expect(world.log.filter((line) => line.startsWith('close'))).toEqual(['close #1 closed'])
      expect(client.ended).toBe(true)
      expect(world.hub.source('/live/show')?.publisher).toBeUndefined()
    },
  )

  test("a kick inside of the hub's news of the publish leaves no zombie", async () => {
    for (const act of ['close', 'kick'] as const) {
      const world = new World()
      world.hub.once('publish', (_source, publisher) => {
        if (act === 'kick') publisher.kick()
        else for (const connection of world.server.connections) connection.close('not you')
      })
      const first = await world.publish()
      expect(first.ended).toBe(true)
      expect(first.connection.role).toBe('none')
      expect(world.hub.source('/live/show')?.publisher).toBeUndefined()
      const second = await world.publish()
      expect(second.phase).toBe('publishing')
    }
  })

  test('a kick at the news of the connection', async () => {
    const world = new World()
    world.server.on('connection', (connection) => connection.close('not you'))
    const client = world.raw()
    await world.settle()
    expect(client.ended).toBe(true)
    expect(world.log).toEqual(['close #1 closed'])
  })

  test('custom commands may be answered at once, later, or not at all', async () => {
    const world = new World()
    world.server.on('sessionEvent', (event, connection) => {
      if (event.type !== 'command' || event.handled) return
      const { name, transactionId } = event.command
      if (name === 'now') connection.session.reply(transactionId, 'answer')
      else if (name === 'later') {
        connection.session.deferReply()
        setImmediate(() => {
          connection.session.reply(transactionId, 'afterwards')
          connection.flush()
        })
      }
    })
    const client = world.raw()
    client.send(C0C1C2, CONNECT)
    await world.settle()
    client.said()
    client.send(command('now', 5, null), command('later', 6, null), command('never', 7, null))
    await world.settle()
    expect(client.said()).toEqual(['_result 5 answer', '_result 7 null', '_result 6 afterwards'])
  })

  test('every command, data and unknown message is shown; media and the end are not', async () => {
    const world = new World()
    const seen: RtmpConnectionEvent['type'][] = []
    world.server.on('sessionEvent', ({ type }) => seen.push(type))
    const publisher = await world.publish()
    publisher.write(...HEADERS, key(0, 4), text(10, 5))
    publisher.leave()
    await world.settle()
    expect(new Set(seen)).toEqual(new Set(['connect', 'command', 'publish', 'unpublish']))
    expect(seen.filter((type) => type === 'unpublish')).toHaveLength(1)
  })
})

describe('streams that were over before they came', () => {
  test.each(['destroyed', 'ended'] as const)('%s', async (how) => {
    const world = new World()
    const [near, far] = duplexPair()
    near.resume()
    if (how === 'destroyed') far.destroy()
    else {
      near.end()
      far.resume()
      await new Promise((resolve) => far.once('end', resolve))
    }
    await settle()
    world.server.handle(far, { remoteAddress: '' })
    await world.settle()
    expect(world.log).toEqual(['close #1 closed'])
    expect(world.server.connections.size).toBe(0)
  })
})

describe('a virtual host is a hub of its own', () => {
  test('picked by the request', async () => {
    const world = new World({
      server: { hub: ({ vhost }) => (vhost === 'a.example' ? a : vhost === 'b.example' ? b : undefined) },
    })
    const a = new Hub({}, world.clock)
    const b = new Hub({}, world.clock)
    const at = (host: string): { tcUrl: string } => ({ tcUrl: `rtmp://${host}/live` })
    const atA = await world.publish('show', at('a.example'))
    const atB = await world.publish('show?vhost=b.example', at('192.0.2.9'))
    const atC = await world.publish('show', at('c.example'))
    expect([atA.phase, atB.phase]).toEqual(['publishing', 'publishing'])
    expect(atC.news).toEqual(['NetStream.Publish.BadName', 'rejected: no such virtual host'])
    const player = await world.play('show', at('c.example'))
    expect(player.news).toEqual(['NetStream.Play.StreamNotFound', 'rejected: no such virtual host'])
    expect([a.stats().sources, b.stats().sources, world.hub.stats().sources]).toEqual([1, 1, 0])
    a.close()
    b.close()
  })

  test('a function that throws turns the peer away', async () => {
    const world = new World({
      server: {
        hub: () => {
          throw new Error('of the application')
        },
      },
    })
    const publisher = await world.publish()
    expect(publisher.news.at(-1)).toBe('rejected: the decision failed')
  })
})
