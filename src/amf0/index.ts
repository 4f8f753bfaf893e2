/**
 * Action Message Format 0, the values inside RTMP commands and FLV metadata, with AMF3 values inside it
 * (AVM+) read as AMF0 ones.
 *
 * `decodeAmf0` returns all values of a message body, `encodeAmf0` makes a body from values, `propertiesOf`
 * looks into an object, ECMA array or typed object alike.
 *
 * @example
 * ```ts
 * import { decodeAmf0, encodeAmf0, propertiesOf } from 'millrace/amf0'
 *
 * const body = encodeAmf0('connect', 1, { app: 'live', tcUrl: 'rtmp://example.com/live' })
 * const [name, transactionId, commandObject] = decodeAmf0(body)
 * console.log(name, transactionId, propertiesOf(commandObject)?.['app']) // 'connect' 1 'live'
 * ```
 *
 * @module amf0
 * @group Formats
 */
export type { Amf0DecodeOptions } from './amf-input.ts'
export { Amf0Reader, decodeAmf0 } from './amf0-reader.ts'
export {
  AMF0_UNSUPPORTED,
  Amf0EcmaArray,
  type Amf0Object,
  Amf0TypedObject,
  type Amf0Value,
  Amf0XmlDocument,
  Amf3ByteArray,
  propertiesOf,
} from './amf0-value.ts'
export { encodeAmf0 } from './amf0-writer.ts'
export { amf3DataToAmf0 } from './amf3-data.ts'
export { decodeAmf3 } from './amf3-reader.ts'
