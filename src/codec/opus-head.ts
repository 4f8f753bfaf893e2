/**
 * Identification header of Opus, its sequence start in Enhanced RTMP. RFC 7845 §5.1; little-endian.
 *
 * Layout: "OpusHead" 64 | version 8 | channel count 8 | pre-skip 16 | input sample rate 32 | output gain 16
 * | mapping family 8 | unless family 0: stream count 8, coupled count 8, channel mapping 8 each
 *
 * @module
 */
import { readU32Le, writeU32Le } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import { needBytes } from './need-bytes.ts'

/** Identification header of Opus. */
export interface OpusHead {
  /** Output channels, 1 to 255. */
  readonly channelCount: number
  /** Samples at 48 kHz to drop from the start of the decoder's output. */
  readonly preSkip: number
  /** Sampling rate of the source in Hz, for information: Opus always plays at 48,000 Hz. 0 when unknown. */
  readonly inputSampleRate: number
  /** Gain to apply, in 1/256 dB, signed. */
  readonly outputGain: number
  /** Channel mapping family: 0 mono or stereo, 1 surround in Vorbis order, 255 no meaning. */
  readonly mappingFamily: number
  /** Streams and channel order; absent in family 0. */
  readonly mapping: OpusChannelMapping | undefined
}

/** Channel mapping table. RFC 7845 §5.1.1. */
export interface OpusChannelMapping {
  /** Opus streams in each packet. */
  readonly streamCount: number
  /** How many of them are stereo. */
  readonly coupledCount: number
  /** For each output channel the decoded channel, 255 for silence. */
  readonly channels: readonly number[]
}

/** "OpusHead" */
const MAGIC = [0x4f, 0x70, 0x75, 0x73, 0x48, 0x65, 0x61, 0x64]

/** Bytes without channel mapping table. */
const HEAD_BYTES = 19

/**
 * Reads an Opus identification header. Bytes after it are ignored.
 * @throws {@link DecodeError} `ERR_BYTES_END` if it is cut short.
 * @throws {@link DecodeError} `ERR_OPUS_HEAD` without the magic, with a major version above 0 or no channels.
 */
export function decodeOpusHead(bytes: Uint8Array): OpusHead {
  needBytes(bytes, 0, HEAD_BYTES, 'OpusHead')
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) throw new DecodeError('ERR_OPUS_HEAD', 'no OpusHead magic')
  // "Implementations SHOULD treat streams where the upper four bits of the version are zero as compatible"
  if (bytes[8]! > 0x0f) throw new DecodeError('ERR_OPUS_HEAD', `OpusHead version ${bytes[8]}`)
  const channelCount = bytes[9]!
  if (channelCount === 0) throw new DecodeError('ERR_OPUS_HEAD', 'OpusHead with 0 channels')
  const mappingFamily = bytes[18]!
  let mapping: OpusChannelMapping | undefined
  if (mappingFamily !== 0) {
    needBytes(bytes, HEAD_BYTES, 2 + channelCount, 'OpusHead channel mapping')
    mapping = {
      streamCount: bytes[19]!,
      coupledCount: bytes[20]!,
      channels: Array.from(bytes.subarray(21, 21 + channelCount)),
    }
  }
  return {
    channelCount,
    preSkip: bytes[10]! | (bytes[11]! << 8),
    inputSampleRate: readU32Le(bytes, 12),
    outputGain: ((bytes[16]! | (bytes[17]! << 8)) << 16) >> 16,
    mappingFamily,
    mapping,
  }
}

/**
 * Writes an Opus identification header of version 1.
 * @throws RangeError if the mapping does not go with family and channel count.
 */
export function encodeOpusHead(head: OpusHead): Uint8Array {
  const { mapping, channelCount } = head
  if ((head.mappingFamily === 0) !== (mapping === undefined)) {
    throw new RangeError('a channel mapping goes with every family but 0')
  }
  if (mapping !== undefined && mapping.channels.length !== channelCount) {
    throw new RangeError(`${mapping.channels.length} mapped channels of ${channelCount}`)
  }
  const out = new Uint8Array(HEAD_BYTES + (mapping === undefined ? 0 : 2 + channelCount))
  out.set(MAGIC)
  out[8] = 1 // version
  out[9] = channelCount
  out[10] = head.preSkip & 0xff // pre-skip, little-endian
  out[11] = head.preSkip >> 8
  writeU32Le(out, 12, head.inputSampleRate)
  out[16] = head.outputGain & 0xff // output gain, little-endian two's complement
  out[17] = (head.outputGain >> 8) & 0xff
  out[18] = head.mappingFamily
  if (mapping !== undefined) {
    out[19] = mapping.streamCount
    out[20] = mapping.coupledCount
    out.set(mapping.channels, 21)
  }
  return out
}
