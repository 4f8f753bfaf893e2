import {
  decodeVideoTagHeader,
  type MediaPacket,
  packetFromTag,
  VIDEO_PACKET_TYPE_METADATA,
} from 'millrace/media'
import { expect, test } from 'vitest'
import { type Clip, readClip } from '../support/clips.ts'

/** Packets of a whole, undamaged FLV file, by the plainest reading of FLV 10.1 §E.2 to §E.4.1. */
function packetsOf(clip: Clip) {
  const file = readClip(clip)
  const view = new DataView(file.buffer)
  const packets = []
  for (let at = 13; at < file.length;) {
    const size = view.getUint32(at) & 0xff_ffff
    const dts = view.getUint32(at + 3) & 0xff_ffff
    packets.push(packetFromTag(file[at] as 8, dts, file.subarray(at + 11, at + 11 + size)))
    at += 11 + size + 4
  }
  return packets
}

// Counts are those of ffprobe 5.1 for the legacy files and of a listing of the tags by their first bytes.
const cases: [
  Clip,
  { video?: string; audio?: string; keyframes: number; coded: number; maxCts: number; second?: number },
][] = [
  // prettier-ignore
  ['avc-aac-bframes.flv', { video: 'avc1', audio: 'mp4a', keyframes: 4, coded: 576, maxCts: 160 }],
  ['avc-mp3.flv', { video: 'avc1', audio: '.mp3', keyframes: 3, coded: 381, maxCts: 0 }],
  ['audio-only-aac.flv', { audio: 'mp4a', keyframes: 0, coded: 260, maxCts: 0 }],
  ['video-only-avc.flv', { video: 'avc1', keyframes: 3, coded: 150, maxCts: 200 }],
  ['hevc-aac.ertmp.flv', { video: 'hvc1', audio: 'mp4a', keyframes: 4, coded: 576, maxCts: 160 }],
  ['av1-opus.ertmp.flv', { video: 'av01', audio: 'Opus', keyframes: 3, coded: 451, maxCts: 0 }],
  ['vp9-opus.ertmp.flv', { video: 'vp09', audio: 'Opus', keyframes: 3, coded: 451, maxCts: 0 }],
  ['avc-flac.ertmp.flv', { video: 'avc1', audio: 'fLaC', keyframes: 3, coded: 213, maxCts: 0 }],
  ['hevc-opus-two-audio-tracks.ertmp.flv', { video: 'hvc1', audio: 'Opus', keyframes: 4, coded: 502, maxCts: 200, second: 201 }], // prettier-ignore
]
for (const [clip, expected] of cases)
  test(clip, () => {
    const packets = packetsOf(clip)
    const codecOf = (kind: string) => [
      ...new Set(packets.filter((p) => p.kind === kind && !p.multitrack).map((p) => p.codec)),
    ]
    expect({
      ...(codecOf('video').length > 0 && { video: codecOf('video').join() }),
      ...(codecOf('audio').length > 0 && { audio: codecOf('audio').join() }),
      keyframes: packets.filter((p) => p.keyframe).length,
      coded: packets.filter((p) => p.coded).length,
      maxCts: Math.max(...packets.map((p) => p.cts)),
      ...(packets.some((p) => p.multitrack) && {
        second: packets.flatMap((p) => p.tracks()).filter((t) => t.trackId === 1 && t.coded).length,
      }),
    }).toEqual(expected)
    expect(packets[0]).toMatchObject({ kind: 'data', configuration: true })
    const isMetadata = ({ body }: MediaPacket) =>
      decodeVideoTagHeader(body).packetType === VIDEO_PACKET_TYPE_METADATA
    for (const packet of packets.filter((p) => p.kind === 'video' && isMetadata(p)))
      expect(packet).toMatchObject({ configuration: false, coded: false, keyframe: false })
  })
