import { VirtualClock } from 'millrace/hub'
import { type MediaPacket, packetFromTag } from 'millrace/media'
import { inRealTime, type RealTimeOptions } from 'millrace/node'
import { describe, expect, it } from 'vitest'
import { hex } from '../../support/bytes.ts'

const CONFIG = packetFromTag(9, 0, hex('17 00 000000 01 64 00 1f'))
const video = (dts: number): MediaPacket => packetFromTag(9, dts, hex('27 01 000000 00000001 41'))
const audio = (dts: number): MediaPacket => packetFromTag(8, dts, hex('af 01 21'))

/** Reads with a virtual clock: what came by when, as `time: dts`. */
async function timeline(
  packets: readonly MediaPacket[],
  options: RealTimeOptions,
  untilMs: number,
): Promise<{ lines: string[]; ended: boolean; pending: () => number }> {
  const clock = new VirtualClock()
  const lines: string[] = []
  let ended = false
  const reading = (async () => {
    for await (const packet of inRealTime(packets, { ...options, clock })) {
      lines.push(
        `${clock.now()}: ${packet.kind}${packet.configuration ? ' configuration' : ''} ${packet.dts}`,
      )
    }
    ended = true
  })()
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve()
  }
  await settle()
  for (let ms = 0; ms < untilMs && !ended; ms++) {
    clock.advance(1)
    await settle()
  }
  if (ended) await reading
  return { lines, ended, pending: () => clock.pending }
}

describe('inRealTime', () => {
  it('gives each packet at its time, a little ahead', async () => {
    const { lines, ended } = await timeline([CONFIG, video(0), audio(10), video(40), video(80)], {}, 1_000)
    expect(ended).toBe(true)
    expect(lines).toEqual([
      '0: video configuration 0',
      '0: video 0',
      '0: audio 10',
      '20: video 40',
      '60: video 80',
    ])
  })

  it('begins at once, whatever the first time is', async () => {
    const { lines } = await timeline([video(5_000), video(5_040)], { leadMs: 0 }, 1_000)
    expect(lines).toEqual(['0: video 5000', '40: video 5040'])
  })

  it('does not wait for the clock of the other kind, nor for an outlier', async () => {
    const packets = [
      audio(0),
      video(60_000),
      audio(20),
      video(65_040),
      audio(60),
      video(60_080),
      audio(100),
      video(60_120),
    ]
    const { lines } = await timeline(packets, { leadMs: 0 }, 1_000)
    expect(lines).toEqual([
      '0: audio 0',
      '20: video 60000',
      '20: audio 20',
      '40: video 65040',
      '60: audio 60',
      '80: video 60080',
      '100: audio 100',
      '120: video 60120',
    ])
  })

  it('loops with a clock that goes on, and with configuration once', async () => {
    const { lines, ended } = await timeline([CONFIG, video(0), video(40)], { loop: true, leadMs: 0 }, 165)
    expect(ended).toBe(false)
    expect(lines).toEqual([
      '0: video configuration 0',
      '0: video 0',
      '40: video 40',
      '80: video 80',
      '120: video 120',
      '160: video 160',
    ])
  })

  it('loops picture and sound that end at different times without a gap in either', async () => {
    const end = packetFromTag(9, 80, hex('17 02 000000'))
    const clip = [video(0), audio(36), video(40), audio(57), audio(78), end, audio(99)]
    const { lines } = await timeline(clip, { loop: true, leadMs: 0 }, 150)
    const times = (kind: string): number[] =>
      lines.filter((line) => line.includes(kind)).map((line) => Number(line.split(' ').at(-1)))
    expect(times('video')).toEqual([0, 40, 84, 124])
    expect(times('audio')).toEqual([36, 57, 78, 99, 120, 141])
  })

  it('loops audio alone by the length of its frames', async () => {
    const { lines } = await timeline([audio(0), audio(23)], { loop: true, leadMs: 0 }, 50)
    expect(lines).toEqual(['0: audio 0', '23: audio 23', '46: audio 46'])
  })

  it('ends when aborted, in the middle of a wait, and leaves no timer', async () => {
    const stop = new AbortController()
    const clock = new VirtualClock()
    const packets = inRealTime([video(0), video(1_000)], { signal: stop.signal, clock })
    await packets.next()
    const next = packets.next()
    expect(clock.pending).toBe(1)
    stop.abort()
    expect(await next).toEqual({ value: undefined, done: true })
    expect(clock.pending).toBe(0)
  })

  it('gives what has no time at once, also in a loop', async () => {
    const { lines, ended } = await timeline([CONFIG], { loop: true }, 10)
    expect([lines, ended]).toEqual([['0: video configuration 0'], true])
  })
})
