import { describe, expect, it } from 'vitest'
import { audio, audioConfig, FakeSink, inter, key, metadata, mp3, Stage, videoConfig } from './fakes.ts'

describe('joining', () => {
  it('configuration as it was at the start, then the GOP, keyframe first', () => {
    const stage = new Stage()
    stage.write(metadata(0, 1), audioConfig(0, 2), videoConfig(0, 3), key(0, 4), audio(10, 5), inter(33, 6))
    stage.write(audioConfig(40, 7), inter(66, 8))
    const sink = stage.attach()
    expect(sink.said).toBe('[M!1 A!2 V!3] V4 a5 v6 A!7 v8')
    expect(sink.player!.state).toBe('playing')
    expect(sink.entries.slice(0, 4).map(({ dts }) => dts)).toEqual([0, 0, 0, 0])
  })

  it('join bytes carry the dts of the start', () => {
    const stage = new Stage()
    stage.write(
      audioConfig(0, 1),
      videoConfig(0, 2),
      key(0, 3),
      inter(1_000, 4),
      key(2_000, 5),
      inter(2_033, 6),
    )
    expect(stage.attach().entries).toEqual([
      { name: 'A!1', dts: 2_000, joined: true, repeated: false },
      { name: 'V!2', dts: 2_000, joined: true, repeated: false },
      { name: 'V5', dts: 2_000, joined: false, repeated: false },
      { name: 'v6', dts: 2_033, joined: false, repeated: false },
    ])
  })

  it('goes on with what comes, in order', () => {
    const stage = new Stage()
    stage.write(videoConfig(0, 1), key(0, 2))
    const sink = stage.attach()
    stage.write(inter(33, 3), audio(40, 4))
    stage.write(inter(66, 5))
    expect(sink.said).toBe('[V!1] V2 v3 a4 v5')
  })

  it('before the first packet: waits, and starts with the first keyframe', () => {
    const stage = new Stage()
    const sink = stage.attach()
    expect([sink.said, sink.player!.state]).toEqual(['', 'waiting'])
    stage.write(metadata(0, 1), videoConfig(0, 2), audioConfig(0, 3))
    stage.write(audio(0, 4))
    expect(sink.writes).toHaveLength(0)
    stage.write(key(10, 5), inter(43, 6))
    expect(sink.said).toBe('[M!1 A!3 V!2] V5 v6')
  })

  it('several keyframes between two flushes: who waited for the first begins there', () => {
    const stage = new Stage()
    const sink = stage.attach()
    const waits = stage.attach({ start: 'keyframe' })
    stage.write(videoConfig(0, 1), key(0, 2), inter(33, 3), videoConfig(60, 4), key(66, 5), inter(100, 6))
    stage.write(key(133, 7))
    expect(sink.said).toBe('[V!1] V2 v3 V!4 V5 v6 V7')
    expect(waits.said).toBe(sink.said)
    expect(sink.player!.stats()).toMatchObject({ skips: 0, skippedPackets: 0 })
    expect(stage.attach().said).toBe('[V!4] V7')
  })

  it('several keyframes in one flush: who resumes before its start begins at the newest', () => {
    const stage = new Stage({ gops: 3 })
    const sink = stage.attach()
    sink.player!.pause()
    stage.write(videoConfig(0, 1), key(0, 2), key(33, 3), key(66, 4))
    sink.player!.resume()
    expect(sink.said).toBe('[V!1] V4')
  })

  it('a publisher that begins in the middle of a GOP: its inter frames reach nobody', () => {
    const stage = new Stage()
    const early = stage.attach()
    stage.write(videoConfig(0, 1), inter(0, 2), audio(5, 3), inter(33, 4))
    const later = stage.attach()
    stage.write(inter(66, 5), key(100, 6), inter(133, 7))
    expect([early.said, later.said]).toEqual(['[V!1] V6 v7', '[V!1] V6 v7'])
    expect(stage.source.stats().droppedBeforeKeyframe).toBe(3)
  })

  it('start: keyframe waits for the next one', () => {
    const stage = new Stage({ start: 'keyframe' })
    stage.write(videoConfig(0, 1), key(0, 2), inter(33, 3))
    const sink = stage.attach()
    const gop = stage.attach({ start: 'gop' })
    stage.write(inter(66, 4))
    expect([sink.said, gop.said]).toEqual(['', '[V!1] V2 v3 v4'])
    stage.write(videoConfig(70, 5), key(100, 6))
    expect([sink.said, gop.said]).toEqual(['[V!5] V6', '[V!1] V2 v3 v4 V!5 V6'])
  })

  it('gopsBack goes as far back as cached', () => {
    const stage = new Stage({ gops: 2 })
    for (let gop = 0; gop < 4; gop++) stage.write(key(gop * 100, gop * 2), inter(gop * 100 + 50, gop * 2 + 1))
    expect(stage.attach().said).toBe('[] V6 v7')
    expect(stage.attach({ gopsBack: 1 }).said).toBe('[] V4 v5 V6 v7')
    expect(stage.attach({ gopsBack: 9 }).said).toBe('[] V4 v5 V6 v7')
  })

  it('gopsBack does not hold up one who waits for the next keyframe', () => {
    const stage = new Stage({ gops: 3 })
    stage.write(key(0, 1))
    const sink = stage.attach({ start: 'keyframe', gopsBack: 2 })
    stage.write(inter(33, 2), key(66, 3))
    expect(sink.said).toBe('[] V3')
  })

  it('a keyframe that waits to be flushed is the start of whoever comes in between', () => {
    const stage = new Stage()
    stage.write(key(0, 1), inter(33, 2))
    const first = stage.attach()
    stage.publisher.write(key(66, 3))
    const second = stage.attach()
    expect([first.said, second.said]).toEqual(['[] V1 v2', '[] V3'])
    stage.clock.turn()
    stage.write(inter(100, 4))
    expect([first.said, second.said]).toEqual(['[] V1 v2 V3 v4', '[] V3 v4'])
  })

  it('within the grace time: the last picture, then what comes', () => {
    const stage = new Stage()
    stage.write(videoConfig(0, 1), key(0, 2), inter(33, 3))
    stage.publisher.unpublish()
    const sink = stage.attach()
    expect(sink.said).toBe('[V!1] V2 v3')
    stage.republish()
    stage.write(videoConfig(0, 4), key(0, 5))
    expect(sink.said).toBe('[V!1] V2 v3 V!4 V5')
  })
})

describe('audio without video', () => {
  it('is joined at once, at the head', () => {
    const stage = new Stage()
    stage.write(audioConfig(0, 1))
    for (let i = 0; i < 30; i++) stage.write(audio(i * 23, 100 + i))
    const sink = stage.attach()
    expect(sink.said).toBe('[A!1]')
    expect(sink.entries[0]!.dts).toBe(29 * 23)
    stage.write(audio(30 * 23, 130))
    stage.clock.advance(50)
    expect(sink.said).toBe('[A!1] a130')
  })

  it('mp3 has no configuration: the join bytes are there all the same', () => {
    const stage = new Stage()
    for (let i = 0; i < 30; i++) stage.write(mp3(i * 26, i))
    const sink = stage.attach()
    expect([sink.writes.length, sink.said]).toEqual([1, '[]'])
    stage.write(mp3(30 * 26, 30))
    stage.clock.advance(50)
    expect(sink.said).toBe('[] a30')
  })

  it('who waits until 500 ms of audio came starts with the first of it', () => {
    const stage = new Stage()
    const sink = stage.attach()
    stage.write(audioConfig(0, 1))
    for (let ms = 0; ms < 500; ms += 100) {
      stage.write(audio(ms, ms))
      stage.clock.advance(100)
    }
    const second = stage.attach()
    expect([sink.writes.length, second.writes.length]).toEqual([0, 0])
    stage.write(audio(500, 500))
    stage.clock.advance(50)
    expect([sink.said, sink.player!.state]).toEqual(['[A!1] a0 a100 a200 a300 a400 a500', 'playing'])
    expect(second.said).toBe(sink.said)
    const late = stage.attach()
    stage.write(audio(520, 520))
    stage.clock.advance(50)
    expect([sink.said.slice(-9), late.said]).toEqual(['a500 a520', '[A!1] a520'])
  })

  it('who wants no more than the live edge starts there, however long it has waited', () => {
    const stage = new Stage()
    const sink = stage.attach({ start: 'keyframe' })
    for (let ms = 0; ms <= 500; ms += 100) stage.write(mp3(ms, ms))
    stage.clock.advance(50)
    stage.write(mp3(520, 520))
    stage.clock.advance(50)
    expect(sink.said).toBe('[] a520')
  })

  it('video configuration means waiting for its keyframe', () => {
    const stage = new Stage()
    stage.write(videoConfig(0, 1))
    const sink = stage.attach()
    for (let ms = 0; ms < 2_000; ms += 20) stage.write(audio(ms, ms))
    stage.clock.advance(100)
    expect(sink.writes).toHaveLength(0)
  })

  it('video that comes late comes with its configuration and a keyframe', () => {
    const stage = new Stage()
    for (let ms = 0; ms <= 600; ms += 20) stage.write(mp3(ms, ms))
    const sink = stage.attach()
    stage.write(inter(620, 1), videoConfig(620, 2), inter(640, 3), key(660, 4), inter(700, 5))
    expect(sink.said).toBe('[] V!2 V4 v5')
  })

  it('audio tracks alone start at once, whatever the video does', () => {
    const stage = new Stage()
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3), audio(10, 4), inter(33, 5))
    const sink = stage.attach({ tracks: 'audio' })
    expect(sink.said).toBe('[A!1]')
    stage.write(audio(40, 6), inter(66, 7), audio(70, 8), key(100, 9))
    expect(sink.said).toBe('[A!1] a6 a8')
  })

  it('video that paused for more than 3 s holds up nobody, and comes back to those who joined with a keyframe only', () => {
    const stage = new Stage()
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3))
    const before = stage.attach()
    for (let ms = 20; ms <= 3_020; ms += 20) stage.write(audio(ms, ms))
    stage.clock.advance(50)
    const joined = stage.attach()
    stage.write(audio(3_040, 3_040))
    stage.clock.advance(50)
    expect(joined.said).toBe('[A!1 V!2] a3040')
    stage.write(inter(3_060, 5))
    stage.write(audio(3_080, 6), inter(3_100, 7))
    expect(before.said).toMatch(/a3040 v5 a6 v7$/)
    expect([joined.said, joined.player!.state]).toEqual(['[A!1 V!2] a3040 a6', 'playing'])
    stage.write(videoConfig(3_120, 8), key(3_140, 9), inter(3_180, 10))
    expect(before.said).toMatch(/v7 V!8 V9 v10$/)
    expect(joined.said).toBe('[A!1 V!2] a3040 a6 V!8 V9 v10')
    expect(joined.player!.stats()).toMatchObject({ skips: 0, skippedPackets: 0 })
  })
})

describe('pause', () => {
  it('sends nothing, and goes on where it stopped while no newer keyframe came', () => {
    const stage = new Stage()
    stage.write(videoConfig(0, 1), key(0, 2))
    const sink = stage.attach()
    sink.player!.pause()
    expect(sink.player!.state).toBe('paused')
    stage.write(inter(33, 3))
    stage.write(inter(66, 4))
    sink.player!.drained()
    expect(sink.said).toBe('[V!1] V2')
    sink.player!.resume()
    expect([sink.said, sink.player!.state]).toEqual(['[V!1] V2 v3 v4', 'playing'])
  })

  it('goes on at the newest keyframe, with what changed, and counts no skip', () => {
    const stage = new Stage()
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3))
    const sink = stage.attach()
    sink.player!.pause()
    stage.write(inter(33, 4), videoConfig(40, 5), key(66, 6), inter(100, 7))
    stage.write(key(133, 8), inter(166, 9))
    sink.player!.resume()
    expect(sink.said).toBe('[A!1 V!2] V3 V!5 V8 v9')
    expect(sink.player!.stats()).toMatchObject({ skips: 0, skippedPackets: 0, skippedMs: 0 })
  })

  it('is not waited for by the log, and waits for a keyframe when its place and every start are gone', () => {
    const stage = new Stage({ maxCachePackets: 4 })
    stage.write(key(0, 0))
    const sink = stage.attach()
    sink.player!.pause()
    for (let id = 1; id < 20; id++) stage.write(inter(id * 33, id))
    sink.player!.resume()
    expect([sink.said, sink.player!.state]).toEqual(['[] V0', 'waiting'])
    stage.write(inter(700, 20))
    stage.write(key(733, 21))
    expect(sink.said).toBe('[] V0 V21')
    expect(sink.player!.stats().skips).toBe(0)
  })

  it('before the start: begins when resumed', () => {
    const stage = new Stage()
    const sink = stage.attach()
    sink.player!.pause()
    stage.write(key(0, 1), inter(33, 2))
    expect(sink.said).toBe('')
    sink.player!.resume()
    expect(sink.said).toBe('[] V1 v2')
    sink.player!.resume()
    expect(sink.said).toBe('[] V1 v2')
  })

  it('does nothing after the end', () => {
    const stage = new Stage()
    stage.write(key(0, 1))
    const sink = stage.attach()
    sink.player!.detach()
    sink.player!.pause()
    sink.player!.resume()
    sink.player!.setTracks('audio')
    expect([sink.player!.state, stage.source.stats().views]).toEqual(['closed', 0])
  })
})

describe('changing tracks', () => {
  function playing(tracks: 'all' | 'default' | 'audio' | 'video') {
    const stage = new Stage()
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3), audio(10, 4))
    return { stage, sink: stage.attach({ tracks }) }
  }

  it('leaving video out counts at once', () => {
    const { stage, sink } = playing('default')
    sink.player!.setTracks('audio')
    stage.write(audio(33, 5), inter(40, 6))
    expect(sink.said).toBe('[A!1 V!2] V3 a4 a5')
    expect(stage.source.stats().views).toBe(1)
  })

  it('leaving audio out counts at once, and so does taking it back, with its configuration', () => {
    const { stage, sink } = playing('default')
    sink.player!.setTracks('video')
    stage.write(audio(33, 5), inter(40, 6))
    sink.player!.setTracks('default')
    stage.write(audio(56, 7), inter(80, 8))
    expect(sink.said).toBe('[A!1 V!2] V3 a4 v6 A!1 a7 v8')
  })

  it('what is held was sent for the old tracks', () => {
    const { stage, sink } = playing('default')
    stage.publisher.write(inter(33, 5))
    stage.publisher.write(audio(40, 6))
    sink.player!.setTracks('audio')
    expect(sink.said).toBe('[A!1 V!2] V3 a4 v5 a6')
    stage.clock.turn()
    stage.write(audio(60, 7), inter(66, 8))
    expect(sink.said).toBe('[A!1 V!2] V3 a4 v5 a6 a7')
  })

  it('adding video goes on with audio until the next keyframe, then sends its configuration', () => {
    const { stage, sink } = playing('audio')
    expect(sink.said).toBe('[A!1]')
    sink.player!.setTracks('default')
    expect([sink.player!.tracks, stage.source.stats().views]).toEqual(['default', 2])
    stage.write(audio(33, 5), inter(40, 6))
    stage.write(audio(56, 7), inter(80, 8), key(100, 9), audio(101, 10))
    stage.write(inter(133, 11))
    expect(sink.said).toBe('[A!1] a5 a7 V!2 V9 a10 v11')
    expect(stage.source.stats().views).toBe(1)
  })

  it('never goes back to a keyframe that is past', () => {
    const { stage, sink } = playing('video')
    stage.write(inter(33, 5))
    sink.player!.setTracks('all')
    stage.write(inter(66, 6), audio(70, 7))
    stage.write(key(100, 8), audio(110, 9))
    expect(sink.said).toBe('[V!2] V3 v5 v6 A!1 V8 a9')
  })

  it('a change that is taken back, or replaced, before it counts', () => {
    const { stage, sink } = playing('audio')
    sink.player!.setTracks('default')
    sink.player!.setTracks('audio')
    expect([sink.player!.tracks, stage.source.stats().views]).toEqual(['audio', 1])
    sink.player!.setTracks('default')
    sink.player!.setTracks('video')
    stage.write(audio(33, 5), key(40, 6), audio(50, 7))
    expect(sink.said).toBe('[A!1] a5 V!2 V6')
    expect(stage.source.stats().views).toBe(1)
  })

  it('before the start: joins with the new tracks', () => {
    const stage = new Stage()
    const sink = stage.attach()
    sink.player!.setTracks('video')
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3), audio(10, 4))
    expect([sink.said, stage.source.stats().views]).toEqual(['[V!2] V3', 1])
  })

  it('while paused: counts at the keyframe it goes on with', () => {
    const { stage, sink } = playing('audio')
    sink.player!.pause()
    sink.player!.setTracks('default')
    stage.write(inter(33, 5), key(66, 6), inter(100, 7))
    sink.player!.resume()
    expect([sink.said, stage.source.stats().views]).toEqual(['[A!1] V!2 V6 v7', 1])
  })

  it('where there is no video, any place does', () => {
    const stage = new Stage()
    stage.write(audioConfig(0, 1))
    for (let ms = 0; ms <= 600; ms += 20) stage.write(audio(ms, ms))
    const sink = stage.attach({ tracks: 'audio' })
    sink.player!.setTracks('default')
    stage.write(audio(620, 620))
    stage.clock.advance(50)
    expect([sink.said, stage.source.stats().views]).toEqual(['[A!1] a620', 1])
    stage.write(videoConfig(630, 1), key(640, 2))
    expect(sink.said).toBe('[A!1] a620 V!1 V2')
  })

  it('what is held is sent for the old tracks also when the log has no start any more', () => {
    const stage = new Stage({ maxCachePackets: 3 })
    stage.write(videoConfig(0, 1), key(0, 2))
    const sink = stage.attach()
    for (const packet of [videoConfig(10, 3), inter(20, 4), audio(30, 5)]) stage.publisher.write(packet)
    sink.player!.setTracks('video')
    stage.write(inter(40, 6), audio(50, 7))
    expect(sink.said).toBe('[V!1] V2 V!3 v4 a5 v6')
  })

  it('video that is added while it pauses comes back with a keyframe', () => {
    const stage = new Stage()
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3))
    for (let ms = 20; ms <= 3_020; ms += 20) stage.write(audio(ms, ms))
    stage.clock.advance(50)
    const sink = stage.attach({ tracks: 'audio' })
    sink.player!.setTracks('default')
    stage.write(audio(3_040, 4))
    stage.clock.advance(50)
    expect([sink.said, stage.source.stats().views]).toEqual(['[A!1] V!2 a4', 1])
    stage.write(inter(3_050, 5), audio(3_060, 6), key(3_070, 7))
    expect(sink.said).toBe('[A!1] V!2 a4 a6 V7')
  })

  it('one that skips in audio alone does not take up video there', () => {
    const stage = new Stage({ maxLagMs: 500 })
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3))
    const sink = stage.attach({ tracks: 'audio', sinkBudgetBytes: 1 })
    sink.queuedBytes = 1
    sink.player!.setTracks('default')
    for (let ms = 20; ms <= 2_000; ms += 20) stage.write(audio(ms, ms), inter(ms, ms + 1))
    sink.drain()
    stage.write(audio(2_020, 4), inter(2_020, 5))
    stage.write(audioConfig(2_030, 6), key(2_040, 7), inter(2_080, 8))
    expect(sink.said).toBe('[A!1] a4 A!6 V!2 V7 v8')
    expect(sink.player!.stats().skips).toBe(1)
  })

  it('at the place where it goes on after a pause: configuration that changed meanwhile still comes', () => {
    const stage = new Stage()
    stage.write(videoConfig(0, 1), key(0, 2))
    const sink = stage.attach({ sinkBudgetBytes: 300 })
    sink.stalled = true
    stage.write(inter(33, 3))
    sink.player!.pause()
    stage.write(videoConfig(50, 4), key(66, 5))
    sink.player!.resume()
    sink.player!.setTracks('video')
    sink.drain()
    expect(sink.said).toBe('[V!1] V2 v3 V!4 V5')
  })

  it('configuration that came for tracks it had left out is sent when they come in', () => {
    const stage = new Stage()
    stage.write(videoConfig(0, 1), key(0, 2))
    const sink = stage.attach({ tracks: 'video' })
    stage.republishAfter(0)
    stage.write(audioConfig(0, 3))
    sink.player!.setTracks('audio')
    stage.write(audio(10, 4))
    stage.clock.advance(100)
    expect(sink.said).toBe('[V!1] V2 A!3 a4')
  })

  it('while it lags, what was left behind is sent first', () => {
    const { stage, sink } = playing('default')
    const other = stage.attach({ tracks: 'audio' })
    sink.stalled = true
    sink.queuedBytes = 1e9
    stage.write(audio(33, 5), inter(40, 6))
    sink.player!.setTracks('audio')
    stage.write(audio(56, 7), inter(80, 8))
    expect(sink.said).toBe('[A!1 V!2] V3 a4')
    sink.drain()
    expect(sink.said).toBe('[A!1 V!2] V3 a4 a5 a7')
    expect(other.said).toBe('[A!1] a5 a7')
  })
})

describe('a sink that calls back from inside a write', () => {
  function ready() {
    const stage = new Stage()
    stage.write(videoConfig(0, 1), key(0, 2), inter(33, 3), key(66, 4), inter(100, 5))
    return { stage, sink: new FakeSink() }
  }

  it('detach: nothing more is written', () => {
    const { stage, sink } = ready()
    sink.player = stage.source.attach(sink, { format: stage.format })
    const writes = sink.writes.length
    sink.onWrite = () => sink.player!.detach()
    stage.write(inter(133, 6), key(166, 7), inter(200, 8))
    expect([sink.writes.length, sink.corks, sink.ended, stage.source.players.length]).toEqual([
      writes + 1,
      0,
      [],
      0,
    ])
    expect(stage.source.stats().views).toBe(0)
  })

  it('drained: goes on after the write, not inside it', () => {
    const { stage, sink } = ready()
    sink.player = stage.source.attach(sink, { format: stage.format })
    let depth = 0
    let deepest = 0
    sink.onWrite = () => {
      deepest = Math.max(deepest, ++depth)
      sink.player!.drained()
      depth--
    }
    stage.write(inter(133, 6), key(166, 7), inter(200, 8), key(233, 9))
    expect([deepest, sink.said]).toEqual([1, '[V!1] V4 v5 v6 V7 v8 V9'])
  })

  it('pause: stops there, and resume goes on', () => {
    const { stage, sink } = ready()
    sink.player = stage.source.attach(sink, { format: stage.format })
    sink.onWrite = () => sink.player!.pause()
    stage.write(inter(133, 6), key(166, 7), inter(200, 8))
    expect([sink.said, sink.corks]).toEqual(['[V!1] V4 v5 v6', 0])
    sink.onWrite = undefined
    sink.player!.resume()
    expect(sink.said).toBe('[V!1] V4 v5 v6 V7 v8')
  })

  it('setTracks: the next batch is of the new view', () => {
    const { stage, sink } = ready()
    sink.player = stage.source.attach(sink, { format: stage.format })
    sink.onWrite = () => sink.player!.setTracks('video')
    stage.write(inter(133, 6), audio(150, 7), key(166, 8), audio(170, 9))
    stage.write(audio(180, 10), inter(200, 11))
    expect(sink.said).toBe('[V!1] V4 v5 v6 a7 V8 v11')
  })

  it('closing the source: the sink is ended once', () => {
    const { stage, sink } = ready()
    const other = stage.attach()
    sink.player = stage.source.attach(sink, { format: stage.format })
    sink.onWrite = () => stage.source.close()
    stage.write(inter(133, 6), key(166, 7))
    expect([sink.ended, other.ended, stage.clock.pending]).toEqual([['closed'], ['closed'], 0])
  })

  it('attaching another player: it is served too', () => {
    const { stage, sink } = ready()
    sink.player = stage.source.attach(sink, { format: stage.format })
    let other: FakeSink | undefined
    sink.onWrite = () => (other ??= stage.attach())
    stage.write(inter(133, 6))
    stage.write(inter(166, 7))
    expect(other!.said).toBe('[V!1] V4 v5 v6 v7')
  })

  it('publishing again, and writing', () => {
    const { stage, sink } = ready()
    sink.player = stage.source.attach(sink, { format: stage.format })
    let written = 0
    sink.onWrite = () => {
      if (written++ === 0) stage.publisher.write(inter(150, 60))
    }
    stage.write(inter(133, 6))
    stage.clock.advance(100)
    expect(sink.said).toBe('[V!1] V4 v5 v6 v60')
  })
})

it('stats tell what it does', () => {
  const stage = new Stage()
  stage.write(videoConfig(0, 1), key(0, 2), inter(33, 3))
  const sink = new FakeSink()
  sink.stalled = true
  stage.attach({ tracks: 'video', sinkBudgetBytes: 150, userData: 'tv' }, sink)
  stage.write(inter(66, 4))
  expect(sink.player!.stats()).toEqual({
    state: 'playing',
    format: 'fake',
    tracks: 'video',
    sentBytes: 300,
    sentBatches: 2,
    queuedBytes: 300,
    lagMs: 0,
    skips: 0,
    skippedPackets: 0,
    skippedMs: 0,
    userData: 'tv',
  })
  stage.write(inter(100, 5))
  stage.write(inter(133, 6))
  expect(sink.player!.stats().lagMs).toBe(67)
  expect(stage.source.playerStats()).toEqual([sink.player!.stats()])
  expect([sink.player!.userData, sink.awaits]).toEqual(['tv', 3])
})
