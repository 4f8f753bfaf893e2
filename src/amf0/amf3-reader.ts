/**
 * AMF3 in, as AMF0 values. Action Message Format, AMF 3 (January 2013).
 *
 * | AMF3 | becomes |
 * |---|---|
 * | integer, double | number |
 * | XML, XML document | {@link Amf0XmlDocument} |
 * | array with named entries, dictionary | {@link Amf0EcmaArray} |
 * | array, vectors | array |
 * | object without, with class name | {@link Amf0Object}, {@link Amf0TypedObject} |
 * | byte array | {@link Amf3ByteArray} |
 *
 * @module
 */
import { readU32, utf8Length } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import { type Amf0DecodeOptions, AmfInput, checkedName, referenced } from './amf-input.ts'
import {
  Amf0EcmaArray,
  type Amf0Object,
  Amf0TypedObject,
  type Amf0Value,
  Amf0XmlDocument,
  Amf3ByteArray,
} from './amf0-value.ts'

/**
 * All AMF3 values of a body that is AMF3 from its first byte, converted to AMF0 values. (RTMP messages that
 * announce AMF3 hold AMF0 with AMF3 values inside it: read those with {@link decodeAmf0}.)
 * @param bytes - the body; nothing of it is kept.
 * @throws as {@link decodeAmf0}.
 */
export function decodeAmf3(bytes: Uint8Array, options: Amf0DecodeOptions = {}): Amf0Value[] {
  const input = new AmfInput(bytes, options)
  const reader = new Amf3Reader(input)
  const values: Amf0Value[] = []
  while (input.left > 0) values.push(reader.readValue())
  return values
}

/** The shape of an object: class name and the names of its sealed members. AMF3 §3.12. */
interface Traits {
  readonly className: string
  readonly dynamic: boolean
  readonly sealed: readonly string[]
  /** UTF-8 length of all of these names. */
  readonly namesLength: number
}

/** Reads AMF3 values from an input, with the three reference tables of one message. */
export class Amf3Reader {
  readonly #input: AmfInput
  readonly #strings: string[]
  readonly #objects: Amf0Value[]
  readonly #traits: Traits[]

  constructor(input: AmfInput) {
    this.#input = input
    this.#strings = []
    this.#objects = []
    this.#traits = []
  }

  readValue(): Amf0Value {
    const input = this.#input
    const marker = input.u8()
    input.count(1)
    switch (marker) {
      case 0x00:
        return undefined
      case 0x01:
        return null
      case 0x02:
        return false
      case 0x03:
        return true
      case 0x04:
        return (input.u29() << 3) >> 3 // 29 bits, two's complement
      case 0x05:
        return input.f64()
      case 0x06:
        return this.#readString()
      case 0x07: // XML document
      case 0x08: // date
      case 0x09: // array
      case 0x0a: // object
      case 0x0b: // XML
      case 0x0c: // byte array
      case 0x0d: // vector of int
      case 0x0e: // vector of uint
      case 0x0f: // vector of double
      case 0x10: // vector of object
      case 0x11: // dictionary
        return this.#readComplex(marker)
      default:
        throw new DecodeError(
          'ERR_AMF_MARKER',
          `AMF3 marker 0x${marker.toString(16).padStart(2, '0')} at ${input.offset - 1}`,
        )
    }
  }

  /** `U29S-ref | U29S-value *byte`: bit 0 says that the value follows, the rest is its length or index. */
  #readString(): string {
    const head = this.#input.u29()
    if ((head & 1) === 0) {
      const text = referenced(this.#strings, head >> 1)
      this.#input.repeat(utf8Length(text))
      return text
    }
    if (head === 1) return '' // the empty string never enters the table
    const text = this.#input.text(head >> 1)
    this.#strings.push(text)
    return text
  }

  /** A string that becomes a name in AMF0. */
  #readName(): string {
    return checkedName(this.#readString())
  }

  /** A value that begins with `U29O-ref | head`; all of these share one table. */
  #readComplex(marker: number): Amf0Value {
    const input = this.#input
    const head = input.u29()
    if ((head & 1) === 0) {
      const value = referenced(this.#objects, head >> 1)
      if (value instanceof Amf3ByteArray) input.repeat(value.bytes.length)
      else if (value instanceof Amf0XmlDocument) input.repeat(utf8Length(value.text))
      return value
    }
    const length = head >> 1
    switch (marker) {
      case 0x07:
      case 0x0b:
        return this.#remember(new Amf0XmlDocument(input.text(length)))
      case 0x08:
        return this.#remember(new Date(input.f64()))
      case 0x0c:
        return this.#remember(new Amf3ByteArray(input.copy(length)))
      default:
    }
    input.enter()
    let value: Amf0Value
    if (marker === 0x09) value = this.#readArray(length)
    else if (marker === 0x0a) value = this.#readObject(head)
    else if (marker === 0x11) value = this.#readDictionary(length)
    else value = this.#readVector(marker, length)
    input.leave()
    return value
  }

  /** `U29A-value *(name | value) | empty name | *value`. */
  #readArray(length: number): Amf0Value {
    const input = this.#input
    let name = this.#readName()
    if (name === '') {
      input.need(length)
      return this.#readElements(this.#remember([]), length)
    }
    const array = this.#remember(new Amf0EcmaArray(Object.create(null) as Amf0Object))
    while (name !== '') {
      array.properties[name] = this.readValue()
      name = this.#readName()
    }
    for (let i = 0; i < length; i++) array.properties[i] = this.readValue()
    return array
  }

  /**
   * `U29O-traits-ref | U29O-traits class-name *name`, then the sealed values, then
   * `*(name | value) | empty name`.
   */
  #readObject(head: number): Amf0Value {
    const traits = this.#readTraits(head)
    const properties = Object.create(null) as Amf0Object
    const object = traits.className === '' ? properties : new Amf0TypedObject(traits.className, properties)
    this.#remember(object)
    for (const name of traits.sealed) properties[name] = this.readValue()
    if (traits.dynamic) {
      for (let name = this.#readName(); name !== ''; name = this.#readName()) {
        properties[name] = this.readValue()
      }
    }
    return object
  }

  #readTraits(head: number): Traits {
    const input = this.#input
    if ((head & 2) === 0) {
      const traits = referenced(this.#traits, head >> 2)
      input.repeat(traits.namesLength)
      return traits
    }
    const className = this.#readName()
    if ((head & 4) !== 0) {
      throw new DecodeError(
        'ERR_AMF_EXTERNALIZABLE',
        `class ${JSON.stringify(className.slice(0, 64))} is externalizable: only its own code knows its format`,
      )
    }
    const sealedCount = head >> 4
    input.need(sealedCount) // each name takes a byte or more
    let namesLength = utf8Length(className)
    const sealed: string[] = []
    for (let i = 0; i < sealedCount; i++) {
      const name = this.#readName()
      namesLength += utf8Length(name)
      sealed.push(name)
    }
    const traits = { className, dynamic: (head & 8) !== 0, sealed, namesLength }
    this.#traits.push(traits)
    return traits
  }

  /** `U29V-value | fixed 8 | *item`; of objects: `U29V-value | fixed 8 | type name | *value`. */
  #readVector(marker: number, length: number): Amf0Value {
    const input = this.#input
    input.u8() // fixed-vector: whether its length can change
    const vector = this.#remember<Amf0Value[]>([])
    if (marker === 0x10) {
      this.#readString() // the elements' type; they carry their own
      input.need(length)
      return this.#readElements(vector, length)
    }
    input.need(length * (marker === 0x0f ? 8 : 4))
    input.count(length)
    for (let i = 0; i < length; i++) {
      if (marker === 0x0f) {
        vector.push(input.f64())
        continue
      }
      const bits = readU32(input.bytes, input.offset)
      input.offset += 4
      vector.push(marker === 0x0d ? bits | 0 : bits)
    }
    return vector
  }

  /** `U29Dict-value | weak-keys 8 | *(key | value)`. Whole-number keys are sent as text. */
  #readDictionary(length: number): Amf0Value {
    this.#input.u8() // weak-keys: nothing to a receiver
    const dictionary = this.#remember(new Amf0EcmaArray(Object.create(null) as Amf0Object))
    for (let i = 0; i < length; i++) {
      const key = this.readValue()
      if (typeof key !== 'string' && typeof key !== 'number') {
        throw new DecodeError('ERR_AMF_KEY', `dictionary key ${i} is neither text nor number`)
      }
      dictionary.properties[checkedName(String(key))] = this.readValue()
    }
    return dictionary
  }

  #readElements(array: Amf0Value[], length: number): Amf0Value[] {
    for (let i = 0; i < length; i++) array.push(this.readValue())
    return array
  }

  /** Enters a value into the table before its parts are read: it may hold itself. */
  #remember<T extends Amf0Value>(value: T): T {
    this.#objects.push(value)
    return value
  }
}
