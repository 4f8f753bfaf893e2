/**
 * RTMP written out by hand, field by field, without a line of the package: what the tests of the sessions send.
 */
import { ascii, join } from './bytes.ts'

/** An AMF0 value in the tests' own words. */
export type Amf0Literal =
  | number
  | string
  | boolean
  | null
  | undefined
  | Amf0Literal[]
  | { [name: string]: Amf0Literal }
  | Raw

/** Bytes of a value that these words lack. */
export interface Raw {
  /** The value with its marker. */
  readonly raw: Uint8Array
}

/** u16 big-endian. */
export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value)
}

/** u24 big-endian. */
export function u24(value: number): Uint8Array {
  return Uint8Array.of(value >> 16, value >> 8, value)
}

/** u32 big-endian. */
export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

/** AMF0 values, one after the other. */
export function amf0(...values: Amf0Literal[]): Uint8Array {
  return join(...values.map(amf0Value))
}

/** An ECMA array: marker 08, count, properties, end. */
export function ecmaArray(properties: Record<string, Amf0Literal>): Raw {
  const count = Object.keys(properties).length
  return { raw: join(Uint8Array.of(0x08), u32(count), amf0Properties(properties)) }
}

function amf0Value(value: Amf0Literal): Uint8Array {
  if (value === null) return Uint8Array.of(0x05)
  if (value === undefined) return Uint8Array.of(0x06)
  if (typeof value === 'boolean') return Uint8Array.of(0x01, value ? 1 : 0)
  if (typeof value === 'string') return join(Uint8Array.of(0x02), u16(value.length), ascii(value))
  if (typeof value === 'number') {
    const number = new Uint8Array(9) // marker 00, double
    new DataView(number.buffer).setFloat64(1, value)
    return number
  }
  if (Array.isArray(value)) return join(Uint8Array.of(0x0a), u32(value.length), amf0(...value))
  if ('raw' in value && value.raw instanceof Uint8Array) return value.raw
  return join(Uint8Array.of(0x03), amf0Properties(value as Record<string, Amf0Literal>))
}

function amf0Properties(properties: Record<string, Amf0Literal>): Uint8Array {
  const parts = Object.entries(properties).flatMap(([name, value]) => [
    u16(name.length),
    ascii(name),
    amf0Value(value),
  ])
  return join(...parts, Uint8Array.of(0x00, 0x00, 0x09)) // empty name, object end
}

/** A message: fmt 0, then fmt 3 after every `chunkSize` bytes. Chunk stream ids to 63, timestamps below 0xFFFFFF. */
export function message(
  messageTypeId: number,
  body: Uint8Array,
  options: {
    readonly chunkStreamId?: number
    readonly timestamp?: number
    readonly messageStreamId?: number
    readonly chunkSize?: number
  } = {},
): Uint8Array {
  const { chunkStreamId = 3, timestamp = 0, messageStreamId = 0, chunkSize = 128 } = options
  const parts = [
    Uint8Array.of(chunkStreamId), // fmt 0
    u24(timestamp),
    u24(body.length),
    Uint8Array.of(messageTypeId),
    Uint8Array.of(messageStreamId, messageStreamId >> 8, messageStreamId >> 16, messageStreamId >> 24),
    body.subarray(0, chunkSize),
  ]
  for (let at = chunkSize; at < body.length; at += chunkSize) {
    parts.push(Uint8Array.of(0xc0 | chunkStreamId), body.subarray(at, at + chunkSize)) // fmt 3
  }
  return join(...parts)
}

/** An AMF0 command (type 20) on the connection: name, transaction id, command object, arguments. */
export function command(
  name: string,
  transactionId: number,
  commandObject: Amf0Literal,
  ...args: Amf0Literal[]
): Uint8Array {
  return message(20, amf0(name, transactionId, commandObject, ...args))
}

/** An AMF0 command (type 20) on message stream 1, chunk stream 8: `publish`, `play` … */
export function streamCommand(name: string, transactionId: number, ...args: Amf0Literal[]): Uint8Array {
  return message(20, amf0(name, transactionId, null, ...args), { chunkStreamId: 8, messageStreamId: 1 })
}

/** Audio, video or data on message stream 1. */
export function media(messageTypeId: 8 | 9 | 15 | 18 | 22, timestamp: number, body: Uint8Array): Uint8Array {
  return message(messageTypeId, body, { chunkStreamId: 4, timestamp, messageStreamId: 1 })
}

/** A client's side of the simple handshake: C0, C1 (time and version zero), C2. */
export const C0C1C2: Uint8Array = join(
  Uint8Array.of(0x03),
  new Uint8Array(1536).fill(0, 0, 8),
  new Uint8Array(1536),
)
