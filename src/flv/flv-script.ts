/**
 * Script data in AMF3: tag type 15 (Enhanced RTMP v2, "Enabling AMF3 in FLV").
 *
 * @module
 */
import { decodeAmf0, encodeAmf0 } from '../amf0/index.ts'
import { MediaError } from '../errors/index.ts'

/**
 * The body of a type 15 tag as the body of a type 18 tag, so that everything after the demuxer knows one form.
 * @returns `undefined` if the format selector is not 0 or the values cannot be read.
 */
export function dataFromAmf3(body: Uint8Array): Uint8Array | undefined {
  if (body[0] !== 0) return undefined // format selector UI8: 0 says AMF0 values, which switch to AMF3 by marker 0x11
  try {
    return encodeAmf0(...decodeAmf0(body.subarray(1)))
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}
