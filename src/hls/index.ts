/**
 * HLS without files or servers: packets become segments, segments a playlist, playlists text. RFC 8216.
 *
 * {@link Segmenter} cuts, the caller stores the bytes where it likes, {@link HlsPlaylist} keeps the window and says which segments
 * have expired. Variants of one stream are cut by {@link TimelineCut}s that share a {@link Timeline}.
 * {@link formatMediaPlaylist}, {@link formatMultivariantPlaylist} and {@link parsePlaylist} stand for themselves.
 *
 * @example Segments in memory
 * ```ts
 * import { HlsPlaylist } from 'millrace/hls'
 * import { KeyframeCut, Segmenter } from 'millrace/segment'
 * import type { MediaPacket } from 'millrace/media'
 *
 * const segmenter = new Segmenter({ cut: new KeyframeCut({ targetDurationMs: 4000 }) })
 * const playlist = new HlsPlaylist({ windowSec: 30 })
 * const stored = new Map<string, Uint8Array>()
 *
 * export function take(packet: MediaPacket, nowMs: number): string {
 *   segmenter.push(packet, nowMs)
 *   for (let segment = segmenter.read(); segment !== undefined; segment = segmenter.read()) {
 *     const uri = `${segment.sequence}.ts`
 *     stored.set(uri, segment.bytes)
 *     playlist.add(segment, { uri, byteLength: segment.bytes.length })
 *     for (const expired of playlist.takeExpired()) stored.delete(expired.uri)
 *   }
 *   return playlist.format()
 * }
 * ```
 *
 * @group Protocols
 * @module hls
 */
export {
  HlsPlaylist,
  type HlsPlaylistEntry,
  type HlsPlaylistOptions,
  type HlsPlaylistPlace,
  type HlsPlaylistSegment,
} from './hls-playlist.ts'
export {
  type ByteRange,
  type EncryptionKey,
  formatMediaPlaylist,
  type FormatMediaPlaylistOptions,
  type MediaInitialization,
  type MediaPlaylist,
  type MediaPlaylistSegment,
  type PlaylistStart,
} from './media-playlist.ts'
export {
  formatMultivariantPlaylist,
  type IFrameStream,
  type MultivariantPlaylist,
  type Rendition,
  type Resolution,
  type VariantStream,
} from './multivariant-playlist.ts'
export { parsePlaylist, type ParsePlaylistOptions } from './parse-playlist.ts'
