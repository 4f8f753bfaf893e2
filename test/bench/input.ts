/** The bytes that the cases work on, written out here: no contestant makes its own input. */

/** A socket hands over reads of this size when the peer is fast. */
const READ_BYTES = 65_536

/** `bytes` as a socket delivers them: a `Buffer` of up to 64 kB for each read. */
export function asReads(bytes: Uint8Array): Buffer[] {
  const reads: Buffer[] = []
  for (let at = 0; at < bytes.length; at += READ_BYTES) {
    reads.push(Buffer.from(bytes.subarray(at, at + READ_BYTES)))
  }
  return reads
}

/** The body of an AVC inter frame: FLV video tag header, then NAL units' bytes. */
export function videoBody(length: number): Uint8Array {
  const body = new Uint8Array(length)
  for (let i = 0; i < length; i++) body[i] = (i * 7) & 0xff
  body.set([0x27, 0x01, 0x00, 0x00, 0x00]) // inter frame and AVC, NAL units, composition time 0
  return body
}

/**
 * `count` video messages as an encoder sends them: csid 6, fmt 0 first, then fmt 1 with a delta of 40 ms, continued
 * with fmt 3 (RTMP 1.0 §5.3.1).
 */
export function videoChunks(body: Uint8Array, count: number, chunkSize: number): Uint8Array {
  const { length } = body
  const parts: Uint8Array[] = []
  for (let n = 0; n < count; n++) {
    const size = [length >> 16, (length >> 8) & 0xff, length & 0xff]
    const header =
      n === 0
        ? [0x06, 0, 0, 0, ...size, 9, 1, 0, 0, 0] // timestamp 0, message stream id 1
        : [0x46, 0, 0, 40, ...size, 9]
    for (let at = 0; at < length; at += chunkSize) {
      parts.push(Uint8Array.from(at === 0 ? header : [0xc6]), body.subarray(at, at + chunkSize))
    }
  }
  return new Uint8Array(Buffer.concat(parts))
}

/** A Set Chunk Size message: csid 2, message type 1 (RTMP 1.0 §5.4.1). */
export function setChunkSize(chunkSize: number): Buffer {
  const message = Buffer.from([0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0])
  message.writeUInt32BE(chunkSize, 12)
  return message
}
