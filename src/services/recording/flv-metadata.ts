/**
 * The `onMetaData` that opens an FLV recording: of a fixed size, so that duration, size and keyframe index
 * are written over it when they are known.
 *
 * @module
 */
import { Amf0EcmaArray, type Amf0Object, Amf0Reader, encodeAmf0, propertiesOf } from '../../amf0/index.ts'
import { MediaError } from '../../errors/index.ts'
import { VERSION } from '../version.ts'
import { KeyframeIndex } from './keyframe-index.ts'
import type { RecordingNote } from './recording-note.ts'

/** AMF0 of one number: marker and double. */
const NUMBER_BYTES = 9

/** AMF0 of an entry of the index: a time and a position. */
const ENTRY_BYTES = 2 * NUMBER_BYTES

/** AMF0 of the property `spacer` with an empty array: length of the name, name, marker, count. */
const SPACER_BYTES = 2 + 'spacer'.length + 1 + 4

/** AMF0 of the property `keyframes` with empty arrays. */
const KEYFRAMES_BYTES =
  encodeAmf0({ keyframes: { filepositions: [], times: [] } }).length - encodeAmf0({}).length

/** What a finished file says of itself. */
export interface FlvInfo {
  /** Time from the start of the file to the end of its last frame, ms. */
  readonly durationMs: number
  /** All bytes of the file. */
  readonly byteLength: number
  /** Time of the last tag, ms. */
  readonly lastDts: number
  /** There are audio tags. */
  readonly hasAudio: boolean
  /** There are video tags. */
  readonly hasVideo: boolean
  /** Its keyframes. */
  readonly keyframes: KeyframeIndex
}

const NO_FACTS: FlvInfo = {
  durationMs: 0,
  byteLength: 0,
  lastDts: 0,
  hasAudio: true,
  hasVideo: true,
  keyframes: new KeyframeIndex(),
}

/**
 * Metadata with room for an index.
 * @param published - body of the publisher's own `onMetaData`, which is kept but for what is measured here.
 * @param indexEntries - keyframes that are to fit.
 */
export function openingMetadata(
  note: RecordingNote,
  published: Uint8Array | undefined,
  indexEntries: number,
): Uint8Array {
  const { vhost, streamPath, startedAtMs } = note
  const origin = { vhost, streamPath, creationdate: new Date(startedAtMs).toISOString() }
  const values = { ...publishedProperties(published), ...origin }
  const bare = encode(values, NO_FACTS, 0)
  return encode(values, NO_FACTS, bare.length + SPACER_BYTES + KEYFRAMES_BYTES + indexEntries * ENTRY_BYTES)
}

/**
 * The metadata of a finished file, as long as `opening`, which it is written over.
 * @returns `undefined` when `opening` is not what {@link openingMetadata} made.
 */
export function finalMetadata(opening: Uint8Array, facts: FlvInfo): Uint8Array | undefined {
  const values = readMetadata(opening)
  if (values?.['spacer'] === undefined) return undefined
  const final = encode(values, facts, opening.length)
  return final.length === opening.length ? final : undefined
}

/** Origin of a recording, as its metadata says. */
export function noteOfMetadata(metadata: Uint8Array): RecordingNote | undefined {
  const { vhost, streamPath, creationdate } = readMetadata(metadata) ?? {}
  if (typeof vhost !== 'string' || typeof streamPath !== 'string' || typeof creationdate !== 'string') {
    return undefined
  }
  const startedAtMs = Date.parse(creationdate)
  return Number.isNaN(startedAtMs) ? undefined : { vhost, streamPath, startedAtMs }
}

/** `onMetaData` with as much of the index as `length` bytes have room for, and a spacer that fills them. */
function encode(values: Amf0Object, facts: FlvInfo, length: number): Uint8Array {
  const { spacer: _, keyframes: __, ...kept } = values
  const withIndex = (count: number, spacer?: (number | null)[]): Uint8Array => {
    const { times, positions } = facts.keyframes.entries(count)
    const properties: Amf0Object = {
      ...kept,
      duration: facts.durationMs / 1_000,
      filesize: facts.byteLength,
      lasttimestamp: facts.lastDts / 1_000,
      lastkeyframetimestamp: facts.keyframes.lastDts / 1_000,
      hasAudio: facts.hasAudio,
      hasVideo: facts.hasVideo,
      hasKeyframes: times.length > 0,
      metadatacreator: `millrace ${VERSION}`,
    }
    // FFmpeg warns of an index without entries.
    if (times.length > 0) properties['keyframes'] = { filepositions: positions, times }
    if (spacer !== undefined) properties['spacer'] = spacer
    return encodeAmf0('onMetaData', new Amf0EcmaArray(properties))
  }
  const room = length - withIndex(0).length - SPACER_BYTES - KEYFRAMES_BYTES
  if (room < 0) return withIndex(0)
  const count = Math.floor(room / ENTRY_BYTES)
  const left = length - withIndex(count).length - SPACER_BYTES
  // FFmpeg passes over arrays of anything, but gives up on text of more than 1023 bytes.
  const numbers = Array.from({ length: Math.floor(left / NUMBER_BYTES) }, () => 0)
  return withIndex(count, [...numbers, ...Array.from({ length: left % NUMBER_BYTES }, () => null)])
}

/** What can be written twice with the same length: decoding and encoding again must change nothing. */
function publishedProperties(published: Uint8Array | undefined): Amf0Object {
  const properties = published === undefined ? undefined : readMetadata(published)
  if (properties === undefined) return {}
  const again = encodeAmf0('onMetaData', new Amf0EcmaArray(properties))
  const twice = readMetadata(again)
  const isStable =
    twice !== undefined && encodeAmf0('onMetaData', new Amf0EcmaArray(twice)).length === again.length
  if (isStable) return properties
  const scalars = Object.entries(properties).filter(([, value]) =>
    /^(?:number|boolean|string)$/.test(typeof value),
  )
  return Object.fromEntries(scalars)
}

/** Properties of the first value after the name; encoders append anything. */
function readMetadata(body: Uint8Array): Amf0Object | undefined {
  try {
    const reader = new Amf0Reader(body)
    reader.read()
    return propertiesOf(reader.read())
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}
