/**
 * Aggregate messages (type 22). RTMP 1.0 §7.1.6.
 *
 * Layout: any number of FLV tags: type 8 | size 24 | timestamp 24 (ms) | timestamp high 8 | stream id 24 |
 * body | back pointer 32.
 *
 * @module
 */
import { readU24 } from '../bytes/index.ts'
import { DecodeError, LimitError } from '../errors/index.ts'

const TAG_HEADER_BYTES = 11
const BACK_POINTER_BYTES = 4

/** One message out of an aggregate. */
export interface AggregatePart {
  /** 8 audio, 9 video, 18 data, or whatever the sender put there. */
  readonly messageTypeId: number
  /** Wire timestamp in ms on the clock of the aggregate's message; u32. */
  readonly timestamp: number
  /** A view of the aggregate's body. */
  readonly body: Uint8Array
}

/**
 * Splits the body of an aggregate message. The timestamps of the parts are on a clock of their own: they are
 * moved by the difference between the message's timestamp and the first part's, modulo 2³². The back pointer
 * of the last part may be missing.
 * @param timestamp - of the message, ms; u32.
 * @param body - of the message; the parts are views of it.
 * @param maxParts - bound of the parts in one message.
 * @throws {@link DecodeError} `ERR_RTMP_AGGREGATE` when a part reaches past the end.
 * @throws {@link LimitError} `ERR_RTMP_AGGREGATE_PARTS` beyond `maxParts`.
 */
export function splitAggregate(timestamp: number, body: Uint8Array, maxParts = 4096): AggregatePart[] {
  const parts: AggregatePart[] = []
  let shift: number | undefined
  let at = 0
  while (at < body.length) {
    const bodyStart = at + TAG_HEADER_BYTES
    if (bodyStart > body.length) {
      throw new DecodeError('ERR_RTMP_AGGREGATE', `${body.length - at} bytes left in an aggregate, 11 needed`)
    }
    const bodyBytes = readU24(body, at + 1)
    const bodyEnd = bodyStart + bodyBytes
    if (bodyEnd > body.length) {
      throw new DecodeError(
        'ERR_RTMP_AGGREGATE',
        `part of ${bodyBytes} bytes in an aggregate with ${body.length - bodyStart} left`,
      )
    }
    if (parts.length === maxParts) {
      throw new LimitError('ERR_RTMP_AGGREGATE_PARTS', `aggregate of more than ${maxParts} parts`)
    }
    const partTimestamp = readU24(body, at + 4) + body[at + 7]! * 0x100_0000
    shift ??= timestamp - partTimestamp
    parts.push({
      messageTypeId: body[at]! & 0x1f, // the two reserved bits and the filter bit are not part of the type
      timestamp: (partTimestamp + shift) >>> 0,
      body: body.subarray(bodyStart, bodyEnd),
    })
    at = bodyEnd + BACK_POINTER_BYTES
  }
  return parts
}
