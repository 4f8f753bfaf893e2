/**
 * Writes chunk streams the way all kinds of peers do, from RTMP 1.0 §5.3 alone: nothing of `src` is used here, so that a
 * misreading of ours cannot cancel itself out.
 */

/** A message to send. Timestamps are absolute, u32. */
export interface SentMessage {
  readonly csid: number
  readonly timestamp: number
  readonly typeId: number
  readonly streamId: number
  readonly body: Uint8Array
}

/** How a peer would like to send a message; what the format does not allow there falls back to a longer header. */
export interface ChunkStyle {
  /** Header format of the first chunk. */
  readonly fmt: 0 | 1 | 2 | 3
  /** Length of the basic header; 1 and 2 only where the csid fits. */
  readonly basicBytes: 1 | 2 | 3
  /** What the other chunks of the message have as extended timestamp. */
  readonly extendedAgain: 'as sent' | 'clock' | 'zero' | 'omitted'
}

interface Sent {
  readonly timestamp: number
  readonly delta: number
  readonly extended: boolean
  readonly length: number
  readonly typeId: number
  readonly streamId: number
}

const u24 = (value: number): number[] => [(value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]
const u32 = (value: number): number[] => [(value >>> 24) & 0xff, ...u24(value)]

export class ReferenceChunkWriter {
  chunkSize = 128
  readonly #sent = new Map<number, Sent>()

  #allowed(message: SentMessage, style: ChunkStyle, before: Sent | undefined): 0 | 1 | 2 | 3 {
    if (style.fmt === 0 || before === undefined || before.streamId !== message.streamId) return 0
    const delta = (message.timestamp - before.timestamp) >>> 0
    if (style.fmt === 1 || before.length !== message.body.length || before.typeId !== message.typeId) return 1
    const repeats = before.extended ? delta >= 0xffffff : delta === before.delta
    return style.fmt === 3 && repeats ? 3 : 2
  }

  #basic(fmt: number, csid: number, bytes: 1 | 2 | 3): number[] {
    if (csid < 64) return [(fmt << 6) | csid]
    if (csid < 320 && bytes < 3) return [fmt << 6, csid - 64]
    return [(fmt << 6) | 1, (csid - 64) & 0xff, (csid - 64) >> 8]
  }

  /** The chunks of one message, made one by one, so that other chunk streams may send in between. */
  *chunks(message: SentMessage, style: ChunkStyle): Generator<Uint8Array, void> {
    const { csid, timestamp, typeId, streamId, body } = message
    const before = this.#sent.get(csid)
    const fmt = this.#allowed(message, style, before)
    const delta = before === undefined ? timestamp : (timestamp - before.timestamp) >>> 0
    const field = fmt === 0 ? timestamp : delta
    const extended = fmt === 3 ? before!.extended : field >= 0xffffff

    const header = [...this.#basic(fmt, csid, style.basicBytes)]
    if (fmt < 3) header.push(...u24(extended ? 0xffffff : field))
    if (fmt < 2) header.push(...u24(body.length), typeId)
    if (fmt === 0) header.push(...u32(streamId).toReversed())
    if (extended) header.push(...u32(field))
    this.#sent.set(csid, {
      timestamp,
      delta: fmt === 0 ? timestamp : delta,
      extended,
      length: body.length,
      typeId,
      streamId,
    })

    let at = Math.min(this.chunkSize, body.length)
    yield Uint8Array.from([...header, ...body.subarray(0, at)])
    while (at < body.length) {
      const again = [...this.#basic(3, csid, style.basicBytes)]
      if (extended && style.extendedAgain !== 'omitted') {
        again.push(
          ...u32(style.extendedAgain === 'clock' ? timestamp : style.extendedAgain === 'zero' ? 0 : field),
        )
      }
      const to = Math.min(at + this.chunkSize, body.length)
      yield Uint8Array.from([...again, ...body.subarray(at, to)])
      at = to
    }
  }
}
