/** Boxes put together and taken apart by hand. */
import { ascii, hex, join } from '../support/bytes.ts'

/** Bytes, or hex with a comment beside each field. */
export type Part = Uint8Array | string

function bytesOf(part: Part): Uint8Array {
  return typeof part === 'string' ? hex(part) : part
}

/** A big-endian number of 32 bits. */
export function u32(value: number): Uint8Array {
  return Uint8Array.of((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)
}

/** Numbers of 32 bits behind each other. */
export function u32s(values: readonly number[]): Uint8Array {
  const out = new DataView(new ArrayBuffer(4 * values.length))
  for (const [i, value] of values.entries()) out.setUint32(4 * i, value)
  return new Uint8Array(out.buffer)
}

/** size 32 | type 32 | content */
export function box(type: string, ...content: readonly Part[]): Uint8Array {
  const inside = join(...content.map(bytesOf))
  return join(
    u32(8 + inside.length),
    Uint8Array.from(type, (char) => char.charCodeAt(0)),
    inside,
  )
}

/** A box whose content starts with version 8 and flags 24. */
export function fullBox(
  type: string,
  version: number,
  flags: number,
  ...content: readonly Part[]
): Uint8Array {
  return box(type, u32(version * 2 ** 24 + flags), ...content)
}

/** Text without an end. */
export const text: (value: string) => Uint8Array = ascii

/** The unity matrix of mvhd and tkhd: 1, 1 in 16.16 bits, 1 in 2.30 bits. */
export const MATRIX = hex(`
  00010000 00000000 00000000
  00000000 00010000 00000000
  00000000 00000000 40000000`)

/** A box of a file. */
export interface FoundBox {
  readonly type: string
  readonly start: number
  /** After size and type. */
  readonly content: Uint8Array
}

/** The boxes in `bytes`, behind each other. */
export function boxesOf(bytes: Uint8Array): FoundBox[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const found: FoundBox[] = []
  for (let at = 0; at < bytes.length;) {
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    const large = view.getUint32(at) === 1
    const size = large ? Number(view.getBigUint64(at + 8)) : view.getUint32(at)
    found.push({ type, start: at, content: bytes.subarray(at + (large ? 16 : 8), at + size) })
    at += size
  }
  return found
}

/** Bytes between the start of a box and the boxes inside it. */
const FIELDS: Readonly<Record<string, number>> = { stsd: 8, meta: 4, dref: 8 }

/** Contents of all boxes at a path such as `moov/trak/mdia`. */
export function findAll(bytes: Uint8Array, path: string): Uint8Array[] {
  const [type, ...rest] = path.split('/') as [string, ...string[]]
  const here = boxesOf(bytes)
    .filter((one) => one.type === type)
    .map(({ content }) => content)
  if (rest.length === 0) return here
  return here.flatMap((content) => findAll(content.subarray(FIELDS[type] ?? 0), rest.join('/')))
}

/** Content of the first box at a path. */
export function find(bytes: Uint8Array, path: string): Uint8Array {
  const [first] = findAll(bytes, path)
  if (first === undefined) throw new Error(`no ${path}`)
  return first
}
