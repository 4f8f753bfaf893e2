/**
 * FLV files and streams: tags in, packets out, and back.
 *
 * {@link FlvDemuxer} reads bytes as they arrive, wherever they are cut, and resynchronizes after damage;
 * {@link demuxFlv} reads a whole file. {@link FlvMuxer} writes files; {@link FLV_VIEW} frames a live stream
 * once for all its HTTP viewers.
 *
 * @example List the tracks of a file
 * ```ts
 * import { demuxFlv } from 'millrace/flv'
 * import { TrackCatalog } from 'millrace/media'
 *
 * export function listTracks(file: Uint8Array): string[] {
 *   const catalog = new TrackCatalog()
 *   for (const packet of demuxFlv(file)) catalog.push(packet)
 *   return catalog.tracks.map(
 *     ({ kind, trackId, description, packetCount }) =>
 *       `${kind} ${trackId}: ${description.codecString}, ${packetCount} packets`,
 *   )
 * }
 * ```
 *
 * @example Record packets
 * ```ts
 * import { FlvMuxer } from 'millrace/flv'
 * import type { MediaPacket } from 'millrace/media'
 *
 * export function* record(packets: Iterable<MediaPacket>): Generator<Uint8Array> {
 *   const muxer = new FlvMuxer()
 *   yield muxer.header()
 *   let start: number | undefined
 *   for (const packet of packets) yield muxer.write(packet, packet.dts - (start ??= packet.dts))
 * }
 * ```
 *
 * @module flv
 * @group Formats
 */
export { demuxFlv, FlvDemuxer, type FlvDemuxerOptions } from './flv-demuxer.ts'
export { FLV_VIEW, FlvFraming } from './flv-framing.ts'
export { decodeFlvHeader, encodeFlvHeader, FLV_HEADER_BYTES, type FlvHeader } from './flv-header.ts'
export { FlvMuxer } from './flv-muxer.ts'
export {
  FLV_MAX_TAG_DATA_BYTES,
  FLV_TAG_HEADER_BYTES,
  flvTagLength,
  TAG_TYPE_DATA_AMF3,
  writeFlvTag,
} from './flv-tag.ts'
