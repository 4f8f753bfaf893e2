import { LimitError } from 'millrace/errors'
import { Hub, type PublisherEnd, type Source, VirtualClock } from 'millrace/hub'
import { configurationPackets, type MediaPacket, packetFromTag } from 'millrace/media'
import { describe, expect, it } from 'vitest'
import {
  audio,
  audioConfig,
  endOfSequence,
  FakeFormat,
  FakeSink,
  hugeConfig,
  inter,
  key,
  metadata,
  mp3,
  nameOf,
  Stage,
  videoConfig,
} from './fakes.ts'

/** What a hub announces, in order. */
function diary(hub: Hub): string[] {
  const entries: string[] = []
  hub.on('publish', ({ streamPath }, { userData }) =>
    entries.push(`publish ${streamPath} ${String(userData)}`),
  )
  hub.on('unpublish', ({ streamPath }, reason, { userData }) =>
    entries.push(`unpublish ${streamPath} ${String(userData)} ${reason}`),
  )
  hub.on('close', ({ streamPath }) => entries.push(`close ${streamPath}`))
  return entries
}

describe('a reconnect within the grace time', () => {
  it('kicks nobody, goes on in time, and starts the picture with a keyframe', () => {
    const stage = new Stage({ graceMs: 10_000 })
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3), audio(10, 4))
    const sink = stage.attach()
    stage.write(inter(33, 5), endOfSequence(40))
    stage.publisher.unpublish()
    stage.clock.advance(9_999)
    stage.republish()
    stage.clock.advance(60_000)
    stage.write(inter(500_000, 6), audioConfig(500_000, 7), videoConfig(500_000, 8), inter(500_033, 9))
    stage.write(audio(500_060, 10), key(500_066, 11), inter(500_100, 12))
    expect(sink.ended).toEqual([])
    expect(sink.said).toMatch(/^\[A!1 V!2\] V3 a4 v5 end A!7 V!8 a10 V11 v12$/)
    const { entries } = sink
    expect(entries.slice(-3).map(({ dts }) => dts)).toEqual([70_032, 70_038, 70_072])
    for (let i = 1; i < entries.length; i++)
      expect(entries[i]!.dts).toBeGreaterThanOrEqual(entries[i - 1]!.dts)
    expect(stage.source.stats()).toMatchObject({ publishCount: 2, droppedBeforeKeyframe: 2, clockJumps: 0 })
  })

  it('offers no start and no configuration of the old publisher to those who join then', () => {
    const stage = new Stage()
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3))
    stage.republishAfter(10)
    const sink = stage.attach()
    expect(configurationPackets(stage.source.configuration)).toEqual([])
    stage.write(videoConfig(0, 4), key(0, 5))
    expect(sink.said).toBe('[V!4] V5')
  })

  it('shows what was held at the end at once', () => {
    const stage = new Stage()
    stage.write(key(0, 1))
    const sink = stage.attach()
    stage.write(audio(10, 2))
    expect(sink.said).toBe('[] V1')
    stage.publisher.unpublish()
    stage.clock.turn()
    expect(sink.said).toBe('[] V1 a2')
    expect(stage.clock.pending).toBe(1)
  })

  it('the time until the first media counts, the time of a first publish does not', () => {
    const stage = new Stage()
    stage.clock.advance(7_000)
    stage.write(key(0, 1), inter(1_000, 2))
    stage.clock.advance(1_000)
    stage.republishAfter(500)
    stage.clock.advance(200)
    stage.write(videoConfig(0, 3))
    stage.clock.advance(300)
    stage.write(key(0, 4))
    expect(stage.source.lastDts).toBe(1_000 + 1_000 + 500 + 500)
  })
})

describe('the end', () => {
  it('comes when nobody returned within the grace time, once, with the reason', () => {
    const stage = new Stage({ graceMs: 5_000 })
    const events = diary(stage.hub)
    stage.write(key(0, 1))
    const sink = stage.attach()
    stage.publisher.unpublish()
    stage.clock.advance(4_999)
    expect([sink.ended, stage.source.closed]).toEqual([[], false])
    stage.clock.advance(1)
    expect([sink.ended, sink.player!.state, stage.source.closed]).toEqual([['unpublished'], 'closed', true])
    expect(events).toEqual(['unpublish /live/show undefined unpublished', 'close /live/show'])
    expect([stage.hub.source('/live/show'), stage.hub.stats().sources, stage.clock.pending]).toEqual([
      undefined,
      0,
      0,
    ])
    stage.source.close()
    sink.player!.detach()
    expect([sink.ended, events.length]).toEqual([['unpublished'], 2])
  })

  it('is told to the publisher, players and consumers when the source is closed', () => {
    const stage = new Stage()
    const lost: PublisherEnd[] = []
    stage.publisher = stage.hub.publish('/live/other', { onLost: (reason) => lost.push(reason) })
    const source = stage.hub.source('/live/other')!
    const sink = new FakeSink()
    source.attach(sink, { format: stage.format })
    const consumer = source.consume()
    stage.publisher.write(key(0, 1))
    source.close()
    expect([lost, stage.publisher.ended, sink.ended, sink.said]).toEqual([
      ['closed'],
      'closed',
      ['closed'],
      '[] V1',
    ])
    expect([consumer.read()?.keyframe, consumer.read(), consumer.ended]).toEqual([true, undefined, true])
    stage.publisher.write(key(1, 2))
    expect(source.stats().receivedPackets).toBe(1)
  })

  it('nothing can be attached after it', () => {
    const stage = new Stage()
    stage.source.close()
    expect(() => stage.attach()).toThrow(RangeError)
    expect(() => stage.source.consume()).toThrow(RangeError)
    expect(stage.source.stats()).toMatchObject({ live: false, players: 0, views: 0 })
  })

  it('a grace time of 0 ends with the next turn of the timers', () => {
    const stage = new Stage({ graceMs: 0 })
    stage.publisher.unpublish()
    expect(stage.source.closed).toBe(false)
    stage.clock.advance(0)
    expect(stage.source.closed).toBe(true)
  })
})

describe('a second publisher', () => {
  it('is refused, and the first one goes on', () => {
    const stage = new Stage()
    expect(() => stage.hub.publish('/live/show')).toThrow(
      expect.objectContaining({ code: 'ERR_STREAM_BUSY' }),
    )
    expect(() => stage.hub.publish('/live/show', { takeOver: false })).toThrow('is being published')
    stage.write(key(0, 1))
    expect(stage.source.stats()).toMatchObject({ publishCount: 1, receivedPackets: 1 })
  })

  it.each([
    ['by option', {}, { takeOver: true }],
    ['by policy', { secondPublisher: 'take-over' }, {}],
  ] as const)('takes over %s: old packets are dropped, players stay', (_, hubOptions, options) => {
    const clock = new VirtualClock()
    const hub = new Hub(hubOptions, clock)
    const events = diary(hub)
    const lost: PublisherEnd[] = []
    const first = hub.publish('/a/b', { userData: 1, onLost: (reason) => lost.push(reason) })
    first.write(key(0, 1))
    const source = hub.source('/a/b')!
    const sink = new FakeSink()
    source.attach(sink, { format: new FakeFormat() })
    const second = hub.publish('/a/b', { ...options, userData: 2 })
    first.write(inter(10, 2))
    first.unpublish()
    second.write(key(0, 3))
    clock.turn()
    expect([lost, first.ended, second.ended]).toEqual([['taken-over'], 'taken-over', undefined])
    expect(sink.said).toBe('[] V1 V3')
    expect(events).toEqual(['publish /a/b 1', 'unpublish /a/b 1 taken-over', 'publish /a/b 2'])
    expect([source.publisher, clock.pending]).toEqual([second, 0])
  })

  it('may be told by option not to take over although the policy says so', () => {
    const stage = new Stage({ secondPublisher: 'take-over' })
    expect(() => stage.hub.publish('/live/show', { takeOver: false })).toThrow('is being published')
  })
})

describe('listeners that call back', () => {
  it('publish → kick: the publisher is over before publish returns, and its owner was told', () => {
    const hub = new Hub({}, new VirtualClock())
    const events = diary(hub)
    const lost: PublisherEnd[] = []
    hub.on('publish', (_, publisher) => publisher.kick())
    const publisher = hub.publish('/a/b', { onLost: (reason) => lost.push(reason) })
    expect([publisher.ended, lost, hub.source('/a/b')!.publisher]).toEqual(['kicked', ['kicked'], undefined])
    expect(events).toEqual(['publish /a/b undefined', 'unpublish /a/b undefined kicked'])
  })

  it('publish → close of the hub', () => {
    const clock = new VirtualClock()
    const hub = new Hub({}, clock)
    hub.on('publish', () => hub.close())
    const publisher = hub.publish('/a/b')
    publisher.write(key(0, 1))
    expect([publisher.ended, hub.stats().sources, clock.pending]).toEqual(['closed', 0, 0])
  })

  it('publish → attach and write', () => {
    const clock = new VirtualClock()
    const hub = new Hub({}, clock)
    const sink = new FakeSink()
    hub.on('publish', (source, publisher) => {
      source.attach(sink, { format: new FakeFormat() })
      publisher.write(key(0, 1))
    })
    hub.publish('/a/b')
    clock.turn()
    expect(sink.said).toBe('[] V1')
  })

  it('unpublish → publish: the stream goes on with the new one, and no grace time runs', () => {
    const stage = new Stage()
    const events = diary(stage.hub)
    let next: ReturnType<Hub['publish']> | undefined
    stage.hub.once('unpublish', () => (next = stage.hub.publish('/live/show', { userData: 'next' })))
    stage.publisher.unpublish()
    expect([stage.source.publisher, stage.clock.pending]).toEqual([next, 0])
    expect(events).toEqual(['unpublish /live/show undefined unpublished', 'publish /live/show next'])
    stage.clock.advance(60_000)
    expect(stage.source.closed).toBe(false)
  })

  it('unpublish of a take-over → publish: refused, so there is one publisher', () => {
    const stage = new Stage()
    const seen: unknown[] = []
    stage.hub.once('unpublish', () => {
      try {
        stage.hub.publish('/live/show')
      } catch (error) {
        seen.push(error)
      }
    })
    const second = stage.hub.publish('/live/show', { takeOver: true })
    expect(seen).toEqual([expect.objectContaining({ code: 'ERR_STREAM_BUSY' })])
    expect(stage.source.publisher).toBe(second)
  })

  it('unpublish of a take-over → take over: the last one has it, and the one in between was never announced', () => {
    const stage = new Stage()
    const events = diary(stage.hub)
    const lost: PublisherEnd[] = []
    stage.hub.once('unpublish', () => stage.hub.publish('/live/show', { takeOver: true, userData: 3 }))
    const options = { takeOver: true, userData: 2, onLost: (reason: PublisherEnd) => lost.push(reason) }
    const second = stage.hub.publish('/live/show', options)
    expect([second.ended, lost]).toEqual(['taken-over', ['taken-over']])
    expect(stage.source.publisher!.userData).toBe(3)
    expect(events).toEqual(['unpublish /live/show undefined taken-over', 'publish /live/show 3'])
    second.write(key(0, 1))
    second.unpublish()
    expect(stage.source.stats()).toMatchObject({ receivedPackets: 0, live: true })
  })

  it('unpublish → close', () => {
    const stage = new Stage()
    const events = diary(stage.hub)
    stage.source.once('unpublish', () => stage.source.close())
    const sink = stage.attach()
    stage.publisher.unpublish()
    stage.clock.turn()
    expect([sink.ended, stage.clock.pending, events.at(-1)]).toEqual([['closed'], 0, 'close /live/show'])
  })

  it('unpublish of a close → publish: a new source, at once', () => {
    const stage = new Stage()
    stage.hub.once('unpublish', () => stage.hub.publish('/live/show'))
    stage.source.close()
    const fresh = stage.hub.source('/live/show')!
    expect([fresh === stage.source, fresh.closed, fresh.stats().live]).toEqual([false, false, true])
    expect(stage.hub.stats().sources).toBe(1)
  })

  it('close → publish: a new source', () => {
    const stage = new Stage({ graceMs: 10 })
    stage.hub.once('close', () => stage.hub.publish('/live/show'))
    stage.publisher.unpublish()
    stage.clock.advance(10)
    expect(stage.hub.source('/live/show')!.stats().live).toBe(true)
  })

  it('onLost → publish', () => {
    const stage = new Stage()
    const other = stage.hub.publish('/x/y', {
      onLost: () => stage.hub.publish('/x/y', { userData: 'again' }),
    })
    other.kick()
    expect(stage.hub.source('/x/y')!.publisher!.userData).toBe('again')
  })

  it('configuration → kick, close, write: the packet was taken', () => {
    const stage = new Stage()
    stage.source.once('configuration', () => stage.publisher.kick())
    stage.write(videoConfig(0, 1))
    stage.write(key(0, 2))
    expect(stage.source.stats().receivedPackets).toBe(1)
    stage.republish()
    stage.source.once('configuration', () => stage.publisher.write(key(0, 4)))
    stage.write(videoConfig(0, 3))
    const consumer = stage.source.consume()
    expect([nameOf(consumer.read()!), nameOf(consumer.read()!)]).toEqual(['V!3', 'V4'])
    stage.source.once('configuration', () => stage.source.close())
    stage.write(videoConfig(1, 5))
    expect(stage.source.closed).toBe(true)
  })

  it('idle → close', () => {
    const stage = new Stage()
    stage.source.on('idle', () => stage.source.close())
    const sink = stage.attach()
    sink.player!.detach()
    expect([stage.source.closed, sink.ended]).toEqual([true, []])
  })

  it('end of a sink → attach elsewhere, detach', () => {
    const stage = new Stage()
    const sink = stage.attach()
    const other = stage.attach()
    sink.end = () => {
      sink.player!.detach()
      other.player!.detach()
    }
    stage.source.close()
    expect([other.ended, stage.source.stats().views]).toEqual([[], 0])
  })
})

describe('idle', () => {
  it('is announced when the last player, consumer or viewer has left', () => {
    const stage = new Stage()
    let idle = 0
    stage.source.on('idle', () => idle++)
    const sink = stage.attach()
    const consumer = stage.source.consume()
    const leave = stage.source.countViewer()
    expect([stage.source.audience, stage.source.stats()]).toMatchObject([
      3,
      { players: 1, consumers: 1, viewers: 1 },
    ])
    sink.player!.detach()
    consumer.detach()
    expect(idle).toBe(0)
    leave()
    leave()
    expect([idle, stage.source.audience]).toEqual([1, 0])
    stage.attach().player!.detach()
    expect(idle).toBe(2)
  })

  it('not by a source that closes', () => {
    const stage = new Stage()
    let idle = 0
    stage.source.on('idle', () => idle++)
    const leave = stage.source.countViewer()
    stage.attach()
    stage.source.consume()
    stage.source.close()
    leave()
    expect(idle).toBe(0)
  })
})

describe('what it tells', () => {
  it('configuration, once per change, after the packet is in', () => {
    const stage = new Stage()
    const seen: string[] = []
    stage.source.on('configuration', (set) => seen.push(configurationPackets(set).map(nameOf).join(' ')))
    stage.write(
      metadata(0, 1),
      videoConfig(0, 2),
      videoConfig(0, 2),
      key(0, 3),
      videoConfig(1, 4),
      metadata(1, 1),
    )
    expect(seen).toEqual(['M!1', 'M!1 V!2', 'M!1 V!4'])
    expect(stage.source.configuration.video.map(nameOf)).toEqual(['V!4'])
  })

  it('codecs of the present publisher, also without configuration', () => {
    const stage = new Stage()
    expect([stage.source.audioCodec, stage.source.videoCodec]).toEqual(['', ''])
    stage.write(mp3(0, 1), key(0, 2))
    expect([stage.source.audioCodec, stage.source.videoCodec]).toEqual(['.mp3', 'avc1'])
    stage.republishAfter(1)
    expect([stage.source.audioCodec, stage.source.videoCodec]).toEqual(['', ''])
  })

  it('stats and uptime', () => {
    const stage = new Stage()
    stage.clock.advance(1_000)
    stage.write(videoConfig(0, 1), key(0, 2), inter(40, 3))
    stage.attach()
    expect(stage.source.stats()).toEqual({
      streamPath: '/live/show',
      live: true,
      publishCount: 1,
      players: 1,
      consumers: 0,
      viewers: 0,
      receivedBytes: 14 + 9 + 9,
      receivedPackets: 3,
      cachedBytes: 18,
      cachedMs: 40,
      batchBytes: 200,
      views: 1,
      framing: { batches: 1, bytes: 200, largestBatchBytes: 200 },
      queuedBytes: 0,
      lagMs: 0,
      lastDts: 40,
      clockJumps: 0,
      droppedBeforeKeyframe: 0,
      oversizedGops: 0,
      fanOut: { flushes: 0, lastRoundMs: 0, longestRoundMs: 0, longestSliceMs: 0 },
    })
    expect([stage.source.uptimeMs, stage.source.playerCount, stage.source.players.length]).toEqual([
      1_000, 1, 1,
    ])
    stage.publisher.unpublish()
    expect(stage.source.uptimeMs).toBe(0)
  })
})

it('configuration beyond its bound is thrown to the one who writes it, and the stream is as before', () => {
  const stage = new Stage()
  stage.write(videoConfig(0, 1), key(0, 2))
  const sink = stage.attach()
  expect(() => stage.publisher.write(hugeConfig(10))).toThrow(LimitError)
  stage.write(inter(33, 3))
  expect(sink.said).toBe('[V!1] V2 v3')
  stage.publisher.unpublish()
  stage.clock.advance(60_000)
  expect([sink.ended, stage.clock.pending]).toEqual([['unpublished'], 0])
})

it('a clock that is kept (atc) makes no stream audio-only by its first timestamp', () => {
  const stage = new Stage({ atc: true })
  const sink = stage.attach()
  stage.write(audioConfig(90_000_000, 1), audio(90_000_000, 2))
  stage.clock.advance(60)
  expect(sink.player!.state).toBe('waiting')
  stage.write(videoConfig(90_000_020, 3), key(90_000_020, 4))
  expect(sink.entries.map(({ name, dts }) => `${name}@${dts}`).join(' ')).toBe(
    'A!1@90000020 V!3@90000020 V4@90000020',
  )
})

it('the configuration of an unknown codec is known by its packet type, and comes to those who join late', () => {
  const stage = new Stage()
  // ExVideoTagHeader: 1 | frame type 1 | packet type 0, fourCC 'zzzz'; then a coded keyframe (packet type 1) of it.
  stage.publisher.write(packetFromTag(9, 0, Uint8Array.of(0x90, 0x7a, 0x7a, 0x7a, 0x7a, 1)))
  stage.publisher.write(packetFromTag(9, 0, Uint8Array.of(0x91, 0x7a, 0x7a, 0x7a, 0x7a, 2)))
  stage.publisher.write(packetFromTag(9, 40, Uint8Array.of(0xa1, 0x7a, 0x7a, 0x7a, 0x7a, 3)))
  expect(configurationPackets(stage.source.configuration)).toHaveLength(1)
  const consumer = stage.source.consume()
  const read = [consumer.read(), consumer.read(), consumer.read(), consumer.read()]
  expect(read.map((packet) => packet?.body.at(-1))).toEqual([1, 2, 3, undefined])
})

it('defect: a kicked publisher whose source is taken by another does not end it', () => {
  const stage = new Stage()
  const first = stage.publisher
  const second = stage.hub.publish('/live/show', { takeOver: true })
  first.kick()
  first.unpublish()
  expect([first.ended, second.ended, stage.source.publisher]).toEqual(['taken-over', undefined, second])
  stage.clock.advance(60_000)
  expect(stage.source.closed).toBe(false)
})

it('defect: audio and video of a republish share one offset', () => {
  const stage = new Stage()
  const dts: Record<string, number[]> = { audio: [], video: [] }
  const consumer = stage.source.consume()
  for (let round = 0; round < 50; round++) {
    const origin = round * 1_000_003
    for (let i = 0; i < 10; i++) {
      stage.write(i === 0 ? key(origin) : inter(origin + i * 33), audio(origin + i * 33 + 7))
      stage.clock.advance(33)
      for (let packet = consumer.read(); packet !== undefined; packet = consumer.read())
        dts[packet.kind]!.push(packet.dts)
    }
    stage.republishAfter(17)
  }
  expect(dts['video']).toHaveLength(500)
  dts['audio']!.forEach((time, i) => expect(time - dts['video']![i]!).toBe(7))
})

it('views are told apart by their format, not by its name', () => {
  const stage = new Stage()
  stage.write(key(0, 1))
  const one = new FakeFormat('same')
  const two = new FakeFormat('same')
  stage.attach({ format: one })
  stage.attach({ format: two })
  stage.attach({ format: two, tracks: 'all' })
  expect([one.created, two.created, stage.source.stats().views]).toEqual([1, 2, 3])
})

it('track 1 of a multitrack stream does not trigger a flush of its own', () => {
  const stage = new Stage()
  stage.write(key(0, 1))
  const sink = stage.attach({ tracks: 'all' })
  const before = stage.source.stats().fanOut.flushes
  // ExVideoTagHeader: 1 | frame type 2 | packet type 6 Multitrack; OneTrack | CodedFramesX; fourCC; track 1.
  const track1 = Uint8Array.of(0xa6, 0x03, 0x61, 0x76, 0x63, 0x31, 0x01, 0, 0, 0, 9)
  stage.write(packetFromTag(9, 33, track1))
  expect(stage.source.stats().fanOut.flushes).toBe(before)
  stage.write(inter(33, 2))
  expect([sink.said, stage.source.stats().fanOut.flushes]).toEqual(['[] V1 v9 v2', before + 1])
})

it('a source tells who attached, detaches them by hand, and counts them', () => {
  const stage = new Stage()
  const sinks = Array.from({ length: 5 }, (_, i) => stage.attach({ userData: i }))
  const source: Source = stage.source
  expect(source.players.map(({ userData }) => userData)).toEqual([0, 1, 2, 3, 4])
  for (const player of source.players) if (player.userData !== 3) player.detach()
  expect([source.playerCount, stage.hub.stats().players, sinks[3]!.player!.state]).toEqual([1, 1, 'waiting'])
})

describe('a publisher', () => {
  it('knows its source', () => {
    const hub = new Hub({}, new VirtualClock())
    const publisher = hub.publish('/live/show')
    expect(publisher.source).toBe(hub.source('/live/show'))
  })

  it('sends everything that an iterable gives, and stops reading it when the stream is lost', async () => {
    const hub = new Hub({}, new VirtualClock())
    const publisher = hub.publish('/live/show')
    await publisher.send([videoConfig(0, 1), key(0, 2), inter(40, 3)])
    expect(publisher.source.stats().receivedPackets).toBe(3)
    let given = 0
    async function* endless(): AsyncGenerator<MediaPacket> {
      for (;;) {
        given++
        yield inter(80, given)
        if (given === 2) publisher.kick()
        await Promise.resolve()
      }
    }
    await publisher.send(endless())
    expect(given).toBe(3)
    expect(publisher.source.stats().receivedPackets).toBe(5)
  })

  it('keeps its own timestamps when it says so, whatever the hub does with those of others', () => {
    const clock = new VirtualClock()
    const hub = new Hub({ maxJumpMs: 1_000 }, clock)
    const rendition = hub.publish('/live/show', { atc: true })
    const dtsOf = (): (number | undefined)[] => [rendition.source.lastDts, rendition.source.log.at(0)?.dts]
    rendition.write(key(70_000, 1))
    expect(dtsOf()).toEqual([70_000, 70_000])
    hub.setOptions({ maxJumpMs: 2_000 })
    rendition.unpublish()
    clock.advance(500)
    const again = hub.publish('/live/show', { atc: true })
    again.write(key(170_000, 2))
    expect(again.source.lastDts).toBe(170_000)
    again.unpublish()
    clock.advance(100)
    const other = hub.publish('/live/show')
    other.write(key(5, 3))
    expect(other.source.lastDts).toBe(170_100)
  })
})
