import { type MediaPacket, packetFromTag } from 'millrace/media'
import { describe, expect, it } from 'vitest'
import { audio, audioConfig, inter, key, nameOf, Stage, videoConfig } from './fakes.ts'

/** AVC with nothing in it: packet type 1, composition time 0, no NAL units. */
const empty = (dts: number): MediaPacket => packetFromTag(9, dts, Uint8Array.of(0x27, 0x01, 0, 0, 0))

/** Sound of [fromMs, toMs), one packet every 20 ms; what `more` gives beside each. Time passes as it goes on. */
function play(
  stage: Stage,
  fromMs: number,
  toMs: number,
  more: (ms: number) => readonly MediaPacket[] = () => [],
): void {
  for (let ms = fromMs; ms < toMs; ms += 20) {
    stage.write(audio(ms, ms), ...more(ms))
    stage.clock.advance(20)
  }
  stage.clock.advance(60)
}

/** Pictures that never are keyframes. */
const inters = (ms: number): readonly MediaPacket[] => [inter(ms, 1_000_000 + ms)]

/** Attaches a player, and opens a consumer whose packets are read as they come. */
function readers(stage: Stage): { readonly player: () => string; readonly consumer: () => string } {
  const sink = stage.attach()
  const consumer = stage.source.consume()
  return {
    player: () => sink.said,
    consumer: () => {
      const names: string[] = []
      for (let packet = consumer.read(); packet !== undefined; packet = consumer.read())
        names.push(nameOf(packet))
      return names.join(' ')
    },
  }
}

const sounds = (fromMs: number, toMs: number): string =>
  Array.from({ length: (toMs - fromMs) / 20 }, (_, i) => `a${fromMs + i * 20}`).join(' ')

describe('video that is announced, and never comes:', () => {
  const nothing: Record<string, (ms: number) => readonly MediaPacket[]> = {
    'sound alone': () => [],
    'one empty video tag': (ms) => (ms === 0 ? [empty(0)] : []),
    'inter frames only': inters,
  }
  for (const [name, more] of Object.entries(nothing)) {
    it(`${name}: those who wait get all the sound after 3 s, those who come then at once`, () => {
      const stage = new Stage()
      const early = readers(stage)
      stage.write(audioConfig(0, 1), videoConfig(0, 2))
      play(stage, 0, 3_000, more)
      expect([early.player(), early.consumer()]).toEqual(['', ''])
      play(stage, 3_000, 3_020, more)
      // A tag without a picture passes.
      expect(early.player().replace(' v16777216', '')).toBe(`[A!1 V!2] ${sounds(0, 3_020)}`)
      expect(early.consumer()).toMatch(/ a0 .*a3000$/)
      const late = readers(stage)
      play(stage, 3_020, 4_000, more)
      expect(late.player()).toBe(`[A!1 V!2] ${sounds(3_020, 4_000)}`)
      expect(late.consumer()).toBe(`A!1 V!2 ${sounds(3_020, 4_000)}`)
      stage.write(key(4_000, 5), inter(4_020, 6))
      expect(late.player()).toMatch(/ a3980 V5 v6$/)
      expect(late.consumer()).toBe('V5 v6')
    })
  }

  it('is told once for each publish', () => {
    const stage = new Stage()
    const told: string[] = []
    stage.hub.on('videoStalled', ({ streamPath }) => told.push(`${streamPath} ${stage.source.lastDts}`))
    stage.write(audioConfig(0, 1), videoConfig(0, 2))
    play(stage, 0, 3_000)
    expect(told).toEqual([])
    play(stage, 3_000, 8_000)
    expect(told).toEqual(['/live/show 3000'])
    stage.write(key(8_000, 3))
    play(stage, 8_000, 12_000)
    expect(told).toHaveLength(1)
    stage.republishAfter(0)
    stage.write(videoConfig(0, 4))
    play(stage, 0, 3_500)
    expect(told).toHaveLength(2)
  })

  it('is not told of streams without video', () => {
    const stage = new Stage()
    const told: string[] = []
    stage.hub.on('videoStalled', ({ streamPath }) => told.push(streamPath))
    stage.write(audioConfig(0, 1))
    play(stage, 0, 8_000)
    expect(told).toEqual([])
  })
})

describe('a GOP that is longer than the log', () => {
  it('gives those who come late the sound at once, and pictures from the next keyframe on', () => {
    const stage = new Stage({ maxCacheMs: 2_000 })
    const told: number[] = []
    stage.hub.on('videoStalled', () => told.push(stage.source.lastDts))
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3))
    const healthy = stage.attach()
    play(stage, 0, 5_000, inters)
    expect(told).toEqual([3_000])
    const late = readers(stage)
    expect(stage.source.log.start()).toBeUndefined()
    play(stage, 5_000, 6_000, inters)
    expect(late.player()).toBe(`[A!1 V!2] ${sounds(5_000, 6_000)}`)
    expect(late.consumer()).toBe(`A!1 V!2 ${sounds(5_000, 6_000)}`)
    stage.write(key(6_000, 4), inter(6_020, 5))
    expect(late.player()).toMatch(/ a5980 V4 v5$/)
    expect(late.consumer()).toBe('V4 v5')
    expect(healthy.said).toMatch(/v1005980 V4 v5$/)
  })

  it('within 3 s after its keyframe nobody begins with the sound', () => {
    const stage = new Stage({ maxCachePackets: 10 })
    stage.write(videoConfig(0, 1), key(0, 2))
    play(stage, 0, 1_000, inters)
    const late = readers(stage)
    play(stage, 1_000, 2_900, inters)
    expect([late.player(), late.consumer()]).toEqual(['', ''])
  })

  it('gives those who want pictures alone nothing but a keyframe', () => {
    const stage = new Stage({ maxCacheMs: 2_000 })
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3))
    play(stage, 0, 5_000, inters)
    const sink = stage.attach({ tracks: 'video' })
    play(stage, 5_000, 6_000, inters)
    expect(sink.said).toBe('')
    stage.write(key(6_000, 4))
    expect(sink.said).toBe('[V!2] V4')
  })
})

describe('a player that has the sound until a keyframe comes', () => {
  function listening(): { readonly stage: Stage; readonly sink: ReturnType<Stage['attach']> } {
    const stage = new Stage()
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3))
    play(stage, 0, 3_100)
    const sink = stage.attach()
    play(stage, 3_100, 3_200)
    play(stage, 3_200, 3_400, inters)
    expect(sink.said).toBe(`[A!1 V!2] ${sounds(3_100, 3_400)}`)
    return { stage, sink }
  }

  it('has the tracks it asked for, and skips nothing', () => {
    const { sink } = listening()
    expect(sink.player!.stats()).toMatchObject({ tracks: 'default', state: 'playing', skips: 0 })
  })

  it('gets what was configured meanwhile with the keyframe, once', () => {
    const { stage, sink } = listening()
    stage.write(videoConfig(3_400, 4))
    play(stage, 3_400, 3_440, inters)
    stage.write(key(3_440, 5))
    expect(sink.said).toMatch(/a3420 V!4 V5$/)
  })

  it('may ask for the sound alone, and for pictures again', () => {
    const { stage, sink } = listening()
    sink.player!.setTracks('audio')
    stage.write(videoConfig(3_400, 7))
    play(stage, 3_400, 3_500, inters)
    sink.player!.setTracks('all')
    play(stage, 3_500, 3_600, inters)
    stage.write(key(3_600, 4), inter(3_620, 5))
    expect(sink.said).toMatch(/a3580 V!7 V4 v5$/)
    expect(sink.player!.tracks).toBe('all')
  })

  it('may change what pictures it waits for, and pause', () => {
    const { stage, sink } = listening()
    sink.player!.setTracks('video')
    play(stage, 3_400, 3_500, inters)
    sink.player!.pause()
    play(stage, 3_500, 3_600, inters)
    sink.player!.resume()
    stage.write(key(3_600, 4), audio(3_610, 6), inter(3_620, 5))
    expect(sink.said).toMatch(/ V4 v5$/)
    expect(sink.said).not.toMatch(/v1003/)
  })

  it('leaves no view behind', () => {
    const { stage, sink } = listening()
    expect(stage.source.stats().views).toBe(2)
    stage.write(key(3_400, 4))
    expect(stage.source.stats().views).toBe(1)
    sink.player!.detach()
    expect(stage.source.stats().views).toBe(0)
  })

  it('that leaves takes both views along', () => {
    const { stage, sink } = listening()
    sink.player!.detach()
    expect(stage.source.stats().views).toBe(0)
  })
})
