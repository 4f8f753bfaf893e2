import { type ConfigurationSet, EMPTY_CONFIGURATION, packetFromTag } from 'millrace/media'
import { TS_VIEW, TsFraming } from 'millrace/mpegts'
import { describe, expect, it } from 'vitest'
import { ascii, hex, join } from '../support/bytes.ts'
import {
  aacConfiguration,
  aacFrame,
  avcConfiguration,
  avcFrame,
  hevcConfiguration,
  hevcFrame,
  mp3Frame,
} from './packets.ts'
import { pesPackets, sections, tsPackets } from './ts-reader.ts'

const PMT = 0x1000
const both: ConfigurationSet = {
  ...EMPTY_CONFIGURATION,
  audio: [aacConfiguration()],
  video: [avcConfiguration()],
}

describe('the view', () => {
  it('is named ts and makes framings of their own', () => {
    expect(TS_VIEW.name).toBe('ts')
    expect(TS_VIEW.create()).not.toBe(TS_VIEW.create())
  })

  it('joins with PAT and PMT alone, and frames packets without their configuration', () => {
    const framing = TS_VIEW.create()
    const join = framing.join(both, 0)
    expect(tsPackets(join).map(({ pid }) => pid)).toEqual([0, PMT])
    const batch = framing.frame([avcFrame(0, { keyframe: true }), aacFrame(5)])
    expect(pesPackets(batch, 0x100)).toHaveLength(1)
    expect(pesPackets(batch, 0x101)).toHaveLength(1)
    expect(sections(batch, PMT)).toEqual(sections(join, PMT))
  })

  it('a join in the middle leaves the running stream alone', () => {
    const lone = new TsFraming()
    const joined = new TsFraming()
    for (const framing of [lone, joined]) framing.join(both, 0)
    const batches = [
      [avcFrame(0, { keyframe: true })],
      [avcFrame(40), aacFrame(41)],
      [avcFrame(80, { keyframe: true })],
    ]
    for (const batch of batches) {
      const bytes = joined.frame(batch)
      joined.join({ ...EMPTY_CONFIGURATION, audio: [], video: [hevcConfiguration()] }, 0)
      joined.join(both, 0)
      expect(bytes).toEqual(lone.frame(batch))
    }
  })

  it('a join behind a codec change has the version that announced its codecs', () => {
    const framing = new TsFraming()
    framing.join(both, 0)
    framing.frame([avcFrame(0, { keyframe: true })])
    framing.frame([hevcConfiguration(), hevcFrame(40, { keyframe: true })])
    const versionOf = (configuration: ConfigurationSet): number =>
      (sections(framing.join(configuration, 0), PMT)[0]![5]! >> 1) & 0x1f
    expect(versionOf(both)).toBe(0)
    expect(versionOf({ ...both, video: [hevcConfiguration()] })).toBe(1)
    expect(versionOf({ ...both, audio: [], video: [] })).toBe(1) // nothing is said: what is running
    expect(versionOf({ ...both, audio: [aacConfiguration(hex('f9 46 40'))] })).toBe(2) // never announced yet
  })

  it('knows MP3, which has no configuration, from the running stream', () => {
    const framing = new TsFraming()
    const video = { ...EMPTY_CONFIGURATION, video: [avcConfiguration()] }
    framing.join(video, 0)
    framing.frame([avcFrame(0, { keyframe: true }), mp3Frame(1)])
    expect(sections(framing.join(video, 0), PMT)[0]!.subarray(12, 22)).toEqual(
      hex('1b e100 f000 03 e101 f000'),
    )
  })

  it('a track that is announced and never comes leaves the tables after a second, and comes back with its first frame', () => {
    const framing = new TsFraming()
    framing.frame([avcConfiguration(), aacConfiguration(), avcFrame(0, { keyframe: true })])
    const pids = (bytes: Uint8Array): string => Buffer.from(sections(bytes, PMT).at(-1)!).toString('hex')
    // stream_type, then reserved 111 and elementary_PID
    expect(pids(framing.join(both, 0))).toContain('0fe101')
    const bytes = framing.frame([avcFrame(960), avcFrame(1000, { keyframe: true })])
    expect(pids(bytes)).toContain('1be100')
    expect(pids(bytes)).not.toContain('0fe101')
    expect(pids(framing.join(both, 1000))).not.toContain('0fe101')
    expect(pids(framing.frame([aacFrame(1010)]))).toContain('0fe101')
    expect(pids(framing.join(both, 1010))).toContain('0fe101')
  })

  it('a stream that it cannot carry gives no bytes, and says why', () => {
    const framing = new TsFraming()
    const av1 = packetFromTag(9, 0, join(hex('90'), ascii('av01'), hex('81 05 0c 00')))
    expect(framing.join({ ...EMPTY_CONFIGURATION, video: [av1] }, 0)).toHaveLength(0)
    expect(framing.frame([packetFromTag(9, 0, join(hex('91'), ascii('av01'), hex('12 00')))])).toHaveLength(0)
    expect([...framing.muxer.unsupportedCodecs]).toEqual(['av01'])
  })

  it('damaged configuration does not throw', () => {
    const damaged = packetFromTag(9, 0, hex('17 00 000000 01 42'))
    expect(new TsFraming().join({ ...both, video: [damaged] }, 0)).toHaveLength(376)
  })
})
