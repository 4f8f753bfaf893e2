/**
 * From RTP timestamps to one clock for all tracks of a session. RFC 3550 §5.1, §6.4.1.
 *
 * Each track has a clock that begins anywhere. At first a track is placed by when its packets come; once sender reports say what the
 * sender's wall clock is at a timestamp of two tracks, they are moved against each other, little by little.
 *
 * @module
 */
import type { SenderReport } from './rtcp-packet.ts'

/** A sender's wall clocks further apart than this are no reason to move a track: they are wrong. */
const MAX_CORRECTION_MS = 10_000

/** The part of the time that passes by which a track is moved at most. */
const SLIDE = 0.1

/** The clock of a session, and of its tracks. */
export class RtpTimeline {
  readonly #tracks: RtpTrackClock[]

  constructor() {
    this.#tracks = []
  }

  /**
   * A clock for one more track.
   * @param clockRate - ticks a second.
   * @param kind - the other tracks follow audio, where a step is heard.
   */
  track(clockRate: number, kind: 'audio' | 'video'): RtpTrackClock {
    const clock = new RtpTrackClock(clockRate, kind, () => this.#reference())
    this.#tracks.push(clock)
    return clock
  }

  /** The track that the others follow: the first of audio with a report, else the first with one. */
  #reference(): RtpTrackClock | undefined {
    const reported = this.#tracks.filter((track) => track.wallOffsetMs !== undefined)
    return reported.find(({ kind }) => kind === 'audio') ?? reported[0]
  }
}

/** The clock of one track. Made by {@link RtpTimeline.track}. */
export class RtpTrackClock {
  /** What the track carries. */
  readonly kind: 'audio' | 'video'
  readonly #ticksPerMs: number
  readonly #reference: () => RtpTrackClock | undefined
  #ticks: number | undefined
  /** Time of the session at tick 0 of the track, in ms. */
  #offsetMs: number | undefined
  #wallAtZeroMs: number | undefined
  #lastMs: number | undefined

  /** @internal */
  constructor(clockRate: number, kind: 'audio' | 'video', reference: () => RtpTrackClock | undefined) {
    this.kind = kind
    this.#ticksPerMs = clockRate / 1000
    this.#reference = reference
    this.#ticks = undefined
    this.#offsetMs = undefined
    this.#wallAtZeroMs = undefined
    this.#lastMs = undefined
  }

  /** Time of the session less the sender's wall clock in ms; `undefined` without a report or before the first packet. */
  get wallOffsetMs(): number | undefined {
    if (this.#offsetMs === undefined || this.#wallAtZeroMs === undefined) return undefined
    return this.#offsetMs - this.#wallAtZeroMs
  }

  /** Places the track: `timestamp` is at `timeMs`, as RTP-Info of RTSP or another source may say. */
  place(timestamp: number, timeMs: number): void {
    this.#offsetMs = timeMs - this.#unwrap(timestamp) / this.#ticksPerMs
  }

  /** Takes a sender report. One whose wall clock is 0 says nothing. */
  takeSenderReport({ ntpSeconds, ntpFraction, rtpTimestamp }: SenderReport): void {
    if (ntpSeconds === 0 && ntpFraction === 0) return
    this.#ticks ??= rtpTimestamp
    const wallMs = ntpSeconds * 1000 + (ntpFraction * 1000) / 2 ** 32
    this.#wallAtZeroMs = wallMs - this.#near(rtpTimestamp) / this.#ticksPerMs
  }

  /**
   * The time of a timestamp in ms, which may have a fraction: on the clock of `nowMs`, in steps of the track's own clock.
   * @param timestamp - of a packet, in order.
   * @param nowMs - when it came; places the first packet.
   */
  timeOf(timestamp: number, nowMs: number): number {
    const ticks = this.#unwrap(timestamp)
    const own = ticks / this.#ticksPerMs
    this.#offsetMs ??= nowMs - own
    const reference = this.#reference()
    if (reference !== undefined && reference !== this && this.#wallAtZeroMs !== undefined) {
      const correction = reference.wallOffsetMs! + this.#wallAtZeroMs - this.#offsetMs
      if (Math.abs(correction) <= MAX_CORRECTION_MS) this.#offsetMs += this.#limited(correction, own)
    }
    this.#lastMs = own
    return own + this.#offsetMs
  }

  /** A track that has not begun is put where it belongs; one that runs slides. */
  #limited(correction: number, own: number): number {
    if (this.#lastMs === undefined) return correction
    const most = Math.max(0, own - this.#lastMs) * SLIDE
    return Math.max(-most, Math.min(most, correction))
  }

  #unwrap(timestamp: number): number {
    this.#ticks = this.#near(timestamp)
    return this.#ticks
  }

  /** The time nearest to the one before, across 2³². */
  #near(timestamp: number): number {
    return this.#ticks === undefined ? timestamp : this.#ticks + ((timestamp - this.#ticks) | 0)
  }
}
