/**
 * Recording as MP4: in fragments, so that a crash costs the last of them; made an ordinary MP4 with its index
 * in front at the end.
 *
 * @module
 */
import createDebug from 'debug'
import { concatBytes } from '../../bytes/index.ts'
import { LimitError, ProtocolError } from '../../errors/index.ts'
import type { FourCc, MediaPacket } from '../../media/index.ts'
import {
  FragmentedMp4Muxer,
  type Mp4Fragment,
  type Mp4Index,
  Mp4IndexReader,
  type Mp4Plan,
  planMp4,
} from '../../mp4/index.ts'
import { VERSION } from '../version.ts'
import { encodeMp4Note, wholeFragmentsEnd } from './mp4-boxes.ts'
import type { RecordingNote } from './recording-note.ts'
import type { RecordingFile } from './recording-store.ts'
import type { RecordingWriter, RecordingWriterOptions, WholeFile } from './recording-writer.ts'

const debug = createDebug('millrace:recording')

/**
 * A keyframe ends a fragment that is as long, ms: not every frame of a stream that has nothing but keyframes.
 */
const MIN_FRAGMENT_MS = 250

/** A fragment ends with so many bytes, whatever its time. */
const MAX_FRAGMENT_BYTES = 4_194_304

/** A fragment ends with so many samples, whatever their size and time. */
const MAX_FRAGMENT_SAMPLES = 16_384

/** Names of codecs that are remembered: a peer could make up any number. */
const MAX_IGNORED_CODECS = 16

/** Media that has no place does not wait longer for a track that has one, ms. */
const NO_TRACK_MS = 10_000

/** Bytes that are copied in one go, about. */
const COPY_BYTES = 1_048_576

/** Writes one MP4 file. */
export class Mp4RecordingWriter implements RecordingWriter {
  readonly #note: RecordingNote
  readonly #fragmentMs: number
  readonly #muxer: FragmentedMp4Muxer
  #opened: boolean
  #ready: Uint8Array[]
  #readyBytes: number
  #earliestDts: number
  #latestDts: number
  /** Codecs of frames that were ignored, of those that wait for their first keyframe too. */
  readonly #ignoredCodecs: Set<FourCc>
  #firstIgnoredDts: number

  /** State of one file. */
  constructor({ note, configuration, fragmentMs }: RecordingWriterOptions) {
    this.#note = note
    this.#fragmentMs = fragmentMs
    this.#muxer = new FragmentedMp4Muxer({ configuration })
    this.#opened = false
    this.#ready = []
    this.#readyBytes = 0
    this.#earliestDts = Infinity
    this.#latestDts = -Infinity
    this.#ignoredCodecs = new Set()
    this.#firstIgnoredDts = Infinity
  }

  /** {@inheritDoc RecordingWriter.durationMs} */
  get durationMs(): number {
    return Math.max(0, this.#latestDts - this.#earliestDts)
  }

  /** {@inheritDoc RecordingWriter.pendingBytes} */
  get pendingBytes(): number {
    return this.#readyBytes + this.#muxer.pendingBytes
  }

  /** {@inheritDoc RecordingWriter.unsupportedCodecs} */
  get unsupportedCodecs(): FourCc[] {
    const written = new Set(this.#muxer.tracks.map(({ codec }) => codec))
    return Array.from(this.#ignoredCodecs).filter((codec) => !written.has(codec))
  }

  /** {@inheritDoc RecordingWriter.write} */
  write(packet: MediaPacket): boolean {
    const result = this.#muxer.write(packet)
    if (result === 'ignored') {
      this.#ignore(packet)
      return true
    }
    if (result !== 'written') {
      debug('%s: the next file begins, %s', this.#note.streamPath, result)
      return false
    }
    if (packet.coded) {
      this.#earliestDts = Math.min(this.#earliestDts, packet.dts)
      this.#latestDts = Math.max(this.#latestDts, packet.dts)
    }
    if (this.#isFragmentDue(packet)) this.#add(this.#muxer.fragment())
    return true
  }

  /** {@inheritDoc RecordingWriter.take} */
  take(): Uint8Array[] {
    const chunks = this.#ready
    this.#ready = []
    this.#readyBytes = 0
    return chunks
  }

  /** {@inheritDoc RecordingWriter.end} */
  end(): Uint8Array[] {
    if (this.#muxer.tracks.length > 0) this.#add(this.#muxer.end())
    if (!this.#opened && this.#ignoredCodecs.size > 0) throw this.#nothingToWrite()
    return this.take()
  }

  /** {@inheritDoc RecordingWriter.finish} */
  finish(file: RecordingFile): Promise<WholeFile | undefined> {
    return finishMp4(file, this.#note.startedAtMs)
  }

  #ignore({ coded, codec, dts }: MediaPacket): void {
    if (!coded || (this.#ignoredCodecs.size >= MAX_IGNORED_CODECS && !this.#ignoredCodecs.has(codec))) return
    this.#ignoredCodecs.add(codec)
    this.#firstIgnoredDts = Math.min(this.#firstIgnoredDts, dts)
    if (this.#muxer.tracks.length === 0 && dts - this.#firstIgnoredDts >= NO_TRACK_MS) {
      throw this.#nothingToWrite()
    }
  }

  #nothingToWrite(): ProtocolError {
    const codecs = Array.from(this.#ignoredCodecs).join(', ')
    return new ProtocolError(
      'ERR_RECORDING_CODEC',
      `nothing of the stream (${codecs}) can be written to an MP4: it has no place for the codec, or configuration or keyframe is missing`,
    )
  }

  #isFragmentDue(packet: MediaPacket): boolean {
    const { pendingMs, pendingBytes, pendingCount } = this.#muxer
    if (pendingBytes >= MAX_FRAGMENT_BYTES || pendingCount >= MAX_FRAGMENT_SAMPLES) return true
    return pendingMs >= (packet.keyframe ? Math.min(MIN_FRAGMENT_MS, this.#fragmentMs) : this.#fragmentMs)
  }

  #add(fragment: Mp4Fragment | undefined): void {
    if (fragment === undefined) return
    const { bytes } = fragment
    // Tracks that came until now are in the file; the first fragment and what it needs are one write.
    const chunk = this.#opened ? bytes : concatBytes([this.#muxer.init(), encodeMp4Note(this.#note), bytes])
    this.#opened = true
    this.#ready.push(chunk)
    this.#readyBytes += chunk.length
  }
}

/**
 * Makes an ordinary MP4 of a fragmented one that may be cut off anywhere. If there is no space for a copy, or
 * the index would be too large, the fragmented file is the recording.
 * @returns `undefined` if it contains no media: it is discarded.
 */
export async function finishMp4(file: RecordingFile, createdMs: number): Promise<WholeFile | undefined> {
  const { index, isWhole } = await readIndex(file)
  const plan = planMp4(index, { tool: `millrace ${VERSION}`, createdMs })
  if (isWhole && plan === undefined) {
    await file.discard()
    return undefined
  }
  if (isWhole && plan !== undefined) {
    try {
      const place = await replace(file, plan)
      return { place, durationMs: Math.round(plan.durationMs), byteLength: plan.fileBytes, fragmented: false }
    } catch (error) {
      debug('%s stays fragmented: %s', file.key, error)
    }
  }
  // Readers of fragments stumble over one that is torn.
  await file.truncate(await wholeFragmentsEnd(file))
  const whole = planMp4((await readIndex(file)).index)
  const durationMs = Math.round(whole?.durationMs ?? 0)
  return { place: await file.finish(), durationMs, byteLength: file.length, fragmented: true }
}

/**
 * Finds the samples of `file`; those up to a bound where one is reached: such a file plays, but it cannot be
 * indexed.
 */
async function readIndex(
  file: RecordingFile,
): Promise<{ readonly index: Mp4Index; readonly isWhole: boolean }> {
  const reader = new Mp4IndexReader({ fileBytes: file.length })
  const { index } = reader
  for (let range = reader.wanted(); range !== undefined; range = reader.wanted()) {
    const bytes = await file.read(range.offset, range.length)
    try {
      reader.push(bytes)
    } catch (error) {
      if (!(error instanceof LimitError)) throw error
      debug('%s cannot be indexed: %s', file.key, error)
      return { index, isWhole: false }
    }
  }
  return { index, isWhole: true }
}

async function replace(file: RecordingFile, plan: Mp4Plan): Promise<string> {
  const copy = await file.replacement()
  try {
    for await (const bytes of inBatches(piecesOf(file, plan))) await copy.append(bytes)
    return await copy.finish()
  } catch (error) {
    await copy.discard()
    throw error
  }
}

async function* piecesOf(file: RecordingFile, plan: Mp4Plan): AsyncGenerator<Uint8Array> {
  yield* plan.header()
  for (const { offset, length } of plan.ranges()) {
    const end = offset + length
    for (let at = offset; at < end; at += COPY_BYTES)
      yield await file.read(at, Math.min(COPY_BYTES, end - at))
  }
}

/** The same bytes in fewer pieces. */
async function* inBatches(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let batch: Uint8Array[] = []
  let byteLength = 0
  for await (const piece of pieces) {
    batch.push(piece)
    byteLength += piece.length
    if (byteLength < COPY_BYTES) continue
    yield concatBytes(batch, byteLength)
    batch = []
    byteLength = 0
  }
  if (byteLength > 0) yield concatBytes(batch, byteLength)
}
