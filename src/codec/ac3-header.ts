/**
 * Sync frame header of AC-3 and Enhanced AC-3, which have no sequence header in Enhanced RTMP. ATSC A/52
 * §5.3, §E.1.2.
 *
 * AC-3: syncword 0x0b77 16 | crc1 16 | fscod 2, frmsizecod 6 | bsid 5, bsmod 3 | acmod 3, mix levels 0 to 4,
 * lfeon 1 … E-AC-3: syncword 16 | strmtyp 2, substreamid 3, frmsiz 11 | fscod 2, numblkscod 2, acmod 3, lfeon
 * 1 | bsid 5 …
 *
 * @module
 */
import { BitReader } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import { needBytes } from './need-bytes.ts'

/** Sync frame header of AC-3 or E-AC-3. */
export interface Ac3Header {
  /** True for E-AC-3 (bsid above 10). */
  readonly enhanced: boolean
  /** Sampling frequency in Hz. */
  readonly samplingFrequency: number
  /**
   * acmod, the full bandwidth channels: 0 two independent ones, 1 mono, 2 stereo, 7 three front and two rear.
   */
  readonly channelMode: number
  /** lfeon: whether there is a channel for low frequencies. */
  readonly lfe: boolean
  /** Channels of this (sub)stream, LFE included. */
  readonly channelCount: number
  /** Bytes of the whole sync frame. */
  readonly frameBytes: number
  /** Samples a channel of one sync frame: 1536, or 256, 512, 768 in E-AC-3. */
  readonly frameSamples: number
  /** Bitstream identification: 8 (or 6) for AC-3, 16 for E-AC-3. */
  readonly bsid: number
  /** E-AC-3 stream type: 0 independent, 1 dependent (adds channels to the one before); 0 in AC-3. */
  readonly streamType: number
}

/**
 * Reads a sync frame header at the start of `bytes`.
 * @throws {@link DecodeError} `ERR_BYTES_END` if fewer than 8 bytes are there.
 * @throws {@link DecodeError} `ERR_AC3_HEADER` without sync word or with reserved values.
 */
export function decodeAc3Header(bytes: Uint8Array): Ac3Header {
  needBytes(bytes, 0, 8, 'AC-3 header')
  if (bytes[0] !== 0x0b || bytes[1] !== 0x77) throw new DecodeError('ERR_AC3_HEADER', 'no AC-3 sync word')
  const bsid = bytes[5]! >> 3 // at the same place in both
  if (bsid > 16) throw new DecodeError('ERR_AC3_HEADER', `AC-3 bitstream identification ${bsid}`)
  return bsid > 10 ? decodeEnhanced(bytes, bsid) : decodePlain(bytes, bsid)
}

function decodePlain(bytes: Uint8Array, bsid: number): Ac3Header {
  const frequencyCode = bytes[4]! >> 6
  const sizeCode = bytes[4]! & 0x3f
  const kbps = BITRATES[sizeCode >> 1]
  if (frequencyCode === 3 || kbps === undefined) {
    throw new DecodeError('ERR_AC3_HEADER', `frequency code ${frequencyCode}, frame size code ${sizeCode}`)
  }
  // A/52 Table 5.18 in words of 16 bits; at 44.1 kHz the odd code is one word longer
  const words =
    frequencyCode === 0
      ? 2 * kbps
      : frequencyCode === 2
        ? 3 * kbps
        : Math.floor((320 * kbps) / 147) + (sizeCode & 1)
  const reader = new BitReader(bytes)
  reader.skip(48)
  const mode = reader.bits(3) // acmod
  if ((mode & 1) !== 0 && mode !== 1) reader.skip(2) // cmixlev
  if ((mode & 4) !== 0) reader.skip(2) // surmixlev
  if (mode === 2) reader.skip(2) // dsurmod
  const lfe = reader.flag()
  return {
    enhanced: false,
    // bsid 9 and 10 halve and quarter the rate; encoders of them are not in the standard but in the wild
    samplingFrequency: FREQUENCIES[frequencyCode]! / 2 ** Math.max(0, bsid - 8),
    channelMode: mode,
    lfe,
    channelCount: CHANNELS[mode]! + (lfe ? 1 : 0),
    frameBytes: 2 * words,
    frameSamples: 1536,
    bsid,
    streamType: 0,
  }
}

function decodeEnhanced(bytes: Uint8Array, bsid: number): Ac3Header {
  const frequencyCode = bytes[4]! >> 6
  const blocksCode = (bytes[4]! >> 4) & 0x03
  let samplingFrequency: number
  if (frequencyCode === 3) {
    // fscod2 takes the place of numblkscod: half the rate, six blocks
    if (blocksCode === 3) throw new DecodeError('ERR_AC3_HEADER', 'frequency codes 3 and 3')
    samplingFrequency = FREQUENCIES[blocksCode]! / 2
  } else {
    samplingFrequency = FREQUENCIES[frequencyCode]!
  }
  const blocks = frequencyCode === 3 ? 6 : [1, 2, 3, 6][blocksCode]!
  const mode = (bytes[4]! >> 1) & 0x07
  const lfe = (bytes[4]! & 0x01) === 1
  return {
    enhanced: true,
    samplingFrequency,
    channelMode: mode,
    lfe,
    channelCount: CHANNELS[mode]! + (lfe ? 1 : 0),
    frameBytes: 2 * ((((bytes[2]! & 0x07) << 8) | bytes[3]!) + 1), // frmsiz counts words − 1
    frameSamples: 256 * blocks,
    bsid,
    streamType: bytes[2]! >> 6,
  }
}

/** Hz by fscod. */
const FREQUENCIES = [48_000, 44_100, 32_000]

/** Full bandwidth channels by acmod; 0 is two independent ones. */
const CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5]

/** kbit/s by frmsizecod / 2. */
const BITRATES = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640]
