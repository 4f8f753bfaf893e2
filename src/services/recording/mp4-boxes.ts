/**
 * The top level of an MP4 recording as long as it is fragmented. After the movie box a `free` box, which
 * every reader skips, says where the recording comes from.
 *
 * @module
 */
import { decodeUtf8, encodeUtf8, readU32, writeU32 } from '../../bytes/index.ts'
import type { RecordingNote } from './recording-note.ts'
import type { RecordingFile } from './recording-store.ts'

/** size 32 | type 32 */
const BOX_HEADER_BYTES = 8

/** Opens the data of the box. */
const MARK = 'millrace '

/** A longer note is not ours. */
const MAX_NOTE_BYTES = 65_536

/** The box. */
export function encodeMp4Note(note: RecordingNote): Uint8Array {
  const text = encodeUtf8(MARK + JSON.stringify(note))
  const box = new Uint8Array(BOX_HEADER_BYTES + text.length)
  writeU32(box, 0, box.length) // size
  box.set(encodeUtf8('free'), 4) // type
  box.set(text, BOX_HEADER_BYTES)
  return box
}

/** What an unfinished file begins with. */
export interface Mp4Opening {
  /** There is a complete movie box: there may be media. */
  readonly hasMovie: boolean
  /** Its origin, if it says so. */
  readonly note: RecordingNote | undefined
}

/** Reads the boxes before the first fragment. */
export async function readMp4Opening(file: RecordingFile): Promise<Mp4Opening> {
  let hasMovie = false
  for await (const { type, start, end } of boxesOf(file)) {
    if (type === 'moof') break
    if (type === 'moov') hasMovie = true
    if (type !== 'free' || end - start > MAX_NOTE_BYTES) continue
    const text = await file.read(start + BOX_HEADER_BYTES, end - start - BOX_HEADER_BYTES)
    const note = parseNote(decodeUtf8(text))
    if (note !== undefined) return { hasMovie, note }
  }
  return { hasMovie, note: undefined }
}

/** End of the last complete fragment. */
export async function wholeFragmentsEnd(file: RecordingFile): Promise<number> {
  let last = 0
  for await (const { type, end } of boxesOf(file)) if (type !== 'moof') last = end
  return last
}

/** A box at the top level of a file. */
interface Box {
  readonly type: string
  readonly start: number
  readonly end: number
}

/** The boxes up to the first incomplete one. */
async function* boxesOf(file: RecordingFile): AsyncGenerator<Box> {
  for (let start = 0; start + BOX_HEADER_BYTES <= file.length;) {
    const header = await file.read(start, BOX_HEADER_BYTES)
    const size = readU32(header, 0)
    const end = start + size
    // No box of ours has a size of 64 bits.
    if (size < BOX_HEADER_BYTES || end > file.length) return
    yield { type: decodeUtf8(header.subarray(4)), start, end }
    start = end
  }
}

function parseNote(text: string): RecordingNote | undefined {
  if (!text.startsWith(MARK)) return undefined
  try {
    const note = JSON.parse(text.slice(MARK.length)) as Partial<RecordingNote> | null
    const { vhost, streamPath, startedAtMs } = note ?? {}
    const isNote = typeof vhost === 'string' && typeof streamPath === 'string' && Number.isFinite(startedAtMs)
    return isNote ? { vhost, streamPath, startedAtMs: startedAtMs! } : undefined
  } catch {
    return undefined
  }
}
