/**
 * What AMF values are in TypeScript. AMF3 values become the same ones.
 *
 * @module
 */

/** Any value that AMF0 can carry. AMF3 values that arrive in it are converted to these. */
export type Amf0Value =
  | number
  | boolean
  | string
  | null
  | undefined
  | Date
  | Amf0Object
  | Amf0EcmaArray
  | Amf0TypedObject
  | Amf0XmlDocument
  | Amf3ByteArray
  | Amf0Value[]
  | typeof AMF0_UNSUPPORTED

/**
 * Named properties, in order. Decoded ones have no prototype, so that a peer's `__proto__` or `constructor`
 * is a property as any other; an object literal may be encoded. Names that are whole numbers come first, as
 * in every JavaScript object.
 */
export interface Amf0Object {
  /** A property's value. */
  [name: string]: Amf0Value
}

/** The value `unsupported` (marker 0x0D): something that its sender could not put into AMF0. */
export const AMF0_UNSUPPORTED: unique symbol = Symbol('amf0.unsupported')

/**
 * An associative array (marker 0x08), which encoders use for `onMetaData`. Otherwise as good as an object.
 */
export class Amf0EcmaArray {
  /** The entries. */
  readonly properties: Amf0Object

  /** @param properties - kept, not copied. */
  constructor(properties: Amf0Object) {
    this.properties = properties
  }
}

/** An object with a class name (marker 0x10). */
export class Amf0TypedObject {
  /** The registered alias of its class. */
  readonly className: string
  /** Its properties. */
  readonly properties: Amf0Object

  /** @param properties - kept, not copied. */
  constructor(className: string, properties: Amf0Object) {
    this.className = className
    this.properties = properties
  }
}

/** An XML document (marker 0x0F), as text that nobody has parsed. */
export class Amf0XmlDocument {
  /** The source. */
  readonly text: string

  /** @param text - the source. */
  constructor(text: string) {
    this.text = text
  }
}

/**
 * Bytes, which AMF0 itself cannot: an AMF3 byte array after the AVM+ marker (0x11). Flash sends and reads
 * them; a peer that knows only AMF0 cannot even skip one, and loses the rest of the message.
 */
export class Amf3ByteArray {
  /** The content. A decoded array has bytes of its own. */
  readonly bytes: Uint8Array

  /** @param bytes - kept, not copied. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

/**
 * The properties of an object, ECMA array or typed object, whichever the peer chose to send; `undefined` for
 * every other value.
 */
export function propertiesOf(value: Amf0Value): Amf0Object | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (value instanceof Amf0EcmaArray || value instanceof Amf0TypedObject) return value.properties
  if (Array.isArray(value) || value instanceof Date) return undefined
  if (value instanceof Amf0XmlDocument || value instanceof Amf3ByteArray) return undefined
  return value
}
