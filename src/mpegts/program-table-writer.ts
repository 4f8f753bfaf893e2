/**
 * PAT and PMT of a muxer as two TS packets, with versions and continuity counters.
 *
 * @module
 */
import { EMPTY_BYTES } from '../bytes/index.ts'
import type { VideoFormat } from '../media/index.ts'
import type { AudioFormat } from './audio-elementary.ts'
import { type ElementaryStream, encodeProgramAssociation, encodeProgramMap } from './program-tables.ts'
import { STREAM_TYPE_AVC, STREAM_TYPE_HEVC } from './stream-type.ts'
import { PID_NULL, PID_PAT, TS_PACKET_BYTES, writeTsHeader } from './ts-packet.ts'

/** One TS packet each. */
export const TABLES_BYTES: number = 2 * TS_PACKET_BYTES

const PROGRAM_NUMBER = 1

/** Writes the tables of one program with at most one video and one audio stream. */
export class ProgramTableWriter {
  readonly #pmtPid: number
  readonly #videoPid: number
  readonly #audioPid: number
  /** Version that each set of streams was last announced with. */
  readonly #versions: Map<string, number>
  #streamsNow: readonly ElementaryStream[]
  #key: string
  #writtenKey: string | undefined
  #version: number
  #continuity: number
  #packets: Uint8Array

  constructor(pmtPid: number, videoPid: number, audioPid: number) {
    this.#pmtPid = pmtPid
    this.#videoPid = videoPid
    this.#audioPid = audioPid
    this.#versions = new Map()
    this.#streamsNow = []
    this.#key = ''
    this.#writtenKey = undefined
    this.#version = -1
    this.#continuity = 0
    this.#packets = EMPTY_BYTES
  }

  /** Sets the streams. @returns whether they are others than those that were announced last. */
  set(video: VideoFormat | undefined, audio: AudioFormat | undefined): boolean {
    this.#streamsNow = this.#streams(video, audio)
    this.#key = keyOf(this.#streamsNow)
    return this.#key !== this.#writtenKey
  }

  /** The tables in force, with the next continuity counters. Other streams than before raise the version. */
  next(): Uint8Array {
    if (this.#key !== this.#writtenKey) {
      this.#writtenKey = this.#key
      this.#version = (this.#version + 1) & 0x1f
      this.#versions.set(this.#key, this.#version)
      this.#packets = this.#build(this.#streamsNow, this.#version)
    }
    const out = this.#packets.slice()
    out[3] = 0x10 | this.#continuity
    out[TS_PACKET_BYTES + 3] = 0x10 | this.#continuity
    this.#continuity = (this.#continuity + 1) & 0x0f
    return out
  }

  /**
   * The tables that announce these streams, in the version that they were last announced with, or would be
   * next. The counter is 15, as before the first tables of a stream.
   */
  peek(video: VideoFormat | undefined, audio: AudioFormat | undefined): Uint8Array {
    const streams = this.#streams(video, audio)
    if (streams.length === 0) return EMPTY_BYTES
    const out = this.#build(streams, this.#versions.get(keyOf(streams)) ?? (this.#version + 1) & 0x1f)
    out[3] = 0x1f
    out[TS_PACKET_BYTES + 3] = 0x1f
    return out
  }

  #streams(video: VideoFormat | undefined, audio: AudioFormat | undefined): ElementaryStream[] {
    const streams: ElementaryStream[] = []
    if (video !== undefined) {
      streams.push({
        streamType: video.codec === 'hvc1' ? STREAM_TYPE_HEVC : STREAM_TYPE_AVC,
        pid: this.#videoPid,
        descriptors: EMPTY_BYTES,
      })
    }
    if (audio !== undefined) {
      const { streamType, descriptors } = audio
      streams.push({ streamType, pid: this.#audioPid, descriptors })
    }
    return streams
  }

  #build(streams: readonly ElementaryStream[], version: number): Uint8Array {
    const association = encodeProgramAssociation({
      transportStreamId: 1,
      version: 0,
      currentNext: true,
      programs: [{ programNumber: PROGRAM_NUMBER, pid: this.#pmtPid }],
    })
    const map = encodeProgramMap({
      programNumber: PROGRAM_NUMBER,
      version,
      currentNext: true,
      pcrPid: streams[0]?.pid ?? PID_NULL, // video comes first when there is any
      streams,
    })
    const out = new Uint8Array(TABLES_BYTES).fill(0xff)
    writeSection(out, 0, PID_PAT, association)
    writeSection(out, TS_PACKET_BYTES, this.#pmtPid, map)
    return out
  }
}

/** A section that fits one packet: header, pointer_field 0, section; the 0xff after it is stuffing. */
function writeSection(out: Uint8Array, offset: number, pid: number, section: Uint8Array): void {
  writeTsHeader(out, offset, pid, true, 1, 0)
  out[offset + 4] = 0
  out.set(section, offset + 5)
}

function keyOf(streams: readonly ElementaryStream[]): string {
  return streams.map(({ streamType, descriptors }) => `${streamType}:${descriptors.join('.')}`).join(' ')
}
