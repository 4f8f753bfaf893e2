import { formatMediaPlaylist, type MediaPlaylist } from 'millrace/hls'
import type { BenchCase } from '../bench-case.ts'

/** What an HLS viewer asks for once a segment. No rival here writes playlists. */
function write(segmentCount: number): BenchCase {
  const playlist: MediaPlaylist = {
    type: 'media',
    targetDurationSec: 4,
    mediaSequence: 1000,
    endList: false,
    segments: Array.from({ length: segmentCount }, (_, n) => ({
      uri: `show-${1000 + n}.ts`,
      durationSec: 4.04,
      programDateTimeMs: 1_700_000_000_000 + n * 4_040,
    })),
  }
  const expected = formatMediaPlaylist(playlist).length
  const ours = (): number => formatMediaPlaylist(playlist).length
  return {
    name: `hls: a media playlist of ${segmentCount} segments written`,
    unit: 'playlist',
    unitsPerCall: 1,
    expected,
    contestants: { millrace: ours },
  }
}

export default [write(6), write(900)]
