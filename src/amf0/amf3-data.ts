/**
 * Data in AMF3: RTMP message type 15 and FLV tag type 15.
 *
 * @module
 */
import type { Amf0DecodeOptions } from './amf-input.ts'
import { AMF0_MARKER } from './amf0-marker.ts'
import { decodeAmf0 } from './amf0-reader.ts'
import { encodeAmf0 } from './amf0-writer.ts'

/** Each object is a value, so no more of them fit into a 16-bit reference. */
const MAX_COUNT = 65_536

/**
 * The AMF0 body (type 18) of a type 15 message or tag: the form in which data travels everywhere else in this
 * package.
 *
 * A type 15 body begins with a format byte 0 (Enhanced RTMP v2, "AMF3-encoded Historical Specification
 * Clarification"), but encoders also leave it out, so it is skipped only when it is there: a handler name
 * never begins with marker 0, a number. AMF3 values after marker 0x11 become AMF0 values.
 * @param body - borrowed; the result is a view of it where nothing has to change.
 * @throws as {@link decodeAmf0}.
 */
export function amf3DataToAmf0(body: Uint8Array, options: Amf0DecodeOptions = {}): Uint8Array {
  const values = body[0] === 0 ? body.subarray(1) : body
  if (!values.includes(AMF0_MARKER.avmPlus)) return values
  const maxCount = Math.min(options.maxCount ?? MAX_COUNT, MAX_COUNT)
  return encodeAmf0(...decodeAmf0(values, { ...options, maxCount }))
}
