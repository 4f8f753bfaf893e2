// What the fan-out costs, counted: no clock, so it is the same on every machine.
import { describe, expect, it } from 'vitest'
import { audio, audioConfig, FakeFormat, type FakeSink, inter, key, Stage, videoConfig } from './fakes.ts'

const PLAYERS = 1_000

/** 100 packets: 20 of them video, one frame every 40 ms, and audio between. @returns the number of video packets. */
function writeHundred(stage: Stage, from = 1_000): number {
  let frames = 0
  for (let i = 0; i < 100; i++) {
    const dts = from + i * 8
    if (i % 5 === 4) {
      frames++
      stage.write(inter(dts, i))
    } else stage.write(audio(dts, i))
    stage.clock.advance(8)
  }
  return frames
}

describe('a thousand players and a hundred packets', () => {
  const stage = new Stage()
  stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3))
  const sinks = Array.from({ length: PLAYERS }, () => stage.attach())
  const { created, joins, frames: joinFrames } = stage.format
  for (const sink of sinks) sink.writes.length = 0
  const frames = writeHundred(stage)

  it('join bytes are made once, the cached GOP is framed once', () => {
    // One more join tells the framing of the view what is configured.
    expect([created, joins, joinFrames]).toEqual([1, 2, 1])
  })

  it('a batch per video packet, with the audio riding along, and as many writes', () => {
    expect(stage.format.frames - joinFrames).toBe(frames)
    expect(sinks.reduce((sum, sink) => sum + sink.writes.length, 0)).toBe(frames * PLAYERS)
    expect(stage.source.stats().fanOut.flushes).toBe(frames)
  })

  it('counters know every batch, its size, and what players have not taken', () => {
    const { framing, queuedBytes, lagMs, fanOut } = stage.source.stats()
    // The cached keyframe, then four audio packets and a frame in each; 100 bytes for each packet.
    expect(framing).toEqual({ batches: frames + 1, bytes: (100 + 1) * 100, largestBatchBytes: 500 })
    expect([queuedBytes, lagMs, fanOut.longestSliceMs]).toEqual([0, 0, 0])
    const [player] = stage.source.playerStats()
    expect(player).toMatchObject({ sentBatches: frames + 2, skippedPackets: 0, skippedMs: 0 })
  })

  it('no byte is made for a player: every sink got the same arrays', () => {
    for (const sink of sinks) {
      sink.writes.forEach((bytes, i) => {
        if (bytes !== sinks[0]!.writes[i]) throw new Error('not the same array')
      })
    }
    expect(sinks[0]!.entries).toHaveLength(100)
  })

  it('one view, whatever the number of players', () => {
    expect(stage.source.stats()).toMatchObject({ views: 1, players: PLAYERS })
  })
})

it('two formats and two choices of tracks are framed once each', () => {
  const stage = new Stage()
  stage.write(key(0, 1))
  const other = new FakeFormat('other')
  const all = Array.from({ length: 30 }, (_, i) =>
    stage.attach({ format: i % 2 === 0 ? stage.format : other, tracks: i % 3 === 0 ? 'all' : 'default' }),
  )
  const before = stage.format.frames + other.frames
  const frames = writeHundred(stage)
  expect(stage.format.frames + other.frames - before).toBe(4 * frames)
  expect(new Set(all.flatMap((sink) => sink.writes.slice(2))).size).toBe(4 * frames)
})

it('nothing is framed for a view that nobody watches', () => {
  const stage = new Stage()
  stage.write(videoConfig(0, 1), key(0, 2))
  writeHundred(stage)
  expect([stage.format.created, stage.clock.pending]).toEqual([0, 0])
  const sink = stage.attach()
  writeHundred(stage, 2_000)
  const { framing } = stage.source.stats()
  sink.player!.detach()
  const { frames } = stage.format
  writeHundred(stage, 3_000)
  expect(stage.format.frames).toBe(frames)
  expect(stage.source.stats().framing).toEqual(framing)
  expect(stage.source.stats()).toMatchObject({ views: 0, batchBytes: 0 })
})

it('join bytes are built once per keyframe, however many join', () => {
  const stage = new Stage()
  stage.write(videoConfig(0, 1))
  for (let gop = 0; gop < 5; gop++) {
    stage.write(key(gop * 1_000, gop))
    const sinks = Array.from({ length: 200 }, () => stage.attach())
    expect(new Set(sinks.map((sink) => sink.writes[0])).size).toBe(1)
  }
  expect(stage.format.joins).toBe(5 + 1)
})

it('join bytes of an audio stream are built once per flush', () => {
  const stage = new Stage()
  for (let ms = 0; ms <= 600; ms += 20) stage.write(audio(ms, ms))
  const sinks = Array.from({ length: 200 }, () => stage.attach())
  expect([new Set(sinks.map((sink) => sink.writes[0])).size, stage.format.joins]).toEqual([1, 2])
})

it('a thousand that skip together get one and the same reconfiguration', () => {
  const stage = new Stage({ maxLagMs: 1_000 })
  stage.write(videoConfig(0, 1), key(0, 2))
  const sinks = Array.from({ length: PLAYERS }, () => stage.attach({ sinkBudgetBytes: 1 }))
  for (const sink of sinks) sink.queuedBytes = 1
  stage.write(videoConfig(500, 3))
  for (let gop = 1; gop < 4; gop++) stage.write(key(gop * 1_000, gop))
  for (const sink of sinks) sink.drain()
  expect(sinks[0]!.said).toBe('[V!1] V2 V!3 V3')
  for (let i = 0; i < 4; i++) expect(new Set(sinks.map((sink) => sink.writes[i])).size).toBe(1)
})

it('minFlushIntervalMs trades writes for delay', () => {
  const stage = new Stage({ minFlushIntervalMs: 350 })
  stage.write(key(0, 1))
  const sink = stage.attach()
  stage.clock.advance(350)
  const { length } = sink.writes
  writeHundred(stage)
  stage.clock.advance(350)
  expect(sink.writes.length - length).toBe(4)
  expect(sink.entries).toHaveLength(101)
})

it('a player that joins in a full house costs the others nothing', () => {
  const stage = new Stage()
  stage.write(videoConfig(0, 1), key(0, 2), inter(33, 3))
  const sinks = Array.from({ length: 100 }, () => stage.attach())
  const before = sinks.map((sink) => sink.writes.length)
  const late = stage.attach()
  expect(sinks.map((sink) => sink.writes.length)).toEqual(before)
  expect(late.writes).toEqual(sinks[0]!.writes)
})

it('ten thousand players leave one by one without a search through the rest', () => {
  const stage = new Stage()
  stage.write(key(0, 1))
  const sinks = Array.from({ length: 10_000 }, () => stage.attach())
  for (const sink of sinks) sink.player!.detach()
  expect(stage.source.stats()).toMatchObject({ players: 0, views: 0 })
})

it('a sink that ends in the middle of a round is not written to again', () => {
  const stage = new Stage()
  stage.write(key(0, 1))
  const sinks = Array.from({ length: 50 }, () => stage.attach())
  const victim = sinks[30]!
  sinks[10]!.onWrite = () => victim.player!.detach()
  stage.write(inter(33, 2))
  expect(victim.said).toBe('[] V1')
  const rest: FakeSink[] = sinks.filter((sink) => sink !== victim)
  expect(rest.every((sink) => sink.said === '[] V1 v2')).toBe(true)
})
