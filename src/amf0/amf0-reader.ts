/**
 * AMF0 in. Action Message Format, AMF 0.
 *
 * @module
 */
import { DecodeError } from '../errors/index.ts'
import { AmfInput, type Amf0DecodeOptions, checkedName, referenced } from './amf-input.ts'
import { AMF0_MARKER } from './amf0-marker.ts'
import {
  AMF0_UNSUPPORTED,
  Amf0EcmaArray,
  type Amf0Object,
  Amf0TypedObject,
  type Amf0Value,
  Amf0XmlDocument,
} from './amf0-value.ts'
import { Amf3Reader } from './amf3-reader.ts'

/**
 * All values of a message body, one after the other: a command is its name, its transaction id, and so on.
 * @param bytes - the body; nothing of it is kept.
 * @throws {@link DecodeError} `ERR_AMF_END`, `ERR_AMF_MARKER`, `ERR_AMF_REFERENCE`, `ERR_AMF_EXTERNALIZABLE`
 * or `ERR_AMF_KEY` for bytes that are not AMF.
 * @throws {@link LimitError} `ERR_AMF_COUNT`, `ERR_AMF_DEPTH` or `ERR_AMF_REPEATED` beyond a bound of
 *   `options`.
 */
export function decodeAmf0(bytes: Uint8Array, options: Amf0DecodeOptions = {}): Amf0Value[] {
  const reader = new Amf0Reader(bytes, options)
  const values: Amf0Value[] = []
  while (!reader.done) values.push(reader.read())
  return values
}

/**
 * Reads a body value by value: for the name of a message without what follows it, or to find where the next
 * value begins. References and bounds hold for the whole body. A reader that has thrown cannot be used again.
 */
export class Amf0Reader {
  readonly #input: AmfInput
  /** What a reference can point at: objects and arrays in the order in which they began. */
  readonly #complex: Amf0Value[]
  #amf3: Amf3Reader | undefined

  /** @param bytes - borrowed while reading; values keep nothing of it. */
  constructor(bytes: Uint8Array, options: Amf0DecodeOptions = {}) {
    this.#input = new AmfInput(bytes, options)
    this.#complex = []
    this.#amf3 = undefined
  }

  /** Offset of the next value. */
  get offset(): number {
    return this.#input.offset
  }

  /** Whether all bytes are read. */
  get done(): boolean {
    return this.#input.left === 0
  }

  /**
   * The next value.
   * @throws as {@link decodeAmf0}; `ERR_AMF_END` when {@link Amf0Reader.done}.
   */
  read(): Amf0Value {
    const input = this.#input
    const marker = input.u8()
    input.count(1)
    switch (marker) {
      case AMF0_MARKER.number:
        return input.f64()
      case AMF0_MARKER.boolean:
        return input.u8() !== 0
      case AMF0_MARKER.string:
        return input.text(input.u16())
      case AMF0_MARKER.object: {
        const object = Object.create(null) as Amf0Object
        this.#complex.push(object)
        this.#readProperties(object)
        return object
      }
      case AMF0_MARKER.null:
        return null
      case AMF0_MARKER.undefined:
        return undefined
      case AMF0_MARKER.reference:
        return referenced(this.#complex, input.u16())
      case AMF0_MARKER.ecmaArray: {
        input.u32() // associative-count: encoders send 0 or a wrong one, the end marker decides
        const array = new Amf0EcmaArray(Object.create(null) as Amf0Object)
        this.#complex.push(array)
        this.#readProperties(array.properties)
        return array
      }
      case AMF0_MARKER.strictArray:
        return this.#readStrictArray()
      case AMF0_MARKER.date: {
        const date = new Date(input.f64())
        input.u16() // time-zone: reserved, "should be set to 0x0000"
        return date
      }
      case AMF0_MARKER.longString:
        return input.text(input.u32())
      case AMF0_MARKER.unsupported:
        return AMF0_UNSUPPORTED
      case AMF0_MARKER.xmlDocument:
        return new Amf0XmlDocument(input.text(input.u32()))
      case AMF0_MARKER.typedObject: {
        const object = new Amf0TypedObject(
          checkedName(input.text(input.u16())),
          Object.create(null) as Amf0Object,
        )
        this.#complex.push(object)
        this.#readProperties(object.properties)
        return object
      }
      case AMF0_MARKER.avmPlus:
        // One set of AMF3 tables for the whole body: they are reset with each message (AMF3 §4.1).
        this.#amf3 ??= new Amf3Reader(input)
        return this.#amf3.readValue()
      default:
        throw new DecodeError(
          'ERR_AMF_MARKER',
          `AMF0 marker 0x${marker.toString(16).padStart(2, '0')} at ${input.offset - 1}`,
        )
    }
  }

  /** `*(name 16+n | value) | 00 00 09`. */
  #readProperties(properties: Amf0Object): void {
    const input = this.#input
    input.enter()
    // Metadata whose last end marker is missing is out there (lal wrote ECMA arrays so until 2022); message
    // and tag have a length of their own, so their end closes what is open. test/quirks/missing-object-end
    while (input.left > 0) {
      const nameLength = input.u16()
      // Before the marker: the empty name is legal too, with any other marker.
      if (nameLength === 0 && input.bytes[input.offset] === AMF0_MARKER.objectEnd) {
        input.offset++
        break
      }
      const name = checkedName(input.text(nameLength))
      properties[name] = this.read()
    }
    input.leave()
  }

  #readStrictArray(): Amf0Value[] {
    const input = this.#input
    const length = input.u32()
    input.need(length) // each element takes a byte or more
    const array: Amf0Value[] = []
    this.#complex.push(array)
    input.enter()
    for (let i = 0; i < length; i++) array.push(this.read())
    input.leave()
    return array
  }
}
