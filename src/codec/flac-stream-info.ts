/**
 * STREAMINFO of FLAC, its sequence start in Enhanced RTMP. RFC 9639 §8.1, §8.2.
 *
 * Layout: "fLaC" 32 | last block 1, type 7 = 0, length 24 = 34 | minimum block size 16 | maximum block size
 * 16
 * | minimum frame size 24 | maximum frame size 24 | sample rate 20 | channels − 1 3 | bits per sample − 1 5
 * | total samples 36 | MD5 128
 *
 * @module
 */
import { readU16, readU24, readU32, writeU16, writeU24, writeU32 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import { needBytes } from './need-bytes.ts'

/** STREAMINFO metadata block. */
export interface FlacStreamInfo {
  /** Smallest block in samples a channel. */
  readonly minBlockSize: number
  /** Largest block in samples a channel. */
  readonly maxBlockSize: number
  /** Smallest frame in bytes; 0 when unknown. */
  readonly minFrameBytes: number
  /** Largest frame in bytes; 0 when unknown. */
  readonly maxFrameBytes: number
  /** Sampling rate in Hz, 1 to 1,048,575. */
  readonly sampleRate: number
  /** Channels, 1 to 8. */
  readonly channelCount: number
  /** Bits of a sample, 4 to 32. */
  readonly bitsPerSample: number
  /** Samples per channel of the whole stream; 0 if unknown, as in live streams. */
  readonly totalSamples: number
  /** MD5 of the unencoded samples, 16 bytes, zero when unknown; a view of the decoded bytes. */
  readonly md5: Uint8Array
}

/** Bytes of the block without its header. */
const STREAM_INFO_BYTES = 34

/**
 * Reads a STREAMINFO block in each form that senders use: after "fLaC" and the block header as Enhanced RTMP
 * says, after only the block header, or bare as FFmpeg sends it.
 * @throws {@link DecodeError} `ERR_BYTES_END` if it is cut short.
 * @throws {@link DecodeError} `ERR_FLAC_STREAM_INFO` if the first block is another one or the sample rate is
 *   0.
 */
export function decodeFlacStreamInfo(bytes: Uint8Array): FlacStreamInfo {
  needBytes(bytes, 0, STREAM_INFO_BYTES, 'FLAC STREAMINFO')
  let at = 0
  if (bytes[0] === 0x66 && bytes[1] === 0x4c && bytes[2] === 0x61 && bytes[3] === 0x43) at = 4 // "fLaC"
  // A bare block cannot start with 00 00 00 22 or 80 00 00 22: a block size of 0 is not allowed, one of
  // 32,768 is beyond every subset and would go with a maximum of 34 samples.
  if (at > 0 || bytes.length >= STREAM_INFO_BYTES + 4) {
    const isHeader = (bytes[at]! & 0x7f) === 0 && readU24(bytes, at + 1) === STREAM_INFO_BYTES
    if (isHeader) at += 4
    else if (at > 0) throw new DecodeError('ERR_FLAC_STREAM_INFO', `FLAC block type ${bytes[at]! & 0x7f}`)
  }
  needBytes(bytes, at, STREAM_INFO_BYTES, 'FLAC STREAMINFO')
  const sampleRate = readU24(bytes, at + 10) >> 4
  if (sampleRate === 0) throw new DecodeError('ERR_FLAC_STREAM_INFO', 'FLAC sample rate 0')
  return {
    minBlockSize: readU16(bytes, at),
    maxBlockSize: readU16(bytes, at + 2),
    minFrameBytes: readU24(bytes, at + 4),
    maxFrameBytes: readU24(bytes, at + 7),
    sampleRate,
    channelCount: ((bytes[at + 12]! >> 1) & 0x07) + 1,
    bitsPerSample: (((bytes[at + 12]! & 0x01) << 4) | (bytes[at + 13]! >> 4)) + 1,
    totalSamples: (bytes[at + 13]! & 0x0f) * 2 ** 32 + readU32(bytes, at + 14),
    md5: bytes.subarray(at + 18, at + STREAM_INFO_BYTES),
  }
}

/**
 * Writes "fLaC" and the STREAMINFO block as the only and last one, 42 bytes.
 * @throws RangeError if the MD5 does not have 16 bytes.
 */
export function encodeFlacStreamInfo(info: FlacStreamInfo): Uint8Array {
  if (info.md5.length !== 16) throw new RangeError(`MD5 of ${info.md5.length} bytes`)
  const out = new Uint8Array(8 + STREAM_INFO_BYTES)
  out.set([0x66, 0x4c, 0x61, 0x43]) // "fLaC"
  writeU32(out, 4, 0x8000_0000 + STREAM_INFO_BYTES) // last block | type 0 | length
  writeU16(out, 8, info.minBlockSize)
  writeU16(out, 10, info.maxBlockSize)
  writeU24(out, 12, info.minFrameBytes)
  writeU24(out, 15, info.maxFrameBytes)
  writeU24(out, 18, (info.sampleRate << 4) | ((info.channelCount - 1) << 1) | ((info.bitsPerSample - 1) >> 4))
  out[21] = (((info.bitsPerSample - 1) & 0x0f) << 4) | Math.floor(info.totalSamples / 2 ** 32)
  writeU32(out, 22, info.totalSamples)
  out.set(info.md5, 26)
  return out
}
