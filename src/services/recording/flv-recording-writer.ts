/**
 * Recording as FLV: tags as they came, metadata in front that is completed at the end.
 *
 * @module
 */
import { concatBytes } from '../../bytes/index.ts'
import {
  encodeFlvHeader,
  FLV_HEADER_BYTES,
  FLV_MAX_TAG_DATA_BYTES,
  FLV_TAG_HEADER_BYTES,
  flvTagLength,
  writeFlvTag,
} from '../../flv/index.ts'
import {
  type ConfigurationSet,
  configurationPackets,
  framedDts,
  type MediaPacket,
  packetFromTag,
  TAG_TYPE_DATA,
} from '../../media/index.ts'
import { type FlvInfo, finalMetadata, openingMetadata } from './flv-metadata.ts'
import { FlvSummary } from './flv-summary.ts'
import type { RecordingFile } from './recording-store.ts'
import type { RecordingWriter, RecordingWriterOptions, WholeFile } from './recording-writer.ts'

/** Offset of the first tag's data, the metadata. */
export const METADATA_OFFSET = FLV_HEADER_BYTES + FLV_TAG_HEADER_BYTES

/**
 * Media that is examined before the file begins: audio that belongs before the first picture may arrive after
 * it.
 */
const START_MS = 300

/** No more is held for that, of a stream whose time stands still or that has nothing but data. */
const START_BYTES = 262_144

/** Writes one FLV file. Its earliest packet has time 0. */
export class FlvRecordingWriter implements RecordingWriter {
  readonly #configuration: ConfigurationSet
  /** Body of the metadata in front. */
  readonly #metadata: Uint8Array
  readonly #summary: FlvSummary
  #pending: MediaPacket[]
  #pendingBytes: number
  #earliestDts: number
  #latestDts: number
  /** dts that is time 0; `undefined` before the file begins. */
  #startDts: number | undefined

  /** State of one file. */
  constructor({ note, configuration, indexEntries }: RecordingWriterOptions) {
    this.#configuration = configuration
    this.#metadata = openingMetadata(note, configuration.metadata?.body, indexEntries)
    this.#summary = new FlvSummary()
    this.#pending = []
    this.#pendingBytes = 0
    this.#earliestDts = Infinity
    this.#latestDts = -Infinity
    this.#startDts = undefined
  }

  /** {@inheritDoc RecordingWriter.durationMs} */
  get durationMs(): number {
    return Math.max(0, this.#latestDts - this.#earliestDts)
  }

  /** {@inheritDoc RecordingWriter.pendingBytes} */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** Nothing: FLV has whatever RTMP carries. */
  get unsupportedCodecs(): [] {
    return []
  }

  /** {@inheritDoc RecordingWriter.write} */
  write(packet: MediaPacket): boolean {
    // No tag can say more; an RTMP message cannot either.
    if (packet.body.length > FLV_MAX_TAG_DATA_BYTES) return true
    this.#pending.push(packet)
    this.#pendingBytes += flvTagLength(packet)
    if (packet.coded) {
      this.#earliestDts = Math.min(this.#earliestDts, packet.dts)
      this.#latestDts = Math.max(this.#latestDts, packet.dts)
    }
    return true
  }

  /** {@inheritDoc RecordingWriter.take} */
  take(): Uint8Array[] {
    const mayBegin = this.durationMs >= START_MS || this.#pendingBytes >= START_BYTES
    return this.#startDts === undefined && !mayBegin ? [] : this.#takeTags()
  }

  /** {@inheritDoc RecordingWriter.end} */
  end(): Uint8Array[] {
    return this.#takeTags()
  }

  /** {@inheritDoc RecordingWriter.finish} */
  finish(file: RecordingFile): Promise<WholeFile> {
    return completeFlv(file, this.#metadata, this.#summary)
  }

  #takeTags(): Uint8Array[] {
    const opening = this.#startDts === undefined ? this.#open() : []
    const tags = new Uint8Array(this.#pendingBytes)
    let at = 0
    for (const packet of this.#pending) at = this.#writeTag(tags, at, packet, packet.dts - this.#startDts!)
    this.#pending = []
    this.#pendingBytes = 0
    this.#summary.byteLength += at
    return at === 0 ? opening : [...opening, tags]
  }

  /** Header, metadata, configurations. */
  #open(): Uint8Array[] {
    this.#startDts = Number.isFinite(this.#earliestDts) ? this.#earliestDts : 0
    const header = encodeFlvHeader({ audio: true, video: true })
    const metadata = packetFromTag(TAG_TYPE_DATA, 0, this.#metadata)
    const packets = [metadata, ...configurationPackets({ ...this.#configuration, metadata: undefined })]
    const tags = new Uint8Array(packets.reduce((length, packet) => length + flvTagLength(packet), 0))
    this.#summary.byteLength = header.length
    let at = 0
    for (const packet of packets) at = this.#writeTag(tags, at, packet, 0)
    this.#summary.byteLength += at
    return [concatBytes([header, tags])]
  }

  #writeTag(out: Uint8Array, at: number, packet: MediaPacket, dts: number): number {
    const time = framedDts(packet, Math.max(0, dts))
    this.#summary.add(packet, time, this.#summary.byteLength + at)
    return writeFlvTag(out, at, packet, time)
  }
}

/** Writes what is known at the end into the front of `file`, and finishes it. */
export async function completeFlv(
  file: RecordingFile,
  metadata: Uint8Array,
  facts: FlvInfo,
): Promise<WholeFile> {
  const { hasAudio, hasVideo, durationMs, byteLength } = facts
  const final = finalMetadata(metadata, facts)
  if (final !== undefined) await file.overwrite(METADATA_OFFSET, final)
  await file.overwrite(0, encodeFlvHeader({ audio: hasAudio, video: hasVideo }))
  return { place: await file.finish(), durationMs, byteLength, fragmented: false }
}
