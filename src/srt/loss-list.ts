/**
 * The compressed list of lost packets in a NAK. draft-sharabayko-srt-01 Appendix A: one word for a packet alone; for a range the first
 * sequence number with bit 31 set, then the last.
 *
 * @module
 */
import { readU32, writeU32 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import { MAX_SEQUENCE_NUMBER, sequenceOffset } from './sequence.ts'

/** Packets in sequence, both ends included; `first` may be a greater number than `last` if the numbers wrap between them. */
export interface SrtSequenceRange {
  /** First sequence number. */
  readonly first: number
  /** Last sequence number. */
  readonly last: number
}

const RANGE_BIT = 0x8000_0000

/**
 * Reads a loss list. Its memory is bounded by the datagram: at most one range for each 4 bytes.
 * @throws {@link DecodeError} `ERR_SRT_LOSS_LIST` if it is empty, ends within a word or a range, or a range ends before it begins.
 */
export function decodeLossList(bytes: Uint8Array): SrtSequenceRange[] {
  if (bytes.length === 0 || bytes.length % 4 !== 0) {
    throw new DecodeError('ERR_SRT_LOSS_LIST', `loss list of ${bytes.length} bytes`)
  }
  const ranges: SrtSequenceRange[] = []
  for (let at = 0; at < bytes.length; at += 4) {
    const word = readU32(bytes, at)
    if (word <= MAX_SEQUENCE_NUMBER) {
      ranges.push({ first: word, last: word })
      continue
    }
    const first = word & MAX_SEQUENCE_NUMBER
    at += 4
    if (at >= bytes.length) throw new DecodeError('ERR_SRT_LOSS_LIST', 'loss list ends within a range')
    const last = readU32(bytes, at)
    if (last > MAX_SEQUENCE_NUMBER || sequenceOffset(first, last) < 0) {
      throw new DecodeError('ERR_SRT_LOSS_LIST', `range ${first} to ${last} in a loss list`)
    }
    ranges.push({ first, last })
  }
  return ranges
}

/** Writes a loss list: 4 bytes for a packet alone, 8 for a range. */
export function encodeLossList(ranges: readonly SrtSequenceRange[]): Uint8Array {
  const words: number[] = []
  for (const { first, last } of ranges) {
    if (first === last) words.push(first)
    else words.push(first + RANGE_BIT, last)
  }
  const bytes = new Uint8Array(4 * words.length)
  for (const [i, word] of words.entries()) writeU32(bytes, 4 * i, word)
  return bytes
}
