/**
 * ADTS where raw AAC belongs: some encoders put the stream of their chip into FLV tags, headers included.
 *
 * @module
 */
import { DecodeError } from '../errors/index.ts'
import { type AdtsHeader, decodeAdtsHeader, isAdtsSync } from './adts-header.ts'
import { createAudioSpecificConfig, encodeAudioSpecificConfig } from './audio-specific-config.ts'

/** An AAC frame that came with a header of its own. */
export interface AdtsFrame {
  /** Its header. */
  readonly header: AdtsHeader
  /** The bytes after the header: a view. */
  readonly payload: Uint8Array
}

/** 1.4 s at 48 kHz. */
const MAX_FRAMES = 64

const NO_FRAMES: readonly AdtsFrame[] = []

/**
 * The frames of a payload that is ADTS from end to end, 64 at most; empty for any other. A raw AAC frame is
 * never taken for ADTS: one that begins with the bits of the sync word would be over at once, and the lengths
 * would have to lead exactly to its end.
 */
export function splitAdts(payload: Uint8Array): readonly AdtsFrame[] {
  if (!isAdtsSync(payload, 0)) return NO_FRAMES
  const frames: AdtsFrame[] = []
  for (let at = 0; at < payload.length;) {
    const header = frames.length === MAX_FRAMES ? undefined : headerAt(payload, at)
    if (header === undefined || at + header.frameBytes > payload.length) return NO_FRAMES
    frames.push({ header, payload: payload.subarray(at + header.headerBytes, at + header.frameBytes) })
    at += header.frameBytes
  }
  return frames
}

/**
 * The AudioSpecificConfig equivalent to an ADTS header. SBR and PS, which it does not signal, are left to the
 * decoder.
 */
export function configurationOfAdts(header: AdtsHeader): Uint8Array {
  return encodeAudioSpecificConfig(createAudioSpecificConfig(header))
}

function headerAt(payload: Uint8Array, at: number): AdtsHeader | undefined {
  try {
    return decodeAdtsHeader(payload, at)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
