/** The bytes that the cases work on, written out here: no contestant makes its own input. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

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

/** The body of a `connect` command as OBS sends it, in AMF0: name, transaction id 1, command object. */
export function connectBody(): Buffer {
  const name = (text: string): Buffer => Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)])
  const string = (text: string): Buffer => Buffer.concat([Buffer.from([0x02]), name(text)])
  const property = (key: string, value: string): Buffer => Buffer.concat([name(key), string(value)])
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(9) // marker 0x00, then a double
    bytes.writeDoubleBE(value, 1)
    return bytes
  }
  return Buffer.concat([
    string('connect'),
    number(1),
    Buffer.from([0x03]), // object
    property('app', 'live'),
    property('type', 'nonprivate'),
    property('flashVer', 'FMLE/3.0 (compatible; FMSc/1.0)'),
    property('swfUrl', 'rtmp://example.com/live'),
    property('tcUrl', 'rtmp://example.com/live'),
    Buffer.from([0, 0, 0x09]), // object end
  ])
}

/** A tag of an FLV file (FLV 10.1 §E.4.1). */
export interface InputTag {
  readonly type: 8 | 9 | 18
  readonly dts: number
  readonly body: Uint8Array
}

/** Path of a clip of `test/clips`, from the compiled benchmark too. */
export function clipPath(clip: string): string {
  return resolve(import.meta.dirname, '../../test/clips', clip)
}

/** The tags of a clip of `test/clips`. */
export function clipTags(clip: string): InputTag[] {
  const bytes = readFileSync(clipPath(clip))
  const tags: InputTag[] = []
  let at = 13 // FLV header, first PreviousTagSize
  while (at + 11 <= bytes.length) {
    const length = bytes.readUIntBE(at + 1, 3)
    const dts = bytes.readUIntBE(at + 4, 3) + bytes[at + 7]! * 2 ** 24
    const body = new Uint8Array(bytes.subarray(at + 11, at + 11 + length))
    tags.push({ type: bytes[at]! as InputTag['type'], dts, body })
    at += 11 + length + 4
  }
  return tags
}
