import { expect, it } from 'vitest'
import { CLIPS, clipPath } from '../support/clips.ts'
import { readPackets } from './peers/ffmpeg8.ts'

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
  const streams = await readPackets(clipPath(clip))
  expect(streams.map((packets) => packets.length)).toEqual(PACKETS[clip])
})
