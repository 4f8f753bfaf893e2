import { demuxFlv } from 'millrace/flv'
import { type MediaPacket, packetFromTag } from 'millrace/media'
import { describe, expect, it } from 'vitest'
import { feedFormatOf } from '../../../src/services/ffmpeg/feed-format.ts'
import { type Clip, readClip } from '../../support/clips.ts'

function mediaOf(clip: Clip): MediaPacket[] {
  return demuxFlv(readClip(clip)).flatMap((packet) =>
    packet.kind === 'data' ? [] : (packet.defaultTrack() ?? []),
  )
}

/** ExVideoTagHeader: IsExVideoHeader | key frame | SequenceStart, then a fourCC and something. */
function enhanced(fourCc: string): MediaPacket {
  return packetFromTag(9, 0, Uint8Array.of(0x90, ...new TextEncoder().encode(fourCc), 1, 2, 3, 4))
}

describe('the container of a feed', () => {
  it.each([
    ['avc-aac-bframes.flv', 'flv'],
    ['avc-mp3.flv', 'flv'],
    ['audio-only-aac.flv', 'flv'],
    ['video-only-avc.flv', 'flv'],
    ['hevc-aac.ertmp.flv', 'mp4'],
    ['av1-opus.ertmp.flv', 'mp4'],
    ['vp9-opus.ertmp.flv', 'mp4'],
    ['avc-flac.ertmp.flv', 'mp4'],
  ] as const)('for %s is %s, which any ffmpeg reads', (clip, name) => {
    const packets = mediaOf(clip)
    const format = feedFormatOf(packets)
    const parts = [...packets.map((packet) => format.write(packet)!), format.end()]
    expect(format.name).toBe(name)
    const bytes = Buffer.concat(parts)
    expect(bytes.toString('latin1', 0, 8)).toContain(name === 'flv' ? 'FLV' : 'ftyp')
    expect(bytes.length).toBeGreaterThan(packets.reduce((sum, { payload }) => sum + payload.length, 0))
  })

  it('is none for a codec that nobody has heard of', () => {
    expect(() => feedFormatOf([enhanced('zzzz')])).toThrow('ffmpeg cannot be given zzzz')
  })
})

it('a track that comes later cannot be told to an ffmpeg that has begun with MP4', () => {
  const packets = mediaOf('hevc-aac.ertmp.flv')
  const video = packets.filter(({ kind }) => kind === 'video')
  const sound = packets.filter(({ kind }) => kind === 'audio')
  const format = feedFormatOf(video)
  for (const packet of video.slice(0, 10)) expect(format.write(packet)).toBeDefined()
  expect(sound.slice(0, 5).some((packet) => format.write(packet) === undefined)).toBe(true)
})
