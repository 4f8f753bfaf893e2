import { describe, expect, it } from 'vitest'
import { audio, audioConfig, type FakeSink, inter, key, metadata, Stage, videoConfig } from './fakes.ts'

/** A player whose sink takes nothing any more. */
function stalled(stage: Stage): FakeSink {
  const sink = stage.attach({ sinkBudgetBytes: 1 })
  sink.stalled = true
  sink.queuedBytes = 1
  return sink
}

/** GOPs of 1 s with 3 frames: keyframe, inter, inter. Ids count up. */
function gops(stage: Stage, from: number, to: number): void {
  for (let gop = from; gop < to; gop++) {
    stage.write(key(gop * 1_000, gop * 10))
    stage.write(inter(gop * 1_000 + 333, gop * 10 + 1))
    stage.write(inter(gop * 1_000 + 666, gop * 10 + 2))
  }
}

describe('a sink that stalls', () => {
  it('costs nothing but the shared log, and misses nothing while it lags less than maxLagMs', () => {
    const stage = new Stage({ maxLagMs: 3_000 })
    stage.write(videoConfig(0, 1), key(0, 0))
    const sink = stalled(stage)
    gops(stage, 1, 4)
    expect(sink.writes).toHaveLength(2)
    expect(sink.awaits).toBeGreaterThan(0)
    sink.drain()
    expect(sink.said).toBe('[V!1] V0 V10 v11 v12 V20 v21 v22 V30 v31 v32')
    expect(sink.player!.stats()).toMatchObject({ skips: 0, skippedPackets: 0, skippedMs: 0, lagMs: 0 })
  })

  it('beyond that goes on at the newest keyframe; the skip is counted once, in packets and ms', () => {
    const stage = new Stage({ maxLagMs: 3_000 })
    stage.write(videoConfig(0, 1), key(0, 0))
    const sink = stalled(stage)
    gops(stage, 1, 8)
    sink.drain()
    expect(sink.said).toBe('[V!1] V0 V70 v71 v72')
    // V10 to v62: six GOPs of three packets, 0 ms to 7,000 ms.
    expect(sink.player!.stats()).toMatchObject({ skips: 1, skippedPackets: 18, skippedMs: 7_000 })
  })

  it('tells its lag also when the log has dropped what is next, from what was sent last', () => {
    const stage = new Stage({ maxCachePackets: 5 })
    stage.write(key(0, 0))
    const sink = stalled(stage)
    for (let id = 1; id < 9; id++) stage.write(inter(id * 100, id))
    expect(sink.player!.stats().lagMs).toBe(800)
    expect(stage.source.stats().lagMs).toBe(800)
  })

  it('does not hold the log beyond maxLagMs', () => {
    const stage = new Stage({ maxLagMs: 2_000 })
    stage.write(key(0, 0))
    stalled(stage)
    gops(stage, 1, 30)
    expect(stage.source.stats()).toMatchObject({ cachedMs: 666, cachedBytes: 3 * 9 })
  })

  it('configuration that changed in between comes before the keyframe, at its time; the rest is not repeated', () => {
    const stage = new Stage({ maxLagMs: 1_000 })
    stage.write(metadata(0, 1), audioConfig(0, 2), videoConfig(0, 3), key(0, 0))
    const sink = stalled(stage)
    gops(stage, 1, 5)
    stage.write(videoConfig(5_000, 4))
    gops(stage, 5, 6)
    sink.drain()
    expect(sink.said).toBe('[M!1 A!2 V!3] V0 V!4 V50 v51 v52')
    expect(sink.entries.find(({ name }) => name === 'V!4')!.dts).toBe(5_000)
  })

  it('nothing is repeated when nothing changed, or when it changed back', () => {
    const stage = new Stage({ maxLagMs: 1_000 })
    stage.write(audioConfig(0, 2), videoConfig(0, 3), key(0, 0))
    const sink = stalled(stage)
    gops(stage, 1, 5)
    stage.write(videoConfig(5_000, 4))
    gops(stage, 5, 6)
    stage.write(videoConfig(6_000, 3))
    gops(stage, 6, 7)
    sink.drain()
    expect(sink.said).toBe('[A!2 V!3] V0 V60 v61 v62')
  })

  it('what was sent in line is known', () => {
    const stage = new Stage({ maxLagMs: 1_000 })
    stage.write(videoConfig(0, 1), key(0, 0))
    const sink = stage.attach({ sinkBudgetBytes: 1 })
    stage.write(videoConfig(500, 2), inter(600, 3))
    sink.queuedBytes = 1
    gops(stage, 1, 5)
    sink.drain()
    expect(sink.said).toBe('[V!1] V0 V!2 v3 V40 v41 v42')
  })

  it('a change behind the newest keyframe comes in line, after it', () => {
    const stage = new Stage({ maxLagMs: 1_000 })
    stage.write(videoConfig(0, 1), key(0, 0))
    const sink = stalled(stage)
    gops(stage, 1, 5)
    stage.write(audioConfig(4_700, 9), audio(4_710, 8))
    stage.clock.advance(50)
    sink.drain()
    expect(sink.said).toBe('[V!1] V0 V40 v41 v42 A!9 a8')
  })

  it('one that stalls again and again is written to only below its budget', () => {
    const stage = new Stage({ maxLagMs: 1_000 })
    stage.write(key(0, 0))
    const sink = stalled(stage)
    for (let gop = 1; gop < 40; gop++) {
      gops(stage, gop, gop + 1)
      expect(sink.queuedBytes).toBeLessThanOrEqual(100)
      sink.take()
    }
    const { skips, skippedPackets } = sink.player!.stats()
    const shown = sink.entries.length
    expect(skips).toBeGreaterThan(5)
    // Everything was either shown, or skipped, or still waits.
    expect(shown + skippedPackets).toBeGreaterThan(1 + 39 * 3 - 6)
    for (const [i, { name }] of sink.entries.entries()) {
      if (name.startsWith('V') || i === 0) continue
      const before = sink.entries[i - 1]!.name
      expect(Number(name.slice(1)) - Number(before.slice(1))).toBe(1)
    }
  })
})

describe('without a newer keyframe', () => {
  it('a player that lags waits for its turn while the log has room', () => {
    const stage = new Stage({ maxLagMs: 1_000 })
    stage.write(key(0, 0))
    const sink = stalled(stage)
    for (let id = 1; id < 20; id++) stage.write(inter(id * 500, id))
    sink.drain()
    expect(sink.entries).toHaveLength(20)
    expect(sink.player!.stats().skips).toBe(0)
  })

  it('falls out of the log with a GOP that outgrew it, and waits for a keyframe: never an inter frame', () => {
    const stage = new Stage({ maxCachePackets: 5 })
    stage.write(videoConfig(0, 1), key(0, 0))
    const healthy = stage.attach()
    const sink = stalled(stage)
    for (let id = 1; id < 20; id++) stage.write(inter(id * 33, id))
    sink.drain()
    expect([sink.said, sink.player!.state]).toEqual(['[V!1] V0', 'waiting'])
    stage.write(inter(660, 20))
    stage.write(key(700, 21))
    stage.write(inter(733, 22))
    expect(sink.said).toBe('[V!1] V0 V21 v22')
    expect(sink.player!.stats()).toMatchObject({ skips: 1, skippedPackets: 20, skippedMs: 700 })
    // Readers inside the GOP go on.
    expect(healthy.entries).toHaveLength(24)
    expect(healthy.player!.stats().skips).toBe(0)
    expect(stage.source.stats().oversizedGops).toBe(1)
  })

  it('a GOP that outgrew the log offers no start: who joins waits for the next keyframe', () => {
    const stage = new Stage({ maxCachePackets: 5 })
    stage.write(videoConfig(0, 1), key(0, 0))
    for (let id = 1; id < 10; id++) stage.write(inter(id * 33, id))
    const sink = stage.attach()
    stage.write(inter(400, 10))
    expect(sink.said).toBe('')
    stage.write(key(433, 11), inter(466, 12))
    expect(sink.said).toBe('[V!1] V11 v12')
  })
})

it('audio alone resumes anywhere', () => {
  const stage = new Stage({ maxLagMs: 1_000 })
  stage.write(audioConfig(0, 1))
  for (let ms = 0; ms <= 500; ms += 20) stage.write(audio(ms, ms))
  const sink = stalled(stage)
  for (let ms = 520; ms <= 5_000; ms += 20) {
    stage.write(audio(ms, ms))
    stage.clock.advance(20)
  }
  sink.drain()
  stage.clock.advance(60)
  stage.write(audio(5_020, 5_020))
  stage.clock.advance(50)
  expect(sink.said).toMatch(/^\[A!1\] .*a5020$/)
  expect(sink.player!.stats().skips).toBe(1)
  expect(sink.player!.stats().skippedPackets).toBeGreaterThan(150)
})

it('a long flush interval is nobody’s lag', () => {
  const stage = new Stage({ maxLagMs: 100, minFlushIntervalMs: 350 })
  stage.write(audioConfig(0, 1))
  for (let ms = 0; ms <= 500; ms += 20) stage.write(audio(ms, ms))
  const sink = stage.attach()
  for (let ms = 520; ms <= 3_000; ms += 20) {
    stage.write(audio(ms, ms))
    stage.clock.advance(20)
  }
  expect(sink.player!.stats()).toMatchObject({ skips: 0 })
  expect(sink.entries.length).toBeGreaterThan(100)
})

it('a jump over the whole log costs those who keep up nothing', () => {
  const stage = new Stage({ maxCacheMs: 1_000, maxJumpMs: 10_000, minFlushIntervalMs: 350 })
  stage.write(key(0, 0))
  const sink = stage.attach()
  const reader = stage.source.consume()
  stage.write(inter(33, 1), inter(66, 2))
  stage.write(inter(5_000, 3))
  stage.clock.advance(400)
  expect(sink.said).toBe('[] V0 v1 v2 v3')
  expect(sink.player!.stats().skips).toBe(0)
  reader.detach()
})

it('the batch that a player is at leaves with the log, not one GOP later', () => {
  const stage = new Stage()
  stage.write(key(0, 0))
  stage.attach()
  for (let gop = 1; gop < 10; gop++) {
    gops(stage, gop, gop + 1)
    expect(stage.source.log.head - stage.source.log.first).toBe(3)
    expect(stage.source.stats().batchBytes).toBe(300)
  }
})
