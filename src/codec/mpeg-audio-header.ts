/**
 * Frame header of MPEG-1 and MPEG-2 audio, layers I to III (MP3). ISO/IEC 11172-3 §2.4.1.3, ISO/IEC 13818-3
 * §2.4.1.
 *
 * Layout in bits: sync 11 = 1… | version 2 | layer 2 | protection 1 | bitrate index 4 | frequency index 2 |
 * padding 1
 * | private 1 | mode 2 | mode extension 2 | copyright 1 | original 1 | emphasis 2
 *
 * @module
 */
import { DecodeError } from '../errors/index.ts'
import { needBytes } from './need-bytes.ts'

/** Bytes of the header. */
export const MPEG_AUDIO_HEADER_BYTES = 4

/** Frame header of MPEG audio. */
export interface MpegAudioHeader {
  /** 1, 2, or 2.5 (the unofficial extension to low frequencies). */
  readonly version: 1 | 2 | 2.5
  /** Layer: 3 for MP3. */
  readonly layer: 1 | 2 | 3
  /** Bitrate in kbit/s; 0 in free format. */
  readonly bitrateKbps: number
  /** Sampling frequency in Hz. */
  readonly samplingFrequency: number
  /** 1 for mode 3 (single channel), otherwise 2. */
  readonly channelCount: 1 | 2
  /** Samples a channel of one frame: 1152, 576 or 384. */
  readonly frameSamples: number
  /** Bytes of the whole frame, header included; `undefined` in free format. */
  readonly frameBytes: number | undefined
}

/**
 * Whether a header can start at `offset`: the sync bits, no reserved version or layer, and as far as the
 * third byte is there no reserved bitrate or frequency. So a run of 0xff is not a header, and causes no error
 * for each of its bytes in a search.
 */
export function isMpegAudioSync(bytes: Uint8Array, offset: number): boolean {
  const second = bytes[offset + 1]!
  const third = bytes[offset + 2] ?? 0
  return (
    bytes[offset] === 0xff &&
    second >= 0xe0 &&
    (second & 0x18) !== 0x08 &&
    (second & 0x06) !== 0 &&
    third < 0xf0 &&
    (third & 0x0c) !== 0x0c
  )
}

/**
 * Reads an MPEG audio frame header at `offset`; the frame's end may lie past the end of `bytes`.
 * @throws {@link DecodeError} `ERR_BYTES_END` if fewer than 4 bytes are there.
 * @throws {@link DecodeError} `ERR_MPEG_AUDIO_HEADER` without sync or with reserved values.
 */
export function decodeMpegAudioHeader(bytes: Uint8Array, offset = 0): MpegAudioHeader {
  needBytes(bytes, offset, MPEG_AUDIO_HEADER_BYTES, 'MPEG audio header')
  if (!isMpegAudioSync(bytes, offset)) {
    throw new DecodeError('ERR_MPEG_AUDIO_HEADER', 'no MPEG audio sync, or reserved values after it')
  }
  const b1 = bytes[offset + 1]!
  const b2 = bytes[offset + 2]!
  const bitrateIndex = b2 >> 4
  const frequencyIndex = (b2 >> 2) & 0x03
  const versionBits = (b1 >> 3) & 0x03
  const version = versionBits === 3 ? 1 : versionBits === 2 ? 2 : 2.5
  const layer = (4 - ((b1 >> 1) & 0x03)) as 1 | 2 | 3
  const rates = version === 1 ? BITRATES_1[layer - 1]! : layer === 1 ? BITRATES_2_LAYER_1 : BITRATES_2
  const bitrateKbps = rates[bitrateIndex]!
  const samplingFrequency = FREQUENCIES[frequencyIndex]! / (version === 1 ? 1 : version === 2 ? 2 : 4)
  const frameSamples = layer === 1 ? 384 : layer === 3 && version !== 1 ? 576 : 1152
  const padding = (b2 >> 1) & 0x01
  // Layer I counts in slots of 4 bytes. ISO/IEC 11172-3 §2.4.3.1
  const slotBytes = layer === 1 ? 4 : 1
  const slots =
    Math.floor((frameSamples * bitrateKbps * 1000) / (8 * slotBytes * samplingFrequency)) + padding
  return {
    version,
    layer,
    bitrateKbps,
    samplingFrequency,
    channelCount: bytes[offset + 3]! >> 6 === 3 ? 1 : 2,
    frameSamples,
    frameBytes: bitrateKbps === 0 ? undefined : slots * slotBytes,
  }
}

/** Sampling frequencies of MPEG-1; half of them in MPEG-2, a quarter in 2.5. */
const FREQUENCIES = [44_100, 48_000, 32_000]

/** kbit/s by bitrate index of MPEG-1 layers I, II and III; 0 is free format. */
const BITRATES_1: readonly (readonly number[])[] = [
  [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
]

/** kbit/s of MPEG-2 layer I. */
const BITRATES_2_LAYER_1 = [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256]

/** kbit/s of MPEG-2 layers II and III. */
const BITRATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
