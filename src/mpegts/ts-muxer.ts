/**
 * Packets in, transport stream out. ISO/IEC 13818-1.
 *
 * Every packet is measured when it is staged and written when all of a batch is staged, straight into one
 * array of exactly the right size.
 *
 * @module
 */
import { ByteArena, EMPTY_BYTES } from '../bytes/index.ts'
import { type ConfigurationSet, type FourCc, type MediaPacket, VideoUnit } from '../media/index.ts'
import type { AudioFormat } from './audio-elementary.ts'
import { MuxerTracks, tracksAt } from './muxer-tracks.ts'
import { PcrSchedule } from './pcr-schedule.ts'
import { packetCountOf, PesWriter, type StagedPes } from './pes-writer.ts'
import { ProgramTableWriter, TABLES_BYTES } from './program-table-writer.ts'
import { ADAPTATION_RANDOM_ACCESS, TS_PACKET_BYTES } from './ts-packet.ts'

/** How a {@link TsMuxer} writes. PIDs are 16 to 8190, all different. */
export interface TsMuxerOptions {
  /** PID of the PMT. @defaultValue 0x1000 */
  readonly pmtPid?: number
  /** PID of video. @defaultValue 0x100 */
  readonly videoPid?: number
  /** PID of audio. @defaultValue 0x101 */
  readonly audioPid?: number
  /**
   * Whether PAT and PMT are written into the stream: first, on every change, and again as `tablesIntervalMs`
   * says. `false` leaves them to the caller, who puts {@link TsMuxer.tables} where they belong, as at the
   * start of an HLS segment.
   * @defaultValue true
   */
  readonly inlineTables?: boolean
  /**
   * PAT and PMT (376 bytes) come again before the first packet after this time and before each video
   * keyframe, for those who start in the middle. `Infinity` writes them on changes only.
   * @defaultValue 1000
   */
  readonly tablesIntervalMs?: number
  /**
   * Added to every time, so that B-frames and the PCR, which comes before the DTS, are not below 0. In ms.
   * @defaultValue 1000
   */
  readonly timestampOffsetMs?: number
  /**
   * How far the PCR is ahead of the DTS: what a receiver that follows the PCR may buffer. A PES packet has to
   * be complete before it is decoded, and gathered audio arrives with its last frame: no less than 100 ms
   * more than `audioPesMs`. In ms.
   * @defaultValue 100 + `audioPesMs`
   */
  readonly pcrLeadMs?: number
  /**
   * Audio frames are gathered into PES packets of up to this length, which saves up to half of an audio-only
   * stream: a frame of 170 bytes by itself takes two TS packets. Costs as much delay; call
   * {@link TsMuxer.stageHeld} at the end. In ms. 0 gives every frame a PES packet of its own.
   * @defaultValue 0
   */
  readonly audioPesMs?: number
}

/** Tables that come first name a track until the other has gone on for so long without it. */
const SILENT_MS = 1000
const TICKS_PER_MS = 90
const NO_FRAMES: readonly Uint8Array[] = []
/** A PES packet of audio must have a length, which has 16 bits. */
const MAX_HELD_BYTES = 60_000
/** Frames further apart have a gap between them: one of 2048 samples at 32 kHz takes 64 ms. */
const MAX_HELD_STEP_MS = 65

/**
 * Output up to this size is carved from a slab, where an array of its own would cost more than the muxing:
 * 0.4 µs against 1 µs for a packet of 450 bytes (Node 20). Slabs lose an eighth at most at their ends.
 */
const MAX_CARVED_BYTES = 8192

/** Bytes of what {@link TsMuxer.tables} returns: one packet for the PAT, one for the PMT. */
export const TS_TABLES_BYTES: number = TABLES_BYTES

/**
 * Muxes the default video and audio track of a stream: H.264, HEVC, AAC, MP3, AC-3, E-AC-3 and Opus.
 * Configuration packets make no bytes but set what the tables and the following units say. A packet never
 * makes it throw: what a transport stream cannot carry, and what is damaged, is left out and counted.
 *
 * Use {@link TsMuxer.write} and {@link TsMuxer.writeBatch}, or {@link TsMuxer.stage} and
 * {@link TsMuxer.writeStaged} to write into an array of your own.
 */
export class TsMuxer {
  readonly #inlineTables: boolean
  readonly #tablesIntervalMs: number
  readonly #offsetTicks: number
  readonly #leadTicks: number
  readonly #audioPesMs: number
  readonly #tracks: MuxerTracks
  readonly #tables: ProgramTableWriter
  readonly #pcr: PcrSchedule
  readonly #writer: PesWriter
  readonly #staged: StagedPes[]
  readonly #arena: ByteArena
  #stagedBytes: number
  #tablesDue: boolean
  /** Times of the first packet of each kind with or after the last tables. */
  #videoTablesDts: number | undefined
  #audioTablesDts: number | undefined
  #held: Uint8Array[]
  #heldBytes: number
  #heldDts: number
  #heldLastDts: number

  /**
   * @param options - PIDs, tables and times.
   * @throws RangeError if PIDs are out of range or the same.
   */
  constructor(options: TsMuxerOptions = {}) {
    const { pmtPid = 0x1000, videoPid = 0x100, audioPid = 0x101 } = options
    checkPids(pmtPid, videoPid, audioPid)
    this.#inlineTables = options.inlineTables ?? true
    this.#tablesIntervalMs = options.tablesIntervalMs ?? 1000
    this.#offsetTicks = (options.timestampOffsetMs ?? 1000) * TICKS_PER_MS
    this.#audioPesMs = options.audioPesMs ?? 0
    this.#leadTicks = (options.pcrLeadMs ?? 100 + this.#audioPesMs) * TICKS_PER_MS
    // Tables that come last, as in HLS, name what came.
    this.#tracks = new MuxerTracks(this.#inlineTables ? SILENT_MS : 0)
    this.#tables = new ProgramTableWriter(pmtPid, videoPid, audioPid)
    this.#pcr = new PcrSchedule()
    this.#writer = new PesWriter(videoPid, audioPid)
    this.#staged = []
    this.#arena = new ByteArena()
    this.#stagedBytes = 0
    this.#tablesDue = true
    this.#videoTablesDts = undefined
    this.#audioTablesDts = undefined
    this.#held = []
    this.#heldBytes = 0
    this.#heldDts = 0
    this.#heldLastDts = 0
  }

  /** FourCCs that came and that this muxer has no place for (`av01`, `vp09`, `fLaC` …), the first 16. */
  get unsupportedCodecs(): ReadonlySet<FourCc> {
    return this.#tracks.unsupported
  }

  /** Coded packets without a place in the output: of an unsupported codec, or before their configuration. */
  get skippedCount(): number {
    return this.#tracks.skippedCount
  }

  /**
   * Packets that were damaged: configuration that cannot be read, NAL unit lengths past the end, frames too
   * long.
   */
  get damagedCount(): number {
    return this.#tracks.damagedCount
  }

  /** Bytes that {@link writeStaged} will write. */
  get stagedBytes(): number {
    return this.#stagedBytes
  }

  /** Whether the tables announce video. */
  get hasVideo(): boolean {
    return this.#tracks.video !== undefined
  }

  /** Whether the tables announce audio. */
  get hasAudio(): boolean {
    return this.#tracks.audio !== undefined
  }

  /**
   * Whether a coded packet of one track has a place in the output as things stand: its codec is configured,
   * or the packet describes itself.
   */
  carries(packet: MediaPacket): boolean {
    return this.#tracks.carries(packet)
  }

  /**
   * Whole TS packets of one packet; empty for configuration, data and skipped packets. The bytes are the
   * caller's and never change; short runs are carved from a slab that they share with their neighbours: copy
   * what outlives the stream.
   */
  write(packet: MediaPacket): Uint8Array {
    this.stage(packet)
    return this.#takeStaged()
  }

  /**
   * Whole TS packets of a run of packets, in one array, as {@link TsMuxer.write} returns them. Streams whose
   * first packet is in the run are announced from its start.
   */
  writeBatch(packets: readonly MediaPacket[]): Uint8Array {
    if (this.#tracks.video === undefined || this.#tracks.audio === undefined) this.#announce(packets)
    for (const packet of packets) this.stage(packet)
    return this.#takeStaged()
  }

  /** Sets the streams as a configuration set says, as if its packets had come. */
  configure(configuration: ConfigurationSet): void {
    for (const packet of configuration.audio) this.#learn(packet)
    for (const packet of configuration.video) this.#learn(packet)
  }

  /** PAT and PMT of the streams that are known now: 376 bytes, freshly made. They count as written. */
  tables(): Uint8Array {
    this.#tablesDue = false
    return this.#tables.next()
  }

  /**
   * The tables for a player that starts where `configuration` is valid. Changes nothing in the running
   * stream. Empty if there is no stream to announce.
   */
  joinTables(configuration: ConfigurationSet): Uint8Array {
    const { video, audio } = tracksAt(configuration, this.#tracks)
    return this.#tables.peek(video, audio)
  }

  /** The clock jumps before the next packet: its PCR carries discontinuity_indicator. */
  discontinuity(): void {
    this.#pcr.discontinuity()
  }

  /**
   * Takes a packet: updates the streams, measures.
   * @returns bytes staged for it, tables and PCRs included.
   */
  stage(packet: MediaPacket): number {
    if (packet.kind === 'data') return 0
    const single = packet.defaultTrack()
    if (single === undefined) return 0
    const before = this.#stagedBytes
    if (single.configuration) this.#configure(single)
    else if (single.coded && single.kind === 'video') this.#stageVideo(single)
    else if (single.coded) this.#stageAudio(single)
    return this.#stagedBytes - before
  }

  /** Stages audio that waits for more (see `audioPesMs`). @returns bytes staged. */
  stageHeld(): number {
    const before = this.#stagedBytes
    const { audio } = this.#tracks
    if (this.#held.length > 0 && audio !== undefined) {
      this.#stageAudioPes(audio, this.#held, this.#heldBytes, this.#heldDts)
      this.#held = []
      this.#heldBytes = 0
    }
    return this.#stagedBytes - before
  }

  /** Forgets what is staged, unwritten. */
  discardStaged(): void {
    this.#staged.length = 0
    this.#stagedBytes = 0
  }

  /**
   * Writes all that is staged at `offset` of `out`, which must leave {@link stagedBytes} of room.
   * @returns the offset after it.
   */
  writeStaged(out: Uint8Array, offset: number): number {
    let at = offset
    for (const pes of this.#staged) at = this.#writer.write(out, at, pes)
    this.discardStaged()
    return at
  }

  #takeStaged(): Uint8Array {
    if (this.#stagedBytes === 0) return EMPTY_BYTES
    const bytes = this.#stagedBytes
    const out = bytes > MAX_CARVED_BYTES ? new Uint8Array(bytes) : this.#arena.take(bytes)
    this.writeStaged(out, 0)
    return out
  }

  /** Looks ahead for the first packet of each kind, so that the first tables name both. */
  #announce(packets: readonly MediaPacket[]): void {
    for (const packet of packets) {
      if (packet.kind === 'video' && this.#tracks.video === undefined) this.#learn(packet)
      else if (packet.kind === 'audio' && this.#tracks.audio === undefined) this.#learn(packet)
    }
  }

  #learn(packet: MediaPacket): void {
    const single = packet.defaultTrack()
    if (single === undefined) return
    if (single.configuration) this.#configure(single)
    else if (single.coded) this.#learnFrame(single)
  }

  #configure(packet: MediaPacket): void {
    if (packet.kind === 'audio') this.stageHeld()
    this.#tracks.configure(packet)
    this.#tracksChanged()
  }

  #learnFrame(packet: MediaPacket): void {
    if (packet.kind === 'video') {
      const video = this.#tracks.newVideoOf(packet)
      if (video === undefined) return
      this.#tracks.video = video
    } else {
      const audio = this.#tracks.newAudioOf(packet)
      if (audio === undefined) return
      this.stageHeld()
      this.#tracks.audio = audio
    }
    this.#tracksChanged()
  }

  #tracksChanged(): void {
    this.#tablesDue = this.#tables.set(this.#tracks.announcedVideo, this.#tracks.announcedAudio)
  }

  #stageVideo(packet: MediaPacket): void {
    this.#learnFrame(packet)
    const format = this.#tracks.video
    if (format === undefined || format.codec !== packet.codec) {
      this.#tracks.skip(packet)
      return
    }
    const unit = VideoUnit.measure(format, packet.payload, packet.keyframe)
    if (unit === undefined || unit.truncated) this.#tracks.damagedCount++
    if (unit === undefined) return
    if (unit.randomAccess) this.stageHeld()
    if (this.#tracks.noteFrame('video', packet.dts)) this.#tracksChanged()
    this.#stagePes(unit, undefined, NO_FRAMES, unit.byteLength, packet.dts, packet.cts)
  }

  #stageAudio(packet: MediaPacket): void {
    this.#learnFrame(packet)
    const format = this.#tracks.audio
    if (format === undefined || format.codec !== packet.codec) {
      this.#tracks.skip(packet)
      return
    }
    const { payload, dts } = packet
    if (payload.length > format.maxFrameBytes) {
      this.#tracks.damagedCount++
      return
    }
    const bytes = format.frameBytes(payload)
    if (this.#tracks.noteFrame('audio', dts)) this.#tracksChanged()
    if (this.#audioPesMs > 0) this.#hold(payload, bytes, dts)
    else this.#stageAudioPes(format, [payload], bytes, dts)
  }

  /**
   * Adds a frame to those that will share a PES packet. That has one time, at its start: frames with a gap
   * between them cannot share one. It is sent with its last frame, not when the next one arrives.
   */
  #hold(frame: Uint8Array, bytes: number, dts: number): void {
    const step = dts - this.#heldLastDts
    const follows = step >= 0 && step <= MAX_HELD_STEP_MS
    if (!follows || this.#heldBytes + bytes > MAX_HELD_BYTES) this.stageHeld()
    if (this.#held.length === 0) this.#heldDts = dts
    this.#heldLastDts = dts
    this.#held.push(frame)
    this.#heldBytes += bytes
    const durationMs = dts - this.#heldDts + (follows ? step : 0)
    if (durationMs >= this.#audioPesMs) this.stageHeld()
  }

  #stageAudioPes(format: AudioFormat, frames: readonly Uint8Array[], bytes: number, dts: number): void {
    this.#stagePes(undefined, format, frames, bytes, dts, 0)
  }

  #stagePes(
    video: VideoUnit | undefined,
    audio: AudioFormat | undefined,
    frames: readonly Uint8Array[],
    payloadBytes: number,
    dts: number,
    cts: number,
  ): void {
    const videoClock = this.#tracks.announcedVideo !== undefined
    const randomAccess = video === undefined ? !videoClock : video.randomAccess
    const tables = this.#dueTables(dts, video)
    const dtsTicks = dts * TICKS_PER_MS + this.#offsetTicks
    const pcrTicks = dtsTicks - this.#leadTicks
    const pcr = this.#pcr
    pcr.plan(pcrTicks, video !== undefined || !videoClock, video !== undefined)
    const { clocks, clockFlags } = pcr
    const flags = randomAccess ? pcr.flags | ADAPTATION_RANDOM_ACCESS : pcr.flags
    const packetCount = packetCountOf(flags, cts !== 0, payloadBytes)
    this.#staged.push({
      video,
      audio,
      frames,
      tables,
      clocks,
      clockFlags,
      videoClock,
      ptsTicks: dtsTicks + cts * TICKS_PER_MS,
      dtsTicks,
      flags,
      pcrTicks,
      payloadBytes,
      packetCount,
    })
    this.#stagedBytes += tables.length + (clocks.length + packetCount) * TS_PACKET_BYTES
  }

  #dueTables(dts: number, video: VideoUnit | undefined): Uint8Array {
    if (!this.#inlineTables) return EMPTY_BYTES
    const interval = this.#tablesIntervalMs
    // The age of each kind by itself: their clocks may be apart.
    const since = (video === undefined ? this.#audioTablesDts : this.#videoTablesDts) ?? dts
    const isOld = Math.abs(dts - since) >= interval
    const isDue = this.#tablesDue || (interval !== Infinity && (isOld || video?.randomAccess === true))
    if (isDue) {
      this.#videoTablesDts = undefined
      this.#audioTablesDts = undefined
    }
    if (video === undefined) this.#audioTablesDts ??= dts
    else this.#videoTablesDts ??= dts
    return isDue ? this.tables() : EMPTY_BYTES
  }
}

function checkPids(...pids: readonly number[]): void {
  for (const pid of pids) {
    if (!(Number.isInteger(pid) && pid >= 16 && pid <= 8190))
      throw new RangeError(`PID ${pid} is not 16 to 8190`)
  }
  if (new Set(pids).size !== pids.length)
    throw new RangeError(`PIDs ${pids.join(', ')} are not all different`)
}
