import type { MediaPacket } from 'millrace/media'
import { describe, expect, it } from 'vitest'
import { audio, audioConfig, inter, key, nameOf, Stage, videoConfig } from './fakes.ts'

/**
 * 60 s with a keyframe every 2 s. From 20 s on one kind is silent for 12 s, and goes on with its clock where it stopped: a microphone
 * that was muted, or a camera. In the order of arrival.
 */
function apart(frozen: 'audio' | 'video'): MediaPacket[] {
  const packets: MediaPacket[] = []
  for (let ms = 0; ms < 60_000; ms += 40) {
    const dts = ms >= 32_000 ? ms - 12_000 : ms
    const isSilent = ms >= 20_000 && ms < 32_000
    const sound = frozen === 'audio' ? dts : ms
    const picture = frozen === 'video' ? dts : ms
    if (!(isSilent && frozen === 'video'))
      packets.push((picture % 2_000 === 0 ? key : inter)(picture, 1_000_000 + ms))
    if (!(isSilent && frozen === 'audio')) packets.push(audio(sound, ms))
  }
  return packets
}

for (const frozen of ['audio', 'video'] as const) {
  describe(`${frozen} that is 12 s behind for good`, () => {
    it('costs a prompt player and a prompt consumer nothing', () => {
      const stage = new Stage()
      stage.write(audioConfig(0, 1), videoConfig(0, 2))
      const sink = stage.attach()
      const consumer = stage.source.consume()
      const read: string[] = []
      const packets = apart(frozen)
      for (const packet of packets) {
        stage.write(packet)
        stage.clock.advance(20)
        for (let next = consumer.read(); next !== undefined; next = consumer.read()) read.push(nameOf(next))
        expect([sink.player!.lagMs, consumer.lagMs]).toEqual([0, 0])
      }
      stage.clock.advance(60)
      const expected = packets.map(nameOf)
      expect(read.slice(2)).toEqual(expected)
      expect(sink.entries.filter(({ joined }) => !joined).map(({ name }) => name)).toEqual(expected)
      expect(sink.player!.stats()).toMatchObject({ skips: 0, skippedPackets: 0 })
      expect(consumer.stats()).toMatchObject({ skips: 0, skippedPackets: 0 })
      expect(stage.source.stats().cachedMs).toBeLessThan(2_100)
    })

    it('does not keep pictures from those who join, nor make anybody deaf', () => {
      const stage = new Stage()
      const packets = apart(frozen)
      stage.write(audioConfig(0, 1), videoConfig(0, 2))
      const last = packets.length - 40
      for (const packet of packets.slice(0, last)) stage.write(packet)
      const sink = stage.attach()
      for (const packet of packets.slice(last)) stage.write(packet)
      stage.clock.advance(60)
      const names = sink.entries.map(({ name }) => name)
      expect(names[2]).toMatch(/^V/)
      expect(names.slice(-40)).toEqual(packets.slice(last).map(nameOf))
    })

    it('is lag of a reader that really is late, by what came meanwhile', () => {
      const stage = new Stage({ maxLagMs: 5_000 })
      const packets = apart(frozen)
      stage.write(audioConfig(0, 1), videoConfig(0, 2))
      const before = packets.findIndex((packet) => packet.kind === 'video' && nameOf(packet) === 'v1040040')
      for (const packet of packets.slice(0, before)) stage.write(packet)
      const slow = stage.source.consume()
      while (slow.read() !== undefined);
      expect(slow.lagMs).toBe(0)
      for (const packet of packets.slice(before, before + 200)) stage.write(packet)
      // 100 frames of 40 ms came, the first of them when the stream was one frame on.
      expect(slow.lagMs).toBeGreaterThanOrEqual(3_920)
      expect(slow.lagMs).toBeLessThanOrEqual(4_000)
      expect(slow.read()).toBe(stage.source.log.at(stage.source.log.head - 200))
    })
  })
}
