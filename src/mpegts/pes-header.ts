/**
 * The PES packet header: stream, length and times. ISO/IEC 13818-1 §2.4.3.6.
 *
 * Layout: 00 00 01 | stream_id 8 | PES_packet_length 16 | 10, scrambling 2, priority 1, data_alignment 1,
 * copyright 1, original 1 | PTS_DTS_flags 2, other flags 6 | PES_header_data_length 8 | PTS 40 | DTS 40 |
 * stuffing
 *
 * @module
 */
import { writeU16 } from '../bytes/index.ts'
import { wrapTicks } from './ts-packet.ts'

/** Bytes of a header with only a PTS. */
export const PES_HEADER_BYTES_PTS = 14
/** Bytes of a header with PTS and DTS. */
export const PES_HEADER_BYTES_PTS_DTS = 19
/** Bytes that PES_packet_length does not count: start code, stream_id and the length itself. */
export const PES_PREFIX_BYTES = 6

/** A decoded PES header. */
export interface PesHeader {
  /** stream_id. */
  readonly streamId: number
  /**
   * Bytes of the elementary stream after the header, or −1 when PES_packet_length is 0 (until the next PES
   * packet starts).
   */
  readonly payloadBytes: number
  /** Offset of the payload. */
  readonly headerBytes: number
  /** Presentation time, 0 to 2³³ − 1 ticks; `undefined` when the header has none. */
  readonly ptsTicks: number | undefined
  /** Decode time, 0 to 2³³ − 1 ticks; the same as `ptsTicks` when the header has only that. */
  readonly dtsTicks: number | undefined
}

/**
 * Writes a header with PTS, and DTS where it differs.
 * @param payloadBytes - elementary stream bytes after the header. A length that does not fit 16 bits is
 * written as 0, "unbounded", which only video may have.
 * @returns the offset after the header.
 */
export function writePesHeader(
  out: Uint8Array,
  offset: number,
  streamId: number,
  payloadBytes: number,
  ptsTicks: number,
  dtsTicks: number,
): number {
  const withDts = ptsTicks !== dtsTicks
  const headerBytes = withDts ? PES_HEADER_BYTES_PTS_DTS : PES_HEADER_BYTES_PTS
  const packetLength = headerBytes - PES_PREFIX_BYTES + payloadBytes
  out[offset] = 0 // packet_start_code_prefix 00 00 01
  out[offset + 1] = 0
  out[offset + 2] = 1
  out[offset + 3] = streamId
  writeU16(out, offset + 4, packetLength > 0xffff ? 0 : packetLength)
  out[offset + 6] = 0x84 // '10' | scrambling 00 | priority 0 | data_alignment 1 | copyright 0 | original 0
  out[offset + 7] = withDts ? 0xc0 : 0x80 // PTS_DTS_flags
  out[offset + 8] = headerBytes - 9 // PES_header_data_length
  writeClock(out, offset + 9, withDts ? 3 : 2, ptsTicks)
  if (withDts) writeClock(out, offset + 14, 1, dtsTicks)
  return offset + headerBytes
}

/**
 * Reads the header at the start of a PES packet.
 * @param bytes - the packet from its start code on.
 * @param end - how many of `bytes` are there yet.
 * @returns `incomplete` while more bytes are needed, `malformed` if this is not a PES packet.
 */
export function decodePesHeader(
  bytes: Uint8Array,
  end: number = bytes.length,
): PesHeader | 'incomplete' | 'malformed' {
  if (end < PES_PREFIX_BYTES) return 'incomplete'
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 1) return 'malformed'
  const streamId = bytes[3]!
  const packetLength = (bytes[4]! << 8) | bytes[5]!
  if (!hasOptionalHeader(streamId)) {
    const payloadBytes = packetLength === 0 ? -1 : packetLength
    return { streamId, payloadBytes, headerBytes: PES_PREFIX_BYTES, ptsTicks: undefined, dtsTicks: undefined }
  }
  if (end < 9) return 'incomplete'
  if (bytes[6]! >> 6 !== 2) return 'malformed' // '10'
  const headerBytes = 9 + bytes[8]!
  if (end < headerBytes) return 'incomplete'
  const payloadBytes = packetLength === 0 ? -1 : packetLength + PES_PREFIX_BYTES - headerBytes
  if (packetLength !== 0 && payloadBytes < 0) return 'malformed'
  const flags = bytes[7]! >> 6 // PTS_DTS_flags
  const ptsTicks = flags >= 2 && headerBytes >= PES_HEADER_BYTES_PTS ? readClock(bytes, 9) : undefined
  const dtsTicks = flags === 3 && headerBytes >= PES_HEADER_BYTES_PTS_DTS ? readClock(bytes, 14) : ptsTicks
  return { streamId, payloadBytes, headerBytes, ptsTicks, dtsTicks }
}

/**
 * stream_ids whose packets are bare data: program_stream_map, padding, private_stream_2, ECM, EMM, DSMCC,
 * H.222.1 E, directory.
 */
function hasOptionalHeader(streamId: number): boolean {
  return !(
    streamId === 0xbc ||
    streamId === 0xbe ||
    streamId === 0xbf ||
    (streamId >= 0xf0 && streamId <= 0xf2) ||
    streamId === 0xf8 ||
    streamId === 0xff
  )
}

/** Writes a PTS or DTS: prefix 4 | bits 32..30 | 1 | bits 29..15 | 1 | bits 14..0 | 1. */
function writeClock(out: Uint8Array, offset: number, prefix: number, ticks: number): void {
  const clock = wrapTicks(ticks)
  const upper = Math.floor(clock / 2 ** 30) // bits 32..30; shifts keep 32 bits only
  const lower = clock % 2 ** 30
  out[offset] = (prefix << 4) | (upper << 1) | 1
  out[offset + 1] = lower >> 22 // bits 29..22
  out[offset + 2] = ((lower >> 14) & 0xfe) | 1 // bits 21..15
  out[offset + 3] = (lower >> 7) & 0xff // bits 14..7
  out[offset + 4] = ((lower << 1) & 0xfe) | 1 // bits 6..0
}

function readClock(bytes: Uint8Array, offset: number): number {
  const upper = (bytes[offset]! >> 1) & 0x07
  const lower =
    (bytes[offset + 1]! << 22) |
    ((bytes[offset + 2]! >> 1) << 15) |
    (bytes[offset + 3]! << 7) |
    (bytes[offset + 4]! >> 1)
  return upper * 2 ** 30 + lower
}
