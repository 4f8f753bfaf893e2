/**
 * Annex B to length prefixes and back.
 *
 * @module
 */
import { writeU32 } from '../bytes/index.ts'
import { splitAnnexB } from './annex-b.ts'
import { AvccReader, joinAvcc } from './nal-length.ts'
import type { NalSplitOptions } from './nal-unit.ts'

/**
 * Length-prefixed access unit → Annex B with 4-byte start codes, in a new array.
 * @param nalLengthSize - bytes of each length field: 1, 2, 3 or 4.
 * @throws {@link DecodeError} `ERR_NAL_LENGTH` if a length reaches past the payload.
 */
export function avccToAnnexB(payload: Uint8Array, nalLengthSize: number): Uint8Array {
  const out = new Uint8Array(annexBLength(payload, nalLengthSize))
  writeAnnexB(out, 0, payload, nalLengthSize)
  return out
}

/**
 * The bytes that {@link writeAnnexB} will write.
 * @throws {@link DecodeError} `ERR_NAL_LENGTH` if a length reaches past the payload.
 */
export function annexBLength(payload: Uint8Array, nalLengthSize: number): number {
  let length = 0
  const reader = new AvccReader()
  reader.reset(payload, nalLengthSize)
  while (reader.next()) length += 4 + reader.end - reader.start
  return length
}

/**
 * Writes a length-prefixed access unit as Annex B at `offset` of `out`, which must leave {@link annexBLength}
 * bytes (with 4-byte lengths, never more than `payload.length`).
 * @returns the offset after the last byte.
 * @throws {@link DecodeError} `ERR_NAL_LENGTH` if a length reaches past the payload.
 */
export function writeAnnexB(
  out: Uint8Array,
  offset: number,
  payload: Uint8Array,
  nalLengthSize: number,
): number {
  let at = offset
  const reader = new AvccReader()
  reader.reset(payload, nalLengthSize)
  while (reader.next()) {
    const { start, end } = reader
    writeU32(out, at, 1) // start code 00 00 00 01
    out.set(payload.subarray(start, end), at + 4)
    at += 4 + end - start
  }
  return at
}

/**
 * Annex B → access unit with 4-byte lengths, in a new array. Bytes before the first start code are omitted.
 * @throws {@link LimitError} `ERR_NAL_COUNT` beyond `maxNalUnits`.
 */
export function annexBToAvcc(bytes: Uint8Array, options?: NalSplitOptions): Uint8Array {
  // Views first, then one copy: looking for start codes costs ten times a view, so it must happen once.
  return joinAvcc(splitAnnexB(bytes, options))
}
