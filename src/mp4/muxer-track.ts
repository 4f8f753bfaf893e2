/**
 * One track that is being written: its format, and the samples that wait for their fragment.
 *
 * @module
 */
import { copyBytes, EMPTY_BYTES, equalBytes } from '../bytes/index.ts'
import {
  annexBToAvcc,
  configurationOfAdts,
  describeTrack,
  inBandConfiguration,
  isAvcc,
  OBU_TEMPORAL_DELIMITER,
  splitAdts,
  startsWithStartCode,
} from '../codec/index.ts'
import { type FourCc, type TrackPacket, VIDEO_FRAME_TYPE_DISPOSABLE_INTER } from '../media/index.ts'
import { audioFormat, frameFormatNumber, isSelfDescribing, rawAacFrames } from './audio-format.ts'
import type { SampleFormat } from './sample-format.ts'
import { videoFormat } from './video-format.ts'

/** A coded frame that waits. */
export interface PendingSample {
  /** The frame: a view of its packet's body, or a copy where it had to be changed. */
  readonly payload: Uint8Array
  /** Decode time in ms on the source's clock; of audio with the fraction that ModEx adds. */
  readonly dts: number
  /** Presentation minus decode time in ms; of video with the fraction that ModEx adds. */
  readonly cts: number
  /** Whether to start here. */
  readonly keyframe: boolean
  /** Whether no other frame needs it. */
  readonly disposable: boolean
  /** Decode time in ticks of the track; −1 until the fragment's time is known. */
  ticks: number
}

/** A track that is being written. */
export class MuxerTrack {
  /** Audio or video. */
  readonly kind: 'audio' | 'video'
  /** Track id in the packets, 0 the default track. */
  readonly sourceTrackId: number
  /** Codec of the packets. */
  readonly codec: FourCc
  /** How samples are described; final once the file's header is written. */
  format: SampleFormat
  /** track_ID in the file; 0 until the header is written. */
  trackId: number
  /** Samples that are not in a fragment yet. */
  pending: PendingSample[]
  /** Time of the last sample in ms; `undefined` before the first. */
  lastDts: number | undefined
  /** The configuration packet's payload; `undefined` if only a frame described the track. */
  readonly #announced: Uint8Array | undefined
  #configuration: Uint8Array
  readonly #formatNumber: number
  #lastTicks: number
  #lastDuration: number
  #expectedTicks: number

  private constructor(
    kind: 'audio' | 'video',
    sourceTrackId: number,
    codec: FourCc,
    configuration: Uint8Array,
    isAnnounced: boolean,
    format: SampleFormat,
  ) {
    this.kind = kind
    this.sourceTrackId = sourceTrackId
    this.codec = codec
    this.format = format
    this.trackId = 0
    this.pending = []
    this.lastDts = undefined
    this.#announced = isAnnounced ? configuration : undefined
    this.#configuration = configuration
    this.#formatNumber = isSelfDescribing(codec) ? frameFormatNumber(codec, configuration) : -1
    this.#lastTicks = 0
    this.#lastDuration = 0
    this.#expectedTicks = -1
  }

  /**
   * A track for a configuration, or for a frame that describes itself; `undefined` when its codec has no
   * place.
   * @throws MediaError if the configuration cannot be read.
   */
  static create(kind: 'audio' | 'video', track: TrackPacket): MuxerTrack | undefined {
    const { codec, trackId } = track
    const configuration = track.configuration ? copyBytes(track.payload) : MuxerTrack.configurationIn(track)
    if (configuration === undefined) return undefined
    const format = formatOf(kind, codec, configuration, EMPTY_BYTES)
    return format && new MuxerTrack(kind, trackId, codec, configuration, track.configuration, format)
  }

  /**
   * The configuration that a frame brings: itself in codecs without one, AAC in its ADTS header, H.264 and
   * HEVC in the parameter sets of a keyframe. `undefined` for all others.
   */
  static configurationIn(frame: TrackPacket): Uint8Array | undefined {
    const { codec, payload } = frame
    if (isSelfDescribing(codec)) return copyBytes(payload)
    if (codec === 'mp4a') {
      const header = splitAdts(payload)[0]?.header
      return header && configurationOfAdts(header)
    }
    return frame.keyframe ? inBandConfiguration(codec, payload) : undefined
  }

  /** RFC 6381 codec string. */
  get codecString(): string {
    return describeTrack(this.codec, this.#configuration).codecString
  }

  /** Whether the header of the file that describes this track also describes what `track` brings. */
  describes(track: TrackPacket): boolean {
    if (track.codec !== this.codec) return false
    if (track.configuration) return equalBytes(track.payload, this.#announced ?? this.#configuration)
    if (this.codec === 'mp4a') return this.#announced !== undefined || this.#hasAdtsOf(track)
    if (track.keyframe && this.lastDts !== undefined)
      return inBandConfiguration(this.codec, track.payload, this.#configuration) === undefined
    if (this.#formatNumber < 0) return true
    const number = frameFormatNumber(this.codec, track.payload)
    return number < 0 || number === this.#formatNumber
  }

  /**
   * A frame as samples of MP4 have it: one, more if AAC comes as a run of ADTS frames; `undefined` for a
   * damaged one.
   */
  samplePayloads(frame: Uint8Array): readonly Uint8Array[] | undefined {
    const { nalLengthSize } = this.format
    if (nalLengthSize > 0) {
      if (isAvcc(frame, nalLengthSize)) return [frame]
      return nalLengthSize === 4 && startsWithStartCode(frame) ? [annexBToAvcc(frame)] : undefined
    }
    if (this.codec === 'av01') return [withoutTemporalDelimiter(frame)]
    if (this.codec === 'mp4a') return rawAacFrames(frame)
    return this.#formatNumber >= 0 && frameFormatNumber(this.codec, frame) < 0 ? undefined : [frame]
  }

  /**
   * Adds a sample that belongs at `dts`. A step back is taken out of the decode time; the presentation time
   * stays.
   */
  add(payload: Uint8Array, dts: number, cts: number, offsetMs: number, track: TrackPacket): void {
    const video = this.kind === 'video'
    if (video && this.lastDts === undefined)
      this.#configuration =
        inBandConfiguration(this.codec, payload, this.#configuration) ?? this.#configuration
    const at = Math.max(video ? dts : dts + offsetMs, this.lastDts ?? -Infinity)
    this.pending.push({
      payload,
      dts: at,
      cts: video ? dts + cts + offsetMs - at : 0,
      keyframe: !video || track.keyframe,
      disposable: track.frameType === VIDEO_FRAME_TYPE_DISPOSABLE_INTER,
      ticks: -1,
    })
    this.lastDts = at
  }

  /** Earliest presentation time in ms of what waits; `Infinity` when nothing does. */
  firstPts(): number {
    let first = Infinity
    for (const { dts, cts } of this.pending) first = Math.min(first, dts + cts)
    return first
  }

  /** How long a frame of audio lasts in ms; 0 if only the next frame shows it. */
  frameMs(payload: Uint8Array): number {
    return (this.format.frameTicks(payload) * 1000) / this.format.timescale
  }

  /** Reads the format again, now that the first keyframe may be there. */
  completeFormat(): void {
    const first = this.pending[0]?.payload ?? EMPTY_BYTES
    this.format = formatOf(this.kind, this.codec, this.#configuration, first) ?? this.format
  }

  /**
   * Assigns the pending samples their ticks.
   *
   * RTMP has whole ms, so the frames of AAC at 48 kHz, 21⅓ ms each, come at 0, 21, 43, 64 … A time of audio
   * within `roundingMs` of where the frames before it end is one of these roundings, and is put there; any
   * other is kept to the nearest tick.
   * @param originDts - time in ms that is tick 0; what is before it is put there.
   */
  time(originDts: number, roundingMs: number): void {
    const { timescale } = this.format
    // One more tick than the bound: the ticks of a ms are rounded themselves.
    const rounding = roundingMs === 0 ? 0 : (roundingMs * timescale) / 1000 + 1
    for (const sample of this.pending) {
      if (sample.ticks < 0) {
        const own = Math.max(this.#lastTicks, Math.round(((sample.dts - originDts) * timescale) / 1000))
        const continues = this.#expectedTicks >= 0 && Math.abs(own - this.#expectedTicks) <= rounding
        sample.ticks = continues ? this.#expectedTicks : own
        this.#lastTicks = sample.ticks
        const ticks = this.format.frameTicks(sample.payload)
        this.#expectedTicks = ticks === 0 ? -1 : sample.ticks + ticks
      }
    }
  }

  /** Durations in ticks of the first `count` pending samples, which have their ticks. */
  durations(count: number): number[] {
    const durations: number[] = []
    for (let i = 0; i < count; i++) {
      const sample = this.pending[i]!
      const next = this.pending[i + 1]
      const duration = next === undefined ? this.#endDuration(sample) : next.ticks - sample.ticks
      this.#lastDuration = duration
      durations.push(duration)
    }
    return durations
  }

  #hasAdtsOf(frame: TrackPacket): boolean {
    const configuration = MuxerTrack.configurationIn(frame)
    return configuration === undefined || equalBytes(configuration, this.#configuration)
  }

  /**
   * How long a sample lasts that none follows: as its codec says, else as long as the one before, else as the
   * frame rate says; a second at most, for the one before may have been followed by a pause, and a frame rate
   * is any number.
   */
  #endDuration(sample: PendingSample): number {
    const { timescale, defaultTicks } = this.format
    const own = this.format.frameTicks(sample.payload)
    if (own > 0) return own
    return Math.min(this.#lastDuration > 0 ? this.#lastDuration : defaultTicks, timescale)
  }
}

function formatOf(
  kind: 'audio' | 'video',
  codec: FourCc,
  configuration: Uint8Array,
  keyframe: Uint8Array,
): SampleFormat | undefined {
  return kind === 'video' ? videoFormat(codec, configuration, keyframe) : audioFormat(codec, configuration)
}

/**
 * AV1 in ISOBMFF §2.4: temporal delimiters should be left out of samples. Header 12: type 2, with a size,
 * which is 0.
 */
function withoutTemporalDelimiter(unit: Uint8Array): Uint8Array {
  return unit[0] === ((OBU_TEMPORAL_DELIMITER << 3) | 0x02) && unit[1] === 0 ? unit.subarray(2) : unit
}
