/**
 * Where an MP4 recording comes from, as long as it is fragmented: a `free` box behind the movie box, which every reader passes over.
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

/** A longer note is none of ours. */
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
  /** There is a whole movie box: there may be media. */
  readonly hasMovie: boolean
  /** Where it comes from, if it says so. */
  readonly note: RecordingNote | undefined
}

/** Reads the boxes before the first fragment. */
export async function readMp4Opening(file: RecordingFile): Promise<Mp4Opening> {
  let hasMovie = false
  for (let at = 0; at + BOX_HEADER_BYTES <= file.length;) {
    const header = await file.read(at, BOX_HEADER_BYTES)
    const size = readU32(header, 0)
    const type = decodeUtf8(header.subarray(4))
    if (size < BOX_HEADER_BYTES || at + size > file.length || type === 'moof') break
    if (type === 'moov') hasMovie = true
    if (type === 'free' && size <= MAX_NOTE_BYTES) {
      const note = parseNote(decodeUtf8(await file.read(at + BOX_HEADER_BYTES, size - BOX_HEADER_BYTES)))
      if (note !== undefined) return { hasMovie, note }
    }
    at += size
  }
  return { hasMovie, note: undefined }
}

function parseNote(text: string): RecordingNote | undefined {
  if (!text.startsWith(MARK)) return undefined
  try {
    return JSON.parse(text.slice(MARK.length)) as RecordingNote
  } catch {
    return undefined
  }
}
