/**
 * ADTS: the header before each AAC frame in MPEG-2 TS and `.aac` files. ISO/IEC 13818-7 §6.2, ISO/IEC 14496-3
 * §1.A.3.2.
 *
 * Layout in bits: syncword 0xfff 12 | ID 1 | layer 2 = 0 | protection_absent 1 | profile 2 |
 * sampling_frequency_index 4
 * | private 1 | channel_configuration 3 | original 1 | home 1 | copyright 2 | frame_length 13 | buffer_fullness 11
 * | blocks − 1 2 | CRC 16 unless protection_absent
 *
 * @module
 */
import { DecodeError, LimitError } from '../errors/index.ts'
import { AAC_FREQUENCY_ESCAPE, AAC_SAMPLING_FREQUENCIES, aacFrequencyIndex } from './aac-frequency.ts'
import type { AudioSpecificConfig } from './audio-specific-config.ts'
import { needBytes } from './need-bytes.ts'

/** Bytes of an ADTS header without CRC. */
export const ADTS_HEADER_BYTES = 7

/** Greatest payload of one ADTS frame: frame_length has 13 bits and counts the header. */
export const ADTS_MAX_PAYLOAD_BYTES: number = 0x1fff - ADTS_HEADER_BYTES

/** ADTS header. */
export interface AdtsHeader {
  /** Audio object type: 1 Main, 2 LC, 3 SSR, 4 LTP. HE-AAC is 2. */
  readonly objectType: number
  /** Index of the sampling frequency, 0 to 12. */
  readonly samplingFrequencyIndex: number
  /** Sampling frequency of the core coder in Hz. */
  readonly samplingFrequency: number
  /** channel_configuration, 0 to 7; 0 when a program config element in the frame says. */
  readonly channelConfiguration: number
  /** Bytes before the first raw data block: 7, 9 with CRC, more with CRC and several blocks. */
  readonly headerBytes: number
  /** Bytes of the whole frame, header included. */
  readonly frameBytes: number
  /** Raw data blocks in the frame, 1 to 4; each holds 1024 samples a channel. */
  readonly blockCount: number
}

/** How an ADTS header is written. */
export interface AdtsOptions {
  /** ID bit: 4 (`ff f1`) or 2 (`ff f9`). @defaultValue 4 */
  readonly mpegVersion?: 2 | 4
}

/** What an ADTS header needs of a configuration; {@link AudioSpecificConfig} has it all. */
export type AdtsConfig = Pick<
  AudioSpecificConfig,
  'objectType' | 'samplingFrequency' | 'channelConfiguration'
>

/**
 * Whether an ADTS header can start at `offset`: sync word, layer 0, and as far as the third byte is there a
 * frequency of the table. Look at `frameBytes` further for certainty.
 */
export function isAdtsSync(bytes: Uint8Array, offset: number): boolean {
  if (bytes[offset] !== 0xff || (bytes[offset + 1]! & 0xf6) !== 0xf0) return false
  return ((bytes[offset + 2] ?? 0) & 0x3c) >> 2 < AAC_SAMPLING_FREQUENCIES.length
}

/**
 * Reads an ADTS header at `offset`; the frame's end may lie past the end of `bytes`.
 * @throws {@link DecodeError} `ERR_BYTES_END` if fewer than 7 bytes are there.
 * @throws {@link DecodeError} `ERR_ADTS_HEADER` without sync word, with a reserved frequency or a frame
 * length below the header's own.
 */
export function decodeAdtsHeader(bytes: Uint8Array, offset = 0): AdtsHeader {
  needBytes(bytes, offset, ADTS_HEADER_BYTES, 'ADTS header')
  if (!isAdtsSync(bytes, offset)) {
    throw new DecodeError('ERR_ADTS_HEADER', 'no ADTS sync word, or a reserved frequency after it')
  }
  const b1 = bytes[offset + 1]!
  const b2 = bytes[offset + 2]!
  const b3 = bytes[offset + 3]!
  const b6 = bytes[offset + 6]!
  const samplingFrequencyIndex = (b2 >> 2) & 0x0f
  const samplingFrequency = AAC_SAMPLING_FREQUENCIES[samplingFrequencyIndex]!
  const blockCount = (b6 & 0x03) + 1
  // With CRC: a position of 16 bits for each block after the first, then the CRC of 16 bits.
  const headerBytes = ADTS_HEADER_BYTES + ((b1 & 0x01) === 1 ? 0 : 2 * blockCount)
  const frameBytes = ((b3 & 0x03) << 11) | (bytes[offset + 4]! << 3) | (bytes[offset + 5]! >> 5)
  if (frameBytes < headerBytes) {
    throw new DecodeError('ERR_ADTS_HEADER', `ADTS frame of ${frameBytes} bytes, header of ${headerBytes}`)
  }
  return {
    objectType: (b2 >> 6) + 1,
    samplingFrequencyIndex,
    samplingFrequency,
    channelConfiguration: ((b2 & 0x01) << 2) | (b3 >> 6),
    headerBytes,
    frameBytes,
    blockCount,
  }
}

/**
 * A 7-byte ADTS header for a frame of `payloadBytes`. HE-AAC is announced by its core coder, as ADTS has no
 * other way.
 * @throws {@link LimitError} `ERR_ADTS_FIELD` as {@link writeAdtsHeader}.
 */
export function encodeAdtsHeader(
  config: AdtsConfig,
  payloadBytes: number,
  options?: AdtsOptions,
): Uint8Array {
  const out = new Uint8Array(ADTS_HEADER_BYTES)
  writeAdtsHeader(out, 0, config, payloadBytes, options)
  return out
}

/**
 * Writes a 7-byte ADTS header at `offset` of `out`.
 * @returns the offset after it.
 * @throws {@link LimitError} `ERR_ADTS_FIELD` if the object type, the frequency, the channels or the length
 * does not fit: object types above 4, frequencies off the table, channelConfiguration above 7, payloads above
 * 8,184 bytes.
 */
export function writeAdtsHeader(
  out: Uint8Array,
  offset: number,
  config: AdtsConfig,
  payloadBytes: number,
  options?: AdtsOptions,
): number {
  const { objectType, channelConfiguration, samplingFrequency } = config
  const index = aacFrequencyIndex(samplingFrequency)
  if (
    objectType < 1 ||
    objectType > 4 ||
    channelConfiguration > 7 ||
    index === AAC_FREQUENCY_ESCAPE ||
    payloadBytes > ADTS_MAX_PAYLOAD_BYTES
  ) {
    throw new LimitError(
      'ERR_ADTS_FIELD',
      `no ADTS header for object type ${objectType}, ${samplingFrequency} Hz, channel configuration ${channelConfiguration}, ${payloadBytes} bytes`,
    )
  }
  const length = payloadBytes + ADTS_HEADER_BYTES
  out[offset] = 0xff // syncword, upper 8 bits
  out[offset + 1] = options?.mpegVersion === 2 ? 0xf9 : 0xf1 // syncword 4 | ID | layer 00 | protection_absent 1
  out[offset + 2] = ((objectType - 1) << 6) | (index << 2) | (channelConfiguration >> 2) // profile | index | 0 | channels
  out[offset + 3] = ((channelConfiguration & 0x03) << 6) | (length >> 11) // channels | original, home, copyright 0000 | length
  out[offset + 4] = (length >> 3) & 0xff // frame_length, middle 8 bits
  out[offset + 5] = ((length & 0x07) << 5) | 0x1f // frame_length, lower 3 | buffer_fullness 0x7ff, upper 5
  out[offset + 6] = 0xfc // buffer_fullness, lower 6 (0x7ff = variable bitrate) | one block 00
  return offset + ADTS_HEADER_BYTES
}
