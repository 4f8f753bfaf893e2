/**
 * Finishing FLV recordings that a crash left unfinished: tags are counted again, what is torn at the end is
 * cut off.
 *
 * @module
 */
import { readU24, readU32 } from '../../bytes/index.ts'
import { decodeFlvHeader, FLV_HEADER_BYTES, FLV_TAG_HEADER_BYTES } from '../../flv/index.ts'
import {
  type MediaPacket,
  packetFromTag,
  TAG_TYPE_AUDIO,
  TAG_TYPE_DATA,
  TAG_TYPE_VIDEO,
  TimestampUnwrapper,
} from '../../media/index.ts'
import { completeFlv } from './flv-recording-writer.ts'
import { FlvSummary } from './flv-summary.ts'
import { noteOfMetadata } from './flv-metadata.ts'
import type { RecordingNote } from './recording-note.ts'
import type { RecordingFile } from './recording-store.ts'
import type { WholeFile } from './recording-writer.ts'

/** Bytes that are read in one go. */
const READ_BYTES = 1_048_576

/** A tag of a file. */
interface Tag {
  readonly packet: MediaPacket
  /** ms */
  readonly dts: number
  readonly position: number
  /** Offset of the next one. */
  readonly end: number
}

/** Origin of an unfinished FLV file; `undefined` if it does not say. */
export async function noteOfFlv(file: RecordingFile): Promise<RecordingNote | undefined> {
  for await (const { packet } of tagsOf(file)) return noteOfMetadata(packet.body)
  return undefined
}

/**
 * Finishes a file that may be cut off anywhere.
 * @returns `undefined` if it contains no media: it is discarded.
 */
export async function recoverFlv(file: RecordingFile): Promise<WholeFile | undefined> {
  const summary = new FlvSummary()
  let metadata: Uint8Array | undefined
  for await (const { packet, dts, position, end } of tagsOf(file)) {
    metadata ??= packet.body.slice()
    summary.add(packet, dts, position)
    summary.byteLength = end
  }
  if (metadata === undefined || !(summary.hasAudio || summary.hasVideo)) {
    await file.discard()
    return undefined
  }
  await file.truncate(summary.byteLength)
  return completeFlv(file, metadata, summary)
}

/** The tags of `file` up to the first incomplete one. */
async function* tagsOf(file: RecordingFile): AsyncGenerator<Tag> {
  const clock = new TimestampUnwrapper()
  let position = FLV_HEADER_BYTES
  let window = await file.read(0, READ_BYTES)
  let windowStart = 0
  if (decodeFlvHeader(window) === undefined) return
  for (;;) {
    let at = position - windowStart
    const known = window.length - at
    const needed =
      known < FLV_TAG_HEADER_BYTES ? FLV_TAG_HEADER_BYTES : FLV_TAG_HEADER_BYTES + readU24(window, at + 1) + 4
    if (known < needed) {
      window = await file.read(position, Math.max(READ_BYTES, needed))
      windowStart = position
      at = 0
      if (window.length < needed) return
      if (known < FLV_TAG_HEADER_BYTES) continue
    }
    const end = at + needed
    const type = window[at]!
    if (type !== TAG_TYPE_AUDIO && type !== TAG_TYPE_VIDEO && type !== TAG_TYPE_DATA) return
    if (readU32(window, end - 4) !== needed - 4) return
    const time = (readU24(window, at + 4) | (window[at + 7]! << 24)) >>> 0
    const body = window.subarray(at + FLV_TAG_HEADER_BYTES, end - 4)
    const dts = type === TAG_TYPE_DATA ? 0 : clock.unwrap(time)
    yield { packet: packetFromTag(type, dts, body), dts, position, end: windowStart + end }
    position = windowStart + end
  }
}
