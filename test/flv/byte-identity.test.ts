import { demuxFlv, FLV_VIEW, FlvDemuxer, FlvMuxer } from 'millrace/flv'
import type { MediaPacket } from 'millrace/media'
import { describe, expect, test } from 'vitest'
import { join } from '../support/bytes.ts'
import { CLIPS, readClip } from '../support/clips.ts'

/** A file again from its packets. */
function mux(packets: readonly MediaPacket[], audio: boolean, video: boolean): Uint8Array {
  const muxer = new FlvMuxer()
  return join(muxer.header({ audio, video }), ...packets.map((packet) => muxer.write(packet)))
}

describe('every clip, demuxed and muxed again, is the same file', () => {
  for (const clip of CLIPS)
    test(clip, () => {
      const file = readClip(clip)
      const demuxer = new FlvDemuxer()
      demuxer.push(file)
      const packets = [...demuxer]
      const { audio, video } = demuxer.header!
      const again = mux(packets, audio, video)
      expect(again.length).toBe(file.length)
      expect(Buffer.compare(again, file)).toBe(0)
      expect(demuxer.skippedBytes).toBe(0)
      // The framing of the live view writes the same tags.
      expect(Buffer.compare(FLV_VIEW.create().frame(packets), file.subarray(13))).toBe(0)
    })
})

test('a clip in pieces of any size gives the same packets', () => {
  const file = readClip('hevc-opus-two-audio-tracks.ertmp.flv')
  const whole = demuxFlv(file)
  for (const size of [1, 7, 1000, 4096, 65_536]) {
    const demuxer = new FlvDemuxer()
    const buffer = new Uint8Array(size)
    const packets: MediaPacket[] = []
    for (let at = 0; at < file.length; at += size) {
      // One buffer for all pieces: whoever kept a view of it would see it change.
      const piece = file.subarray(at, at + size)
      buffer.set(piece)
      demuxer.push(buffer.subarray(0, piece.length))
      packets.push(...demuxer)
    }
    expect(packets.length).toBe(whole.length)
    const differing = packets.findIndex(
      ({ dts, body }, i) => dts !== whole[i]!.dts || Buffer.compare(body, whole[i]!.body) !== 0,
    )
    expect(differing).toBe(-1)
  }
})
