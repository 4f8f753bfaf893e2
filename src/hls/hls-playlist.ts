/**
 * The sliding window of a live playlist. RFC 8216 §6.2.2.
 *
 * @module
 */
import type { Segment } from '../segment/index.ts'
import {
  type EncryptionKey,
  formatMediaPlaylist,
  type FormatMediaPlaylistOptions,
  type MediaPlaylist,
} from './media-playlist.ts'

/** How much an {@link HlsPlaylist} shows. */
export interface HlsPlaylistOptions {
  /** Segments leave when those after them make up this many seconds. @defaultValue 60 */
  readonly windowSec?: number
  /** Segments leave when this many come after them. @defaultValue Infinity */
  readonly windowCount?: number
  /**
   * TARGETDURATION to begin with, in seconds; rounded up. Grows when a segment is longer, and never shrinks: give what the segmenter
   * aims at.
   * @defaultValue 4
   */
  readonly targetDurationSec?: number
  /** Whether each segment has its EXT-X-PROGRAM-DATE-TIME. @defaultValue true */
  readonly programDateTime?: boolean
  /**
   * Segments expire this long after they left the playlist, counted in the durations of segments that came since: someone may still
   * be loading them. Without it, each waits for its own duration and that of the longest playlist it was in, as RFC 8216 §6.2.2 asks.
   * In seconds; 0 lets them expire at once.
   */
  readonly lingerSec?: number
  /** Discontinuity sequence number to begin with, when another playlist is continued. @defaultValue 0 */
  readonly startDiscontinuitySequence?: number
}

/** A segment as {@link HlsPlaylist.add} takes it; a {@link Segment} without its bytes will do. */
export type HlsPlaylistSegment = Pick<
  Segment,
  'sequence' | 'durationSec' | 'discontinuity' | 'independent' | 'programDateTimeMs'
>

/** A segment in a playlist. */
export interface HlsPlaylistEntry extends HlsPlaylistSegment {
  /** Where it is, relative to the playlist. */
  readonly uri: string
  /** Bytes of the segment, for the bit rate; 0 when unknown. */
  readonly byteLength: number
  /** How it is encrypted. */
  readonly key?: EncryptionKey
}

/** What is told about a segment beside itself. */
export interface HlsPlaylistPlace {
  /** Where it is, relative to the playlist. */
  readonly uri: string
  /** Bytes of the segment. @defaultValue 0 */
  readonly byteLength?: number
  /** How it is encrypted. */
  readonly key?: EncryptionKey
}

/** An entry that left the playlist, and the media time that must pass before it expires. */
interface Leaving {
  readonly entry: HlsPlaylistEntry
  leftSec: number
}

/** A live playlist: segments come in at the end, leave at the front, and expire a while after. */
export class HlsPlaylist {
  readonly #windowSec: number
  readonly #windowCount: number
  readonly #programDateTime: boolean
  readonly #lingerSec: number | undefined
  #entries: HlsPlaylistEntry[]
  #leaving: Leaving[]
  #expired: HlsPlaylistEntry[]
  #targetDurationSec: number
  #discontinuitySequence: number
  #nextSequence: number | undefined
  /** The longest playlist so far. */
  #longestSec: number
  #ended: boolean

  /** @param options - window and target duration. */
  constructor(options: HlsPlaylistOptions = {}) {
    this.#windowSec = options.windowSec ?? 60
    this.#windowCount = options.windowCount ?? Infinity
    this.#programDateTime = options.programDateTime ?? true
    this.#lingerSec = options.lingerSec
    this.#entries = []
    this.#leaving = []
    this.#expired = []
    this.#targetDurationSec = Math.ceil(options.targetDurationSec ?? 4)
    this.#discontinuitySequence = options.startDiscontinuitySequence ?? 0
    this.#nextSequence = undefined
    this.#longestSec = 0
    this.#ended = false
  }

  /** Segments in the playlist, oldest first. */
  get entries(): readonly HlsPlaylistEntry[] {
    return this.#entries
  }

  /** Sequence number of the first segment; 0 before there is one. */
  get mediaSequence(): number {
    return this.#entries[0]?.sequence ?? this.#nextSequence ?? 0
  }

  /** EXT-X-DISCONTINUITY tags that have left the playlist. */
  get discontinuitySequence(): number {
    return this.#discontinuitySequence
  }

  /** TARGETDURATION in whole seconds. */
  get targetDurationSec(): number {
    return this.#targetDurationSec
  }

  /** Makes TARGETDURATION as long as a segment of another variant needs: it is the same in all of them (RFC 8216 §6.2.4). */
  raiseTargetDuration(durationSec: number): void {
    this.#targetDurationSec = Math.max(this.#targetDurationSec, Math.round(durationSec))
  }

  /** Sum of the durations of its segments, in seconds. */
  get durationSec(): number {
    return totalSec(this.#entries)
  }

  /** Whether {@link end} was called. */
  get ended(): boolean {
    return this.#ended
  }

  /** Highest bit rate of any segment in the playlist, in bit/s; 0 when sizes are unknown. For BANDWIDTH. */
  get peakBandwidth(): number {
    let peak = 0
    for (const { byteLength, durationSec } of this.#entries) {
      if (durationSec > 0) peak = Math.max(peak, (byteLength * 8) / durationSec)
    }
    return Math.ceil(peak)
  }

  /** Average bit rate of the playlist, in bit/s; 0 when sizes are unknown. For AVERAGE-BANDWIDTH. */
  get averageBandwidth(): number {
    let bytes = 0
    for (const { byteLength } of this.#entries) bytes += byteLength
    const duration = this.durationSec
    return duration > 0 ? Math.ceil((bytes * 8) / duration) : 0
  }

  /**
   * Adds the next segment. After {@link end} the playlist goes on, for a publisher who came back.
   * @throws RangeError if its sequence number is not the next, or its place no URI that a playlist can hold.
   */
  add(segment: HlsPlaylistSegment, place: HlsPlaylistPlace): void {
    const { sequence, durationSec, discontinuity, independent, programDateTimeMs } = segment
    if (this.#nextSequence !== undefined && sequence !== this.#nextSequence) {
      throw new RangeError(`segment ${sequence} is added, but ${this.#nextSequence} is next`)
    }
    if (/^#|[\r\n]/.test(place.uri) || place.uri === '') {
      throw new RangeError(`not a URI line: ${JSON.stringify(place.uri)}`)
    }
    this.#entries.push({
      sequence,
      durationSec,
      discontinuity,
      independent,
      programDateTimeMs,
      uri: place.uri,
      byteLength: place.byteLength ?? 0,
      ...(place.key === undefined ? {} : { key: place.key }),
    })
    this.#nextSequence = sequence + 1
    this.#ended = false
    this.#targetDurationSec = Math.max(this.#targetDurationSec, Math.round(durationSec))
    this.#age(durationSec)
    this.#slide()
  }

  /** Nothing will be added: EXT-X-ENDLIST. Players stop at the end; only for a stream that is over for good. */
  end(): void {
    this.#ended = true
  }

  /** Segments whose storage may be given back, each told once, oldest first. */
  takeExpired(): HlsPlaylistEntry[] {
    const expired = this.#expired
    this.#expired = []
    return expired
  }

  /** Takes everything out, to be given back: what is in the playlist, what left it and what {@link takeExpired} has not told. */
  clear(): HlsPlaylistEntry[] {
    const all = [...this.#expired, ...this.#leaving.map(({ entry }) => entry), ...this.#entries]
    for (const entry of this.#entries) if (entry.discontinuity) this.#discontinuitySequence++
    this.#entries = []
    this.#leaving = []
    this.#expired = []
    return all
  }

  /** The playlist as a value. */
  toMediaPlaylist(): MediaPlaylist {
    return {
      type: 'media',
      targetDurationSec: this.#targetDurationSec,
      mediaSequence: this.mediaSequence,
      discontinuitySequence: this.#discontinuitySequence,
      independentSegments: this.#entries.every(({ independent }) => independent),
      endList: this.#ended,
      segments: this.#entries.map(({ uri, durationSec, discontinuity, programDateTimeMs, key }) => ({
        uri,
        durationSec,
        discontinuity,
        ...(this.#programDateTime ? { programDateTimeMs } : {}),
        ...(key === undefined ? {} : { keys: [key] }),
      })),
    }
  }

  /** The playlist as text. */
  format(options?: FormatMediaPlaylistOptions): string {
    return formatMediaPlaylist(this.toMediaPlaylist(), options)
  }

  /** Lets segments leave at the front, but never below three target durations (RFC 8216 §6.2.2). */
  #slide(): void {
    const entries = this.#entries
    let duration = totalSec(entries)
    while (entries.length > 1) {
      const first = entries[0]!
      const rest = duration - first.durationSec
      const over = rest >= this.#windowSec || entries.length > this.#windowCount
      if (!over || rest < 3 * this.#targetDurationSec) break
      entries.shift()
      duration = rest
      if (first.discontinuity) this.#discontinuitySequence++
      const linger = this.#lingerSec ?? first.durationSec + this.#longestSec
      if (linger > 0) this.#leaving.push({ entry: first, leftSec: linger })
      else this.#expired.push(first)
    }
    this.#longestSec = Math.max(this.#longestSec, duration)
  }

  /** Media time passed: what left long enough ago expires. */
  #age(durationSec: number): void {
    for (const leaving of this.#leaving) leaving.leftSec -= durationSec
    while (this.#leaving.length > 0 && this.#leaving[0]!.leftSec <= 0) {
      this.#expired.push(this.#leaving.shift()!.entry)
    }
  }
}

function totalSec(entries: readonly HlsPlaylistEntry[]): number {
  let total = 0
  for (const { durationSec } of entries) total += durationSec
  return total
}
