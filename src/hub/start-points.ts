/**
 * Where readers of a source can begin, and go on after a gap.
 *
 * @module
 */
import type { TrackFilter } from '../media/index.ts'
import type { BatchLog } from './batch-log.ts'
import type { GopCache, GopStart } from './gop-cache.ts'
import type { Intake } from './intake.ts'
import type { SourceClock } from './source-clock.ts'
import type { Views } from './views.ts'

/** Start points of one source: keyframes, or any packet if there are no pictures to wait for. */
export class StartPoints {
  readonly #log: GopCache
  readonly #views: Views
  readonly #intake: Intake
  readonly #clock: SourceClock
  /** The first audio or video packet of the current publisher. */
  #firstCodedSeq: number

  /**
   * @param log - the packets, with their keyframes.
   * @param views - flushed before a player begins at a packet that is not framed yet.
   * @param intake - whether pictures are to be expected.
   * @param clock - gives the dts of places that no packet has reached yet.
   */
  constructor(log: GopCache, views: Views, intake: Intake, clock: SourceClock) {
    this.#log = log
    this.#views = views
    this.#intake = intake
    this.#clock = clock
    this.#firstCodedSeq = -1
  }

  /** There is no video to wait for: a decoder can start anywhere. */
  get isAudioOnly(): boolean {
    return this.#intake.video.isAbsent(this.#log.configuration.video.length > 0)
  }

  /** There is video, but no picture to start at, so that readers of both kinds begin with the sound. */
  get isVideoStalled(): boolean {
    const hasVideo = this.#log.configuration.video.length > 0 || this.#intake.video.hasPictures
    return hasVideo && this.#startsWithoutPicture('default')
  }

  /** The next packet is the publisher's first audio or video. No batch spans this place: players may begin here. */
  mediaBegins(): void {
    this.#views.flush()
    this.#firstCodedSeq = this.#log.head
  }

  /** The place of packet `seq`, for readers that need no keyframe. */
  at(seq: number): GopStart {
    const dts = this.#log.at(seq)?.dts ?? this.#clock.last
    return { seq, dts, configuration: this.#log.configurationAt(seq), keyframe: false }
  }

  /**
   * Where a player of `view` can start now; everything before it is framed. `undefined`: wait for the next keyframe.
   * @param gopsBack - GOPs to go back beyond the newest, as far as cached.
   * @param early - for a player that came before it was known that there is no video. @defaultValue false
   */
  forPlayer(view: BatchLog, gopsBack: number, early = false): GopStart | undefined {
    if (this.#startsWithoutPicture(view.tracks)) {
      return view.headStart(this.#clock.last, early ? this.#firstSound() : undefined)
    }
    const start = this.#log.start(gopsBack)
    if (start !== undefined && start.seq >= view.flushedSeq) this.#views.flush()
    return start
  }

  /**
   * Where a consumer of `tracks` can start now. `undefined`: wait for the next keyframe.
   * @param gopsBack - GOPs to go back beyond the newest, as far as cached.
   * @param fromSeq - the place to take if no keyframe is needed, or the oldest packet of the log if that is newer.
   */
  forConsumer(tracks: TrackFilter, gopsBack: number, fromSeq: number): GopStart | undefined {
    if (!this.#startsWithoutPicture(tracks)) return this.#log.start(gopsBack)
    return this.at(Math.max(fromSeq, this.#log.first))
  }

  /** Whether readers of `tracks` begin with sound, anywhere: there are no pictures, or the log has none to start at and the next is overdue. */
  #startsWithoutPicture(tracks: TrackFilter): boolean {
    if (tracks === 'audio' || this.isAudioOnly) return true
    return tracks !== 'video' && this.#intake.video.lacksKeyframe && this.#log.start() === undefined
  }

  /** It takes some audio to know that there is no video. Players that have waited for that get the stream from here on. */
  #firstSound(): number | undefined {
    const seq = this.#firstCodedSeq
    return seq < this.#log.first || this.#intake.video.hasPictures ? undefined : seq
  }
}
