import fc from 'fast-check'
import {
  AMF0_UNSUPPORTED,
  Amf0EcmaArray,
  Amf0TypedObject,
  type Amf0Value,
  Amf0XmlDocument,
  Amf3ByteArray,
  decodeAmf0,
  decodeAmf3,
  encodeAmf0,
} from 'millrace/amf0'
import { MediaError } from 'millrace/errors'
import { expect, it } from 'vitest'
import { fuzzRuns } from '../support/fuzz.ts'
import { amf0DecodeVectors, amf0Vectors } from './amf0-vectors.ts'
import { amf3Vectors } from './amf3-vectors.ts'

const options = { numRuns: fuzzRuns(300), seed: 20_240_607 }

const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const { value } = fc.letrec<{ value: Amf0Value; properties: { [name: string]: Amf0Value } }>((tie) => ({
  properties: fc.dictionary(text, tie('value'), { maxKeys: 5 }),
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.double(),
    fc.boolean(),
    text,
    fc.constantFrom(null, undefined, AMF0_UNSUPPORTED),
    fc.date(),
    text.map((source) => new Amf0XmlDocument(source)),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => new Amf3ByteArray(bytes)),
    fc.array(tie('value'), { maxLength: 5 }),
    tie('properties'),
    tie('properties').map((properties) => new Amf0EcmaArray(properties)),
    fc.tuple(text, tie('properties')).map(([name, properties]) => new Amf0TypedObject(name, properties)),
  ),
}))

it('what is encoded is decoded again', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), (values) => {
      const bytes = encodeAmf0(...values)
      const decoded = decodeAmf0(bytes)
      expect(decoded).toEqual(values)
      expect(Buffer.compare(encodeAmf0(...decoded), bytes)).toBe(0)
    }),
    options,
  )
})

const seeds = [...amf0Vectors, ...amf0DecodeVectors, ...amf3Vectors]
  .map(({ bytes }) => bytes)
  .filter(({ length }) => length > 0 && length < 1000)
/** Real bytes, some changed, cut somewhere. */
const mutated = fc
  .record({
    seed: fc.constantFrom(...seeds),
    changes: fc.array(fc.tuple(fc.nat(300), fc.oneof(fc.nat(0x12), fc.nat(255))), { maxLength: 6 }),
    length: fc.nat(300),
  })
  .map(({ seed, changes, length }) => {
    const bytes = seed.slice(0, length)
    for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte
    return bytes
  })
/** Bytes that are often markers and small lengths. */
const plausible = fc
  .array(fc.oneof(fc.nat(0x12), fc.nat(255)), { maxLength: 80 })
  .map((b) => Uint8Array.from(b))

it('no input escapes as anything but a MediaError, and what is decoded can be encoded', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), mutated, plausible), (bytes) => {
      for (const decode of [decodeAmf0, decodeAmf3]) {
        let values: Amf0Value[]
        try {
          values = decode(bytes)
        } catch (error) {
          if (!(error instanceof MediaError)) throw error
          continue
        }
        const again = encodeAmf0(...values)
        expect(Buffer.compare(encodeAmf0(...decodeAmf0(again)), again)).toBe(0)
      }
    }),
    { ...options, numRuns: options.numRuns * 5 },
  )
})
