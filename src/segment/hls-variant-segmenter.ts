/**
 * From the packets of one variant to media segments that begin where those of the other variants do. RFC 8216 §6.2.4.
 *
 * @module
 */
import { copyBytes, equalBytes } from '../bytes/index.ts'
import { type MediaPacket, packetFromTag, VideoPresence } from '../media/index.ts'
import { FramePace } from './frame-pace.ts'
import type { HlsSegment } from './hls-segment.ts'
import type { HlsCut, HlsTimeline } from './hls-timeline.ts'
import { KindClocks } from './kind-clocks.ts'
import { OpenSegment } from './open-segment.ts'
import { type TsSegmentOptions, TsSegmentWriter } from './ts-segment-writer.ts'

/** How an {@link HlsVariantSegmenter} reads and writes. Where it cuts is up to its timeline. */
export interface HlsVariantSegmenterOptions {
  /** Track of a multitrack publish (Enhanced RTMP) that is the video of this variant. @defaultValue 0 */
  readonly videoTrackId?: number
  /** Number of the last segment that another segmenter has made of this variant: it begins after that. @defaultValue -1 */
  readonly lastSequence?: number
  /** What an interruption cuts shorter than this is thrown away. In ms. @defaultValue 100 */
  readonly minDurationMs?: number
  /**
   * A segment ends before the packet that would make it larger, for all variants; a packet that is larger by itself is left out. The
   * segmenter holds up to twice as much, in bytes.
   * @defaultValue 33_554_432
   */
  readonly maxSegmentBytes?: number
  /** A packet whose time is further than this from the one before is an interruption. In ms. @defaultValue 10_000 */
  readonly maxGapMs?: number
  /** PIDs and times of the transport stream. Audio frames share PES packets, with `audioPesMs` 120 by default. */
  readonly ts?: TsSegmentOptions
}

/** A segment of one variant. Numbers can be missing between two of them, where this variant was away and others were not. */
export interface HlsVariantSegment extends HlsSegment {
  /** Number of discontinuities up to and with this segment, the same in all variants (EXT-X-DISCONTINUITY-SEQUENCE). */
  readonly discontinuitySequence: number
}

/**
 * Cuts one variant into MPEG-TS segments with the numbers and dates of an {@link HlsTimeline}, which the segmenters of the other variants
 * share. Push packets, configuration first, and read segments after each push.
 *
 * What a single stream marks as a discontinuity (a publisher that left, other codecs, a jump in time) is an interruption here: the variant
 * leaves the timeline and takes it up again where the others begin a segment. Only when all have left, a new discontinuity sequence number
 * begins, for all of them. Times are never shifted: packets of all variants must come with the same clock.
 */
export class HlsVariantSegmenter {
  readonly #timeline: HlsTimeline
  readonly #videoTrackId: number
  readonly #minMs: number
  readonly #clocks: KindClocks
  readonly #writer: TsSegmentWriter
  readonly #video: FramePace
  readonly #audio: FramePace
  readonly #presence: VideoPresence
  #ready: HlsVariantSegment[]
  #open: OpenSegment | undefined
  #cut: HlsCut | undefined
  #lastSequence: number
  /** The newest place when this variant began to wait; `undefined` while it does not. */
  #waitSequence: number | undefined
  /** Composition time of the frame that opened the segment, ms: its video ends so much after the last dts. */
  #leadMs: number
  #isFirstOfRun: boolean
  #videoConfiguration: MediaPacket | undefined
  #audioConfiguration: MediaPacket | undefined
  #audioCodec: string
  #needKeyframe: boolean
  /** Inter frames have come while it waits for a keyframe. */
  #sawInterFrames: boolean
  #droppedCount: number
  #frameRate: number | undefined

  /**
   * @param timeline - of the stream that this is a variant of.
   * @param options - bounds and PIDs.
   */
  constructor(timeline: HlsTimeline, options: HlsVariantSegmenterOptions = {}) {
    this.#timeline = timeline
    this.#videoTrackId = options.videoTrackId ?? 0
    this.#minMs = options.minDurationMs ?? 100
    this.#clocks = new KindClocks(options.maxGapMs ?? 10_000)
    this.#writer = new TsSegmentWriter(options.ts, options.maxSegmentBytes ?? 33_554_432)
    this.#video = new FramePace()
    this.#audio = new FramePace()
    this.#presence = new VideoPresence()
    this.#ready = []
    this.#open = undefined
    this.#cut = undefined
    this.#lastSequence = options.lastSequence ?? -1
    this.#waitSequence = undefined
    this.#leadMs = 0
    this.#isFirstOfRun = true
    this.#videoConfiguration = undefined
    this.#audioConfiguration = undefined
    this.#audioCodec = ''
    this.#needKeyframe = true
    this.#sawInterFrames = false
    this.#droppedCount = 0
    this.#frameRate = undefined
  }

  /** Number of its last segment; −1 before the first. */
  get lastSequence(): number {
    return this.#lastSequence
  }

  /** Whether it has entered its timeline, and not left. */
  get running(): boolean {
    return this.#open !== undefined
  }

  /** Frames that are in no segment: those that came while it waited for the next place, segments that were too short, packets that are too large. */
  get droppedCount(): number {
    return this.#droppedCount
  }

  /** FourCCs that came and that MPEG-TS cannot carry. */
  get unsupportedCodecs(): ReadonlySet<string> {
    return this.#writer.unsupportedCodecs
  }

  /** Video frames per second in the last segment with video; `undefined` before it. */
  get frameRate(): number | undefined {
    return this.#frameRate
  }

  /**
   * Takes the next packet of the stream.
   * @param packet - of any kind and number of tracks.
   * @param nowMs - when it came: in ms since 1970, or see `wallOffsetMs` of {@link HlsTimelineOptions}. A burst of older packets may come with one time: the newest counts.
   */
  push(packet: MediaPacket, nowMs: number): void {
    if (packet.kind === 'data') return
    const single = packet.track(packet.kind === 'video' ? this.#videoTrackId : 0)
    if (single === undefined) return
    if (single.configuration) this.#configure(single)
    else if (single.coded) this.#pushCoded(single, nowMs)
  }

  /** The next finished segment, if any. */
  read(): HlsVariantSegment | undefined {
    return this.#ready.shift()
  }

  /** The stream is interrupted, as when its publisher left: finishes the open segment at once. It goes on at a keyframe. */
  discontinuity(): void {
    const open = this.#open
    this.#clocks.restart()
    this.#waitSequence = undefined
    this.#needKeyframe = true
    this.#sawInterFrames = false
    this.#presence.restart()
    this.#writer.discontinuity()
    if (open === undefined) return
    const endMs = this.#estimatedEnd(open)
    if (endMs - open.startDts >= this.#minMs) this.#finish(open, endMs)
    else {
      this.#droppedCount += open.videoCount + open.audioCount
      this.#writer.clear()
    }
    this.#open = undefined
    this.#cut = undefined
    this.#isFirstOfRun = true
    this.#timeline.leave()
  }

  /** Finishes the open segment, the last one; read it. */
  end(): void {
    this.discontinuity()
  }

  #configure(packet: MediaPacket): void {
    const video = packet.kind === 'video'
    const inForce = video ? this.#videoConfiguration : this.#audioConfiguration
    // Encoders repeat their sequence headers, which is no change.
    if (inForce?.codec === packet.codec && equalBytes(inForce.payload, packet.payload)) return
    // A track may join the first segment, whose tables are written at its end.
    if (inForce !== undefined || !this.#isFirstOfRun) this.discontinuity()
    const kept = packetFromTag(video ? 9 : 8, packet.dts, copyBytes(packet.body))
    this.#writer.stage(kept)
    if (video) this.#videoConfiguration = kept
    else {
      this.#audioConfiguration = kept
      this.#audioCodec = kept.codec
    }
  }

  #pushCoded(packet: MediaPacket, nowMs: number): void {
    const video = packet.kind === 'video'
    const placedMs = this.#clocks.place(video ? 'video' : 'audio', packet.dts)
    if (placedMs === undefined) this.discontinuity()
    const dtsMs = placedMs ?? packet.dts
    const timeMs = dtsMs + packet.cts
    if (!this.#writer.carries(packet)) {
      this.#writer.stage(packet) // which notes the codec
      return
    }
    if (!video && packet.codec !== this.#audioCodec) this.#changeAudioCodec(packet.codec)
    if (video) this.#needKeyframe &&= !packet.keyframe
    if (video && this.#needKeyframe) {
      this.#sawInterFrames = true
      this.#droppedCount++
      return
    }
    this.#presence.observe(packet)
    const isStart = video ? packet.keyframe : !this.#videoDecides()
    this.#place(timeMs, nowMs, isStart)
    // One that had lost its place begins again with this packet.
    this.#needKeyframe &&= !(video && packet.keyframe)
    if (this.#open === undefined) {
      this.#droppedCount++
      return
    }
    this.#writer.stage(packet)
    if (this.#writer.overflows) this.#split(timeMs)
    if (this.#open === undefined || this.#writer.isTooLarge || (video && !this.#writer.hasStaged)) {
      this.#writer.discardStaged()
      this.#droppedCount++
      return
    }
    if (video && this.#open.videoCount === 0) this.#leadMs = packet.cts
    this.#open.add(video, packet.keyframe, timeMs)
    this.#timeline.observe(timeMs, nowMs)
    const pace = video ? this.#video : this.#audio
    pace.observe(dtsMs)
    this.#writer.write()
  }

  /** MP3 and AC-3 have no configuration packets: the codec of the frames tells of a change. */
  #changeAudioCodec(codec: string): void {
    if (this.#audioCodec !== '' || !this.#isFirstOfRun) this.discontinuity()
    this.#audioCodec = codec
    if (this.#audioConfiguration?.codec !== codec) this.#audioConfiguration = undefined
  }

  /** Opens a segment, or ends the open one and begins the next, if a frame at `timeMs` has its place there. */
  #place(timeMs: number, nowMs: number, isStart: boolean): void {
    if (this.#cut !== undefined && this.#open !== undefined) {
      const next = this.#timeline.next(this.#cut.sequence, timeMs, isStart)
      if (next === undefined) return
      if (next !== 'lost') {
        this.#goOn(this.#open, next, timeMs)
        return
      }
      this.discontinuity()
    }
    if (!isStart) return
    const { nextSequence } = this.#timeline
    this.#waitSequence ??= nextSequence - 1
    const missed = this.#timeline.passedSince(this.#waitSequence)
    const cut = this.#timeline.enter(timeMs, nowMs, this.#lastSequence, missed)
    if (cut === undefined) return
    this.#waitSequence = undefined
    this.#begin(cut, timeMs)
  }

  /** The open segment is full: all variants begin another one here, or this one leaves. */
  #split(timeMs: number): void {
    const cut = this.#cut === undefined ? undefined : this.#timeline.force(this.#cut.sequence, timeMs)
    if (cut === undefined || this.#open === undefined) {
      // What is staged goes with it.
      this.#writer.discardStaged()
      this.discontinuity()
    } else {
      this.#emit(this.#open, timeMs)
      this.#begin(cut, timeMs)
    }
  }

  #goOn(open: OpenSegment, cut: HlsCut, timeMs: number): void {
    this.#finish(open, timeMs)
    this.#begin(cut, timeMs)
  }

  #begin(cut: HlsCut, timeMs: number): void {
    this.#cut = cut
    this.#open = new OpenSegment(timeMs, cut.first && cut.discontinuitySequence > 0)
  }

  /** Whether sound waits for video, at the beginning for longer: a keyframe is on its way, and other variants have pictures meanwhile. */
  #videoDecides(): boolean {
    if (!this.#writer.hasVideo) return false
    if (this.#open === undefined && this.#sawInterFrames && this.#timeline.runningCount > 0) return true
    return !this.#presence.isAbsent(true)
  }

  #estimatedEnd(open: OpenSegment): number {
    const { dts, frameMs } = this.#video
    const video = open.videoCount > 0 ? dts + frameMs + this.#leadMs : open.startDts
    const audio = open.audioCount > 0 ? this.#audio.dts + this.#audio.frameMs : open.startDts
    return Math.max(video, audio)
  }

  #finish(open: OpenSegment, endMs: number): void {
    this.#writer.writeHeld()
    this.#emit(open, endMs)
  }

  #emit(open: OpenSegment, endMs: number): void {
    const cut = this.#cut!
    const { startDts, discontinuity, independent } = open
    const durationSec = Math.max(endMs - startDts, 0) / 1000
    this.#frameRate = open.frameRate ?? this.#frameRate
    this.#lastSequence = cut.sequence
    this.#isFirstOfRun = false
    this.#ready.push({
      sequence: cut.sequence,
      discontinuitySequence: cut.discontinuitySequence,
      durationSec,
      bytes: this.#writer.take(),
      discontinuity,
      independent,
      programDateTimeMs: this.#timeline.finish(cut, startDts, durationSec),
      startDts,
      endDts: endMs,
      hasVideo: open.videoCount > 0,
      hasAudio: open.audioCount > 0,
    })
  }
}
