import { expect, it } from 'vitest'
import { CLIPS, clipPath } from '../support/clips.ts'
import { Demuxer } from './peers/ffmpeg8.ts'

/** Packets of each stream, as FFmpeg 8.1 counts them. */
const PACKETS: Record<(typeof CLIPS)[number], readonly number[]> = {
  'avc-aac-bframes.flv': [200, 376],
  'avc-mp3.flv': [150, 231],
  'audio-only-aac.flv': [260],
  'video-only-avc.flv': [150],
  'hevc-aac.ertmp.flv': [200, 376],
  'av1-opus.ertmp.flv': [150, 301],
  'vp9-opus.ertmp.flv': [150, 301],
  'avc-flac.ertmp.flv': [150, 63],
  'hevc-opus-two-audio-tracks.ertmp.flv': [100, 201, 201],
}

// The peer of the Enhanced RTMP tests is there and reads what those tests rely on.
it.each(CLIPS)('FFmpeg 8.1 reads %s', async (clip) => {
  await using demuxer = await Demuxer.open(clipPath(clip))
  const counts = demuxer.streams.map(() => 0)
  for await (const packet of demuxer.packets()) {
    if (packet === null) break
    counts[packet.streamIndex] = (counts[packet.streamIndex] ?? 0) + 1
    packet.free()
  }
  expect(counts).toEqual(PACKETS[clip])
})
