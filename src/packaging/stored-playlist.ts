/**
 * What of a playlist is in a store that has refused some of its segments.
 *
 * @module
 */
import type { MediaPlaylist } from '../hls/index.ts'

/**
 * The newest segments that are stored, without a gap: a playlist numbers its segments in a row. A player that knew older ones is as one
 * that was late.
 * @returns `undefined` when there are none.
 */
export function storedPlaylist(
  playlist: MediaPlaylist,
  isStored: (sequence: number) => boolean,
): MediaPlaylist | undefined {
  const { segments, mediaSequence, discontinuitySequence = 0 } = playlist
  const isThere = (index: number): boolean => index >= 0 && isStored(mediaSequence + index)
  let end = segments.length
  while (end > 0 && !isThere(end - 1)) end--
  let start = end
  while (isThere(start - 1)) start--
  if (start === end) return undefined
  const left = segments.slice(0, start).filter(({ discontinuity }) => discontinuity).length
  return {
    ...playlist,
    mediaSequence: mediaSequence + start,
    discontinuitySequence: discontinuitySequence + left,
    segments: segments.slice(start, end),
  }
}
