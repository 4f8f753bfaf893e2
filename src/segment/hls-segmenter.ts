/**
 * From packets to media segments. RFC 8216 §3; where segments are cut is this package's own.
 *
 * A segment is cut before a video keyframe once the target duration is reached, before any frame where there is no video or it has stalled
 * ({@link VideoPresence}), and by force where no keyframe comes. Its duration reaches from its first packet to the first packet of the next, so that durations add up. Its
 * bytes are written as packets come; PAT and PMT go in front at the end, when all its streams are known.
 *
 * @module
 */
import { copyBytes, equalBytes } from '../bytes/index.ts'
import { type MediaPacket, packetFromTag, VideoPresence } from '../media/index.ts'
import { FramePace } from './frame-pace.ts'
import type { HlsSegment } from './hls-segment.ts'
import { MAX_EARLY_MS } from './hls-timeline.ts'
import { KindClocks } from './kind-clocks.ts'
import { OpenSegment } from './open-segment.ts'
import { type TsSegmentOptions, TsSegmentWriter } from './ts-segment-writer.ts'
import { WallClock } from './wall-clock.ts'

/** How an {@link HlsSegmenter} cuts. */
export interface HlsSegmenterOptions {
  /**
   * A segment ends at the first keyframe after this time; without video, at the first frame. Players start about three segments behind:
   * latency is some three times the target or the distance of keyframes, whichever is larger. In ms.
   * @defaultValue 4000
   */
  readonly targetDurationMs?: number
  /**
   * The first segments, up to this time together, end at the first keyframe after half the target, so that players that wait for a stream
   * have several sooner. In ms.
   * @defaultValue 0
   */
  readonly startupMs?: number
  /**
   * Times the target: where no keyframe comes for so long, a segment ends at any frame, and the next is not independent.
   * @defaultValue 4
   */
  readonly maxDurationFactor?: number
  /**
   * A segment that a discontinuity or the end cuts shorter than this is thrown away; its sequence number is used again. In ms.
   * @defaultValue 100
   */
  readonly minDurationMs?: number
  /**
   * A segment ends before the packet that would make it larger; a packet that is larger by itself is left out. The segmenter holds up to
   * twice as much, in bytes.
   * @defaultValue 33_554_432
   */
  readonly maxSegmentBytes?: number
  /**
   * A packet whose time is further than this from the one before, and from the one of its kind before, starts a discontinuity. In ms.
   * @defaultValue 10_000
   */
  readonly maxGapMs?: number
  /**
   * Sequence number of the first segment. A segmenter that takes up where another stopped gets that one's
   * {@link HlsSegmenter.nextSequence}; its first segment is then marked as a discontinuity.
   * @defaultValue 0
   */
  readonly startSequence?: number
  /**
   * Wall clock, in ms since 1970, minus the clock of the `nowMs` that come with packets: asked for where dates begin, at the start and after
   * each discontinuity. With a monotonic clock for `nowMs`, somebody who sets the wall clock moves no date in between.
   * @defaultValue 0: `nowMs` is the wall clock
   */
  readonly wallOffsetMs?: () => number
  /** PIDs and times of the transport stream. Audio frames share PES packets, with `audioPesMs` 120 by default. */
  readonly ts?: TsSegmentOptions
}

/** A keyframe joins a segment that audio opened so much earlier; after that it gets a segment of its own. */
const VIDEO_JOIN_MS = 500

/**
 * Cuts one stream into MPEG-TS segments. Push packets, configuration first, and read segments after each push.
 *
 * Nothing a publisher sends makes it throw. What MPEG-TS cannot carry is left out: see {@link HlsSegmenter.unsupportedCodecs}.
 */
export class HlsSegmenter {
  readonly #targetMs: number
  readonly #earlyMs: number
  readonly #forcedMs: number
  readonly #minMs: number
  readonly #clocks: KindClocks
  readonly #writer: TsSegmentWriter
  readonly #wallClock: WallClock
  readonly #video: FramePace
  readonly #audio: FramePace
  readonly #presence: VideoPresence
  #ready: HlsSegment[]
  #open: OpenSegment | undefined
  #sequence: number
  #droppedCount: number
  #startupLeftMs: number
  #frameRate: number | undefined
  #videoConfiguration: MediaPacket | undefined
  #audioConfiguration: MediaPacket | undefined
  #pending: MediaPacket[]
  #audioCodec: string
  #runCount: number
  #runHasVideo: boolean
  #needKeyframe: boolean
  #nextDiscontinuity: boolean

  /**
   * @param options - durations, bounds and PIDs.
   * @throws RangeError if a duration or factor is out of range.
   */
  constructor(options: HlsSegmenterOptions = {}) {
    const target = options.targetDurationMs ?? 4000
    const factor = options.maxDurationFactor ?? 4
    if (!(target > 0)) throw new RangeError(`targetDurationMs ${target} is not above 0`)
    if (!(factor >= 1)) throw new RangeError(`maxDurationFactor ${factor} is below 1`)
    this.#targetMs = target
    this.#earlyMs = Math.min(MAX_EARLY_MS, target / 20)
    this.#forcedMs = target * factor
    this.#minMs = options.minDurationMs ?? 100
    this.#clocks = new KindClocks(options.maxGapMs ?? 10_000)
    this.#writer = new TsSegmentWriter(options.ts, options.maxSegmentBytes ?? 33_554_432)
    this.#wallClock = new WallClock(options.wallOffsetMs)
    this.#video = new FramePace()
    this.#audio = new FramePace()
    this.#presence = new VideoPresence()
    this.#ready = []
    this.#open = undefined
    this.#sequence = options.startSequence ?? 0
    this.#droppedCount = 0
    this.#startupLeftMs = options.startupMs ?? 0
    this.#frameRate = undefined
    this.#videoConfiguration = undefined
    this.#audioConfiguration = undefined
    // Changed configuration, until the next frame tells where the segment before it ends.
    this.#pending = []
    this.#audioCodec = ''
    // Since the last discontinuity: finished segments, and whether video was seen.
    this.#runCount = 0
    this.#runHasVideo = false
    this.#needKeyframe = true
    this.#nextDiscontinuity = this.#sequence > 0
  }

  /** Sequence number that the next finished segment gets. */
  get nextSequence(): number {
    return this.#sequence
  }

  /**
   * Frames that are in no segment: video before its first keyframe, audio that waited for one, segments thrown away as too short,
   * packets that are too large. Frames of unsupported codecs are not counted.
   */
  get droppedCount(): number {
    return this.#droppedCount
  }

  /** Video frames per second in the last segment with video; `undefined` before it. */
  get frameRate(): number | undefined {
    return this.#frameRate
  }

  /** FourCCs that came and that MPEG-TS cannot carry. */
  get unsupportedCodecs(): ReadonlySet<string> {
    return this.#writer.unsupportedCodecs
  }

  /** Bytes in the open segment, 0 when none is open. */
  get openBytes(): number {
    return this.#open === undefined ? 0 : this.#writer.length
  }

  /**
   * Takes the next packet of the stream.
   * @param packet - of any kind and number of tracks; the default tracks are used.
   * @param nowMs - when it came: in ms since 1970, or see `wallOffsetMs`. A burst of older packets may come with one time: the newest counts.
   */
  push(packet: MediaPacket, nowMs: number): void {
    if (packet.kind === 'data') return
    const single = packet.defaultTrack()
    if (single === undefined) return
    if (single.configuration) this.#configure(single)
    else if (single.coded) this.#pushCoded(single, nowMs)
  }

  /** The next finished segment, if any. */
  read(): HlsSegment | undefined {
    return this.#ready.shift()
  }

  /**
   * The stream is interrupted, as when its publisher left: finishes the open segment at once. What follows is a discontinuity and
   * starts with a keyframe; sequence numbers go on.
   */
  discontinuity(): void {
    this.#cutShort(undefined)
    this.#applyPending()
    this.#writer.discontinuity()
    this.#clocks.restart()
    this.#wallClock.reset()
    this.#nextDiscontinuity = this.#sequence > 0
    this.#needKeyframe = true
  }

  /**
   * Finishes the open segment, the last one; read it and tell the playlist. Packets that come all the same start a discontinuity.
   */
  end(): void {
    this.discontinuity()
  }

  #configure(packet: MediaPacket): void {
    const pending = this.#pending.find(({ kind }) => kind === packet.kind)
    const inForce = packet.kind === 'video' ? this.#videoConfiguration : this.#audioConfiguration
    const before = pending ?? inForce
    // Encoders repeat their sequence headers, which is no change.
    if (before !== undefined && before.codec === packet.codec && equalBytes(before.payload, packet.payload))
      return
    const kept = packetFromTag(packet.kind === 'video' ? 9 : 8, packet.dts, copyBytes(packet.body))
    const changes = before !== undefined || (packet.kind === 'audio' && this.#audioCodec !== '')
    if (changes && this.#open !== undefined) {
      this.#pending = [...this.#pending.filter(({ kind }) => kind !== packet.kind), kept]
      return
    }
    this.#apply(kept)
    this.#trackJoins()
  }

  /** A track that was not there before joins the open segment, whose tables are written at its end. */
  #trackJoins(): void {
    if (this.#open !== undefined && this.#runCount > 0) this.#open.discontinuity = true
  }

  #apply(packet: MediaPacket): void {
    this.#writer.stage(packet)
    if (packet.kind === 'video') {
      this.#videoConfiguration = packet
      this.#needKeyframe = true
    } else {
      this.#audioConfiguration = packet
      this.#audioCodec = packet.codec
    }
  }

  #applyPending(): void {
    for (const packet of this.#pending) this.#apply(packet)
    this.#pending = []
  }

  #pushCoded(packet: MediaPacket, nowMs: number): void {
    const { dts } = packet
    const video = packet.kind === 'video'
    const time = this.#clocks.place(video ? 'video' : 'audio', dts) ?? this.#jump(dts)
    if (this.#pending.length > 0) this.#reconfigure(time)
    if (!this.#writer.carries(packet)) {
      this.#writer.stage(packet) // which notes the codec
      return
    }
    if (!video) this.#noteAudioCodec(packet, time)
    if (this.#waitsForKeyframe(packet)) {
      this.#droppedCount++
      return
    }
    if (this.#open !== undefined && this.#isCut(this.#open, packet, time)) this.#finish(this.#open, time)
    this.#writer.stage(packet)
    if (this.#open !== undefined && this.#writer.overflows) this.#emit(this.#open, time)
    if (this.#writer.isTooLarge || (video && !this.#writer.hasStaged)) {
      this.#writer.discardStaged()
      this.#droppedCount++
      return
    }
    if (this.#open === undefined) {
      this.#open = new OpenSegment(time, this.#nextDiscontinuity)
      this.#nextDiscontinuity = false
    }
    this.#open.add(video, packet.keyframe, time)
    if (video) this.#runHasVideo = true
    this.#wallClock.observe(time, nowMs)
    const pace = video ? this.#video : this.#audio
    pace.observe(time)
    this.#writer.write()
  }

  /** @returns where the stream goes on. */
  #jump(dts: number): number {
    if (this.#open !== undefined) this.discontinuity()
    return dts
  }

  /** MP3 and AC-3 have no configuration packets: the codec of the frames tells of a change. */
  #noteAudioCodec(packet: MediaPacket, time: number): void {
    if (packet.codec === this.#audioCodec) return
    if (this.#audioCodec === '') this.#trackJoins()
    else this.#reconfigure(time)
    this.#audioCodec = packet.codec
    if (this.#audioConfiguration?.codec !== packet.codec) this.#audioConfiguration = undefined
  }

  /** Ends the open segment at `time`; configuration that waited comes into force. */
  #reconfigure(time: number): void {
    this.#cutShort(time)
    this.#applyPending()
    this.#nextDiscontinuity = this.#sequence > 0
  }

  /** Whether `packet` is left out: video until its first keyframe, and the audio beside it unless there is no video to wait for. */
  #waitsForKeyframe(packet: MediaPacket): boolean {
    if (packet.kind === 'video') {
      this.#needKeyframe &&= !packet.keyframe
      if (this.#needKeyframe) return true
    }
    this.#presence.observe(packet)
    return (
      this.#needKeyframe &&
      this.#open === undefined &&
      this.#writer.hasVideo &&
      !this.#presence.isAbsent(true)
    )
  }

  /** Whether `open` ends before `packet`. */
  #isCut(open: OpenSegment, packet: MediaPacket, time: number): boolean {
    const duration = time - open.startDts
    if (time - open.firstDts(packet.kind === 'video', time) >= this.#forcedMs) return true
    const targetMs = this.#startupLeftMs > 0 ? this.#targetMs / 2 : this.#targetMs
    if (packet.kind === 'video') {
      if (!packet.keyframe) return false
      if (open.videoCount === 0 && duration > VIDEO_JOIN_MS) {
        if (!this.#runHasVideo) this.#nextDiscontinuity = true
        return true
      }
      return duration >= targetMs - this.#earlyMs
    }
    return duration >= targetMs && !this.#videoDecides()
  }

  #videoDecides(): boolean {
    return this.#writer.hasVideo && !this.#needKeyframe && !this.#presence.isAbsent(true)
  }

  /** Ends the open segment at a discontinuity, at `endDts` or where its last frames end. One that is too short is thrown away. */
  #cutShort(endDts: number | undefined): void {
    const open = this.#open
    this.#presence.restart()
    if (open !== undefined) {
      const end = endDts ?? this.#estimatedEnd(open)
      if (end - open.startDts >= this.#minMs) this.#finish(open, end)
      else {
        this.#writer.clear()
        this.#droppedCount += open.videoCount + open.audioCount
        this.#open = undefined
        this.#wallClock.take(open.startDts)
      }
    }
    this.#runCount = 0
    this.#runHasVideo = false
  }

  #estimatedEnd(open: OpenSegment): number {
    const video = open.videoCount > 0 ? this.#video.dts + this.#video.frameMs : open.startDts
    const audio = open.audioCount > 0 ? this.#audio.dts + this.#audio.frameMs : open.startDts
    return Math.max(video, audio)
  }

  #finish(open: OpenSegment, endDts: number): void {
    this.#writer.writeHeld()
    this.#emit(open, endDts)
  }

  #emit(open: OpenSegment, endDts: number): void {
    const { startDts, discontinuity, independent } = open
    this.#ready.push({
      sequence: this.#sequence,
      durationSec: Math.max(endDts - startDts, 0) / 1000,
      bytes: this.#writer.take(),
      discontinuity,
      independent,
      programDateTimeMs: this.#wallClock.take(startDts),
      startDts,
      endDts,
      hasVideo: open.videoCount > 0,
      hasAudio: open.audioCount > 0,
    })
    this.#frameRate = open.frameRate ?? this.#frameRate
    this.#startupLeftMs -= endDts - startDts
    this.#sequence++
    this.#runCount++
    this.#open = undefined
  }
}
