/**
 * From packets to media segments. RFC 8216 §3.
 *
 * Where segments are cut is up to a {@link CutRule}, their format to a {@link SegmentWriter}; what is here holds for all of them: which
 * packets count, what their configuration is, and what goes into which segment. A segment's duration reaches from its first packet to the
 * first packet of the next, so that durations add up. Its bytes are written as packets come.
 *
 * @module
 */
import { copyBytes, equalBytes } from '../bytes/index.ts'
import { type MediaPacket, packetFromTag, VideoPresence } from '../media/index.ts'
import type { CutRule, Frame } from './cut-rule.ts'
import { FramePace } from './frame-pace.ts'
import { KeyframeCut } from './keyframe-cut.ts'
import { KindClocks } from './kind-clocks.ts'
import { OpenSegment } from './open-segment.ts'
import type { Segment } from './segment.ts'
import type { SegmentWriter } from './segment-writer.ts'
import { TsSegmentWriter } from './ts-segment-writer.ts'

/** How a {@link Segmenter} reads, cuts and writes. */
export interface SegmenterOptions {
  /** Where it cuts: a {@link KeyframeCut}, or a {@link TimelineCut} for one of several variants. @defaultValue `new KeyframeCut()` */
  readonly cut?: CutRule | undefined
  /** The format of the segments. @defaultValue `new TsSegmentWriter()` */
  readonly writer?: SegmentWriter | undefined
  /** Track of a multitrack publish (Enhanced RTMP) that is its video. @defaultValue 0 */
  readonly videoTrackId?: number | undefined
  /**
   * A segment that a discontinuity or the end cuts shorter than this is thrown away; its sequence number is used again. In ms.
   * @defaultValue 100
   */
  readonly minDurationMs?: number | undefined
  /**
   * A packet whose time is further than this from the one before, and from the one of its kind before, starts a discontinuity. In ms.
   * @defaultValue 10_000
   */
  readonly maxGapMs?: number | undefined
}

/**
 * Cuts one stream into segments. Push packets, configuration first, and read segments after each push.
 *
 * Nothing a publisher sends makes it throw. What the format cannot carry is left out: see {@link Segmenter.unsupportedCodecs}.
 */
export class Segmenter {
  readonly #rule: CutRule
  readonly #writer: SegmentWriter
  readonly #videoTrackId: number
  readonly #minMs: number
  readonly #clocks: KindClocks
  readonly #video: FramePace
  readonly #audio: FramePace
  readonly #presence: VideoPresence
  #ready: Segment[]
  #open: OpenSegment | undefined
  #droppedCount: number
  #frameRate: number | undefined
  #videoConfiguration: MediaPacket | undefined
  #audioConfiguration: MediaPacket | undefined
  /** Changed configuration, until the next frame tells where the segment before it ends. */
  #pending: MediaPacket[]
  #audioCodec: string
  #needsKeyframe: boolean
  /** Inter frames have come while it waits for a keyframe. */
  #sawInterFrames: boolean

  /** @param options - rule, format and bounds. */
  constructor(options: SegmenterOptions = {}) {
    this.#rule = options.cut ?? new KeyframeCut()
    this.#writer = options.writer ?? new TsSegmentWriter()
    this.#videoTrackId = options.videoTrackId ?? 0
    this.#minMs = options.minDurationMs ?? 100
    this.#clocks = new KindClocks(options.maxGapMs ?? 10_000)
    this.#video = new FramePace()
    this.#audio = new FramePace()
    this.#presence = new VideoPresence()
    this.#ready = []
    this.#open = undefined
    this.#droppedCount = 0
    this.#frameRate = undefined
    this.#videoConfiguration = undefined
    this.#audioConfiguration = undefined
    this.#pending = []
    this.#audioCodec = ''
    this.#needsKeyframe = true
    this.#sawInterFrames = false
  }

  /**
   * Frames that are in no segment: video before its first keyframe, frames that the rule leaves out while they wait for video or for the
   * other variants, segments thrown away as too short, packets that are too large. Frames of unsupported codecs are not counted.
   */
  get droppedCount(): number {
    return this.#droppedCount
  }

  /** Video frames per second in the last segment with video; `undefined` before it. */
  get frameRate(): number | undefined {
    return this.#frameRate
  }

  /** FourCCs that came and that the format cannot carry. */
  get unsupportedCodecs(): ReadonlySet<string> {
    return this.#writer.unsupportedCodecs
  }

  /** Bytes in the open segment, 0 when none is open. */
  get openBytes(): number {
    return this.#open === undefined ? 0 : this.#writer.length
  }

  /**
   * Takes the next packet of the stream.
   * @param packet - of any kind and number of tracks.
   * @param nowMs - when it came: in ms since 1970, or see `wallOffsetMs` of the rule. A burst of older packets may come with one time: the
   * newest counts.
   */
  push(packet: MediaPacket, nowMs: number): void {
    if (packet.kind === 'data') return
    const single = packet.track(packet.kind === 'video' ? this.#videoTrackId : 0)
    if (single === undefined) return
    if (single.configuration) this.#configure(single)
    else if (single.coded) this.#pushCoded(single, nowMs)
  }

  /** The next finished segment, if any. */
  read(): Segment | undefined {
    return this.#ready.shift()
  }

  /**
   * The stream is interrupted, as when its publisher left: finishes the open segment at once. What follows starts with a keyframe; sequence
   * numbers go on.
   */
  discontinuity(): void {
    this.#endOpen(undefined)
    this.#applyPending()
    this.#writer.discontinuity()
    this.#clocks.restart()
    this.#needsKeyframe = true
    this.#sawInterFrames = false
    this.#rule.interrupt(true)
  }

  /** Finishes the open segment, the last one; read it and tell the playlist. Packets that come all the same start a discontinuity. */
  end(): void {
    this.discontinuity()
  }

  #configure(packet: MediaPacket): void {
    const { kind } = packet
    const pending = this.#pending.find((each) => each.kind === kind)
    const before = pending ?? (kind === 'video' ? this.#videoConfiguration : this.#audioConfiguration)
    // Encoders repeat their sequence headers, which is no change.
    if (before?.codec === packet.codec && equalBytes(before.payload, packet.payload)) return
    const kept = packetFromTag(kind === 'video' ? 9 : 8, packet.dts, copyBytes(packet.body))
    const changes = before !== undefined || (kind === 'audio' && this.#audioCodec !== '')
    if (this.#open !== undefined && (changes || !this.#rule.join(this.#open))) {
      this.#pending = [...this.#pending.filter((each) => each.kind !== kind), kept]
    } else this.#apply(kept)
  }

  #apply(packet: MediaPacket): void {
    this.#writer.stage(packet)
    if (packet.kind === 'video') {
      this.#videoConfiguration = packet
      this.#needsKeyframe = true
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
    const video = packet.kind === 'video'
    const placed = this.#clocks.place(video ? 'video' : 'audio', packet.dts)
    if (placed === undefined) this.discontinuity()
    const dtsMs = placed ?? packet.dts
    const timeMs = this.#rule.timeOf(dtsMs, packet.cts)
    if (this.#pending.length > 0) this.#reconfigure(timeMs)
    if (!this.#writer.carries(packet)) {
      this.#writer.stage(packet) // which notes the codec
      return
    }
    if (!video && packet.codec !== this.#audioCodec) this.#changeAudioCodec(packet.codec, timeMs)
    if (video && this.#needsKeyframe && !packet.keyframe) {
      this.#sawInterFrames = true
      this.#droppedCount++
      return
    }
    if (video) this.#needsKeyframe = false
    this.#presence.observe(packet)
    const frame = this.#frameOf(packet, timeMs, nowMs)
    if (!this.#makeRoom(packet, frame)) {
      this.#writer.discardStaged()
      this.#droppedCount++
      return
    }
    this.#open ??= new OpenSegment(timeMs, this.#rule.begin())
    this.#open.add(video, packet.keyframe, timeMs, timeMs - dtsMs)
    this.#rule.observe(frame)
    const pace = video ? this.#video : this.#audio
    pace.observe(dtsMs)
    this.#writer.write()
  }

  #frameOf({ kind, keyframe }: MediaPacket, timeMs: number, nowMs: number): Frame {
    const { hasVideo } = this.#writer
    return {
      video: kind === 'video',
      keyframe,
      timeMs,
      nowMs,
      needsKeyframe: this.#needsKeyframe,
      expectsVideo: hasVideo && !this.#presence.isAbsent(true),
      expectsKeyframe: hasVideo && this.#sawInterFrames,
    }
  }

  /** Ends the open segment if that is due before `packet`, and stages the packet. @returns whether it goes into a segment. */
  #makeRoom(packet: MediaPacket, frame: Frame): boolean {
    const { video, keyframe, timeMs } = frame
    let placement = this.#rule.place(frame, this.#open)
    if (placement === 'lost') {
      this.discontinuity()
      // It begins again with this packet, if it can.
      if (video && keyframe) this.#needsKeyframe = false
      placement = this.#rule.place(frame, undefined)
    }
    if (placement === 'out') return false
    if (placement === 'cut') this.#finish(timeMs)
    this.#writer.stage(packet)
    if (this.#open !== undefined && this.#writer.overflows && !this.#split(timeMs)) return false
    return !this.#writer.isTooLarge && (!video || this.#writer.hasStaged)
  }

  /** The open segment is full: it ends before what is staged. @returns whether the stream goes on there. */
  #split(timeMs: number): boolean {
    if (this.#rule.split(timeMs)) {
      this.#emit(timeMs)
      return true
    }
    this.#writer.discardStaged()
    this.discontinuity()
    return false
  }

  /** MP3 and AC-3 have no configuration packets: the codec of the frames tells of a change. */
  #changeAudioCodec(codec: string, timeMs: number): void {
    const joins = this.#audioCodec === '' && (this.#open === undefined || this.#rule.join(this.#open))
    if (!joins) this.#reconfigure(timeMs)
    this.#audioCodec = codec
    if (this.#audioConfiguration?.codec !== codec) this.#audioConfiguration = undefined
  }

  /** Ends the open segment before a frame at `timeMs`; configuration that waited comes into force. */
  #reconfigure(timeMs: number): void {
    if (this.#rule.changeInterrupts) {
      this.discontinuity()
      return
    }
    this.#endOpen(timeMs)
    this.#applyPending()
    this.#rule.interrupt(false)
  }

  /** Ends the open segment at a discontinuity, at `endMs` or where its last frames end. One that is too short is thrown away. */
  #endOpen(endMs: number | undefined): void {
    this.#presence.restart()
    const open = this.#open
    if (open === undefined) return
    const end = endMs ?? this.#estimatedEnd(open)
    if (end - open.startDts >= this.#minMs) {
      this.#finish(end)
      return
    }
    this.#writer.clear()
    this.#droppedCount += open.videoCount + open.audioCount
    this.#open = undefined
  }

  #estimatedEnd(open: OpenSegment): number {
    const video = open.videoCount > 0 ? this.#video.dts + this.#video.frameMs + open.leadMs : open.startDts
    const audio = open.audioCount > 0 ? this.#audio.dts + this.#audio.frameMs : open.startDts
    return Math.max(video, audio)
  }

  #finish(endMs: number): void {
    this.#writer.writeHeld()
    this.#emit(endMs)
  }

  #emit(endMs: number): void {
    const open = this.#open!
    const { startDts, discontinuity, independent, videoCount, audioCount } = open
    const durationSec = Math.max(endMs - startDts, 0) / 1000
    this.#frameRate = open.frameRate ?? this.#frameRate
    this.#open = undefined
    this.#ready.push({
      ...this.#rule.finish(open, endMs),
      ...this.#writer.take(),
      durationSec,
      discontinuity,
      independent,
      startDts,
      endDts: endMs,
      hasVideo: videoCount > 0,
      hasAudio: audioCount > 0,
    })
  }
}
