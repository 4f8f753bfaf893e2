/**
 * AMF0 out: the size is computed first, then an array of exactly that size is written once.
 *
 * @module
 */
import { utf8Length, writeF64, writeU16, writeU32, writeUtf8 } from '../bytes/index.ts'
import { AMF0_MARKER } from './amf0-marker.ts'
import {
  AMF0_UNSUPPORTED,
  Amf0EcmaArray,
  type Amf0Object,
  Amf0TypedObject,
  type Amf0Value,
  Amf0XmlDocument,
  Amf3ByteArray,
} from './amf0-value.ts'

/**
 * The values as one message body of exactly their size.
 *
 * An array is a strict array; a repeated object or array, even inside itself, is a reference; text above
 * 65,535 bytes is a long string.
 * @throws TypeError for what AMF0 cannot carry: functions, symbols, bigints, instances of other classes; for
 * a `Uint8Array` too, which is most often a body that is encoded already: {@link Amf3ByteArray} sends bytes
 * to peers that read AMF3.
 * @throws RangeError for a name of more than 65,535 bytes, and for a repeated object after 65,536 others.
 */
export function encodeAmf0(...values: Amf0Value[]): Uint8Array {
  const writer = new Amf0Writer()
  let size = 0
  for (const value of values) size += writer.size(value)
  writer.begin(size)
  for (const value of values) writer.write(value)
  return writer.out
}

/** Sizes all values, then writes them. Both passes meet objects in the same order. */
class Amf0Writer {
  out: Uint8Array
  #at: number
  /** Object or array → its place in the order in which they begin. Filled while sizing. */
  readonly #places: Map<object, number>
  /** Objects and arrays begun in this pass. */
  #begun: number

  constructor() {
    this.out = NOTHING
    this.#at = 0
    this.#places = new Map()
    this.#begun = 0
  }

  begin(size: number): void {
    this.out = new Uint8Array(size)
    this.#begun = 0
  }

  size(value: Amf0Value): number {
    switch (typeof value) {
      case 'number':
        return 9
      case 'boolean':
        return 2
      case 'string': {
        const length = utf8Length(value)
        return length > 0xffff ? 5 + length : 3 + length
      }
      case 'undefined':
        return 1
      case 'object':
        return value === null ? 1 : this.#objectSize(value)
      case 'symbol':
      case 'bigint':
      case 'function':
        if (value === AMF0_UNSUPPORTED) return 1
        throw new TypeError(`AMF0 cannot carry a ${typeof value}`)
    }
  }

  write(value: Amf0Value): void {
    const out = this.out
    switch (typeof value) {
      case 'number':
        out[this.#at] = AMF0_MARKER.number
        writeF64(out, this.#at + 1, value)
        this.#at += 9
        return
      case 'boolean':
        out[this.#at++] = AMF0_MARKER.boolean
        out[this.#at++] = value ? 1 : 0
        return
      case 'string':
        this.#writeString(value)
        return
      case 'undefined':
        out[this.#at++] = AMF0_MARKER.undefined
        return
      case 'object':
        if (value === null) out[this.#at++] = AMF0_MARKER.null
        else this.#writeObject(value)
        return
      case 'symbol':
      case 'bigint':
      case 'function':
        out[this.#at++] = AMF0_MARKER.unsupported
    }
  }

  #objectSize(value: object): number {
    if (value instanceof Date) return 11
    if (value instanceof Amf0XmlDocument) return 5 + utf8Length(value.text)
    if (value instanceof Amf3ByteArray) return 2 + u29Length(byteArrayHead(value.bytes)) + value.bytes.length
    if (ArrayBuffer.isView(value)) throw new TypeError('AMF0 cannot carry bytes; Amf3ByteArray can')
    if (this.#places.has(value)) return 3
    this.#places.set(value, this.#begun++)
    if (Array.isArray(value)) {
      let size = 5
      for (let i = 0; i < value.length; i++) size += this.size(value[i] as Amf0Value)
      return size
    }
    if (value instanceof Amf0EcmaArray) return 5 + this.#propertiesSize(value.properties)
    if (value instanceof Amf0TypedObject) {
      return 1 + nameSize(value.className) + this.#propertiesSize(value.properties)
    }
    if (!isPlain(value)) throw new TypeError(`AMF0 cannot carry a ${value.constructor.name}`)
    return 1 + this.#propertiesSize(value)
  }

  #propertiesSize(properties: Amf0Object): number {
    let size = 3
    for (const name of Object.keys(properties)) size += nameSize(name) + this.size(properties[name])
    return size
  }

  #writeObject(value: object): void {
    const out = this.out
    if (value instanceof Date) {
      out[this.#at] = AMF0_MARKER.date
      writeF64(out, this.#at + 1, value.getTime())
      this.#at += 11 // time-zone stays 0
      return
    }
    if (value instanceof Amf0XmlDocument) {
      this.#writeLong(AMF0_MARKER.xmlDocument, value.text)
      return
    }
    if (value instanceof Amf3ByteArray) {
      this.#writeByteArray(value.bytes)
      return
    }
    const place = this.#places.get(value)!
    if (place < this.#begun) {
      if (place > 0xffff) throw new RangeError(`object ${place} cannot be referred to with 16 bits`)
      out[this.#at] = AMF0_MARKER.reference
      writeU16(out, this.#at + 1, place)
      this.#at += 3
      return
    }
    this.#begun++
    if (Array.isArray(value)) {
      out[this.#at] = AMF0_MARKER.strictArray
      writeU32(out, this.#at + 1, value.length)
      this.#at += 5
      for (let i = 0; i < value.length; i++) this.write(value[i] as Amf0Value)
    } else if (value instanceof Amf0EcmaArray) {
      const names = Object.keys(value.properties)
      out[this.#at] = AMF0_MARKER.ecmaArray
      writeU32(out, this.#at + 1, names.length)
      this.#at += 5
      this.#writeProperties(value.properties, names)
    } else if (value instanceof Amf0TypedObject) {
      out[this.#at++] = AMF0_MARKER.typedObject
      this.#writeName(value.className)
      this.#writeProperties(value.properties, Object.keys(value.properties))
    } else {
      out[this.#at++] = AMF0_MARKER.object
      this.#writeProperties(value as Amf0Object, Object.keys(value))
    }
  }

  #writeProperties(properties: Amf0Object, names: readonly string[]): void {
    for (const name of names) {
      this.#writeName(name)
      this.write(properties[name])
    }
    this.#at += 2 // the empty name
    this.out[this.#at++] = AMF0_MARKER.objectEnd
  }

  #writeName(name: string): void {
    const start = this.#at + 2
    this.#at = writeUtf8(name, this.out, start)
    writeU16(this.out, start - 2, this.#at - start)
  }

  #writeString(text: string): void {
    // A UTF-16 unit takes three bytes at most, so most texts need no second count.
    if (text.length > 0x5555 && utf8Length(text) > 0xffff) {
      this.#writeLong(AMF0_MARKER.longString, text)
      return
    }
    this.out[this.#at++] = AMF0_MARKER.string
    this.#writeName(text)
  }

  #writeLong(marker: number, text: string): void {
    const start = this.#at + 5
    this.out[this.#at] = marker
    this.#at = writeUtf8(text, this.out, start)
    writeU32(this.out, start - 4, this.#at - start)
  }

  /** AVM+ marker, then AMF3 §3.14: `0C | U29B-value | *byte`. */
  #writeByteArray(bytes: Uint8Array): void {
    const out = this.out
    out[this.#at++] = AMF0_MARKER.avmPlus
    out[this.#at++] = AMF3_BYTE_ARRAY
    this.#at = writeU29(out, this.#at, byteArrayHead(bytes))
    out.set(bytes, this.#at)
    this.#at += bytes.length
  }
}

const NOTHING = new Uint8Array(0)
const AMF3_BYTE_ARRAY = 0x0c

function nameSize(name: string): number {
  const length = utf8Length(name)
  if (length > 0xffff) throw new RangeError(`a name of ${length} bytes; AMF0 allows 65535`)
  return 2 + length
}

/** Object literals and null-prototype objects, of this realm or another. */
function isPlain(value: object): value is Amf0Object {
  const prototype = Object.getPrototypeOf(value) as object | null
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

/** Length and the bit that says "the bytes follow". */
function byteArrayHead(bytes: Uint8Array): number {
  if (bytes.length > 0x0fff_ffff) throw new RangeError(`a byte array of ${bytes.length} bytes`)
  return (bytes.length << 1) | 1
}

function u29Length(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  return value < 0x20_0000 ? 3 : 4
}

function writeU29(out: Uint8Array, offset: number, value: number): number {
  let at = offset
  if (value >= 0x20_0000) {
    out[at++] = 0x80 | (value >>> 22)
    out[at++] = 0x80 | ((value >>> 15) & 0x7f)
    out[at++] = 0x80 | ((value >>> 8) & 0x7f)
    out[at++] = value & 0xff
    return at
  }
  if (value >= 0x4000) out[at++] = 0x80 | (value >>> 14)
  if (value >= 0x80) out[at++] = 0x80 | ((value >>> 7) & 0x7f)
  out[at++] = value & 0x7f
  return at
}
