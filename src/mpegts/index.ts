/**
 * MPEG transport streams: media packets in and 188-byte TS packets out, and the way back.
 *
 * {@link TsMuxer} serves HTTP-TS and HLS, {@link TS_VIEW} makes live `.ts` a view of a source,
 * {@link TsDemuxer} takes streams that come over UDP, SRT or from files apart into access units. The tables
 * and headers are there by themselves, to be read against ISO/IEC 13818-1.
 *
 * @example One packet of MP3 as transport stream
 * ```ts
 * import { packetFromTag } from 'millrace/media'
 * import { TsMuxer } from 'millrace/mpegts'
 *
 * const muxer = new TsMuxer()
 * // sound format 2 (MP3), then a frame
 * const packet = packetFromTag(8, 0, Uint8Array.of(0x2f, 0xff, 0xfb, 0x90, 0x64))
 * console.log(muxer.write(packet).length) // 564: PAT, PMT and one packet of audio
 * ```
 *
 * @group Formats
 * @module mpegts
 */
export { crc32Mpeg } from './crc32-mpeg.ts'
export { decodePesHeader, type PesHeader, writePesHeader } from './pes-header.ts'
export {
  decodeProgramAssociation,
  decodeProgramMap,
  type ElementaryStream,
  encodeProgramAssociation,
  encodeProgramMap,
  type ProgramAssociation,
  type ProgramAssociationEntry,
  type ProgramMap,
  registrationOf,
} from './program-tables.ts'
export {
  STREAM_TYPE_AAC,
  STREAM_TYPE_AAC_LATM,
  STREAM_TYPE_AC3,
  STREAM_TYPE_AVC,
  STREAM_TYPE_EAC3,
  STREAM_TYPE_HEVC,
  STREAM_TYPE_METADATA,
  STREAM_TYPE_MPEG1_AUDIO,
  STREAM_TYPE_MPEG2_AUDIO,
  STREAM_TYPE_PRIVATE,
} from './stream-type.ts'
export { TsDemuxer, type TsDemuxerOptions, type TsErrorCounts } from './ts-demuxer.ts'
export { TS_VIEW, TsFraming } from './ts-framing.ts'
export { TS_TABLES_BYTES, TsMuxer, type TsMuxerOptions } from './ts-muxer.ts'
export { TS_PACKET_BYTES, TS_SYNC_BYTE } from './ts-packet.ts'
export type { TsStream, TsUnit } from './ts-unit.ts'
